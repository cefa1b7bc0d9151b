package printer_test

import (
	"bytes"
	"image"
	"io"
	"path"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/printer"
)

func TestModelsAreWhole(t *testing.T) {
	for _, m := range append([]printer.Model{printer.Plain}, printer.Models...) {
		if m.Name == "" || m.Source == "" || m.Columns*12 > m.Dots || m.Band <= 0 || m.Band > 128 || m.Cut == "" || m.Kanji == "" || m.Page > 255 {
			t.Errorf("%+v", m)
		}
		for _, p := range m.Match {
			if _, err := path.Match(p, ""); err != nil {
				t.Errorf("%s: %q", m.Name, p)
			}
			// A name of its own pattern has to lead to it, not to one before it.
			name := strings.ReplaceAll(p, "*", "")
			if got, ok := printer.Find(name); !ok || got.Name != m.Name {
				t.Errorf("%q leads to %q, not to %q", name, got.Name, m.Name)
			}
		}
	}
}

func TestFind(t *testing.T) {
	for name, want := range map[string]struct {
		columns int
		process bool
	}{
		"TM-T20II": {48, true}, "tm-t82iii": {48, true}, " TM-m30III ": {48, true}, "TM-T88V": {42, true}, "TM-T88III": {42, false},
		"XP-58IIH": {32, false}, "POS-5890": {32, false}, "XP-80C": {48, false}, "RP326": {48, false}, "full": {48, true},
	} {
		if m, ok := printer.Find(name); !ok || m.Columns != want.columns || m.Process != want.process {
			t.Errorf("%s: %+v", name, m)
		}
	}
	for _, name := range []string{"", "nobody", "TM", "*", "[", "LaserJet 4"} {
		if m, ok := printer.Find(name); ok || m.QR || m.Process || m.ASB || m.Name != "unknown" {
			t.Errorf("%q: %+v", name, m)
		}
	}
}

// TestModelsDifferInTheirBytes holds what the quirks do against bytes written
// down by hand.
func TestModelsDifferInTheirBytes(t *testing.T) {
	s := slip{{kind: "text", left: "a店"}, {kind: "cut"}}
	for name, c := range map[string]struct {
		change func(m *printer.Model)
		want   string
	}{
		"plain":          {func(*printer.Model) {}, "\x1b@\x1c&\x1cS\x00\x00a\xb5\xea\n\x1dV\x42\x03"},
		"table":          {func(m *printer.Model) { m.Page = 16 }, "\x1b@\x1c&\x1cS\x00\x00\x1bt\x10a\xb5\xea\n\x1dV\x42\x03"},
		"always Chinese": {func(m *printer.Model) { m.Kanji = printer.KanjiAlways }, "\x1b@a\xb5\xea\n\x1dV\x42\x03"},
		"no Chinese":     {func(m *printer.Model) { m.Kanji = printer.KanjiNone }, "\x1b@\x1c.a??\n\x1dV\x42\x03"},
		"cut once":       {func(m *printer.Model) { m.Cut = printer.CutOnce }, "\x1b@\x1c&\x1cS\x00\x00a\xb5\xea\n\x1bd\x06\x1dV\x01"},
		"no knife":       {func(m *printer.Model) { m.Cut = printer.CutNone }, "\x1b@\x1c&\x1cS\x00\x00a\xb5\xea\n\x1bd\x04"},
	} {
		m := printer.Plain
		c.change(&m)
		if got, err := printer.NewForm(m, 0, nil).Encode(s); err != nil || string(got) != c.want {
			t.Errorf("%s: %q, %v, want %q", name, got, err, c.want)
		}
	}
}

func TestPicturesComeInBandsAsWideAsThePaper(t *testing.T) {
	img := image.NewGray(image.Rect(0, 0, 1000, 100)) // black
	m := printer.Plain
	m.Band, m.Dots, m.Columns = 24, 384, 32
	f := printer.NewForm(m, 0, nil)
	f.Logo = img
	b, err := f.Encode(slip{{kind: "cut"}})
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for at := bytes.Index(b, []byte("\x1dv0\x00")); at >= 0; at = bytes.Index(b, []byte("\x1dv0\x00")) {
		wide, high := int(b[at+4])|int(b[at+5])<<8, int(b[at+6])|int(b[at+7])<<8
		data := b[at+8 : at+8+wide*high]
		if wide != 48 || high > 24 || len(bytes.Trim(data, "\xff")) != 0 {
			t.Fatalf("a band of %d bytes by %d", wide, high)
		}
		rows += high
		b = b[at+8+wide*high:]
	}
	if rows != 100 {
		t.Errorf("%d rows", rows)
	}
}

// TestDrawerWhoseLowLevelMeansOpen by the configuration.
func TestDrawerWhoseLowLevelMeansOpen(t *testing.T) {
	d := &desk{}
	d.statuses[1] = 0x04
	p := fast(t, d.open, func(o *printer.Opts) { o.DrawerLow = true })
	drawer := p.Drawer()
	until(t, "ok", func() bool { return p.State().State == "ok" })
	if open, known := drawer.Open(); open || known {
		t.Error("known before it moved")
	}
	d.set(func(d *desk) { d.statuses[1] = 0 })
	until(t, "open", func() bool { open, known := drawer.Open(); return open && known })
	d.set(func(d *desk) { d.statuses[1] = 0x04 })
	until(t, "shut", func() bool { open, known := drawer.Open(); return !open && known })
}

// TestDrawerOfALostPrinterIsNotKnown: and its kick says why.
func TestDrawerOfALostPrinterIsNotKnown(t *testing.T) {
	p := fast(t, nowhere, nil)
	drawer := p.Drawer()
	until(t, "unplugged", func() bool { return p.State().Code == printer.Unplugged && p.State().Detail != "not opened yet" })
	if _, known := drawer.Open(); known {
		t.Error("known")
	}
	if s := drawer.State(); s.Code != printer.Unplugged || s.Name != "drawer" || s.State != "fault" {
		t.Errorf("%+v", s)
	}
	if c := drawer.Check(t.Context(), pos.CheckExternal); c.State != "fault" {
		t.Errorf("%+v", c)
	}
}

// TestNudgeOpensAtOnce: the back-off has grown, and a cable is plugged in.
func TestNudgeOpensAtOnce(t *testing.T) {
	plugged := make(chan bool, 1)
	plugged <- false
	d := &desk{}
	tries := make(chan struct{}, 100)
	p := fast(t, func() (io.ReadWriteCloser, error) {
		in := <-plugged
		plugged <- in
		tries <- struct{}{}
		if !in {
			return nil, syscall.ENODEV
		}
		return d.open()
	}, nil)
	for range 3 {
		<-tries
	}
	<-plugged
	plugged <- true
	p.Nudge()
	until(t, "ok", func() bool { return p.State().State == "ok" })
}

// TestStateIsToldOnce: OnState hears each change and nothing twice.
func TestStateIsToldOnce(t *testing.T) {
	told := make(chan string, 100)
	d := &desk{}
	p := fast(t, d.open, func(o *printer.Opts) {
		o.OnState = func(c pos.Condition) { told <- c.State + " " + c.Code }
	})
	until(t, "ok", func() bool { return p.State().State == "ok" })
	for _, cover := range []byte{0x04, 0, 0x04} {
		d.set(func(d *desk) { d.statuses[2] = cover })
		until(t, "seen", func() bool { return (p.State().Code == printer.CoverOpen) == (cover != 0) })
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	close(told)
	var all []string
	for s := range told {
		all = append(all, s)
	}
	if got := strings.Join(all, ","); got != "ok ,fault cover_open,ok ,fault cover_open" {
		t.Errorf("told %q", got)
	}
}

// TestCloseLeavesNoGoroutine behind, whatever the printer is doing.
func TestCloseLeavesNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, d := range []*desk{{}, {mute: true}, {vague: true}} {
		p := printer.New(d.open, printer.Opts{Model: "full", Poll: time.Millisecond, Dir: t.TempDir()})
		queue(t, p, 1, 2)
		until(t, "opened", func() bool { d.mu.Lock(); defer d.mu.Unlock(); return d.got.Len() > 0 })
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "no goroutine more", func() bool { return runtime.NumGoroutine() <= before })
}

// TestBlindPrinterWhoseReadsEnd: a printer of one way ends every read at once,
// which is no unplugging.
func TestBlindPrinterWhoseReadsEnd(t *testing.T) {
	w := &oneWay{}
	p := fast(t, func() (io.ReadWriteCloser, error) { return w, nil }, func(o *printer.Opts) { o.Blind = true })
	queue(t, p, 1)
	drain(t, p)
	if j := p.Jobs()[0]; j.State != printer.Unknown || p.State().State != "ok" {
		t.Errorf("%+v %+v", j, p.State())
	}
}

type oneWay struct{}

func (*oneWay) Read([]byte) (int, error)    { return 0, io.EOF }
func (*oneWay) Write(b []byte) (int, error) { return len(b), nil }
func (*oneWay) Close() error                { return nil }
