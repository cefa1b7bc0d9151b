package pinpad

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"time"
)

// read hands what arrives to the exchange until the line ends.
func (l *line) read() {
	r := bufio.NewReader(counted{l})
	for {
		f, err := ReadFrame(r)
		if err == nil {
			l.good.Store(true)
		}
		select {
		case l.events <- event{f, err}:
		case <-l.stop:
			return
		}
		if err != nil && !passing(err) {
			l.ended()
			return
		}
	}
}

// counted counts what arrives on a line.
type counted struct{ *line }

// Read reads from the line.
func (c counted) Read(b []byte) (int, error) {
	n, err := c.rw.Read(b)
	c.heard.Add(int64(n))
	return n, err
}

// silent says what it means that no answer came: bytes that never made a frame are those of another speed.
func (l *line) silent() error {
	if l.heard.Load() > 0 && !l.good.Load() {
		return ErrSpeed
	}
	return ErrOffline
}

// passing tells whether the stream goes on after this error.
func passing(err error) bool { return errors.Is(err, ErrDamaged) || errors.Is(err, ErrNAK) }

// drain forgets what arrived unasked and tells whether the line still stands.
func (l *line) drain() bool {
	for {
		select {
		case e := <-l.events:
			if e.err != nil && !passing(e.err) {
				return false
			}
		default:
			return true
		}
	}
}

// write sends bytes; a line that takes none for replyWait is closed.
func (l *line) write(b []byte) error {
	guard := time.AfterFunc(replyWait, func() { l.rw.Close() }) //nolint:errcheck // the write tells
	defer guard.Stop()
	if _, err := l.rw.Write(b); err != nil {
		return fmt.Errorf("%w: %w", ErrUnplugged, err)
	}
	return nil
}

// exchange sends a command and waits for the answer with its sequence number, at most so many times.
func (l *line) exchange(ctx context.Context, tries int, f Frame) (Frame, error) {
	wire := f.Bytes()
	for range tries {
		if err := l.write(wire); err != nil {
			return Frame{}, err
		}
		answer, err := l.answer(ctx, f)
		if ctx.Err() == nil && (errors.Is(err, ErrOffline) || errors.Is(err, ErrNAK)) {
			continue
		}
		return answer, err
	}
	return Frame{}, l.silent()
}

// answer waits for the answer to f. ErrOffline: none came; ErrNAK: f arrived damaged.
func (l *line) answer(ctx context.Context, f Frame) (Frame, error) {
	var late <-chan time.Time // none for a person, whose time is the context's
	if !waits(f.Cmd) {
		t := time.NewTimer(replyWait + time.Duration(len(f.Data))*byteWait)
		defer t.Stop()
		late = t.C
	}
	for damaged := 0; ; {
		select {
		case e := <-l.events:
			switch {
			case errors.Is(e.err, ErrNAK):
				return Frame{}, ErrNAK
			case errors.Is(e.err, ErrDamaged):
				if damaged++; damaged >= sendTries {
					return Frame{}, l.silent()
				}
				if err := l.write([]byte{NAK}); err != nil {
					return Frame{}, err
				}
			case e.err != nil:
				return Frame{}, fmt.Errorf("%w: %w", ErrUnplugged, e.err)
			case e.frame.Cmd == f.Cmd|Answer && e.frame.Seq == f.Seq:
				return e.frame, nil
			}
		case <-late:
			return Frame{}, l.silent()
		case <-ctx.Done():
			return Frame{}, l.cancel(ctx, f)
		}
	}
}

// cancel ends a waiting entry and says how the command ended.
func (l *line) cancel(ctx context.Context, f Frame) error {
	if !waits(f.Cmd) {
		return ended(ctx, f.Cmd)
	}
	if err := l.write(Frame{Cmd: CmdCancel, Seq: f.Seq}.Bytes()); err != nil {
		return err
	}
	if _, err := l.answer(context.WithoutCancel(ctx), Frame{Cmd: CmdCancel, Seq: f.Seq}); err != nil {
		return err
	}
	return ended(ctx, f.Cmd)
}
