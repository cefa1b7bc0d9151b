package recon

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"tillkeeper/app/pos"
	"tillkeeper/assets"
)

// usual is the layout of the built-in profile.
func usual() Layout {
	var profile struct{ File pos.FileLayout }
	if err := json.Unmarshal(builtIn(), &profile); err != nil {
		panic(err)
	}
	return Layout{FileLayout: profile.File}
}

var builtIn = sync.OnceValue(func() []byte {
	raw, err := assets.FS.ReadFile("profiles/cup.json")
	if err != nil {
		panic(err)
	}
	return raw
})

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
	l := usual()
	l.Text = simplifiedchinese.GBK.NewDecoder().Bytes
	m := New(tid, mid, l)
	m.AddOurs(a)
	if r, err := m.Run(strings.NewReader(gbk), nil); err != nil || r.Matched != 1 {
		t.Errorf("%v %+v", err, r)
	}
	if _, err := New(tid, mid, usual()).Run(strings.NewReader(gbk), nil); code(err) != "file_header" {
		t.Error(err)
	}
}

// TestOtherLayouts: columns by place, another separator, fen, credit by kind.
func TestOtherLayouts(t *testing.T) {
	l := usual()
	l.Separator, l.Header, l.Unit, l.Sign = "|", nil, pos.FileFen, pos.FileByKind
	l.Place = map[pos.FileColumn]int{pos.FileAmount: 1, pos.FileKind: 2, pos.FileSTAN: 3, pos.FileBatch: 4, pos.FileDate: 5}
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
		m := New(tid, mid, usual())
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
	for _, text := range []string{
		"", "-", ".5", "1.", "1..0", "1.234", "1,23", "1,2345", ",123", "--1", "1 0", "0x1", "1.0.0", "99999999999999.99",
	} {
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

// TestLayoutsThatCannotBe: each is refused with the key that is wrong and what to write there, before a line is read.
func TestLayoutsThatCannotBe(t *testing.T) {
	place := func(at map[pos.FileColumn]int) func(*Layout) {
		return func(l *Layout) { l.Header, l.Place = nil, at }
	}
	good := map[pos.FileColumn]int{pos.FileDate: 1, pos.FileBatch: 2, pos.FileSTAN: 3, pos.FileAmount: 4}
	and := func(c pos.FileColumn, at int) map[pos.FileColumn]int {
		m := maps.Clone(good)
		m[c] = at
		return m
	}
	for _, c := range []struct {
		key    string
		change func(*Layout)
	}{
		{"file.separator", func(l *Layout) { l.Separator = "ab" }},
		{"file.separator", func(l *Layout) { l.Separator = "" }},
		{"file.separator", func(l *Layout) { l.Separator = "7" }},
		{"file.separator", func(l *Layout) { l.Separator = "，" }},
		{"file.encoding", func(l *Layout) { l.Encoding = "big5" }},
		{"file.unit", func(l *Layout) { l.Unit = "jiao" }},
		{"file.sign", func(l *Layout) { l.Sign = "" }},
		{"file.sign", func(l *Layout) { l.Sign = pos.FileByKind; delete(l.Header, pos.FileKind) }},
		{"file.place", func(l *Layout) { l.Place = good }},
		{"file.place.amount", place(and(pos.FileAmount, 0x1000))},
		{"file.place.rrn", place(and(pos.FileRRN, 0))},
		{"file.place.amount", place(and(pos.FileRRN, 4))},
		{"file.place", place(and("fee", 9))},
		{"file.place", place(map[pos.FileColumn]int{pos.FileDate: 1})},
		{"file.header", func(l *Layout) { delete(l.Header, pos.FileBatch) }},
		{"file.header", func(l *Layout) { l.Header["fee"] = []string{"fee"} }},
		{"file.header.rrn", func(l *Layout) { l.Header[pos.FileRRN] = []string{" STAN "} }},
		{"file.header.tid", func(l *Layout) { l.Header[pos.FileTID] = []string{""} }},
		{"file.dates", func(l *Layout) { l.Dates = nil }},
		{"file.dates", func(l *Layout) { l.Dates = []string{"yyyy-mm-dd"} }},
		{"file.dates", func(l *Layout) { l.Dates = []string{"01-02"} }},
		{"file.times", func(l *Layout) { l.Times = nil }},
		{"file.times", func(l *Layout) { l.Times = []string{"hh:mm"} }},
		{"file.kinds.void", func(l *Layout) { delete(l.Kinds, pos.Void) }},
		{"file.kinds.refund", func(l *Layout) { l.Kinds[pos.Refund] = []string{"消费"} }},
		{"file.kinds", func(l *Layout) { l.Kinds["loan"] = []string{"loan"} }},
		{"file.ignore", func(l *Layout) { l.Ignore = []string{"void"} }},
	} {
		l := usual()
		c.change(&l)
		var e *pos.Error
		if err := l.Check(); !errors.As(err, &e) || e.Code != "layout_bad" || e.Remedy == "" || !strings.HasPrefix(e.Message, c.key+" ") {
			t.Errorf("%s: %v", c.key, err)
		}
		if code(Decode(strings.NewReader(file()), l, nil)) != "layout_bad" {
			t.Errorf("%s: a file was read by it", c.key)
		}
	}
	if err := usual().Check(); err != nil {
		t.Error(err)
	}
	l := usual()
	place(and(pos.FileTime, 1))(&l) // one cell for both
	if err := l.Check(); err != nil {
		t.Error(err)
	}
}

// TestGBKWithAStrokeBetweenTheCells: the second byte of a letter in GBK may be the stroke itself, or an apostrophe that spreadsheets
// leave; cut before it is read as letters, the line would fall apart.
func TestGBKWithAStrokeBetweenTheCells(t *testing.T) {
	l := usual()
	l.Separator, l.Encoding, l.Header = "|", pos.FileGBK, nil
	l.Place = map[pos.FileColumn]int{pos.FileDate: 1, pos.FileKind: 2, pos.FileBatch: 3, pos.FileSTAN: 4, pos.FileAmount: 5}
	l.Text = simplifiedchinese.GBK.NewDecoder().Bytes
	l.Kinds[pos.Sale] = []string{"質費", "脇", "誤"} // in GBK D97C, C37C, D560
	var all string
	for i, word := range l.Kinds[pos.Sale] {
		all += fmt.Sprintf("2026-03-14|%s|1|%d|1.00\n", word, i+1)
	}
	raw, err := simplifiedchinese.GBK.NewEncoder().String(all)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	err = Decode(strings.NewReader(raw), l, func(got *Line) error {
		n++
		if got.Kind != pos.Sale || got.Word != l.Kinds[pos.Sale][n-1] || got.Amount != 100 {
			t.Errorf("%+v", got)
		}
		return nil
	})
	if err != nil || n != len(l.Kinds[pos.Sale]) {
		t.Errorf("%d lines, %v", n, err)
	}
}
