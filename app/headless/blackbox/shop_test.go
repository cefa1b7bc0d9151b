package blackbox

import (
	"testing"

	"tillkeeper/app/headless/blackbox/child"
)

// opened is a demo shop whose till is open and online, with a cashier.
func opened(t *testing.T, config, plan string) *shop {
	t.Helper()
	s, err := newShop(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.End)
	child.Put(t, s.Config, config)
	s.HostUp(t, plan)
	s.OpenUp(t)
	return s
}

// drained sends all that is owed and compares the books.
func (s *shop) drained(t *testing.T) {
	t.Helper()
	s.Till.Must(t, cmd{"cmd": "forward", "timeout_ms": 30000})
	s.Till.Must(t, cmd{"cmd": "wait", "for": "idle", "timeout_ms": 30000})
	b, err := s.read()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range b.faults() {
		t.Error(f)
	}
}

// quick is how long the till waits for an answer that is lost: longer than any disk keeps the acquirer from one.
const quick = "[host]\ntimeout = \"4s\"\nreversal_repeat = \"200ms\"\n"
