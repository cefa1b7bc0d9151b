package forward

import (
	"context"
	"time"

	"tillkeeper/app/pos"
)

// sensible is the first year in which the clock of a till may stand: one before
// it was never set (1970, 2000, 2015 after a dead battery).
const sensible = 2020

// begin counts what the till may take without a host that never said a word from
// its first opening. A clock that was never set cannot say when that is: it
// counts from when the clock was set.
func (f *Forwarder) begin() {
	if now := f.o.Clock.Now(); now.Year() >= sensible {
		f.lastOnline.CompareAndSwap(nil, &now)
	}
}

// LastOnline is the time of the host's last word, that of the first opening where
// it never said one; zero where the clock cannot tell that either. It is as long
// ago as it is by the monotonic clock, so that setting the clock of a running
// till changes nothing; what an earlier run left is as the clock has it.
func (f *Forwarder) LastOnline() time.Time {
	last := f.lastOnline.Load()
	if last == nil {
		return time.Time{}
	}
	now := f.o.Clock.Now()
	return now.Add(-now.Sub(*last))
}

// Heard says whether the line stands and the host's last word is no older.
func (f *Forwarder) Heard(within time.Duration) bool {
	age := f.o.Clock.Now().Sub(f.LastOnline()) // under zero: the clock was set back
	return age >= 0 && age < within && f.o.Host.Link().State == "online"
}

func (f *Forwarder) heard() {
	now := f.o.Clock.Now()
	f.lastOnline.Store(&now)
}

// onlineEvery is how old the journal's word of the last contact may get.
const onlineEvery = 10 * time.Minute

// rememberPause is the wait after the journal did not take it.
const rememberPause = time.Minute

// rememberOnline keeps the time of the host's last word over a restart: how
// long a till may go on without the host counts from there.
func (w *owner) rememberOnline(ctx context.Context) {
	w.f.begin()
	last, now := w.f.LastOnline().Round(0), w.f.o.Clock.Now()        // by the wall clock: a later run has no other
	if last.IsZero() || last.Sub(w.remembered).Abs() < onlineEvery { // either way: a clock that is set back would not be heard of for as long
		return
	}
	if left := w.rememberAgain.Sub(now); left > 0 && left <= rememberPause {
		return
	}
	c := pos.Commit{Settings: map[string]string{pos.SetLastOnline: last.Format(time.RFC3339)}}
	if _, err := w.f.o.Journal.Append(ctx, c); err != nil {
		w.rememberAgain = now.Add(rememberPause)
		w.fault(err, nil)
		return
	}
	w.remembered = last
}
