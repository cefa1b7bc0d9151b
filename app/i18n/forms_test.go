package i18n

import (
	"testing"
	"time"

	"tillkeeper/app/pos"
)

func TestEveryStateHasItsWord(t *testing.T) {
	for state := range pos.StateRules {
		zh, en := Words{}.State(state), Words{English: true}.State(state)
		if state != pos.None && (zh == "" || zh == en) {
			t.Errorf("%s is said as %q and %q", state, zh, en)
		}
	}
}

func TestSumsQuantitiesAndSpans(t *testing.T) {
	day := time.Date(2026, 3, 9, 8, 5, 0, 0, time.UTC)
	zh, en := Words{}, Words{English: true}
	for got, want := range map[string]string{
		Money(0): "0.00", Money(5): "0.05", Money(99999): "999.99", Money(100000): "1,000.00", Money(-123456789): "-1,234,567.89",
		Masked("622424******0113"): "622424 ****** 0113", Masked("1234"): "1234",
		Quantity(pos.Line{Unit: "kg", Qty: 1050}): "1.050", Quantity(pos.Line{Qty: 2000}): "2",
		zh.Date(day): "3月9日 星期一", en.Date(day): "Mon, Mar 9", zh.DayShort(day): "周一", en.Weekday(day): "Monday",
		zh.Span(59 * time.Second): "59 秒", en.Span(59 * time.Minute): "59 min", zh.Span(47 * time.Hour): "47 小时", en.Span(48 * time.Hour): "2 d",
		zh.Took(1260 * time.Millisecond): "1.2 秒", en.Took(0): "0.0 s",
		zh.Tender(pos.QR): "扫码", en.Tender(pos.Cash): "Cash", zh.Role(pos.Owner): "老板", en.Role(pos.Supervisor): "Supervisor",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestOneIsNotMany: a till once had 1 lines and 1 pages.
func TestOneIsNotMany(t *testing.T) {
	en := Words{English: true}
	for got, want := range map[string]string{
		en.T("%d 种", 1): "1 line", en.T("%d 种", 0): "0 lines", en.T("%d 种", 21): "21 lines", en.T("商品 %s 件", "1"): "1 piece",
		en.T("%d 笔 · %d 页", 1, 1): "1 item · 1 page", en.T("%d 笔 · %d 页", 11, 1): "11 items · 1 page",
		en.T("%s 种 · 价格含税", "1,001"): "1,001 articles · prices with tax", Words{}.T("%d 种", 1): "1 种",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
