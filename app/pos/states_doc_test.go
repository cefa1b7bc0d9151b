package pos

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// statesPage is the page that shows Table to people.
const statesPage = "../../docs/ARCHITECTURE.md"

// statesOf draws Table as the page has it: a line a state, in the order in which
// Table names them; events that leave the state as it is come last.
func statesOf() string {
	var order []State
	seen := map[State]bool{}
	for _, r := range Table {
		for _, s := range []State{r.From, r.To} {
			if !seen[s] {
				seen[s] = true
				order = append(order, s)
			}
		}
	}
	var b strings.Builder
	b.WriteString("| state | due | in totals | on → to | noted |\n|---|---|---|---|---|\n")
	for _, s := range order {
		var moves, notes []string
		for _, r := range Table {
			switch {
			case r.From != s:
			case r.To == s:
				notes = append(notes, string(r.On))
			case string(r.To) == string(r.On):
				moves = append(moves, "**"+string(r.To)+"**")
			default:
				moves = append(moves, fmt.Sprintf("%s → **%s**", r.On, r.To))
			}
		}
		name, rule, counted := "`"+string(s)+"`", StateRules[s], ""
		if s == None {
			name = "(none)"
		}
		if rule.Counted {
			counted = "yes"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", name, rule.Due, counted, strings.Join(moves, ", "), strings.Join(notes, ", "))
	}
	return b.String()
}

// TestThePageShowsTheTable: docs/ARCHITECTURE.md prints Table as it is. Where it
// fails, put what it prints in place of the old lines.
func TestThePageShowsTheTable(t *testing.T) {
	page, err := os.ReadFile(statesPage)
	if err != nil {
		t.Fatal(err)
	}
	if want := statesOf(); !strings.Contains(string(page), want) {
		t.Errorf("docs/ARCHITECTURE.md does not show the table as it is:\n%s", want)
	}
}
