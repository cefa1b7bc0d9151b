package drivers

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tillkeeper/app/pos"
)

// TestAReaderThatFailsWhileNobodyWantsACardIsTold: pcscd was killed between two sales and the bar went on calling the reader
// well until somebody touched the till.
func TestAReaderThatFailsWhileNobodyWantsACardIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told, shut atomic.Int32
		var now atomic.Value
		now.Store(pos.Condition{State: "ok"})
		s := &Set{}
		s.OnChange(func() { told.Add(1) })
		u := &unit{
			state: func() pos.Condition { return now.Load().(pos.Condition) },
			close: func() error { shut.Add(1); return nil },
		}
		s.notice(u)
		for i, c := range []pos.Condition{
			{State: "ok", Detail: "the same"},
			{State: "fault", Code: "daemon_down"},
			{State: "fault", Code: "no_reader"},
			{State: "ok"},
		} {
			now.Store(c)
			time.Sleep(3 * noticeEvery)
			if n := int(told.Load()); n != i {
				t.Errorf("after %+v it was told %d times, want %d", c, n, i)
			}
		}
		if err := u.close(); err != nil || shut.Load() != 1 {
			t.Errorf("closed %d times, %v", shut.Load(), err)
		}
		now.Store(pos.Condition{State: "fault"})
		time.Sleep(3 * noticeEvery)
		if told.Load() != 3 {
			t.Error("told of after its end")
		}
	})
}

// TestADriverThatHangsIsNotAskedForEver: each check left one more goroutine behind in a driver that never comes back.
func TestADriverThatHangsIsNotAskedForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var began atomic.Int32
		free := make(chan struct{})
		u := &unit{state: well, check: func(context.Context, pos.Level) pos.Condition {
			began.Add(1)
			<-free
			return well()
		}}
		s := &Set{}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for range 3 * maxLooks {
			if c := s.ask(ctx, u, pos.CheckInternal); c.State != "fault" || c.Code != "offline" || len(c.Found) != 1 || c.Found[0].Code != "check_hangs" {
				t.Errorf("%+v", c)
			}
		}
		if n := began.Load(); n != maxLooks {
			t.Errorf("%d looks hang", n)
		}
		close(free)
		synctest.Wait()
		if c := s.ask(t.Context(), u, pos.CheckInternal); c.State != "ok" || began.Load() != maxLooks+1 {
			t.Errorf("come back, it is %+v after %d looks", c, began.Load())
		}
	})
}
