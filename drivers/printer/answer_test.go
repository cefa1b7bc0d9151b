package printer

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

// told gives what is understood of b, whole or a byte at a time.
func told(b []byte, step int) (all []event, garbage int64, kept int) {
	var a answers
	out := func(e event) {
		if e.kind != saysGarbage {
			all = append(all, e)
		}
	}
	for len(b) > 0 {
		n := min(step, len(b))
		a.take(b[:n], out)
		b = b[n:]
		kept = max(kept, len(a.part))
	}
	return all, a.garbage.Load(), kept
}

// TestAnswersOfAPrinter has what the reference lets a printer say, mixed.
func TestAnswersOfAPrinter(t *testing.T) {
	asb := event{kind: saysASB, asb: [4]byte{0x18, 0x08, 0x0c, 0x0f}}
	for name, c := range map[string]struct {
		b       string
		want    []event
		garbage int64
	}{
		"status":                    {"\x12\x1a", []event{{kind: saysStatus, status: 0x12}, {kind: saysStatus, status: 0x1a}}, 0},
		"automatic status":          {"\x18\x08\x0c\x0f\x12", []event{asb, {kind: saysStatus, status: 0x12}}, 0},
		"process id":                {"\x37\x220042\x00", []event{{kind: saysDone, text: "0042"}}, 0},
		"name":                      {"\x5fTM-T82III\x00", []event{{kind: saysAbout, text: "TM-T82III"}}, 0},
		"no name":                   {"\x5f\x00", []event{{kind: saysAbout}}, 0},
		"fence":                     {"\x00\x0c", []event{{kind: saysFence}, {kind: saysFence, status: 0x0c}}, 0},
		"flow control":              {"\x13\x12\x11", []event{{kind: saysStatus, status: 0x12}}, 0},
		"noise":                     {"\xff\x80\xaa\x12", []event{{kind: saysStatus, status: 0x12}}, 3},
		"37 that is no process id":  {"\x37\x12", []event{{kind: saysStatus, status: 0x12}}, 1},
		"process id without an end": {"\x37\x2200421\x12", []event{{kind: saysStatus, status: 0x12}}, 7},
		"ASB that is cut short":     {"\x10\x00\x12", []event{{kind: saysFence}, {kind: saysStatus, status: 0x12}}, 1},
	} {
		for _, step := range []int{1, 100} {
			got, garbage, _ := told([]byte(c.b), step)
			if name == "process id without an end" { // its digits may be anything
				got = got[len(got)-1:]
				garbage = c.garbage
			}
			if !reflect.DeepEqual(got, c.want) || garbage != c.garbage {
				t.Errorf("%s by %d: %+v, %d bytes of garbage", name, step, got, garbage)
			}
		}
	}
}

func TestAutomaticStatusSaysWhatTheAnswersSay(t *testing.T) {
	for _, c := range []struct {
		b    [4]byte
		want Status
	}{
		{[4]byte{0x10, 0, 0, 0x0f}, Status{}},
		{[4]byte{0x14, 0, 0, 0x0f}, Status{Drawer: true}},
		{[4]byte{0x38, 0, 0, 0x0f}, Status{Offline: true, Cover: true}},
		{[4]byte{0x18, 0x08, 0, 0x0f}, Status{Offline: true, Cutter: true, Error: true}},
		{[4]byte{0x18, 0x20, 0, 0x0f}, Status{Offline: true, Unrecoverable: true, Error: true}},
		{[4]byte{0x18, 0x40, 0, 0x0f}, Status{Offline: true, Recent: true, Error: true}},
		{[4]byte{0x10, 0, 0x03, 0x0f}, Status{PaperLow: true}},
		{[4]byte{0x18, 0, 0x0f, 0x0f}, Status{Offline: true, PaperLow: true, PaperEnd: true}},
	} {
		var s Status
		if s.SetASB(c.b); s != c.want {
			t.Errorf("% x: %+v, want %+v", c.b, s, c.want)
		}
	}
}

// FuzzAnswers: however hostile, a printer makes us keep one answer at most, and
// what is understood does not hang on how the bytes come.
func FuzzAnswers(f *testing.F) {
	f.Add([]byte("\x12\x10\x00\x00\x0f\x5fname\x00\x37\x220001\x00\xff"))
	f.Add([]byte("\x5f" + strings.Repeat("x", 200)))
	f.Add(bytes.Repeat([]byte{0x37, 0x22}, 50))
	f.Fuzz(func(t *testing.T, b []byte) {
		slow, g1, kept := told(b, 1)
		fast, g2, _ := told(b, 1<<20)
		if !reflect.DeepEqual(slow, fast) || g1 != g2 || kept > maxAbout+3 {
			t.Errorf("%+v and %+v, %d and %d, %d kept", slow, fast, g1, g2, kept)
		}
	})
}
