package checkout

import (
	"strconv"
	"time"

	"tillkeeper/app/pos"
)

// The limits of a batch. Field 48 of a settlement (8583:1987) counts debits with three digits: beyond 999 the totals cannot
// agree and every payment is uploaded one by one. The message that ends the upload counts with four digits, and a sum of
// debits has twelve: beyond those a batch could never be closed. What is kept free is for payments that a person sends
// again in the open batch.
const (
	settleFrom  = 900                         // payments from which the shopkeeper is told to settle
	mostInBatch = 9_999 - 99                  // payments with which no other begins
	mostSum     = pos.Amount(999_999_999_999) // fen, of debits
	settleSum   = mostSum / 10 * 9            // from which the shopkeeper is told
	recountFrom = 64                          // payments begun since it was counted
	recountRest = 10 * time.Second            // between two counts of a full batch
)

// fill is how full the open batch is: the debits that its totals have or may still get. Payments that begin are added, and
// those that failed since are found when it is counted again.
type fill struct {
	batch string
	count int
	sum   pos.Amount
	since int       // payments added since it was counted
	at    time.Time // when it was counted
}

func (f *fill) add(amount pos.Amount) {
	f.count, f.sum, f.since = f.count+1, f.sum+amount, f.since+1
}

func (f *fill) soon() bool { return f.count >= settleFrom || f.sum >= settleSum }

func (f *fill) full() bool { return f.count >= mostInBatch || f.sum >= mostSum }

// batchFill gives how full the open batch is. The caller holds mu.
func (s *Session) batchFill() fill {
	f, open := &s.filled, pos.OpenBatch(s.o.Journal)
	if f.batch == open && !(f.soon() && f.since >= recountFrom) && !(f.full() && time.Since(f.at) > recountRest) {
		return *f
	}
	all, err := s.o.Journal.OfBatch(open)
	if err != nil {
		s.o.Log.Error("the payments of the batch cannot be counted", "batch", open, "error", err)
		all = nil
	}
	*f = fill{batch: open, at: time.Now()}
	for i := range all {
		if a := &all[i]; a.Batch == open && debits(a) {
			f.count, f.sum = f.count+1, f.sum+a.Amount
		}
	}
	return *f
}

// debits says whether an attempt is a debit of its batch's totals, or may still become one.
func debits(a *pos.Attempt) bool {
	switch a.State {
	case pos.Declined, pos.Cancelled, pos.Reversed, pos.LateDeclined:
		return false
	}
	return a.Kind == pos.Sale || a.Kind == pos.Completion
}

// batchFault says why the open batch cannot take a debit of that amount, nil if it can. The caller holds mu.
func (s *Session) batchFault(amount pos.Amount) *pos.Error {
	f := s.batchFill()
	if !f.full() && f.sum+amount <= mostSum {
		return nil
	}
	return pos.Errorf("batch_full", "settle the batch, then go on; cash goes on", "batch %s has no room for another card payment", f.batch)
}

// Batch is the condition of the open batch, for a self-test.
func (s *Session) Batch() pos.Condition {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.batchCondition()
}

func (s *Session) batchCondition() pos.Condition {
	f := s.batchFill()
	c := pos.Condition{Name: "batch", State: "ok", Detail: strconv.Itoa(f.count)}
	if f.soon() {
		c.State, c.Code, c.Detail = "warn", "settle_now", ""
		c.Found = []pos.Remark{pos.Say("batch_count", f.batch, strconv.Itoa(f.count), f.sum.String())}
	}
	return c
}

// roomFor is how long a look at the journal's room is shown before it is looked at again.
const roomFor = 10 * time.Second

// tight is the room of the journal as it was looked at last.
type tight struct {
	at    time.Time
	room  pos.Condition
	tight bool
}

// ownConditions are those of the till itself that somebody has to do something about: little room, a batch that is nearly
// full. The caller holds mu.
func (s *Session) ownConditions() []pos.Condition {
	var own []pos.Condition
	if t := &s.tight; s.o.Room != nil {
		if t.at.IsZero() || time.Since(t.at) > roomFor {
			room, err := s.o.Room()
			t.at = time.Now()
			if t.room, t.tight = room.Condition(); err != nil {
				t.room, t.tight = pos.Condition{Name: "disk", State: "fault", Code: "disk_full"}, true
			}
		}
		if t.tight {
			own = append(own, t.room)
		}
	}
	if c := s.batchCondition(); c.State != "ok" {
		own = append(own, c)
	}
	return own
}
