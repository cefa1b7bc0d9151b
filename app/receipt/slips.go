package receipt

import (
	"strconv"

	"tillkeeper/app/pos"
)

// Unknown is the slip for a customer whose payment has no known outcome: what
// happens by itself, and the numbers for the bank.
func Unknown(s Shop, a pos.Attempt, o Options) Document {
	p := newPage(a.ID, o)
	p.head(s, o)
	p.title(p.say["unknown_title"])
	p.where(s, o)
	p.rule()
	p.bold(p.tenderName(&a), yuan(a.Amount))
	p.pair("  "+p.say["attempt"], a.ID)
	p.known("  "+p.say["receipt"], a.Receipt)
	p.known("  "+p.say["order"], a.Order)
	p.trace(&a)
	p.rule()
	what := "unknown_what"
	if a.Code == "card_removed" || a.Code == "card_refused" {
		what = "unknown_card" // the bank did answer: yes
	}
	for _, w := range []string{what, "unknown_money", "unknown_keep"} {
		p.text(p.say[w])
	}
	p.rule()
	return p.foot(o, false)
}

// Declined is the slip of a refused payment. Reason and remedy are sentences in
// the language of the slip.
func Declined(s Shop, a pos.Attempt, reason, remedy string, o Options) Document {
	p := newPage(a.ID, o)
	p.head(s, o)
	p.title(p.say["declined_title"])
	p.strong(p.say["declined_no"])
	p.where(s, o)
	p.rule()
	p.bold(p.tenderName(&a), yuan(a.Amount))
	p.pair("  "+p.say["attempt"], a.ID)
	p.known("  "+p.say["order"], a.Order)
	p.trace(&a)
	p.known("  "+p.say["answer"], a.Code)
	if reason != "" {
		p.text(p.say["reason"] + ": " + reason)
	}
	if remedy != "" {
		p.text(p.say["remedy"] + ": " + remedy)
	}
	p.rule()
	return p.foot(o, false)
}

// Totals is the slip of a business day. Late declined money is named apart: it
// is in neither gross nor net.
func Totals(s Shop, t pos.Totals, o Options) Document {
	p := newPage("DAY-"+t.Day, o)
	p.head(s, o)
	p.title(p.say["totals_title"])
	p.bold(p.say["day"], t.Day)
	p.where(s, o)
	p.rule()
	p.pair(p.say["gross"], yuan(t.Gross))
	p.pair(p.say["refunds"], yuan(t.Refunds))
	p.add(Line{Kind: Text, Left: p.say["net"], Right: yuan(t.Net), Bold: true, Big: true})
	p.pair(p.say["tax"], yuan(t.Tax))
	p.pair(p.say["count"], strconv.Itoa(t.Count))
	p.pair(p.say["baskets"], strconv.Itoa(t.Baskets))
	p.rule()
	for _, tender := range []pos.Tender{pos.Cash, pos.Card, pos.QR} {
		sums, ok := t.ByTender[tender]
		p.maybe(p.word(string(tender))+" x "+strconv.Itoa(sums.Count), yuan(sums.Net), ok)
	}
	p.rule()
	p.pair(p.say["pending"]+" x "+strconv.Itoa(t.Pending.Count), yuan(t.Pending.Net))
	p.pair(p.say["late_declined"]+" x "+strconv.Itoa(t.LateDeclined.Count), yuan(t.LateDeclined.Net))
	p.rule()
	return p.foot(o, false)
}

// Test is the page that the external check of a printer prints.
func Test(s Shop, o Options) Document {
	p := newPage("TEST", o)
	p.head(s, o)
	p.title(p.say["test_title"])
	p.where(s, o)
	p.rule()
	p.pair(p.say["column_sentence"], yuan(123456))
	p.text("0123456789 ABCDEFGHIJKLMNOPQRSTUVWXYZ abcdefghijklmnopqrstuvwxyz")
	p.text("销售 退货 冲正 脱机 合计 找零 收银员 凭证号")
	p.rule()
	return p.foot(o, false)
}
