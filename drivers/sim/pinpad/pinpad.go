// Package pinpad is a simulated PIN pad: a device of its own that speaks the
// bytes of drivers/pinpad and holds TMK, PIK and MAK in a demo key store.
//
// Promise: what leaves it is MACs, check values and encrypted PIN blocks; a key
// or a PIN never does. A PIN is used for one entry and forgotten. It can run
// inside the till (Open) or, over any byte stream, in a process of its own
// (Serve). Amounts are in minor units.
package pinpad

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"tillkeeper/drivers/acquirer/wire"
	"tillkeeper/drivers/keys"
	pad "tillkeeper/drivers/pinpad"
)

const (
	version     = 1
	amountBytes = 8
	leastPIN    = 4
	mostPIN     = 12
	leastPAN    = 13
	mostPAN     = 19
)

// ErrPAN means that a PIN block was asked for something that is not a card number.
var ErrPAN = errors.New("sim pinpad: not a card number")

// Sim is the simulated pad; its methods may be called by several goroutines.
type Sim struct {
	// Patience is how long the pad waits for the customer; zero waits until the till ends it. Set before use.
	Patience time.Duration

	store *keys.Demo

	mu      sync.Mutex
	entry   *entry        // what the customer will do or has done
	entered chan struct{} // closed and made anew when entry is set
	waiting bool
	amount  int64
}

// entry is one action of the customer: a PIN and OK, or the cancel key.
type entry struct {
	pin       string
	cancelled bool
}

// New makes a pad that keeps its keys in store.
func New(store *keys.Demo) *Sim {
	return &Sim{store: store, entered: make(chan struct{})}
}

// Enter keys a PIN in: for the entry that waits, else for the next one. A later Enter replaces one not yet used; a PIN of other than 4 to 12 digits cancels.
func (s *Sim) Enter(pin string) {
	ok := len(pin) >= leastPIN && len(pin) <= mostPIN && digits(pin)
	s.put(&entry{pin: pin, cancelled: !ok})
}

// Cancel presses the cancel key: for the entry that waits, else for the next one.
func (s *Sim) Cancel() { s.put(&entry{cancelled: true}) }

// Clear forgets a PIN that was keyed in and not used.
func (s *Sim) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entry = nil
}

// Waiting tells whether the pad asks for a PIN now, and the amount it shows.
func (s *Sim) Waiting() (amount int64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.amount, s.waiting
}

func (s *Sim) put(e *entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entry = e
	close(s.entered)
	s.entered = make(chan struct{})
}

// Open answers the till's end of a line to this pad; closing it ends the line. It is an Opener of drivers/pinpad.
func (s *Sim) Open(context.Context) (io.ReadWriteCloser, error) {
	till, device := net.Pipe()
	go s.Serve(context.Background(), device) //nolint:errcheck // ends with the till's end
	return till, nil
}

// Listen serves the tills that connect to l, one after the other, until ctx ends; so the pad is a process of its own.
func (s *Sim) Listen(ctx context.Context, l net.Listener) error {
	unhook := context.AfterFunc(ctx, func() { l.Close() }) //nolint:errcheck // Accept tells
	defer unhook()
	for {
		till, err := l.Accept()
		if err != nil {
			return err
		}
		s.Serve(ctx, till) //nolint:errcheck // the next till is waited for
	}
}

// Serve speaks the pad's protocol over rw until it ends or ctx does; then rw is closed.
func (s *Sim) Serve(ctx context.Context, rw io.ReadWriteCloser) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	unhook := context.AfterFunc(ctx, func() { rw.Close() }) //nolint:errcheck // the reader tells
	defer unhook()
	c := &session{sim: s, rw: rw}
	defer c.wait.Wait()
	defer stop()
	r := bufio.NewReader(rw)
	for {
		f, err := pad.ReadFrame(r)
		switch {
		case errors.Is(err, pad.ErrDamaged):
			err = c.send([]byte{pad.NAK})
		case errors.Is(err, pad.ErrNAK):
			err = c.again()
		case err == nil:
			err = c.handle(ctx, f)
		}
		if err != nil {
			return err
		}
	}
}

// session is one line to a till.
type session struct {
	sim  *Sim
	rw   io.Writer
	wait sync.WaitGroup

	mu     sync.Mutex
	last   pad.Frame // the last answer, without data: none
	asking byte      // sequence number of the CmdPIN that waits
	quit   context.CancelFunc
}

func (c *session) send(b []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := c.rw.Write(b)
	return err
}

func (c *session) again() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.last.Data) == 0 {
		return nil
	}
	_, err := c.rw.Write(c.last.Bytes())
	return err
}

func (c *session) reply(to pad.Frame, status byte, data []byte) error {
	f := pad.Frame{Cmd: to.Cmd | pad.Answer, Seq: to.Seq, Data: append([]byte{status}, data...)}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = f
	_, err := c.rw.Write(f.Bytes())
	return err
}

// handle does one command; a PIN entry goes on in the background, so that CmdCancel is heard.
func (c *session) handle(ctx context.Context, f pad.Frame) error {
	c.mu.Lock()
	repeated := f.Cmd != pad.CmdInfo && c.last.Seq == f.Seq && c.last.Cmd == f.Cmd|pad.Answer && len(c.last.Data) > 0
	quit, asking := c.quit, c.asking
	c.mu.Unlock()
	switch {
	case repeated:
		return c.again()
	case f.Cmd == pad.CmdCancel:
		if quit != nil && asking == f.Seq {
			quit()
			c.wait.Wait()
		}
		return c.reply(f, pad.StatusOK, nil)
	case quit != nil && f.Cmd == pad.CmdPIN && asking == f.Seq:
		return nil // the same command again: its entry goes on
	case quit != nil:
		return c.reply(f, pad.StatusBusy, nil)
	case f.Cmd == pad.CmdPIN:
		ctx, stop := context.WithCancel(ctx)
		c.mu.Lock()
		c.quit, c.asking = stop, f.Seq
		c.mu.Unlock()
		c.wait.Go(func() { c.ask(ctx, stop, f) })
		return nil
	}
	status, data := c.sim.do(ctx, f)
	return c.reply(f, status, data)
}

func (c *session) ask(ctx context.Context, stop context.CancelFunc, f pad.Frame) {
	defer stop()
	status, data := c.sim.pin(ctx, f.Data)
	c.mu.Lock()
	c.quit = nil
	c.mu.Unlock()
	c.reply(f, status, data) //nolint:errcheck // the reader finds the same fault
}

// do answers the commands that need no customer.
func (s *Sim) do(ctx context.Context, f pad.Frame) (status byte, data []byte) {
	switch f.Cmd {
	case pad.CmdInfo:
		_, err := s.store.Working()
		return pad.StatusOK, []byte{version, 1, flag(err == nil)}
	case pad.CmdTMK:
		kcv, err := keys.KCV(f.Data)
		if err == nil {
			err = s.store.SetTMK(f.Data)
		}
		return statusOf(err), kcv
	case pad.CmdLoad:
		layout, f62, err := split(f.Data)
		if err == nil {
			err = s.store.LoadKeys(ctx, f62, layout)
		}
		return statusOf(err), nil
	case pad.CmdMAC:
		algorithm, text, err := split(f.Data)
		if err != nil {
			return pad.StatusRefused, nil
		}
		w, err := s.store.Working()
		if err != nil {
			return statusOf(err), nil
		}
		mac, err := wire.MAC(algorithm, w.MAK, text)
		return statusOf(err), mac
	}
	return pad.StatusRefused, nil
}

func flag(b bool) byte {
	if b {
		return 1
	}
	return 0
}

func statusOf(err error) byte {
	switch {
	case err == nil:
		return pad.StatusOK
	case errors.Is(err, keys.ErrNoKeys):
		return pad.StatusNoKeys
	case errors.Is(err, keys.ErrKCV):
		return pad.StatusKCV
	}
	return pad.StatusRefused
}

func split(data []byte) (name string, rest []byte, err error) {
	if len(data) == 0 || len(data) < 1+int(data[0]) {
		return "", nil, fmt.Errorf("%w: the name is cut off", pad.ErrRefused)
	}
	n := 1 + int(data[0])
	return string(data[1:n]), data[n:], nil
}

// pin waits for the customer and answers the encrypted block.
func (s *Sim) pin(ctx context.Context, data []byte) (status byte, block []byte) {
	if len(data) < amountBytes {
		return pad.StatusRefused, nil
	}
	w, err := s.store.Working()
	if err != nil || w.PIK == nil {
		return pad.StatusNoKeys, nil
	}
	amount := int64(binary.BigEndian.Uint64(data)) //nolint:gosec // the till wrote it from a signed one
	pan := string(data[amountBytes:])
	if _, err := Block0("0000", pan); err != nil {
		return pad.StatusRefused, nil
	}
	e, status := s.customer(ctx, amount)
	if status != pad.StatusOK {
		return status, nil
	}
	plain, err := Block0(e.pin, pan)
	if err != nil {
		return pad.StatusRefused, nil
	}
	out, err := keys.EncryptECB(w.PIK, plain[:])
	return statusOf(err), out
}

// customer takes the entry, or waits for one.
func (s *Sim) customer(ctx context.Context, amount int64) (*entry, byte) {
	var late <-chan time.Time
	if s.Patience > 0 {
		t := time.NewTimer(s.Patience)
		defer t.Stop()
		late = t.C
	}
	for {
		s.mu.Lock()
		e, entered := s.entry, s.entered
		s.entry, s.waiting, s.amount = nil, e == nil, amount
		s.mu.Unlock()
		if e != nil && e.cancelled {
			return nil, pad.StatusCancelled
		}
		if e != nil {
			return e, pad.StatusOK
		}
		status := byte(pad.StatusOK)
		select {
		case <-entered:
			continue
		case <-late:
			status = pad.StatusTimeout
		case <-ctx.Done():
			status = pad.StatusCancelled
		}
		s.mu.Lock()
		s.waiting = false
		s.mu.Unlock()
		return nil, status
	}
}

// Block0 answers the clear PIN block of ISO 9564 format 0: the PIN field XOR the last twelve digits of the card number before its check digit.
func Block0(pin, pan string) ([8]byte, error) {
	var out [8]byte
	if len(pan) < leastPAN || len(pan) > mostPAN || !digits(pan) {
		return out, ErrPAN
	}
	text := fmt.Sprintf("0%X%s", len(pin), pin)
	tail := "0000" + pan[len(pan)-13:len(pan)-1]
	for i := range 16 {
		n := byte(0xF)
		if i < len(text) {
			n = nibble(text[i])
		}
		n ^= nibble(tail[i])
		out[i/2] = out[i/2]<<4 | n
	}
	return out, nil
}

func nibble(c byte) byte {
	if c >= 'A' {
		return c - 'A' + 10
	}
	return c - '0'
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
