package forward

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"testing"
	"time"

	"tillkeeper/app/pos"
)

// keyless is a host whose keys the PIN pad cannot take.
type keyless struct {
	*memHost
	why     error
	offline bool
}

func (k keyless) Ready() bool { return false }

func (k keyless) Link() pos.Link {
	if k.offline {
		return pos.Link{State: "offline", Cause: "network"}
	}
	return pos.Link{State: "online"}
}

func (k keyless) SignOn(context.Context, string, string, string) (pos.SignOnReply, error) {
	return pos.SignOnReply{}, k.why
}

// TestACardPaymentWithoutAMasterKeySaysNoTMK: it once said no_line or
// not_signed_on, and nobody knew that two people had to be called. What is wrong
// with the PIN pad is said in its own words; all else as before.
func TestACardPaymentWithoutAMasterKeySaysNoTMK(t *testing.T) {
	now := time.Now
	j := newMemJournal(now, func(string, ...any) {})
	coded := func(code string) error {
		return fmt.Errorf("loading the keys: %w", &pos.Error{Code: code, Message: code})
	}
	for _, c := range []struct {
		why             error
		online, offline string
	}{
		{coded("no_tmk"), "no_tmk", "no_tmk"},
		{coded("kcv_mismatch"), "kcv_mismatch", "kcv_mismatch"},
		{coded("unplugged"), "unplugged", "unplugged"},
		{&pos.Error{Code: "host_refused", Err: pos.ErrRefused}, "host_refused", "host_refused"},
		{pos.ErrNotSent, "not_signed_on", "no_line"},
		{pos.ErrNoAnswer, "not_signed_on", "no_line"},
	} {
		for _, offline := range []bool{false, true} {
			host := keyless{newMemHost(nil, j, now, func(string, ...any) {}), c.why, offline}
			f := New(Options{Journal: j, Host: host, Clock: pos.WallClock{}, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
			want := c.online
			if offline {
				want = c.offline
			}
			if r := f.Prepare(t.Context()); r.Online || r.Reason != want {
				t.Errorf("%v, offline %v: %+v, want %s", c.why, offline, r, want)
			}
		}
	}
}
