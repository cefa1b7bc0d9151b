package endtoend

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tillkeeper/app/headless/blackbox/child"
	"tillkeeper/drivers/drivertest"
	"tillkeeper/drivers/sim/card"
	simprinter "tillkeeper/drivers/sim/printer"
	"tillkeeper/drivers/sim/vpcd"
)

// wires is a till on real wires: pcscd with a virtual slot, acquirer and PIN pad in processes of their own, a printer behind
// a pty, the panel's model on its bus.
type wires struct {
	*person
	bank  *bank
	pcscd *drivertest.PCSCDaemon
	pad   *pad
	paper *simprinter.Printer
	rolls string // the file of what the printer has put on paper
	panel string // the picture of the panel
}

// Places of the card payment and of the bar.
var (
	deviceBar  = area{600, 8, 1300, 42}
	presented  = fill(488, 160, actionSoft) // the disc of a card payment
	wellDevice = no(badSoft, deviceBar)
	badDevice  = shows(badSoft, deviceBar)
	outcome    = area{0, 60, 598, 768}
)

// standOnWires opens the demo shop with its devices and its bank on wires.
func standOnWires(t *testing.T) wires {
	t.Helper()
	b := newBank(t, `{"rules":[]}`)
	dir := filepath.Dir(b.shop)
	daemon := drivertest.StartPCSCD(t)
	roll := filepath.Join(dir, "printer")
	printer, err := simprinter.New(simprinter.Opts{Dir: roll})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = printer.Close() }) //nolint:errcheck // it goes with the test
	port, padPort := filepath.Join(dir, "ttyPrinter"), filepath.Join(dir, "ttyPad")
	if err := printer.Pty(port); err != nil {
		t.Fatal(err)
	}
	w := wires{bank: b, pcscd: daemon, paper: printer, pad: newPad(t, dir, padPort)}
	w.rolls, w.panel = filepath.Join(roll, "printer.bin"), filepath.Join(b.shop, "qr.png")
	config := filepath.Join(dir, "till.toml")
	text := fmt.Sprintf("[devices]\nreader = \"pcsc:?socket=%s\"\nprinter = \"serial:%s?baud=115200\"\npinpad = \"serial:%s?baud=9600\"\n",
		daemon.Socket, port, padPort)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	w.person = standIn(t, wide, b.shop, "--config", config, "--host", b.addr)
	return w
}

// pad is the PIN pad in a process of its own; its keypad is the customer's.
type pad struct {
	keypad io.Writer
	shows  *child.Log
	asked  int // how often it asked for a PIN so far
}

// padKey is the terminal master key, which the bank has and the till does not.
const padKey = "0123456789ABCDEFFEDCBA9876543210"

// newPad starts a PIN pad at 9600 baud whose plug is at a path.
func newPad(t *testing.T, dir, plug string) *pad {
	t.Helper()
	p := &pad{shows: &child.Log{}}
	c := exec.Command(binary, "pinpad", "--pty", "--link", plug, "--data", filepath.Join(dir, "pad"), "--tmk", padKey)
	c.Stdout, c.Stderr = p.shows, p.shows
	var err error
	if p.keypad, err = c.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill() //nolint:errcheck // it may have ended by itself
		_ = c.Wait()         //nolint:errcheck // killed on purpose
	})
	for end := time.Now().Add(patience); ; time.Sleep(blink) {
		if _, err := os.Lstat(plug); err == nil {
			return p
		}
		if time.Now().After(end) {
			t.Fatalf("the PIN pad is not there: %s", p.shows)
		}
	}
}

// entersPIN is the customer, who reads a sum on the pad and enters the PIN.
func (w wires) entersPIN(sum string) {
	w.t.Helper()
	w.pad.asked++
	for end := time.Now().Add(patience); strings.Count(w.pad.shows.String(), "shows pin "+sum+"\n") < w.pad.asked; time.Sleep(blink) {
		if time.Now().After(end) {
			w.t.Fatalf("the PIN pad does not show %s:\n%s\nsee %s\n%s", sum, w.pad.shows, w.keeps(w.looks(), "whole"), w.log)
		}
	}
	w.awaits("the till says that the PIN is asked for", fill(1000, 396, actionSoft))
	if _, err := io.WriteString(w.pad.keypad, "enter 123456\n"); err != nil {
		w.t.Fatal(err)
	}
}

// chip is a card of the demo's deck.
func (w wires) chip(name string) *card.Chip {
	w.t.Helper()
	raw, err := os.ReadFile("../../../assets/demo/deck.json")
	if err != nil {
		w.t.Fatal(err)
	}
	deck, err := card.LoadDeck(bytes.NewReader(raw))
	if err != nil {
		w.t.Fatal(err)
	}
	i := slices.IndexFunc(deck, func(c card.Card) bool { return c.Name == name })
	if i < 0 {
		w.t.Fatalf("no card %q", name)
	}
	return card.NewChip(deck[i])
}

// inserts puts a card into the slot; the result takes it out and waits until that was seen.
func (w wires) inserts(chip *card.Chip) (takeOut func()) {
	w.t.Helper()
	in, err := vpcd.Insert(context.Background(), w.pcscd.VPCD[0], chip)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(in.Remove)
	return func() {
		in.Remove()
		w.pcscd.Await(w.t, 0, false) // nobody changes cards faster than pcscd looks
	}
}

// asksForCard presses the card key, on an outcome too.
func (w wires) asksForCard() {
	w.t.Helper()
	w.insists("F1", "the card is asked for", presented)
}

// paysByCard inserts a card that is asked for and enters its PIN at the pad.
func (w wires) paysByCard(chip *card.Chip) {
	w.t.Helper()
	out := w.inserts(chip)
	w.entersPIN("3.00")
	w.looksLike("outcome-card", outcome)
	out()
}

// takesCola puts a cola into the basket.
func (w wires) takesCola() {
	w.t.Helper()
	w.touches(tileCola)
	w.awaits("the article", readyCard)
}

// sellsByCard sells a cola to a good card.
func (w wires) sellsByCard() {
	w.t.Helper()
	w.takesCola()
	w.asksForCard()
	w.paysByCard(w.chip("chip"))
}

// sellsForCash sells a cola for exactly its price.
func (w wires) sellsForCash() {
	w.t.Helper()
	w.takesCola()
	w.touches(keyCash)
	w.touches(keyTake)
	w.awaits("the cash", fill(20, 700, okFill))
	w.next()
}

// printed waits until the printer has put out so many slips.
func (w wires) printed(what string, n int) {
	w.t.Helper()
	for end := time.Now().Add(patience); len(w.paper.Slips()) < n; time.Sleep(blink) {
		if time.Now().After(end) {
			w.t.Fatalf("%s: %d slips, want %d\n%s", what, len(w.paper.Slips()), n, w.log)
		}
	}
}
