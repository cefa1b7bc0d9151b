package drivers

import (
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
