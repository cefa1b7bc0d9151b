package forward

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"tillkeeper/app/checkout"
	"tillkeeper/app/pos"
	"tillkeeper/app/risk"
	"tillkeeper/app/settle"
	"tillkeeper/app/staff"
)

// counter is a whole till without goroutines of its own: the real session, the
// real owner of the queue and the real desk that settles, over a journal, a
// host, a wallet and a clock in memory. Its power may go at any effect.
type counter struct {
	*world
	wallet   *memWallet
	power    *power
	session  *checkout.Session
	settles  *settle.Desk
	stop     context.CancelFunc // of the settlement that runs
	missed   bool               // a message of the settlement was
	want     string
	torn     bool
	deferred bool
	inAir    bool // a second hand is at work
}

// power counts the effects of a till and goes at one of them, before or after
// it happened; then the till is no more.
type power struct {
	n, at int // at 0: never
	after bool
	gone  bool
	names []string
}

// cut unwinds whatever the till was doing.
type cut struct{}

// do is one effect of the attended flow.
func (p *power) do(name string, f func()) {
	if err := p.back(name, f); err != nil {
		panic(cut{})
	}
}

// back is one effect of the queue, which has a goroutine.
func (p *power) back(name string, f func()) error {
	if p.gone {
		return errDead
	}
	p.n++
	p.names = append(p.names, name)
	p.gone = p.n == p.at
	if p.gone && !p.after {
		return errDead
	}
	f()
	if p.gone {
		return errDead
	}
	return nil
}

// paper is the journal as one life of a till sees it.
type paper struct {
	*memJournal
	c *counter
	p *power
}

func (j paper) Append(ctx context.Context, c pos.Commit) (out []pos.Event, err error) {
	j.p.do("commit "+types(c.Events), func() { out, err = j.memJournal.Append(ctx, j.c.falsified(c)) })
	if j.c.missed && j.c.stop != nil { // no use in waiting: it is asked for again later
		j.c.missed = false
		j.c.stop()
	}
	return out, err
}

func (j paper) Attempt(id string) (pos.Attempt, error) {
	a, err := j.memJournal.Attempt(id)
	if j.c.bug == "a second refund permitted while the first is unknown" {
		a.Follow = ""
	}
	return a, err
}

func (j paper) OfReceipt(r string) ([]pos.Attempt, error) {
	l, err := j.memJournal.OfReceipt(r)
	if j.c.bug == "a second refund permitted while the first is unknown" {
		for i := range l {
			l[i].Follow = ""
		}
	}
	return l, err
}

func (j paper) Open() ([]pos.Attempt, error) {
	l, err := j.memJournal.Open()
	if j.c.bug == "settlement while a payment is in flight" && j.c.inAir {
		l = nil
	}
	return l, err
}

// front is the line as the attended flow sees it, tail as the queue does.
type front struct {
	*memHost
	c *counter
	p *power
}

func (h front) Exchange(ctx context.Context, r pos.Request) (reply pos.Reply, err error) {
	h.c.secondHand()
	h.p.do("request "+string(r.Op), func() { reply, err = h.memHost.Exchange(ctx, r) })
	return reply, err
}

func (h front) Settle(ctx context.Context, stan, batch, operator string, t pos.BatchTotals) (r pos.SettlementReply, err error) {
	h.p.do("0500", func() { r, err = h.memHost.Settle(ctx, stan, batch, operator, t) })
	h.c.missed = err != nil
	return r, err
}

func (h front) Upload(ctx context.Context, stan, batch string, items []pos.UploadItem) (code string, err error) {
	h.p.do("0320", func() { code, err = h.memHost.Upload(ctx, stan, batch, items) })
	h.c.missed = err != nil
	return code, err
}

func (h front) UploadEnd(ctx context.Context, stan, batch string, n int, balanced bool) (code string, err error) {
	h.p.do("0320 end", func() { code, err = h.memHost.UploadEnd(ctx, stan, batch, n, balanced) })
	h.c.missed = err != nil
	return code, err
}

type rear struct {
	*memHost
	p *power
}

func (h rear) Exchange(ctx context.Context, r pos.Request) (reply pos.Reply, err error) {
	if h.p.back("queue "+string(r.Op), func() { reply, err = h.memHost.Exchange(ctx, r) }) != nil {
		return pos.Reply{}, pos.ErrNotSent
	}
	return reply, err
}

// purse is the wallet as one life sees it; its owner calls it from a goroutine.
type purse struct {
	*memWallet
	p     *power
	queue bool
}

func (w purse) effect(name string, f func()) error {
	if !w.queue {
		w.p.do(name, f)
		return nil
	}
	if w.p.back(name, f) != nil {
		return pos.ErrNotSent
	}
	return nil
}

func (w purse) Create(ctx context.Context, n string, a pos.Amount, t string, d time.Duration) (o pos.WalletOrder, err error) {
	return o, errors.Join(w.effect("wallet create", func() { o, err = w.memWallet.Create(ctx, n, a, t, d) }), err)
}

func (w purse) Close(ctx context.Context, n string) (o pos.WalletOrder, err error) {
	gone := w.effect("wallet close", func() { o, err = w.memWallet.Close(ctx, n) })
	return o, errors.Join(gone, err)
}

func (w purse) Refund(ctx context.Context, n, refund string, a pos.Amount) (o pos.WalletOrder, err error) {
	gone := w.effect("wallet refund", func() { o, err = w.memWallet.Refund(ctx, n, refund, a) })
	return o, errors.Join(gone, err)
}

// vaultOf is the vault of one life.
type vaultOf struct {
	*memVault
	p *power
}

func (v vaultOf) Destroy(key string) error {
	v.p.do("destroy "+key, func() { _ = v.memVault.Destroy(key) })
	return nil
}

func newCounter(fates []byte, bug string) *counter {
	w := &world{plan: &plan{bytes: fates}, clock: &memClock{t: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}, vault: &memVault{}, bug: bug}
	w.now = w.clock.Now
	pass := func(d time.Duration) { w.clock.t = w.clock.t.Add(d) }
	w.j = newMemJournal(w.clock.Now, w.tell)
	w.host = newMemHost(w.plan, w.j, w.clock.Now, w.tell)
	w.host.bug, w.host.sleep = bug, pass
	c := &counter{world: w, wallet: newMemWallet(w.plan, w.tell), power: &power{}}
	c.wallet.pass = pass
	c.deferred = w.plan.pick(2) == 1
	c.open()
	return c
}

// lives runs f; when the power goes meanwhile, the till is started again.
func (c *counter) lives(f func()) {
	defer func() {
		c.stop, c.missed, c.inAir, c.host.clash = nil, false, false, false
		if r := recover(); r != nil {
			if _, ok := r.(cut); !ok {
				panic(r)
			}
		}
		if c.power.gone {
			c.tell("power cut at effect %d: %s", c.power.n, c.power.names[len(c.power.names)-1])
			c.again()
		}
	}()
	f()
}

// again starts the till; the power may go at any effect of that, too.
func (c *counter) again() {
	c.power = &power{}
	if c.plan.pick(8) == 7 {
		c.power.at = 1 + c.plan.pick(3)
	}
	c.lives(c.open)
}

// open is a start of the till as main does it.
func (c *counter) open() {
	ctx, p := context.Background(), c.power
	j, quiet := paper{c.j, c, p}, slog.New(slog.DiscardHandler)
	for range 3 { // a commit may not be kept
		if _, err := Recover(ctx, j); err == nil {
			break
		}
	}
	pause := func(d time.Duration) { c.clock.t = c.clock.t.Add(d) }
	f := New(Options{
		Journal: j, Host: rear{c.host, p}, Wallet: purse{c.wallet, p, true}, Vault: vaultOf{c.vault, p}, Codes: codes, Clock: c.clock,
		DayOf: dayOf, Log: quiet,
	})
	f.heard()
	c.w = &owner{
		f: f, items: map[string]*item{}, results: make(chan outcome, maxInAir),
		probed: make(chan error, 1), state: c.host.Link().State,
	}
	c.w.reload()
	people, err := staff.NewList([]pos.Operator{{ID: "1", Name: "Li", Role: pos.Supervisor, Secret: secret}})
	if err != nil {
		panic(err)
	}
	d := desk{c.plan}
	timers := checkout.DefaultTimers()
	timers.Poll = time.Nanosecond
	c.session, err = checkout.New(checkout.Options{
		Journal: j, Host: front{c.host, c, p}, Line: hand{c}, PINPad: d, Printer: d, Wallet: purse{
			c.wallet, p, false,
		}, Vault: vaultOf{c.vault, p},
		Reader: cards{plan: c.plan, pause: pause, want: &c.want, torn: &c.torn, gate: func(s string) { p.do(s, func() {}) }},
		Staff:  people, Codes: codes, Goods: d, Slip: d, Tax: pos.TaxIncluded, Limits: risk.Default(), Offline: true, Deferred: c.deferred,
		Clock: c.clock, DayOf: dayOf, Timers: timers, Log: quiet,
	})
	if err != nil {
		panic(err)
	}
	c.settles = settle.New(settle.Options{
		Journal: j, Host: front{c.host, c, p}, Queue: hand{c}, Till: holder{c}, Vault: vaultOf{c.vault, p}, Staff: people, Codes: codes,
		Clock: c.clock, DayOf: dayOf, Log: quiet,
	})
	for range 3 {
		if _, err = c.session.SignIn(ctx, "1", "246810"); err == nil {
			return
		}
	}
	c.bad = append(c.bad, "sign-in: "+err.Error())
}

// hand is the queue, worked by hand: no goroutine but those of its exchanges.
type hand struct{ c *counter }

func (l hand) Heard(within time.Duration) bool { return l.c.w.f.Heard(within) }

func (l hand) Prepare(ctx context.Context) pos.Ready {
	f := l.c.w.f
	switch {
	case f.o.Host.Link().State == "offline":
		return pos.Ready{Reason: "no_line"}
	case !f.o.Host.Ready() && f.SignOn(ctx) != nil:
		return pos.Ready{Reason: "not_signed_on"}
	}
	c := call{kind: callPrepare, reply: make(chan pos.Ready, 1), claim: func() { f.claim(ctx) }}
	l.c.w.answer(ctx, c)
	r := <-c.reply
	return pos.Ready{Online: r.Online, Reason: r.Reason}
}
func (l hand) SignOn(ctx context.Context) error { return l.c.w.f.SignOn(ctx) }
func (l hand) Wake()                            { l.c.w.reload() }
func (l hand) Link() pos.Link                   { return pos.Link{State: l.c.host.Link().State} }
func (l hand) LastOnline() time.Time            { return l.c.w.f.LastOnline() }

func (l hand) Deliver(ctx context.Context, id string) error {
	if r := l.Prepare(ctx); !r.Online {
		return errors.New(r.Reason)
	}
	c := call{kind: callDeliver, left: make(chan int, 1), attempt: id}
	l.c.w.answer(ctx, c)
	a, err := l.c.j.Attempt(id)
	if err == nil && isAdvice(a) {
		err = errors.New("delivery_pending")
	}
	return err
}

func (l hand) Once(ctx context.Context) (int, error) {
	c := call{kind: callForward, left: make(chan int, 1), command: l.c.w.f.commands.Add(1), waits: true}
	l.c.w.answer(ctx, c)
	<-c.left
	return l.c.w.f.count()
}

func (l hand) Quiet(ctx context.Context, do func() error) error {
	c := call{kind: callQuiet, do: do, done: make(chan error, 1)}
	l.c.w.answer(ctx, c)
	return <-c.done
}

// holder is the till as the desk sees it.
type holder struct{ c *counter }

func (t holder) HoldCards() (func(), error) {
	if t.c.bug == "settlement while a payment is in flight" {
		return func() {}, nil
	}
	return t.c.session.HoldCards()
}

// falsified is a commit as a till with a planted bug makes it.
func (c *counter) falsified(in pos.Commit) pos.Commit {
	var out []pos.Event
	for _, e := range in.Events {
		a, _ := c.j.Attempt(e.Attempt)
		switch {
		case c.bug == "a refund reversed instead of repeated" && e.Type == pos.EvRefundUnknown && a.State == pos.Sending:
			u, r := e, e
			u.Type, r.Type, r.Reason = pos.EvUnknown, pos.EvReversing, "98"
			out = append(out, u, r)
			continue
		case c.bug == "the original voided although the void was unknown" && e.Type == pos.EvReversing && a.Kind == pos.Void:
			o, _ := c.j.Attempt(a.Original)
			if v, ok := pos.Consequence(a.Kind, o, a.Amount); ok && known(o.State, v.Type) {
				out = append(out, v)
			}
		case c.bug == "completion not reversed" && e.Type == pos.EvUnknown && a.Kind == pos.Completion:
			e.Type = pos.EvDeclined
		case c.bug == "completion not reversed" && e.Type == pos.EvReversing && a.Kind == pos.Completion:
			continue
		case c.bug == "resolve send_again without ending the old item" && e.Type == pos.EvResolved && e.How == checkout.SendAgain:
			continue
		}
		out = append(out, e)
	}
	in.Events = out
	return in
}

func short(err error) string {
	var e *pos.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return fmt.Sprint(err)
}
