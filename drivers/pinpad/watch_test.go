package pinpad

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"tillkeeper/app/pos"
)

// device is the far end of a line: what it says to each frame, nil for nothing.
func device(answer func(f Frame) []byte) io.ReadWriteCloser {
	till, far := net.Pipe()
	go func() {
		defer far.Close()
		r := bufio.NewReader(far)
		for {
			f, err := ReadFrame(r)
			if err != nil {
				return
			}
			if b := answer(f); b != nil {
				if _, err := far.Write(b); err != nil {
					return
				}
			}
		}
	}()
	return till
}

// well answers CmdInfo as a pad with a master key.
func well(f Frame) []byte {
	return Frame{Cmd: f.Cmd | Answer, Seq: f.Seq, Data: []byte{StatusOK, 3, 1, 0, 0}}.Bytes()
}

func silent(Frame) []byte { return nil }

func noisy(Frame) []byte { return []byte{0xF8, 0xFD, 0xFA} }

// TestWatchTellsEachConditionByItsName goes through what may become of a line, once each, while nobody asks.
func TestWatchTellsEachConditionByItsName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var far atomic.Pointer[func(Frame) []byte]
		var refused atomic.Pointer[error]
		put := func(f func(Frame) []byte, err error) { far.Store(&f); refused.Store(&err) }
		put(well, nil)
		p := New(func(context.Context) (io.ReadWriteCloser, error) {
			if err := *refused.Load(); err != nil {
				return nil, err
			}
			return device(func(f Frame) []byte { return (*far.Load())(f) }), nil
		})
		told := make(chan pos.Condition, 64)
		p.Watch(func(c pos.Condition) { told <- c })
		for _, c := range []struct {
			far  func(Frame) []byte
			err  error
			code string
		}{
			{silent, nil, "offline"},
			{well, nil, ""},
			{func(f Frame) []byte {
				return Frame{Cmd: f.Cmd | Answer, Seq: f.Seq, Data: []byte{StatusOK, 3, 0, 0, 0}}.Bytes()
			}, nil, "no_tmk"},
			{silent, syscall.EACCES, "offline"}, // the line that is open falls silent first
			{silent, syscall.EACCES, "no_permission"},
			{silent, syscall.EBUSY, "busy_elsewhere"},
			{silent, syscall.ENOENT, "unplugged"},
			{noisy, nil, "wrong_speed"},
			{well, nil, ""},
		} {
			put(c.far, c.err)
			got := <-told
			if want := map[bool]string{true: "ok", false: "fault"}[c.code == ""]; got.Name != "pinpad" || got.Code != c.code || got.State != want {
				t.Errorf("%+v, want %s %q", got, want, c.code)
			}
		}
		if s := p.State(); s.State != "ok" {
			t.Errorf("State is %+v", s)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		select {
		case c := <-told:
			t.Errorf("after Close: %+v", c)
		default:
		}
		synctest.Wait()
	})
}

// TestNudgeAndBackOff: a lost pad is looked for ever more seldom, up to a limit, and at once after a Nudge.
func TestNudgeAndBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opened := make(chan time.Time, 64)
		p := New(func(context.Context) (io.ReadWriteCloser, error) {
			opened <- time.Now()
			return nil, syscall.ENOENT
		})
		p.Watch(nil)
		last := <-opened
		for _, want := range []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, retryMost, retryMost} {
			at := <-opened
			if got := at.Sub(last); got != want {
				t.Errorf("after %v, want %v", got, want)
			}
			last = at
		}
		time.Sleep(time.Second)
		p.Nudge()
		p.Nudge()
		if got := (<-opened).Sub(last); got != time.Second {
			t.Errorf("a nudge after %v", got)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestASilentPadHoldsAPaymentUpForOneTryOnly: after it is known to be silent.
func TestASilentPadHoldsAPaymentUpForOneTryOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(func(context.Context) (io.ReadWriteCloser, error) { return device(silent), nil })
		for _, most := range []time.Duration{sendTries * replyWait, replyWait} {
			began := time.Now()
			if _, err := p.MAC(t.Context(), "ecb", nil); !errors.Is(err, ErrOffline) {
				t.Error(err)
			}
			if took := time.Since(began); took > most {
				t.Errorf("%v, want at most %v", took, most)
			}
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestAnswersOfTheWrongShapeAreRefused: what is no block, no MAC, no state is never taken for one.
func TestAnswersOfTheWrongShapeAreRefused(t *testing.T) {
	for name, data := range map[string][]byte{
		"nothing": {}, "no length": {StatusOK}, "a length past the end": {StatusOK, 9, 1}, "a short block": {StatusOK, 6, 1, 2, 3, 4, 5, 6},
		"a block with a serial number": {StatusOK, 8, 1, 2, 3, 4, 5, 6, 7, 8, 9}, "a status of no meaning": {0x7F},
		"an entry error without its reason": {StatusEntry}, "of no meaning": {StatusEntry, 99},
	} {
		p := New(func(context.Context) (io.ReadWriteCloser, error) {
			return device(func(f Frame) []byte {
				if f.Cmd == CmdInfo {
					return well(f)
				}
				return Frame{Cmd: f.Cmd | Answer, Seq: f.Seq, Data: data}.Bytes()
			}), nil
		})
		if r, err := p.PINBlock(t.Context(), pos.PINRequest{PAN: "6224242900000113"}); !errors.Is(err, ErrRefused) || r.Block != nil {
			t.Errorf("%s: %v %+v", name, err, r)
		}
		if _, err := p.MAC(t.Context(), "ecb", nil); !errors.Is(err, ErrRefused) {
			t.Errorf("%s as a MAC: %v", name, err)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestAPadThatIsAskedForTooShortATimeDoesNotAnswer: whoever gives up first, the pad's line or who asks, the reason is the same.
func TestAPadThatIsAskedForTooShortATimeDoesNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(func(context.Context) (io.ReadWriteCloser, error) { return device(silent), nil })
		defer p.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if c := p.Check(ctx, pos.CheckInternal); c.State != "fault" || c.Code != "offline" {
			t.Errorf("%+v", c)
		}
	})
}
