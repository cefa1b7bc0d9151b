package checkout

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tillkeeper/app/pos"
	"tillkeeper/app/risk"
)

var shopNoon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

const shopDay = "2026-11-22"

// floorTill is a till in memory, as far as the reading of a card needs one. Its card approves whenever it is let, whatever it
// is told of floors and lists: the till has to know by itself.
type floorTill struct {
	pos.Journal
	pos.Acquirer

	terms    pos.Terms
	attempts []pos.Attempt // of today, of yesterday where the day says so
	forgets  bool          // a planted bug: the log of the day is not looked at
	last     time.Time
}

func (w *floorTill) Open() ([]pos.Attempt, error) {
	return slices.DeleteFunc(slices.Clone(w.attempts), func(a pos.Attempt) bool { return !a.Open() }), nil
}

func (w *floorTill) Find(q pos.Query) ([]pos.Attempt, error) {
	if w.forgets {
		return nil, nil
	}
	return slices.DeleteFunc(slices.Clone(w.attempts), func(a pos.Attempt) bool { return a.Day < q.FromDay || a.Day > q.ToDay }), nil
}

func (w *floorTill) OfBasket(string) ([]pos.Attempt, error) { return nil, nil }
func (w *floorTill) Terms() pos.Terms                       { return w.terms }
func (w *floorTill) Now() time.Time                         { return shopNoon }

func (w *floorTill) Connect(context.Context, pos.Purchase) (pos.CardSession, error) {
	return eager{}, nil
}

// hasher is its vault.
type hasher struct{ pos.Vault }

func (hasher) CardHash(pan string) string { return "h" + pan }

// since is its line, silent since then.
type since struct {
	Line
	last time.Time
}

func (l since) LastOnline() time.Time { return l.last }

// The application of that card, and another one that the acquirer knows.
const ownAID, otherAID = "A000000333010101", "A000000333010102"

// eager is the card of a floorTill.
type eager struct{ pos.CardSession }

func (eager) Read(_ context.Context, p pos.Purchase) (pos.CardRead, error) {
	r := pos.CardRead{Entry: "contactless", AID: ownAID, PAN: "6224242900000113", Cryptogram: pos.ARQC, ODA: true}
	if !p.ForceOnline && p.AllowOffline || p.Offline {
		r.Cryptogram = pos.TC
	}
	return r, nil
}

// counterCase is one payment at a floorTill.
type counterCase struct {
	limits  risk.Limits
	offline bool
	listed  bool
	online  bool
	amount  pos.Amount
	till    *floorTill
}

// take reads the card and lets the core decide.
func (c counterCase) take() (offline bool, err error) {
	list, err := risk.ReadBlacklist(strings.NewReader(map[bool]string{true: "622424*\n"}[c.listed]), hasher{}.CardHash)
	if err != nil {
		return false, err
	}
	s := &Session{o: Options{
		Journal: c.till, Host: c.till, Line: since{last: c.till.last}, Vault: hasher{}, Reader: c.till, Clock: c.till, Limits: c.limits, Offline: c.offline,
		Blacklist: list, Timers: DefaultTimers(), Log: slog.New(slog.DiscardHandler),
	}}
	p := payment{id: "9", kind: pos.Sale, tender: pos.Card, amount: c.amount, day: shopDay, phase: phPresent, online: c.online}
	in := (&shell{s: s, run: newRun(Pay{}, shopNoon)}).readCard(&p)
	if in.kind != inRead {
		return false, fmt.Errorf("the card was not read: %+v", in)
	}
	p, eff := step(p, in)
	if eff.do == doFinish {
		_, eff = step(p, input{kind: inFinal, final: pos.CardFinal{Cryptogram: pos.TC}})
	}
	return slices.ContainsFunc(eff.events, func(e pos.Event) bool { return e.Type == pos.EvOfflineApproved }), nil
}

// may is what the acquirer's and the shop's limits say, worked out anew. Without the line the floor limit is the card's and
// its terminal's to keep.
func (c counterCase) may() bool {
	t := c.till.terms.Risk
	won := func(theirs, ours pos.Amount) pos.Amount {
		if theirs > 0 {
			return theirs
		}
		return ours
	}
	var sum, before pos.Amount
	count, ofCard := 0, 0
	for _, a := range c.till.attempts {
		open := a.State == pos.OfflineApproved || a.State == pos.Delivering || a.State == pos.LateDeclined
		same := a.CardHash == "h6224242900000113"
		if open {
			sum, count = sum+a.Amount, count+1
			if same {
				ofCard++
			}
		}
		if same && a.Offline && (open || a.Day == shopDay && a.State == pos.Delivered) {
			before += a.Amount
		}
	}
	limits := c.amount <= won(t.PerPayment, c.limits.PerPayment) && sum+c.amount <= won(t.PerTerminal, c.limits.PerTerminal) &&
		count < int(won(pos.Amount(t.Count), pos.Amount(c.limits.Count))) && ofCard < int(won(pos.Amount(t.PerCard), pos.Amount(c.limits.PerCard))) &&
		shopNoon.Sub(c.till.last) <= time.Duration(won(pos.Amount(t.StopAfter), pos.Amount(c.limits.StopAfter)))
	floor := t.FloorLimit
	for _, f := range t.Floors {
		if f.AID == ownAID {
			floor = f.Tap
		}
	}
	return c.offline && !c.listed && limits && (!c.online || floor > 0 && before+c.amount < floor)
}

func counterCases() *rapid.Generator[counterCase] {
	return rapid.Custom(func(t *rapid.T) counterCase {
		zeroOr := func(n int64, what string) pos.Amount {
			return pos.Amount(rapid.SampledFrom([]int64{0, n}).Draw(t, what))
		}
		c := counterCase{
			limits:  risk.Limits{PerPayment: 400, PerTerminal: 1000, Count: 4, PerCard: 2, StopAfter: time.Hour},
			offline: rapid.IntRange(0, 9).Draw(t, "offline") > 0, listed: rapid.IntRange(0, 9).Draw(t, "listed") == 0,
			online: rapid.IntRange(0, 4).Draw(t, "online") > 0, amount: pos.Amount(rapid.Int64Range(1, 700).Draw(t, "amount")),
			till: &floorTill{last: shopNoon.Add(-time.Duration(rapid.IntRange(0, 80).Draw(t, "minutes")) * time.Minute)},
		}
		c.till.terms.Risk = pos.RiskTerms{
			FloorLimit: zeroOr(500, "floor"), PerPayment: zeroOr(600, "payment"), PerTerminal: zeroOr(700, "terminal"),
			Count: int(zeroOr(3, "count")), PerCard: int(zeroOr(1, "card")), StopAfter: time.Duration(zeroOr(int64(70*time.Minute), "stop")),
		}
		for _, aid := range []string{ownAID, otherAID} {
			if rapid.Bool().Draw(t, "has a floor of its own") {
				c.till.terms.Risk.Floors = append(c.till.terms.Risk.Floors, pos.Floor{AID: aid, Chip: zeroOr(900, "chip"), Tap: zeroOr(400, "tap")})
			}
		}
		for i := range rapid.IntRange(0, 5).Draw(t, "before") {
			c.till.attempts = append(c.till.attempts, pos.Attempt{
				ID: fmt.Sprint(i), Kind: pos.Sale, Tender: pos.Card, Amount: pos.Amount(rapid.Int64Range(1, 300).Draw(t, "sum")), Offline: true,
				State:    rapid.SampledFrom([]pos.State{pos.OfflineApproved, pos.Delivering, pos.Delivered, pos.Voided, pos.LateDeclined, pos.Cancelled}).Draw(t, "state"),
				CardHash: rapid.SampledFrom([]string{"h6224242900000113", "hother"}).Draw(t, "card"),
				Day:      rapid.SampledFrom([]string{shopDay, "2026-11-21"}).Draw(t, "day"),
			})
		}
		return c
	})
}

// TestCardIsNeverTakenOverALimit: a card that approves all it can is taken without the host exactly where the acquirer's
// parameters, in place of the shop's, and the log of that card allow it.
func TestCardIsNeverTakenOverALimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := counterCases().Draw(t, "case")
		got, err := c.take()
		if err != nil || got != c.may() {
			t.Fatalf("taken %v, allowed %v %v", got, c.may(), err)
		}
	})
}

// TestCardLimitsCatchAPlantedBug: a till that does not look at what it sent on already today is caught.
func TestCardLimitsCatchAPlantedBug(t *testing.T) {
	const tries = 20_000
	for seed := range tries {
		c := counterCases().Example(seed)
		c.till.forgets = true
		if got, err := c.take(); err == nil && got && !c.may() {
			return
		}
	}
	t.Errorf("%d payments at a till without a log and nothing was noticed", tries)
}
