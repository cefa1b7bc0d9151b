package forward

import (
	"context"
	"flag"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tillkeeper/app/checkout"
	"tillkeeper/app/pos"
	"tillkeeper/app/risk"
	"tillkeeper/app/settle"
	"tillkeeper/app/staff"
)

// shop is a world in which the real session and the real forwarder run, each
// with its goroutines, in virtual time.
type shop struct {
	*world
	wallet   *memWallet
	life     *life
	stop     context.CancelFunc
	running  sync.WaitGroup
	forward  *Forwarder
	session  *checkout.Session
	desk     *settle.Desk
	deferred bool
	want     string
	torn     bool
}

var secret = func() string {
	text, err := staff.Hash("246810", staff.Cost{Passes: 1, KiB: 8, Threads: 1})
	if err != nil {
		panic(err)
	}
	return text
}()

func newShop(fates []byte) *shop {
	w := &world{plan: &plan{bytes: fates}, vault: &memVault{}, now: time.Now}
	s := &shop{world: w}
	w.j = newMemJournal(time.Now, w.tell)
	w.host = newMemHost(w.plan, w.j, time.Now, w.tell)
	w.host.sleep, w.host.window = time.Sleep, 2
	w.host.took, w.host.signOn = 3*time.Second, func() { time.Sleep(3 * time.Second) }
	s.wallet = newMemWallet(w.plan, w.tell)
	s.deferred = w.plan.pick(2) == 1
	s.start()
	return s
}

// start is a start of the till as main does it.
func (s *shop) start() {
	s.life = &life{}
	s.refuse(s.plan.pick(2)) // of the recovery
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	j, h := lifeJournal{s.j, s.life}, lifeHost{s.host, s.life}
	if _, err := Recover(ctx, j); err != nil {
		if _, err = Recover(ctx, j); err != nil {
			s.bad = append(s.bad, "recovery: "+err.Error())
		}
	}
	quiet := slog.New(slog.DiscardHandler)
	s.forward = New(Options{
		Journal: j, Host: h, Wallet: s.wallet, Vault: s.vault, Codes: codes, Clock: pos.WallClock{}, DayOf: dayOf, Log: quiet,
	})
	people, err := staff.NewList([]pos.Operator{{ID: "1", Name: "Li", Role: pos.Supervisor, Secret: secret}})
	if err != nil {
		panic(err)
	}
	d := desk{s.plan}
	s.session, err = checkout.New(checkout.Options{
		Journal: j, Host: h, Line: line{s.forward}, Reader: cards{
			plan: s.plan, pause: time.Sleep, want: &s.want, torn: &s.torn,
		}, PINPad: d, Printer: d, Wallet: s.wallet,
		Vault: s.vault, Staff: people, Codes: codes, Goods: d, Slip: d, Tax: pos.TaxIncluded, Limits: risk.Default(),
		Offline: true, Deferred: s.deferred, Clock: pos.WallClock{}, DayOf: dayOf, Timers: checkout.DefaultTimers(), Log: quiet,
	})
	if err != nil {
		panic(err)
	}
	s.desk = settle.New(settle.Options{
		Journal: j, Host: h, Queue: s.forward, Till: s.session, Vault: s.vault, Staff: people, Codes: codes,
		Clock: pos.WallClock{}, DayOf: dayOf, Log: quiet,
	})
	s.running.Go(func() { s.forward.Run(ctx) })
	s.running.Go(func() { s.desk.Run(ctx) })
	s.running.Go(func() { s.post(ctx) })
	for range 3 { // a commit may not be kept
		if _, err = s.session.SignIn(ctx, "1", "246810"); err == nil {
			return
		}
	}
	s.bad = append(s.bad, "sign-in: "+err.Error())
}

// post brings what the line held back.
func (s *shop) post(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(2 * time.Second):
		}
		for _, l := range s.host.arrive() {
			s.tell("late answer %s for %s/%s", l.Reply.Code, l.Batch, l.STAN)
			s.host.given(l)
			s.host.late <- l
		}
	}
}

// cut takes the power away and starts again.
func (s *shop) cut() {
	s.life.dead.Store(true)
	s.tell("power cut")
	s.stop()
	s.running.Wait()
	s.host.forgotten()
	s.start()
}

func (s *shop) act() {
	ctx := context.Background()
	h := s.hands()
	switch s.plan.pick(20) {
	case 0, 1:
		s.pay(pos.Card)
	case 2, 3:
		h.refund(ctx)
	case 4:
		h.void(ctx)
	case 5:
		h.preauth(ctx)
	case 6:
		h.complete(ctx)
	case 7:
		h.cancelAuth(ctx)
	case 8:
		h.balance(ctx)
	case 9:
		h.scan(ctx)
	case 10:
		h.resolve(ctx)
	case 11:
		s.close()
	case 12:
		s.pay(pos.QR)
	case 13:
		s.pay(pos.Cash)
	case 14:
		time.Sleep([]time.Duration{10 * time.Second, 10 * time.Minute, 2 * time.Hour, 26 * time.Hour}[s.plan.pick(4)])
	case 15:
		s.cut()
	case 16:
		s.refuse(1 + s.plan.pick(2))
	case 17:
		s.host.mu.Lock()
		s.host.ready = false
		s.host.mu.Unlock()
	case 18:
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		_, _ = s.forward.Forward(ctx)
	case 19:
		s.host.mu.Lock()
		s.host.down = !s.host.down
		s.host.mu.Unlock()
	}
}

func (s *shop) hands() hands {
	return hands{plan: s.plan, session: s.session, j: s.j, host: s.host, wallet: s.wallet, tell: s.tell, want: &s.want}
}

// close settles the batch.
func (s *shop) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	rep, err := s.desk.Settle(ctx, pos.Operator{ID: "1", Role: pos.Supervisor}, nil)
	s.tell("settlement of %s: %v balanced %v, %v", rep.Batch, rep.Till, rep.Balanced, err)
}

// refuse makes the journal keep none of the next n commits.
func (s *shop) refuse(n int) {
	s.j.mu.Lock()
	defer s.j.mu.Unlock()
	s.j.refuse = n
}

// pay pays the open basket; the plan may cut the power, cancel, or let a second
// hand press another key meanwhile.
func (s *shop) pay(t pos.Tender) {
	ctx := context.Background()
	if b := s.session.Basket(); b.Due() <= 0 {
		for range 1 + s.plan.pick(3) {
			_, _ = s.session.Add(ctx, "1001", 0)
		}
	}
	ask := checkout.Pay{Tender: t}
	if s.plan.pick(4) == 3 {
		ask.Override = &checkout.Override{Staff: "1", PIN: "246810"}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		p, err := s.session.Pay(ctx, ask)
		s.tell("pay by %s: %s %v", t, p.Attempt.State, err)
	}()
	delay := []time.Duration{1, 4, 30, 60}[s.plan.pick(4)] * time.Second
	cut := false
	switch s.plan.pick(8) {
	case 4:
		time.Sleep(delay)
		s.session.Cancel()
	case 5:
		time.Sleep(delay)
		s.meanwhile(ctx)
	case 6:
		time.Sleep(delay)
		s.life.dead.Store(true)
		cut = true
	case 7:
		time.Sleep(delay)
		s.refuse(1 + s.plan.pick(3))
	}
	<-done
	if cut {
		s.cut()
		return
	}
	_ = s.session.Next(ctx)
}

// meanwhile a second hand presses another key.
func (s *shop) meanwhile(ctx context.Context) {
	switch s.plan.pick(4) {
	case 0:
		_, err := s.session.Pay(ctx, checkout.Pay{Tender: pos.Cash})
		s.tell("a second hand pays cash: %v", err)
	case 1:
		s.close()
	case 2:
		s.hands().void(ctx)
	case 3:
		s.hands().resolve(ctx)
	}
}

// run plays one history with the real flows and ends it well.
func (s *shop) run() []string {
	for steps := 0; !s.plan.over() && steps < 25; steps++ {
		s.act()
	}
	s.plan.end()
	s.refuse(0)
	s.host.mu.Lock()
	s.host.down = false
	s.host.mu.Unlock()
	s.tell("from here on the line and the host are well")
	s.cut()
	c := &counter{world: s.world, wallet: s.wallet, session: s.session}
	// Twice in a row: an answer that has just come may not be in the journal yet.
	for round, calm := 0, 0; calm < 2; round++ {
		if calm++; c.undecided() > 0 || s.host.pending() {
			calm = 0
		}
		if round > 200 {
			s.bad = append(s.bad, "items were never decided")
			break
		}
		time.Sleep(5 * time.Minute)
		if round%5 == 4 {
			s.tell("a person sends everything, and resolves what the host does not know")
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			_, _ = s.forward.Forward(ctx)
			cancel()
			c.person()
			s.forward.Wake()
		}
	}
	s.close()
	s.desk.Tidy(context.Background())
	s.stop()
	s.running.Wait()
	time.Sleep(time.Hour) // whatever is still under way ends before the bubble does
	c.audit()
	s.baskets()
	return append(append(append(s.bad, s.j.faults...), s.host.faults...), s.wallet.faults...)
}

// baskets: a paid one is paid to the fen when nothing of it was undone.
func (s *shop) baskets() {
	for key, b := range s.j.baskets {
		if b.State == pos.BasketPaid && b.Total >= 0 && b.Paid != b.Total+b.Rounding {
			s.bad = append(s.bad, "basket "+key+" is paid with "+b.Paid.String()+" of "+b.Total.String())
		}
	}
}

// TestShopHistories is the same promise with the real session and forwarder,
// their goroutines and their clocks.
func TestShopHistories(t *testing.T) {
	checks(t, bubbleHistories)
	if checksGiven() { // each takes a hundred times as long
		n, err := strconv.Atoi(flag.Lookup("rapid.checks").Value.String())
		if err != nil {
			t.Fatal(err)
		}
		if err := flag.Set("rapid.checks", strconv.Itoa(max(1, n/100))); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = flag.Set("rapid.checks", strconv.Itoa(n)) }()
	}
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(0, 120).Draw(rt, "length")
		fates := rapid.SliceOfN(rapid.Byte(), n, n).Draw(rt, "fates")
		rapid.SyncTest(rt, func(rt *rapid.T) {
			s := newShop(fates)
			if bad := s.run(); len(bad) > 0 {
				rt.Fatalf("%s\n%s", strings.Join(bad, "\n"), strings.Join(s.story, "\n"))
			}
		})
	})
}
