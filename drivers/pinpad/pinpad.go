// Package pinpad drives a PIN pad: the device that holds the terminal's keys
// (TMK, PIK, MAK) and takes the customer's PIN.
//
// Promise: the till's side passes field 62 through and gets MACs and encrypted
// PIN blocks back. It never holds TMK or PIK and never sees a PIN; nothing of
// a card number is logged or put into an error text. A command that was lost on
// the wire is sent again with its sequence number and is not done twice. A line
// that broke is opened again at the next call.
//
// Layout on the wire (serial 8N1 or any byte stream), both directions:
//
//	STX | LEN(2, big-endian) | CMD | SEQ | DATA | ETX | LRC
//
// LEN counts CMD, SEQ and DATA; LRC is the XOR of all bytes from LEN to ETX.
// An answer repeats SEQ, has bit 7 of CMD set, and its DATA begins with a
// status byte. A side that got a damaged frame sends NAK (0x15) alone and gets
// the last frame again. The pad keeps its last answer: a command with the same
// SEQ and CMD is answered from there, until CmdInfo makes it forget. While
// CmdPIN waits for the customer every command but CmdCancel (with the SEQ of
// that CmdPIN) is answered busy; CmdPIN answers cancelled, then CmdCancel ok.
package pinpad

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"tillkeeper/app/pos"
)

// The ways in which a command ends without a result; errors.Is and the codes of pos.Error find them.
var (
	// ErrCancelled means that the customer or the cashier ended the PIN entry.
	ErrCancelled error = &pos.Error{Code: "pin_cancelled", Message: "the PIN entry was cancelled", Remedy: "present the card again, or take another tender"}
	// ErrTimeout means that the customer entered no PIN in time.
	ErrTimeout error = &pos.Error{Code: "pin_timeout", Message: "no PIN was entered in time", Remedy: "present the card again"}
	// ErrNoKeys means that the pad has no working keys.
	ErrNoKeys = pos.ErrNoKeys
	// ErrKCV means that the pad found the working keys not to match their check values.
	ErrKCV error = &pos.Error{Code: "kcv_mismatch", Message: "working keys do not match their check values", Remedy: "sign on again"}
	// ErrRefused means that the pad does not take the command or its data.
	ErrRefused error = &pos.Error{Code: "pinpad_refused", Message: "the PIN pad does not take this command", Remedy: "restart the PIN pad"}
	// ErrOffline means that the pad does not answer.
	ErrOffline error = &pos.Error{Code: "offline", Message: "the PIN pad does not answer", Remedy: "check its power and cable"}
	// ErrUnplugged means that the line to the pad is gone.
	ErrUnplugged error = &pos.Error{Code: "unplugged", Message: "the PIN pad is not connected", Remedy: "plug it in"}
)

const (
	sendTries    = 3               // of one command over a line that damages frames
	replyWait    = 2 * time.Second // of every command but the PIN entry
	tmkBytes     = 16
	amountBytes  = 8
	answerFrames = 4 // answers read ahead and not yet taken
)

// Opener opens the line to the pad, e.g. a serial port.
type Opener func(ctx context.Context) (io.ReadWriteCloser, error)

// Pad is the driver of one PIN pad; its methods may be called by several goroutines and take turns.
type Pad struct {
	open Opener
	turn chan struct{} // holds one token: who has it speaks
	line *line         // guarded by turn
	seq  byte
}

// line is one open connection and the goroutine that reads it until it ends.
type line struct {
	rw     io.ReadWriteCloser
	events chan event
	stop   chan struct{}
}

type event struct {
	frame Frame
	err   error
}

// New makes a driver; the line is opened at the first command.
func New(open Opener) *Pad {
	p := &Pad{open: open, turn: make(chan struct{}, 1)}
	p.turn <- struct{}{}
	return p
}

// Close ends the line; a later command opens it again.
func (p *Pad) Close() error {
	<-p.turn
	defer func() { p.turn <- struct{}{} }()
	return p.drop()
}

func (p *Pad) drop() error {
	if p.line == nil {
		return nil
	}
	l := p.line
	p.line = nil
	close(l.stop)
	return l.rw.Close()
}

// Info is what a pad says of itself.
type Info struct {
	Version  byte
	HasTMK   bool
	HasKeys  bool
	Answered time.Duration // how long the answer took
}

// Info asks the pad for its state; it moves nothing and shows nothing.
func (p *Pad) Info(ctx context.Context) (Info, error) {
	began := time.Now()
	b, err := p.do(ctx, CmdInfo, nil)
	if err != nil {
		return Info{}, err
	}
	if len(b) != 3 {
		return Info{}, ErrRefused
	}
	return Info{Version: b[0], HasTMK: b[1] == 1, HasKeys: b[2] == 1, Answered: time.Since(began)}, nil
}

// HasKeys tells whether working keys are loaded.
func (p *Pad) HasKeys(ctx context.Context) (bool, error) {
	i, err := p.Info(ctx)
	return i.HasKeys, err
}

// LoadTMK injects a terminal master key of 16 bytes and answers its check value (4 bytes).
func (p *Pad) LoadTMK(ctx context.Context, tmk []byte) ([4]byte, error) {
	var kcv [4]byte
	if len(tmk) != tmkBytes {
		return kcv, ErrRefused
	}
	b, err := p.do(ctx, CmdTMK, tmk)
	if err == nil && copy(kcv[:], b) != len(kcv) {
		err = ErrRefused
	}
	return kcv, err
}

// LoadKeys passes field 62 of a sign-on answer through; layout is its network code or text. ErrKCV: the pad has no working keys now.
func (p *Pad) LoadKeys(ctx context.Context, f62 []byte, layout string) error {
	data, err := named(layout, f62)
	if err != nil {
		return err
	}
	_, err = p.do(ctx, CmdLoad, data)
	return err
}

// MAC answers field 64 over data under the pad's MAK.
func (p *Pad) MAC(ctx context.Context, algorithm string, data []byte) ([8]byte, error) {
	frame, err := named(algorithm, data)
	if err != nil {
		return [8]byte{}, err
	}
	return eight(p.do(ctx, CmdMAC, frame))
}

// PINBlock asks the customer for the PIN and answers the encrypted block (ISO 9564 format 0, DE 52) for this card number; amount in minor units is what the pad shows.
func (p *Pad) PINBlock(ctx context.Context, pan string, amount int64) ([8]byte, error) {
	data := make([]byte, amountBytes, amountBytes+len(pan))
	binary.BigEndian.PutUint64(data, uint64(amount)) //nolint:gosec // the pad reads it back as signed
	return eight(p.do(ctx, CmdPIN, append(data, pan...)))
}

// Condition asks the pad and answers its state for the self-test.
func (p *Pad) Condition(ctx context.Context) pos.Condition {
	c := pos.Condition{Name: "pinpad", State: "ok"}
	i, err := p.Info(ctx)
	c.Took = i.Answered
	var e *pos.Error
	switch {
	case errors.As(err, &e):
		c.State, c.Code, c.Detail = "fault", e.Code, e.Message
	case err != nil:
		c.State, c.Code, c.Detail = "fault", "offline", err.Error()
	case !i.HasTMK:
		c.State, c.Code, c.Detail = "fault", "not_configured", "the PIN pad holds no master key"
	}
	return c
}

func named(name string, data []byte) ([]byte, error) {
	if len(name) > 255 || 1+len(name)+len(data) > MaxData {
		return nil, ErrRefused
	}
	out := make([]byte, 0, 1+len(name)+len(data))
	out = append(out, byte(len(name)))
	out = append(out, name...)
	return append(out, data...), nil
}

func eight(b []byte, err error) ([8]byte, error) {
	var out [8]byte
	if err != nil {
		return out, err
	}
	if len(b) != len(out) {
		return out, ErrRefused
	}
	copy(out[:], b)
	return out, nil
}

// do sends one command and waits for its answer.
func (p *Pad) do(ctx context.Context, cmd byte, data []byte) ([]byte, error) {
	select {
	case <-p.turn:
	case <-ctx.Done():
		return nil, ended(ctx, cmd)
	}
	defer func() { p.turn <- struct{}{} }()
	if err := ctx.Err(); err != nil {
		return nil, ended(ctx, cmd)
	}
	if err := p.connect(ctx); err != nil {
		return nil, err
	}
	return p.once(ctx, cmd, data)
}

// once does one command on the open line and drops a line that failed.
func (p *Pad) once(ctx context.Context, cmd byte, data []byte) ([]byte, error) {
	p.seq++
	answer, err := p.line.exchange(ctx, Frame{Cmd: cmd, Seq: p.seq, Data: data})
	if err != nil {
		if !errors.Is(err, ErrCancelled) && !errors.Is(err, ErrTimeout) {
			p.drop() //nolint:errcheck // the line failed already, that error is the one told
		}
		return nil, err
	}
	return verdict(answer.Data)
}

// connect opens the line where none is open or the open one has ended. The first command on a line is CmdInfo: it makes the pad forget its last answer, so that no earlier run's answer is taken for one of this run.
func (p *Pad) connect(ctx context.Context) error {
	if p.line != nil && p.line.drain() {
		return nil
	}
	p.drop() //nolint:errcheck // the line has ended already
	rw, err := p.open(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnplugged, err)
	}
	p.line = &line{rw: rw, events: make(chan event, answerFrames), stop: make(chan struct{})}
	go p.line.read()
	_, err = p.once(ctx, CmdInfo, nil)
	return err
}

// ended says how a context ended the command.
func ended(ctx context.Context, cmd byte) error {
	if cmd != CmdPIN {
		return fmt.Errorf("pinpad: given up: %w", ctx.Err())
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return ErrTimeout
	}
	return ErrCancelled
}

func verdict(data []byte) ([]byte, error) {
	if len(data) == 0 {
		return nil, ErrRefused
	}
	switch data[0] {
	case StatusOK:
		return data[1:], nil
	case StatusNoKeys:
		return nil, ErrNoKeys
	case StatusKCV:
		return nil, ErrKCV
	case StatusCancelled:
		return nil, ErrCancelled
	case StatusTimeout:
		return nil, ErrTimeout
	}
	return nil, ErrRefused
}
