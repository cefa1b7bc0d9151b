package settle

import (
	"cmp"
	"slices"

	"tillkeeper/app/pos"
)

// Story is everything the till knows of one payment: the attempt, those that
// belong to it, oldest first, the events of all of them in order, and what the
// acquirer's files said about them.
type Story struct {
	Attempt     pos.Attempt
	Linked      []pos.Attempt
	Events      []pos.Event
	Differences []pos.Difference
}

// maxLinked bounds the attempts of a story.
const maxLinked = 100

// Story gathers the story of an attempt for the customer who was charged for a
// sale that failed; pos.ErrNotFound if there is no such attempt. Candidates by
// amount, last four digits and time come from pos.Journal's Find.
func (d *Desk) Story(attempt string) (Story, error) {
	first, err := d.o.Journal.Attempt(attempt)
	if err != nil {
		return Story{}, err
	}
	s := Story{Attempt: first}
	seen := map[string]bool{first.ID: true}
	for todo := []pos.Attempt{first}; len(todo) > 0 && len(s.Linked) < maxLinked; {
		near, err := d.near(todo[0])
		if err != nil {
			return Story{}, err
		}
		todo = todo[1:]
		for _, a := range near {
			if !seen[a.ID] && len(s.Linked) < maxLinked {
				seen[a.ID] = true
				s.Linked, todo = append(s.Linked, a), append(todo, a)
			}
		}
	}
	slices.SortFunc(s.Linked, func(a, b pos.Attempt) int { return cmp.Compare(a.ID, b.ID) })
	for id := range seen {
		events, err := d.o.Journal.Events(id)
		if err != nil {
			return Story{}, err
		}
		s.Events = append(s.Events, events...)
	}
	slices.SortFunc(s.Events, func(a, b pos.Event) int { return cmp.Compare(a.Seq, b.Seq) })
	all, err := d.o.Journal.Differences(true)
	if err != nil {
		return Story{}, err
	}
	for _, f := range all {
		if seen[f.Attempt] {
			s.Differences = append(s.Differences, f)
		}
	}
	return s, nil
}

// near gives the attempts that belong to one: of its basket, and those that it
// names.
func (d *Desk) near(a pos.Attempt) ([]pos.Attempt, error) {
	var out []pos.Attempt
	if a.Basket != "" {
		of, err := d.o.Journal.OfBasket(a.Basket)
		if err != nil {
			return nil, err
		}
		out = of
	}
	for _, id := range []string{a.Linked, a.Original, a.Next, a.Follow} {
		if id == "" {
			continue
		}
		other, err := d.o.Journal.Attempt(id)
		if err != nil {
			return nil, err
		}
		out = append(out, other)
	}
	return out, nil
}

// PrintStory prints the story of an attempt on one slip.
func (d *Desk) PrintStory(attempt string, by pos.Operator) error {
	s, err := d.Story(attempt)
	if err != nil {
		return err
	}
	if d.o.Slip == nil {
		return pos.Errorf("not_configured", "name a printer under [devices]", "no slips can be made")
	}
	d.o.Print("story-"+s.Attempt.ID, d.o.Slip.Story(s.Attempt, s.Linked, s.Events, s.Differences, by.ID))
	return nil
}
