package screen_test

import (
	"flag"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2/test"

	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/gui/screen"
	"tillkeeper/app/i18n"
)

var update = flag.Bool("update", false, "write the golden pictures anew")

// golden are the screens whose pictures are kept, in Chinese on light and in English on dark.
var golden = map[string]bool{
	"sale": true, "sale-offline": true, "cash": true, "card-pin": true, "qr": true, "outcome-unknown": true, "signin": true, "today": true, "queue": true,
	"receipt": true, "refund-ask": true, "cards-held": true, "outcome-refund-pending": true, "outcome-balance": true, "resolve-late": true,
	"settle-differs": true, "settle-before-left": true, "keys-type": true, "reconcile": true, "charged": true, "story": true, "sale-settling": true, "sale-room-low": true, "sale-reader-down": true,
	"devices": true, "devices-found": true, "devices-hand": true, "devices-no_permission": true, "outcome-torn": true, "weigh": true, "card-choose": true, "selftest-chain": true,
	"customer-idle": true, "customer-sale": true, "customer-present": true, "customer-qr": true, "customer-thanks": true, "customer-change": true,
	"extreme-cash": true, "extreme-coins": true, "outcome-reversed": true, "outcome-reversed-void": true, "outcome-refund-late": true, "customer-refund-done": true, "outcome-slip-printed": true, "sale-settled-differs": true,
	"customer-refused": true, "customer-unknown": true, "customer-choose": true,
}

// small halves a picture and keeps five bits of a channel, so that a golden picture is small.
func small(src image.Image) *image.NRGBA {
	b := src.Bounds()
	out := image.NewNRGBA(image.Rect(0, 0, b.Dx()/2, b.Dy()/2))
	for y := range b.Dy() / 2 {
		for x := range b.Dx() / 2 {
			var sum [3]uint32
			for i := range 4 {
				r, g, bl, _ := src.At(b.Min.X+2*x+i%2, b.Min.Y+2*y+i/2).RGBA()
				sum[0] += r >> 8
				sum[1] += g >> 8
				sum[2] += bl >> 8
			}
			out.SetNRGBA(x, y, color.NRGBA{uint8(sum[0]/4) &^ 7, uint8(sum[1]/4) &^ 7, uint8(sum[2]/4) &^ 7, 255})
		}
	}
	return out
}

// What two pictures may differ in: rounding of the rasteriser, not a moved key.
const (
	channelSlack = 32
	pixelSlack   = 200 // pixels that differ by more
)

func TestScreensLookAsTheyDid(t *testing.T) {
	test.NewTempApp(t)
	art, err := look.Load(os.DirFS("../../../assets"))
	if err != nil {
		t.Fatal(err)
	}
	codes := table(t)
	for _, english := range []bool{false, true} {
		l := look.New(english, look.Fit(1366, 768, 0), art)
		for _, c := range shows() {
			if !golden[c.name] {
				continue
			}
			draw := screen.Draw
			if c.cust {
				draw = screen.Customer
			}
			p := draw(screen.Ctx{L: l, W: i18n.Words{English: english, Codes: codes}, S: &c.s, V: c.v})
			name := c.name + map[bool]string{true: "-en-dark", false: "-zh-light"}[english] + ".png"
			compare(t, filepath.Join("testdata", name), small(kit.Picture(p)))
		}
	}
}

func compare(t *testing.T, file string, got *image.NRGBA) {
	t.Helper()
	if *update {
		f, err := os.Create(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(f, got); err != nil {
			t.Fatal(err)
		}
		return
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	if want.Bounds() != got.Bounds() {
		t.Fatalf("%s: %v, want %v", file, got.Bounds(), want.Bounds())
	}
	differ := 0
	for y := range got.Bounds().Dy() {
		for x := range got.Bounds().Dx() {
			r, g, b, _ := want.At(x, y).RGBA()
			have := got.NRGBAAt(x, y)
			if far(have.R, r) || far(have.G, g) || far(have.B, b) {
				differ++
			}
		}
	}
	if differ > pixelSlack {
		t.Errorf("%s: %d of %d pixels differ; look at it, then run with -update", file, differ, got.Bounds().Dx()*got.Bounds().Dy())
	}
}

func far(have uint8, want uint32) bool {
	d := int(have) - int(want>>8)
	return d > channelSlack || d < -channelSlack
}
