package decline_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tillkeeper/app/decline"
)

func table(t testing.TB) *decline.Table {
	t.Helper()
	a, err := os.Open("../../assets/codes/answer-codes.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	b, err := os.Open("../../assets/codes/till-reasons.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	tab, err := decline.Parse(a, b)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

func TestOnlyTheseCodesAreSuccess(t *testing.T) {
	tab := table(t)
	var got []string
	for _, c := range tab.Codes() {
		if tab.Success(c) {
			got = append(got, c)
		}
	}
	if want := []string{"00", "10", "11", "A2", "A4", "A5", "A6"}; !slices.Equal(got, want) {
		t.Errorf("success: %v, want %v", got, want)
	}
}

func TestUnknownCodeIsNeverSuccess(t *testing.T) {
	tab := table(t)
	rapid.Check(t, func(t *rapid.T) {
		code := rapid.String().Draw(t, "code")
		if slices.Contains(tab.Codes(), code) {
			return
		}
		e := tab.Lookup(code)
		if e.Class != decline.UnknownCode || e.Success() || e.Code != code || e.TextZH == "" || e.ActionZH == "" {
			t.Errorf("%q: %+v", code, e)
		}
	})
	if (&decline.Table{}).Success("00") {
		t.Error("an empty table knows no success")
	}
}

func TestEntries(t *testing.T) {
	tab := table(t)
	for code, want := range map[string]decline.Class{
		"51": decline.NoRetry, "55": decline.Retry, "68": decline.Unknown, "96": decline.Unknown, "98": decline.Unknown,
		"77": decline.Resign, "99": decline.Resign, "A0": decline.Resign, "97": decline.Operator, "A7": decline.System,
		"no_answer": decline.Unknown, "bad_mac": decline.Unknown, "amount_differs": decline.Unknown, "card_declined": decline.NoRetry,
		"offline_swipe": decline.NoRetry, "journal_fault": decline.System, "cancelled": decline.Retry,
	} {
		if got := tab.Lookup(code).Class; got != want {
			t.Errorf("%s is %s, want %s", code, got, want)
		}
	}
	if e := tab.Lookup("51"); !slices.Equal(e.Offer, []string{"card", "qr", "cash"}) || e.Text("en") != "Insufficient funds" || e.Text("zh-Hans") != "可用余额不足" {
		t.Errorf("51: %+v", e)
	}
	if e := tab.Lookup("00"); len(e.Offer) != 0 || e.Action("en") != "done" || e.Action("zh-Hans") != "完成" {
		t.Errorf("00: %+v", e)
	}
}

func TestTillReasonsAreThere(t *testing.T) {
	tab := table(t)
	want := "no_line no_answer bad_mac card_unreadable card_removed card_declined card_expired offline_limit_payment offline_limit_card offline_limit_total offline_limit_count offline_too_long offline_swipe offline_pin not_signed_on cancelled qr_expired qr_refused qr_offline keys_missing same_card_open amount_differs settlement_running journal_fault disk_full"
	for _, code := range strings.Fields(want) {
		if tab.Lookup(code).Class == decline.UnknownCode {
			t.Errorf("no reason %s", code)
		}
	}
}

func TestUnknownOutcomeNeverOffersTheCardAgain(t *testing.T) {
	tab := table(t)
	for _, code := range tab.Codes() {
		if e := tab.Lookup(code); e.Class == decline.Unknown && slices.Contains(e.Offer, "card") && code != "qr_unknown" {
			t.Errorf("%s offers the card again", code)
		}
	}
}

func TestLookupGivesACopy(t *testing.T) {
	tab := table(t)
	tab.Lookup("51").Offer[0] = "changed"
	if tab.Lookup("51").Offer[0] != "card" {
		t.Error("a caller changed the table")
	}
}

func TestParseNamesTheLine(t *testing.T) {
	head := strings.Join(decline.Columns, "\t")
	good := "51\ta\tb\tretry\tcash\td\te"
	for name, c := range map[string]struct{ text, says string }{
		"columns": {head + "\n51\ta", "line 2 has 2 columns"},
		"header":  {good, "line 1"},
		"class":   {head + "\n51\ta\tb\tgreat\tcash\td\te", "line 2"},
		"tender":  {head + "\n51\ta\tb\tretry\tgold\td\te", "gold"},
		"empty":   {head + "\n51\t\tb\tretry\tcash\td\te", "text_zh"},
		"twice":   {head + "\n" + good + "\n" + good, "line 3"},
		"long":    {head + "\n" + strings.Repeat("x", 5000), "too long"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := decline.Parse(strings.NewReader(c.text))
			if !errors.Is(err, decline.ErrTable) || !strings.Contains(fmt.Sprint(err), c.says) {
				t.Errorf("%v, want one that says %q", err, c.says)
			}
		})
	}
}
