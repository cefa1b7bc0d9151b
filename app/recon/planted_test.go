package recon

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tillkeeper/app/pos"
)

// scenario is a day of payments, the file of it, and what was planted.
type scenario struct {
	ours  []pos.Attempt
	rows  [][]string
	want  []string // "class batch stan", sorted
	plans []string
}

var (
	books1   = []pos.State{pos.Approved, pos.Settled, pos.Delivered, pos.Voided, pos.Refunded}
	pending1 = []pos.State{pos.OfflineApproved, pos.Deferred, pos.Delivering, pos.RefundUnknown}
	open1    = []pos.State{pos.Unknown, pos.Reversing, pos.Manual}
	failed1  = []pos.State{pos.Declined, pos.Cancelled, pos.LateDeclined}
	moving   = []pos.Kind{pos.Sale, pos.Sale, pos.Sale, pos.Void, pos.Refund, pos.Completion, pos.CompletionVoid}
)

// plan is one way in which journal and file may stand to each other.
type plan struct {
	name   string
	states []pos.State // of ours, nil: the till knows nothing
	lines  func(a pos.Attempt, amount pos.Amount, t *rapid.T) [][]string
	want   []pos.DifferenceClass
}

func once(a pos.Attempt, amount pos.Amount, _ *rapid.T) [][]string {
	return [][]string{entry(a, amount)}
}

func none(pos.Attempt, pos.Amount, *rapid.T) [][]string { return nil }

func twice(a pos.Attempt, amount pos.Amount, _ *rapid.T) [][]string {
	return [][]string{entry(a, amount), entry(a, amount)}
}

func wrong(a pos.Attempt, amount pos.Amount, t *rapid.T) [][]string {
	off := pos.Amount(rapid.Int64Range(1, 5000).Draw(t, "off"))
	if rapid.Bool().Draw(t, "less") {
		off = -off
	}
	return [][]string{entry(a, amount+off)}
}

func strange(a pos.Attempt, amount pos.Amount, _ *rapid.T) [][]string {
	a.RRN = "999" + a.RRN[3:]
	return [][]string{entry(a, amount)}
}

func elsewhere(a pos.Attempt, amount pos.Amount, _ *rapid.T) [][]string {
	row := entry(a, amount)
	row[2] = "10000002"
	return [][]string{row}
}

var plans = []plan{
	{"matched", books1, once, nil},
	{"pending, in the file", pending1, once, nil},
	{"pending, not there", pending1, none, nil},
	{"ours only", books1, none, []pos.DifferenceClass{pos.OursOnly}},
	{"amount", books1, wrong, []pos.DifferenceClass{pos.AmountDiffers}},
	{"pending, amount", pending1, wrong, []pos.DifferenceClass{pos.AmountDiffers}},
	{"reversed, in the file", []pos.State{pos.Reversed}, once, []pos.DifferenceClass{pos.ReversedInFile}},
	{"reversal owed, in the file", open1, once, []pos.DifferenceClass{pos.TheirsOnly}},
	{"failed, in the file", failed1, once, []pos.DifferenceClass{pos.TheirsOnly}},
	{"nothing bought", append(append([]pos.State{pos.Reversed}, open1...), failed1...), none, nil},
	{"twice in the file", books1, twice, []pos.DifferenceClass{pos.TheirsOnly}},
	{"not on the till", nil, once, []pos.DifferenceClass{pos.TheirsOnly}},
	{"another reference", books1, strange, []pos.DifferenceClass{pos.TheirsOnly, pos.OursOnly}},
	{"another terminal", nil, elsewhere, nil},
}

func scenarios(t *rapid.T) scenario {
	var s scenario
	batch := rapid.IntRange(0, 999_900).Draw(t, "batch")
	step := rapid.IntRange(1, 9).Draw(t, "step")
	n := rapid.IntRange(0, 60).Draw(t, "payments")
	s.ours, s.rows = []pos.Attempt{another()}, [][]string{entry(another(), 1875)}
	for i := range n {
		p := plans[rapid.IntRange(0, len(plans)-1).Draw(t, "plan")]
		a := with(sale(), func(a *pos.Attempt) {
			a.ID, a.STAN, a.Batch = fmt.Sprintf("%012d", i+2), fmt.Sprintf("%06d", 1+(i+1)*step), fmt.Sprintf("%06d", batch+i%3)
			a.RRN, a.Kind = fmt.Sprintf("260314%06d", i), rapid.SampledFrom(moving).Draw(t, "kind")
			a.Amount = pos.Amount(rapid.Int64Range(6000, 1_000_000).Draw(t, "amount"))
		})
		amount := a.Amount
		if credit(a.Kind) {
			amount = -amount
		}
		if p.states != nil {
			a.State = rapid.SampledFrom(p.states).Draw(t, "state")
			a.Approved = 0
			if pos.StateRules[a.State].Counted || a.State == pos.Voided {
				a.Approved = a.Amount
			}
			s.ours = append(s.ours, a)
		}
		line := a
		if p.name != "another reference" && rapid.Bool().Draw(t, "no reference") {
			line.RRN = ""
		}
		s.rows = append(s.rows, p.lines(line, amount, t)...)
		for _, c := range p.want {
			s.want = append(s.want, fmt.Sprintf("%s %s %s", c, a.Batch, a.STAN))
		}
		s.plans = append(s.plans, p.name)
	}
	slices.Sort(s.want)
	s.rows = rapid.Permutation(s.rows).Draw(t, "order of the file")
	s.ours = rapid.Permutation(s.ours).Draw(t, "order of the journal")
	return s
}

// holds says how a matcher fails a scenario, "" if it does not.
func holds(s scenario, blind bool) string {
	m := New(tid, mid, usual())
	m.blind = blind
	for _, a := range s.ours {
		m.AddOurs(a)
	}
	var got []string
	ids := map[string]bool{}
	sums := map[pos.DifferenceClass]Sum{}
	r, err := m.Run(strings.NewReader(file(s.rows...)), func(d pos.Difference) error {
		got = append(got, fmt.Sprintf("%s %s %s", d.Class, d.Batch, d.STAN))
		ids[d.ID] = true
		sums[d.Class] = Sum{sums[d.Class].Count + 1, sums[d.Class].Ours + d.Ours, sums[d.Class].Theirs + d.Theirs}
		return nil
	})
	if err != nil {
		return err.Error()
	}
	slices.Sort(got)
	switch {
	case !slices.Equal(got, s.want):
		return fmt.Sprintf("found\n%s\nplanted\n%s", strings.Join(got, "\n"), strings.Join(s.want, "\n"))
	case len(ids) != len(got):
		return "two differences have one id"
	case r.Lines != r.Matched+r.TheirsOnly+r.AmountDiffers+r.ReversedInFile || r.Lines+r.Others != len(s.rows):
		return fmt.Sprintf("lines do not add up: %+v", r)
	}
	var ours, theirs pos.Amount
	for class, sum := range r.ByClass {
		ours, theirs = ours+sum.Ours, theirs+sum.Theirs
		if class != pos.Matched && sums[class] != sum {
			return fmt.Sprintf("%s: %+v, handed out %+v", class, sum, sums[class])
		}
	}
	if ours != r.Ours || theirs != r.Theirs {
		return fmt.Sprintf("sums do not add up: %+v", r)
	}
	return ""
}

// TestPlantedDifferencesAreFoundAndNoneInvented: whatever stands between
// journal and file, in whatever order, is named once, and nothing else is.
func TestPlantedDifferencesAreFoundAndNoneInvented(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		if fault := holds(scenarios(t), false); fault != "" {
			t.Fatal(fault)
		}
	})
}

// TestPlantedTwinThatIgnoresAmounts: the property catches a matcher that does
// not compare amounts, and every plan is drawn.
func TestPlantedTwinThatIgnoresAmounts(t *testing.T) {
	gen := rapid.Custom(scenarios)
	caught, drawn := 0, map[string]bool{}
	for seed := range 200 {
		s := gen.Example(seed)
		for _, p := range s.plans {
			drawn[p] = true
		}
		if holds(s, true) != "" {
			caught++
		}
	}
	if caught == 0 || len(drawn) != len(plans) {
		t.Errorf("caught %d times, drawn %d of %d plans", caught, len(drawn), len(plans))
	}
}
