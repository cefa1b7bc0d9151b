package figures

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"

	"tillkeeper/app/pos"
)

// instant is a host that says yes at once.
type instant struct{}

func (instant) Exchange(_ context.Context, r pos.Request) (pos.Reply, error) {
	return pos.Reply{Code: "00", Amount: r.Amount, RRN: "000000" + r.STAN, AuthCode: r.STAN, Signed: true}, nil
}

func (instant) SignOn(_ context.Context, _, batch, _ string) (pos.SignOnReply, error) {
	return pos.SignOnReply{Batch: batch, Host: time.Now()}, nil
}

func (instant) Echo(context.Context, string, string) error { return nil }
func (instant) Ready() bool                                { return true }
func (instant) Link() pos.Link                             { return pos.Link{State: "online"} }
func (instant) Window() int                                { return 1 }
func (instant) Late() <-chan pos.LateReply                 { return nil }
func (instant) Reversible(string) bool                     { return false }
func (instant) Timeout() time.Duration                     { return 10 * time.Second }
func (instant) ReversalRepeat() time.Duration              { return time.Minute }
func (instant) Repeats() pos.Repeats                       { return pos.DefaultRepeats() }
func (instant) Terms() pos.Terms                           { return pos.DefaultTerms() }

// ownTime is what a card sale takes where neither line nor host take any, held
// against two bare commits, turn by turn.
func ownTime(b *bench) (err error) {
	ctx := context.Background()
	t, err := openTill(wish{dir: filepath.Join(b.dir, "own"), host: instant{}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.close()) }()
	db, err := bare(filepath.Join(b.dir, "bare.db"))
	if err != nil {
		return err
	}
	var sales, commits, within, card, chip times
	for i := range b.sales + 3 {
		if err := t.basket(ctx); err != nil {
			return err
		}
		t.clocked = clocked{}
		before := t.computed()
		took, err := timed(func() error { _, err := t.tap(ctx, "ok"); return err })
		theirs := t.computed() - before
		if err == nil {
			err = t.set.Drain(ctx) // the simulated paper is drawn after the sale
		}
		if err != nil {
			return err
		}
		two, err := timed(func() error { return errors.Join(put(db, 2*i), put(db, 2*i+1)) })
		if err != nil {
			return err
		}
		if i >= 3 { // the first ones warm up
			sales, commits, chip = append(sales, took-theirs), append(commits, two), append(chip, theirs)
			within, card = append(within, t.clocked.commits), append(card, t.clocked.card-theirs)
		}
	}
	if err := db.Close(); err != nil {
		return err
	}
	b.add(row{
		what: "till's own time in a card sale, the host answering at once", yardstick: "two bare bbolt commits",
		ratio: over(sales.median(), commits.median()), reach: 1.5, unit: "x",
		seen: fmt.Sprintf("%s against %s, %d sales; of it %s the journal's commits, %s the card's dialogue; the simulated card's own computing, %s, is not in it",
			ms(sales.median()), ms(commits.median()), len(sales), ms(within.median()), ms(card.median()), ms(chip.median())),
	})
	return nil
}

// computed is what the simulated cards have taken for their answers so far: the
// time of a card's chip is not the till's.
func (t *till) computed() time.Duration {
	if c, ok := any(t.set.Bench).(interface{ Computed() time.Duration }); ok {
		return c.Computed()
	}
	return 0
}

func bare(path string) (*bolt.DB, error) {
	return bolt.Open(path, 0o600, &bolt.Options{FreelistType: bolt.FreelistMapType, InitialMmapSize: 64 << 20, Timeout: time.Second})
}

// put commits one record of the size of an event.
func put(db *bolt.DB, n int) error {
	return db.Update(func(tx *bolt.Tx) error {
		k, err := tx.CreateBucketIfNotExists([]byte("log"))
		if err != nil {
			return err
		}
		return k.Put(binary.BigEndian.AppendUint64(nil, uint64(n)), make([]byte, 600))
	})
}

// flushesOfSale counts the flushes of the real program while a card sale runs
// against an acquirer in a process of its own.
func flushesOfSale(b *bench) error {
	if err := need(b, "strace"); err != nil {
		return err
	}
	host, err := launch(b.bin, "acquirer", "--listen", "127.0.0.1:0", "--data", filepath.Join(b.dir, "flush-host"))
	if err != nil {
		return err
	}
	defer host.end()
	said, err := host.line()
	if err != nil {
		return err
	}
	var address string
	if _, err := fmt.Sscanf(said, "listening %s", &address); err != nil {
		return fmt.Errorf("the acquirer said %q: %w", said, err)
	}
	log := filepath.Join(b.dir, "flushes.strace")
	p, err := launch("strace", "-f", "-e", "trace=fdatasync,fsync,msync,sync_file_range", "-o", log,
		b.bin, "headless", "--demo", "--data", filepath.Join(b.dir, "flush-till"), "--host", address)
	if err != nil {
		return err
	}
	defer p.end()
	for _, cmd := range []string{
		`{"cmd":"wait","for":"online","timeout_ms":30000}`, `{"cmd":"signin","staff":"1001","pin":"135790"}`,
	} {
		if err := p.ask(cmd); err != nil {
			return err
		}
	}
	most := 0
	for i := range b.flushes + 1 {
		if err := p.ask(`{"cmd":"scan","code":"6928804002348"}`); err != nil {
			return err
		}
		time.Sleep(500 * time.Millisecond) // what the scan began has come to rest
		before, err := flushes(log)
		if err != nil {
			return err
		}
		if err := p.ask(`{"cmd":"pay","tender":"card","card":"ok"}`); err != nil {
			return err
		}
		after, err := flushes(log)
		if err != nil {
			return err
		}
		if i > 0 { // the first one signs on
			most = max(most, after-before)
		}
	}
	b.add(row{
		what: "flushes to disk in an online card sale, from tap to approved", yardstick: "2 a bbolt commit (counted with strace)",
		ratio: float64(most), reach: 4, seen: fmt.Sprintf("the most of %d sales", b.flushes),
	})
	return p.ask(`{"cmd":"quit"}`)
}

func flushes(log string) (int, error) {
	raw, err := os.ReadFile(log)
	return countFlushes(string(raw)), err
}
