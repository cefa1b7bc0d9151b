package drivers

import (
	"sync"
	"time"
)

// noticeEvery is the time between two looks at what a unit says of itself; that
// asks no device.
const noticeEvery = time.Second

// notice tells of each new condition of a unit whose device does not tell of it:
// a card reader's daemon ends while nobody wants a card. It ends with the unit.
func (s *Set) notice(u *unit) {
	stop, ended, shut := make(chan struct{}), make(chan struct{}), u.close
	last := u.state()
	go func() {
		defer close(ended)
		tick := time.NewTicker(noticeEvery)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
			}
			if now := u.state(); now.State != last.State || now.Code != last.Code {
				last = now
				s.changed()
			}
		}
	}()
	once := sync.OnceFunc(func() { close(stop) })
	u.close = func() error {
		once()
		<-ended
		return shut()
	}
}
