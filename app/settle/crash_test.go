package settle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tillkeeper/app/pos"
	simhost "tillkeeper/drivers/sim/acquirer"
)

// errDead is what a till hears that has lost its power.
var errDead = errors.New("the power is gone")

// effects counts what the desk does to the world and cuts the power at one of
// them, before or after it happened. From then on nothing happens any more.
type effects struct {
	mu    sync.Mutex
	n     int
	at    int // 0 never
	after bool
	dead  bool
}

func (e *effects) do(f func() error) error {
	e.mu.Lock()
	e.n++
	mine := e.n == e.at
	if mine && !e.after {
		e.dead = true
	}
	dead := e.dead
	e.mu.Unlock()
	if dead {
		return errDead
	}
	err := f()
	if !mine {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.dead = true
	return errDead
}

// twin is a bug that is planted to see that it is found.
type twin string

const (
	noTwin       twin = ""
	newNumber    twin = "a new trace number for the repeated 0500"
	notDurable   twin = "progress that is not durable"
	blindQueue   twin = "a queue that does not look at the settlement"
	frozenLately twin = "totals frozen after the 0500"
)

type mortalJournal struct {
	pos.Journal
	e *effects
	w twin
}

func (j mortalJournal) Append(ctx context.Context, c pos.Commit) (out []pos.Event, err error) {
	if was := j.Setting(pos.SetSettling); j.w == notDurable && was != "" && strings.Contains(c.Settings[pos.SetSettling], `"`+StageEnd+`"`) {
		c.Settings[pos.SetSettling] = was
	}
	err = j.e.do(func() (err error) {
		if j.w == frozenLately && j.Setting(pos.SetSettling) == "" && c.Settings[pos.SetSettling] != "" {
			return nil
		}
		out, err = j.Journal.Append(ctx, c)
		return err
	})
	return out, err
}

type mortalHost struct {
	pos.Settler
	e     *effects
	w     twin
	asked *int
	press func() // somebody sends all that waits meanwhile
}

func (h mortalHost) Settle(ctx context.Context, stan, batch, operator string, t pos.BatchTotals) (r pos.SettlementReply, err error) {
	if *h.asked++; h.w == newNumber && *h.asked > 1 {
		stan = "900000"
	}
	h.press()
	err = h.e.do(func() (err error) {
		r, err = h.Settler.Settle(ctx, stan, batch, operator, t)
		return err
	})
	return r, err
}

func (h mortalHost) Upload(ctx context.Context, stan, batch string, items []pos.UploadItem) (code string, err error) {
	err = h.e.do(func() (err error) {
		code, err = h.Settler.Upload(ctx, stan, batch, items)
		return err
	})
	return code, err
}

func (h mortalHost) UploadEnd(ctx context.Context, stan, batch string, n int, balanced bool) (code string, err error) {
	err = h.e.do(func() (err error) {
		code, err = h.Settler.UploadEnd(ctx, stan, batch, n, balanced)
		return err
	})
	return code, err
}

type mortalVault struct {
	pos.Vault
	e *effects
}

func (v mortalVault) Destroy(key string) error {
	return v.e.do(func() error { return v.Vault.Destroy(key) })
}

// deaf is a journal that hides the settlement from the queue.
type deaf struct{ pos.Journal }

func (d deaf) Setting(key string) string {
	if key == pos.SetSettling {
		return ""
	}
	return d.Journal.Setting(key)
}

// kindOfBatch is what is settled: three sales, which the host counts the same or
// not, with a reversal that it does not acknowledge or without.
type kindOfBatch struct {
	name          string
	differs, left bool
	sales         int
}

var kindsOfBatch = []kindOfBatch{
	{"balanced", false, false, 3}, {"balanced, one left out", false, true, 3}, {"differs", true, false, 3}, {"differs, one left out", true, true, 3},
}

// loss is a message that is lost, or its answer.
type loss struct {
	name string
	rule *simhost.Rule
}

func losses(k kindOfBatch) []loss {
	all := []loss{{"nothing", nil}}
	if k.sales > 3 || k.left {
		return all
	}
	for _, f := range []simhost.Fault{simhost.DropRequest, simhost.DropAnswer} {
		all = append(all, loss{string(f) + " of the 0500", &simhost.Rule{Fault: f, MTI: "0500", Nth: 1}})
		if k.differs {
			for n := 1; n <= 2; n++ {
				all = append(all, loss{fmt.Sprintf("%s of 0320 number %d", f, n), &simhost.Rule{Fault: f, MTI: "0320", Nth: n}})
			}
		}
	}
	return all
}

// hurried is the time for an answer where one in three is lost.
const hurried = 250 * time.Millisecond

// made is a till with three sales and its bank, ready to be copied.
type made struct {
	till, bank string
	sold       []string
	left       string
	totals     pos.BatchTotals
}

func (k kindOfBatch) make(t *testing.T) made {
	t.Helper()
	m := made{till: t.TempDir(), bank: t.TempDir()}
	r := newRigAt(t, m.till, newBank(t, m.bank), patient)
	r.signOn()
	for i := range k.sales {
		m.sold = append(m.sold, r.sell(pos.Amount(1000+i)))
		m.totals.Debit += pos.Amount(1000 + i)
		m.totals.DebitCount++
	}
	if k.differs {
		r.unheard(4444)
	}
	if k.left {
		r.bank.faults(simhost.Rule{Fault: simhost.Code, MTI: "0400", Code: "96"})
		e := r.created(pos.Sale, 500, "") // never reached the host
		r.keep(e, of(e, pos.EvSending))
		r.owe(e)
		m.left = e.Attempt
	}
	r.down()
	return m
}

// world is one history of one settlement.
type world struct {
	k     kindOfBatch
	m     made
	lost  loss
	at    int
	after bool
	twin  twin
}

func (w world) name() string {
	when := "before"
	if w.after {
		when = "after"
	}
	return fmt.Sprintf("%s: %s lost, power cut %s effect %d", w.k.name, w.lost.name, when, w.at)
}

// play settles, dies where it has to, comes back until the batch is closed, and
// gives what was wrong and how many effects the first life had.
func (w world) play(t *testing.T) (wrong []string, n int) {
	t.Helper()
	dir := t.TempDir()
	till, bankDir := filepath.Join(dir, "till"), filepath.Join(dir, "bank")
	for to, from := range map[string]string{till: w.m.till, bankDir: w.m.bank} {
		if err := os.CopyFS(to, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
	}
	b := newBank(t, bankDir)
	var rules []simhost.Rule
	if w.lost.rule != nil {
		rules = append(rules, *w.lost.rule)
	}
	if w.k.left {
		rules = append(rules, simhost.Rule{Fault: simhost.Code, MTI: "0400", Code: "96"})
	}
	b.faults(rules...)
	e, asked := &effects{at: w.at, after: w.after}, 0
	r := &rig{t: t, dir: till, bank: b, timeout: hurried, waits: brisk, clock: pos.WallClock{}, tap: &tap{}}
	r.waits.forward = 20 * time.Millisecond
	if w.twin == blindQueue {
		r.queue = func(j pos.Journal) pos.Journal { return deaf{j} }
	}
	r.options = func(o *Options) {
		o.Journal, o.Vault = mortalJournal{o.Journal, e, w.twin}, mortalVault{o.Vault, e}
		o.Host = mortalHost{o.Host, e, w.twin, &asked, func() {
			if w.twin == blindQueue {
				r.forward.Once(context.Background()) //nolint:errcheck // what is left is left
			}
		}}
		o.Print = func(number string, slip any) {
			e.do(func() error { r.slips.print(number, slip); return nil }) //nolint:errcheck // a printer says nothing
		}
	}
	r.boot()
	t.Cleanup(r.down)
	_, err := r.desk.Settle(context.Background(), supervisor, nil)
	n = e.n
	for lives := 0; lives < maxTurns && (err != nil || e.dead); lives++ {
		e = &effects{}
		r.again()
		_, err = r.desk.Settle(context.Background(), supervisor, nil)
	}
	if err != nil {
		wrong = append(wrong, "it does not end: "+err.Error())
	}
	return append(wrong, w.wrong(r)...), n
}

// wrong gives what is wrong after the batch is closed.
func (w world) wrong(r *rig) (wrong []string) {
	say := func(bad bool, format string, args ...any) {
		if bad {
			wrong = append(wrong, fmt.Sprintf(format, args...))
		}
	}
	say(pos.OpenBatch(r.store) != "000002", "the open batch is %s", pos.OpenBatch(r.store))
	say(r.store.Setting(pos.SetSettling)+r.store.Setting(SetItems) != "", "a settlement is still open")
	say(r.bank.closes("000001") != 1, "the host closed the batch %d times", r.bank.closes("000001"))
	say(r.bank.closes("000002") != 0, "the host closed the next batch")
	last, ok := r.desk.Last()
	say(!ok || last.Till != w.m.totals || last.Balanced == w.k.differs, "the report is till %v host %v balanced %v", last.Till, last.Host, last.Balanced)
	for _, id := range w.m.sold {
		events, err := r.store.Events(id)
		n := 0
		for _, e := range events {
			if e.Type == pos.EvSettled {
				n++
			}
		}
		say(err != nil || n != 1, "attempt %s was settled %d times", id, n)
	}
	wrong = append(wrong, r.tap.story()...)
	key := pos.BatchKey("000001")
	if w.m.left == "" {
		r.desk.Tidy(context.Background())
		say(hasKey(r.vault, key), "the key of the batch is still there")
		return wrong
	}
	a, err := r.store.Attempt(w.m.left)
	say(err != nil || a.State != pos.Reversing || a.Batch != "000001", "what was left out is %s in batch %s", a.State, a.Batch)
	say(!hasKey(r.vault, key), "the key of a reversal that is owed is gone")
	return wrong
}

// each plays every history: every crash point of every batch with every loss.
func each(t *testing.T, w twin, kinds []kindOfBatch, play func(t *testing.T, w world) int) {
	t.Helper()
	for _, k := range kinds {
		m := k.make(t)
		for _, l := range losses(k) {
			n := play(t, world{k: k, m: m, lost: l, twin: w})
			for at := 1; at <= n; at++ {
				for _, after := range []bool{false, true} {
					play(t, world{k: k, m: m, lost: l, at: at, after: after, twin: w})
				}
			}
		}
	}
}

// TestEveryCrashOfASettlement: of three payments, at every effect, with every
// message or its answer lost: the batch is closed exactly once, with the same
// messages, and no money message leaves meanwhile.
func TestEveryCrashOfASettlement(t *testing.T) {
	var cases atomic.Int64
	t.Run("", func(t *testing.T) {
		each(t, noTwin, kindsOfBatch, func(t *testing.T, w world) (n int) {
			cases.Add(1)
			check := func(t *testing.T) {
				wrong, seen := w.play(t)
				n = seen
				for _, s := range wrong {
					t.Errorf("%s: %s", w.name(), s)
				}
			}
			t.Run("", func(t *testing.T) {
				if w.at > 0 {
					t.Parallel()
				}
				check(t)
			})
			return n
		})
	})
	t.Logf("%d histories of a settlement of three payments", cases.Load())
}

// TestKilledAtAnyItemOfTheUploadItGoesOnAtTheNext: twenty payments in three
// messages; what was acknowledged is not sent again.
func TestKilledAtAnyItemOfTheUploadItGoesOnAtTheNext(t *testing.T) {
	cases := 0
	each(t, noTwin, []kindOfBatch{{"differs, twenty payments", true, false, 20}}, func(t *testing.T, w world) int {
		cases++
		wrong, n := w.play(t)
		for _, s := range wrong {
			t.Errorf("%s: %s", w.name(), s)
		}
		return n
	})
	t.Logf("%d histories of a settlement of twenty payments", cases)
}

// TestPlantedBugsOfASettlementAreFound: each twin is caught by what
// TestEveryCrashOfASettlement checks.
func TestPlantedBugsOfASettlementAreFound(t *testing.T) {
	for _, w := range []twin{newNumber, notDurable, blindQueue, frozenLately} {
		found, cases := "", 0
		each(t, w, kindsOfBatch[3:], func(t *testing.T, w world) (n int) {
			if found != "" {
				return 0
			}
			cases++
			t.Run("", func(t *testing.T) {
				wrong, seen := w.play(t)
				if n = seen; len(wrong) > 0 {
					found = w.name() + ": " + wrong[0]
				}
			})
			return n
		})
		if found == "" {
			t.Errorf("not found in %d histories: %s", cases, w)
		} else {
			t.Logf("%s: found at history %d: %s", w, cases, found)
		}
	}
}
