// Package endtoend works at the real window: the built program on a display of its own, touched, typed at and scanned
// into as a person would, then asked through the scripted face what is in its books.
//
// It promises that what it says about money comes from the journal of the till it closed, and what it says about the
// screen from pictures of the display; that no test sleeps for a fixed time; that every wait has a limit; that it ends
// only processes that it started. It needs Xvfb, xdotool and ImageMagick.
//
// Units: pixels of the display; sums are fen. Run with -update to write the pictures in testdata anew, then look at them.
package endtoend

import (
	"os"
	"testing"

	"tillkeeper/app/headless/blackbox/child"
)

// binary is the program under test, built once as a user would build it.
var binary string

func TestMain(m *testing.M) {
	os.Exit(child.Build(func(_, program string) int {
		binary = program
		return m.Run()
	}))
}

// The panels that the tests stand at.
var (
	wide  = size{1366, 768}
	small = size{800, 480}
)

// The demo's people, articles and codes.
const (
	cola     = "6928804002348" // barcode of 100001, 3.00
	colaSKU  = "100001"
	waterSKU = "100013" // 2.00
)

// TestADayAtTheTill sells a whole day: self-test, sign-in by fingers, a quick article, a scan, cash, a card with its PIN,
// the line pulled, a card that approves by itself, the line back, the queue empty, the owner's evening.
func TestADayAtTheTill(t *testing.T) {
	p := standAt(t, wide)
	p.awaits("the self-test", fill(760, 660, press))
	p.presses("Return")
	p.looksLike("signin", area{40, 140, 1330, 660})
	p.signsIn(tileWang)
	p.looksLike("sale-empty", area{440, 56, 1090, 762})

	cashSale(p)
	cardSale(p)
	offlineSale(p)

	p.office(railQueue)
	p.looksLike("queue-empty", area{108, 160, 1354, 756})
	p.presses("F10")
	p.office(railSettings)
	p.presses("F12")
	p.awaits("the sign-in", fill(1290, 610, ground), fill(60, 210, surface))
	p.signsIn(tileSun)
	p.presses("F10")
	p.awaits("the evening", fill(20, 190, actionSoft))
	p.looksLike("evening", area{110, 124, 510, 268}) // net, number of sales and the mean; the chart is of this hour

	b := p.leaves()
	b.sums(t, 1400, map[string]int64{"cash": 800, "card": 600})
	b.attempts(t, attempt{"cash", "approved", 800, false}, attempt{"card", "approved", 300, false}, attempt{"card", "delivered", 300, true})
	b.sold(t, map[string]string{colaSKU: "4", waterSKU: "1"})
}

// cashSale sells a touched article and two scans right after the touch, 8.00, for a quick amount of 10.00.
func cashSale(p *person) {
	p.t.Helper()
	p.does(append(touch(tileWater), append(scan(cola), scan(cola)...)...)...)
	p.looksLike("basket-8.00", area{12, 62, 436, 756})
	p.touches(keyCash)
	p.looksLike("cash", area{440, 56, 1090, 762})
	p.presses("alt+w") // 8.00 exactly, 10.00
	p.looksLike("cash-given", area{440, 56, 1090, 390})
	p.touches(keyTake)
	p.looksLike("outcome-cash", area{0, 60, 598, 768})
	p.next()
}

// cardSale sells a cola by a chip card and its PIN.
func cardSale(p *person) {
	p.t.Helper()
	p.touches(tileCola)
	p.awaits("the article", readyCard)
	p.touches(keyCard)
	p.looksLike("card", area{12, 420, 436, 756})
	p.touches(benchChip)
	p.looksLike("card-pin", area{12, 420, 436, 756})
	p.touches(benchPIN)
	p.looksLike("outcome-card", area{0, 60, 598, 768})
	p.next()
}

// offlineSale pulls the line, sells by a card that approves by itself, and puts the line back.
func offlineSale(p *person) {
	p.t.Helper()
	p.awaits("the calm bar", no(waitSoft, bar))
	p.presses("F10")
	p.office(railSettings)
	p.presses("F8")
	p.awaits("the amber pill", shows(waitSoft, bar))
	p.presses("Escape")
	p.touches(tileCola)
	p.looksLike("offline-tenders", area{1092, 56, 1360, 455})
	p.touches(keyQR) // it says why not and does nothing
	p.touches(keyCard)
	p.looksLike("card", area{12, 420, 436, 756})
	p.touches(benchOffline)
	p.looksLike("outcome-offline", area{0, 60, 598, 768})
	p.next()
	p.awaits("the amber pill", shows(waitSoft, bar))
	p.presses("F10")
	p.office(railSettings)
	p.presses("F8")
	p.awaits("the calm bar", no(waitSoft, bar))
}
