package forward

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"tillkeeper/app/pos"
)

// errDead is what everything says to a till whose power is gone.
var errDead = errors.New("the power is gone")

// life is one run of the till, between two power cuts.
type life struct{ dead atomic.Bool }

// lifeJournal is the journal as one life sees it.
type lifeJournal struct {
	*memJournal
	l *life
}

func (j lifeJournal) Append(ctx context.Context, c pos.Commit) ([]pos.Event, error) {
	if j.l.dead.Load() {
		return nil, errDead
	}
	return j.memJournal.Append(ctx, c)
}

// lifeHost is the line as one life sees it.
type lifeHost struct {
	*memHost
	l *life
}

func (h lifeHost) Exchange(_ context.Context, r pos.Request) (pos.Reply, error) {
	return h.memHost.carry(r, func() bool { return !h.l.dead.Load() })
}

func (h lifeHost) Settle(ctx context.Context, stan, batch, operator string, t pos.BatchTotals) (pos.SettlementReply, error) {
	if h.l.dead.Load() {
		return pos.SettlementReply{}, pos.ErrNotSent
	}
	return h.memHost.Settle(ctx, stan, batch, operator, t)
}

func (h lifeHost) Upload(ctx context.Context, stan, batch string, items []pos.UploadItem) (string, error) {
	if h.l.dead.Load() {
		return "", pos.ErrNotSent
	}
	return h.memHost.Upload(ctx, stan, batch, items)
}

func (h lifeHost) UploadEnd(ctx context.Context, stan, batch string, n int, balanced bool) (string, error) {
	if h.l.dead.Load() {
		return "", pos.ErrNotSent
	}
	return h.memHost.UploadEnd(ctx, stan, batch, n, balanced)
}

// line is the unattended flow as the attended one sees it.
type line struct{ *Forwarder }

func (l line) Link() pos.Link { return pos.Link{State: "online"} }

// cards is a reader whose cards behave as the plan says. want is the number of
// the card that comes next, "" for any.
type cards struct {
	plan  *plan
	pause func(time.Duration)
	want  *string
	torn  *bool // the next card does not finish
	gate  func(string)
}

func (c cards) Connect(context.Context, pos.Purchase) (pos.CardSession, error) {
	switch c.plan.pick(12) {
	case 10:
		return nil, pos.ErrCardUnreadable
	case 11: // nobody comes
		c.pause(time.Minute)
		return nil, context.DeadlineExceeded
	}
	c.pause(2 * time.Second)
	return card(c), nil
}

type card cards

func (c card) Read(_ context.Context, p pos.Purchase) (pos.CardRead, error) {
	n := c.plan.pick(12)
	if n == 11 {
		return pos.CardRead{}, pos.ErrCardRemoved
	}
	r := pos.CardRead{Entry: "chip", PAN: fmt.Sprintf("62220200000%05d", c.plan.pick(40)), Expiry: "3012", Cryptogram: pos.ARQC, ODA: true}
	if *c.want != "" {
		r.PAN, *c.want = *c.want, ""
	}
	switch {
	case n == 10:
		r.Cryptogram = pos.AAC
	case n == 9:
		r.Entry, r.ODA = "swipe", false
	case n == 8:
		r.NeedPIN = true
	case !p.ForceOnline && n%2 == 0:
		r.Cryptogram = pos.TC
	}
	return r, nil
}

func (c card) Finish(context.Context, pos.CardAnswer) (pos.CardFinal, error) {
	if c.gate != nil {
		c.gate("the card's last word")
	}
	if *c.torn {
		*c.torn = false
		return pos.CardFinal{}, pos.ErrCardRemoved
	}
	switch c.plan.pick(8) {
	case 5: // the issuer sent a script
		return pos.CardFinal{Cryptogram: pos.TC, Scripts: []byte{0x20, 0, 0, 0, 1}, ShortF55: []byte{0xDF, 0x31, 5, 0x20, 0, 0, 0, 1}}, nil
	case 6:
		return pos.CardFinal{Cryptogram: pos.AAC}, nil
	case 7:
		return pos.CardFinal{}, pos.ErrCardRemoved
	}
	return pos.CardFinal{Cryptogram: pos.TC}, nil
}
func (c card) Close() error { return nil }

// desk is a PIN pad, a printer and a counter without goods.
type desk struct{ plan *plan }

func (d desk) PINBlock(context.Context, pos.PINRequest) (pos.PINResult, error) {
	if d.plan.pick(6) == 5 {
		return pos.PINResult{}, pos.ErrPINCancelled
	}
	return pos.PINResult{Block: make([]byte, 8)}, nil
}
func (desk) Print(pos.PrintJob) error { return nil }
func (desk) Kick() error              { return nil }

func (desk) Sale(pos.Basket, []pos.Attempt, string, bool) any                 { return nil }
func (desk) Attempt(pos.Attempt, string) any                                  { return nil }
func (desk) FollowUp(pos.Attempt, *pos.Attempt, []pos.Line, string, bool) any { return nil }
func (desk) Balance(pos.Attempt, *pos.Amount, *bool, string) any              { return nil }
func (desk) Scan(string, pos.TaxMode) (pos.Line, error)                       { return pos.Line{}, pos.ErrNotFound }
func (desk) ByBarcode(string) (pos.Product, bool)                             { return pos.Product{}, false }
func (desk) Search(string, int) []pos.Product                                 { return nil }
func (desk) Categories() []string                                             { return nil }
func (desk) InCategory(string) []pos.Product                                  { return nil }
func (desk) BySKU(sku string) (pos.Product, bool) {
	return pos.Product{SKU: sku, Name: sku, Price: 1230, Unit: "pc"}, true
}

// memWallet is a gateway that counts what a customer paid, less refunds.
type memWallet struct {
	mu     sync.Mutex
	plan   *plan
	tell   func(string, ...any)
	orders map[string]*pos.WalletOrder
	paid   map[string]pos.Amount
	sums   map[string]pos.Amount
	polls  map[string]int
	back   map[string]map[string]pos.Amount // order -> refund -> money
	pass   func(time.Duration)
	faults []string
}

func newMemWallet(p *plan, tell func(string, ...any)) *memWallet {
	return &memWallet{
		plan: p, tell: tell, orders: map[string]*pos.WalletOrder{}, paid: map[string]pos.Amount{},
		sums: map[string]pos.Amount{}, polls: map[string]int{},
		back: map[string]map[string]pos.Amount{}, pass: func(time.Duration) {},
	}
}

// answer is an order, or what the line makes of it.
func (w *memWallet) answer(what, number string) (pos.WalletOrder, error) {
	o := *w.orders[number]
	if w.plan.pick(6) == 5 {
		w.tell("wallet %s %s: the answer (%s) is lost", what, number, o.State)
		return pos.WalletOrder{}, pos.ErrNoAnswer
	}
	w.tell("wallet %s %s: %s", what, number, o.State)
	return o, nil
}

func (w *memWallet) Create(_ context.Context, number string, amount pos.Amount, _ string, _ time.Duration) (pos.WalletOrder, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.plan.pick(8) == 7 {
		w.tell("wallet create %s: not sent", number)
		return pos.WalletOrder{}, pos.ErrNotSent
	}
	if w.orders[number] == nil {
		w.orders[number], w.sums[number] = &pos.WalletOrder{Number: number, Code: "qr", State: pos.WalletWaiting}, amount
	}
	return w.answer("create", number)
}

// Query lets the customer do something first.
func (w *memWallet) Query(_ context.Context, number string) (pos.WalletOrder, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	o := w.orders[number]
	if o == nil {
		return pos.WalletOrder{}, pos.ErrNoAnswer
	}
	w.pass(3 * time.Second)
	w.customer(o)
	return w.answer("query", number)
}

func (w *memWallet) customer(o *pos.WalletOrder) {
	if o.State != pos.WalletWaiting && o.State != pos.WalletPaying {
		return
	}
	if w.polls[o.Number]++; w.polls[o.Number] > 20 {
		return // went away
	}
	switch w.plan.pick(6) {
	case 0:
		o.State, o.Trade = pos.WalletPaid, "T"+o.Number
		w.paid[o.Number] = w.sums[o.Number]
	case 1:
		o.State = pos.WalletPaying
	case 5:
		o.State = pos.WalletRefused
	}
}

// Close closes what is unpaid; somebody who is paying may be quicker.
func (w *memWallet) Close(_ context.Context, number string) (pos.WalletOrder, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	o := w.orders[number]
	if o == nil {
		w.orders[number] = &pos.WalletOrder{Number: number, State: pos.WalletClosed}
		return w.answer("close", number)
	}
	if o.State == pos.WalletPaying {
		w.customer(o)
	}
	if o.State == pos.WalletWaiting || o.State == pos.WalletPaying && w.plan.over() {
		o.State = pos.WalletClosed
	}
	return w.answer("close", number)
}

// Refund gives money back once for each number of a refund.
// gave says whether the gateway made a refund.
func (w *memWallet) gave(refund pos.Attempt) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, ok := w.back[refund.Original][refund.ID]
	return ok
}

func (w *memWallet) Refund(_ context.Context, number, refund string, amount pos.Amount) (pos.WalletOrder, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	o := w.orders[number]
	if o == nil {
		return pos.WalletOrder{}, pos.Errorf("qr_refused", "", "there is no order %s", number)
	}
	if w.plan.pick(8) == 7 {
		w.tell("wallet refund %s of %s: not sent", refund, number)
		return pos.WalletOrder{}, pos.ErrNotSent
	}
	if w.back[number] == nil {
		w.back[number] = map[string]pos.Amount{}
	}
	if _, again := w.back[number][refund]; !again && (o.State == pos.WalletPaid || o.State == pos.WalletRefunded) {
		w.back[number][refund] = amount
		w.paid[number] -= amount
		if w.paid[number] < 0 {
			w.faults = append(w.faults, "order "+number+": more is given back than was paid, by "+refund)
		}
		if w.paid[number] == 0 {
			o.State = pos.WalletRefunded
		}
	}
	said, err := w.answer("refund "+refund+" of", number)
	if err == nil {
		said.State = pos.WalletRefunded
	}
	return said, err
}
