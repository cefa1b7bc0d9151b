package drivers

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/drivertest"
	"tillkeeper/drivers/reader"
	"tillkeeper/drivers/scanner"
	"tillkeeper/drivers/sim/card"
	simpn532 "tillkeeper/drivers/sim/pn532"
	simprinter "tillkeeper/drivers/sim/printer"
	"tillkeeper/drivers/sim/vpcd"
)

// tried is what the devices page's test of the reader says while a card is there.
func tried(t *testing.T, s *Set) pos.Condition {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	return s.Check(ctx, Reader, pos.CheckInteractive)
}

// shows says whether a test of a reader saw a kind of card with a number.
func shows(c pos.Condition, kind string, number []byte) bool {
	return c.State == "ok" && len(c.Found) == 2 && c.Found[0].Code == kind && c.Found[1].Code == "card_serial" &&
		slices.Equal(c.Found[1].Args, []string{strings.ToUpper(hex.EncodeToString(number[len(number)-2:]))})
}

func withReader(t *testing.T, url string) *Set {
	t.Helper()
	s := bare(t)
	if err := s.openAuthorities(t.Context(), Config{KeyStore: "demo"}); err != nil {
		t.Fatal(err)
	}
	sl := s.with(Reader, s.openReaders)
	if err := sl.put(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sl.shut(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func testCard(traits string) card.Card {
	return card.Card{
		Name: "test", PAN: "6224242900000113", Expiry: "2806", Sequence: "001", Entry: reader.Contactless, Offline: card.Online, State: card.Good, Traits: traits,
	}
}

// TestAMemberCardIsSeenAtAPN532: the test of the reader said of a card without payment that the reader is broken.
func TestAMemberCardIsSeenAtAPN532(t *testing.T) {
	chip := simpn532.New()
	line, err := chip.Serve()
	if err != nil {
		t.Fatal(err)
	}
	defer line.Close()
	s := withReader(t, "pn532+serial:"+line.Path())
	number := []byte{0x04, 0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6}
	chip.Put(simpn532.Member(number))
	if c := tried(t, s); !shows(c, "card_number", number) {
		t.Errorf("a member card: %+v", c)
	}
	chip.Remove()
	pays := card.NewChip(testCard(""))
	chip.Put(simpn532.FromDeck(pays))
	if c := tried(t, s); !shows(c, "card_pays", pays.UID()) {
		t.Errorf("a payment card: %+v", c)
	}
}

// storage is a card of memory in a virtual slot, with the answer to reset that a reader makes for a Mifare Classic (PC/SC part
// 3, 3.1.3.2.3.1): it has a serial number and knows no application.
func storage(t *testing.T, addr string, number []byte) (remove func()) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	atr := []byte{0x3B, 0x8F, 0x80, 0x01, 0x80, 0x4F, 0x0C, 0xA0, 0x00, 0x00, 0x03, 0x06, 0x03, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x6A}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			var head [2]byte
			if _, err := io.ReadFull(conn, head[:]); err != nil {
				return
			}
			message := make([]byte, binary.BigEndian.Uint16(head[:]))
			if _, err := io.ReadFull(conn, message); err != nil {
				return
			}
			answer := []byte{0x6A, 0x81} // not supported
			switch {
			case len(message) == 1 && message[0] == 4:
				answer = atr
			case len(message) == 1:
				continue
			case message[0] == 0xFF && message[1] == 0xCA:
				answer = append(bytes.Clone(number), 0x90, 0x00)
			}
			if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...)); err != nil {
				return
			}
		}
	}()
	return func() {
		_ = conn.Close()
		<-ended
	}
}

// TestAMemberCardIsSeenAtPCSC is the same over pcscd.
func TestAMemberCardIsSeenAtPCSC(t *testing.T) {
	d := drivertest.StartPCSCD(t)
	s := withReader(t, "pcsc:?socket="+d.Socket)
	number := []byte{0xDE, 0xAD, 0xBE, 0xEF}
	remove := storage(t, d.VPCD[0], number)
	d.Await(t, 0, true)
	if c := tried(t, s); !shows(c, "card_number", number) {
		t.Errorf("a member card: %+v", c)
	}
	remove()
	d.Await(t, 0, false)
	pays := card.NewChip(testCard(""))
	in, err := vpcd.Insert(t.Context(), d.VPCD[0], pays)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Remove()
	d.Await(t, 0, true)
	if c := tried(t, s); !shows(c, "card_pays", pays.UID()) {
		t.Errorf("a payment card: %+v", c)
	}
}

// TestNobodyWaitsForACardOfADeadReader: with its service down the reader let the cashier wait a minute for a card, and the
// outcome was that none had come.
func TestNobodyWaitsForACardOfADeadReader(t *testing.T) {
	d := drivertest.StartPCSCD(t)
	s := withReader(t, "pcsc:?socket="+d.Socket)
	if c := s.Check(t.Context(), Reader, pos.CheckInternal); c.State != "ok" {
		t.Fatalf("%+v", c)
	}
	d.Kill()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := (readerSlot{s.slots[Reader]}).Connect(ctx, pos.Purchase{Amount: 100}); !isCode(err, "daemon_down") {
		t.Errorf("%v", err)
	}
	d.Restart(t)
	in, err := vpcd.Insert(t.Context(), d.VPCD[0], card.NewChip(testCard("")))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Remove()
	for {
		session, err := (readerSlot{s.slots[Reader]}).Connect(ctx, pos.Purchase{Amount: 100})
		if err == nil {
			if err := session.Close(); err != nil {
				t.Error(err)
			}
			return
		}
		if !isCode(err, "daemon_down") && !isCode(err, "no_reader") {
			t.Fatal(err)
		}
	}
}

// TestTheStripeOfADamagedChipIsTakenAtLast: no rule of damaged chips was in force, so that the stripe of a card with a chip
// was always taken.
func TestTheStripeOfADamagedChipIsTakenAtLast(t *testing.T) {
	s := bare(t)
	s.fallback = reader.NewFallback(fallbackRule)
	s.c.Deck = []byte(`[{"name":"chip","pan":"6224242900000113","expiry":"2806","entry":"chip","state":"damaged"},
		{"name":"stripe","pan":"6224242900000113","expiry":"2806","entry":"swipe","traits":"chip_too"}]`)
	if err := s.openAuthorities(t.Context(), Config{KeyStore: "demo"}); err != nil {
		t.Fatal(err)
	}
	sl := s.with(Reader, s.openReaders)
	if err := sl.put(t.Context(), "sim:"); err != nil {
		t.Fatal(err)
	}
	ask := pos.Purchase{Amount: 100, Time: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), STAN: "000001", TID: "12345678"}
	read := func(name string) (pos.CardRead, error) {
		if err := s.Bench.Present(name); err != nil {
			t.Fatal(err)
		}
		session, err := (readerSlot{sl}).Connect(t.Context(), ask)
		if err != nil {
			t.Fatal(err)
		}
		defer session.Close()
		return session.Read(t.Context(), ask)
	}
	for i := range fallbackRule.Tries {
		if _, err := read("stripe"); !isCode(err, "use_chip") {
			t.Errorf("after %d failures the stripe: %v", i, err)
		}
		if _, err := read("chip"); err == nil {
			t.Fatal("the damaged chip was read")
		}
	}
	if got, err := read("stripe"); err != nil || !got.Fallback {
		t.Errorf("%+v, %v", got.Entry, err)
	}
	if _, err := read("stripe"); !isCode(err, "use_chip") {
		t.Errorf("the next stripe: %v", err)
	}
	if err := sl.shut(); err != nil {
		t.Error(err)
	}
}

// TestATriedScannerWaitsForACode: the test said that a code had come before anybody scanned one.
func TestATriedScannerWaitsForACode(t *testing.T) {
	s := bare(t)
	s.scans = scanner.New(scanner.Options{})
	defer s.scans.Close()
	sl := s.with(Scanner, s.openScanner)
	if err := sl.put(t.Context(), "sim:"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*scanLook)
	defer cancel()
	if c := s.Check(ctx, Scanner, pos.CheckInteractive); c.State != "warn" || !says(c, "no_code") {
		t.Errorf("nobody scanned: %+v", c)
	}
	ended := make(chan pos.Condition)
	go func() { ended <- s.Check(t.Context(), Scanner, pos.CheckInteractive) }()
	for {
		if err := s.Bench.Scanned("6901234567892"); err != nil {
			t.Fatal(err)
		}
		select {
		case c := <-ended:
			if c.State != "ok" {
				t.Errorf("%+v", c)
			}
			if err := sl.shut(); err != nil {
				t.Error(err)
			}
			return
		case <-time.After(scanLook):
		}
	}
}

// demoKeys are working keys under testTMK (field 62, layout 003), as the simulated pad's own tests have them.
const demoKeys = "20C3CA6028419ED2CAAF7D5204BCF5F886A5F081EA4B127DABE2158C00000000000000000494F897"

// TestATriedPadWaitsForItsKeys: the test asked for four digits and said that they had come before anybody pressed one.
func TestATriedPadWaitsForItsKeys(t *testing.T) {
	s := bare(t)
	sl := s.with(PINPad, s.openPad)
	sim, url := serialPad(t, testTMK)
	if err := sl.put(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	tries := func(ctx context.Context, state, code string) {
		t.Helper()
		if c := s.Check(ctx, PINPad, pos.CheckInteractive); c.State != state || !says(c, code) {
			t.Errorf("%+v, not %s", c, code)
		}
	}
	tries(t.Context(), "ok", "pad_beeps")
	keys, err := hex.DecodeString(demoKeys)
	if err != nil {
		t.Fatal(err)
	}
	if err := (padSlot{sl}).LoadKeys(t.Context(), keys, "003"); err != nil {
		t.Fatal(err)
	}
	sim.Enter("1234")
	tries(t.Context(), "ok", "pad_digits")
	sim.Cancel()
	tries(t.Context(), "ok", "pad_cancel")
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	tries(ctx, "warn", "pad_untouched")
	if err := sl.shut(); err != nil {
		t.Error(err)
	}
}

// TestATriedDrawerWaitsUntilItIsPushedShut: the test asked for the drawer to be pushed shut and was over when it opened.
func TestATriedDrawerWaitsUntilItIsPushedShut(t *testing.T) {
	s := bare(t)
	sl := s.with(Printer, s.openPrinter)
	sim, url := plugged(t, simprinter.Opts{})
	if err := sl.put(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); sl.condition().State != "ok"; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%+v", sl.condition())
		}
	}
	ended := make(chan pos.Condition, 1)
	go func() { ended <- s.Check(t.Context(), Drawer, pos.CheckInteractive) }()
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		if open, known := s.drawer().Open(); open && known {
			break
		}
		if time.Now().After(end) {
			t.Fatal("it does not open")
		}
	}
	select {
	case c := <-ended:
		t.Fatalf("it stands open and is said to be tried: %+v", c)
	case <-time.After(100 * time.Millisecond):
	}
	sim.CloseDrawer()
	if c := <-ended; c.State != "ok" {
		t.Errorf("%+v", c)
	}
	if err := sl.shut(); err != nil {
		t.Error(err)
	}
}
