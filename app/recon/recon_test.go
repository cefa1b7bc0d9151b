package recon

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tillkeeper/app/pos"
)

const (
	tid = "10000001"
	mid = "898110000000001"
)

// header is the first line of the simulated acquirer's file.
var header = []string{
	"date", "time", "tid", "mid", "batch", "stan", "rrn", "auth", "kind", "pan", "amount", "original_batch", "original_stan",
}

var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, china)

// sale is an approved card sale of 18.75 with trace number 45.
func sale() pos.Attempt {
	return pos.Attempt{
		ID: "000000000007", Kind: pos.Sale, Tender: pos.Card, State: pos.Approved, Amount: 1875, Approved: 1875,
		Batch: "000001", STAN: "000045", RRN: "260314000045", MaskedPAN: "622424******0113", HostDate: "0314", Created: noon,
	}
}

func with(a pos.Attempt, change func(*pos.Attempt)) pos.Attempt {
	change(&a)
	return a
}

// entry is the file's line of an attempt.
func entry(a pos.Attempt, amount pos.Amount) []string {
	return []string{
		"2026-03-14", "12:00:01", tid, mid, a.Batch, a.STAN, a.RRN, a.AuthCode, string(a.Kind), a.MaskedPAN, amount.String(), "", "",
	}
}

func file(rows ...[]string) string {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write(header)
	_ = w.WriteAll(rows)
	return b.String()
}

// run reconciles and gives every difference.
func run(t testing.TB, ours []pos.Attempt, text string) (Report, []pos.Difference) {
	t.Helper()
	m := New(tid, mid, usual())
	for _, a := range ours {
		m.AddOurs(a)
	}
	var got []pos.Difference
	r, err := m.Run(strings.NewReader(text), func(d pos.Difference) error {
		got = append(got, d)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return r, got
}

// another is a payment that matches, so that the file covers the day.
func another() pos.Attempt {
	return with(sale(), func(a *pos.Attempt) { a.ID, a.STAN, a.RRN = "000000000001", "000001", "260314000001" })
}

// TestEveryStateInTheFileAndNot says for each state of an attempt what a line
// of the file means, what no line means, and what is proposed.
func TestEveryStateInTheFileAndNot(t *testing.T) {
	type want struct {
		class    pos.DifferenceClass
		proposal string
		missing  bool
	}
	for state, w := range map[pos.State]want{
		pos.Approved: {pos.Matched, "", true}, pos.Settled: {pos.Matched, "", true}, pos.Delivered: {pos.Matched, "", true},
		pos.Voided: {pos.Matched, "", true}, pos.Refunded: {pos.Matched, "", true},
		pos.OfflineApproved: {pos.Matched, "", false}, pos.Deferred: {pos.Matched, "", false}, pos.Delivering: {pos.Matched, "", false},
		pos.Unknown: {pos.TheirsOnly, SendReversal, false}, pos.Reversing: {pos.TheirsOnly, SendReversal, false},
		pos.Manual:   {pos.TheirsOnly, SendReversal, false},
		pos.Reversed: {pos.ReversedInFile, ClaimReversal, false},
		pos.Declined: {pos.TheirsOnly, RefundCustomer, false}, pos.Cancelled: {pos.TheirsOnly, RefundCustomer, false},
		pos.LateDeclined: {pos.TheirsOnly, BookAsCharged, false},
		pos.Created:      {pos.TheirsOnly, LookAgain, false}, pos.Sending: {pos.TheirsOnly, LookAgain, false},
	} {
		a := with(sale(), func(a *pos.Attempt) {
			a.State = state
			if !pos.StateRules[state].Counted && state != pos.Voided {
				a.Approved = 0
			}
		})
		r, got := run(t, []pos.Attempt{another(), a}, file(entry(another(), 1875), entry(a, 1875)))
		if w.class == pos.Matched {
			if len(got) != 0 || r.Matched != 2 {
				t.Errorf("%s in the file: %+v", state, got)
			}
		} else if len(got) != 1 || got[0].Class != w.class || got[0].Proposal != w.proposal || got[0].Attempt != a.ID || got[0].Ours != 0 {
			t.Errorf("%s in the file: %+v", state, got)
		}
		_, got = run(t, []pos.Attempt{another(), a}, file(entry(another(), 1875)))
		if w.missing != (len(got) == 1 && got[0].Class == pos.OursOnly && got[0].Proposal == AskAcquirer && got[0].Ours == 1875) || !w.missing && len(got) > 0 {
			t.Errorf("%s not in the file: %+v", state, got)
		}
	}
}

// proposed are the cases that a person meets, with what is proposed.
var proposed = map[string]struct {
	change func(*pos.Attempt)
	lines  []pos.Amount // of the file
	class  pos.DifferenceClass
	want   string
}{
	"less than here":      {nil, []pos.Amount{1800}, pos.AmountDiffers, ClaimShortfall},
	"more than here":      {nil, []pos.Amount{1975}, pos.AmountDiffers, ReturnSurplus},
	"twice":               {nil, []pos.Amount{1875, 1875}, pos.TheirsOnly, ClaimDuplicate},
	"gone":                {nil, nil, pos.OursOnly, AskAcquirer},
	"late in the evening": {func(a *pos.Attempt) { a.Created = noon.Add(11*time.Hour + time.Minute) }, nil, pos.OursOnly, WaitNextFile},
	"upload gone":         {func(a *pos.Attempt) { a.State, a.Offline = pos.Delivered, true }, nil, pos.OursOnly, AskUpload},
	"refund gone":         {func(a *pos.Attempt) { a.Kind = pos.Refund }, nil, pos.OursOnly, AskRefund},
	"refund too small":    {func(a *pos.Attempt) { a.Kind = pos.Refund }, []pos.Amount{-1000}, pos.AmountDiffers, ReturnRest},
	"refund too large":    {func(a *pos.Attempt) { a.Kind = pos.Refund }, []pos.Amount{-2000}, pos.AmountDiffers, ClaimOverpayment},
	"failed refund booked": {
		func(a *pos.Attempt) { a.Kind, a.State = pos.Refund, pos.Declined }, []pos.Amount{-1875}, pos.TheirsOnly, ClaimGiven,
	},
	"parked refund booked": {
		func(a *pos.Attempt) { a.Kind, a.State = pos.Refund, pos.Manual }, []pos.Amount{-1875}, pos.TheirsOnly, BookAsCharged,
	},
	"parked upload booked": {
		func(a *pos.Attempt) { a.State, a.Offline = pos.Manual, true }, []pos.Amount{1875}, pos.TheirsOnly, BookAsCharged,
	},
	"failed void booked": {
		func(a *pos.Attempt) { a.Kind, a.State = pos.Void, pos.Declined }, []pos.Amount{-1875}, pos.TheirsOnly, ClaimVoid,
	},
	"hold charged": {func(a *pos.Attempt) { a.Kind = pos.Preauth }, []pos.Amount{1875}, pos.TheirsOnly, ReleaseHold},
	"unknown":      {func(a *pos.Attempt) { a.STAN = "000046" }, []pos.Amount{1875}, pos.TheirsOnly, FindPayment},
	"resolved, paid in cash": {
		func(a *pos.Attempt) { a.State, a.How = pos.Cancelled, "paid_otherwise" }, []pos.Amount{1875}, pos.TheirsOnly, RefundCustomer,
	},
	"resolved, as in file": {
		func(a *pos.Attempt) { a.State, a.How = pos.Cancelled, "as_in_file" }, []pos.Amount{1875}, pos.TheirsOnly, BookAsCharged,
	},
	"reversal owed": {func(a *pos.Attempt) { a.State = pos.Unknown }, []pos.Amount{1875}, pos.TheirsOnly, SendReversal},
	"reversed":      {func(a *pos.Attempt) { a.State = pos.Reversed }, []pos.Amount{1875}, pos.ReversedInFile, ClaimReversal},
	"declined":      {func(a *pos.Attempt) { a.State = pos.Declined }, []pos.Amount{1875}, pos.TheirsOnly, RefundCustomer},
	"running":       {func(a *pos.Attempt) { a.State = pos.Sending }, []pos.Amount{1875}, pos.TheirsOnly, LookAgain},
}

// TestProposals names the proposal of each case that a person meets.
func TestProposals(t *testing.T) {
	shown := map[string]bool{"": true}
	for name, c := range proposed {
		a := sale()
		if c.change != nil {
			c.change(&a)
		}
		rows := [][]string{entry(another(), 1875)}
		for _, amount := range c.lines {
			line := entry(with(a, func(a *pos.Attempt) { a.STAN = "000045" }), amount)
			if a.Kind == pos.Preauth {
				line[8] = "sale"
			}
			rows = append(rows, line)
		}
		_, got := run(t, []pos.Attempt{another(), a}, file(rows...))
		i := slices.IndexFunc(got, func(d pos.Difference) bool { return d.Class == c.class })
		if i < 0 || got[i].Proposal != c.want {
			t.Errorf("%s: %+v, want %s", name, got, c.want)
			continue
		}
		shown[c.want] = true
		theirs := &Line{Amount: got[i].Theirs}
		ours := &a
		if c.want == FindPayment {
			ours = nil
		}
		if p := Proposal(c.class, ours, theirs); p != c.want {
			t.Errorf("%s: Proposal says %s, want %s", name, p, c.want)
		}
	}
	for p := range texts {
		if !shown[p] {
			t.Errorf("no case shows %s", p)
		}
		if Say(p, "zh") == "" || Say(p, "en") == "" || Say(p, "zh") == Say(p, "en") {
			t.Errorf("%s has no sentence", p)
		}
	}
}

// TestVoidsRefundsCompletionsUploadsAndCodes: what stands in the acquirer's
// books, each with its own line; holds, inquiries, cash and wallet orders do not.
func TestVoidsRefundsCompletionsUploadsAndCodes(t *testing.T) {
	n := 0
	make1 := func(kind pos.Kind, state pos.State, change func(*pos.Attempt)) pos.Attempt {
		n++
		a := with(sale(), func(a *pos.Attempt) {
			a.ID, a.STAN, a.RRN, a.Kind, a.State = fmt.Sprintf("%012d", n), fmt.Sprintf("%06d", n), "", kind, state
		})
		if change != nil {
			change(&a)
		}
		return a
	}
	in := []pos.Attempt{
		make1(pos.Sale, pos.Voided, nil), make1(pos.Void, pos.Approved, nil), make1(pos.Refund, pos.Settled, nil),
		make1(pos.Completion, pos.Voided, nil), make1(pos.CompletionVoid, pos.Settled, nil),
		make1(pos.Sale, pos.Delivered, func(a *pos.Attempt) { a.Offline = true }),
		make1(pos.Sale, pos.Approved, func(a *pos.Attempt) { a.Tender, a.Wallet = pos.QR, "wechat" }),
		make1(pos.Sale, pos.Approved, func(a *pos.Attempt) { a.Amount, a.Approved = 3000, 1875 }),
	}
	out := []pos.Attempt{
		make1(pos.Preauth, pos.Approved, nil), make1(pos.PreauthVoid, pos.Approved, nil), make1(pos.Balance, pos.Approved, nil),
		make1(pos.Sale, pos.Approved, func(a *pos.Attempt) { a.Tender = pos.Cash }),
		make1(pos.Sale, pos.Approved, func(a *pos.Attempt) { a.Tender, a.STAN, a.Order = pos.QR, "", "T1" }),
	}
	var rows [][]string
	var sum pos.Amount
	for _, a := range in {
		amount := pos.Amount(1875)
		if credit(a.Kind) {
			amount = -amount
		}
		sum += amount
		rows = append(rows, entry(a, amount))
	}
	r, got := run(t, append(in, out...), file(rows...))
	if len(got) != 0 || r.Matched != len(in) || r.Ours != sum || r.Theirs != sum || r.First != "2026-03-14" || r.Last != "2026-03-14" {
		t.Errorf("%+v %+v", r, got)
	}
	r, got = run(t, append(in, out...), file(entry(in[0], 1875)))
	if r.OursOnly != len(in)-1 || len(got) != len(in)-1 {
		t.Errorf("%+v %+v", r, got)
	}
}

// TestReferenceNumberHasToAgree: batch and trace number alone may belong to
// another payment after a wrap.
func TestReferenceNumberHasToAgree(t *testing.T) {
	a := sale()
	line := entry(a, 1875)
	line[6] = "260314999999"
	r, got := run(t, []pos.Attempt{another(), a}, file(entry(another(), 1875), line))
	if r.TheirsOnly != 1 || r.OursOnly != 1 || got[0].Attempt != "" || got[0].Proposal != FindPayment || got[1].Attempt != a.ID {
		t.Errorf("%+v", got)
	}
	for _, rrn := range []string{"", "260314000045", "000260314000045"} {
		line[6] = rrn
		if r, got := run(t, []pos.Attempt{a}, file(line)); r.Matched != 1 {
			t.Errorf("%q: %+v", rrn, got)
		}
	}
	// The same numbers on two payments of ours: the reference tells them apart.
	twin := with(a, func(a *pos.Attempt) {
		a.ID, a.RRN, a.State, a.Approved = "000000000008", "260314777777", pos.Reversed, 0
	})
	if r, got := run(t, []pos.Attempt{twin, a}, file(entry(a, 1875))); r.Matched != 1 || len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

// TestSameFileTwiceGivesTheSameIDs is what an import relies on.
func TestSameFileTwiceGivesTheSameIDs(t *testing.T) {
	a := sale()
	text := file(entry(another(), 1), entry(a, 1875), entry(a, 1875), entry(a, 1875))
	_, first := run(t, []pos.Attempt{another(), a}, text)
	_, second := run(t, []pos.Attempt{a, another()}, text)
	var ids []string
	for i := range first {
		ids = append(ids, first[i].ID)
		if first[i] != second[i] {
			t.Errorf("%+v\n%+v", first[i], second[i])
		}
	}
	want := []string{
		"2026-03-14-amount_differs-000001-000001", "2026-03-14-theirs_only-000001-000045", "2026-03-14-theirs_only-000001-000045-2",
	}
	if !slices.Equal(ids, want) {
		t.Errorf("%q", ids)
	}
}

// TestOtherTerminalsAndMerchants: a merchant's file may hold several tills; a
// file of somebody else is refused.
func TestOtherTerminalsAndMerchants(t *testing.T) {
	there := entry(sale(), 1875)
	there[2] = "10000002"
	r, got := run(t, []pos.Attempt{another()}, file(entry(another(), 1875), there))
	if r.Lines != 1 || r.Others != 1 || len(got) != 0 {
		t.Errorf("%+v %+v", r, got)
	}
	there[3] = "898110000000002"
	_, err := New(tid, mid, usual()).Run(strings.NewReader(file(there)), nil)
	if code(err) != "file_not_ours" {
		t.Error(err)
	}
}

func code(err error) string {
	var e *pos.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// TestDatesThatTheFileCovers: a payment is missing only from the file of its
// day, as the host counts days.
func TestDatesThatTheFileCovers(t *testing.T) {
	for name, c := range map[string]struct {
		created time.Time
		host    string
		missing bool
	}{
		"of the day":              {noon, "0314", true},
		"without a host's date":   {noon, "", true},
		"the day before":          {noon.AddDate(0, 0, -1), "0313", false},
		"before midnight by host": {noon.Add(12*time.Hour + time.Minute), "0314", true},
		"after midnight by host":  {noon.Add(11 * time.Hour), "0315", false},
		"a year ago":              {noon.AddDate(-1, 0, 0), "0314", false},
		"a host's date of no use": {noon, "9999", true},
	} {
		a := with(sale(), func(a *pos.Attempt) { a.Created, a.HostDate = c.created, c.host })
		if r, _ := run(t, []pos.Attempt{another(), a}, file(entry(another(), 1875))); (r.OursOnly == 1) != c.missing {
			t.Errorf("%s: %+v", name, r)
		}
	}
	newYear := time.Date(2027, 1, 1, 0, 1, 0, 0, china)
	if got := dayText(hostDay(&pos.Attempt{Created: newYear, HostDate: "1231"}, china)); got != "2026-12-31" {
		t.Error(got)
	}
	if got := dayText(hostDay(&pos.Attempt{Created: newYear.Add(-2 * time.Minute), HostDate: "0101"}, china)); got != "2027-01-01" {
		t.Error(got)
	}
}

// TestAnEmptyFileOfADayThatWasTraded: without lines only Cover says the day.
func TestAnEmptyFileOfADayThatWasTraded(t *testing.T) {
	m := New(tid, mid, usual())
	m.AddOurs(sale())
	m.Cover(noon, noon)
	var got []pos.Difference
	r, err := m.Run(strings.NewReader(file()), func(d pos.Difference) error { got = append(got, d); return nil })
	if err != nil || r.OursOnly != 1 || len(got) != 1 || r.First != "2026-03-14" {
		t.Errorf("%v %+v", err, r)
	}
}

// TestALineThatCameWithTheNextFile clears the open difference of the first.
func TestALineThatCameWithTheNextFile(t *testing.T) {
	late := with(sale(), func(a *pos.Attempt) { a.Created = noon.Add(11*time.Hour + 30*time.Minute) })
	_, open := run(t, []pos.Attempt{another(), late}, file(entry(another(), 1875)))
	m := New(tid, mid, usual())
	m.AddOurs(late)
	m.AddOpen(open[0])
	next := entry(late, 1875)
	next[0] = "2026-03-15"
	r, err := m.Run(strings.NewReader(file(next)), nil)
	if err != nil || !slices.Equal(r.Cleared, []string{open[0].ID}) || r.Matched != 1 {
		t.Errorf("%v %+v", err, r)
	}
}

func TestTooManyDifferencesAreTheWrongFile(t *testing.T) {
	m := New(tid, mid, usual())
	m.differences = MaxDifferences
	_, err := m.Run(strings.NewReader(file(entry(sale(), 1))), func(pos.Difference) error { return nil })
	if code(err) != "file_not_ours" {
		t.Error(err)
	}
}

func TestWhatIsKeptOfAnAttemptComesBack(t *testing.T) {
	for _, a := range []pos.Attempt{
		sale(),
		with(sale(), func(a *pos.Attempt) { a.ID, a.MaskedPAN = "A-7", "****0113" }),
		with(sale(), func(a *pos.Attempt) { a.ID, a.MaskedPAN = "999999999999", "6224240********0113"[:19] }),
		with(sale(), func(a *pos.Attempt) { a.MaskedPAN, a.RRN = "", "" }),
	} {
		b := books{zone: china}
		b.add(&a)
		r := b.at(0)
		if b.idOf(r) != a.ID || b.panOf(r) != a.MaskedPAN || string(bytes.TrimRight(r.rrn[:], "\x00")) != a.RRN {
			t.Errorf("%+v: %s %s", a, b.idOf(r), b.panOf(r))
		}
	}
}
