package endtoend

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"tillkeeper/drivers/drivertest"
	"tillkeeper/drivers/sim/card"
	simprinter "tillkeeper/drivers/sim/printer"
	"tillkeeper/drivers/sim/vpcd"
)

// wires is a till on real wires: pcscd with a virtual slot, a printer behind a pty, the panel's model on its bus.
type wires struct {
	*person
	pcscd *drivertest.PCSCDaemon
	paper *simprinter.Printer
	panel string // the picture of the panel
}

// Places of the card payment and of the bar.
var (
	deviceBar = area{600, 8, 1300, 42}
	presented = fill(488, 160, actionSoft) // the disc of a card payment
)

// standOnWires opens the demo shop with its reader and its printer on wires.
func standOnWires(t *testing.T) wires {
	t.Helper()
	dir := t.TempDir()
	daemon := drivertest.StartPCSCD(t)
	printer, err := simprinter.New(simprinter.Opts{Dir: filepath.Join(dir, "printer")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = printer.Close() }) //nolint:errcheck // it goes with the test
	port := filepath.Join(dir, "ttyPrinter")
	if err := printer.Pty(port); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "till.toml")
	text := fmt.Sprintf("[devices]\nreader = \"pcsc:?socket=%s\"\nprinter = \"serial:%s?baud=115200\"\n", daemon.Socket, port)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "shop")
	w := wires{pcscd: daemon, paper: printer, panel: filepath.Join(data, "qr.png")}
	w.person = standIn(t, wide, data, "--config", config)
	return w
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

// printed waits until the printer has put out so many slips.
func (w wires) printed(what string, n int) {
	w.t.Helper()
	for end := time.Now().Add(patience); len(w.paper.Slips()) < n; time.Sleep(blink) {
		if time.Now().After(end) {
			w.t.Fatalf("%s: %d slips, want %d\n%s", what, len(w.paper.Slips()), n, w.log)
		}
	}
}

// paysByCard presses the card key, inserts a card and types its PIN; from says where the key is pressed.
func (w wires) paysByCard(chip *card.Chip) {
	w.t.Helper()
	w.presses("F1")
	w.awaits("the card is asked for", presented)
	out := w.inserts(chip)
	w.looksLike("card-pin", area{12, 420, 436, 756})
	w.touches(benchPIN)
	w.looksLike("outcome-card", area{0, 60, 598, 768})
	out()
}

// TestASaleOverRealWires sells over pcscd, a printer on a pty and the panel's model, with the card torn, the printer
// unplugged and the panel dead in turn. No fault stops a sale, each is named where it is looked for, what waited is
// printed once, and the books are exact.
func TestASaleOverRealWires(t *testing.T) {
	w := standOnWires(t)
	w.opens()
	w.awaits("well devices", no(0xFDE9E7, deviceBar), no(waitSoft, deviceBar))

	w.touches(tileCola)
	w.awaits("the article", readyCard)
	w.paysByCard(w.chip("chip"))
	w.printed("a slip of the first sale", 1)
	w.next()

	w.touches(tileCola) // the card is torn out in the middle of the dialogue
	w.awaits("the article", readyCard)
	w.presses("F1")
	w.awaits("the card is asked for", presented)
	torn := w.chip("chip")
	out := w.inserts(torn)
	torn.TearAfter(4)
	w.awaits("the refusal", fill(20, 700, badFill))
	w.looksLike("outcome-torn", area{0, 60, 598, 768})
	out()
	slips := len(w.paper.Slips())
	w.paysByCard(w.chip("chip"))
	w.printed("a slip of the second sale", slips+1)
	w.next()

	slips = len(w.paper.Slips())
	w.paper.SetPlugged(false)
	w.awaits("the printer's fault", shows(0xFDE9E7, deviceBar))
	w.looksLike("printer-unplugged", area{1000, 4, 1210, 46})
	w.sellsForCash()
	w.sellsForCash()
	w.paper.SetPlugged(true)
	w.printed("both slips that waited", slips+2)
	w.awaits("a well printer", no(0xFDE9E7, deviceBar))

	w.panelDies()
	w.touches(tileCola)
	w.awaits("the article", readyCard)
	w.presses("F2")
	w.awaits("the panel's fault", shows(0xFDE9E7, deviceBar))
	if code := w.readsCode(area{440, 56, 1090, 440}); code == "" {
		t.Error("no code on the till's own screen")
	}
	w.awaits("the payment", fill(20, 700, okFill))
	w.next()
	w.panelLives()
	w.sellsForCash()
	w.awaits("a well panel", no(0xFDE9E7, deviceBar))

	w.printed("a slip of the last sale", slips+4)
	b := w.leaves()
	b.sums(t, 1800, map[string]int64{"card": 600, "cash": 900, "qr": 300})
	if n := len(w.paper.Slips()); n != slips+4 {
		t.Errorf("%d slips came out, want %d: %q", n, slips+4, w.paper.Slips())
	}
	if bad := w.paper.Misuse(); len(bad) > 0 {
		t.Errorf("the printer was misused: %q", bad)
	}
}

// sellsForCash sells a cola for exactly its price.
func (w wires) sellsForCash() {
	w.t.Helper()
	w.touches(tileCola)
	w.awaits("the article", readyCard)
	w.touches(keyCash)
	w.touches(keyTake)
	w.awaits("the cash", fill(20, 700, okFill))
	w.next()
}

// panelDies takes the place that the panel draws on.
func (w wires) panelDies() {
	w.t.Helper()
	if err := os.Remove(w.panel); err != nil {
		w.t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(w.panel, "dead"), 0o700); err != nil {
		w.t.Fatal(err)
	}
}

func (w wires) panelLives() {
	w.t.Helper()
	if err := os.RemoveAll(w.panel); err != nil {
		w.t.Fatal(err)
	}
}
