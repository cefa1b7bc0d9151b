package reader_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/drivertest"
	"tillkeeper/drivers/reader"
	"tillkeeper/drivers/sim/card"
)

// pair is a bench of two simulated readers as one; which has the cards is said by at.
func pair(at int) func(t testing.TB, deck []card.Card) drivertest.ReaderBench {
	return func(t testing.TB, deck []card.Card) drivertest.ReaderBench {
		both := []*card.Reader{card.NewReader(deck), card.NewReader(deck)}
		return drivertest.ReaderBench{
			Reader: reader.Many(both[0], both[1]), Remove: both[at].Remove, Entries: []string{reader.Contactless, reader.Chip, reader.Swipe},
			Put: func(c card.Card) {
				if err := both[at].Present(c.Name); err != nil {
					t.Error(err)
				}
			},
		}
	}
}

func TestManyIsAReader(t *testing.T) {
	for at, name := range []string{"the first has the card", "the second has it"} {
		t.Run(name, func(t *testing.T) { drivertest.Reader(t, pair(at)) })
	}
}

// scripted is a reader whose waits are answered by the test.
type scripted struct {
	mu     sync.Mutex
	state  string
	closed int
	waits  chan chan result // each Connect puts one here and waits on it
	ended  chan struct{}    // one for each Connect that ended by its context
}

type result struct {
	session reader.Session
	err     error
}

func newScripted(state string) *scripted {
	return &scripted{state: state, waits: make(chan chan result, 8), ended: make(chan struct{}, 8)}
}

func (s *scripted) Connect(ctx context.Context, _ reader.Purchase) (reader.Session, error) {
	mine := make(chan result)
	s.waits <- mine
	select {
	case r := <-mine:
		return r.session, r.err
	case <-ctx.Done():
		s.ended <- struct{}{}
		return nil, errors.Join(reader.ErrCancelled, ctx.Err())
	}
}

func (s *scripted) State() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

func (s *scripted) set(state string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state = state
}

func (s *scripted) Close() error {
	s.closed++
	return nil
}

// told is a session that counts its ends.
type told struct {
	reader.Session
	closed chan struct{}
}

func (s told) Close() error {
	close(s.closed)
	return nil
}

func connect(r reader.Reader) chan result {
	got := make(chan result, 1)
	go func() {
		s, err := r.Connect(context.Background(), reader.Purchase{})
		got <- result{s, err}
	}()
	return got
}

func TestLosersHaveEndedWhenTheWinnerIsHandedOut(t *testing.T) {
	a, b := newScripted(""), newScripted("")
	got := connect(reader.Many(a, b))
	mine, _ := <-a.waits, <-b.waits
	want := told{closed: make(chan struct{})}
	mine <- result{session: want}
	if r := <-got; r.err != nil || r.session != want {
		t.Fatal(r.err)
	}
	select {
	case <-b.ended:
	default:
		t.Fatal("the other reader waits on")
	}
}

func TestCardThatCameTooLateIsLetGo(t *testing.T) {
	a, b := newScripted(""), newScripted("")
	got := connect(reader.Many(a, b))
	first, second := <-a.waits, <-b.waits
	win, lose := told{closed: make(chan struct{})}, told{closed: make(chan struct{})}
	go func() { second <- result{session: lose} }()
	select {
	case first <- result{session: win}:
	case <-a.ended: // the second was faster
	}
	r := <-got
	if r.err != nil {
		t.Fatal(r.err)
	}
	for _, s := range []told{win, lose} {
		select {
		case <-s.closed:
			if r.session == s {
				t.Error("the winner's session was closed")
			}
		default:
		}
	}
}

func TestDeadReaderDoesNotEndTheWaitOfTheOthers(t *testing.T) {
	dead, well := newScripted("unplugged"), newScripted("")
	got := connect(reader.Many(dead, well))
	<-dead.waits <- result{err: pos.Errorf("unplugged", "", "not there")}
	mine := <-well.waits
	again := <-dead.waits // it is tried again meanwhile
	select {
	case r := <-got:
		t.Fatalf("the wait ended: %v", r.err)
	default:
	}
	dead.set("") // and was plugged in
	want := told{closed: make(chan struct{})}
	again <- result{session: want}
	if r := <-got; r.err != nil || r.session != want {
		t.Fatal(r.err)
	}
	_ = mine
}

func TestNoReaderThatWorksIsAnError(t *testing.T) {
	a, b := newScripted("offline"), newScripted("no_permission")
	m := reader.Many(a, b)
	if m.State() != "no_permission" {
		t.Errorf("state %q", m.State())
	}
	got := connect(m)
	fault := pos.Errorf("offline", "", "silent")
	<-a.waits <- result{err: fault}
	var said *pos.Error
	if r := <-got; !errors.As(r.err, &said) {
		t.Fatalf("got %v", r.err)
	}
}

func TestCardThatCannotBeTakenEndsTheWait(t *testing.T) {
	a, b := newScripted(""), newScripted("")
	got := connect(reader.Many(a, b))
	mine, _ := <-a.waits, <-b.waits
	mine <- result{err: pos.ErrCardUnfit}
	if r := <-got; !errors.Is(r.err, pos.ErrCardUnfit) {
		t.Fatalf("got %v", r.err)
	}
}

func TestStateIsThatOfTheWorst(t *testing.T) {
	for _, c := range []struct {
		states []string
		want   string
	}{
		{[]string{"", "unplugged"}, ""},
		{[]string{"offline", "unplugged"}, "unplugged"},
		{[]string{"unplugged", "daemon_down", "no_reader"}, "daemon_down"},
		{[]string{"wrong_speed", "device_fault"}, "device_fault"},
		{[]string{"offline", "never heard of"}, "never heard of"},
		{nil, "not_configured"},
	} {
		var all []reader.Reader
		for _, s := range c.states {
			all = append(all, newScripted(s))
		}
		if got := reader.Many(all...).State(); got != c.want {
			t.Errorf("%v: %q, want %q", c.states, got, c.want)
		}
	}
}

func TestManyOfOneIsThatOne(t *testing.T) {
	one := newScripted("")
	if reader.Many(one) != reader.Reader(one) {
		t.Error("it was wrapped")
	}
	none := reader.Many()
	if _, err := none.Connect(context.Background(), reader.Purchase{}); err == nil {
		t.Error("a session without a reader")
	}
	a, b := newScripted(""), newScripted("")
	if err := reader.Many(a, b).Close(); err != nil || a.closed != 1 || b.closed != 1 {
		t.Error("not all were closed")
	}
}

// numbered is a reader that tells serial numbers.
type numbered struct {
	*scripted
	uid chan []byte
}

func (n numbered) UID(ctx context.Context) ([]byte, error) {
	select {
	case u := <-n.uid:
		return u, nil
	case <-ctx.Done():
		return nil, reader.ErrCancelled
	}
}

func TestManyTellsSerialNumbersWhereOneReaderDoes(t *testing.T) {
	if _, ok := reader.Many(newScripted(""), newScripted("")).(reader.UIDReader); ok {
		t.Error("nobody knows one")
	}
	n := numbered{newScripted(""), make(chan []byte, 1)}
	r, ok := reader.Many(newScripted(""), n).(reader.UIDReader)
	if !ok {
		t.Fatal("it does not tell them")
	}
	n.uid <- []byte{4, 3, 2, 1}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if got, err := r.UID(ctx); err != nil || len(got) != 4 {
		t.Error(err)
	}
}

// sluggish is a reader that took a card right before the wait was given up, and says so when the other one has ended.
type sluggish struct {
	*scripted
	other   *scripted
	session told
}

func (s sluggish) Connect(ctx context.Context, _ reader.Purchase) (reader.Session, error) {
	<-ctx.Done()
	<-s.other.ended
	return s.session, nil
}

// TestACardThatWasTakenWhileOneGaveUpIsNotDropped: whoever came next waited for a card that lay there, used.
func TestACardThatWasTakenWhileOneGaveUpIsNotDropped(t *testing.T) {
	a := newScripted("")
	b := sluggish{newScripted(""), a, told{closed: make(chan struct{})}}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-a.waits
		cancel()
	}()
	s, err := reader.Many(a, b).Connect(ctx, reader.Purchase{})
	if err != nil || s != reader.Session(b.session) {
		t.Fatalf("%v, %v", s, err)
	}
	select {
	case <-b.session.closed:
		t.Error("the card was let go")
	default:
	}
}
