package endtoend

import "testing"

// Test_pain_14_a_scanner_that_loses_digits_or_focus scans twenty times without a pause right after a touch, while the screen
// paints; on the cash screen and on the outcome a scan is a scan too.
func Test_pain_14_a_scanner_that_loses_digits_or_focus(t *testing.T) {
	p := standAt(t, wide)
	p.opens()
	chain := touch(tileWater)
	for range 20 {
		chain = append(chain, scan(cola)...)
	}
	p.does(chain...)
	p.looksLike("twenty-scans", area{12, 62, 436, 756})
	// A code of the catalogue that is typed slowly by hand is no scan, and Enter takes it as typed.
	p.does("type", "--args", "1", "--delay", "90", cola, "key", "Return")
	p.looksLike("twenty-one", area{12, 62, 436, 756})
	// A scan on the cash screen adds the article and does not take the money.
	p.touches(keyCash)
	p.awaits("the cash screen", fill(1000, 620, press))
	p.does(scan(cola)...)
	p.looksLike("cash-scanned", area{440, 56, 1090, 390})
	p.touches(keyTake)
	p.awaits("the outcome", fill(20, 700, okFill))
	// A scan on the outcome begins the next sale.
	p.does(scan(cola)...)
	p.awaits("the next sale", readyCard, fill(30, 125, actionSoft))
	b := p.leaves()
	b.sums(t, 6800, map[string]int64{"cash": 6800})
	b.attempts(t, attempt{"cash", "approved", 6800, false})
	b.sold(t, map[string]string{colaSKU: "22", waterSKU: "1"})
	b.open(t, map[string]string{colaSKU: "1"})
}

// TestATremblingFingerPaysOnce touches every key of a payment twice.
func TestATremblingFingerPaysOnce(t *testing.T) {
	p := standAt(t, wide)
	p.opens()
	p.touches(tileCola)
	p.awaits("the article", readyCard)
	p.touchesTwice(keyCard)
	p.looksLike("card", area{12, 420, 436, 756})
	p.touches(benchChip)
	p.looksLike("card-pin", area{12, 420, 436, 756})
	p.touchesTwice(benchPIN)
	p.awaits("the outcome", fill(20, 700, okFill))
	p.next()
	p.touches(tileCola)
	p.awaits("the article", readyCard)
	p.touchesTwice(keyCash)
	p.awaits("the cash screen", fill(1000, 620, press))
	p.touchesTwice(keyTake)
	p.awaits("the outcome", fill(20, 700, okFill))
	b := p.leaves()
	b.sums(t, 600, map[string]int64{"card": 300, "cash": 300})
	b.attempts(t, attempt{"card", "approved", 300, false}, attempt{"cash", "approved", 300, false})
}

// TestEnterAloneStartsNoPayment presses Enter and Tab wherever money may move; on the way a card payment is cancelled, a
// card is refused, and the same sum is paid by code.
func TestEnterAloneStartsNoPayment(t *testing.T) {
	p := standAt(t, wide)
	p.opens()
	p.touches(tileCola)
	p.awaits("the article", readyCard)
	p.presses("Return", "Return", "Tab", "Return")
	p.looksLike("sale-one", area{440, 56, 1360, 455})
	p.presses("F1")
	p.looksLike("card", area{12, 420, 436, 756})
	p.presses("Return", "Escape")
	p.looksLike("outcome-cancelled", area{0, 60, 598, 768})
	p.presses("Return", "Return")
	p.insists("Escape", "the sale", readyCard)
	p.looksLike("sale-one", area{440, 56, 1360, 455})
	p.presses("Return", "F1")
	p.looksLike("card", area{12, 420, 436, 756})
	p.touches(benchNoMoney)
	p.looksLike("outcome-refused", area{0, 60, 1330, 330})
	p.presses("Return", "Return")
	// The sum is kept: the customer pays by code, from the outcome.
	p.insists("F2", "the code", no(badFill, area{10, 690, 590, 710}))
	p.awaits("the outcome", fill(20, 700, okFill))
	p.looksLike("outcome-code", area{0, 60, 598, 560})
	b := p.leaves()
	b.sums(t, 300, map[string]int64{"qr": 300})
	b.attempts(t, attempt{"card", "cancelled", 0, false}, attempt{"card", "declined", 0, false}, attempt{"qr", "approved", 300, false})
}

// TestLanguageAndLightAtRunTime turns the sign-in to dark and to English and back.
func TestLanguageAndLightAtRunTime(t *testing.T) {
	p := standAt(t, wide)
	p.awaits("the self-test", fill(760, 660, press))
	p.presses("Return")
	signin := area{40, 140, 1330, 660}
	p.looksLike("signin", signin)
	p.presses("F8")
	p.awaits("the dark ground", fill(20, 20, darkGround))
	p.looksLike("signin-dark", signin)
	p.presses("F9")
	p.looksLike("signin-dark-en", signin)
	p.presses("F8")
	p.looksLike("signin-en", signin)
	p.presses("F9")
	p.looksLike("signin", signin)
	p.leaves()
}

// TestASmallPanel sells at 800 by 480: tile and pad by fingers, a scan, cash by pad and keys.
func TestASmallPanel(t *testing.T) {
	p := standAt(t, small)
	p.awaits("the self-test", fill(440, 390, press), fill(790, 100, ground))
	p.presses("Return")
	p.looksLike("small-signin", area{0, 0, 800, 420})
	p.touches(spot{100, 60})
	columns, rows := [3]int{558, 648, 738}, [4]int{103, 192, 281, 370}
	for _, d := range [...][2]int{{0, 2}, {2, 2}, {1, 1}, {0, 0}, {2, 0}, {1, 3}} { // 135790
		p.touches(spot{columns[d[0]], rows[d[1]]})
	}
	p.awaits("the sign-in key", fill(706, 390, press))
	p.touches(spot{739, 365})
	p.looksLike("small-empty", area{0, 46, 800, 480})
	p.does(scan(cola)...)
	p.looksLike("small-sale", area{0, 46, 800, 480})
	p.touches(spot{672, 402})
	p.looksLike("small-cash", area{0, 46, 800, 480})
	p.touches(spot{449, 246})
	p.touches(spot{742, 136})
	p.looksLike("small-outcome", area{0, 40, 354, 480})
	b := p.leaves()
	b.sums(t, 300, map[string]int64{"cash": 300})
	b.sold(t, map[string]string{colaSKU: "1"})
}
