package figures

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/assets"
	"tillkeeper/store"
)

// wideWindow is the other profile's window.
const wideWindow = 32

// profileWith writes a copy of the profile with another window.
func profileWith(dir string, window int) (string, error) {
	raw, err := fs.ReadFile(assets.FS, "profiles/cup.json")
	if err != nil {
		return "", err
	}
	wide := bytes.Replace(raw, []byte(`"window": 1,`), fmt.Appendf(nil, `"window": %d,`, window), 1)
	name := filepath.Join(dir, fmt.Sprintf("window-%d.json", window))
	return name, os.WriteFile(name, wide, 0o600)
}

// waiting fills a folder with n sales that wait for the host: one is taken
// through the whole till without a line, the others are made after it.
func waiting(dir string, n int) error {
	ctx := context.Background()
	s, err := store.Open(store.Options{Dir: dir, Logger: quiet})
	if err != nil {
		return err
	}
	_, err = s.Append(ctx, pos.Commit{
		Events:   []pos.Event{{Type: pos.EvSignOn, Batch: pos.FirstBatch}},
		Settings: map[string]string{pos.SetLastOnline: time.Now().Format(time.RFC3339), pos.SetBatch: pos.FirstBatch},
	})
	if err = errors.Join(err, s.Close()); err != nil {
		return err
	}
	t, err := openTill(wish{dir: dir, address: "127.0.0.1:1"})
	if err != nil {
		return err
	}
	if err := t.basket(ctx); err != nil {
		return err
	}
	first, err := t.tap(ctx, "offline-approve-tap")
	if err != nil {
		return err
	}
	return errors.Join(t.copies(ctx, first.Attempt, n-1, nil), t.close())
}

// copiesACommit bounds a commit of copies.
const copiesACommit = 200

// copies makes n more of an attempt that waits, each with its own numbers; life
// makes other events of its events, if it is not nil.
func (t *till) copies(ctx context.Context, a pos.Attempt, n int, life func([]pos.Event) []pos.Event) error {
	events, err := t.journal.Events(a.ID)
	if err != nil {
		return err
	}
	if life != nil {
		events = life(events)
	}
	var c pos.Commit
	for i := range n {
		id, basket, receipt, stan := t.journal.NextAttempt(), t.journal.NextBasket(), t.journal.NextReceipt(), t.journal.NextSTAN()
		for _, e := range events {
			e.Seq, e.Attempt, e.Basket = 0, id, basket
			if e.Type == pos.EvCreated {
				e.STAN, e.Receipt = stan, receipt
			}
			for _, box := range []**pos.Box{&e.Sealed, &e.Waiting} {
				if *box, err = t.again(*box, a.ID, id); err != nil {
					return err
				}
			}
			c.Events = append(c.Events, e)
		}
		if i == n-1 || i%copiesACommit == copiesACommit-1 {
			if _, err := t.journal.Append(ctx, c); err != nil {
				return err
			}
			c = pos.Commit{}
		}
	}
	return nil
}

// again seals what a box holds for another attempt.
func (t *till) again(b *pos.Box, of, to string) (*pos.Box, error) {
	if b == nil {
		return nil, nil
	}
	plain, err := t.set.Vault.Open(b.Key, []byte(of), b.Data)
	if err != nil {
		return nil, err
	}
	data, err := t.set.Vault.Seal(b.Key, []byte(to), plain)
	return &pos.Box{Key: b.Key, Data: data}, err
}

// drained is what a till that drained its queue says.
type drained struct {
	Took  time.Duration
	Items int
}

// drainLimit bounds a wait for an empty queue.
const drainLimit = 5 * time.Minute

// drain opens a till on a folder and gives the time from the first item's
// leaving to the last one's outcome.
func drain(dir, address, profile string) (d drained, err error) {
	t, err := openTill(wish{dir: dir, address: address, profile: profile})
	if err != nil {
		return drained{}, err
	}
	defer func() { err = errors.Join(err, t.close()) }()
	open, err := t.journal.Open()
	if err != nil {
		return drained{}, err
	}
	if err := t.until(func(left []pos.Attempt) bool { return len(left) == 0 }); err != nil {
		return drained{}, err
	}
	var began, done time.Time // by the journal, so that nobody has to look often
	for i, a := range open {
		events, err := t.journal.Events(a.ID)
		if err != nil {
			return drained{}, err
		}
		for _, e := range events {
			switch {
			case e.Type == pos.EvDelivering && (began.IsZero() || e.Time.Before(began)):
				began = e.Time
			case e.Type == pos.EvDelivered && e.Time.After(done):
				done = e.Time
			}
		}
		if i == 0 && began.IsZero() {
			return drained{}, errors.New("the first item never left")
		}
	}
	return drained{done.Sub(began), len(open)}, nil
}

// A child drains a folder under strace and says what it took.
const childEnv = "TILLKEEPER_FIGURES_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		d, err := drain(dir, os.Getenv("TILLKEEPER_FIGURES_HOST"), os.Getenv("TILLKEEPER_FIGURES_PROFILE"))
		if err == nil {
			err = json.NewEncoder(os.Stdout).Encode(d)
		}
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if dir := os.Getenv(fillEnv); dir != "" {
		if err := fill(dir, os.Getenv(salesEnv)); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if dir := os.Getenv(oweEnv); dir != "" {
		fmt.Println(oweAndDie(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// slowDrain is drain with a pause added to every flush of the till.
func slowDrain(dir, address, profile string, pause time.Duration) (d drained, err error) {
	env := append(os.Environ(), childEnv+"="+dir, "TILLKEEPER_FIGURES_HOST="+address, "TILLKEEPER_FIGURES_PROFILE="+profile)
	p, err := launchIn(env, "strace", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync,fsync",
		"-e", "inject=fdatasync,fsync:delay_exit="+strconv.FormatInt(pause.Microseconds(), 10), os.Args[0])
	if err != nil {
		return d, err
	}
	defer p.end()
	said, err := p.line()
	if err != nil {
		return d, err
	}
	if err := json.Unmarshal([]byte(said), &d); err != nil {
		return d, errors.New(said)
	}
	return d, nil
}

// draining empties queues over a line with a round trip.
func draining(b *bench) error {
	for _, w := range []struct{ window, items, slow int }{{1, b.queue1, b.short1}, {wideWindow, b.queue, b.queue}} {
		for _, slow := range []bool{false, true} {
			if slow && w.window == 1 && !b.full {
				continue // one child is enough to try the way
			}
			name := fmt.Sprintf("drain-%d-%v", w.window, slow)
			dir := filepath.Join(b.dir, name)
			if slow && !there("strace") {
				b.out = append(b.out, name+": there is no strace")
				continue
			}
			items := w.items
			if slow {
				items = w.slow
			}
			if err := b.drainOne(dir, w.window, items, slow); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

func (b *bench) drainOne(dir string, window, items int, slow bool) error {
	profile, err := profileWith(b.dir, window)
	if err != nil {
		return err
	}
	if err := waiting(dir, items); err != nil {
		return err
	}
	address, h, err := startHost(b, dir+"-host", b.roundTrip)
	if err != nil {
		return err
	}
	defer h.Close()
	var d drained
	r := row{what: fmt.Sprintf("draining %d queued items at %s round trip, window %d", items, b.roundTrip, window), reach: 1.05, unit: "x"}
	if slow {
		r.what += fmt.Sprintf(", %s added to every flush", b.flush)
		r.reach = 1.5
		d, err = slowDrain(dir, address, profile, b.flush)
	} else {
		d, err = drain(dir, address, profile)
	}
	if err != nil {
		return err
	}
	ideal := time.Duration(d.Items) * b.roundTrip / time.Duration(window)
	r.yardstick = "items x round trip / window"
	r.ratio = over(d.Took, ideal)
	r.seen = fmt.Sprintf("%.2f s against %.2f s, the host's own flushes in it", d.Took.Seconds(), ideal.Seconds())
	b.add(r)
	return nil
}

// beside holds a live sale beside a queue that drains against the same sale
// when nothing waits.
func beside(b *bench) error {
	for _, w := range []struct {
		window, items int
		reach         float64
	}{{wideWindow, b.queue, 1.2}, {1, b.short1, 1.6}} {
		profile, err := profileWith(b.dir, w.window)
		if err != nil {
			return err
		}
		busy, idle, err := b.besideOne(filepath.Join(b.dir, fmt.Sprintf("beside-%d", w.window)), profile, w.items)
		if err != nil {
			return err
		}
		b.add(row{
			what: fmt.Sprintf("a live sale while the queue drains, window %d", w.window), yardstick: "the same sale when idle",
			ratio: over(busy.median(), idle.median()), reach: w.reach, unit: "x",
			seen: fmt.Sprintf("%s against %s, %d and %d sales, %s round trip", ms(busy.median()), ms(idle.median()), len(busy), len(idle), b.roundTrip),
		})
	}
	return nil
}

// besideOne sells while a queue drains, waits for its end and sells again.
func (b *bench) besideOne(dir, profile string, items int) (busy, idle times, err error) {
	if err := waiting(dir, items); err != nil {
		return nil, nil, err
	}
	address, h, err := startHost(b, dir+"-host", b.roundTrip)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	t, err := openTill(wish{dir: dir, address: address, profile: profile})
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, t.close()) }()
	if err := t.until(func(open []pos.Attempt) bool { return len(open) < items }); err != nil {
		return nil, nil, err
	}
	for len(busy) < b.live {
		b.anyMoment(len(busy))
		took, err := t.sale(context.Background(), "ok")
		if err != nil {
			return nil, nil, fmt.Errorf("beside the queue: %w", err)
		}
		open, err := t.journal.Open()
		if err != nil {
			return nil, nil, err
		}
		if len(open) == 0 && b.full {
			break // the queue was empty before the sale was over
		}
		busy = append(busy, took)
	}
	if err := t.until(func(open []pos.Attempt) bool { return len(open) == 0 }); err != nil {
		return nil, nil, err
	}
	for i := range b.live {
		b.anyMoment(i)
		took, err := t.sale(context.Background(), "ok")
		if err != nil {
			return nil, nil, fmt.Errorf("idle: %w", err)
		}
		idle = append(idle, took)
	}
	return busy, idle, nil
}

// anyMoment waits for a part of a round trip, another one each time: customers
// do not come in step with the queue.
func (b *bench) anyMoment(i int) {
	time.Sleep(time.Duration(i*618%1000) * b.roundTrip / 1000)
}

// lookEvery is rare: each look copies the whole queue.
const lookEvery = 100 * time.Millisecond

// until waits for a state of what is owed.
func (t *till) until(there func(open []pos.Attempt) bool) error {
	for end := time.Now().Add(drainLimit); ; time.Sleep(lookEvery) {
		open, err := t.journal.Open()
		switch {
		case err != nil:
			return err
		case there(open):
			return nil
		case time.Now().After(end):
			return fmt.Errorf("%d items are left, the first is %s: %s", len(open), open[0].State, open[0].LastError)
		}
	}
}
