package acquirer_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/acquirer"
	"tillkeeper/drivers/acquirer/wire"
	"tillkeeper/drivers/keys"
	"tillkeeper/drivers/keys/dukpt"
	"tillkeeper/drivers/pinpad"
	simhost "tillkeeper/drivers/sim/acquirer"
	simpad "tillkeeper/drivers/sim/pinpad"
)

func readProfile(t *testing.T) []byte {
	t.Helper()
	raw, err := os.ReadFile("../../assets/profiles/cup.json")
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// edited is the default profile with parts of its text replaced.
func edited(t *testing.T, pairs ...string) *wire.Profile {
	t.Helper()
	raw := string(readProfile(t))
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(raw, pairs[i]) {
			t.Fatalf("no %s", pairs[i])
		}
		raw = strings.Replace(raw, pairs[i], pairs[i+1], 1)
	}
	p, err := wire.Parse([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const (
	inF53  = `"type": "n16"}`
	block  = `"name": "PIN block", "type": "b8"`
	ofPIN  = `"pin": {"format": 0, "keys": "session", "bypass": true}`
	bdk    = "0123456789ABCDEFFEDCBA9876543210"
	bdkAES = "FEDCBA9876543210F1F1F1F1F1F1F1F1"
)

// dukptDevice is a device as it comes from the safe room.
func dukptDevice(t *testing.T, kind string) dukpt.Device {
	t.Helper()
	var d dukpt.Device
	var initial []byte
	var err, made error
	switch kind {
	case "":
		return nil
	case "tdes":
		ksn := unhexed(t, "FFFF9876543210E00000")
		initial, err = dukpt.TDESInitialKey(unhexed(t, bdk), ksn)
		d, made = dukpt.NewTDES(initial, ksn)
	default:
		id := unhexed(t, "1234567890123456")
		initial, err = dukpt.AESInitialKey(unhexed(t, bdkAES), id)
		working := dukpt.AES128
		if kind == "aes, tdea" {
			working = dukpt.TDEA2
		}
		d, made = dukpt.NewAES(initial, id, working)
	}
	if err != nil || made != nil {
		t.Fatal(err, made)
	}
	return d
}

// TestPINGetsThroughInEveryFormatUnderEveryKey has a pad encrypt the PIN, the line carry it and the host find
// it: the right one is approved, a wrong one is 55.
func TestPINGetsThroughInEveryFormatUnderEveryKey(t *testing.T) {
	for name, c := range map[string]struct{ edits, device string }{
		"format 0 under the PIK":    {"", ""},
		"format 3 under the PIK":    {`{"format": 3, "keys": "session"}`, ""},
		"own field 53":              {`{"format": 0, "keys": "session", "security": "1600000000000000"}`, ""},
		"format 0, DUKPT":           {`{"format": 0, "keys": "dukpt-tdes", "ksn_field": 53}`, "tdes"},
		"format 3, DUKPT, field 62": {`{"format": 3, "keys": "dukpt-tdes", "ksn_field": 62}`, "tdes"},
		"format 4, DUKPT":           {`{"format": 4, "keys": "dukpt-aes", "ksn_field": 53}`, "aes"},
		"format 0 of an AES device": {`{"format": 0, "keys": "dukpt-aes", "ksn_field": 62, "security": "2600000000000000"}`, "aes, tdea"},
	} {
		t.Run(name, func(t *testing.T) {
			var edits []string
			if c.edits != "" {
				edits = append(edits, ofPIN, `"pin": `+c.edits)
			}
			if strings.Contains(c.edits, `"format": 4`) {
				edits = append(edits, block, strings.Replace(block, "b8", "b16", 1))
			}
			if strings.Contains(c.edits, `"ksn_field": 53`) {
				n := map[string]string{"tdes": "b10", "aes": "b12"}[c.device]
				edits = append(edits, `"name": "security control", `+inF53, `"name": "security control", "type": "`+n+`"}`)
			}
			p := edited(t, edits...)
			s := open(t, p)
			if d := dukptDevice(t, c.device); d != nil {
				if err := s.keys.SetDUKPT(d); err != nil {
					t.Fatal(err)
				}
			}
			sim := simpad.New(s.keys)
			pin := pinpad.New(sim.Open)
			defer pin.Close()
			seen := map[string]bool{}
			for _, try := range []struct{ typed, code string }{{"123456", "00"}, {"654321", "55"}, {"123456", "00"}} {
				r := s.pay(pos.OpSale, 100)
				terms := s.line.Terms()
				sim.Enter(try.typed)
				got, err := pin.PINBlock(context.Background(), pos.PINRequest{PAN: card, Amount: 100, Format: terms.PINFormat, Keys: terms.PINKeys})
				if err != nil {
					t.Fatal(err)
				}
				r.Card.PIN, r.Card.PINBlock, r.Card.KSN = true, got.Block, got.KSN
				s.ask(r, try.code)
				if len(got.KSN) > 0 && seen[string(got.KSN)] {
					t.Error("a key was used twice")
				}
				seen[string(got.KSN)] = true
			}
			s.ask(reverse(s.pay(pos.OpSale, 100)), "25")
			s.left(wealth - 200)
		})
	}
}

// TestPINBlockThatDoesNotFitTheProfileNeverLeaves: another format, a key's serial number where none belongs, or none where one does.
func TestPINBlockThatDoesNotFitTheProfileNeverLeaves(t *testing.T) {
	s := open(t, profile(t, "cup"))
	tdes := open(t, edited(t, ofPIN, `"pin": {"format": 0, "keys": "dukpt-tdes", "ksn_field": 62}`))
	for name, c := range map[string]struct {
		s          *shop
		block, ksn int
	}{"format 4": {s, 16, 0}, "DUKPT": {s, 8, 10}, "short": {s, 7, 0}, "no serial number": {tdes, 8, 0}, "of AES": {tdes, 8, 12}} {
		r := c.s.pay(pos.OpSale, 100)
		r.Card.PIN, r.Card.PINBlock, r.Card.KSN = true, make([]byte, c.block), make([]byte, c.ksn)
		if _, err := c.s.line.Exchange(context.Background(), r); !errors.Is(err, pos.ErrUnfit) {
			t.Errorf("%s: %v", name, err)
		}
		c.s.left(wealth)
	}
}

// TestTermsComeFromTheProfile: sums and PINs are the acquirer's to say.
func TestTermsComeFromTheProfile(t *testing.T) {
	s := open(t, profile(t, "cup"))
	usual := pos.DefaultTerms()
	if got := s.line.Terms(); !reflect.DeepEqual(got, usual) {
		t.Errorf("the default profile says %+v", got)
	}
	if got := open(t, profile(t, "cup-script")).line.Terms(); !got.ScriptResults {
		t.Errorf("cup-script says %+v", got)
	}
	s = open(t, edited(t, `"completion_percent": 100, "contactless_no_pin": 100000`, `"completion_percent": 115, "contactless_no_pin": 0`, ofPIN, `"pin": {"format": 3, "keys": ""}`))
	want := pos.Terms{CompletionPercent: 115, PINFormat: 3, PINKeys: pos.PINSession, Risk: usual.Risk}
	if got := s.line.Terms(); !reflect.DeepEqual(got, want) || got.Most(1000) != 1150 || got.Most(1) != 1 {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestRiskTermsComeFromTheProfile: what a till takes by itself is the acquirer's to say.
func TestRiskTermsComeFromTheProfile(t *testing.T) {
	got := open(t, edited(t, `"floor_limit": 0, "target_percent": 10, "most_percent": 50, "threshold": 10000`,
		`"floor_limit": 1, "target_percent": 2, "most_percent": 3, "threshold": 4, "per_payment": 5, "per_terminal": 6, "count": 7, "per_card": 8, "stop_after_ms": 9`)).line.Terms().Risk
	want := pos.RiskTerms{
		FloorLimit: 1, Selection: pos.Selection{Target: 2, Most: 3, Threshold: 4}, PerPayment: 5, PerTerminal: 6, Count: 7, PerCard: 8,
		StopAfter: 9 * time.Millisecond,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	const of = `"A000000333010102": {`
	got = open(t, edited(t, of, of+`"floor_limit": 300, "contactless_floor": 200, `)).line.Terms().Risk
	floors := []pos.Floor{{AID: "A000000333010101"}, {AID: "A000000333010102", Chip: 300, Tap: 200}, {AID: "A000000333010103"}}
	if !reflect.DeepEqual(got.Floors, floors) || got.FloorLimit != 0 || got.Highest() != 300 {
		t.Errorf("of one application: %+v", got)
	}
}

// TestCompletionOverThePreauthorization: the host takes what the profile permits and not a fen more.
func TestCompletionOverThePreauthorization(t *testing.T) {
	s := open(t, edited(t, `"completion_percent": 100`, `"completion_percent": 115`))
	hold := s.pay(pos.OpPreauth, 1000)
	a := s.ask(hold, "00")
	s.ask(s.about(pos.OpCompletion, hold, a, 1151), "64")
	s.ask(s.about(pos.OpCompletion, hold, a, 1150), "00")
	s.left(wealth - 1150)
}

// tee is a connection whose requests are written down too.
type tee struct {
	net.Conn
	seen io.Writer
}

func (c *tee) Write(b []byte) (int, error) {
	if _, err := c.seen.Write(b); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

// tapped is another line to the same host, whose requests are written down.
func (s *shop) tapped(p *wire.Profile, holder acquirer.Keys, seen *bytes.Buffer) *acquirer.Link {
	return acquirer.New(acquirer.Options{
		Address: s.addr, Profile: p, TID: "12345678", MID: "123456789012345", Keys: holder, Timeout: patient,
		Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			var d net.Dialer
			c, err := d.DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return &tee{c, seen}, nil
		},
	})
}

// TestSignOnOfAPadWithoutItsMasterKeySaysSo: the host would hand out keys that nobody can unwrap; it is not
// asked, and the reason is in the error.
func TestSignOnOfAPadWithoutItsMasterKeySaysSo(t *testing.T) {
	s := open(t, profile(t, "cup"))
	store, err := keys.OpenPad(filepath.Join(t.TempDir(), "pad.key"), "")
	if err != nil {
		t.Fatal(err)
	}
	bare := pinpad.New(simpad.New(store).Open)
	defer bare.Close()
	var seen bytes.Buffer
	line := s.tapped(profile(t, "cup"), bare, &seen)
	defer line.Close()
	_, err = line.SignOn(context.Background(), "000900", batch, "001")
	if pos.WhyNot(err, "") != "no_tmk" || !errors.Is(err, pos.ErrNotSent) || line.Ready() || seen.Len() > 0 {
		t.Errorf("%v, ready %v, %d bytes left", err, line.Ready(), seen.Len())
	}
	if err := store.SetTMK(unhexed(t, simhost.DefaultTMK)); err != nil {
		t.Fatal(err)
	}
	if _, err := line.SignOn(context.Background(), "000901", batch, "001"); err != nil || !line.Ready() {
		t.Errorf("with its key: %v", err)
	}
}
