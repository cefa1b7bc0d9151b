package pn532_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"tillkeeper/drivers/reader"
	"tillkeeper/drivers/sim/card"
	"tillkeeper/drivers/sim/pn532"
)

// nfcList runs libnfc's own reader program on a chip's terminal and gives what it says, blanks made one.
func nfcList(t *testing.T, path string) (string, error) {
	t.Helper()
	tool, err := exec.LookPath("nfc-list")
	if err != nil {
		t.Fatal("install Debian's libnfc-bin: nfc-list judges the simulated chip")
	}
	cmd := exec.Command(tool, "-v")
	cmd.Env = append(os.Environ(), "LIBNFC_DEFAULT_DEVICE=pn532_uart:"+path, "LIBNFC_AUTO_SCAN=false", "LIBNFC_LOG_LEVEL=1", "HOME="+t.TempDir())
	cmd.WaitDelay = 30 * time.Second
	out, err := cmd.CombinedOutput()
	return strings.Join(strings.Fields(string(out)), " "), err
}

func serve(t *testing.T) (*pn532.Chip, *pn532.HSU) {
	t.Helper()
	c := pn532.New()
	h, err := c.Serve()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	return c, h
}

// libnfc takes the simulated chip for a PN532 and reads of each card what the card is.
func TestNfcListReadsTheCards(t *testing.T) {
	deck := pn532.FromDeck(card.NewChip(card.Card{Name: "good", PAN: "6224242900000113", Expiry: "3506", Entry: reader.Contactless}))
	deck.UID = []byte{0x04, 0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6}
	typeB := &pn532.Card{UID: []byte{0x11, 0x22, 0x33, 0x44}, B: true}
	for name, test := range map[string]struct {
		cards []*pn532.Card
		want  []string
	}{
		"nothing":      {nil, []string{"0 ISO14443A passive target(s) found", "0 Felica (212 kbps) passive target(s) found", "0 ISO14443B passive"}},
		"payment card": {[]*pn532.Card{deck}, []string{"1 ISO14443A passive", "ATQA (SENS_RES): 00 44", "UID (NFCID1): 04 a1 b2 c3 d4 e5 f6", "SAK (SEL_RES): 20", "Compliant with ISO/IEC 14443-4", "ATS: 78 80 70 02 54 69 6c 6c"}},
		"member card":  {[]*pn532.Card{pn532.Member([]byte{0xDE, 0xAD, 0xBE, 0xEF})}, []string{"1 ISO14443A passive", "ATQA (SENS_RES): 00 04", "UID (NFCID1): de ad be ef", "SAK (SEL_RES): 08"}},
		"type B":       {[]*pn532.Card{typeB}, []string{"0 ISO14443A passive", "1 ISO14443B passive", "PUPI: 11 22 33 44"}},
		"one of each":  {[]*pn532.Card{deck, typeB}, []string{"1 ISO14443A passive", "1 ISO14443B passive"}},
	} {
		t.Run(name, func(t *testing.T) {
			c, h := serve(t)
			for _, one := range test.cards {
				c.Put(one)
			}
			for range 2 { // it leaves the chip in power down: it must be woken
				out, err := nfcList(t, h.Path())
				if err != nil {
					t.Fatal(err, out)
				}
				for _, want := range append(test.want, "NFC device: user defined default device opened") {
					if !strings.Contains(out, want) {
						t.Errorf("no %q in: %s", want, out)
					}
				}
			}
			if c.Field() || c.Counts().Refused > 0 {
				t.Errorf("the field is %v, %d commands were refused", c.Field(), c.Counts().Refused)
			}
		})
	}
}

// The judge sees a chip that is not right.
func TestNfcListRefusesAWrongChip(t *testing.T) {
	for name, spoil := range map[string]func(c *pn532.Chip){
		"damaged answers": func(c *pn532.Chip) { c.Faulty(func(f *pn532.Faults) { f.Damage = 1000 }) },
		"no ACK":          func(c *pn532.Chip) { c.Faulty(func(f *pn532.Faults) { f.LoseAck = 1000 }) },
		"wrong ACK":       func(c *pn532.Chip) { c.Faulty(func(f *pn532.Faults) { f.DamageAck = 1000 }) },
		"silence":         func(c *pn532.Chip) { c.Faulty(func(f *pn532.Faults) { f.Mute = true }) },
		"another speed":   func(c *pn532.Chip) { c.Baud(9600) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, h := serve(t)
			c.Put(pn532.Member([]byte{1, 2, 3, 4}))
			spoil(c)
			if out, err := nfcList(t, h.Path()); err == nil && strings.Contains(out, "01 02 03 04") {
				t.Errorf("it read the card: %s", out)
			}
		})
	}
}
