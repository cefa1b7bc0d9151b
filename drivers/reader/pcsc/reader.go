package pcsc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"tillkeeper/drivers/reader"
	"tillkeeper/drivers/reader/emv"
)

// The limits of Reader.
const (
	firstPause  = 100 * time.Millisecond // before the daemon is dialled again, doubled
	mostPause   = 2 * time.Second
	openLimit   = 2 * time.Second        // Open waits as long for the first look at the readers
	busyRetry   = 500 * time.Millisecond // before a card that another program holds is tried again
	letGoLimit  = 2 * time.Second        // for the daemon to let a card go
	closeLimit  = 200 * time.Millisecond // the same at the end of the reader
	maxUIDBytes = 10
)

// Opts is what a Reader is made of.
type Opts struct {
	Socket   string              // of pcscd; "" is SocketPath
	Name     string              // the readers to use: pcscd's name, or a part of it in any case; "" is every one but SAM slots
	Terminal func() emv.Terminal // the terminal that a new session runs on
}

// Reader is the till's card reader over all readers of pcscd, or the one named. The first card wins. A card that lies in
// or on a reader when Connect is called is taken, contact and contactless alike: it was the cashier who asked; but no card
// starts anything by itself, and one that a session has is nobody else's. All methods may be called from any goroutine.
type Reader struct {
	opts Opts
	ctx  context.Context // ends with Close
	stop context.CancelFunc
	done chan struct{} // the watch ended

	mu      sync.Mutex
	states  []State
	down    error             // why the readers are not known; nil while they are
	barred  map[string]string // readers whose card cannot be had, and the reason: busy_elsewhere, no_permission
	taken   map[string]bool   // readers that a session has
	held    map[*hold]bool
	used    map[string]uint32 // readers and the event counter of the card that a session had last
	changed chan struct{}     // closed and replaced with every change of the above
	looked  chan struct{}     // closed with the first look at the readers
}

var _ reader.Reader = (*Reader)(nil)

// errNotYet: the readers were not looked at yet.
var errNotYet = errors.New("pcsc: pcscd has not answered yet")

// Open starts to watch the readers. It never fails: what is wrong is State's to say, and a daemon or reader that comes
// later is used when it comes.
func Open(o Opts) *Reader {
	r := &Reader{
		opts: o, done: make(chan struct{}), down: errNotYet, barred: map[string]string{}, taken: map[string]bool{}, held: map[*hold]bool{}, used: map[string]uint32{},
		changed: make(chan struct{}), looked: make(chan struct{}),
	}
	r.ctx, r.stop = context.WithCancel(context.Background())
	go r.watch()
	timer := time.NewTimer(openLimit)
	defer timer.Stop()
	select {
	case <-r.looked:
	case <-timer.C:
	}
	return r
}

// watch keeps the picture of the readers, until Close.
func (r *Reader) watch() {
	defer close(r.done)
	pause := firstPause
	for r.ctx.Err() == nil {
		err := r.follow(func() { pause = firstPause })
		if r.ctx.Err() != nil {
			return
		}
		r.publish(nil, err)
		timer := time.NewTimer(pause)
		select {
		case <-r.ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
		pause = min(2*pause, mostPause)
	}
}

// follow watches over one connection, until it ends.
func (r *Reader) follow(well func()) error {
	client, err := Dial(r.ctx, r.opts.Socket)
	if err != nil {
		return err
	}
	defer client.Close()                                        //nolint:errcheck // it is done with
	defer context.AfterFunc(r.ctx, func() { client.Close() })() //nolint:errcheck,gosec // as above
	states, err := client.Readers(r.ctx)
	for err == nil {
		well()
		r.publish(states, nil)
		states, err = client.Wait(r.ctx, states)
	}
	return err
}

// publish shows a new picture to whoever waits.
func (r *Reader) publish(states []State, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.states, r.down = states, err
	select {
	case <-r.looked:
	default:
		close(r.looked)
	}
	for name := range r.barred {
		if !slices.ContainsFunc(states, func(s State) bool { return s.Name == name && s.Present }) {
			delete(r.barred, name)
		}
	}
	r.tell()
}

// tell wakes everybody. The caller holds r.mu.
func (r *Reader) tell() {
	close(r.changed)
	r.changed = make(chan struct{})
}

// State is empty while a card could be read, else a reason of the closed list: daemon_down, no_permission (for
// pcscd, or for the card in it), no_reader, unplugged (the named reader), busy_elsewhere, device_fault (pcscd speaks another
// version); offline after Close.
func (r *Reader) State() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.ctx.Err() != nil:
		return "offline"
	case r.down != nil && errors.Is(r.down, errNotYet):
		return "daemon_down"
	case r.down != nil:
		return Reason(r.down)
	}
	mine := r.mine()
	switch {
	case len(mine) == 0 && r.opts.Name != "":
		return "unplugged"
	case len(mine) == 0:
		return "no_reader"
	}
	for _, s := range mine {
		if r.barred[s.Name] == "" {
			return ""
		}
	}
	return r.barred[mine[0].Name]
}

// Fault is the error behind State, nil while pcscd is well; its text is for the doctor.
func (r *Reader) Fault() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.down
}

// List looks once at the readers of the pcscd behind a socket ("" is SocketPath), for a search of devices. Errors are those
// of Dial.
func List(ctx context.Context, socket string) ([]State, error) {
	c, err := Dial(ctx, socket)
	if err != nil {
		return nil, err
	}
	defer c.Close() //nolint:errcheck // it was a look
	return c.Readers(ctx)
}

// Readers are those of pcscd that the till may use, for the devices page.
func (r *Reader) Readers() []State {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.mine()
}

// mine are the readers in use: without a name every one that is for cards; else the one of that very name, or where there is
// none those that have it in theirs, because the numbers at the end of a name change with the order of plugging in. The
// caller holds r.mu.
func (r *Reader) mine() []State {
	var out, named []State
	for _, s := range r.states {
		switch {
		case r.opts.Name == "" && !IsSAM(s.Name), r.opts.Name == s.Name:
			out = append(out, s)
		case r.opts.Name != "" && strings.Contains(strings.ToLower(s.Name), strings.ToLower(r.opts.Name)):
			named = append(named, s)
		}
	}
	if len(out) == 0 {
		return named
	}
	return out
}

// Close ends the watch, the sessions' hold of their cards, and whoever waits.
func (r *Reader) Close() error {
	r.stop()
	r.mu.Lock()
	held := make([]*hold, 0, len(r.held))
	for h := range r.held {
		held = append(held, h)
	}
	r.tell()
	r.mu.Unlock()
	for _, h := range held {
		h.letGo(closeLimit) // its session says so at its next step
	}
	<-r.done
	return nil
}

// Connect waits for a card in any of the readers and takes it. The end of the context, or of the reader, ends the wait
// with ErrCancelled. While pcscd is down, or no reader is there, it waits for them too. A card that does not answer its
// reset is ErrCardUnreadable at once, a contact chip ErrChip too.
func (r *Reader) Connect(ctx context.Context, _ reader.Purchase) (reader.Session, error) {
	h, err := r.first(ctx, func(State) bool { return true })
	if err != nil {
		return nil, err
	}
	return reader.NewSession(r.opts.Terminal(), reader.Card{Entry: h.entry, Wire: h, Release: h.release}), nil
}

// UID waits for a contactless card and reads its serial number, 4, 7 or 10 bytes (PC/SC part 3, 3.2.2.1.3). It is the
// number of a member card and belongs in no log.
func (r *Reader) UID(ctx context.Context) ([]byte, error) {
	h, err := r.first(ctx, func(s State) bool { return Contactless(s) })
	if err != nil {
		return nil, err
	}
	answer, err := h.card.Transmit(ctx, []byte{0xFF, 0xCA, 0x00, 0x00, 0x00})
	h.release() //nolint:errcheck,gosec // it never fails
	if err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("%w: %w", reader.ErrCancelled, ctx.Err())
		}
		return nil, err
	}
	n := len(answer) - 2
	if answer[n] != 0x90 || answer[n+1] != 0x00 || n < 4 || n > maxUIDBytes {
		return nil, fmt.Errorf("%w: no serial number", reader.ErrCardUnreadable)
	}
	return answer[:n], nil
}

// first waits for the first card that fits and holds it.
func (r *Reader) first(ctx context.Context, fits func(State) bool) (*hold, error) {
	for {
		r.mu.Lock()
		changed, candidates := r.changed, r.candidates(fits)
		r.mu.Unlock()
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("%w: %w", reader.ErrCancelled, err)
		}
		if r.ctx.Err() != nil {
			return nil, fmt.Errorf("%w: the reader is closed", reader.ErrCancelled)
		}
		h, again, err := r.tryAll(ctx, candidates)
		if h != nil || err != nil {
			return h, err
		}
		r.await(ctx, changed, again)
	}
}

// await sleeps until something changed, or where a card could not be had for the moment until it is worth another try. The
// others who wait then get theirs: this one may be gone by now.
func (r *Reader) await(ctx context.Context, changed <-chan struct{}, again bool) {
	var retry <-chan time.Time
	if again {
		timer := time.NewTimer(busyRetry)
		defer timer.Stop()
		retry = timer.C
	}
	select {
	case <-changed:
		return
	case <-ctx.Done():
	case <-r.ctx.Done():
	case <-retry:
	}
	if again {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.tell()
	}
}

// candidates are the readers with a card that nobody here has. The caller holds r.mu.
func (r *Reader) candidates(fits func(State) bool) []State {
	var out []State
	for _, s := range r.mine() {
		if s.Present && !r.taken[s.Name] && fits(s) {
			out = append(out, s)
		}
	}
	return out
}
