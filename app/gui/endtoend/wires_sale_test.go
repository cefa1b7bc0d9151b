package endtoend

import (
	"testing"
	"time"
)

// TestASaleOverRealWires sells over pcscd, a printer and a PIN pad on ptys and the panel's model, to an acquirer in a
// process of its own, with the card torn out early and late, pcscd killed, the printer unplugged in the middle of a
// payment and the panel dead, in turn. No fault stops a sale, each is named where it is looked for, what waited is printed
// once, the customer sees what is so, and the books are exact and those of the acquirer.
func TestASaleOverRealWires(t *testing.T) {
	w := standOnWires(t)
	w.opens()
	w.awaits("well devices", wellDevice, no(waitSoft, deviceBar))

	w.sellsByCard()
	w.printed("the slip of the first sale", 1)
	w.panelShows("panel-thanks")
	w.next()

	w.cardIsTorn()
	w.daemonIsKilled()
	w.printerIsUnplugged()
	w.panelIsDead()

	slips := len(w.paper.Slips())
	w.sellsForCash()
	w.printed("the last slip", slips+1)
	if faults := repeated(w.onPaper()); len(faults) > 0 {
		t.Errorf("slips: %q", faults)
	}
	w.presses("F9") // the twin: the last receipt once more
	w.printed("the copy", slips+2)
	if faults := repeated(w.onPaper()); len(faults) != 1 {
		t.Errorf("of a copy the judge of the slips says %q", faults)
	}

	b := w.leaves()
	b.sums(t, 2700, map[string]int64{"card": 1200, "cash": 900, "qr": 600})
	w.nobodyPaidTwice(b)
	if n := len(w.paper.Slips()); n != slips+2 {
		t.Errorf("%d slips came out, want %d: %q", n, slips+2, w.paper.Slips())
	}
	if bad := w.paper.Misuse(); len(bad) > 0 {
		t.Errorf("the printer was misused: %q", bad)
	}
}

// cardIsTorn takes the card away while it is read, which refuses the payment, then another after the acquirer has
// approved, which leaves it unknown until its reversal is acknowledged; a third one pays.
func (w wires) cardIsTorn() {
	w.t.Helper()
	w.takesCola()
	w.asksForCard()
	early := w.chip("chip")
	asked := early.Hold()
	out := w.inserts(early)
	select {
	case <-asked:
	case <-time.After(patience):
		w.t.Fatalf("nobody reads the card\n%s", w.log)
	}
	early.TearAfter(4)
	early.Release()
	w.awaits("the refusal", fill(20, 700, badFill))
	w.looksLike("outcome-torn", outcome)
	out()

	w.asksForCard()
	slips := len(w.paper.Slips())
	out = w.inserts(w.chip("torn"))
	w.entersPIN("3.00")
	w.awaits("the unknown outcome", fill(20, 700, waitFill))
	w.looksLike("outcome-torn-late", outcome)
	w.panelShows("panel-wait")
	out()
	w.printed("the slip of the unknown payment", slips+1)

	w.asksForCard()
	w.paysByCard(w.chip("chip"))
	w.printed("the slip of what was paid at last", slips+2)
	w.next()
	w.awaits("the reversal acknowledged", no(waitSoft, bar))
}

// daemonIsKilled ends pcscd between two sales and starts it again.
func (w wires) daemonIsKilled() {
	w.t.Helper()
	w.pcscd.Kill()
	w.awaits("the reader's fault", badDevice)
	w.looksLike("reader-dead", area{860, 4, 1210, 46})
	w.touches(tileCola)
	w.awaits("the article, and no ready card", fill(1110, 300, press), no(press, area{1105, 70, 1120, 180}))
	w.presses("F1") // tried all the same it ends with the reason and the other ways of paying, not with a wait for a card
	w.awaits("the refusal", fill(20, 700, badFill))
	w.insists("F3", "the cash desk", no(badFill, area{10, 690, 590, 710}))
	w.touches(keyTake)
	w.awaits("the cash", fill(20, 700, okFill))
	w.next()
	w.pcscd.Restart(w.t)
	w.awaits("a well reader", wellDevice)
	w.sellsByCard()
	w.next()
}

// printerIsUnplugged pulls the printer's cable while a card is asked for, and puts it back two sales later.
func (w wires) printerIsUnplugged() {
	w.t.Helper()
	slips := len(w.paper.Slips())
	w.takesCola()
	w.asksForCard()
	w.paper.SetPlugged(false)
	w.awaits("the printer's fault", badDevice)
	w.looksLike("printer-unplugged", area{1000, 4, 1210, 46})
	w.paysByCard(w.chip("chip"))
	w.looksLike("outcome-unprinted", area{640, 376, 1330, 480})
	w.next()
	w.sellsForCash()
	w.paper.SetPlugged(true)
	w.printed("both slips that waited", slips+2)
	w.awaits("a well printer", wellDevice)
}

// panelIsDead takes the panel away before a code is shown: the till's own screen shows it. Once it is back the panel shows by
// itself what it should, and the next code.
func (w wires) panelIsDead() {
	w.t.Helper()
	w.panelDies()
	w.takesCola()
	w.awaits("the panel's fault", badDevice)
	w.looksLike("panel-dead", area{1000, 4, 1210, 46})
	w.presses("F2")
	if code := w.readsCode(area{440, 56, 1090, 440}); code == "" {
		w.t.Error("no code on the till's own screen")
	}
	w.awaits("the payment", fill(20, 700, okFill))
	w.panelLives()
	w.panelWakes()
	w.panelShows("panel-thanks")
	w.next()
	w.awaits("a well panel", wellDevice)

	w.takesCola()
	theirs := w.panelCode()
	w.presses("F2")
	ours := w.readsCode(area{440, 56, 1090, 440})
	if code := <-theirs; code != ours {
		w.t.Errorf("the till's code is %q, the panel's %q", ours, code)
	}
	w.awaits("the payment", fill(20, 700, okFill))
	w.panelShows("panel-thanks")
	w.next()
}
