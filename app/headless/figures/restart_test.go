package figures

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"tillkeeper/app/pos"
)

// A child leaves open attempts in a folder and is gone as by a power cut.
const (
	oweEnv    = "TILLKEEPER_FIGURES_OWE"    // the folder
	oweItems  = "TILLKEEPER_FIGURES_ITEMS"  // how many attempts
	oweFlying = "TILLKEEPER_FIGURES_FLYING" // how many of them on their way to the host
)

// oweAndDie takes one sale without a line through the whole till, makes copies
// of it, some of which had left for the host, and kills its own process.
func oweAndDie(dir string) error {
	ctx := context.Background()
	n, err := strconv.Atoi(os.Getenv(oweItems))
	flying, err2 := strconv.Atoi(os.Getenv(oweFlying))
	if err := errors.Join(err, err2); err != nil {
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
	if err := t.copies(ctx, first.Attempt, n-1-flying, nil); err != nil {
		return err
	}
	left := func(events []pos.Event) []pos.Event {
		e := events[0]
		return []pos.Event{e, {Type: pos.EvSending, Attempt: e.Attempt, Basket: e.Basket}}
	}
	if err := t.copies(ctx, first.Attempt, flying, left); err != nil {
		return err
	}
	return syscall.Kill(os.Getpid(), syscall.SIGKILL)
}

// owe runs such a child.
func owe(dir string, n, flying int) error {
	p, err := launchIn(append(os.Environ(), oweEnv+"="+dir, oweItems+"="+strconv.Itoa(n), oweFlying+"="+strconv.Itoa(flying)), os.Args[0])
	if err != nil {
		return err
	}
	defer p.end()
	if said, err := p.line(); err == nil {
		return fmt.Errorf("leaving open attempts: %s", said)
	}
	return nil
}

// restartFigures times the real program, killed with attempts open, from its
// start to the first card sale, in turns with a start that owes nothing.
func restartFigures(b *bench) error {
	if err := need(b); err != nil {
		return err
	}
	dir, _, err := b.large()
	if err != nil {
		return err
	}
	address, h, err := startHost(b, filepath.Join(b.dir, "restart-host"), b.roundTrip)
	if err != nil {
		return err
	}
	defer h.Close()
	if _, _, err := b.firstSale(dir, address); err != nil { // signs on for the first time
		return err
	}
	for _, w := range []struct {
		flying    int
		roundTrip time.Duration
	}{{1, b.roundTrip}, {b.owed - 1, 0}} {
		h.SetLatency(w.roundTrip)
		var clean, killed times
		most := 0
		for range b.starts {
			took, _, err := b.firstSale(dir, address)
			if err != nil {
				return err
			}
			clean = append(clean, took)
			if err := owe(dir, b.owed, w.flying); err != nil {
				return err
			}
			took, open, err := b.firstSale(dir, address)
			if err != nil {
				return err
			}
			most = max(most, open)
			killed = append(killed, took)
		}
		if most < b.owed-w.flying-1 && b.full {
			return fmt.Errorf("after the restart %d items waited", most)
		}
		b.add(row{
			what: fmt.Sprintf("restart after kill -9 with %d records and %d open attempts (%d in flight, %d waiting), to the first card sale approved, %s round trip",
				b.records, b.owed, w.flying, b.owed-w.flying, w.roundTrip),
			yardstick: "a start that owes nothing", ratio: over(killed.median(), clean.median()), reach: 2, unit: "x",
			seen: fmt.Sprintf("%s against %s, %d starts each, in turns; sign-in and sign-on in both", ms(killed.median()), ms(clean.median()), len(clean)),
		})
	}
	return nil
}

// firstSale starts the program, takes the first card sale and ends it when
// nothing waits any more. open is how many items waited right after the sale.
func (b *bench) firstSale(dir, address string) (took time.Duration, open int, err error) {
	began := time.Now()
	p, err := launch(b.bin, "headless", "--demo", "--data", dir, "--host", address)
	if err != nil {
		return 0, 0, err
	}
	defer p.end()
	for _, cmd := range []string{`{"cmd":"signin","staff":"1001","pin":"135790"}`, `{"cmd":"scan","code":"6928804002348"}`} {
		if err := p.ask(cmd); err != nil {
			return 0, 0, err
		}
	}
	var paid struct {
		Attempt struct {
			State string `json:"state"`
		} `json:"attempt"`
	}
	if err := p.tell(`{"cmd":"pay","tender":"card","card":"ok"}`, &paid); err != nil {
		return 0, 0, err
	}
	took = time.Since(began)
	if paid.Attempt.State != string(pos.Approved) {
		return 0, 0, fmt.Errorf("the first sale is %s", paid.Attempt.State)
	}
	var q struct {
		Items []struct{} `json:"items"`
	}
	if err := p.tell(`{"cmd":"queue"}`, &q); err != nil {
		return 0, 0, err
	}
	for _, cmd := range []string{`{"cmd":"forward","timeout_ms":60000}`, `{"cmd":"quit"}`} {
		if err := p.ask(cmd); err != nil {
			return 0, 0, err
		}
	}
	return took, len(q.Items), nil
}
