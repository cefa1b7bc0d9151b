package rules

import (
	"slices"
	"testing"

	"tillkeeper/app/headless/blackbox/child"
)

// attempt is what the till says of one payment.
type attempt struct {
	ID, Basket, Receipt, Kind, Tender, State string
	Amount, Approved                         int64
	Refunded                                 int64 `json:"refunded_amount"`
	STAN, Batch                              string
	Linked                                   string
	Offline, Flagged                         bool
	AnswerCode                               string `json:"answer_code"`
	Reason                                   string `json:"reversal_reason"`
	Events                                   []struct {
		Type, By, Text string
	}
}

// has says whether something happened to the attempt.
func (a attempt) has(event string) bool { return a.times(event) > 0 }

func (a attempt) times(event string) int {
	n := 0
	for _, e := range a.Events {
		if e.Type == event {
			n++
		}
	}
	return n
}

// takes says what the shop has of an attempt.
func (a attempt) takes() int64 {
	switch a.State {
	case "approved", "delivered", "settled", "refunded":
	default:
		return 0
	}
	switch a.Kind {
	case "sale", "completion":
		return a.Approved
	case "refund":
		return -a.Approved
	}
	return 0
}

// agree drains the queue and compares both books line by line: each side has
// what the other has, and nobody is charged for anything else.
func (s *shop) agree(t *testing.T, except ...string) {
	t.Helper()
	s.till.Must(t, cmd{"cmd": "forward", "timeout_ms": 30000})
	s.same(t, except...)
}

// same compares both books as they are.
func (s *shop) same(t *testing.T, except ...string) {
	t.Helper()
	ledger, err := s.ledger()
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
	for _, a := range s.find(t, "limit", 1000) {
		k := a.Batch + a.STAN
		if a.STAN == "" {
			continue
		}
		if known[k] {
			t.Errorf("STAN %s of batch %s is used twice", a.STAN, a.Batch)
		}
		known[k] = true
		if charged[k] != a.takes() && !slices.Contains(except, a.ID) {
			t.Errorf("attempt %s (%s %s, STAN %s): the acquirer has %d, the till %d", a.ID, a.Kind, a.State, a.STAN, charged[k], a.takes())
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
	ledger, err := s.ledger()
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(ledger, func(e entry) bool { return e.Kind != kind })
}

// refused asks and expects an error with this code.
func (s *shop) refused(t *testing.T, code string, c cmd) {
	t.Helper()
	a, err := s.till.Ask(c)
	if err != nil {
		t.Fatal(err)
	}
	e, ok := a["error"].(map[string]any)
	if a["ok"] != false || !ok || e["code"] != code {
		t.Errorf("%v: %v, not %s", c, a, code)
	}
}

// did asks for something that gives an attempt.
func (s *shop) did(t *testing.T, c cmd) attempt {
	t.Helper()
	var got struct{ Attempt attempt }
	if err := child.Into(s.till.Must(t, c), &got); err != nil {
		t.Fatal(err)
	}
	return got.Attempt
}

var supervisor = cmd{"staff": "2001", "pin": "135790"}
