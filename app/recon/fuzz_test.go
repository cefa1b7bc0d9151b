package recon

import (
	"bytes"
	"errors"
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
		l := Default()
		if byPlace {
			l.Header, l.Sign, l.Unit = nil, ByKind, Fen
			l.Place = map[Column]int{Date: 1, Batch: 5, STAN: 6, RRN: 7, Kind: 9, Amount: 11}
		}
		err := Decode(bytes.NewReader(b), l, func(got *Line) error { return again(t, got) })
		var e *pos.Error
		if err != nil && (!errors.As(err, &e) || e.Code == "" || e.Remedy == "") {
			t.Fatal(err)
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
	err := Decode(bytes.NewReader([]byte(file(row))), Default(), func(got *Line) error {
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
