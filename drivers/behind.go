package drivers

import (
	"context"
	"time"

	"tillkeeper/app/pos"
)

// causeFor is how long a cause stands before it is searched for again: the
// program that has a device may end, and nothing tells of that.
const causeFor = 5 * time.Second

// cause is what was found behind a condition of a unit.
type cause struct {
	of, is pos.Condition
	plugs  int64
	when   time.Time
}

// behind is a condition of a unit with what is behind it, as the devices page
// shows it without a check: who has the device, which group to join. It asks the
// machine and no device, when the condition is another one, something was
// plugged in or out, or causeFor has passed.
func (s *Set) behind(ctx context.Context, u *unit, c pos.Condition) pos.Condition {
	if u == nil || c.State != "fault" && c.State != "warn" || u.behind == nil && len(u.at) != 1 {
		return c
	}
	plugs := s.plugs.Load()
	u.mu.Lock()
	defer u.mu.Unlock()
	k := &u.cause
	if k.of.State == c.State && k.of.Code == c.Code && k.of.Detail == c.Detail && k.plugs == plugs && time.Since(k.when) < causeFor {
		return k.is
	}
	*k = cause{of: c, plugs: plugs}
	if u.behind != nil {
		k.is = u.behind(ctx)
	} else {
		k.is = s.why(ctx, u.at[0], c)
	}
	k.is.Name, k.when = c.Name, time.Now()
	return k.is
}
