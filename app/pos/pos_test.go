package pos

import (
	"errors"
	"reflect"
	"testing"
)

func TestParseFixed(t *testing.T) {
	for _, c := range []struct {
		in   string
		want Amount
		ok   bool
	}{
		{"12.50", 1250, true},
		{"12.5", 1250, true},
		{"12", 1200, true},
		{"0.01", 1, true},
		{"-3.00", -300, true},
		{"", 0, false},
		{".5", 0, false},
		{"1.234", 0, false},
		{"1,5", 0, false},
		{"12345678901", 0, false},
		{"1.-5", 0, false},
		{"--1", 0, false},
	} {
		got, err := ParseAmount(c.in)
		if (err == nil) != c.ok || got != c.want {
			t.Errorf("ParseAmount(%q) = %d, %v", c.in, got, err)
		}
	}
	if q, err := ParseQty("0.350"); err != nil || q != 350 || q.String() != "0.35" {
		t.Errorf("0.350 is %d %s %v", q, q, err)
	}
}

// TestTableIsTotal: every state has a rule, every open state has something due
// and a way to a final one, and no row leads out of nowhere.
func TestTableIsTotal(t *testing.T) {
	to := map[State][]State{}
	for _, r := range Table {
		if _, ok := StateRules[r.To]; !ok {
			t.Errorf("no rule for state %q", r.To)
		}
		if _, ok := StateRules[r.From]; !ok && r.From != None {
			t.Errorf("no rule for state %q", r.From)
		}
		to[r.From] = append(to[r.From], r.To)
	}
	for s, rule := range StateRules {
		if rule.Final != (rule.Due == DueNothing) {
			t.Errorf("%s: final %v, but due %q", s, rule.Final, rule.Due)
		}
		if rule.Final {
			continue
		}
		if !reachesFinal(s, to, map[State]bool{}) {
			t.Errorf("%s can never end", s)
		}
	}
}

func reachesFinal(s State, to map[State][]State, seen map[State]bool) bool {
	if StateRules[s].Final {
		return true
	}
	seen[s] = true
	for _, n := range to[s] {
		if !seen[n] && reachesFinal(n, to, seen) {
			return true
		}
	}
	return false
}

// TestAReversalNeverRevives: once reversing, no event makes the sale succeed.
func TestAReversalNeverRevives(t *testing.T) {
	for _, r := range Table {
		if (r.From == Reversing || r.From == Reversed || r.From == Unknown) && StateRules[r.To].Counted {
			t.Errorf("%s in %s counts as taken", r.On, r.From)
		}
	}
}

func TestApply(t *testing.T) {
	var a Attempt
	for i, e := range []Event{
		{Type: EvCreated, Attempt: "1", Kind: Sale, Tender: Card, Amount: 500, STAN: "000007"},
		{Type: EvSending, Attempt: "1"},
		{Type: EvUnknown, Attempt: "1", Code: "no_answer"},
		{Type: EvReversing, Attempt: "1", Reason: "98"},
		{Type: EvReversalTry, Attempt: "1", Text: "no line"},
		{Type: EvReversed, Attempt: "1", Code: "00"},
	} {
		var err error
		if a, err = Apply(a, e); err != nil {
			t.Fatalf("event %d: %v", i, err)
		}
	}
	if a.State != Reversed || a.Reason != "98" || a.Counts() != 0 || len(a.Seqs) != 6 {
		t.Errorf("%+v", a)
	}
	if _, err := Apply(a, Event{Type: EvApproved, Attempt: "1"}); !errors.Is(err, ErrTransition) {
		t.Errorf("a reversed sale was approved: %v", err)
	}
	if _, err := Apply(Attempt{ID: "2", State: Sending}, Event{Type: EvApproved, Attempt: "1"}); !errors.Is(err, ErrTransition) {
		t.Errorf("an event of another attempt was taken: %v", err)
	}
}

// TestFoldOfARefusedEventChangesNothing: whoever folds in place need keep no copy.
func TestFoldOfARefusedEventChangesNothing(t *testing.T) {
	for _, e := range []Event{{Type: EvReversed, Attempt: "2", Seq: 9}, {Type: EvApproved, Attempt: "1", Seq: 9, Approved: 5, RRN: "1"}} {
		a := Attempt{ID: "2", State: Sending, Amount: 5, Seqs: []uint64{1, 2}}
		before := a
		if err := a.Fold(&e); !errors.Is(err, ErrTransition) || !reflect.DeepEqual(a, before) {
			t.Errorf("%s: %+v, %v", e.Type, a, err)
		}
	}
}
