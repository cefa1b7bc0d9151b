package gui

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/screen"
	"tillkeeper/app/pos"
)

// The longest things that can be typed.
const (
	entryLimit  = 18 // a barcode or an amount
	amountLimit = 10
	pinLimit    = 12
	foundLimit  = 60 // articles of a search
)

// trembling is how soon after a touch or a key another one does not count on an outcome, nor after the outcome was painted:
// the second touch of one finger must not take away what nobody has read yet, however long a slow panel took to show it.
const trembling = 250 * time.Millisecond

// shown is how far an outcome has come onto the panel.
type shown struct {
	painting bool
	at       time.Time // it was painted; zero before
}

// sameOutcome says whether two snapshots show the same outcome, or neither shows one.
func sameOutcome(a, b *checkout.Snapshot) bool {
	if a.Step != checkout.StepOutcome || b.Step != checkout.StepOutcome {
		return a.Step == b.Step
	}
	if a.Outcome == nil || b.Outcome == nil {
		return a.Outcome == b.Outcome
	}
	return a.Outcome.Attempt.ID == b.Outcome.Attempt.ID && a.Outcome.At.Equal(b.Outcome.At)
}

// paints is called right before a page is painted, painted right after.
func (t *till) paints() {
	t.shown.painting = t.snap.Step == checkout.StepOutcome && t.shown.at.IsZero()
}

func (t *till) painted() {
	if t.shown.painting {
		t.shown = shown{at: time.Now()}
	}
}

// trembles says whether a touch or a key at a moment comes too soon for whoever reads an outcome.
func (t *till) trembles(now time.Time) bool {
	return t.snap.Step == checkout.StepOutcome &&
		(t.shown.at.IsZero() || now.Sub(t.shown.at) < trembling || now.Sub(t.acted) < trembling)
}

// act does what a touch or a key asks for.
func (t *till) act(a kit.Act) {
	t.letHeldGo() // a touch never overtakes the key that was pressed before it
	now := time.Now()
	if a.Verb != kit.VerbDigit && t.trembles(now) {
		return
	}
	t.acted = now
	switch a.Verb {
	case kit.VerbDigit:
		t.digit(a.Arg)
	case kit.VerbLetter:
		t.letters(t.view.Letters + a.Arg)
	case screen.VerbBack:
		t.backspace()
	case screen.VerbClear:
		t.clear()
	case screen.VerbGo:
		t.goTo(screen.Name(a.Arg))
	case screen.VerbStaff, screen.VerbSignIn, screen.VerbSignOut, screen.VerbSelfTest, screen.VerbDark, screen.VerbLang,
		screen.VerbLineCut, screen.VerbSend, screen.VerbAttempt, screen.VerbPresent, screen.VerbPIN, screen.VerbBypass, screen.VerbWallet, screen.VerbPaper:
		t.house(a)
	case screen.VerbApprover, screen.VerbApprove, screen.VerbDismiss:
		t.approve(a)
	case screen.VerbPay, screen.VerbSplit, screen.VerbGive, screen.VerbNote, screen.VerbRound, screen.VerbConfirm,
		screen.VerbCancel, screen.VerbCheck, screen.VerbNext:
		t.money(a)
	case screen.VerbAsk, screen.VerbYes, screen.VerbNo, screen.VerbReceipt, screen.VerbMore, screen.VerbLess, screen.VerbPick, screen.VerbAll,
		screen.VerbReason, screen.VerbHeld, screen.VerbBalance, screen.VerbPreauth:
		t.giveBack(a)
	case screen.VerbDecide, screen.VerbHow, screen.VerbLink, screen.VerbFetch, screen.VerbDiffer, screen.VerbWindow, screen.VerbHour,
		screen.VerbField, screen.VerbStory, screen.VerbSlip:
		t.desk(a)
	case screen.VerbHex, screen.VerbKeyField, screen.VerbKeySign, screen.VerbKeyTake, screen.VerbKeySame, screen.VerbKeyOther:
		t.keys(a)
	case screen.VerbAbout:
		t.about(a.Arg)
	case screen.VerbDevice, screen.VerbTest, screen.VerbFind, screen.VerbUse, screen.VerbUnuse, screen.VerbUseBefore, screen.VerbStop,
		screen.VerbSecond, screen.VerbSecondFull, screen.VerbSlipAgain, screen.VerbSlipsClear:
		t.gearAct(a)
	case screen.VerbWeighAgain, screen.VerbWeighTyped:
		t.scaleAct(a)
	case screen.VerbTurn:
		t.page(t.view.First[a.Arg] == 0)
	case screen.VerbChoose:
		t.chooseAccount(a.Arg)
	default:
		t.goods(a)
	}
	t.draw()
}

// letters searches the catalogue by pinyin initials.
func (t *till) letters(s string) {
	t.view.Letters = s
	t.view.Found = nil
	t.view.First["found"] = 0
	if s != "" {
		t.view.Found = t.parts.Face.Catalogue().Search(s, foundLimit)
	}
}

// goods does what concerns articles and lines.
func (t *till) goods(a kit.Act) {
	v, face := &t.view, t.parts.Face
	switch a.Verb {
	case screen.VerbCategory:
		v.Category = a.Arg
		t.tiles()
	case screen.VerbTile:
		t.add(a.Arg)
	case screen.VerbTimes:
		if _, err := pos.ParseQty(v.Entry); err != nil || v.Entry == "" {
			t.say(t.words.T("先输入数量"))
			return
		}
		v.Qty, v.Entry = v.Entry, ""
	case screen.VerbEnter:
		t.enter()
	case screen.VerbLine:
		t.choose(a.Arg)
	case screen.VerbPrice, screen.VerbDiscount, screen.VerbWeigh:
		t.leaveMore()
		if a.Verb == screen.VerbWeigh && v.Entry == "" && t.weighLine() {
			return
		}
		t.edit(a.Verb)
	case screen.VerbDelete:
		t.leaveMore()
		line := t.snap.Selected
		t.do(func(ctx context.Context) error { return face.Remove(ctx, line, "cashier") }, nil)
	case screen.VerbHold:
		t.leaveMore()
		t.do(func(ctx context.Context) error {
			_, err := face.Hold(ctx, "")
			return err
		}, func() { v.Entry, v.Qty, v.Part = "", "", 0 }) // they were typed for this order
	case screen.VerbRecall:
		t.do(func(ctx context.Context) error { return face.Recall(ctx, a.Arg) }, func() { v.Screen = screen.Home })
	case screen.VerbReprint:
		t.do(func(ctx context.Context) error { return face.Reprint(ctx, a.Arg) }, func() {
			v.Followed.Slip = "" // here, for what was read before the copy was asked for says the old one
			t.follow()
		})
	}
}

// choose makes a line the one that the functions change, by an edit that changes nothing.
func (t *till) choose(arg string) {
	line, err := strconv.Atoi(arg)
	if err != nil {
		return
	}
	s := *t.snap
	s.Selected = line
	t.snap = &s
	t.uncover("order", slices.IndexFunc(s.Basket.Lines, func(l pos.Line) bool { return l.No == line }))
}

// quantity takes the quantity set for the next article, one if none was.
func (t *till) quantity() pos.Qty {
	q, err := pos.ParseQty(t.view.Qty)
	if err != nil || q <= 0 {
		q = pos.One
	}
	t.view.Qty = ""
	return q
}

func (t *till) add(sku string) {
	face := t.parts.Face
	if p, ok := face.Catalogue().BySKU(sku); t.sellByWeight(p, ok) {
		return
	}
	qty := t.quantity()
	if t.view.Screen == screen.Search || t.view.Screen == screen.Quick {
		t.view.Screen, t.view.Letters, t.view.Found = screen.Home, "", nil
	}
	t.do(func(ctx context.Context) error {
		_, err := face.Add(ctx, sku, qty)
		return err
	}, nil)
}

// scan adds what a barcode names. On an outcome it begins the next sale first.
func (t *till) scan(code string) {
	if t.cameToTest(code) {
		return
	}
	face := t.parts.Face
	byWeight := t.hasScale() && t.view.Qty == "" && t.snap.Step == checkout.StepSale
	qty := t.quantity()
	if t.snap.Step == checkout.StepSale && paymentCode(code) && t.snap.Basket.Due() > 0 {
		t.pay(checkout.Pay{Tender: pos.QR, Amount: t.view.Part, Code: code})
		return
	}
	if t.scanInOffice(code) {
		t.draw()
		return
	}
	t.stopScale()
	if t.view.Screen != screen.Cash {
		t.view.Screen = screen.Home
	}
	if byWeight {
		if p, ok := face.Catalogue().ByBarcode(code); t.sellByWeight(p, ok) {
			t.draw()
			return
		}
	}
	leave := t.leave()
	t.do(func(ctx context.Context) error {
		if leave {
			if err := face.Next(ctx); err != nil {
				return err
			}
		}
		_, err := face.Scan(ctx, code, qty)
		return err
	}, nil)
	t.draw()
}

// paymentCode says whether digits are a customer's payment code: WeChat 10 to 15, Alipay 25 to 30, UnionPay 62.
func paymentCode(code string) bool {
	if len(code) < 16 || len(code) > 24 || strings.Trim(code, "0123456789") != "" {
		return false
	}
	n, err := strconv.Atoi(code[:2])
	return err == nil && (n >= 10 && n <= 15 || n >= 25 && n <= 30 || n == 62 && len(code) == 19)
}

// barcodeFrom is the length from which typed digits are a barcode, not an article number.
const barcodeFrom = 8

// enter adds what was typed, or sets the quantity of the chosen line.
func (t *till) enter() {
	v, face := &t.view, t.parts.Face
	line := t.snap.Selected
	switch {
	case v.Entry == "" && v.Qty != "" && line > 0:
		q := t.quantity()
		t.do(func(ctx context.Context) error {
			_, err := face.Edit(ctx, checkout.Edit{Line: line, Qty: &q})
			return err
		}, nil)
	case v.Entry == "":
	case len(v.Entry) >= barcodeFrom:
		code := v.Entry
		v.Entry = ""
		t.scan(code)
	default:
		sku := v.Entry
		v.Entry = ""
		t.add(sku)
	}
}

// edit changes the chosen line by the number that was typed.
func (t *till) edit(verb string) {
	v, face := &t.view, t.parts.Face
	e := checkout.Edit{Line: t.snap.Selected, Reason: verb}
	if v.Entry == "" || e.Line == 0 {
		t.say(t.words.T("先输入数字，再按这个键"))
		return
	}
	if verb == screen.VerbWeigh {
		q, err := pos.ParseQty(v.Entry)
		if err != nil {
			t.say(t.words.T("数量不对"))
			return
		}
		e.Qty = &q
	} else {
		a, err := pos.ParseAmount(v.Entry)
		if err != nil {
			t.say(t.words.T("金额不对"))
			return
		}
		if verb == screen.VerbPrice {
			e.Price = &a
		} else {
			e.Discount = &a
		}
	}
	v.Entry = ""
	t.approvable(func(ctx context.Context, o *checkout.Override) error {
		e := e
		e.Override = o
		_, err := face.Edit(ctx, e)
		return err
	})
}
