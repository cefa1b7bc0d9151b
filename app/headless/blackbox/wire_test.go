package blackbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"tillkeeper/app/headless/blackbox/child"
	"tillkeeper/drivers/drivertest"
)

// wire is the line between the till and the acquirer: a toxiproxy in this
// process, at an address that it keeps.
type wire struct{ proxy *toxiproxy.Proxy }

// wireLimit is far beyond what any change of the line needs.
const wireLimit = 10 * time.Second

var errWire = errors.New("the line does not obey")

func newWire(upstream string) (*wire, error) {
	zerolog.SetGlobalLevel(zerolog.Disabled) // some toxics have a logger of their own
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	addr, err := drivertest.Address()
	if err != nil {
		return nil, err
	}
	w := &wire{proxy: toxiproxy.NewProxy(server, "line", addr, upstream)}
	return w, w.proxy.Start()
}

func (w *wire) addr() string { return w.proxy.Listen }

// within runs f on the proxy, which may not take for ever: one that hangs keeps
// the proxy that it has, while the line gets another one.
func (w *wire) within(f func(*toxiproxy.Proxy) error) error {
	done, proxy := make(chan error, 1), w.proxy
	go func() { done <- f(proxy) }()
	select {
	case err := <-done:
		return err
	case <-time.After(wireLimit):
		return errWire
	}
}

func (w *wire) cut() error {
	return w.within(func(p *toxiproxy.Proxy) error { p.Stop(); return nil })
}

func (w *wire) mend() error {
	return w.within(func(p *toxiproxy.Proxy) error {
		p.Toxics.ResetToxics(context.Background())
		if err := p.Start(); err != nil && !errors.Is(err, toxiproxy.ErrProxyAlreadyStarted) {
			return err
		}
		return nil
	})
}

// toxic spoils one direction of the line: "upstream" is what the till says.
func (w *wire) toxic(kind, stream string, attributes map[string]int64) error {
	raw, err := json.Marshal(map[string]any{"type": kind, "stream": stream, "attributes": attributes})
	if err != nil {
		return err
	}
	return w.within(func(p *toxiproxy.Proxy) error {
		_, err := p.Toxics.AddToxicJson(bytes.NewReader(raw))
		return err
	})
}

// weather makes one trouble after the other while the till sells, each for a
// moment, with a quiet moment in between.
type weather struct {
	*wire
	dice  *rand.Rand
	shop  *shop
	stop  chan struct{}
	ended chan error
	mu    sync.Mutex
	count map[string]int
}

// moment is a time up to limit, at least a tenth of it.
func (w *weather) moment(limit time.Duration) time.Duration {
	return limit/10 + time.Duration(w.dice.Int64N(int64(limit)))
}

// rest waits; false when the round is over.
func (w *weather) rest(limit time.Duration) bool {
	t := time.NewTimer(w.moment(limit))
	defer t.Stop()
	select {
	case <-w.stop:
		return false
	case <-t.C:
		return true
	}
}

// begin lets the weather loose on a till that has just been opened.
func (w *weather) begin(till *child.Process) {
	w.stop, w.ended = make(chan struct{}), make(chan error, 1)
	go func() { w.ended <- w.storm(till) }()
}

// end waits until the line is whole again.
func (w *weather) end() error {
	close(w.stop)
	return <-w.ended
}

func (w *weather) storm(till *child.Process) error {
	for w.rest(quiet) {
		kind := troubles[w.dice.IntN(len(troubles))]
		w.mu.Lock()
		w.count[kind]++
		w.mu.Unlock()
		err := w.trouble(kind, till)
		if errors.Is(err, errWire) {
			err = w.replace()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
	}
	return nil
}

// replace puts another proxy in the place of one that has locked itself up, as
// toxiproxy does now and then when a link ends while a toxic comes or goes. The
// till of this round is left with a dead line, the next one dials the new one.
func (w *weather) replace() error {
	fresh, err := newWire(w.shop.Addr)
	if err != nil {
		return err
	}
	w.proxy = fresh.proxy
	w.shop.Front = fresh.addr()
	return nil
}

// The longest moments of a round of a second.
const (
	quiet = 250 * time.Millisecond
	rough = 300 * time.Millisecond
)

// troubles are what may happen to a line and to the two machines at its ends.
var troubles = []string{
	"cut", "reset", "slice", "stall", "delay", "slow", "half", "freeze till", "freeze acquirer", "kill acquirer",
}

// side is a direction of the line.
func (w *weather) side() string { return []string{"upstream", "downstream"}[w.dice.IntN(2)] }

// trouble is one of them, from its beginning to its end.
func (w *weather) trouble(kind string, till *child.Process) error {
	switch kind {
	case "freeze till":
		return w.freeze(till)
	case "freeze acquirer":
		return w.freeze(w.shop.Acquirer)
	case "kill acquirer":
		w.shop.CloseHost()
		w.rest(rough)
		return w.shop.OpenHost("")
	}
	if err := w.spoil(kind); err != nil {
		return err
	}
	w.rest(rough)
	return w.mend()
}

func (w *weather) spoil(kind string) error {
	switch kind {
	case "cut":
		return w.cut()
	case "reset":
		return w.toxic("reset_peer", w.side(), map[string]int64{"timeout": w.dice.Int64N(60)})
	case "slice":
		return w.toxic("slicer", w.side(), map[string]int64{"average_size": 1 + w.dice.Int64N(40), "delay": w.dice.Int64N(5000)})
	case "stall":
		return w.toxic("timeout", w.side(), map[string]int64{"timeout": 0})
	case "delay":
		return w.toxic("latency", w.side(), map[string]int64{"latency": 50 + w.dice.Int64N(350), "jitter": 40})
	case "slow":
		return w.toxic("bandwidth", w.side(), map[string]int64{"rate": 1 + w.dice.Int64N(2)})
	case "half":
		return w.toxic("limit_data", w.side(), map[string]int64{"bytes": 1 + w.dice.Int64N(600)})
	}
	return fmt.Errorf("%w: no such trouble", errWire)
}

// freeze stops a process for a moment, which then goes on as if nothing had
// happened. One that the power cut ended meanwhile is no error.
func (w *weather) freeze(p *child.Process) error {
	if p.Cmd.Process.Signal(syscall.SIGSTOP) != nil {
		return nil
	}
	w.rest(rough)
	_ = p.Cmd.Process.Signal(syscall.SIGCONT) //nolint:errcheck // it may have been killed
	return nil
}

// Test_wire_loop puts a toxiproxy between the till and the acquirer, two
// processes, and lets the line be cut, reset, sliced, stalled, delayed, slow
// and short, freezes and kills both ends. Afterwards the books of both sides
// agree to the fen, and whatever was answered is found again.
func Test_wire_loop(t *testing.T) {
	t.Parallel()
	n, s := rounds(t, wireRounds), seed(t)
	l := newLoop(t, s)
	line, err := newWire(l.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer line.proxy.Stop()
	l.Front = line.addr()
	w := &weather{wire: line, dice: rand.New(rand.NewPCG(s, 2)), shop: l.shop, count: map[string]int{}}
	l.weather = w
	l.run(n)
	if err := w.mend(); err != nil {
		t.Fatal(err)
	}
	l.evening()
	t.Logf("troubles: %v", w.count)
	for _, kind := range troubles {
		if w.count[kind] == 0 && n >= wireRounds {
			t.Errorf("%s never happened", kind)
		}
	}
	if l.count["reversing"] == 0 && n >= wireRounds {
		t.Error("no answer was lost: the line was too good")
	}
}
