package forward

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tillkeeper/app/decline"
	"tillkeeper/app/pos"
)

var codes = func() *decline.Table {
	var rs []io.Reader
	for _, name := range []string{"answer-codes.tsv"} {
		f, err := os.Open("../../assets/codes/" + name)
		if err != nil {
			panic(err)
		}
		rs = append(rs, f)
	}
	t, err := decline.Parse(rs...)
	if err != nil {
		panic(err)
	}
	return t
}()

// world is a till whose queue is driven by hand: the real owner, judges and
// recovery over a journal, a host and a clock in memory.
type world struct {
	plan  *plan
	clock *memClock
	j     *memJournal
	host  *memHost
	vault *memVault
	w     *owner
	now   func() time.Time
	mu    sync.Mutex // of the story
	story []string
	bad   []string
	bug   string
	n     int
}

func dayOf(t time.Time) (string, int) { return t.Format("2006-01-02"), t.Hour() }

func newWorld(fates []byte, bug string) *world {
	w := &world{plan: &plan{bytes: fates}, clock: &memClock{t: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}, vault: &memVault{}, bug: bug}
	w.now = w.clock.Now
	w.j = newMemJournal(w.clock.Now, w.tell)
	w.host = newMemHost(w.plan, w.j, w.clock.Now, w.tell)
	w.host.bug = bug
	w.host.sleep = func(d time.Duration) { w.clock.t = w.clock.t.Add(d) }
	w.boot()
	return w
}

func (w *world) tell(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.story = append(w.story, w.now().Format("02 15:04:05 ")+fmt.Sprintf(format, args...))
}

// boot starts the till: what a crash left in flight is decided first.
func (w *world) boot() {
	if _, err := Recover(context.Background(), w.j); err != nil {
		w.tell("the start could not be journaled, once more")
		if _, err = Recover(context.Background(), w.j); err != nil {
			w.bad = append(w.bad, "recovery: "+err.Error())
		}
	}
	f := New(Options{
		Journal: w.j, Host: w.host, Vault: w.vault, Codes: codes, Clock: w.clock, DayOf: dayOf, Log: slog.New(slog.DiscardHandler),
	})
	w.w = &owner{f: f, items: map[string]*item{}, results: make(chan outcome, maxInAir), probed: make(chan error, 1), state: "online"}
	w.w.reload()
}

// run plays one history and ends it well.
func (w *world) run() []string {
	ctx := context.Background()
	for steps := 0; !w.plan.over() && steps < 60; steps++ {
		w.step(ctx)
	}
	w.plan.end()
	w.j.refuse = 0
	w.tell("from here on the line and the host are well")
	w.boot()
	for round := 0; ; round++ {
		w.late(ctx)
		if !w.host.Ready() {
			w.host.ready = true
		}
		w.w.reload()
		w.deliver(ctx)
		if left := w.due(); left == 0 && !w.host.pending() {
			break
		} else if round > 300 {
			w.bad = append(w.bad, fmt.Sprintf("%d items were never decided", left))
			break
		}
		w.clock.t = w.clock.t.Add(20 * time.Second)
		if round%10 == 9 {
			w.tell("a person sends everything, and resolves what the host does not know")
			w.w.everything(ctx, w.w.f.commands.Add(1), false)
			w.resolve()
		}
	}
	w.check()
	return append(w.bad, append(w.j.faults, w.host.faults...)...)
}

// resolve is a person who finds no such payment in the acquirer's file.
func (w *world) resolve() {
	open, _ := w.j.Open()
	for _, a := range open {
		if w.host.pending() {
			return // the file comes a day later
		}
		if b := w.host.books[a.Batch+"/"+a.STAN]; a.State == pos.Manual && a.Reason != "" && !a.Unmatched.IsZero() && b.net() == 0 {
			e := on(a, pos.EvResolved)
			e.By = "2001"
			w.keep(e)
		}
	}
}

// due counts what is still sent: parked reversals too, a person sends them.
func (w *world) due() int {
	open, _ := w.j.Open()
	n := 0
	for _, a := range open {
		if sendable(a) || a.State == pos.Manual && a.Reason != "" || pos.StateRules[a.State].Due == pos.DueFlow {
			n++
		}
	}
	return n
}

func (w *world) step(ctx context.Context) {
	switch w.plan.pick(15) {
	case 0, 9:
		w.deliver(ctx)
	case 1, 10:
		w.sale(ctx)
	case 2:
		w.offline(pos.EvOfflineApproved)
	case 3:
		w.offline(pos.EvDeferred)
	case 4:
		w.pass(10 * time.Second)
	case 5:
		w.pass(90 * time.Second)
	case 6:
		w.pass([]time.Duration{time.Hour, 25 * time.Hour, 73 * time.Hour}[w.plan.pick(3)])
	case 7:
		w.tell("power cut")
		w.boot()
	case 8:
		w.j.refuse = 1
	case 11:
		w.tell("a person sends everything")
		w.w.everything(ctx, w.w.f.commands.Add(1), false)
	case 12:
		w.collision()
	case 14:
		w.closeBatch()
	case 13:
		w.host.ready = false
		w.tell("the keys are lost")
		if w.plan.pick(2) == 0 {
			_ = w.w.f.SignOn(ctx)
		}
	}
	w.late(ctx)
}

func (w *world) pass(d time.Duration) {
	w.clock.t = w.clock.t.Add(d)
	w.tell("%s go by", d)
	if w.bug == "drop on expiry" {
		open, _ := w.j.Open()
		for _, a := range open {
			if w.clock.t.Sub(a.Created) > usual.DeferredGiveUp && known(a.State, pos.EvCancelled) {
				_, _ = w.j.Append(context.Background(), pos.Commit{Events: []pos.Event{on(a, pos.EvCancelled)}})
			}
		}
		w.w.reload()
	}
}

func (w *world) late(ctx context.Context) {
	for _, l := range w.host.arrive() {
		w.tell("late answer %s for %s/%s", l.Reply.Code, l.Batch, l.STAN)
		w.w.late(ctx, l)
	}
}

// closeBatch settles what stands; what is still owed keeps its batch.
func (w *world) closeBatch() {
	var events []pos.Event
	for _, a := range w.j.all() {
		if known(a.State, pos.EvSettled) {
			events = append(events, on(a, pos.EvSettled))
		}
	}
	n, err := strconv.Atoi(w.j.Setting(pos.SetBatch))
	if err != nil {
		panic(err)
	}
	w.tell("the batch is closed")
	_, _ = w.j.Append(context.Background(), pos.Commit{
		Events: events, Settings: map[string]string{pos.SetBatch: fmt.Sprintf("%06d", n+1)},
	})
}

// collision gives the STAN that comes next to somebody else, as after a
// restored journal.
func (w *world) collision() {
	key := fmt.Sprintf("%s/%06d", w.j.Setting(pos.SetBatch), w.j.next[3]+1)
	w.host.books[key] = &booking{op: pos.OpSale, batch: "elsewhere", amount: 77, asked: 77, charged: 1, foreign: true}
	w.tell("the host knows %s from another till", key)
	w.offline(pos.EvOfflineApproved)
}

// deliver lets the owner send what is due until nothing more is, or the power
// goes.
func (w *world) deliver(ctx context.Context) {
	for range 4 {
		w.w.dispatch(ctx)
		if !w.w.busy() {
			return
		}
		for w.w.busy() {
			o := <-w.w.results
			if w.plan.pick(12) == 11 {
				w.tell("power cut after the exchange of %s", o.id)
				w.boot()
				return
			}
			if it := w.w.items[o.id]; it != nil && w.bug == "94 taken as delivered" {
				it.a.Unanswered = 2
			}
			w.w.follow(ctx, []outcome{o})
		}
	}
}

// TestPureHistories is promise 2 and 6 over random histories.
func TestPureHistories(t *testing.T) {
	checks(t, pureHistories)
	rapid.Check(t, func(rt *rapid.T) {
		fates := rapid.SliceOfN(rapid.Byte(), 0, 120).Draw(rt, "fates")
		w := newWorld(fates, "")
		if bad := w.run(); len(bad) > 0 {
			rt.Fatalf("%s\n%s", strings.Join(bad, "\n"), strings.Join(w.story, "\n"))
		}
	})
}

// checks sets how many cases rapid tries, unless the command line says so.
func checks(t *testing.T, n string) {
	t.Helper()
	given := checksGiven()
	set := func(name, v string) {
		f := flag.Lookup(name)
		old := f.Value.String()
		if err := flag.Set(name, v); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = flag.Set(name, old) })
	}
	set("rapid.nofailfile", "true")
	set("rapid.shrinktime", "10s")
	if !given {
		set("rapid.checks", n)
	}
}

// checksGiven says, before a test sets it, whether the command line does.
var checksGiven = sync.OnceValue(func() bool {
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.checks" })
	return given
})
