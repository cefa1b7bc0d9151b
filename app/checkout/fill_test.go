package checkout

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"tillkeeper/app/pos"
	"tillkeeper/store"
)

// paidInBatch appends n card sales of one fen to the open batch, which end in the way that is named.
func paidInBatch(t *testing.T, j *store.Store, n int, amount pos.Amount, end pos.EventType) {
	t.Helper()
	const together = 300
	batch := pos.OpenBatch(j)
	for ; n > 0; n -= together {
		var events []pos.Event
		for range min(n, together) {
			id := j.NextAttempt()
			events = append(events,
				pos.Event{
					Type: pos.EvCreated, Attempt: id, Kind: pos.Sale, Tender: pos.Card, Amount: amount,
					Receipt: j.NextReceipt(), STAN: j.NextSTAN(), Batch: batch, Day: shopDay,
				},
				pos.Event{Type: pos.EvSending, Attempt: id},
				pos.Event{Type: end, Attempt: id, Approved: amount})
		}
		if _, err := j.Append(context.Background(), pos.Commit{Events: events}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestABatchThatCouldNotBeClosedIsRefusedBeforeItsCard: the end of an upload counts to 9,999. A batch with more payments
// could never be closed, and no card be taken again.
func TestABatchThatCouldNotBeClosedIsRefusedBeforeItsCard(t *testing.T) {
	ctx, j := context.Background(), journal(t)
	paidInBatch(t, j, settleFrom-1, 1, pos.EvApproved)
	s := drawer(t, j)
	warned := func() string {
		for _, d := range s.Look().Devices {
			if d.Name == "batch" {
				return d.Code
			}
		}
		return ""
	}
	if code, c := warned(), s.Batch(); code != "" || c.State != "ok" || c.Detail != fmt.Sprint(settleFrom-1) {
		t.Errorf("a batch with room: %q, %+v", code, c)
	}
	s.filled = fill{} // as after the start
	paidInBatch(t, j, 1, 1, pos.EvApproved)
	if code, c := warned(), s.Batch(); code != "settle_now" || c.Code != "settle_now" || s.Snapshot().Refused[pos.Card] == "batch_full" {
		t.Errorf("with %d payments: %q, %+v, %v", settleFrom, code, c, s.Snapshot().Refused)
	}
	paidInBatch(t, j, mostInBatch-settleFrom-1, 1, pos.EvApproved)
	paidInBatch(t, j, 5, 1, pos.EvDeclined) // in no totals
	s.filled = fill{}
	if s.Look().Refused[pos.Card] == "batch_full" {
		t.Error("the last payment that fits is refused")
	}
	s.filled.add(1)
	if got := s.Look().Refused; got[pos.Card] != "batch_full" || got[pos.Cash] != "" || got[pos.QR] == "batch_full" {
		t.Errorf("a full batch refuses %v", got)
	}
	if _, err := s.Add(ctx, "apple", 0); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Pay(ctx, Pay{Tender: pos.Card}); !refusedWith(err, "batch_full") {
		t.Errorf("a card in a full batch: %v", err)
	}
	if _, err := s.Pay(ctx, Pay{Tender: pos.Cash}); err != nil {
		t.Errorf("cash in a full batch: %v", err)
	}
	s.filled.at = s.filled.at.Add(-recountRest) // one that was begun has failed meanwhile
	if got := s.Look().Refused[pos.Card]; got == "batch_full" {
		t.Error("a batch that has room again stays refused")
	}
	if _, err := j.Append(ctx, pos.Commit{Settings: map[string]string{pos.SetBatch: "000002"}}); err != nil {
		t.Fatal(err)
	}
	if code, c := warned(), s.Batch(); code != "" || c.Detail != "0" {
		t.Errorf("the next batch: %q, %+v", code, c)
	}
}

// TestASumThatTheTotalsHaveNoRoomFor: a sum of debits has twelve digits.
func TestASumThatTheTotalsHaveNoRoomFor(t *testing.T) {
	j := journal(t)
	paidInBatch(t, j, 1, mostSum-100, pos.EvApproved)
	s := drawer(t, j)
	for amount, fits := range map[pos.Amount]bool{100: true, 101: false} {
		s.mu.Lock()
		e := s.batchFault(amount)
		s.mu.Unlock()
		if (e == nil) != fits || e != nil && e.Code != "batch_full" {
			t.Errorf("%s more: %v", amount, e)
		}
	}
	if c := s.Batch(); c.Code != "settle_now" {
		t.Errorf("%+v", c)
	}
}

// TestWhatMendsLittleRoomDependsOnWhatBoundsIt: nobody gains by an empty disk where the file is at its own limit.
func TestWhatMendsLittleRoomDependsOnWhatBoundsIt(t *testing.T) {
	for disk, mend := range map[bool]string{true: "free_disk", false: "journal_limit"} {
		c, low := pos.Room{Left: 100 << 20, Low: true, Disk: disk}.Condition()
		if !low || c.Mend[0].Code != mend || fmt.Sprint(c.Found) != "[{ room_left [100 25600]}]" {
			t.Errorf("%+v", c)
		}
	}
}

// TestLittleRoomIsSaidLongBeforeThereIsNone: the till said nothing until the disk was full and no sale could be made.
func TestLittleRoomIsSaidLongBeforeThereIsNone(t *testing.T) {
	for want, room := range map[string]func() (pos.Room, error){
		"":                    func() (pos.Room, error) { return pos.Room{Left: 2 << 30}, nil },
		"journal_nearly_full": func() (pos.Room, error) { return pos.Room{Left: 900 << 20, Low: true, Disk: true}, nil },
		"disk_full":           func() (pos.Room, error) { return pos.Room{}, errors.Join(pos.ErrFull) },
	} {
		s := drawer(t, journal(t))
		s.o.Room, s.tight = room, tight{}
		got := ""
		for _, d := range s.Look().Devices {
			if d.Name == "disk" {
				got = d.Code
			}
		}
		if got != want {
			t.Errorf("%q is said, want %q", got, want)
		}
	}
}
