package rules

import (
	"slices"
	"testing"
)

// agree drains the queue and compares both books line by line: each side has
// what the other has, and nobody is charged for anything else.
func (s *shop) agree(t *testing.T, except ...string) {
	t.Helper()
	s.Till.Must(t, cmd{"cmd": "forward", "timeout_ms": 30000})
	s.same(t, except...)
}

// same compares both books as they are.
func (s *shop) same(t *testing.T, except ...string) {
	t.Helper()
	ledger, err := s.Ledger()
	if err != nil {
		t.Fatal(err)
	}
	charged, lines := map[string]int64{}, map[string]int{}
	for _, e := range ledger {
		if e.Kind != "reversal" && e.Kind != "settlement" && e.Kind != "upload" {
			charged[e.Batch+e.STAN] += e.Net
			lines[e.Batch+e.STAN]++
		}
	}
	known := map[string]bool{}
	for _, a := range s.Find(t, "limit", 1000) {
		k := a.Batch + a.STAN
		if a.STAN == "" {
			continue
		}
		if known[k] {
			t.Errorf("STAN %s of batch %s is used twice", a.STAN, a.Batch)
		}
		known[k] = true
		if charged[k] != a.Takes() && !slices.Contains(except, a.ID) {
			t.Errorf("attempt %s (%s %s, STAN %s): the acquirer has %d, the till %d", a.ID, a.Kind, a.State, a.STAN, charged[k], a.Takes())
		}
		if lines[k] > 1 {
			t.Errorf("attempt %s is %d lines of the ledger", a.ID, lines[k])
		}
	}
	for k, n := range charged {
		if !known[k] && n != 0 {
			t.Errorf("the acquirer has %d for %s, of which the till knows nothing", n, k)
		}
	}
}

// of gives the lines of the ledger of one kind.
func (s *shop) of(t *testing.T, kind string) []entry {
	t.Helper()
	ledger, err := s.Ledger()
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(ledger, func(e entry) bool { return e.Kind != kind })
}

// refused asks and expects an error with this code.
func (s *shop) refused(t *testing.T, code string, c cmd) {
	t.Helper()
	a, err := s.Till.Ask(c)
	if err != nil {
		t.Fatal(err)
	}
	e, ok := a["error"].(map[string]any)
	if a["ok"] != false || !ok || e["code"] != code {
		t.Errorf("%v: %v, not %s", c, a, code)
	}
}

var supervisor = cmd{"staff": "2001", "pin": "135790"}
