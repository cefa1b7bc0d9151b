package printer_test

import (
	"testing"

	"tillkeeper/drivers/printer"
)

// answers are what DLE EOT 1 to 4 are answered with by a printer without any
// fault: bits 1 and 4 are always set.
var answers = [4]byte{0x12, 0x12, 0x12, 0x12}

func TestStatusBytes(t *testing.T) {
	for _, c := range []struct {
		name   string
		n      int // which answer differs
		b      byte
		want   printer.Status
		reason string
	}{
		{"ready", 1, 0x12, printer.Status{}, ""},
		{"offline", 1, 0x1a, printer.Status{Offline: true}, printer.Offline},
		{"drawer open", 1, 0x16, printer.Status{Drawer: true}, ""},
		{"feed key", 1, 0x32, printer.Status{}, ""},
		{"cover", 2, 0x16, printer.Status{Cover: true}, printer.CoverOpen},
		{"paper fed by key", 2, 0x1a, printer.Status{}, ""},
		{"stopped for paper", 2, 0x32, printer.Status{PaperEnd: true}, printer.PaperOut},
		{"error", 2, 0x52, printer.Status{Error: true}, printer.Offline},
		{"cutter", 3, 0x1a, printer.Status{Cutter: true}, printer.Cutter},
		{"dead", 3, 0x32, printer.Status{Unrecoverable: true}, printer.Offline},
		{"hot", 3, 0x52, printer.Status{Recent: true}, printer.Overheated},
		{"paper low", 4, 0x1e, printer.Status{PaperLow: true}, printer.PaperLow},
		{"one sensor low", 4, 0x16, printer.Status{PaperLow: true}, printer.PaperLow},
		{"paper end", 4, 0x72, printer.Status{PaperEnd: true}, printer.PaperOut},
		{"end and low", 4, 0x7e, printer.Status{PaperEnd: true, PaperLow: true}, printer.PaperOut},
	} {
		all := answers
		all[c.n-1] = c.b
		var s printer.Status
		for i, b := range all {
			if !s.Set(i+1, b) {
				t.Fatalf("%s: % x was not taken as an answer", c.name, b)
			}
		}
		if s != c.want || s.Reason() != c.reason {
			t.Errorf("%s: %+v, %q", c.name, s, s.Reason())
		}
	}
}

// TestWorstReasonFirst: the reason names what a person has to do first.
func TestWorstReasonFirst(t *testing.T) {
	s := printer.Status{Offline: true, Cover: true, PaperEnd: true, Error: true, Cutter: true, Recent: true, PaperLow: true}
	for _, step := range []struct {
		reason string
		mend   func()
	}{
		{printer.CoverOpen, func() { s.Cover = false }},
		{printer.PaperOut, func() { s.PaperEnd = false }},
		{printer.Cutter, func() { s.Cutter = false }},
		{printer.Overheated, func() { s.Recent = false }},
		{printer.Offline, func() { s.Offline = false }},
		{printer.Offline, func() { s.Error = false }},
		{printer.PaperLow, func() { s.PaperLow = false }},
		{"", func() {}},
	} {
		if got := s.Reason(); got != step.reason {
			t.Fatalf("%+v: %q, want %q", s, got, step.reason)
		}
		step.mend()
	}
}

func TestBytesThatAreNoStatus(t *testing.T) {
	valid := 0
	for b := range 256 {
		if printer.ValidStatus(byte(b)) {
			valid++
		}
	}
	if valid != 16 { // four bits are free
		t.Errorf("%d bytes pass as a status", valid)
	}
	for _, b := range []byte{0x00, 0x10, 0x02, 0x13, 0x92, 0xff, 0x37, 0x11} {
		s := printer.Status{Cover: true}
		if printer.ValidStatus(b) || s.Set(1, b) || s != (printer.Status{Cover: true}) {
			t.Errorf("%#x was taken: %+v", b, s)
		}
	}
	var s printer.Status
	if s.Set(0, 0x12) || s.Set(5, 0x12) {
		t.Error("there are four answers")
	}
}
