// Package health is the self-test: it looks at each part of the till, moves
// nothing, and names what is wrong in a closed list of codes. A root cause hides
// its consequences: without a line nobody is told about the sign-on too.
package health

import (
	"context"
	"errors"
	"strconv"
	"time"

	"tillkeeper/app/pos"
)

// Parts are what is looked at.
type Parts struct {
	Journal func() (records uint64, err error)
	Room    func() (pos.Room, error)
	Probe   func(ctx context.Context) error // of the host
	Ready   func() bool                     // working keys are loaded
	Batch   func() string
	Filling func() pos.Condition // how full the open batch is; nil: not asked
	Skew    func() int64         // host's clock less ours, seconds
	Devices func(ctx context.Context) []pos.Condition
}

// maxSkew is how far the clock may be off before it is said, in seconds.
const maxSkew = 600

// SelfTest gives one condition a part, in the order in which they matter. The
// host and the devices are looked at side by side: each may be silent.
func SelfTest(ctx context.Context, p Parts) []pos.Condition {
	devices := make(chan []pos.Condition, 1)
	go func() { devices <- p.Devices(ctx) }()
	began := time.Now()
	n, err := p.Journal()
	journal := judge("journal", err, "journal_fault")
	if err == nil {
		journal.Detail = strconv.FormatUint(n, 10)
	}
	journal.Took = time.Since(began)
	began = time.Now()
	host := judge("host", p.Probe(ctx), "no_line")
	host.Took = time.Since(began)
	keys := pos.Condition{Name: "keys", State: "ok", Detail: p.Batch()}
	if !p.Ready() && host.State == "ok" {
		keys.State, keys.Code = "warn", "not_signed_on"
	}
	clock := pos.Condition{Name: "clock", State: "ok", Detail: strconv.FormatInt(p.Skew(), 10)}
	if s := p.Skew(); s > maxSkew || s < -maxSkew {
		clock.State, clock.Code = "warn", "clock_off"
	}
	out := []pos.Condition{journal, disk(p.Room), clock, keys}
	if p.Filling != nil {
		if c := p.Filling(); c.State != "ok" {
			out = append(out, c)
		}
	}
	return append(append(out, <-devices...), host)
}

// disk says whether the journal has room, and long before it has none that it will be so.
func disk(room func() (pos.Room, error)) pos.Condition {
	r, err := room()
	if c, low := r.Condition(); low && err == nil {
		return c
	}
	return judge("disk", err, "disk_full")
}

// remarked is an error that knows more than its code says.
type remarked interface {
	error
	Remark() pos.Remark
}

func judge(name string, err error, code string) pos.Condition {
	var named *pos.Error // it knows better
	if errors.As(err, &named) && named.Code != "" {
		code = named.Code
	}
	if err != nil {
		c := pos.Condition{Name: name, State: "fault", Code: code, Detail: err.Error()}
		var told remarked
		if errors.As(err, &told) {
			c.Found = []pos.Remark{told.Remark()}
		}
		return c
	}
	return pos.Condition{Name: name, State: "ok"}
}
