package store

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"

	"tillkeeper/app/pos"
)

// counters are the highest numbers handed out.
type counters struct {
	Attempt int64 `json:"attempt"`
	Basket  int64 `json:"basket"`
	Receipt int64 `json:"receipt"`
	STAN    int64 `json:"stan"`
}

// head is the end of the journal.
type head struct {
	Seq    uint64
	Chain  [chainLen]byte
	Commit uint64 // commits so far
	Layout int    // of the file; see extend
	counters
}

type headDoc struct {
	Seq    uint64 `json:"seq"`
	Chain  string `json:"chain"`
	Commit uint64 `json:"commit"`
	Layout int    `json:"layout,omitempty"`
	counters
}

func putHead(tx *snap, h head) {
	tx.put(bMeta, []byte(bMeta), encodeHead(h))
}

func getHead(tx *snap) (head, error) {
	key := []byte(bMeta)
	rest, err := tx.get(bMeta, key)
	if err != nil {
		return head{}, err
	}
	var d headDoc
	if err := json.Unmarshal(rest, &d); err != nil {
		return head{}, damaged(bMeta, key, err)
	}
	chain, err := hex.DecodeString(d.Chain)
	if err != nil || len(chain) != chainLen {
		return head{}, damaged(bMeta, key, err)
	}
	return head{d.Seq, [chainLen]byte(chain), d.Commit, d.Layout, d.counters}, nil
}

func (s *Store) readHead() (h head, err error) {
	err = s.view(func(tx *snap) error {
		h, err = getHead(tx)
		return err
	})
	return h, err
}

// see raises the counters to the numbers of a commit that somebody else chose.
func (c *counters) see(events []pos.Event, baskets []pos.Basket) {
	up := func(to *int64, text string) {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil && n > *to && n <= highestNumber {
			*to = n
		}
	}
	for i := range events {
		e := &events[i]
		if e.Type != pos.EvCreated {
			continue
		}
		up(&c.Attempt, e.Attempt)
		if n, err := strconv.ParseInt(e.Receipt, 10, 64); err == nil && ahead(c.Receipt, n) {
			c.Receipt = n
		}
		if n, err := strconv.ParseInt(e.STAN, 10, 64); err == nil && ahead(c.STAN, n) {
			c.STAN = n
		}
	}
	for i := range baskets {
		up(&c.Basket, baskets[i].Key)
	}
}

// ahead says whether n comes after have in a circle of six digits.
func ahead(have, n int64) bool {
	if n < 1 || n > stanLimit {
		return false
	}
	d := (n - have + stanLimit) % stanLimit
	return d > 0 && d < stanLimit/2
}

// NextAttempt hands out the next attempt number, 12 digits, upwards.
func (s *Store) NextAttempt() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counters.Attempt++
	return fmt.Sprintf("%012d", s.counters.Attempt)
}

// NextBasket hands out the next basket key, 12 digits, upwards.
func (s *Store) NextBasket() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counters.Basket++
	return fmt.Sprintf("%012d", s.counters.Basket)
}

// NextReceipt hands out the next receipt number, 6 digits; 000001 follows
// 999999.
func (s *Store) NextReceipt() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counters.Receipt = s.counters.Receipt%stanLimit + 1
	return fmt.Sprintf("%06d", s.counters.Receipt)
}

// NextSTAN hands out the next trace number, 000001 to 999999 (8583 DE 11). It
// passes those of open attempts and those used in the batch of the setting
// pos.SetBatch; "" if none is left or the journal cannot be read.
func (s *Store) NextSTAN() string {
	s.stanMu.Lock()
	defer s.stanMu.Unlock()
	n, err := s.nextTrace()
	if err != nil {
		s.o.Logger.Error("no trace number", "err", err)
		return ""
	}
	if err := s.trace.write(n); err != nil {
		s.o.Logger.Warn("a trace number is not remembered", "err", err)
	}
	return fmt.Sprintf("%06d", n)
}

// freeTraces are trace numbers of a batch that nobody has: those after the last
// one handed out, up to one of them. A commit with a number that was not handed
// out ends them.
type freeTraces struct {
	batch    string
	from, to int64 // the last one that was handed out then; the last free one
	strange  int   // commits with such numbers so far
}

// nextTrace finds the next trace number, and how many after it are free too. The
// caller holds stanMu.
func (s *Store) nextTrace() (int64, error) {
	s.mu.Lock()
	batch, n := s.settings[pos.SetBatch], s.counters.STAN
	if batch == "" {
		batch = pos.FirstBatch
	}
	if s.free.batch == batch && s.free.from <= n && n < s.free.to {
		s.counters.STAN++
		s.mu.Unlock()
		return n + 1, nil
	}
	strange := s.free.strange
	live := make(map[string]bool, len(s.open))
	for _, a := range s.open {
		live[a.STAN] = true
	}
	s.mu.Unlock()
	to := n
	err := s.view(func(tx *snap) error {
		free := func(n int64) bool {
			stan := fmt.Sprintf("%06d", n)
			return !live[stan] && tx.raw(bTrace, pair(batch, stan)) == nil
		}
		for range stanLimit {
			if n = n%stanLimit + 1; !free(n) {
				continue
			}
			for to = n; to < min(stanLimit, n+tracesAhead) && free(to+1); {
				to++
			}
			return nil
		}
		return pos.Errorf("no_trace", "settle the batch", "all trace numbers of batch %q are used", batch)
	})
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.counters.STAN = n; s.free.strange == strange {
		s.free.batch, s.free.from, s.free.to = batch, n, to
	}
	return n, nil
}

// see takes the numbers of a commit into account. The caller holds mu.
func (s *Store) see(r *request) {
	for i := range r.events {
		if n, err := strconv.ParseInt(r.events[i].STAN, 10, 64); err == nil && n > s.counters.STAN {
			s.free = freeTraces{strange: s.free.strange + 1}
		}
	}
	s.counters.see(r.events, r.commit.Baskets)
}

// Setting gives a small fact, "" if it was never set.
func (s *Store) Setting(key string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.settings[key]
}
