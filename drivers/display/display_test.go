package display_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"golang.org/x/image/draw"
	"golang.org/x/image/math/f64"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/display"
	sim "tillkeeper/drivers/sim/display"
)

const wechat = "weixin://wxpay/bizpayurl?pr=Nxl8TzVzz"

// code is a view of a code.
func code(text string) pos.View {
	return pos.View{State: pos.ViewQR, Title: "请扫码支付", Total: 1250, QR: text}
}

// fast is a panel that nobody needs to wait for.
func fast() *display.Opts { return &display.Opts{Wait: func(time.Duration) {}} }

func panel(t *testing.T) (*display.Panel, *sim.Panel, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "qr.png")
	s, err := sim.New(path)
	if err != nil {
		t.Fatal(err)
	}
	d, err := display.NewST7789(s.Port(), s.DC(), fast())
	if err != nil {
		t.Fatal(err)
	}
	return display.New(d), s, path
}

func decode(img image.Image) (string, error) {
	bmp, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		return "", err
	}
	r, err := qrcode.NewQRCodeReader().Decode(bmp, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true})
	if err != nil {
		return "", err
	}
	return r.GetText(), nil
}

func load(t *testing.T, path string) image.Image {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// desk puts a picture into the middle of a grey desk.
func desk(img image.Image, side int, at f64.Aff3) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, side, side))
	draw.Draw(out, out.Bounds(), image.NewUniform(color.Gray{Y: 0xc0}), image.Point{}, draw.Src)
	draw.BiLinear.Transform(out, at, img, img.Bounds(), draw.Over, nil)
	return out
}

func turned(img image.Image, degrees, scale float64) image.Image {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	sin, cos = sin*scale, cos*scale
	side := int(480 * max(scale, 1))
	mid, c := float64(side)/2, float64(img.Bounds().Dx())/2
	return desk(img, side, f64.Aff3{cos, -sin, mid - cos*c + sin*c, sin, cos, mid - sin*c - cos*c})
}

// blurred is the mean of a square of 2n+1 pixels.
func blurred(img image.Image, n int) image.Image {
	b := img.Bounds()
	out := image.NewGray(b)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			sum, count := 0, 0
			for j := max(y-n, b.Min.Y); j <= min(y+n, b.Max.Y-1); j++ {
				for i := max(x-n, b.Min.X); i <= min(x+n, b.Max.X-1); i++ {
					sum += int(color.GrayModel.Convert(img.At(i, j)).(color.Gray).Y)
					count++
				}
			}
			out.SetGray(x, y, color.Gray{Y: byte(sum / count)})
		}
	}
	return out
}

func TestCustomerReadsTheCode(t *testing.T) {
	for _, text := range []string{
		wechat,
		"https://qr.alipay.com/bax03431ljhokirwl38f00a7",
		"https://qr.95516.com/00010000/62892019817302935834012917452311",
		"1",
		strings.Repeat("0123456789ABCDEF", 16), // a version over 10: modules of 3 pixels
	} {
		p, s, path := panel(t)
		if err := p.Show(code(text)); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if n := s.Dropped(); n != 0 {
			t.Errorf("%q: the panel made nothing of %d bytes", text, n)
		}
		for name, img := range map[string]image.Image{"RAM": s.Image(), "file": load(t, path)} {
			if got, err := decode(img); err != nil || got != text {
				t.Errorf("%s: read %q, %v; want %q", name, got, err, text)
			}
		}
	}
}

func TestCustomerReadsABadPicture(t *testing.T) {
	p, s, _ := panel(t)
	if err := p.Show(code(wechat)); err != nil {
		t.Fatal(err)
	}
	img := s.Image()
	for name, bad := range map[string]image.Image{
		"blurred": blurred(img, 1), "blurred more": blurred(img, 2), "large": turned(img, 0, 2.7), "small": turned(img, 0, 0.7),
		"a little turned": turned(img, 7, 1.5), "turned": turned(img, 38, 1.8), "upside down": turned(img, 180, 1.3),
		"turned and blurred": blurred(turned(img, 17, 1.6), 2),
	} {
		if got, err := decode(bad); err != nil || got != wechat {
			t.Errorf("%s: read %q, %v", name, got, err)
		}
	}
}

// dark gives the rectangle around everything that is not white, and fails for
// a colour that is neither ink nor paper.
func dark(t *testing.T, img image.Image) image.Rectangle {
	t.Helper()
	var r image.Rectangle
	for y := img.Bounds().Min.Y; y < img.Bounds().Max.Y; y++ {
		for x := img.Bounds().Min.X; x < img.Bounds().Max.X; x++ {
			switch c := color.RGBAModel.Convert(img.At(x, y)).(color.RGBA); c {
			case color.RGBA{R: 0xff, G: 0xff, B: 0xff, A: 0xff}:
			case color.RGBA{A: 0xff}:
				r = r.Union(image.Rect(x, y, x+1, y+1))
			default:
				t.Fatalf("%v at %d,%d", c, x, y)
			}
		}
	}
	return r
}

func TestWholeModulesInTheMiddleWithQuiet(t *testing.T) {
	for _, c := range []struct {
		text        string
		modules, px int
	}{
		{"1", 21, 8},                      // version 1: 29 modules
		{strings.Repeat("x", 55), 33, 5},  // version 4: 41 modules
		{strings.Repeat("x", 70), 37, 5},  // version 5: 45 modules
		{strings.Repeat("x", 200), 57, 3}, // version 10: 65 modules
		{strings.Repeat("x", 325), 69, 3}, // version 13: 77 modules
		{strings.Repeat("x", 360), 73, 3}, // version 14: 3 quiet modules are left
		{strings.Repeat("0", 100), 29, 6}, // version 3: numbers pack closer
	} {
		p, s, _ := panel(t)
		if err := p.Show(code(c.text)); err != nil {
			t.Fatal(err)
		}
		side := c.modules * c.px
		at := (display.Width - side) / 2
		if got, want := dark(t, s.Image()), image.Rect(at, at, at+side, at+side); got != want {
			t.Errorf("%d characters: ink in %v, want %v", len(c.text), got, want)
		}
	}
}

func TestTooLongIsRefusedAndNothingOldStays(t *testing.T) {
	for _, c := range []struct {
		text string
		want error
	}{
		{strings.Repeat("x", 500), display.ErrTooLong},  // would be readable by a microscope
		{strings.Repeat("x", 4000), display.ErrTooLong}, // no version holds it
		{"", display.ErrNoText},
	} {
		p, s, _ := panel(t)
		if err := p.Show(code(wechat)); err != nil {
			t.Fatal(err)
		}
		if err := p.Show(code(c.text)); !errors.Is(err, c.want) {
			t.Errorf("%d characters: %v, want %v", len(c.text), err, c.want)
		}
		if r := dark(t, s.Image()); !r.Empty() {
			t.Errorf("%d characters: ink in %v", len(c.text), r)
		}
	}
}

func TestClearIsWhite(t *testing.T) {
	p, s, path := panel(t)
	if r := dark(t, s.Image()); !r.Empty() {
		t.Errorf("ink in %v before the first code", r)
	}
	if err := p.Show(code(wechat)); err != nil {
		t.Fatal(err)
	}
	if dark(t, load(t, path)).Empty() {
		t.Fatal("no ink")
	}
	if err := p.Show(pos.View{}); err != nil {
		t.Fatal(err)
	}
	if r := dark(t, load(t, path)); !r.Empty() {
		t.Errorf("ink in %v", r)
	}
}
