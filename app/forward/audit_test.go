package forward

import (
	"context"
	"fmt"
	"time"

	"tillkeeper/app/checkout"
	"tillkeeper/app/pos"
)

func (c *counter) passes(seconds int) {
	d := time.Duration(seconds) * time.Second
	c.clock.t = c.clock.t.Add(d)
	c.tell("%s go by", d)
}

// steps bounds a history, rounds what it takes to end one well.
const (
	maxSteps  = 60
	maxRounds = 400
)

// run plays one history and ends it well.
func (c *counter) run() []string {
	for steps := 0; !c.plan.over() && steps < maxSteps; steps++ {
		c.lives(c.step)
	}
	return c.finish()
}

// finish: from here on everything is well, and in the end nothing may be open.
func (c *counter) finish() []string {
	c.plan.end()
	c.j.skip, c.j.refuse, c.host.down, c.host.ready, c.power.at, c.host.strike = 0, 0, false, true, 0, nil
	c.tell("from here on the line and the host are well")
	c.power.gone, c.power.names = true, append(c.power.names, "nothing")
	c.lives(func() {})
	for round := 0; ; round++ {
		c.late()
		c.w.reload()
		if c.j.Setting(pos.SetSettling) != "" {
			c.settle()
		}
		c.deliver()
		if c.undecided() == 0 && !c.host.pending() {
			break
		}
		if round > maxRounds {
			c.bad = append(c.bad, fmt.Sprintf("%d items were never decided", c.undecided()))
			break
		}
		c.clock.t = c.clock.t.Add(20 * time.Second)
		if round > maxRounds/4 { // what the host never acknowledges is parked in the end
			c.clock.t = c.clock.t.Add(10 * time.Minute)
		}
		if round%10 == 9 {
			c.tell("a person sends everything, and resolves what the host does not know")
			_, _ = hand{c}.Once(context.Background())
			c.person()
		}
	}
	c.settle()
	c.settles.Tidy(context.Background())
	c.audit()
	bad := append(c.bad, c.j.faults...)
	return append(append(bad, c.host.faults...), c.wallet.faults...)
}

// undecided counts what has to end by itself or with a person's word.
func (c *counter) undecided() int {
	open, _ := c.j.Open()
	n := 0
	for _, a := range open {
		if a.State != pos.LateDeclined {
			n++
		}
	}
	if c.j.Setting(pos.SetSettling) != "" {
		n++
	}
	return n
}

// person decides what is parked, with the acquirer's file at hand.
func (c *counter) person() {
	if c.host.pending() {
		return // the file comes a day later
	}
	for _, a := range c.hands().persons() {
		if a.State != pos.Manual {
			continue
		}
		b := c.host.books[a.Batch+"/"+a.STAN]
		switch {
		case a.Code == "keys_missing" && b.stands() && !b.foreign: // the bank takes it back by hand
			b.reversed = true
			b.relate(-1)
			c.hands().decide(context.Background(), a, 2)
		case a.Code == "keys_missing", a.Reason != "" && !a.Unmatched.IsZero() && b.net() == 0:
			c.hands().decide(context.Background(), a, 3)
		case a.Reason == "":
			c.hands().decide(context.Background(), a, 0)
		}
	}
}

// audit holds the journal against the host, the wallet and the drawer.
func (c *counter) audit() {
	say := func(a pos.Attempt, format string, args ...any) {
		c.bad = append(c.bad, fmt.Sprintf("%s %s %s: ", a.ID, a.Kind, a.State)+fmt.Sprintf(format, args...))
	}
	known := map[string]bool{}
	taken := map[string]pos.Amount{}
	for _, a := range c.j.all() {
		key := a.Batch + "/" + a.STAN
		known[key] = known[key] || a.STAN != ""
		rule := pos.StateRules[a.State]
		switch {
		case !rule.Final && a.State != pos.LateDeclined:
			say(a, "undecided")
		case a.STAN != "":
			c.atHost(a, c.host.books[key], say)
		case a.Tender == pos.QR && a.Kind == pos.Sale:
			want := a.Counts() - a.Refunded
			for _, f := range c.j.all() {
				if f.Original == a.ID && f.Kind == pos.Refund && f.Tender == pos.Cash {
					want += f.Counts()
				}
			}
			if a.State == pos.Voided {
				want = 0
			}
			if c.wallet.paid[a.ID] != want {
				say(a, "the wallet has %s, the journal %s", c.wallet.paid[a.ID], want)
			}
			taken[a.Basket] += c.wallet.paid[a.ID] + a.Refunded
		}
		if a.Kind == pos.Sale && a.STAN != "" && !c.blind(a) {
			taken[a.Basket] += c.host.books[key].net()
		}
		if a.Kind == pos.Sale && a.Tender == pos.Cash {
			taken[a.Basket] += a.Counts()
		}
		c.original(a, say)
		c.left(a, say)
	}
	for key, b := range c.host.books {
		if !known[key] && !b.foreign && b.stands() && b.batch != c.host.alien {
			c.bad = append(c.bad, fmt.Sprintf("the host took the %s %s, of which the journal knows nothing", b.op, key))
		}
	}
	for key, b := range c.j.baskets {
		if b.Total >= 0 && taken[key] > b.Total+b.Rounding {
			c.bad = append(c.bad, fmt.Sprintf("basket %s costs %s, and %s was taken", key, b.Total, taken[key]))
		}
	}
}

// blind says that the host knows better and could not tell: the answer to a
// delayed original was lost after its reversal had been answered 25. It is
// flagged, for the acquirer's file. Or another till has its trace number and it
// may have been sent before: then a 94 is its own, as far as a till can know.
func (c *counter) blind(a pos.Attempt) bool {
	if c.host.blind(a) {
		return true
	}
	for _, o := range c.j.all() {
		if o.ID != a.ID && (o.Original == a.ID || o.ID == a.Original) && c.host.blind(o) {
			return true
		}
	}
	return false
}

func (h *memHost) blind(a pos.Attempt) bool {
	key := a.Batch + "/" + a.STAN
	b := h.books[key]
	return (a.Flagged || a.State == pos.LateDeclined) && h.mute[key] || b != nil && b.foreign && a.Unanswered > 1
}

// atHost compares an attempt with what the host has of it.
func (c *counter) atHost(a pos.Attempt, b *booking, say func(pos.Attempt, string, ...any)) {
	if b == nil {
		b = &booking{reversed: true}
	}
	switch {
	case c.blind(a), a.Kind == pos.Balance:
	case b.foreign && a.Counts() > 0:
		say(a, "took the charge of another till for its own")
	case b.foreign:
	case a.State == pos.Cancelled && a.How == checkout.AsInFile:
	case a.Kind == pos.Sale, a.Kind == pos.Completion:
		if b.net() != a.Counts() {
			say(a, "the host took %s, the journal counts %s", b.net(), a.Counts())
		}
		back := a.Refunded
		for _, f := range c.j.all() {
			if f.Original == a.ID && f.Kind == pos.Refund && f.STAN == "" { // paid out of the drawer
				back -= f.Counts()
			}
		}
		if b.refunded != back || a.Refunded > a.Approved {
			say(a, "%s of %s refunded, the host says %s", a.Refunded, a.Approved, b.refunded)
		}
		if b.voided != (a.State == pos.Voided) && !b.reversed {
			say(a, "voided at the host: %v", b.voided)
		}
		if c.host.closed[a.Batch] && (a.State == pos.Approved || a.State == pos.Delivered) {
			say(a, "its batch is closed")
		}
		if a.State == pos.Settled && !c.host.closed[a.Batch] {
			say(a, "its batch is open")
		}
	default:
		want := a.State == pos.Approved || a.State == pos.Settled
		if b.stands() != want || want && b.amount != a.Approved {
			say(a, "at the host %v for %s, here %s", b.stands(), b.amount, a.Approved)
		}
	}
}

// original: what became of an original is what its follow-ups say.
func (c *counter) original(a pos.Attempt, say func(pos.Attempt, string, ...any)) {
	var back pos.Amount
	voids := 0
	for _, f := range c.j.all() {
		done := f.State == pos.Approved || f.State == pos.Settled
		switch {
		case f.Original != a.ID || !done:
		case f.Kind == pos.Refund:
			back += f.Approved
		case f.Kind != pos.Completion:
			voids++
		}
	}
	switch {
	case a.Kind != pos.Sale && a.Kind != pos.Completion && a.Kind != pos.Preauth:
		return
	case back != a.Refunded || back > a.Approved && a.State != pos.Voided:
		say(a, "%s refunded by attempts, %s noted, %s approved", back, a.Refunded, a.Approved)
	case (voids == 1) != (a.State == pos.Voided) || voids > 1:
		say(a, "%d voids stand", voids)
	case (a.State == pos.Refunded) != (back > 0 && back == a.Approved) && a.State != pos.Voided:
		say(a, "%s of %s refunded", back, a.Approved)
	}
}

// left: nothing leaves the queue but by the host's word or a named decision, and
// what goes on goes on once.
func (c *counter) left(a pos.Attempt, say func(pos.Attempt, string, ...any)) {
	events := c.j.events[a.ID]
	was := pos.Attempt{}
	for _, e := range events {
		due := pos.StateRules[was.State].Due
		queued := due == pos.DueReverse || due == pos.DueUpload || due == pos.DueRepeat || due == pos.DuePerson
		switch {
		case !queued:
		case e.Type == pos.EvReversed && a.STAN != "" && !c.host.said[a.Batch+"/"+a.STAN]:
			say(a, "reversed, and the host said nothing")
		case e.Type == pos.EvRefundFound && e.By == "" && e.Code != "": // by a late answer of the host
			if !c.host.books[a.Batch+"/"+a.STAN].stands() {
				say(a, "refunded, and the host did not take it")
			}
		case (e.Type == pos.EvCancelled || e.Type == pos.EvResolved || e.Type == pos.EvSendAgain || e.Type == pos.EvRefundFound) && e.By == "":
			say(a, "%s by nobody", e.Type)
		}
		was, _ = pos.Apply(was, e)
	}
	goes := 0
	for _, n := range c.j.all() {
		if n.Linked == a.ID && (n.Offline || n.Kind == pos.Refund) {
			goes++
		}
	}
	if goes > 1 || goes == 1 && a.State != pos.Reversed && a.State != pos.Cancelled && a.State != pos.Declined {
		say(a, "goes on in %d other attempts", goes)
	}
	if a.Deferred && a.State == pos.Reversed && goes != 1 && a.How == "" {
		say(a, "a deferred sale that does not go on")
	}
}
