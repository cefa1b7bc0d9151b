package endtoend

import (
	"encoding/hex"
	"strings"
	"testing"
)

// Places of the screens on which a person decides.
var (
	firstItem                 = spot{1260, 311} // what to do about the first open item
	wayLeft, wayRight         = spot{332, 356}, spot{784, 356}
	bankTold, customerCame    = spot{257, 538}, spot{558, 538}
	inFile                    = spot{257, 608}
	firstFile, firstCandidate = spot{273, 162}, spot{558, 224}
	items                     = area{112, 287, 430, 497} // kinds and sums; ages stand beside them
)

// waiting goes to the open items of which there are so many.
func (p *person) waiting(n int) {
	p.t.Helper()
	places := []sight{fill(1195, 70, press)}
	for i := range 3 {
		colour := uint32(surface)
		if i < n {
			colour = actionSoft
		}
		places = append(places, fill(1172, firstItem.y+70*i, colour))
	}
	p.awaits("the open items", places...)
}

// decides chooses a way and a reason, by finger or with their keys, and confirms it; the question is kept as a picture.
func (p *person) decides(way, reason spot, asked string, keys ...string) {
	p.t.Helper()
	choose := func(s spot, i int) {
		if i < len(keys) {
			p.presses(keys[i])
			return
		}
		p.touches(s)
	}
	p.awaits("the item", fill(1100, 290, ground))
	choose(way, 0)
	p.awaits("the chosen way", fill(way.x-152, way.y-11, actionSoft))
	choose(reason, 1)
	p.awaits("the key that decides", fill(1100, 290, press))
	p.presses("Return") // Enter alone decides nothing
	p.presses("2", "0", "F12")
	p.looksLike(asked, question)
	p.presses("Return")
	p.presses("F12")
}

// TestWhatWaitsForAPersonIsDecided resolves what the bank refused after the sale: one sent again under a new number, one
// paid otherwise, both with a supervisor's PIN, and one paid by the customer's phone through the payment link.
func TestWhatWaitsForAPersonIsDecided(t *testing.T) {
	t.Parallel()
	b := newBank(t, `{"rules":[{"fault":"code","kind":"offline_sale","code":"94","times":1},{"fault":"code","kind":"offline_sale","code":"51","times":1}]}`)
	in := `{"cmd":"signin","staff":"1001","pin":"135790"}`
	b.sells(b.addr, in, `{"cmd":"wait","for":"online","timeout_ms":20000}`, `{"cmd":"add","sku":"100001"}`, `{"cmd":"pay","tender":"card","card":"ok"}`)
	b.sells(nobody, in,
		`{"cmd":"add","sku":"100001","qty":"2"}`, `{"cmd":"pay","tender":"card","card":"offline-approve"}`,
		`{"cmd":"add","sku":"100001","qty":"3"}`, `{"cmd":"pay","tender":"card","card":"offline-approve-2"}`,
		`{"cmd":"add","sku":"100001","qty":"4"}`, `{"cmd":"pay","tender":"card","card":"late-decline"}`)
	left := b.sells(b.addr, in, `{"cmd":"wait","for":"online","timeout_ms":20000}`, `{"cmd":"forward","timeout_ms":20000}`,
		`{"cmd":"queue"}`, `{"cmd":"attempt","attempt":"000000000002"}`)
	if strings.Count(left, `"state":"late_declined"`) != 2 || !strings.Contains(left, `"state":"manual"`) {
		t.Fatalf("these wait for a person: %s", left)
	}

	p := standIn(t, wide, b.shop, "--host", b.addr)
	p.opens()
	p.presses("F10")
	p.office(railQueue)
	p.waiting(3)
	p.looksLike("persons", items)
	p.touches(firstItem)
	p.decides(wayLeft, bankTold, "again-ask")
	p.approves()
	p.waiting(2)
	p.presses("alt+1")
	p.decides(wayRight, customerCame, "otherwise-ask", "alt+2", "alt+w")
	p.approves()
	p.waiting(1)
	p.touches(firstItem)
	p.awaits("the item", fill(1100, 290, ground))
	p.presses("F2")
	p.awaits("the outcome", fill(20, 700, okFill))
	p.looksLike("outcome-link", area{0, 60, 598, 560})
	p.next()
	p.presses("F10")
	p.awaits("the rail", fill(5, 60, surface), fill(5, 700, surface))
	p.presses("alt+o")
	p.awaits("the place on the rail", fill(20, railQueue.y, actionSoft))
	p.looksLike("queue-empty", area{108, 160, 1354, 756})

	books := p.leaves()
	books.sums(t, 2100, map[string]int64{"card": 900, "qr": 1200})
	books.attempts(t,
		attempt{"card", "approved", 300, false}, attempt{"card", "cancelled", 600, true}, attempt{"card", "cancelled", 0, true},
		attempt{"card", "cancelled", 0, true}, attempt{"card", "delivered", 600, true}, attempt{"qr", "approved", 1200, false})
}

// TestTheBankCountsOtherwise settles a batch whose totals differ because the bank charged a sale that it had refused,
// compares the acquirer's file, finds the charge, prints its story, and resolves it by name and reason.
func TestTheBankCountsOtherwise(t *testing.T) {
	t.Parallel()
	b := newBank(t, `{"rules":[{"fault":"code","kind":"sale","code":"05","taken":true,"nth":2}]}`)
	b.sells(b.addr, `{"cmd":"signin","staff":"1001","pin":"135790"}`, `{"cmd":"wait","for":"online","timeout_ms":20000}`,
		`{"cmd":"add","sku":"100001"}`, `{"cmd":"pay","tender":"card","card":"ok"}`,
		`{"cmd":"add","sku":"100022"}`, `{"cmd":"pay","tender":"card","card":"second"}`, `{"cmd":"pay","tender":"cash","tendered":600}`)
	b.file("t1.csv", "1,amount")

	p := standIn(t, wide, b.shop, "--host", b.addr)
	p.opensAs(tileSun)
	p.presses("F10")
	p.office(railClosing)
	p.looksLike("settle-before", area{108, 120, 1360, 756})
	p.presses("F12")
	p.looksLike("settle-before-ask", question)
	p.presses("F12")
	p.awaits("the totals that differ", fill(700, 140, waitSoft))
	p.looksLike("settle-differs", area{108, 120, 1360, 756})
	p.presses("F3")
	p.awaits("the file", fill(300, 160, surface), fill(450, 160, surface))
	p.touches(firstFile)
	p.awaits("the compared file", fill(300, 160, actionSoft))
	p.looksLike("compared", area{442, 120, 1360, 756})

	before := p.slips()
	p.presses("F4", "6")
	p.awaits("the candidate", fill(760, 205, surface), fill(1180, 160, surface))
	p.touches(firstCandidate)
	p.looksLike("charged-story", area{108, 120, 634, 400})
	p.presses("F9")
	p.prints(before + 1)
	p.presses("Escape", "F3")
	p.awaits("the compared file", fill(300, 160, actionSoft))
	p.touches(spot{899, 397})
	p.decides(wayRight, inFile, "difference-ask")
	p.looksLike("compared-one", area{442, 280, 1360, 756})

	books := p.leaves()
	books.attempts(t, attempt{"card", "settled", 300, false}, attempt{"card", "declined", 0, false}, attempt{"cash", "approved", 600, false})
}

// demoKey is the master key of the demo and a published pair of its check value: 08D7B4.
const (
	demoKey  = "0123456789ABCDEFFEDCBA9876543210"
	firstKey = "1F2E3D4C5B6A79880F1E2D3C4B5A6978"
)

// otherKey is what goes with firstKey.
func otherKey(t *testing.T) string {
	t.Helper()
	a, err := hex.DecodeString(demoKey)
	if err != nil {
		t.Fatal(err)
	}
	b, err := hex.DecodeString(firstKey)
	if err != nil {
		t.Fatal(err)
	}
	for i := range a {
		a[i] ^= b[i]
	}
	return hex.EncodeToString(a)
}

// TestTwoPeopleEnterTheKey enters the demo's master key in two components; one person twice and one component twice are
// refused. The till signs on with it and sells.
func TestTwoPeopleEnterTheKey(t *testing.T) {
	t.Parallel()
	p := standAt(t, wide)
	p.opensAs(tileSun)
	p.presses("F10")
	p.office(railSettings)
	p.presses("F3")
	page, task := area{108, 56, 1360, 756}, area{108, 450, 890, 756}
	p.looksLike("key-who", page)
	signs := func(number string) {
		p.presses(append(digits(number), append([]string{"Tab"}, append(digits(pin), "Return")...)...)...)
	}
	signs("9001")
	p.awaits("the hex pad", fill(1280, 420, surface))
	p.does("type", "--delay", "5", firstKey)
	p.looksLike("key-typed", page)
	p.presses("Return")
	p.looksLike("key-check", page)
	p.presses("Return", "F12") // Enter says nothing about the paper
	p.awaits("the second person", fill(1280, 420, ground))
	signs("9001")
	p.looksLike("key-same-person", task)
	signs("2001")
	p.awaits("the hex pad", fill(1280, 420, surface))
	p.does("type", "--delay", "5", firstKey)
	p.presses("Return")
	p.looksLike("key-same-part", task) // from the beginning
	signs("9001")
	p.awaits("the hex pad", fill(1280, 420, surface))
	p.does("type", "--delay", "5", firstKey)
	p.presses("Return")
	p.awaits("the check value", fill(1000, 140, press))
	p.presses("F12")
	p.awaits("the second person", fill(1280, 420, ground), fill(1000, 140, surface))
	signs("2001")
	p.awaits("the hex pad", fill(1280, 420, surface))
	p.does("type", "--delay", "5", otherKey(t))
	p.presses("Return")
	p.awaits("the check value", fill(1000, 140, press))
	p.presses("F12")
	p.looksLike("key-whole", page)
	p.presses("F12")
	p.looksLike("key-done", page)
	p.presses("Return", "Escape")
	p.awaits("the sale", restingCard)
	cardSale(p)
	p.leaves().sums(t, 300, map[string]int64{"card": 300})
}

func digits(s string) (keys []string) {
	for _, r := range s {
		keys = append(keys, string(r))
	}
	return keys
}
