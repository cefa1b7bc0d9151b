package store_test

import (
	"strings"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/store"
	"tillkeeper/store/storetest"
)

func ids(all []pos.Attempt) string {
	var b strings.Builder
	for _, a := range all {
		b.WriteString(strings.TrimLeft(a.ID, "0") + " ")
	}
	return strings.TrimSpace(b.String())
}

func TestFindByArticleAndTime(t *testing.T) {
	dir := t.TempDir()
	s := open(t, store.Options{Dir: dir})
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	for i, name := range []string{"Green Tea", "乌龙茶 大", `Äpfel <"1 kg">`, "GREEN beans"} {
		e := created(s, s.NextBasket())
		e.Time = at.Add(time.Duration(i) * time.Hour)
		if i == 3 {
			e.Day = "2026-11-19" // what a deferred sale may keep
		}
		doc := pos.Basket{Key: e.Basket, State: pos.BasketOpen, Note: "note", Lines: []pos.Line{{No: 1, SKU: "X", Name: name}}}
		must(t, s, pos.Commit{Events: of(e, pos.EvCreated), Baskets: []pos.Basket{doc}})
	}
	for range 2 {
		for q, want := range map[pos.Query]string{
			{Text: "green"}:               "1 4",
			{Text: "GREEN T"}:             "1",
			{Text: "龙茶"}:                  "2",
			{Text: "äPFEL"}:               "3",
			{Text: `<"1 K`}:               "3",
			{Text: "note"}:                "", // a name, not any text of the record
			{Text: "line"}:                "",
			{Text: "green", Limit: 1}:     "1",
			{From: at.Add(time.Hour)}:     "3 2 4",
			{To: at.Add(2 * time.Hour)}:   "2 1",
			{From: at.Add(3 * time.Hour)}: "4",
			{From: at, To: at}:            "",
			{From: at.AddDate(0, 1, 0)}:   "",
			{To: at.AddDate(0, -1, 0)}:    "",
			{Text: "tea", To: at.Add(1)}:  "1",
			{Text: "000004"}:              "4",
			{FromDay: "2026-11-20", To: at.Add(90 * time.Minute), Text: "茶"}: "2",
		} {
			if got, err := s.Find(q); err != nil || ids(got) != want {
				t.Errorf("%+v: %q, want %q, %v", q, ids(got), want, err)
			}
		}
		s.Close()
		s = open(t, store.Options{Dir: dir})
	}
}

func TestOfBatchInOrderOfTheTraceNumber(t *testing.T) {
	dir := t.TempDir()
	s := open(t, store.Options{Dir: dir})
	for i, stan := range []string{"000007", "000002", "000900"} {
		e := created(s, "")
		e.STAN, e.Batch = stan, "000003"
		if i == 2 {
			e.Batch = "000004"
		}
		must(t, s, pos.Commit{Events: of(e, pos.EvCreated, pos.EvDeclined)})
	}
	late := created(s, "")
	late.STAN, late.Batch = "", ""
	must(t, s, pos.Commit{Events: of(late, pos.EvCreated)})
	traced := of(late, pos.EvSending)
	traced[0].STAN, traced[0].Batch = "000005", "000003"
	must(t, s, pos.Commit{Events: traced})
	for range 2 {
		for batch, want := range map[string]string{"000003": "2 4 1", "000004": "3", "00000": "", "000009": ""} {
			if got, err := s.OfBatch(batch); err != nil || ids(got) != want {
				t.Errorf("batch %s: %q, want %q, %v", batch, ids(got), want, err)
			}
		}
		s.Close()
		s = open(t, store.Options{Dir: dir})
	}
}

func TestTraceNumberOfAnUnansweredRefundIsPassed(t *testing.T) {
	s := open(t, store.Options{Dir: t.TempDir()})
	e := created(s, "")
	e.Kind, e.Original = pos.Refund, "000000000077"
	must(t, s, pos.Commit{Events: of(e, pos.EvCreated, pos.EvSending, pos.EvRefundUnknown), Settings: map[string]string{pos.SetBatch: "000002"}})
	for _, stan := range []string{"400000", "800000", "999999"} { // the circle goes the shorter way
		last := created(s, "")
		last.STAN, last.Batch = stan, "000002"
		must(t, s, pos.Commit{Events: of(last, pos.EvCreated, pos.EvDeclined)})
	}
	if n := s.NextSTAN(); n != "000002" {
		t.Errorf("STAN %s, want 000002: the refund is repeated under 000001", n)
	}
	must(t, s, pos.Commit{Events: of(e, pos.EvRefundTry, pos.EvApproved)})
	storetest.Verify(t, s)
}

func TestNewFieldsOfAnAttemptAreKept(t *testing.T) {
	dir := t.TempDir()
	s := open(t, store.Options{Dir: dir})
	e := created(s, "")
	e.Original = "000000000042"
	must(t, s, pos.Commit{Events: of(e, pos.EvCreated, pos.EvSending, pos.EvApproved)})
	follow := of(e, pos.EvFollowUp)
	follow[0].Next = "000000000043"
	must(t, s, pos.Commit{Events: follow})
	other := created(s, "")
	parked := of(other, pos.EvCreated, pos.EvSending, pos.EvParked, pos.EvResolved)
	parked[3].How = "written_off"
	must(t, s, pos.Commit{Events: parked})
	s.Close()
	s = open(t, store.Options{Dir: dir})
	if a, err := s.Attempt(e.Attempt); err != nil || a.Original != "000000000042" || a.Follow != "000000000043" || a.Next != "" {
		t.Errorf("%+v, %v", a, err)
	}
	if a, err := s.Attempt(other.Attempt); err != nil || a.How != "written_off" {
		t.Errorf("%+v, %v", a, err)
	}
	storetest.Verify(t, s)
}

func BenchmarkFindNameAt1M(b *testing.B) {
	s, n := largeJournal(b)
	for b.Loop() {
		got, err := s.Find(pos.Query{Text: "no such article"})
		if err != nil || len(got) > 0 || n == 0 {
			b.Fatal(len(got), err)
		}
	}
}

func BenchmarkFindDayAt1M(b *testing.B) {
	s, n := largeJournal(b)
	from := storetest.FirstDay.AddDate(0, 0, 3)
	for b.Loop() {
		if _, err := s.Find(pos.Query{From: from, To: from.AddDate(0, 0, 1), Text: "article 9"}); err != nil || n == 0 {
			b.Fatal(err)
		}
	}
}
