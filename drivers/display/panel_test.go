package display_test

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/display"
	"tillkeeper/drivers/drivertest"
)

// run runs a program of a Debian package.
func run(t *testing.T, debian string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(args[0]); err != nil {
		t.Fatalf("%s is missing: install the Debian package %s", args[0], debian)
	}
	out, err := exec.Command(args[0], args[1:]...).Output()
	if err != nil && args[0] != "zbarimg" { // which fails where there is nothing to be read
		t.Fatalf("%v: %v", args, err)
	}
	return strings.TrimSpace(string(out))
}

func save(t *testing.T, img image.Image) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "look.png")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(png.Encode(f, img), f.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestZbarReadsThePanels has a reader that is not ours read the codes: as they
// are, and as a hand holds a phone.
func TestZbarReadsThePanels(t *testing.T) {
	t.Parallel()
	e, _ := paper(t, display.Waveshare2in13v4, display.PanelOpts{})
	upside, _ := paper(t, display.Waveshare2in13v2, display.PanelOpts{Rotate: 270})
	for name, r := range map[string]rig{
		"st7789":  colour(t, display.PanelOpts{}),
		"e-paper": e, "e-paper upright": upside,
	} {
		blur := "0x4" // modules of 5 pixels and more
		if strings.HasPrefix(name, "e") {
			blur = "0x1.8" // of 2 and 3
		}
		for _, v := range []pos.View{code(wechat), code("https://qr.alipay.com/bax03431ljhokirwl38f00a7")} {
			show(t, r, v)
			path := save(t, r.look())
			hows := map[string][]string{
				"as it is": {"-filter", "point", "-resize", "300%"},
				"blurred":  {"-resize", "300%", "-blur", blur},
				"turned":   {"-filter", "point", "-resize", "300%", "-background", "#909090", "-rotate", "23"},
				"small":    {"-resize", "180%", "-blur", "0x1"},
				"aslant":   {"-filter", "point", "-resize", "300%", "-background", "#606060", "-shear", "12x6"},
			}
			if v.QR != wechat {
				hows = map[string][]string{"as it is": hows["as it is"]}
			}
			for how, args := range hows {
				bad := filepath.Join(t.TempDir(), "bad.png")
				run(t, "imagemagick", append(append([]string{"convert", path, "-bordercolor", "#808080", "-border", "20"}, args...), bad)...)
				if got := run(t, "zbar-tools", "zbarimg", "-q", "--raw", bad); got != v.QR {
					t.Errorf("%s, %s: read %q, want %q", name, how, got, v.QR)
				}
			}
		}
	}
}

// TestSmallMonochrome: a version 1 fits 128x64 with its quiet zone, a version 2
// with 3 quiet modules, a wallet's code never: the sum stands in its place.
func TestSmallMonochrome(t *testing.T) {
	for _, c := range []struct {
		text string
		fits bool
	}{{"12345678", true}, {strings.Repeat("x", 20), true}, {strings.Repeat("x", 30), false}, {wechat, false}} {
		r := oled(t, display.PanelOpts{Dark: true})
		err := r.panel.Show(code(c.text))
		if c.fits != (err == nil) || (!c.fits && !errors.Is(err, display.ErrTooLong)) {
			t.Errorf("%q: %v", c.text, err)
		}
		path := filepath.Join(t.TempDir(), "big.png")
		run(t, "imagemagick", "convert", save(t, r.look()), "-filter", "point", "-resize", "400%", path)
		if got, err := decode(load(t, path)); c.fits && (err != nil || got != c.text) {
			t.Errorf("read %q, %v; want %q", got, err, c.text)
		}
		if c := r.panel.Condition(); c.State != "ok" {
			t.Errorf("a code that does not fit is no fault of the panel: %+v", c)
		}
	}
}

// sight is a picture as a text.
func sight(img image.Image) string { return string(grey(img)) }

// grey is a picture in brightness, a byte a pixel; a colour has one of its own.
func grey(img image.Image) []byte {
	size := img.Bounds().Size()
	if g, is := img.(*image.Gray); is {
		return g.Pix
	}
	c := img.(*image.RGBA)
	out := make([]byte, size.X*size.Y)
	for i := range out {
		p := c.Pix[4*i : 4*i+3]
		out[i] = byte((299*int(p[0]) + 587*int(p[1]) + 114*int(p[2])) / 1000)
	}
	return out
}

// read is what a scanner makes of a panel, which is looked at with a glass
// where its pixels are few.
func read(img image.Image) string {
	size, pix := img.Bounds().Size(), grey(img)
	scale := max(1, 480/max(size.X, size.Y))
	wide, high := size.X*scale+40, size.Y*scale+40
	big := bytes.Repeat([]byte{0xc0}, wide*high)
	for y := range size.Y * scale {
		for x := range size.X * scale {
			big[(y+20)*wide+x+20] = pix[y/scale*size.X+x/scale]
		}
	}
	src, err := gozxing.NewPlanarYUVLuminanceSource(big, wide, high, 0, 0, wide, high, false)
	if err != nil {
		return err.Error()
	}
	bmp, err := gozxing.NewBinaryBitmap(gozxing.NewHybridBinarizer(src))
	if err != nil {
		return err.Error()
	}
	r, err := qrcode.NewQRCodeReader().Decode(bmp, nil)
	if err != nil {
		return ""
	}
	return r.GetText()
}

func bench(r rig) drivertest.DisplayBench {
	return drivertest.DisplayBench{
		Display: r.panel, Condition: r.panel.Condition, Kill: r.kill, Revive: r.revive,
		Code:    func() string { return read(r.look()) },
		Picture: func() string { return sight(r.look()) },
		Codes:   true, TooLong: strings.Repeat("x", 500), Reasons: []string{"unplugged"},
	}
}

func TestPanelsConform(t *testing.T) {
	t.Run("ST7789", func(t *testing.T) {
		drivertest.Display(t, func(t *testing.T) drivertest.DisplayBench { return bench(colour(t, display.PanelOpts{})) })
	})
	t.Run("SSD1306", func(t *testing.T) {
		drivertest.Display(t, func(t *testing.T) drivertest.DisplayBench {
			b := bench(oled(t, display.PanelOpts{Dark: true}))
			b.Codes = false // none of a wallet's fits
			return b
		})
	})
	for _, model := range []string{display.Waveshare2in13v2, display.Waveshare2in13v3, display.Waveshare2in13v4} {
		t.Run(model, func(t *testing.T) {
			t.Parallel() // it sleeps as its driver does
			drivertest.Display(t, func(t *testing.T) drivertest.DisplayBench {
				r, _ := paper(t, model, display.PanelOpts{})
				return bench(r)
			})
		})
	}
	t.Run("PaperDisplay", func(t *testing.T) {
		drivertest.Display(t, func(t *testing.T) drivertest.DisplayBench {
			r, _ := paper(t, display.Waveshare2in13v4, display.PanelOpts{})
			d := slow(t, r)
			b := bench(r)
			b.Display, b.Condition, b.Settle, b.Quiet = d, d.Condition, d.Wait, []string{pos.ViewSale}
			return b
		})
	})
}

func slow(t *testing.T, r rig) *display.PaperDisplay {
	t.Helper()
	d := display.NewPaperDisplay(r.panel, display.PaperOpts{Settle: time.Microsecond, Rest: time.Microsecond})
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// The planted faults: each is a display that the suite has to catch.
type (
	keeper   struct{ *display.Panel } // draws nothing over a code
	shy      struct{ *display.Panel } // says nothing of a failure
	stubborn struct {
		*display.Panel
		failed atomic.Bool
	} // never tries again
)

func (k keeper) Show(v pos.View) error {
	if v.State == pos.ViewThanks {
		return nil
	}
	return k.Panel.Show(v)
}

func (s shy) Show(v pos.View) error {
	_ = s.Panel.Show(v)
	return nil
}

func (s *stubborn) Show(v pos.View) error {
	if s.failed.Load() {
		return errors.New("failed before")
	}
	err := s.Panel.Show(v)
	s.failed.Store(err != nil && !errors.Is(err, display.ErrTooLong) && !errors.Is(err, display.ErrNoText))
	return err
}

func TestSuiteCatchesPlantedFaults(t *testing.T) {
	for rule, plant := range map[string]func(p *display.Panel) pos.Display{
		"NoOldCodeStays":               func(p *display.Panel) pos.Display { return keeper{p} },
		"ACodeThatDoesNotFitIsRefused": func(p *display.Panel) pos.Display { return shy{p} },
		"ADeadOneSaysSoAndComesBack":   func(p *display.Panel) pos.Display { return &stubborn{Panel: p} },
	} {
		r := colour(t, display.PanelOpts{})
		b := bench(r)
		b.Display = plant(r.panel)
		if err := drivertest.CheckDisplay(rule, b); err == nil {
			t.Errorf("%s was not caught", rule)
		}
	}
}

// BenchmarkShow is the till's own share of a scan: another line, another total.
func BenchmarkShow(b *testing.B) {
	r := colour(b, display.PanelOpts{})
	v := views["zh"][1]
	for i := range b.N {
		v.Total, v.Line = pos.Amount(18540+i), []string{"农夫山泉 550ml", "蒙牛纯牛奶 250ml×12"}[i%2]
		if err := r.panel.Show(v); err != nil {
			b.Fatal(err)
		}
	}
}
