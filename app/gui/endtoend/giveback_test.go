package endtoend

import "testing"

// Places of the screens on which money is given back.
const (
	okSoft = 0xDFF3E9
	sunken = 0xF4F6F9
)

var (
	railRecords, railClosing = spot{48, 277}, spot{48, 541}
	question                 = area{370, 190, 996, 578}
	receiptLines             = area{108, 120, 780, 756}
)

// receipt opens a receipt by its printed code.
func (p *person) receipt(number string) {
	p.t.Helper()
	p.presses("F7")
	p.awaits("the search for a receipt", fill(20, railRecords.y, actionSoft), fill(1180, 160, surface))
	p.does(scan(number)...)
}

// approves lets the supervisor enter the PIN on the sheet.
func (p *person) approves() {
	p.t.Helper()
	p.looksLike("sheet", area{320, 110, 660, 660})
	for _, r := range pin {
		p.presses(string(r))
	}
	p.presses("Return")
}

// TestMoneyGoesBack gives back one of two bottles paid by card, voids a cash sale, asks for a balance and settles the
// batch: each through its question, what needs a supervisor through the sheet; then the books have to say the same.
func TestMoneyGoesBack(t *testing.T) {
	p := standAt(t, wide)
	p.opens()
	p.does(append(scan(cola), scan(cola)...)...)
	p.awaits("the articles", readyCard)
	p.presses("F1")
	p.awaits("the demo's cards", fill(30, 460, sunken))
	p.touches(benchChip)
	p.awaits("the PIN", fill(30, 520, sunken), fill(30, 460, surface))
	p.touches(benchPIN)
	p.awaits("the outcome", fill(20, 700, okFill))
	p.next()

	refundOne(p)
	voidCash(p)
	askBalance(p)
	settleBatch(p)

	b := p.leaves()
	b.sums(t, 300, map[string]int64{"card": 300})
	b.attempts(t,
		attempt{"card", "settled", 600, false}, attempt{"card", "settled", 300, false}, // the sale and its refund
		attempt{"cash", "voided", 300, false}, attempt{"cash", "approved", 300, false}, // the sale and its void
		attempt{"card", "approved", 0, false}) // the inquiry
}

func refundOne(p *person) {
	p.t.Helper()
	p.receipt("000001")
	p.looksLike("receipt", receiptLines)
	p.presses("F7")
	p.presses("plus", "alt+w") // one of the first line, because it is faulty
	p.looksLike("refund", area{108, 120, 1360, 400})
	p.presses("Return") // Enter alone never gives money back
	p.presses("F7")
	p.looksLike("refund-ask", question)
	p.presses("Return")
	p.presses("F12")
	p.approves()
	p.looksLike("outcome-refund", area{0, 60, 598, 768})
	p.next()
}

func voidCash(p *person) {
	p.t.Helper()
	p.touches(tileCola)
	p.awaits("the article", readyCard)
	p.touches(keyCash)
	p.awaits("the cash screen", fill(1000, 620, press))
	p.touches(keyTake)
	p.awaits("the outcome", fill(20, 700, okFill))
	p.next()
	p.receipt("000003")
	p.awaits("the receipt", fill(1300, 600, actionSoft))
	p.presses("F8")
	p.looksLike("void-ask", question)
	p.presses("F12")
	p.approves()
	p.looksLike("outcome-void", area{0, 60, 598, 768})
	p.next()
}

func askBalance(p *person) {
	p.t.Helper()
	p.presses("F8")
	p.awaits("the card menu", fill(20, railRecords.y, actionSoft))
	p.presses("F8")
	p.awaits("the demo's cards", fill(30, 460, sunken))
	p.touches(benchChip)
	p.awaits("the PIN", fill(30, 520, sunken), fill(30, 460, surface))
	p.touches(benchPIN)
	p.looksLike("outcome-balance", area{0, 60, 598, 768})
	p.next()
}

func settleBatch(p *person) {
	p.t.Helper()
	p.presses("F10")
	p.office(railClosing)
	p.looksLike("settle", area{108, 120, 1360, 756})
	p.presses("F12")
	p.looksLike("settle-ask", question)
	p.presses("F12")
	p.awaits("the agreeing totals", fill(700, 140, okSoft))
	p.looksLike("settled", area{108, 120, 1360, 756})
	p.presses("Escape")
	p.awaits("the sale", restingCard)
}

// TestAHoldIsCompleted holds 500.00 on a card and takes 400.00 of it, cancels a second hold, then tells the story of the
// payment as to a customer who asks for it.
func TestAHoldIsCompleted(t *testing.T) {
	p := standAt(t, wide)
	p.opens()
	holds(p, "5", "0", "0")
	p.looksLike("outcome-hold", area{0, 60, 598, 768})
	p.next()
	firstHeld := spot{400, 160}
	cards := func() {
		p.presses("F8")
		p.awaits("the card menu", fill(20, railRecords.y, actionSoft), fill(1180, 160, surface))
	}
	cards()
	p.touches(firstHeld)
	p.awaits("the chosen hold", fill(760, 160, actionSoft))
	p.presses("4", "0", "0", "F4")
	p.looksLike("complete-ask", question)
	p.presses("Return") // Enter alone never takes it
	p.presses("F12")
	p.looksLike("outcome-completion", area{0, 60, 598, 768})
	p.next()

	holds(p, "5", "0")
	p.awaits("the second hold", fill(20, 700, okFill))
	p.next()
	cards()
	p.touches(firstHeld)
	p.awaits("the chosen hold", fill(760, 160, actionSoft))
	p.presses("F5")
	p.awaits("the question", fill(900, 530, press))
	p.presses("F12")
	p.looksLike("outcome-hold-cancelled", area{0, 60, 598, 768})
	p.next()

	p.presses("F10")
	p.office(railClosing)
	p.presses("F4", "4", "0", "0")
	p.awaits("the candidate", fill(760, 205, surface), fill(1180, 160, surface))
	p.touches(spot{400, 205})
	p.awaits("the story", fill(300, 140, okSoft), fill(300, 715, press))
	p.presses("F9", "Escape", "Escape")
	p.awaits("the sale", restingCard)

	b := p.leaves()
	b.sums(t, 40000, map[string]int64{"card": 40000})
	b.attempts(t,
		attempt{"card", "approved", 50000, false}, attempt{"card", "approved", 40000, false},
		attempt{"card", "voided", 5000, false}, attempt{"card", "approved", 5000, false})
}

// holds holds a sum on a chip card from the card menu.
func holds(p *person, digits ...string) {
	p.t.Helper()
	p.presses("F8")
	p.awaits("the card menu", fill(20, railRecords.y, actionSoft), fill(1180, 160, surface))
	p.presses(append(digits, "F4")...)
	p.awaits("the demo's cards", fill(30, 460, sunken))
	p.touches(benchChip)
	p.awaits("the PIN", fill(30, 520, sunken), fill(30, 460, surface))
	p.touches(benchPIN)
}
