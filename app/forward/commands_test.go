package forward

import (
	"context"
	"strings"

	"tillkeeper/app/checkout"
	"tillkeeper/app/pos"
)

// hands press the keys of a till as the plan says.
type hands struct {
	plan    *plan
	session *checkout.Session
	j       *memJournal
	host    *memHost
	wallet  *memWallet
	tell    func(string, ...any)
	want    *string
}

// receipts gives the newest receipts that something may be done about.
func (h hands) receipts(keep func(pos.Attempt) bool) []string {
	var out []string
	seen := map[string]bool{}
	for _, a := range h.j.all() {
		if a.Receipt != "" && !seen[a.Receipt] && keep(a) {
			seen[a.Receipt] = true
			out = append(out, a.Receipt)
		}
	}
	return out[max(0, len(out)-6):]
}

func (h hands) one(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[len(list)-1-h.plan.pick(len(list))]
}

func sold(a pos.Attempt) bool { return a.Kind == pos.Sale || a.Kind == pos.Completion }

// said is what came of a key.
func (h hands) said(what string, p checkout.Paid, err error) {
	if err != nil {
		h.tell("%s: %s", what, short(err))
		return
	}
	h.tell("%s: %s %s", what, p.Attempt.ID, p.Attempt.State)
}

// goods fills the basket.
func (h hands) goods(ctx context.Context) {
	if b := h.session.Basket(); b.Due() > 0 {
		return
	}
	for i := range 1 + h.plan.pick(3) {
		_, _ = h.session.Add(ctx, []string{"1001", "1002", "1003"}[i], 0)
	}
}

// asks is the payment that comes next: whole or in part, with a supervisor or
// without.
func (h hands) asks(t pos.Tender) checkout.Pay {
	ask := checkout.Pay{Tender: t}
	switch h.plan.pick(6) {
	case 4:
		ask.Override = &checkout.Override{Staff: "1", PIN: "246810"}
	case 5:
		b := h.session.Basket()
		ask.Amount = b.Due() / 3
	}
	return ask
}

func (h hands) sale(ctx context.Context, t pos.Tender) {
	h.goods(ctx)
	p, err := h.session.Pay(ctx, h.asks(t))
	h.said("pay by "+string(t), p, err)
	_ = h.session.Next(ctx)
}

// scan takes a customer's payment code.
func (h hands) scan(ctx context.Context) {
	h.goods(ctx)
	ask := h.asks(pos.QR)
	ask.Code = "6220000000000000001"
	p, err := h.session.Pay(ctx, ask)
	h.said("pay by a scanned code", p, err)
	_ = h.session.Next(ctx)
}

func (h hands) void(ctx context.Context) {
	r := h.one(h.receipts(sold))
	p, err := h.session.Void(ctx, checkout.Undo{Receipt: r})
	h.said("void of "+r, p, err)
	_ = h.session.Next(ctx)
}

// refund is of all, of an amount or of a line; a card that is asked for is the
// one that paid, or now and then another one.
func (h hands) refund(ctx context.Context) {
	ask := checkout.RefundAsk{Receipt: h.one(h.receipts(sold)), Reason: "history"}
	switch h.plan.pick(4) {
	case 1:
		ask.Amount = 100
	case 2:
		ask.Lines = []checkout.RefundLine{{Line: 1, Qty: pos.One}}
	case 3:
		ask.Amount = 1231
	}
	of, _ := h.j.OfReceipt(ask.Receipt)
	for _, a := range of {
		if a.Tender == pos.Card && sold(a) && h.plan.pick(8) < 7 {
			*h.want = strings.TrimPrefix(a.CardHash, "hash-")
		}
	}
	p, err := h.session.Refund(ctx, ask)
	*h.want = ""
	h.said("refund of "+ask.Receipt, p, err)
	_ = h.session.Next(ctx)
}

func (h hands) balance(ctx context.Context) {
	p, err := h.session.Balance(ctx)
	h.said("balance", p, err)
	_ = h.session.Next(ctx)
}

func (h hands) preauth(ctx context.Context) {
	p, err := h.session.Preauth(ctx, 5000)
	h.said("pre-authorization", p, err)
	_ = h.session.Next(ctx)
}

func held(a pos.Attempt) bool { return a.Kind == pos.Preauth }

func (h hands) complete(ctx context.Context) {
	ask := checkout.Completing{Receipt: h.one(h.receipts(held))}
	if h.plan.pick(2) == 1 {
		ask.Amount = 3000
	}
	p, err := h.session.Complete(ctx, ask)
	h.said("completion of "+ask.Receipt, p, err)
	_ = h.session.Next(ctx)
}

func (h hands) cancelAuth(ctx context.Context) {
	r := h.one(h.receipts(func(a pos.Attempt) bool { return held(a) || a.Kind == pos.Completion }))
	p, err := h.session.CancelAuth(ctx, checkout.Undo{Receipt: r})
	h.said("cancellation of "+r, p, err)
	_ = h.session.Next(ctx)
}

// persons gives the items that wait for somebody.
func (h hands) persons() []pos.Attempt {
	l, _ := h.j.list(func(a pos.Attempt) bool { return pos.StateRules[a.State].Due == pos.DuePerson })
	return l
}

// resolve decides an item in one of the ways that the acquirer's file permits.
func (h hands) resolve(ctx context.Context) {
	l := h.persons()
	if len(l) == 0 {
		return
	}
	a := l[len(l)-1-h.plan.pick(len(l))]
	h.decide(ctx, a, h.plan.pick(5))
}

// decide ends an item that waits for a person; whoever writes an item off has
// seen in the file that the host does not have it, and with the gateway that the
// wallet does not.
func (h hands) decide(ctx context.Context, a pos.Attempt, way int) {
	how := checkout.SendAgain
	b := h.host.books[a.Batch+"/"+a.STAN]
	has := b != nil && b.stands() && !b.foreign
	switch {
	case h.host.pending() && a.Reason != "":
	case h.host.pending():
		return // the file comes a day later
	case a.Tender == pos.QR && a.Kind == pos.Sale && h.wallet.paid[a.ID] > 0: // the gateway's own list says so: give it back
	case a.Tender == pos.QR && h.wallet.gave(a): // and so it does of a refund that it made: ask again
	case has && a.State == pos.LateDeclined:
		return // charged after all: that is for the bank
	case has && a.State == pos.Manual && a.Reason == "" && way > 0:
		how = checkout.AsInFile
	case has || way == 0:
	case a.State == pos.LateDeclined && a.Kind == pos.Sale && way < 3:
		p, err := h.session.PayLink(ctx, a.ID)
		h.said("payment link for "+a.ID, p, err)
		_ = h.session.Next(ctx)
		return
	default:
		how = []string{checkout.WrittenOff, checkout.PaidOtherwise, checkout.RefundedSo, checkout.WrittenOff, checkout.WrittenOff}[way]
	}
	got, err := h.session.Resolve(ctx, checkout.Resolving{Attempt: a.ID, How: how, Reason: "seen in the file"})
	if err != nil {
		h.tell("%s resolved as %s: %s", a.ID, how, short(err))
		return
	}
	h.tell("%s resolved as %s: goes on as %s %s", a.ID, how, got.ID, got.State)
}

func (c *counter) hands() hands {
	return hands{plan: c.plan, session: c.session, j: c.j, host: c.host, wallet: c.wallet, tell: c.tell, want: &c.want}
}

// settle closes the batch, or goes on with it.
func (c *counter) settle() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	c.stop = stop
	rep, err := c.settles.Settle(ctx, pos.Operator{ID: "1", Role: pos.Supervisor}, nil)
	c.stop, c.missed = nil, false
	if err != nil {
		c.tell("settlement: %s", short(err))
		return
	}
	c.tell(
		"settlement of %s: %v, balanced %v, %d left out, %d uploaded, empty %v",
		rep.Batch, rep.Till, rep.Balanced, len(rep.LeftOut), rep.Uploaded, rep.Empty,
	)
}

// secondHand does something else at the till while a request is about to leave.
func (c *counter) secondHand() {
	if c.inAir || c.plan.pick(10) != 9 {
		return
	}
	c.inAir = true
	c.tell("a second hand, meanwhile")
	h, ctx := c.hands(), context.Background()
	switch c.plan.pick(4) {
	case 0:
		c.settle()
	case 1:
		h.void(ctx)
	case 2:
		h.resolve(ctx)
	case 3:
		h.refund(ctx)
	}
	c.inAir = false
}

// deliver lets the queue send what is due.
func (c *counter) deliver() {
	ctx := context.Background()
	c.w.reseal(ctx, c.now())
	for range 4 {
		c.w.state = c.host.Link().State
		c.w.dispatch(ctx)
		if !c.w.busy() {
			return
		}
		for c.w.busy() {
			c.w.follow(ctx, []outcome{<-c.w.results})
		}
	}
}

// deeds are what is done at a till; small numbers come more often.
var deeds = []func(*counter, hands, context.Context){
	func(_ *counter, h hands, ctx context.Context) { h.sale(ctx, pos.Card) },
	func(c *counter, _ hands, _ context.Context) { c.happens() },
	func(_ *counter, h hands, ctx context.Context) { h.refund(ctx) },
	func(_ *counter, h hands, ctx context.Context) { h.void(ctx) },
	func(c *counter, _ hands, _ context.Context) { c.settle() },
	func(c *counter, _ hands, _ context.Context) { c.deliver() },
	func(_ *counter, h hands, ctx context.Context) { h.preauth(ctx) },
	func(_ *counter, h hands, ctx context.Context) { h.complete(ctx) },
	func(_ *counter, h hands, ctx context.Context) { h.cancelAuth(ctx) },
	func(_ *counter, h hands, ctx context.Context) { h.scan(ctx) },
	func(_ *counter, h hands, ctx context.Context) { h.sale(ctx, pos.QR) },
	func(_ *counter, h hands, ctx context.Context) { h.resolve(ctx) },
	func(_ *counter, h hands, ctx context.Context) { h.refund(ctx) },
	func(c *counter, _ hands, _ context.Context) { c.happens() },
	func(_ *counter, h hands, ctx context.Context) { h.complete(ctx) },
	func(_ *counter, h hands, ctx context.Context) { h.void(ctx) },
	func(_ *counter, h hands, ctx context.Context) { h.balance(ctx) },
	func(_ *counter, h hands, ctx context.Context) { h.sale(ctx, pos.Cash) },
}

// step is one thing that happens.
func (c *counter) step() {
	deed := c.plan.pick(len(deeds))
	deeds[deed](c, c.hands(), context.Background())
	c.late()
}

// happens is what nobody asked for.
func (c *counter) happens() {
	switch c.plan.pick(8) {
	case 0:
		c.passes([]int{10, 90, 3600, 90000}[c.plan.pick(4)])
	case 1:
		c.power.gone = true
		c.power.names = append(c.power.names, "nothing")
	case 2:
		c.j.refuse = 1 + c.plan.pick(2)
	case 3:
		c.host.down = !c.host.down
		c.tell("the line is down: %v", c.host.down)
	case 4:
		c.host.ready = false
		c.tell("the keys are lost")
	case 5:
		c.tell("a person sends everything")
		_, _ = hand{c}.Once(context.Background())
	case 6: // the power goes at one of the next effects
		c.power.at, c.power.after = c.power.n+1+c.plan.pick(12), c.plan.pick(2) == 1
	case 7:
		c.collide()
	}
}

// collide lets another till have the trace number of the next refund.
func (c *counter) collide() {
	c.host.clash = true
	c.hands().refund(context.Background())
	c.host.clash = false
}

func (c *counter) late() {
	for _, l := range c.host.arrive() {
		c.tell("late answer %s for %s/%s", l.Reply.Code, l.Batch, l.STAN)
		key := l.Batch + "/" + l.STAN
		was := c.host.mute[key]
		c.host.mute[key] = true // lost, if the power goes before it is kept
		c.w.late(context.Background(), l)
		c.host.mute[key] = was || len(c.w.lates) > 0 // the same as long as the journal does not take it
	}
}
