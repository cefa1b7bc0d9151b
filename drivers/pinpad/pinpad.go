// Package pinpad drives a PIN pad: the device that holds the terminal's keys
// (TMK, PIK, MAK, DUKPT) and takes the customer's PIN.
//
// Promise: the till's side passes field 62 through and gets MACs and encrypted
// PIN blocks back; the components of a TMK are keyed into the pad. The till
// never holds TMK or PIK and never sees a PIN; nothing of a card number is logged or put into an error text. A command that was lost on
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
// CmdPIN or CmdComponent waits for a person every command but CmdCancel (with
// its SEQ) and CmdInfo is answered busy; it answers cancelled, then CmdCancel
// ok. CmdInfo ends it too: a till that begins anew is not locked out by what
// the one before it left waiting.
package pinpad

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync/atomic"
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
	// ErrBypassed means that the customer pressed OK without a PIN, where that was allowed.
	ErrBypassed error = &pos.Error{Code: "pin_bypassed", Message: "the customer entered no PIN", Remedy: "go on without a PIN, or take another tender"}
	// ErrExhausted means that the pad's DUKPT device has used up its keys.
	ErrExhausted error = &pos.Error{Code: "dukpt_exhausted", Message: "the PIN pad has used up its transaction keys", Remedy: "have a new initial key loaded"}
	// ErrNoTMK means that the pad holds no terminal master key.
	ErrNoTMK error = &pos.Error{Code: "no_tmk", Message: "the PIN pad holds no terminal master key", Remedy: "enter its two components"}
	// ErrEntry means that a key component was refused; the *pos.Error around it says why.
	ErrEntry = errors.New("pinpad: key component refused")
	// ErrRefused means that the pad does not take the command or its data.
	ErrRefused error = &pos.Error{Code: "pinpad_refused", Message: "the PIN pad does not take this command", Remedy: "restart the PIN pad"}
	// ErrOffline means that the pad does not answer.
	ErrOffline error = fault{&pos.Error{Code: "offline", Message: "the PIN pad does not answer", Remedy: "check its power and cable"}}
	// ErrUnplugged means that the line to the pad is gone.
	ErrUnplugged error = fault{&pos.Error{Code: "unplugged", Message: "the PIN pad is not connected", Remedy: "plug it in"}}
	// ErrSpeed means that what arrives is no frame at all: the line's speed is not the pad's.
	ErrSpeed error = fault{&pos.Error{Code: "wrong_speed", Message: "the PIN pad speaks at another speed", Remedy: "set the speed of its line to that of the PIN pad"}}
	// ErrNoPermission means that the line to the pad may not be opened.
	ErrNoPermission error = fault{&pos.Error{Code: "no_permission", Message: "the till may not open the PIN pad's line", Remedy: "permit the till's user to use it"}}
	// ErrBusyElsewhere means that another program holds the line to the pad.
	ErrBusyElsewhere error = fault{&pos.Error{Code: "busy_elsewhere", Message: "another program holds the PIN pad's line", Remedy: "end the other program"}}
)

const (
	sendTries    = 3                    // of one command over a line that damages frames
	replyWait    = 2 * time.Second      // of every command but the PIN entry
	byteWait     = 2 * time.Millisecond // more for each byte that has to go out: 1 ms at 9600 baud, and the answer
	amountBytes  = 8
	kcvBytes     = 4
	infoBytes    = 4
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

	sight sight
}

// line is one open connection and the goroutine that reads it until it ends.
type line struct {
	rw     io.ReadWriteCloser
	events chan event
	stop   chan struct{}
	ended  func()       // called once when it has ended by itself
	heard  atomic.Int64 // bytes that arrived
	good   atomic.Bool  // a whole frame was among them
}

type event struct {
	frame Frame
	err   error
}

// New makes a driver; the line is opened at the first command, or by Watch.
func New(open Opener) *Pad {
	p := &Pad{open: open, turn: make(chan struct{}, 1), seq: byte(rand.Uint32())} //nolint:gosec // so that an answer to an earlier run's command fits none of this one
	p.sight.nudge = make(chan struct{}, 1)
	p.sight.last = pos.Condition{Name: "pinpad", State: "ok"}
	p.turn <- struct{}{}
	return p
}

// Close ends the line and the watch; a later command opens the line again.
func (p *Pad) Close() error {
	p.unwatch()
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
	DUKPT    byte          // 't' triple DES, 'a' AES, 0 none
	Answered time.Duration // how long the answer took
}

// Info asks the pad for its state; it moves nothing and shows nothing.
func (p *Pad) Info(ctx context.Context) (Info, error) {
	began := time.Now()
	b, err := p.do(ctx, CmdInfo, nil)
	if err != nil {
		return Info{}, err
	}
	if len(b) != infoBytes {
		return Info{}, ErrRefused
	}
	return Info{Version: b[0], HasTMK: b[1] == 1, HasKeys: b[2] == 1, DUKPT: b[3], Answered: time.Since(began)}, nil
}

// HasKeys tells whether working keys are loaded; ErrNoTMK where none could be.
func (p *Pad) HasKeys(ctx context.Context) (bool, error) {
	i, err := p.Info(ctx)
	if err == nil && !i.HasTMK {
		err = ErrNoTMK
	}
	return i.HasKeys, err
}

// Component has the pad ask its keypad for component 1 or 2 of the TMK, entered by this person, and waits until ctx ends. It answers the check value of the component and, after the second, that of the whole key, which is then in use: sign on. ErrEntry: refused, within a *pos.Error that says why; ErrCancelled, ErrTimeout: not entered.
func (p *Pad) Component(ctx context.Context, number int, person string) (kcv, whole [4]byte, err error) {
	if number != 1 && number != 2 || len(person) > MaxData/2 {
		return kcv, whole, ErrRefused
	}
	b, err := p.do(ctx, CmdComponent, append([]byte{byte(number)}, person...))
	if err == nil && len(b) != number*kcvBytes {
		err = ErrRefused
	}
	if err != nil {
		return kcv, whole, err
	}
	copy(kcv[:], b)
	copy(whole[:], b[kcvBytes:])
	return kcv, whole, nil
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

// Encrypt has the pad encrypt data under the data key of a new transaction of its DUKPT device (CBC, zero vector, zero padded) and answers it with its KSN.
func (p *Pad) Encrypt(ctx context.Context, data []byte) (ksn, sealed []byte, err error) {
	if len(data) > MaxData/2 {
		return nil, nil, ErrRefused
	}
	b, err := p.do(ctx, CmdData, data)
	if err != nil {
		return nil, nil, err
	}
	return prefixed(b)
}

// prefixed splits length 1 | first | rest.
func prefixed(b []byte) (first, rest []byte, err error) {
	if len(b) == 0 || len(b) < 1+int(b[0]) {
		return nil, nil, ErrRefused
	}
	n := 1 + int(b[0])
	return b[1:n], b[n:], nil
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
	if waits(cmd) {
		p.show(pos.Condition{Name: "pinpad", State: "busy"})
	}
	return p.speak(ctx, cmd, data)
}

// speak does one command and keeps in sight what it says of the pad. The caller holds turn.
func (p *Pad) speak(ctx context.Context, cmd byte, data []byte) (answer []byte, err error) {
	defer func() { p.note(cmd, answer, err) }()
	if err = p.connect(ctx); err != nil {
		return nil, err
	}
	return p.once(ctx, sendTries, cmd, data)
}

// once does one command on the open line and drops a line that failed.
func (p *Pad) once(ctx context.Context, tries int, cmd byte, data []byte) ([]byte, error) {
	p.seq++
	answer, err := p.line.exchange(ctx, tries, Frame{Cmd: cmd, Seq: p.seq, Data: data})
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
		return fmt.Errorf("%w: %w", notOpened(err), err)
	}
	p.line = &line{rw: rw, events: make(chan event, answerFrames), stop: make(chan struct{}), ended: p.Nudge}
	go p.line.read()
	tries := sendTries
	if p.State().State == "fault" { // known to be silent: nobody waits for more than one try
		tries = 1
	}
	_, err = p.once(ctx, tries, CmdInfo, nil)
	return err
}

// ended says how a context ended the command.
func ended(ctx context.Context, cmd byte) error {
	if !waits(cmd) {
		return fmt.Errorf("pinpad: given up: %w", ctx.Err())
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return ErrTimeout
	}
	return ErrCancelled
}
