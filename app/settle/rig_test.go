package settle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"tillkeeper/app/decline"
	"tillkeeper/app/forward"
	"tillkeeper/app/pos"
	"tillkeeper/app/recon"
	"tillkeeper/app/staff"
	"tillkeeper/assets"
	"tillkeeper/drivers/acquirer"
	"tillkeeper/drivers/acquirer/wire"
	"tillkeeper/drivers/keys"
	simhost "tillkeeper/drivers/sim/acquirer"
	"tillkeeper/store"
)

const (
	tid, mid = "12345678", "123456789012345"
	pan      = "6224242900000113"
	patient  = 20 * time.Second // for an answer that comes
	brief    = time.Second      // for one that is lost, where others come
	notYet   = 300 * time.Millisecond
)

var (
	cashier    = pos.Operator{ID: "1001", Role: pos.Cashier}
	supervisor = pos.Operator{ID: "2001", Role: pos.Supervisor}
)

// brisk are waits that a test can afford.
var brisk = waits{
	forward: 3 * time.Second, probe: patient, try: 5 * time.Millisecond, first: 20 * time.Millisecond, most: 100 * time.Millisecond, tidy: 50 * time.Millisecond,
}

var profile = sync.OnceValues(func() (*wire.Profile, error) { return wire.Load(assets.FS, "cup") })

// people hashes PINs once for all tests, cheaply.
var people = sync.OnceValue(func() []pos.Operator {
	secret, err := staff.Hash("135790", staff.Cost{Passes: 1, KiB: 8, Threads: 1})
	if err != nil {
		panic(err)
	}
	return []pos.Operator{{ID: "1001", Role: pos.Cashier, Secret: secret}, {ID: "2001", Role: pos.Supervisor, Secret: secret}}
})

// bank is a simulated acquirer that outlives the till.
type bank struct {
	t    testing.TB
	dir  string
	host *simhost.Host
	addr string
}

func newBank(t testing.TB, dir string) *bank {
	t.Helper()
	p, err := profile()
	if err != nil {
		t.Fatal(err)
	}
	h, err := simhost.New(simhost.Config{Dir: dir, Profile: p})
	if err != nil {
		t.Fatal(err)
	}
	addr, err := h.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-done, h.Close()); err != nil {
			t.Error(err)
		}
	})
	return &bank{t, dir, h, addr.String()}
}

// layout is that of the bank's files.
func (b *bank) layout() pos.FileLayout {
	b.t.Helper()
	p, err := profile()
	if err != nil {
		b.t.Fatal(err)
	}
	return p.File
}

func (b *bank) faults(rules ...simhost.Rule) {
	b.t.Helper()
	if err := b.host.SetFaults(&simhost.Plan{Rules: rules}); err != nil {
		b.t.Fatal(err)
	}
}

// closes counts how often the host closed a batch.
func (b *bank) closes(batch string) int {
	b.t.Helper()
	entries, err := simhost.Ledger(b.dir)
	if err != nil {
		b.t.Fatal(err)
	}
	n := 0
	for _, e := range entries {
		if e.Kind == simhost.KindSettlement && e.Batch == batch {
			n++
		}
	}
	return n
}

// rig is a till against a bank; boot and down may be called again and again on
// the same folder.
type rig struct {
	t       testing.TB
	dir     string
	bank    *bank
	tap     *tap
	timeout time.Duration
	waits   waits
	options func(*Options) // changes what the desk is made of
	queue   func(pos.Journal) pos.Journal
	clock   pos.Clock

	store   *store.Store
	vault   *keys.Sealer
	link    *acquirer.Link
	forward *forward.Forwarder
	till    *counter
	desk    *Desk
	slips   slips
	stop    func()
}

func newRig(t testing.TB) *rig {
	t.Helper()
	return newRigAt(t, t.TempDir(), newBank(t, t.TempDir()), patient)
}

func newRigAt(t testing.TB, dir string, b *bank, timeout time.Duration) *rig {
	t.Helper()
	r := &rig{t: t, dir: dir, bank: b, timeout: timeout, waits: brisk, clock: pos.WallClock{}, tap: &tap{}}
	r.boot()
	t.Cleanup(r.down)
	return r
}

func dayOf(t time.Time) (string, int) { return t.Format(time.DateOnly), t.Hour() }

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) boot() {
	r.t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	p, err := profile()
	r.must(err)
	r.store, err = store.Open(store.Options{Dir: r.dir, Logger: quiet})
	r.must(err)
	demo, err := keys.OpenDemo(filepath.Join(r.dir, "demo.key"), simhost.DefaultTMK)
	r.must(err)
	r.vault, err = demo.Sealer(filepath.Join(r.dir, "keys"))
	r.must(err)
	r.tap.hear(r.store)
	r.link = acquirer.New(acquirer.Options{
		Address: r.bank.addr, Profile: p, TID: tid, MID: mid, Keys: demo.Port(wire.MAC), Timeout: r.timeout, Log: quiet, Dial: r.tap.dial,
	})
	_, err = forward.Recover(context.Background(), r.store)
	r.must(err)
	codes, err := decline.Parse(bytesOf(r.t, "codes/answer-codes.tsv"), bytesOf(r.t, "codes/till-reasons.tsv"))
	r.must(err)
	list, err := staff.NewList(people())
	r.must(err)
	var journal pos.Journal = r.store
	if r.queue != nil {
		journal = r.queue(journal)
	}
	r.forward = forward.New(forward.Options{
		Journal: journal, Host: r.link, Vault: r.vault, Codes: codes, Clock: r.clock, DayOf: dayOf, Log: quiet,
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.forward.Run(ctx)
	}()
	r.till = &counter{}
	o := Options{
		Journal: r.store, Host: r.link, Queue: r.forward, Till: r.till, Vault: r.vault, Staff: list, Codes: codes, TID: tid, MID: mid,
		Slip: words{}, Print: r.slips.print, Clock: r.clock, DayOf: dayOf, Log: quiet,
		Layout: func(l pos.FileLayout) recon.Layout { return recon.Layout{FileLayout: l, Zone: time.Local} }, // as the bank writes it
	}
	if r.options != nil {
		r.options(&o)
	}
	r.desk = New(o)
	r.desk.waits = r.waits
	r.stop = func() {
		cancel()
		<-ended
		if err := errors.Join(r.link.Close(), r.store.Close()); err != nil {
			r.t.Error(err)
		}
	}
}

func bytesOf(t testing.TB, name string) *os.File {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() }) //nolint:errcheck // end of the test
	raw, err := assets.FS.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(raw, 0); err != nil {
		t.Fatal(err)
	}
	return f
}

// down ends the till as a power cut would: nothing is said to anybody.
func (r *rig) down() {
	if r.stop != nil {
		r.stop()
		r.stop = nil
	}
}

func (r *rig) again() {
	r.t.Helper()
	r.down()
	r.boot()
}

// counter is the attended flow's side of the settlement: it lets nothing begin
// while it is held.
type counter struct {
	mu   sync.Mutex
	busy bool
	held int
}

func (c *counter) HoldCards() (func(), error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.busy {
		return nil, pos.Errorf("payment_running", "wait for its outcome, or cancel it", "a payment is being made")
	}
	c.held++
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.held--
	}, nil
}

// words makes slips that a test can read.
type words struct{}

func (words) Settlement(r Report) any {
	return fmt.Sprintf("batch %s next %s till %v host %v balanced %v left %d untaken %d by %s",
		r.Batch, r.Next, r.Till, r.Host, r.Balanced, len(r.LeftOut), len(r.Untaken), r.By)
}

func (words) Story(a pos.Attempt, linked []pos.Attempt, events []pos.Event, differences []pos.Difference, by string) any {
	return fmt.Sprintf("attempt %s %s linked %d events %d differences %d by %s", a.ID, a.State, len(linked), len(events), len(differences), by)
}

// slips keeps what was printed.
type slips struct {
	mu  sync.Mutex
	all []string
}

func (s *slips) print(number string, slip any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, fmt.Sprint(number, ": ", slip))
}

func (s *slips) list() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.all)
}
