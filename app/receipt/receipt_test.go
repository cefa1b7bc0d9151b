package receipt_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/app/receipt"
)

var update = flag.Bool("update", false, "write the golden files anew; read them before you keep them")

var shop = receipt.Shop{
	Name: "惠民便利店", Address: "北京市海淀区中关村大街1号", Phone: "010-62510000", TaxID: "91110108MA01TEST0X",
	Terminal: "10000001", Merchant: "898110000000001",
}

func at(lang string) receipt.Options {
	return receipt.Options{Lang: lang, Operator: "王芳", Time: time.Date(2026, 3, 14, 9, 26, 53, 0, time.FixedZone("", 8*3600))}
}

func basket() pos.Basket {
	return pos.Basket{
		Receipt: "000123", Mode: pos.TaxIncluded, Total: 1875, Tax: 173,
		Lines: []pos.Line{
			{Name: "农夫山泉 550ml", Qty: 2000, Price: 200, Total: 400, Unit: "瓶"},
			{Name: "苹果", Qty: 350, Price: 1500, Total: 525, Unit: "kg"},
			{Name: "牛奶 1L", Qty: 1000, Price: 1000, Total: 950, Discount: 50},
		},
	}
}

func cash() pos.Attempt { return paid(1875, 2000) }

// paid is a payment in cash out of what was handed over.
func paid(amount, tendered pos.Amount) pos.Attempt {
	return pos.Attempt{
		ID: "A1", Receipt: "000123", Kind: pos.Sale, Tender: pos.Cash, State: pos.Approved, Amount: amount, Approved: amount,
		Tendered: tendered, Change: tendered - amount,
	}
}

func card() pos.Attempt {
	return pos.Attempt{
		ID: "A2", Receipt: "000123", Kind: pos.Sale, Tender: pos.Card, State: pos.Approved, Amount: 1875, Approved: 1875,
		STAN: "000045", Batch: "000001", RRN: "260314000045", AuthCode: "A1B2C3", Org: "CUP", MaskedPAN: "622424******0113",
		EntryMode: "chip", PINOnline: true,
	}
}

func wallet() pos.Attempt {
	return pos.Attempt{
		ID: "A3", Receipt: "000123", Kind: pos.Sale, Tender: pos.QR, State: pos.Approved, Amount: 875, Approved: 875,
		Wallet: "wechat", Order: "T260314A3",
	}
}

// with changes a payment.
func with(a pos.Attempt, change func(*pos.Attempt)) pos.Attempt {
	change(&a)
	return a
}

func offline() pos.Attempt {
	return with(card(), func(a *pos.Attempt) {
		a.State, a.Offline, a.RRN, a.PINOnline, a.EntryMode = pos.OfflineApproved, true, "", false, "contactless"
	})
}

func unknown() pos.Attempt {
	return with(card(), func(a *pos.Attempt) { a.State, a.Approved, a.RRN, a.AuthCode = pos.Unknown, 0, "", "" })
}

// text writes a slip as text: a line for each, its kind, its two sides, and
// B for bold and + for big.
func text(d receipt.Document) string {
	var b strings.Builder
	fmt.Fprintf(&b, "number %s copy %v\n", d.Number, d.Copy)
	d.Each(func(kind, left, right string, bold, big bool) {
		marks := ""
		if bold {
			marks += "B"
		}
		if big {
			marks += "+"
		}
		fmt.Fprintln(&b, strings.TrimRight(fmt.Sprintf("%-6s %-2s|%s|%s", kind, marks, left, right), "| "))
	})
	return b.String()
}

func golden(t *testing.T, name string, d receipt.Document) {
	t.Helper()
	file := filepath.Join("testdata", name+".txt")
	got := text(d)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s:\ngot\n%s\nwant\n%s", name, got, want)
	}
}

func TestSlips(t *testing.T) {
	b := basket()
	added := basket()
	added.Mode, added.Total = pos.TaxAdded, 2048
	rounded := basket()
	rounded.Rounding = -5
	demo := at("zh")
	demo.Demo, demo.Copy = true, true
	training := at("en")
	training.Training = true
	half := with(card(), func(a *pos.Attempt) { a.Amount, a.Approved = 1000, 1000 })
	totals := pos.Totals{
		Day: "2026-03-14", Sums: pos.Sums{Gross: 300000, Refunds: 1000, Net: 299000, Count: 120}, Tax: 24500, Baskets: 118,
		ByTender:     map[pos.Tender]pos.Sums{pos.Cash: {Net: 99000, Count: 40}, pos.Card: {Net: 200000, Count: 80}},
		Pending:      pos.Sums{Net: 1875, Count: 1},
		LateDeclined: pos.Sums{Net: 500, Count: 1},
	}
	for _, lang := range []string{"zh", "en"} {
		o := at(lang)
		for name, d := range map[string]receipt.Document{
			"cash":    receipt.Sale(shop, b, []pos.Attempt{cash()}, o),
			"card":    receipt.Sale(shop, b, []pos.Attempt{card()}, o),
			"offline": receipt.Sale(shop, b, []pos.Attempt{offline()}, o),
			"split":   receipt.Sale(shop, b, []pos.Attempt{half, wallet()}, o),
			"unknown": receipt.Unknown(shop, unknown(), o),
			"declined": receipt.Declined(shop, with(card(), func(a *pos.Attempt) {
				a.State, a.Approved, a.Code, a.AuthCode = pos.Declined, 0, "51", ""
			}), "余额不足", "换卡或现金", o),
			"totals": receipt.Totals(shop, totals, o),
			"test":   receipt.Test(shop, o),
		} {
			golden(t, name+"-"+lang, d)
		}
	}
	golden(t, "copy-demo-zh", receipt.Sale(shop, b, []pos.Attempt{cash()}, demo))
	golden(t, "training-en", receipt.Sale(shop, b, []pos.Attempt{cash()}, training))
	golden(t, "tax-added-zh", receipt.Sale(shop, added, []pos.Attempt{paid(2048, 2100)}, at("zh")))
	golden(t, "rounded-zh", receipt.Sale(shop, rounded, []pos.Attempt{paid(1870, 2000)}, at("zh")))
}

// TestTendersOfASale: what stands for money is on the slip, what is open is
// said to be reversed, what was refused or given up is not there.
func TestTendersOfASale(t *testing.T) {
	const reversal = "未完成 正在冲正 请勿重复付款"
	for state, want := range map[pos.State]string{
		pos.Approved: "￥18.75", pos.Settled: "￥18.75", pos.Delivered: "￥18.75", pos.OfflineApproved: "￥18.75",
		pos.Unknown: reversal, pos.Reversing: reversal, pos.Manual: reversal, pos.Voided: "已撤销", pos.Refunded: "已退款",
		pos.Declined: "", pos.Reversed: "", pos.Cancelled: "", pos.Created: "", pos.Sending: "", pos.LateDeclined: "",
	} {
		a := with(card(), func(a *pos.Attempt) {
			a.State = state
			if state == pos.Refunded {
				a.Refunded = 1875
			}
		})
		got := text(receipt.Sale(shop, basket(), []pos.Attempt{a}, at("zh")))
		_, got, _ = strings.Cut(got, "合计")
		_, got, _ = strings.Cut(got, "\n")
		if want == "" && strings.Contains(got, "银行卡") {
			t.Errorf("%s is on the slip:\n%s", state, got)
		}
		if !strings.Contains(got, want) || (want != reversal && strings.Contains(got, reversal)) {
			t.Errorf("%s: no %q in\n%s", state, want, got)
		}
	}
}

// TestNoClearNumber: only what the attempt shows masked can reach a slip.
func TestNoClearNumber(t *testing.T) {
	a := card()
	a.CardHash, a.Sealed = "hash-of-the-card", &pos.Box{}
	for _, d := range []receipt.Document{
		receipt.Sale(shop, basket(), []pos.Attempt{a}, at("zh")), receipt.Unknown(shop, a, at("en")), receipt.Declined(shop, a, "", "", at("en")),
	} {
		if got := text(d); !strings.Contains(got, "622424******0113") || strings.Contains(got, a.CardHash) {
			t.Errorf("%s", got)
		}
	}
}

// TestCopyIsMarkedTwice: at the head and at the foot, in both languages, and
// nowhere on a first print.
func TestCopyIsMarkedTwice(t *testing.T) {
	for _, lang := range []string{"zh", "en", "fr"} {
		for _, again := range []bool{true, false} {
			o := at(lang)
			o.Copy = again
			want := 0
			if again {
				want = 2
			}
			d := receipt.Sale(shop, basket(), []pos.Attempt{cash()}, o)
			if n := strings.Count(text(d), "重印 COPY"); n != want || d.Copy != again {
				t.Errorf("%s copy %v: %d marks", lang, again, n)
			}
		}
	}
}

func TestMaker(t *testing.T) {
	m := receipt.Maker{Shop: shop, Lang: "en", Demo: true, Now: func() time.Time { return at("").Time }}
	o := at("en")
	o.Demo, o.Copy = true, true
	sale, ok := m.Sale(basket(), []pos.Attempt{cash()}, "王芳", true).(receipt.Document)
	if want := receipt.Sale(shop, basket(), []pos.Attempt{cash()}, o); !ok || text(sale) != text(want) {
		t.Errorf("got\n%swant\n%s", text(sale), text(want))
	}
	o.Copy, o.Lang = false, "zh"
	m.Lang = "zh-Hans"
	slip, ok := m.Attempt(unknown(), "王芳").(receipt.Document)
	if want := receipt.Unknown(shop, unknown(), o); !ok || text(slip) != text(want) {
		t.Errorf("got\n%swant\n%s", text(slip), text(want))
	}
}
