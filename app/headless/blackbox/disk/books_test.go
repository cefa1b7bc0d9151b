package disk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"tillkeeper/app/headless/blackbox/child"
	"tillkeeper/store"
)

// stands names the states whose money the shop has.
var stands = []string{"approved", "delivered", "offline_approved", "deferred", "delivering", "settled", "refunded"}

// keeps names the states an attempt may have later on, by the state that its
// answer carried; what is not named stays.
var keeps = map[string][]string{
	"reversing": {"reversing", "reversed", "manual"}, "unknown": {"unknown", "reversing", "reversed", "manual"},
	"offline_approved": {"offline_approved", "delivering", "delivered", "late_declined"},
	"delivering":       {"delivering", "delivered", "late_declined"},
}

// ledger is what the acquirer charged, by batch and trace number.
func (s *shop) ledger() (map[[2]string]int64, error) {
	all, err := child.Ledger(program, s.host)
	charged := map[[2]string]int64{}
	for _, e := range all {
		if e.Kind != "reversal" && e.Kind != "settlement" {
			charged[[2]string{e.Batch, e.STAN}] += e.Net
		}
	}
	return charged, err
}

// found gives everything that the till remembers.
func (s *shop) found() ([]attempt, error) {
	a, err := s.till.Ask(cmd{"cmd": "find", "limit": 100000})
	if err != nil {
		return nil, err
	}
	var all []attempt
	return all, child.Into(a["attempts"], &all)
}

// kept holds the answers that were written against what is found again.
func kept(all []attempt, seen map[string]attempt) (wrong []string) {
	now := map[string]attempt{}
	for _, a := range all {
		now[a.ID] = a
	}
	for id, was := range seen {
		may := keeps[was.State]
		if may == nil {
			may = []string{was.State}
		}
		a, ok := now[id]
		switch {
		case !ok:
			wrong = append(wrong, fmt.Sprintf("attempt %s was answered %s and is lost", id, was.State))
		case !slices.Contains(may, a.State), a.Amount != was.Amount:
			wrong = append(wrong, fmt.Sprintf("attempt %s was answered %+v and is %+v", id, was, a))
		}
	}
	return wrong
}

// compare holds the journal against the acquirer's ledger; what is open still
// may stand either way.
func compare(all []attempt, charged map[[2]string]int64) (wrong []string) {
	known := map[[2]string]bool{}
	for _, a := range all {
		if a.Tender != "card" || a.STAN == "" {
			continue
		}
		k := [2]string{a.Batch, a.STAN}
		if known[k] {
			wrong = append(wrong, fmt.Sprintf("two attempts have batch %s STAN %s", k[0], k[1]))
		}
		known[k] = true
		var ours int64
		if slices.Contains(stands, a.State) {
			ours = a.Approved
		}
		if charged[k] != ours {
			wrong = append(wrong, fmt.Sprintf("attempt %s (%s, STAN %s): charged %d, the till has %d", a.ID, a.State, a.STAN, charged[k], ours))
		}
	}
	for k, n := range charged {
		if n != 0 && !known[k] {
			wrong = append(wrong, fmt.Sprintf("%d charged for batch %s STAN %s, which the till does not know", n, k[0], k[1]))
		}
	}
	return wrong
}

// settled empties the queue of an open till and compares both sides.
func (s *shop) settled(seen map[string]attempt) (all []attempt) {
	s.t.Helper()
	left := json.Number("-")
	for range 20 {
		a := s.till.Must(s.t, cmd{"cmd": "forward", "timeout_ms": 20000})
		if left, _ = a["left"].(json.Number); left == "0" {
			break
		}
	}
	if left != "0" {
		s.t.Errorf("%s items are left: %v", left, s.till.Must(s.t, cmd{"cmd": "queue"}))
	}
	all, err := s.found()
	if err != nil {
		s.t.Fatal(err)
	}
	charged, err := s.ledger()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, w := range append(kept(all, seen), compare(all, charged)...) {
		s.t.Error(w)
	}
	return all
}

// checked opens the journal of a till that does not run, checks it whole and
// holds the answers against it.
func checked(dir string, seen map[string]attempt) error {
	s, err := store.Open(store.Options{Dir: dir, Logger: quiet})
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.SafeMode(); err != nil {
		return err
	}
	for id := range seen {
		if _, err := s.Attempt(id); err != nil {
			return fmt.Errorf("answered, and lost: %w", err)
		}
	}
	found, err := s.Check(context.Background())
	for _, f := range found {
		if f.Code != "anchor_missing" { // the first anchor may not have reached the disk
			err = errors.Join(err, errors.New(f.String()))
		}
	}
	return err
}
