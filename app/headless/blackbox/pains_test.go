package blackbox

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tillkeeper/app/headless/blackbox/child"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// Each test here is named after something that users of other tills suffer
// from, and shows that it does not happen.

func Test_pain_1_receipt_printed_sale_gone_after_a_power_cut(t *testing.T) {
	s := opened(t, quick, "")
	var sold []attempt
	for _, tender := range []string{"cash", "card", "cash", "card"} {
		a := s.Sale(t, tender, map[string]string{"cash": "tendered", "card": "card"}[tender], map[string]any{"cash": 1000, "card": "ok"}[tender])
		s.Cut() // at once: nobody had time to flush anything
		sold = append(sold, a)
		s.OpenUp(t)
		for _, a := range sold {
			s.Is(t, a.ID, "approved")
			s.Till.Must(t, cmd{"cmd": "reprint", "receipt": a.Receipt})
		}
	}
	s.drained(t)
}

func Test_pain_2_duplicates_when_the_line_comes_back(t *testing.T) {
	s := opened(t, quick, "")
	s.LineDown(t)
	var waiting []attempt
	for _, card := range []string{"offline-approve", "offline-approve-tap", "offline-approve-2"} {
		waiting = append(waiting, s.Sale(t, "card", "card", card))
	}
	// The host takes the uploads and loses its answers: each is sent again.
	s.HostUp(t, `{"rules":[{"fault":"drop_answer","type":"36","times":4}]}`)
	s.Till.Must(t, cmd{"cmd": "wait", "for": "online", "timeout_ms": 30000})
	for range 5 { // new sales while the queue drains
		s.Sale(t, "card", "card", "ok")
		s.Till.Must(t, cmd{"cmd": "basket"})
		if due, err := s.Due(); err != nil || due > 0 {
			s.Pay(t, "cash")
		}
	}
	s.drained(t)
	for _, a := range waiting {
		s.Is(t, a.ID, "delivered")
		var times int
		ledger, err := s.Ledger()
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range ledger {
			if e.STAN == a.STAN && e.Net != 0 {
				times++
			}
		}
		if times != 1 {
			t.Errorf("STAN %s was charged %d times", a.STAN, times)
		}
	}
}

func Test_pain_3_charged_but_the_till_does_not_know(t *testing.T) {
	s := opened(t, "[host]\ntimeout = \"20s\"\nreversal_repeat = \"200ms\"\n", `{"rules":[{"fault":"drop_answer","mti":"0200","times":2}]}`)
	for range 2 {
		s.Till.Must(t, cmd{"cmd": "add", "sku": "100003", "qty": "1"})
		before, err := s.Ledger()
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Till.Send(`{"cmd":"pay","tender":"card","card":"ok"}`); err != nil {
			t.Fatal(err)
		}
		child.Until(t, func() bool { // the host has charged, and its answer is lost
			l, err := s.Ledger()
			return err == nil && len(l) > len(before) && l[len(l)-1].Kind == "sale" && l[len(l)-1].Net > 0
		})
		s.Cut()
		s.OpenUp(t)
	}
	s.drained(t)
	lost := s.Find(t, "state", "reversed")
	if len(lost) != 2 {
		t.Errorf("%d payments were reversed, not 2", len(lost))
	}
	if a := s.Pay(t, "card", "card", "ok"); a.State != "approved" {
		t.Errorf("after that the card pays: %s %s", a.State, a.AnswerCode)
	}
	s.drained(t)
}

func Test_pain_4_one_bad_record_blocks_the_queue(t *testing.T) {
	s := opened(t, quick, "")
	s.LineDown(t)
	lost := s.Sale(t, "card", "card", "offline-approve")
	refused := s.Sale(t, "card", "card", "late-decline")
	good := []attempt{s.Sale(t, "card", "card", "offline-approve-tap"), s.Sale(t, "card", "card", "offline-approve-2")}
	s.HostUp(t, fmt.Sprintf(`{"rules":[{"fault":"drop_request","stan":%q}]}`, lost.STAN))
	s.Till.Must(t, cmd{"cmd": "wait", "for": "online", "timeout_ms": 30000})
	s.Till.Must(t, cmd{"cmd": "forward", "timeout_ms": 5000}) // the bad one stays
	for _, a := range good {
		child.Until(t, func() bool { return s.State(t, a.ID).State == "delivered" })
	}
	child.Until(t, func() bool { return s.State(t, refused.ID).State == "late_declined" })
	if a := s.Sale(t, "card", "card", "ok"); a.State != "approved" {
		t.Errorf("a sale behind the bad record: %s %s", a.State, a.AnswerCode)
	}
	s.HostUp(t, "")
	s.Till.Must(t, cmd{"cmd": "wait", "for": "online", "timeout_ms": 30000})
	s.drained(t)
	s.Is(t, lost.ID, "delivered")
}

func Test_pain_5_sign_out_reset_or_update_wipes_what_was_pending(t *testing.T) {
	s := opened(t, quick, "")
	s.LineDown(t)
	a := s.Sale(t, "card", "card", "offline-approve")
	still := func(after string) {
		t.Helper()
		if q := s.Queue(t); len(q) != 1 || q[0].Attempt != a.ID {
			t.Errorf("after %s the queue is %v", after, q)
		}
	}
	s.Till.Must(t, cmd{"cmd": "signout"})
	still("a sign-out")
	if err := s.CloseTill(); err != nil {
		t.Fatal(err)
	}
	s.OpenUp(t)
	still("a restart")
	s.Cut()
	// An update brings another program, other settings, other goods and people.
	child.Put(t, s.Config, quick+"[shop]\nname = \"新店名\"\n[offline]\napproval = false\n")
	for _, name := range []string{"products.csv", "staff.json"} {
		if err := os.Remove(filepath.Join(s.Data, name)); err != nil {
			t.Fatal(err)
		}
	}
	s.OpenUp(t)
	still("other settings")
	s.HostUp(t, "")
	s.Till.Must(t, cmd{"cmd": "wait", "for": "online", "timeout_ms": 30000})
	s.drained(t)
	s.Is(t, a.ID, "delivered")
}

func Test_pain_6_late_declines_that_nobody_can_act_on(t *testing.T) {
	s := opened(t, quick, "")
	s.LineDown(t)
	a := s.Sale(t, "card", "card", "late-decline")
	// The word of the host is lost once: it says it again.
	s.HostUp(t, `{"rules":[{"fault":"drop_answer","type":"36","nth":1}]}`)
	s.Till.Must(t, cmd{"cmd": "wait", "for": "online", "timeout_ms": 30000})
	s.drained(t)
	for range 2 { // and again after the next opening
		if q := s.Queue(t); len(q) != 1 || q[0].Attempt != a.ID || q[0].State != "late_declined" || q[0].AnswerCode != "51" {
			t.Errorf("the work list is %v", q)
		}
		list := s.Till.Must(t, cmd{"cmd": "attempt", "attempt": a.ID})["attempts"].([]any)
		got := list[0].(map[string]any)
		for _, key := range []string{"answer_text", "remedy", "masked_pan", "receipt", "stan"} {
			if got[key] == "" || got[key] == nil {
				t.Errorf("a late decline without %s: nobody can act on it", key)
			}
		}
		if err := s.CloseTill(); err != nil {
			t.Fatal(err)
		}
		s.OpenUp(t)
	}
	// The owner takes the money otherwise and says so; the item is off the list, and the record says who decided.
	s.Till.Must(t, cmd{"cmd": "resolve", "attempt": a.ID, "how": "paid_otherwise", "reason": "came back with cash", "override": cmd{"staff": "2001", "pin": "135790"}})
	if q := s.Queue(t); len(q) != 0 {
		t.Errorf("decided, it is still on the list: %v", q)
	}
	s.Is(t, a.ID, "cancelled")
}

func Test_pain_8_chinese_or_yen_garbled(t *testing.T) {
	s := opened(t, quick, "")
	line := s.Till.Must(t, cmd{"cmd": "add", "sku": "100003", "qty": "1"})["line"].(map[string]any)
	if line["name"] != "可口可乐 2L" {
		t.Errorf("the name on standard output is %q", line["name"])
	}
	s.Pay(t, "cash", "tendered", 1000)
	if err := s.CloseTill(); err != nil { // what is printed is printed now
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(s.Data, "printer.bin"))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"可口可乐 2L", "合计", "找零", "和平路便利店"} {
		want, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(raw, want) {
			t.Errorf("the printer did not get %q", text)
		}
	}
	if !bytes.Contains(raw, []byte{0xA3, 0xA4}) {
		t.Error("the printer got no ￥")
	}
	for name, b := range map[string][]byte{"UTF-8": []byte("可"), "a half-width ¥": {0x81, 0x30, 0x84, 0x36}} {
		if bytes.Contains(raw, b) {
			t.Errorf("the printer got %s", name)
		}
	}
}

func Test_pain_9_many_products(t *testing.T) {
	const many = 100_000
	var csv strings.Builder
	csv.WriteString("sku,barcode,name,price,tax,category,unit\n")
	code := func(i int) string {
		digits := fmt.Sprintf("690%09d", i)
		sum := 0
		for i, d := range digits {
			sum += int(d-'0') * (1 + 2*(i%2))
		}
		return digits + fmt.Sprint((10-sum%10)%10)
	}
	for i := range many {
		fmt.Fprintf(&csv, "S%d,%s,商品%d,%d.%02d,13,杂货,个\n", i, code(i), i, 1+i/100%900, i%100)
	}
	s, err := newShop(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.End)
	child.Put(t, filepath.Join(s.Dir, "many.csv"), csv.String())
	child.Put(t, s.Config, quick+"[import]\ncatalogue = \"many.csv\"\n")
	s.OpenUp(t)
	for n, i := range []int{0, 1, many / 2, many - 2, many - 1} {
		line := s.Till.Must(t, cmd{"cmd": "scan", "code": code(i)})["line"].(map[string]any)
		want := fmt.Sprint((1+i/100%900)*100 + i%100)
		if line["sku"] != fmt.Sprintf("S%d", i) || fmt.Sprint(line["price"]) != want || fmt.Sprint(line["line"]) != fmt.Sprint(n+1) {
			t.Errorf("the scan of product %d gave %v", i, line)
		}
	}
	if a := s.Pay(t, "cash"); a.State != "approved" {
		t.Errorf("%v", a)
	}
}

func Test_pain_12_the_wrong_business_day_after_midnight(t *testing.T) {
	// A shop whose day begins in an hour is still in yesterday's. It names no zone: it has this machine's.
	now := time.Now()
	begins := now.Add(time.Hour)
	yesterday := now.AddDate(0, 0, -1).Format(time.DateOnly)
	if begins.Day() != now.Day() { // it begins after midnight: today has begun long ago
		yesterday = now.Format(time.DateOnly)
	}
	s := opened(t, quick+fmt.Sprintf("[shop]\nday_start = %q\n", begins.Format("15:04")), "")
	s.Sale(t, "cash")
	for name, c := range map[string]cmd{"named": {"cmd": "totals", "day": yesterday}, "today": {"cmd": "totals"}} {
		if got := s.Till.Must(t, c); fmt.Sprint(got["gross"]) != "750" || got["day"] != yesterday {
			t.Errorf("%s: the evening of %v has %v, not 750 on %s", name, got["day"], got["gross"], yesterday)
		}
	}
	if n := len(s.Find(t, "from", yesterday, "to", yesterday)); n != 1 {
		t.Errorf("%d sales are found on %s", n, yesterday)
	}
}

func Test_pain_13_a_double_tap_counts_twice(t *testing.T) {
	s := opened(t, quick, `{"rules":[{"fault":"delay","mti":"0200","delay":"100ms"}]}`)
	for _, pay := range []string{`{"cmd":"pay","tender":"cash","tendered":750}`, `{"cmd":"pay","tender":"card","card":"ok"}`} {
		s.Till.Must(t, cmd{"cmd": "add", "sku": "100003", "qty": "1"})
		if err := s.Till.Send(pay + "\n" + pay + "\n" + pay); err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			a, err := s.Till.Answer()
			if err != nil {
				t.Fatal(err)
			}
			if want := i == 0; a["ok"] != want {
				t.Errorf("tap %d of %s: %v", i+1, pay, a)
			}
		}
	}
	if all := s.Find(t); len(all) != 2 {
		t.Errorf("%d payments, not 2", len(all))
	}
	s.drained(t)
}
