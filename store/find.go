package store

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"tillkeeper/app/pos"
)

// dayMargin is how far the business day of an attempt may lie from the day on
// which it was created: a shop's day ends late, its clock is not UTC, and an
// attempt that goes on with a deferred sale keeps the day of that.
const dayMargin = 10 * 24 * time.Hour

// search is a query made ready for many attempts.
type search struct {
	pos.Query
	folded string // Text in lower case
	quoted []byte // folded as it stands in a record, nil if that cannot be said
}

func newSearch(q pos.Query) search {
	if q.Limit <= 0 {
		q.Limit = pos.DefaultLimit
	}
	within := func(day *string, at time.Time, margin time.Duration, narrower func(a, b string) bool) {
		if at.IsZero() {
			return
		}
		if bound := at.Add(margin).UTC().Format(time.DateOnly); *day == "" || narrower(bound, *day) {
			*day = bound
		}
	}
	within(&q.FromDay, q.From, -dayMargin, func(a, b string) bool { return a > b })
	within(&q.ToDay, q.To, dayMargin, func(a, b string) bool { return a < b })
	s := search{Query: q, folded: strings.ToLower(q.Text)}
	// A name that JSON writes otherwise is looked for in the decoded basket only.
	if body, err := json.Marshal(s.folded); err == nil && string(body) == `"`+s.folded+`"` {
		s.quoted = []byte(s.folded)
	}
	return s
}

// Find gives the attempts that a query selects, newest first.
func (s *Store) Find(q pos.Query) ([]pos.Attempt, error) {
	look := newSearch(q)
	var found []pos.Attempt
	var at []byte // the key that was looked at last; nil at the beginning
	for done := false; !done; {
		err := s.view(func(tx *snap) (err error) {
			at, done, err = look.some(tx, at, &found)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// some looks at findChunk attempts before a key, backwards.
func (s search) some(tx *snap, at []byte, found *[]pos.Attempt) (last []byte, done bool, err error) {
	if at == nil && s.ToDay != "" {
		at = append([]byte(s.ToDay), 1)
	}
	prev := tx.backwards(bDay, at)
	for range findChunk {
		k := prev()
		if k == nil || len(*found) >= s.Limit {
			return nil, true, nil
		}
		if day, _, _ := bytes.Cut(k, []byte{0}); string(day) < s.FromDay {
			return nil, true, nil
		}
		id, err := tx.get(bDay, k)
		if err != nil {
			return nil, true, err
		}
		a, err := readAttempt(tx, string(id))
		if err != nil {
			return nil, true, err
		}
		wanted, err := s.selects(tx, a.Attempt)
		if err != nil {
			return nil, true, err
		}
		if wanted {
			*found = append(*found, a.Attempt)
		}
		last = bytes.Clone(k)
	}
	return last, false, nil
}

func (s search) selects(tx *snap, a pos.Attempt) (bool, error) {
	switch {
	case s.Amount != 0 && s.Amount != a.Amount && s.Amount != a.Approved,
		s.Last4 != "" && !strings.HasSuffix(a.MaskedPAN, s.Last4),
		s.State != "" && s.State != a.State,
		!s.From.IsZero() && a.Created.Before(s.From),
		!s.To.IsZero() && !a.Created.Before(s.To):
		return false, nil
	case s.Text == "":
		return true, nil
	}
	for _, field := range []string{a.Receipt, a.STAN, a.RRN, a.AuthCode} {
		if strings.Contains(strings.ToLower(field), s.folded) {
			return true, nil
		}
	}
	if a.Basket == "" {
		return false, nil
	}
	return s.names(tx, a.Basket)
}

// names says whether the basket has an article of that name. A record without
// the text in it is not decoded.
func (s search) names(tx *snap, key string) (bool, error) {
	rest, err := tx.get(bBasket, []byte(key))
	if err != nil || rest == nil || s.quoted != nil && !bytes.Contains(bytes.ToLower(rest), s.quoted) {
		return false, err
	}
	b, err := decodeBasket([]byte(key), rest)
	if err != nil {
		return false, err
	}
	for _, l := range b.Lines {
		if strings.Contains(strings.ToLower(l.Name), s.folded) {
			return true, nil
		}
	}
	return false, nil
}
