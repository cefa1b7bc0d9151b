package printer_test

import (
	"context"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"tillkeeper/app/pos"
	driver "tillkeeper/drivers/printer"
	sim "tillkeeper/drivers/sim/printer"
)

// slip is a slip as a flow would hand it over.
type slip []struct {
	kind, left, right string
	bold, big         bool
}

func (s slip) Each(line func(kind, left, right string, bold, big bool)) {
	for _, l := range s {
		line(l.kind, l.left, l.right, l.bold, l.big)
	}
}

func sale(number string) slip {
	return slip{
		{"centre", "惠民便利店", "", true, true},
		{"rule", "", "", false, false},
		{"text", "农夫山泉 550ml", "2.00", false, false},
		{"text", "合计", "￥2.00", true, true},
		{"blank", "", "", false, false},
		{"qr", number, "", false, false},
		{"cut", "", "", false, false},
	}
}

func font(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile("../../../assets/fonts/NotoSansSC-Regular.ttf")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func shop(t *testing.T) (*sim.Printer, *driver.Printer, string) {
	t.Helper()
	dir := t.TempDir()
	s, err := sim.New(sim.Opts{Dir: dir, Font: font(t)})
	if err != nil {
		t.Fatal(err)
	}
	d := driver.New(s.Open, driver.Opts{Poll: 5 * time.Millisecond})
	t.Cleanup(func() {
		_ = d.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, d, dir
}

func drain(t *testing.T, d *driver.Printer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := d.Drain(ctx); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, img)
}

func decode(t *testing.T, img image.Image) string {
	t.Helper()
	bmp, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		t.Fatal(err)
	}
	r, err := qrcode.NewQRCodeReader().Decode(bmp, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true})
	if err != nil {
		t.Fatal(err)
	}
	return r.GetText()
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 10000 {
		if ok() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatalf("never: %s", what)
}

func TestSlipIsPrintedConfirmedAndDrawnFromItsBytes(t *testing.T) {
	s, d, dir := shop(t)
	if err := d.Print(pos.PrintJob{Number: "000123", Slip: sale("000123")}); err != nil {
		t.Fatal(err)
	}
	drain(t, d)
	if j := d.Jobs(); len(j) != 1 || j[0].State != driver.Printed {
		t.Fatalf("jobs %+v", j)
	}
	if got := read(t, filepath.Join(dir, "receipts", "000123.png")); got != "000123" {
		t.Fatalf("QR says %q", got)
	}
	want, err := driver.NewForm(d.Model(), 0, nil).Encode(sale("000123"))
	if err != nil {
		t.Fatal(err)
	}
	bin, err := os.ReadFile(filepath.Join(dir, "printer.bin"))
	if err != nil {
		t.Fatal(err)
	}
	if string(bin[:len(want)]) != string(want) {
		t.Fatal("the file does not hold the bytes of the slip")
	}
	if got := s.Slips(); len(got) != 1 || got[0] != "000123" {
		t.Fatalf("slips %v", got)
	}
}

func TestSlipWaitsForPaperAndIsPrintedOnce(t *testing.T) {
	s, d, _ := shop(t)
	s.SetPaper(false)
	until(t, "paper_out", func() bool { return d.State().Code == driver.PaperOut })
	if err := d.Print(pos.PrintJob{Number: "000007", Slip: sale("000007")}); err != nil {
		t.Fatal(err)
	}
	until(t, "the job says why it waits", func() bool { return d.Jobs()[0].Reason == driver.PaperOut })
	if j := d.Jobs()[0]; j.State != driver.Queued || len(s.Slips()) != 0 {
		t.Fatalf("job %+v slips %v", j, s.Slips())
	}
	s.SetPaper(true)
	drain(t, d)
	if got := s.Slips(); len(got) != 1 || got[0] != "000007" {
		t.Fatalf("slips %v", got)
	}
	until(t, "ok", func() bool { return d.State().State == "ok" })
}

func TestEveryFaultHasItsReason(t *testing.T) {
	s, d, _ := shop(t)
	for _, c := range []struct {
		set    func(bool)
		reason string
	}{{s.SetCover, driver.CoverOpen}, {s.SetCutter, driver.Cutter}, {s.SetLow, driver.PaperLow}} {
		c.set(true)
		until(t, c.reason, func() bool { return d.State().Code == c.reason })
		c.set(false)
		until(t, "ok again", func() bool { return d.State().State == "ok" })
	}
	s.SetPlugged(false)
	until(t, "unplugged", func() bool { return d.State().Code == driver.Unplugged })
	if err := d.Kick(); err == nil {
		t.Fatal("the drawer of a printer that is not there was opened")
	}
	if err := d.Print(pos.PrintJob{Number: "000009", Slip: sale("000009")}); err != nil {
		t.Fatal(err)
	}
	s.SetPlugged(true)
	drain(t, d)
	if got := s.Slips(); len(got) != 1 {
		t.Fatalf("slips %v", got)
	}
}

func TestDrawerOpensEvenWithoutPaper(t *testing.T) {
	s, d, _ := shop(t)
	for _, paper := range []bool{true, false} {
		s.SetPaper(paper)
		until(t, "seen", func() bool { return (d.State().State == "ok") == paper && d.Status().Drawer == false })
		if err := d.Kick(); err != nil {
			t.Fatal(err)
		}
		until(t, "drawer", func() bool { open, _ := s.Drawer(); return open && d.Status().Drawer })
		s.CloseDrawer()
	}
	if _, kicks := s.Drawer(); kicks != 2 {
		t.Fatalf("%d kicks", kicks)
	}
}

func TestRealTimeCommandInsideRasterIsObeyed(t *testing.T) {
	s, err := sim.New(sim.Opts{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	near, err := s.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	raster := append([]byte{0x1d, 'v', '0', 0, 8, 0, 1, 0}, 0xff, 0x10, 0x04, 0x01, 0, 0, 0, 0)
	if _, err := near.Write(raster); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 1)
	if _, err := io.ReadFull(near, b); err != nil || !driver.ValidStatus(b[0]) {
		t.Fatalf("got % x, %v", b, err)
	}
}

func TestRenderRefusesABadFont(t *testing.T) {
	if _, err := sim.Render([]byte("x"), []byte("not a font")); err == nil {
		t.Fatal("drawn")
	}
}
