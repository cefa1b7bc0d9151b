package recon

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"tillkeeper/app/pos"
)

// TestLettersOfASpreadsheet: a mark of the byte order, GBK, carriage returns,
// blanks and apostrophes that keep zeros, a header in Chinese.
func TestLettersOfASpreadsheet(t *testing.T) {
	a := sale()
	text := "交易日期,交易时间,终端号,商户号,批次号,凭证号,参考号,授权码,交易类型,卡号,交易金额,原批次号,原凭证号\r\n" +
		"20260314,120001,'" + tid + "," + mid + ",\t000001\t,`000045, 260314000045 ,,消费,622424******0113,\"1,018.75\",,\r\n\r\n" +
		"2026/03/14,12:00:01," + tid + "," + mid + ",1,46,,,手续费,,-0.10,,\r\n"
	a.Approved = 101875
	if r, got := run(t, []pos.Attempt{a}, "\xef\xbb\xbf"+text); r.Matched != 1 || r.Ignored != 1 || len(got) != 0 {
		t.Errorf("%+v %+v", r, got)
	}
	gbk, err := simplifiedchinese.GBK.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	l := Default()
	l.Text = simplifiedchinese.GBK.NewDecoder().Bytes
	m := New(tid, mid, l)
	m.AddOurs(a)
	if r, err := m.Run(strings.NewReader(gbk), nil); err != nil || r.Matched != 1 {
		t.Errorf("%v %+v", err, r)
	}
	if _, err := New(tid, mid, Default()).Run(strings.NewReader(gbk), nil); code(err) != "file_header" {
		t.Error(err)
	}
}

// TestOtherLayouts: columns by place, another separator, fen, credit by kind.
func TestOtherLayouts(t *testing.T) {
	l := Default()
	l.Comma, l.Header, l.Unit, l.Sign = "|", nil, Fen, ByKind
	l.Place = map[Column]int{Amount: 1, Kind: 2, STAN: 3, Batch: 4, Date: 5}
	var got []Line
	err := Decode(strings.NewReader("1875|sale|45|1|20260314\n1875|refund|46|1|20260314\n"), l, func(l *Line) error {
		got = append(got, *l)
		return nil
	})
	if err != nil || len(got) != 2 || got[0].Amount != 1875 || got[1].Amount != -1875 || got[1].STAN != "000046" || got[0].Day() != "2026-03-14" {
		t.Errorf("%v %+v", err, got)
	}
}

// TestBadLinesAreNamed: each with its number and what to do, and nothing is
// guessed.
func TestBadLinesAreNamed(t *testing.T) {
	set := func(cell int, v string) string {
		l := entry(sale(), 1875)
		l[cell] = v
		return file(entry(another(), 1875), l)
	}
	good := file(entry(another(), 1875))
	for name, c := range map[string]struct{ text, code, says string }{
		"nothing":            {"", "file_empty", "empty"},
		"no header":          {"a,b\n1,2\n", "file_header", "line 1"},
		"date":               {set(0, "14.03.2026"), "file_line", "line 3: the date"},
		"no date":            {set(0, ""), "file_line", "line 3: the date"},
		"another century":    {set(0, "1926-03-14"), "file_line", "line 3: the date"},
		"time":               {set(1, "25:00:00"), "file_line", "line 3: the time"},
		"batch":              {set(4, "A00001"), "file_line", "line 3: the batch"},
		"trace number":       {set(5, "0000450"), "file_line", "line 3: the trace"},
		"trace number 0":     {set(5, "000000"), "file_line", "line 3: the trace"},
		"kind":               {set(8, "gift"), "file_line", "line 3: the kind"},
		"amount":             {set(10, "18.755"), "file_line", "line 3: the amount"},
		"amount with letter": {set(10, "1e3"), "file_line", "line 3: the amount"},
		"no amount":          {set(10, ""), "file_line", "line 3: the amount"},
		"commas":             {set(10, "18,75"), "file_line", "line 3: the amount"},
		"huge":               {set(10, "99999999999999999999"), "file_line", "line 3: the amount"},
		"cut short":          {good + "2026-03-14,12:00:01", "file_line", "line 3: it has 2 cells of 13"},
		"one cell more":      {good + "2026-03-14,12:00:01,,,1,1,,,sale,,18,75,,9\n", "file_line", "line 3: it has 14 cells"},
		"open quotation":     {good + "\"2026\n", "file_line", "line 3: a quotation"},
		"after quotation":    {good + "\"2026\"x,\n", "file_line", "line 3: something follows"},
		"endless":            {good + strings.Repeat("x", maxLine+1), "file_line", "line 3: it is longer"},
		"cells without end":  {good + strings.Repeat(",", 1000) + "\n", "file_line", "line 3: it has more than"},
	} {
		m := New(tid, mid, Default())
		_, err := m.Run(strings.NewReader(c.text), func(pos.Difference) error { return nil })
		var e *pos.Error
		if !errors.As(err, &e) || e.Code != c.code || !strings.Contains(e.Message, c.says) || e.Remedy == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMoney(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "18.75": 1875, "18.7": 1870, "18": 1800, "-18.75": -1875, "+1.00": 100, "￥1.00": 100, "1,234,567.89": 123456789,
		"9999999999999.99": 999999999999999,
	} {
		if got, ok := money([]byte(text), true); !ok || got != want {
			t.Errorf("%q: %d %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "-", ".5", "1.", "1..0", "1.234", "1,23", "1,2345", ",123", "--1", "1 0", "0x1", "1.0.0", "99999999999999.99"} {
		if got, ok := money([]byte(text), true); ok {
			t.Errorf("%q: %d", text, got)
		}
	}
	if got, ok := money([]byte("1875"), false); !ok || got != 1875 {
		t.Error(got)
	}
	if _, ok := money([]byte("18.75"), false); ok {
		t.Error("a point in fen")
	}
}

func TestLayoutsThatCannotBe(t *testing.T) {
	for name, change := range map[string]func(*Layout){
		"separator": func(l *Layout) { l.Comma = "ab" }, "unit": func(l *Layout) { l.Unit = "jiao" }, "sign": func(l *Layout) { l.Sign = "" },
		"no dates": func(l *Layout) { l.Dates = nil }, "both": func(l *Layout) { l.Place = map[Column]int{Date: 1} },
		"no batch": func(l *Layout) { delete(l.Header, Batch) }, "no kind": func(l *Layout) { l.Sign = ByKind; delete(l.Header, Kind) },
		"place": func(l *Layout) { l.Header, l.Place = nil, map[Column]int{Date: 1, Batch: 2, STAN: 3, Amount: 0x1000} },
	} {
		l := Default()
		change(&l)
		if code(l.Check()) != "layout_bad" || code(Decode(strings.NewReader(file()), l, nil)) != "layout_bad" {
			t.Errorf("%s: %v", name, l.Check())
		}
	}
	if err := Default().Check(); err != nil {
		t.Error(err)
	}
}
