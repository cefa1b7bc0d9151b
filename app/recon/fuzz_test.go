package recon

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"tillkeeper/app/pos"
)

// FuzzDecode: whatever a file holds, the decoder ends with lines that can be
// written and read again, or with an error that has a code and a remedy.
func FuzzDecode(f *testing.F) {
	good := file(entry(another(), 1875), entry(sale(), -1875))
	for _, seed := range []string{
		good, "\xef\xbb\xbf" + good, "", "date", good + `"`, good + "2026-03-14", good + `"2026-03-14","12:00:01"`,
		"date,batch,stan,amount\n2026-03-14,1,1,\"1,000.00\"\n", "date,batch,stan,amount\n2026-03-14,1,1,-0\n",
		"\xbd\xbb\xd2\xd7\xc8\xd5\xc6\xda,\xc5\xfa\xb4\xce\xba\xc5\n", "date,batch,stan,amount,kind\n20260314,1,1,1,\xcf\xfb\xb7\xd1\n",
	} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, b []byte, byPlace bool) {
		l := usual()
		if byPlace {
			l.Header, l.Sign, l.Unit = nil, pos.FileByKind, pos.FileFen
			l.Place = map[pos.FileColumn]int{pos.FileDate: 1, pos.FileBatch: 5, pos.FileSTAN: 6, pos.FileRRN: 7, pos.FileKind: 9, pos.FileAmount: 11}
		}
		err := Decode(bytes.NewReader(b), l, func(got *Line) error { return again(t, got) })
		var e *pos.Error
		if err != nil && (!errors.As(err, &e) || e.Code == "" || e.Remedy == "") {
			t.Fatal(err)
		}
	})
}

// FuzzLayout: whatever a profile says of the file, it is refused by the name of
// its key, or files are read by it to lines or to errors with a remedy.
func FuzzLayout(f *testing.F) {
	var profile struct{ File json.RawMessage }
	if err := json.Unmarshal(builtIn(), &profile); err != nil {
		f.Fatal(err)
	}
	good := file(entry(another(), 1875), entry(sale(), -1875))
	byPlace := `{"separator":"|","encoding":"gbk","place":{"date":1,"time":1,"kind":2,"batch":3,"stan":4,"amount":5},"dates":["20060102150405"],` +
		`"times":["20060102150405"],"unit":"fen","sign":"kind","kinds":{"sale":["S"],"void":["V"],"refund":["R"],"completion":["C"],"completion_void":["D"]}}`
	f.Add([]byte(profile.File), []byte(good))
	f.Add([]byte(byPlace), []byte("20260314120001|S|1|45|1875\n20260314120002|R|1|46|1875\n"))
	f.Add([]byte(`{}`), []byte(good))
	for _, change := range [][2]string{ // what may be written, and what just may not
		{`"|"`, `"\t"`},
		{`"|"`, `"1"`},
		{`"gbk"`, `"either"`},
		{`"fen"`, `"yuan"`},
		{`"kind","kinds"`, `"signed","kinds"`},
		{`"amount":5`, `"amount":256`},
		{`"amount":5`, `"amount":4`},
		{`"time":1`, `"rrn":1`},
		{`["20060102150405"]`, `["2006-01-02","02.01.2006 3:04PM"]`},
		{`["S"]`, `["S","R"]`},
		{`"S"`, `""`},
		{`"place"`, `"header":{"date":["日期"]},"place"`},
	} {
		f.Add([]byte(strings.Replace(byPlace, change[0], change[1], 1)), []byte("2026-03-14\tS\t1\t45\t18.75\n20260314120002|R|1|46|1875\n"))
	}
	f.Fuzz(func(t *testing.T, text, b []byte) {
		var l Layout
		if json.Unmarshal(text, &l.FileLayout) != nil {
			return
		}
		err := Decode(bytes.NewReader(b), l, func(*Line) error { return nil })
		var e *pos.Error
		if err != nil && (!errors.As(err, &e) || e.Code == "" || e.Remedy == "") {
			t.Fatal(err)
		}
		if bad := l.Check(); (bad != nil) != (err != nil && e.Code == "layout_bad") || bad != nil && !strings.HasPrefix(e.Message, "file.") {
			t.Fatalf("%v, %v", bad, err)
		}
	})
}

// again writes a line as the acquirer does and wants the same back.
func again(t *testing.T, l *Line) error {
	word := ""
	if l.Kind != "" {
		word = string(l.Kind)
	}
	row := []string{
		l.Day(), l.Time.Format("15:04:05"), tid, mid, l.Batch, l.STAN, "", "", word, "", l.Amount.String(), "", "",
	}
	if l.Time.Year() < firstYear || l.Time.Year() > lastYear || len(l.Batch) != 6 || len(l.STAN) != 6 {
		t.Fatalf("%+v", l)
	}
	n := 0
	err := Decode(bytes.NewReader([]byte(file(row))), usual(), func(got *Line) error {
		n++
		if !got.Time.Equal(l.Time) || got.Batch != l.Batch || got.STAN != l.STAN || got.Amount != l.Amount || got.Kind != l.Kind {
			t.Fatalf("%+v came back as %+v", l, got)
		}
		return nil
	})
	if err != nil || n != 1 {
		t.Fatalf("%+v: %d lines, %v", l, n, err)
	}
	return nil
}
