package pcsc_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/drivertest"
	"tillkeeper/drivers/reader"
	"tillkeeper/drivers/reader/emv"
	"tillkeeper/drivers/reader/pcsc"
	"tillkeeper/drivers/sim/card"
	"tillkeeper/drivers/sim/vpcd"
)

const patience = time.Minute

var contactless, chip = deck(reader.Contactless), deck(reader.Chip)

// deck is the good card of an entry.
func deck(entry string) card.Card {
	for _, c := range drivertest.ReaderDeck() {
		if c.Entry == entry {
			return c
		}
	}
	panic("no card of " + entry)
}

func terminal() emv.Terminal {
	t := card.Terminal()
	t.Selection = emv.RandomSelection{}
	return t
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func insert(t *testing.T, d *drivertest.PCSCDaemon, slot int, c card.Card) *vpcd.Card {
	t.Helper()
	in, err := vpcd.Insert(context.Background(), d.VPCD[slot], card.NewChip(c))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(in.Remove)
	return in
}

func open(t *testing.T, o pcsc.Opts) *pcsc.Reader {
	t.Helper()
	o.Terminal = terminal
	r := pcsc.Open(o)
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func dial(t *testing.T, socket string) *pcsc.Client {
	t.Helper()
	c, err := pcsc.Dial(within(t), socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// becomes waits until the reader is in a state.
func becomes(t *testing.T, r *pcsc.Reader, state string) {
	t.Helper()
	for end := time.Now().Add(patience); r.State() != state; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("state %q (%v), want %q", r.State(), r.Fault(), state)
		}
	}
}

func pay(t *testing.T, s reader.Session, want card.Card) {
	t.Helper()
	got, err := s.Read(within(t), drivertest.ReaderPurchase())
	if err == nil && (got.PAN != want.PAN || got.Entry != want.Entry || len(got.F55) == 0) {
		err = fmt.Errorf("entry %q, field 55 of %d bytes, its own number: %v", got.Entry, len(got.F55), got.PAN == want.PAN)
	}
	if err == nil {
		_, err = s.Finish(within(t), reader.Answer{Approved: true, Code: "00"})
	}
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestDaemonComes: no pcscd, then one without readers, then one with readers, then a card; three wait all the time.
func TestDaemonComes(t *testing.T) {
	t.Parallel()
	nowhere := filepath.Join(t.TempDir(), "none")
	if _, err := pcsc.Dial(within(t), nowhere); !errors.Is(err, pcsc.ErrDaemonDown) {
		t.Errorf("no socket: %v", err)
	}
	d := drivertest.EmptyPCSCD(t)
	r := open(t, pcsc.Opts{Socket: d.Socket})
	named := open(t, pcsc.Opts{Socket: d.Socket, Name: slot1})
	becomes(t, r, "no_reader")
	becomes(t, named, "unplugged")
	type got struct {
		s   reader.Session
		err error
	}
	sessions := make(chan got)
	for range 3 {
		go func() {
			s, err := named.Connect(within(t), drivertest.ReaderPurchase())
			sessions <- got{s, err}
		}()
	}
	d.Kill()
	becomes(t, r, "daemon_down")
	d.Restart(t)
	becomes(t, r, "")
	becomes(t, named, "")
	if all, one := len(r.Readers()), len(named.Readers()); all != 2 || one != 1 {
		t.Errorf("%d readers, %d of that name", all, one)
	}
	insert(t, d, 1, contactless)
	for range 3 { // the card lies there: one after the other has it
		g := <-sessions
		if g.err != nil {
			t.Fatal(g.err)
		}
		pay(t, g.s, contactless)
	}
}

// TestDaemonKilled: kill -9 in the middle of a dialogue. The session says so, the reader says so, and those who wait get the
// card when the daemon is back.
func TestDaemonKilled(t *testing.T) {
	t.Parallel()
	d := drivertest.StartPCSCD(t)
	r := open(t, pcsc.Opts{Socket: d.Socket})
	insert(t, d, 0, chip)
	s, err := r.Connect(within(t), drivertest.ReaderPurchase())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Read(within(t), drivertest.ReaderPurchase()); err != nil {
		t.Fatal(err)
	}
	var waiters sync.WaitGroup
	for range 3 {
		waiters.Go(func() {
			s, err := r.Connect(within(t), drivertest.ReaderPurchase())
			if err != nil {
				t.Error(err)
				return
			}
			if got, err := s.Read(within(t), drivertest.ReaderPurchase()); err != nil || got.PAN != chip.PAN {
				t.Errorf("after the daemon came back: %v", err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	d.Kill()
	_, err = s.Finish(within(t), reader.Answer{Approved: true, Code: "00"})
	if !errors.Is(err, pos.ErrCardRemoved) || !errors.Is(err, pcsc.ErrDaemonDown) || pcsc.Reason(err) != "daemon_down" {
		t.Errorf("finish: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	becomes(t, r, "daemon_down")
	d.Restart(t)
	becomes(t, r, "")
	waiters.Wait()
}

// TestKilledInTransmit: the daemon dies, or the till gives up, while the card thinks.
func TestKilledInTransmit(t *testing.T) {
	t.Parallel()
	d := drivertest.StartPCSCD(t)
	c := card.NewChip(contactless)
	asked := c.Hold()
	in, err := vpcd.Insert(context.Background(), d.VPCD[0], c)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Remove()
	r := open(t, pcsc.Opts{Socket: d.Socket})
	s, err := r.Connect(within(t), drivertest.ReaderPurchase())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	read := make(chan error, 1)
	go func() { _, err := s.Read(ctx, drivertest.ReaderPurchase()); read <- err }()
	<-asked
	cancel()
	if err := <-read; !errors.Is(err, reader.ErrCancelled) || !errors.Is(err, context.Canceled) {
		t.Errorf("the till gives up: %v", err)
	}
	if _, err := s.Finish(within(t), reader.Answer{}); err == nil {
		t.Error("finished after that")
	}
	s.Close()
	c.Release()
	asked = c.Hold()
	if s, err = r.Connect(within(t), drivertest.ReaderPurchase()); err != nil {
		t.Fatal(err)
	}
	go func() { _, err := s.Read(within(t), drivertest.ReaderPurchase()); read <- err }()
	<-asked
	d.Kill()
	if err := <-read; !errors.Is(err, pcsc.ErrDaemonDown) || !errors.Is(err, pos.ErrCardRemoved) {
		t.Errorf("the daemon dies: %v", err)
	}
	s.Close()
	c.Release()
}

// TestPlugged: fifty cards put in and taken out, 25 in each of two slots at once; not one is missed.
func TestPlugged(t *testing.T) {
	t.Parallel()
	const rounds = 25
	d := drivertest.StartPCSCD(t)
	var slots sync.WaitGroup
	for slot := range 2 {
		slots.Go(func() {
			c, err := pcsc.Dial(within(t), d.Socket)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			for i := range uint32(rounds) {
				in, err := vpcd.Insert(context.Background(), d.VPCD[slot], card.NewChip([]card.Card{contactless, chip}[i%2]))
				if err != nil {
					t.Error(err)
					return
				}
				for n, present := range []bool{true, false} {
					states, err := c.Readers(within(t))
					for err == nil && states[slot].Present != present {
						states, err = c.Wait(within(t), states)
					}
					if err != nil || states[slot].Counter != 2*i+uint32(n)+1 || (len(states[slot].ATR) != 0) != present {
						t.Errorf("slot %d round %d: %+v %v", slot, i, states, err)
						return
					}
					in.Remove()
				}
			}
		})
	}
	slots.Wait()
}

// TestFirstCardWins: two slots, the card comes to the second; a reader for the first slot alone goes on waiting.
func TestFirstCardWins(t *testing.T) {
	t.Parallel()
	d := drivertest.StartPCSCD(t)
	all := open(t, pcsc.Opts{Socket: d.Socket})
	one := open(t, pcsc.Opts{Socket: d.Socket, Name: slot0})
	ctx, cancel := context.WithCancel(context.Background())
	waits := make(chan error, 1)
	go func() { _, err := one.Connect(ctx, drivertest.ReaderPurchase()); waits <- err }()
	insert(t, d, 1, chip)
	s, err := all.Connect(within(t), drivertest.ReaderPurchase())
	if err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-waits:
		t.Errorf("the named reader took a card that is another's: %v", err)
	default:
	}
	cancel()
	if err := <-waits; !errors.Is(err, reader.ErrCancelled) {
		t.Error(err)
	}
	insert(t, d, 0, contactless)
	other, err := all.Connect(within(t), drivertest.ReaderPurchase()) // the second card, while the first pays
	if err != nil {
		t.Fatal(err)
	}
	pay(t, s, chip)
	becomes(t, all, "")
	pay(t, other, contactless)
}

// TestBusyElsewhere: another program has the card for itself; the till says so, and takes it when it is free.
func TestBusyElsewhere(t *testing.T) {
	t.Parallel()
	d := drivertest.StartPCSCD(t)
	insert(t, d, 0, contactless)
	d.Await(t, 0, true)
	other := dial(t, d.Socket)
	for name, take := range map[string]func() (release func() error, err error){
		"exclusive": func() (func() error, error) {
			h, err := other.Connect(within(t), slot0, pcsc.Exclusive, pcsc.AnyOf)
			return func() error { return h.Disconnect(within(t), pcsc.Reset) }, err
		},
		"transaction": func() (func() error, error) {
			h, err := other.Connect(within(t), slot0, pcsc.Shared, pcsc.AnyOf)
			if err == nil {
				err = h.Begin(within(t))
			}
			return func() error { return errors.Join(h.End(within(t), pcsc.Leave), h.Disconnect(within(t), pcsc.Leave)) }, err
		},
	} {
		release, err := take()
		if err != nil {
			t.Fatal(name, err)
		}
		r := open(t, pcsc.Opts{Socket: d.Socket, Name: slot0})
		got := make(chan error, 1)
		go func() {
			s, err := r.Connect(within(t), drivertest.ReaderPurchase())
			if err == nil {
				err = s.Close()
			}
			got <- err
		}()
		becomes(t, r, "busy_elsewhere")
		if err := release(); err != nil {
			t.Error(name, err)
		}
		if err := <-got; err != nil {
			t.Error(name, err)
		}
		becomes(t, r, "")
	}
}
