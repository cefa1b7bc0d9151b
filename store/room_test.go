package store_test

import (
	"errors"
	"testing"

	"tillkeeper/app/pos"
	"tillkeeper/store"
	"tillkeeper/store/storetest"
)

// filled is a journal without room for anything new, and what was begun in it before: two payments that were sent.
func filled(t *testing.T) (s *store.Store, one, two pos.Event) {
	s = open(t, store.Options{Dir: t.TempDir(), MaxSize: 2 << 20, Reserve: 512 << 10})
	one, two = created(s, ""), created(s, "")
	must(t, s, pos.Commit{Events: append(of(one, pos.EvCreated, pos.EvSending), of(two, pos.EvCreated, pos.EvSending)...)})
	for n := 0; full(s) == nil; n += 50 {
		if n > 100_000 {
			t.Fatal("never full")
		}
		storetest.Fill(t, s, 50)
	}
	return s, one, two
}

// full is why a journal has no room, nil where it has.
func full(s *store.Store) error {
	_, err := s.Room()
	return err
}

// TestAFullJournalStillEndsWhatIsUnderWay: an approval with results of the issuer's scripts, and a reversal whose deferred
// sale goes on, begin an attempt of their own in the same commit. They were refused for that where little room was left:
// the approved sale was reversed, the reversal sent again and again.
func TestAFullJournalStillEndsWhatIsUnderWay(t *testing.T) {
	s, sale, deferred := filled(t)
	must(t, s, pos.Commit{Events: append(of(sale, pos.EvApproved), of(created(s, ""), pos.EvCreated, pos.EvResultDue)...)})
	must(t, s, pos.Commit{Events: of(deferred, pos.EvReversing)})
	must(t, s, pos.Commit{Events: append(of(deferred, pos.EvReversed), of(created(s, ""), pos.EvCreated, pos.EvDeferred)...)})
	for name, begin := range map[string][]pos.Event{
		"a sale":         of(created(s, ""), pos.EvCreated, pos.EvSending),
		"a cash sale":    of(created(s, ""), pos.EvCreated, pos.EvApproved),
		"a void":         append(of(created(s, ""), pos.EvCreated, pos.EvSending), of(sale, pos.EvFollowUp)...),
		"a cash refund":  append(of(created(s, ""), pos.EvCreated, pos.EvApproved), of(sale, pos.EvFollowUp, pos.EvRefundedFull)...),
		"sent again":     append(of(created(s, ""), pos.EvCreated, pos.EvDeferred), of(sale, pos.EvResolved)...),
		"an article":     {{Type: pos.EvLineAdded, Basket: "000000000001"}},
		"another number": {{Type: pos.EvLineEdited, Basket: "000000000001"}},
	} {
		if _, err := s.Append(ctx, pos.Commit{Events: begin}); !errors.Is(err, pos.ErrFull) {
			t.Errorf("%s in a full journal: %v", name, err)
		}
	}
	storetest.Verify(t, s)
}

// TestAJournalWithoutALimitOfItsOwnHasOne: none was set, and a read transaction that nobody ended would have let the file
// grow until the disk was full.
func TestAJournalWithoutALimitOfItsOwnHasOne(t *testing.T) {
	s := open(t, store.Options{Dir: t.TempDir()})
	if got := s.MaxSize(); got != store.DefaultMaxSize {
		t.Errorf("bbolt may grow the file to %d bytes", got)
	}
	if room, err := s.Room(); err == nil && room.Left > store.DefaultMaxSize {
		t.Errorf("%d bytes are left of %d", room.Left, store.DefaultMaxSize)
	}
}

// TestAJournalThatIsNearlyFullSaysSo: the first word about room was the refusal of a sale.
func TestAJournalThatIsNearlyFullSaysSo(t *testing.T) {
	const most, reserve = 8 << 20, 512 << 10
	s := open(t, store.Options{Dir: t.TempDir(), MaxSize: most, Reserve: reserve})
	first, err := s.Room()
	if err != nil || first.Low || first.Disk {
		t.Fatalf("an empty journal: %+v, %v", first, err)
	}
	said := false
	for n := 0; ; n += 50 {
		room, err := s.Room()
		if err != nil {
			break
		}
		if room.Low != (room.Left < most/10) || room.Left > first.Left || room.Left < 0 {
			t.Fatalf("after %d sales: %+v", n, room)
		}
		if said = said || room.Low; n > 100_000 {
			t.Fatal("never full")
		}
		storetest.Fill(t, s, 50)
	}
	if !said {
		t.Error("it was full before it was nearly full")
	}
}

// TestADiskThatIsSmallerThanTheLimit: the file may be smaller than its limit, and it is the disk that is said to be nearly full.
func TestADiskThatIsSmallerThanTheLimit(t *testing.T) {
	disk := storetest.NewDisk(t, 96)
	s := open(t, store.Options{Dir: disk.Dir})
	sell(t, s)
	room, err := s.Room()
	if err != nil || room.Low || !room.Disk || room.Left <= 0 || room.Left > 96<<20 {
		t.Fatalf("with the disk empty: %+v, %v", room, err)
	}
	if err := disk.Fill(12 << 20); err != nil { // 8 MiB of it are kept free
		t.Fatal(err)
	}
	sell(t, s)
	room, err = s.Room()
	if err != nil || !room.Low || !room.Disk {
		t.Errorf("nearly full: %+v, %v", room, err)
	}
	if err := disk.Fill(7 << 20); err != nil {
		t.Fatal(err)
	}
	if err := full(s); !errors.Is(err, pos.ErrFull) {
		t.Errorf("full: %v", err)
	}
	if err := disk.Empty(); err != nil {
		t.Fatal(err)
	}
	sell(t, s)
	storetest.Verify(t, s)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
