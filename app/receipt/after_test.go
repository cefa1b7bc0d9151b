package receipt_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/app/receipt"
	"tillkeeper/drivers/printer"
)

// moment is a time of the day of the slips, in the zone of the journal.
func moment(h, m, s int) time.Time { return time.Date(2026, 3, 14, h, m, s, 0, time.UTC) }

// original is the sale that the follow-ups are about.
func original() *pos.Attempt {
	a := with(card(), func(a *pos.Attempt) { a.Created, a.HostDate, a.Refunded = moment(1, 0, 0), "0314", 525 })
	return &a
}

func follow(kind pos.Kind, state pos.State) pos.Attempt {
	return with(card(), func(a *pos.Attempt) {
		a.ID, a.Kind, a.State, a.STAN, a.RRN, a.AuthCode, a.Original = "000000000017", kind, state, "000046", "260314000046", "", "A2"
		a.Receipt, a.PINOnline, a.Created, a.Since, a.HostDate = "000124", false, moment(1, 20, 0), moment(2, 0, 0), "0314"
		if kind == pos.Refund {
			a.Amount, a.Approved = 525, 525
		}
		if state != pos.Approved {
			a.Approved, a.RRN = 0, ""
		}
	})
}

func goods() []pos.Line {
	return []pos.Line{{Name: "苹果", Qty: 350, Price: 1500, Total: 525, Unit: "kg"}}
}

func settled() pos.BatchReport {
	return pos.BatchReport{
		Batch: "000001", Next: "000002", Balanced: true,
		Till: pos.BatchTotals{Debit: 1234500, DebitCount: 118, Credit: 2400, CreditCount: 2},
		Host: pos.BatchTotals{Debit: 1234500, DebitCount: 118, Credit: 2400, CreditCount: 2}, By: "王芳",
	}
}

func leftOut() []pos.Attempt {
	var out []pos.Attempt
	for i, s := range []pos.State{pos.Reversing, pos.Manual, pos.LateDeclined, pos.Deferred, pos.RefundUnknown} {
		out = append(out, with(card(), func(a *pos.Attempt) { a.STAN, a.State = fmt.Sprintf("%06d", 50+i), s }))
	}
	return out
}

func difference() pos.Difference {
	return pos.Difference{
		ID: "2026-03-14-reversed_in_file-000001-000045", File: "20260314.csv", Class: pos.ReversedInFile, Attempt: "A2", Batch: "000001",
		STAN: "000045", RRN: "260314000045", PAN: "622424******0113", Theirs: 1875, Time: moment(1, 27, 0), Proposal: "claim_reversal",
	}
}

func advise(code, lang string) string {
	if lang == "en" {
		return "the acquirer corrects it (" + code + ")"
	}
	return "请收单行更正（" + code + "）"
}

func reason(code string) string {
	if code == "51" {
		return "余额不足"
	}
	return ""
}

// charged is the customer who was charged for a failed sale: no answer, three
// tries of the reversal, acknowledged, then in the file all the same, and in
// the meantime paid in cash.
func charged() receipt.Case {
	a := with(unknown(), func(a *pos.Attempt) {
		a.State, a.Created, a.Reason, a.HostDate, a.Receipt = pos.Reversed, moment(1, 26, 53), "98", "", "000123"
	})
	e := func(h, m, s int, t pos.EventType, change func(*pos.Event)) pos.Event {
		e := pos.Event{Attempt: a.ID, Type: t, Time: moment(h, m, s)}
		if change != nil {
			change(&e)
		}
		return e
	}
	paid := with(cash(), func(a *pos.Attempt) { a.Created = moment(1, 29, 0) })
	return receipt.Case{
		Attempt: a, Linked: []pos.Attempt{a, paid}, Differences: []pos.Difference{difference()},
		Events: []pos.Event{
			e(1, 26, 53, pos.EvCreated, func(e *pos.Event) { e.Amount, e.STAN, e.Batch = 1875, "000045", "000001" }),
			e(1, 26, 54, pos.EvSending, nil),
			e(1, 27, 4, pos.EvUnknown, func(e *pos.Event) { e.Code = "no_answer" }),
			e(1, 27, 4, pos.EvReversing, func(e *pos.Event) { e.Reason = "98" }),
			e(1, 27, 15, pos.EvReversalTry, nil), e(1, 27, 20, pos.EvReversalTry, nil), e(1, 27, 30, pos.EvReversalTry, nil),
			{Attempt: "A1", Type: pos.EvApproved, Time: moment(1, 29, 0), Approved: 1875},
			e(1, 30, 0, pos.EvReversed, func(e *pos.Event) { e.Text = "00" }),
			e(1, 31, 0, pos.EvPrinted, nil),
		},
	}
}

// following gives every slip of this file by name.
func following(o receipt.Options) map[string]receipt.Document {
	yes, amount := true, pos.Amount(1234567)
	unbalanced := settled()
	unbalanced.Balanced, unbalanced.Host.Debit, unbalanced.Host.DebitCount, unbalanced.LeftOut = false, 1232625, 117, leftOut()
	refused := settled()
	refused.Balanced, refused.Untaken = false, []pos.Attempt{with(card(), func(a *pos.Attempt) { a.State = pos.Settled })}
	recon := receipt.ReconcileFacts{
		File: "20260314.csv", First: "2026-03-14", Last: "2026-03-14", Lines: 120, Matched: 119, ReversedInFile: 1,
		Ours: 1232100, Theirs: 1233975, Differences: []pos.Difference{difference()},
	}
	return map[string]receipt.Document{
		"void":            receipt.FollowUp(shop, follow(pos.Void, pos.Approved), original(), nil, o),
		"void-unknown":    receipt.FollowUp(shop, follow(pos.Void, pos.Reversing), original(), nil, o),
		"refund":          receipt.FollowUp(shop, follow(pos.Refund, pos.Approved), original(), goods(), o),
		"refund-unknown":  receipt.FollowUp(shop, follow(pos.Refund, pos.RefundUnknown), original(), goods(), o),
		"refund-manual":   receipt.FollowUp(shop, follow(pos.Refund, pos.Manual), original(), nil, o),
		"preauth":         receipt.FollowUp(shop, follow(pos.Preauth, pos.Approved), nil, nil, o),
		"preauth-void":    receipt.FollowUp(shop, follow(pos.PreauthVoid, pos.Approved), original(), nil, o),
		"completion":      receipt.FollowUp(shop, follow(pos.Completion, pos.Approved), original(), nil, o),
		"completion-void": receipt.FollowUp(shop, follow(pos.CompletionVoid, pos.Approved), original(), nil, o),
		"balance":         receipt.Balance(shop, follow(pos.Balance, pos.Approved), &amount, &yes, o),
		"bank": receipt.Bank(shop, with(follow(pos.Sale, pos.Manual), func(a *pos.Attempt) {
			a.Reason, a.Code = "98", ""
		}), o),
		"bank-refund":        receipt.Bank(shop, follow(pos.Refund, pos.Manual), o),
		"settlement":         receipt.Settlement(shop, settled(), o),
		"settlement-left":    receipt.Settlement(shop, unbalanced, o),
		"settlement-untaken": receipt.Settlement(shop, refused, o),
		"settlement-none":    receipt.Settlement(shop, pos.BatchReport{Batch: "000002", Empty: true}, o),
		"recon":              receipt.Reconciled(shop, recon, advise, o),
		"story":              receipt.Story(shop, charged(), o, receipt.Speech{Advise: advise}),
	}
}

func TestSlipsOfWhatFollowsASale(t *testing.T) {
	for _, lang := range []string{"zh", "en"} {
		for name, d := range following(at(lang)) {
			golden(t, name+"-"+lang, d)
		}
	}
}

// TestSlipsGoOnPaper: every one can be printed on both widths of paper with the
// printer's own letters alone.
func TestSlipsGoOnPaper(t *testing.T) {
	for _, lang := range []string{"zh", "en"} {
		for name, d := range following(at(lang)) {
			for _, columns := range []int{printer.Columns80, printer.Columns58} {
				b, err := printer.Encode(d, columns, nil)
				own, fault := printer.Encode(d, columns, []byte("not a font"))
				if err != nil || fault != nil || !bytes.Equal(b, own) {
					t.Errorf("%s %s, %d columns: %v %v", name, lang, columns, err, fault)
				}
			}
		}
	}
}

// kindsOfSlips are the follow-ups that have a slip of their own.
var kindsOfSlips = []pos.Kind{pos.Void, pos.Refund, pos.Preauth, pos.PreauthVoid, pos.Completion, pos.CompletionVoid}

// TestEverySlipSaysSomethingInEveryState: no state leaves an empty line where a
// sentence should be, none shows a clear card number, and every state of the
// list of a settlement has its reason.
func TestEverySlipSaysSomethingInEveryState(t *testing.T) {
	for _, lang := range []string{"zh", "en"} {
		o := at(lang)
		for state := range pos.StateRules {
			var slips []receipt.Document
			for _, k := range kindsOfSlips {
				slips = append(slips, receipt.FollowUp(shop, follow(k, state), original(), goods(), o), receipt.Bank(shop, follow(k, state), o))
			}
			c := charged()
			c.Attempt.State, c.Differences = state, nil
			slips = append(slips, receipt.Story(shop, c, o, receipt.Speech{}), receipt.Balance(shop, follow(pos.Balance, state), nil, nil, o))
			if rule := pos.StateRules[state]; !rule.Final {
				f := settled()
				f.LeftOut = []pos.Attempt{with(card(), func(a *pos.Attempt) { a.State = state })}
				slips = append(slips, receipt.Settlement(shop, f, o))
			}
			for _, d := range slips {
				for _, l := range d.Lines {
					if (l.Kind == receipt.Text || l.Kind == receipt.Centre) && strings.TrimSpace(l.Left) == "" || strings.Contains(l.Left, "{") {
						t.Errorf("%s %s: %q in\n%s", lang, state, l.Left, text(d))
					}
				}
			}
		}
	}
}

// TestTheStoryOfAChargeForAFailedSale names, in order, what a bank understands:
// the request, the reversal, how often it was sent, its acknowledgement, the
// line of the file and what to do about it; nothing of another attempt's events.
func TestTheStoryOfAChargeForAFailedSale(t *testing.T) {
	for lang, want := range map[string][]string{
		"en": {
			"2026-03-14 09:26:53 Sale (Card) of ￥18.75 was started (Trace no. 000045, Batch 000001).",
			"2026-03-14 09:26:54 The request was sent to the bank.",
			"2026-03-14 09:27:04 No answer that can be trusted came: the outcome was unknown.",
			"2026-03-14 09:27:04 The till decided to take it back (reversal, reason 98). From here on it cannot succeed.",
			"2026-03-14 09:27:30 By now the reversal had been sent 3 times and was not acknowledged.",
			"2026-03-14 09:29:00 Linked: Sale (Cash) of ￥18.75: approved.",
			"2026-03-14 09:30:00 The acquirer acknowledged the reversal (answer 00): the payment is undone.",
			"File 20260314.csv: still booked with ￥18.75 (Trace no. 000045, Batch 000001, Reference 260314000045), though its reversal was acknowledged.",
			"What to do: the acquirer corrects it (claim_reversal)",
			"The acquirer's file shows a charge: the shop gives the money back or has the acquirer take the charge back, and keeps this open until it is done.",
			"Please keep this slip.",
		},
		"zh": {
			"2026-03-14 09:26:53 发起银行卡消费 ￥18.75（凭证号 000045，批次号 000001）。",
			"2026-03-14 09:26:54 请求发往银行。",
			"2026-03-14 09:27:04 没有收到可信的答复，结果不明。",
			"2026-03-14 09:27:04 收银机决定冲正（原因码 98）。从这时起本笔不会再算成功。",
			"2026-03-14 09:27:30 到此时冲正已发送 3 次，没有得到确认。",
			"2026-03-14 09:29:00 相关交易：现金消费 ￥18.75，成功。",
			"2026-03-14 09:30:00 收单行确认了冲正（应答 00）：本笔已取消。",
			"文件 20260314.csv：仍记为 ￥18.75（凭证号 000045，批次号 000001，参考号 260314000045），而冲正已被确认。",
			"办法: 请收单行更正（claim_reversal）",
			"收单行文件显示已扣款：店方退还这笔钱，或请收单行撤账，直到办妥为止。",
			"请保留此单。",
		},
	} {
		got := receipt.Tell(charged(), at(lang), receipt.Speech{Advise: advise})
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s:\n%s\nwant\n%s", lang, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// TestAResolvedDifferenceIsNoCharge: the story names who ended it and how, and
// no longer says that money has to go back.
func TestAResolvedDifferenceIsNoCharge(t *testing.T) {
	c := charged()
	c.Differences[0].Resolved, c.Differences[0].By = moment(5, 0, 0), "2001"
	c.Differences[0].How, c.Differences[0].Reason = "refunded", "cash, slip 12"
	got := strings.Join(receipt.Tell(c, at("en"), receipt.Speech{Advise: advise}), "\n")
	if !strings.Contains(got, "2001 resolved it at 2026-03-14 13:00:00: refunded to the customer. cash, slip 12") ||
		strings.Contains(got, "gives the money back") || strings.Contains(got, "claim_reversal") {
		t.Error(got)
	}
}

// TestEveryEventThatMattersIsTold and the others are left out.
func TestEveryEventThatMattersIsTold(t *testing.T) {
	silent := map[pos.EventType]bool{
		pos.EvDeliveryTry: true, pos.EvResealed: true, pos.EvFollowUp: true, pos.EvPrinted: true, pos.EvReprinted: true,
		pos.EvResultDue: true, pos.EvResultTry: true, pos.EvTold: true, // of an attempt without money
	}
	seen := map[pos.EventType]bool{}
	for _, r := range pos.Table {
		if seen[r.On] {
			continue
		}
		seen[r.On] = true
		for _, tender := range []pos.Tender{pos.Cash, pos.Card, pos.QR} {
			c := charged()
			c.Attempt.Tender, c.Linked, c.Differences = tender, nil, nil
			c.Events = []pos.Event{{Attempt: c.Attempt.ID, Type: r.On, Time: moment(1, 0, 0), Code: "51", By: "2001", Text: "00", How: "refunded"}}
			got := receipt.Tell(c, at("zh"), receipt.Speech{Reason: reason})
			if told := strings.HasPrefix(got[0], "2026-03-14 09:00:00 "); told == (silent[r.On] || r.On == pos.EvSending && tender == pos.Cash) {
				t.Errorf("%s %s: %q", r.On, tender, got)
			}
			if strings.Contains(strings.Join(got, ""), "{") {
				t.Errorf("%s %s: %q", r.On, tender, got)
			}
			if r.On == pos.EvDeclined && tender == pos.Card && !strings.Contains(got[0], "51（余额不足）") {
				t.Errorf("%q", got)
			}
		}
	}
}

// TestALongStoryIsBounded: its first and last moments are told.
func TestALongStoryIsBounded(t *testing.T) {
	c := charged()
	last := c.Events[8]
	for i := range 500 {
		typ := []pos.EventType{pos.EvLateAnswer, pos.EvReversalTry}[i%2]
		c.Events = append(c.Events, pos.Event{Attempt: c.Attempt.ID, Type: typ, Time: moment(2, 0, 0)})
	}
	c.Events = append(c.Events, last)
	got := receipt.Tell(c, at("en"), receipt.Speech{})
	all := strings.Join(got, "\n")
	if len(got) > 70 || !strings.Contains(all, "was started") || !strings.Contains(all, "and more") || strings.Count(all, "acknowledged the reversal") < 1 {
		t.Errorf("%d:\n%s", len(got), all)
	}
}

// TestMakerOfWhatFollows: the maker hands out the slips of the functions, with
// the mark of demo keys, and tells a story in both languages.
func TestMakerOfWhatFollows(t *testing.T) {
	m := receipt.Maker{
		Shop: shop, Lang: "en", Demo: true, Now: func() time.Time { return at("").Time }, Advise: advise,
		Say: func(string) (string, string) { return "余额不足", "" },
	}
	o := at("en")
	o.Demo = true
	f, c := settled(), charged()
	for name, pair := range map[string]struct {
		got  any
		want receipt.Document
	}{
		"follow-up":  {m.FollowUp(follow(pos.Refund, pos.Approved), original(), goods(), "王芳", false), receipt.FollowUp(shop, follow(pos.Refund, pos.Approved), original(), goods(), o)},
		"balance":    {m.Balance(card(), nil, nil, "王芳"), receipt.Balance(shop, card(), nil, nil, o)},
		"bank":       {m.Bank(unknown(), "王芳"), receipt.Bank(shop, unknown(), o)},
		"settlement": {m.Settlement(f), receipt.Settlement(shop, f, o)},
		"empty": {
			m.Settlement(pos.BatchReport{Batch: "000001", Empty: true, By: "王芳"}),
			receipt.Settlement(shop, pos.BatchReport{Batch: "000001", Empty: true}, o),
		},
		"recon": {m.Reconciled(receipt.ReconcileFacts{First: "2026-03-14"}, "王芳"), receipt.Reconciled(shop, receipt.ReconcileFacts{First: "2026-03-14"}, advise, o)},
		"story": {
			m.Story(c.Attempt, c.Linked, c.Events, c.Differences, "王芳"),
			receipt.Story(shop, c, o, receipt.Speech{Advise: advise, Reason: func(string) string { return "余额不足" }}),
		},
	} {
		got, ok := pair.got.(receipt.Document)
		if !ok || text(got) != text(pair.want) || !strings.Contains(text(got), "DEMO KEYS") {
			t.Errorf("%s:\n%s\nwant\n%s", name, text(got), text(pair.want))
		}
	}
	zh, en := m.Tell("zh", c), m.Tell("en", c)
	if len(zh) != len(en) || zh[0] == en[0] || strings.Contains(strings.Join(zh, ""), "余额不足") {
		t.Errorf("%q\n%q", zh, en)
	}
}
