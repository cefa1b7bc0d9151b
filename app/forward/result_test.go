package forward

import (
	"testing"
	"time"

	"tillkeeper/app/pos"
)

// TestScriptResultThatOnlySignsOnEnds: a host that wants a sign-on each time once was told of an issuer's script without end.
func TestScriptResultThatOnlySignsOnEnds(t *testing.T) {
	a := inState(pos.ResultDue)
	a.Kind, a.Amount = pos.ScriptResult, 0
	for name, o := range map[string]outcome{
		"A0": {reply: pos.Reply{Code: "A0"}}, "77": {reply: pos.Reply{Code: "77"}}, "96": {reply: pos.Reply{Code: "96"}},
		"no answer": {err: pos.ErrNoAnswer}, "bad MAC": {err: pos.ErrBadMAC}, "not sent": {err: pos.ErrNotSent},
	} {
		class := codes.Lookup(o.reply.Code).Class
		first := a
		first.Tries = 1
		if v := judgeResult(usual, first, o, class, noon); len(v.events) != 0 || v.again <= 0 {
			t.Errorf("%s ends at the first try: %+v", name, v)
		}
		last := a
		last.Tries = usual.Tries
		for why, v := range map[string]verdict{
			"after the last try": judgeResult(usual, last, o, class, noon), "after a day": judgeResult(
				usual, first, o, class, noon.Add(usual.GiveUp),
			),
		} {
			if len(v.events) != 1 || v.events[0].Type != pos.EvTold || v.resign {
				t.Errorf("%s goes on %s: %+v", name, why, v)
				continue
			}
			if b, err := pos.Apply(a, v.events[0]); err != nil || b.State != pos.Told || b.Open() || b.Waiting != nil {
				t.Errorf("%s: %s %v", name, b.State, err)
			}
		}
	}
}

// TestAWordOfTheHostAges: and a clock that was set back makes none of it newer.
func TestAWordOfTheHostAges(t *testing.T) {
	clock := &setClock{now: noon}
	j := newMemJournal(clock.Now, func(string, ...any) {})
	host := keyless{memHost: newMemHost(nil, j, clock.Now, func(string, ...any) {})}
	f := New(Options{Journal: j, Host: host, Clock: clock})
	f.heard()
	for after, want := range map[time.Duration]bool{
		0: true, time.Second: true, 4 * time.Second: true, 5 * time.Second: false,
		time.Hour: false, -time.Second: false, -time.Hour: false,
	} {
		clock.now = noon.Add(after)
		if got := f.Heard(5 * time.Second); got != want {
			t.Errorf("%v later: %v", after, got)
		}
	}
	clock.now = noon
	host.offline = true
	if f.o.Host = host; f.Heard(5 * time.Second) {
		t.Error("heard on a dead line")
	}
}

// setClock is a clock that is set by hand.
type setClock struct{ now time.Time }

func (c *setClock) Now() time.Time { return c.now }
