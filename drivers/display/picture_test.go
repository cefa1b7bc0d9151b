package display_test

import (
	"bytes"
	"flag"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/image/draw"
	periph "periph.io/x/conn/v3/display"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/display"
	sim "tillkeeper/drivers/sim/display"
)

var update = flag.Bool("update", false, "write the pictures in testdata anew, then look at them")

func fonts(t testing.TB) (regular, bold []byte) {
	t.Helper()
	for name, to := range map[string]*[]byte{"Regular": &regular, "Bold": &bold} {
		b, err := os.ReadFile("../../assets/fonts/NotoSansSC-" + name + ".ttf")
		if err != nil {
			t.Fatal(err)
		}
		*to = b
	}
	return regular, bold
}

// rig is a panel above a model of it.
type rig struct {
	panel   *display.Panel
	look    func() image.Image // as a customer sees it, upright
	dropped func() int
	kill    func()
	revive  func()
	cut     func() // the power, for a moment
}

func worded(t testing.TB, open display.Opener, o display.PanelOpts) *display.Panel {
	t.Helper()
	o.Font, o.Bold = fonts(t)
	if o.NoCode == "" {
		o.NoCode = "请看收银屏上的二维码"
	}
	p, err := display.NewPanel(open, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func must(t testing.TB, f func() error) func() {
	return func() {
		t.Helper()
		if err := f(); err != nil {
			t.Fatal(err)
		}
	}
}

func colour(t testing.TB, o display.PanelOpts) rig {
	t.Helper()
	s, err := sim.New(filepath.Join(t.TempDir(), "qr.png"))
	if err != nil {
		t.Fatal(err)
	}
	d, err := display.NewST7789(s.Port(), s.DC(), fast())
	if err != nil {
		t.Fatal(err)
	}
	p := worded(t, func() (periph.Drawer, error) { return d, nil }, o)
	return rig{p, func() image.Image { return upright(s.Image(), o.Rotate) }, s.Dropped, must(t, s.Kill), must(t, s.Revive), must(t, s.PowerCut)}
}

func oled(t testing.TB, o display.PanelOpts) rig {
	t.Helper()
	s := sim.NewOLED()
	p := worded(t, func() (periph.Drawer, error) { return display.NewSSD1306(s.Bus()) }, o)
	return rig{p, func() image.Image { return upright(s.Image(), o.Rotate) }, s.Dropped, s.Kill, s.Revive, s.PowerCut}
}

func paper(t testing.TB, model string, o display.PanelOpts) (rig, *sim.Paper) {
	t.Helper()
	s := sim.NewPaper()
	p := worded(t, func() (periph.Drawer, error) {
		return display.NewWaveshare(model, s.Port(), s.DC(), nil, s.Reset(), s.Busy())
	}, o)
	return rig{p, func() image.Image { return upright(s.Image(), 90+o.Rotate) }, s.Dropped, s.Kill, s.Revive, s.Kill}, s
}

// upright turns a picture back that was turned clockwise.
func upright(img image.Image, degrees int) image.Image {
	for range (360 - degrees%360) / 90 % 4 {
		b := img.Bounds()
		out := image.NewRGBA(image.Rect(0, 0, b.Dy(), b.Dx()))
		for y := range b.Dy() {
			for x := range b.Dx() {
				out.Set(b.Dy()-1-y, x, img.At(x, y))
			}
		}
		img = out
	}
	return img
}

func show(t testing.TB, r rig, v pos.View) {
	t.Helper()
	if err := r.panel.Show(v); err != nil {
		t.Fatalf("%s: %v", v.State, err)
	}
	if n := r.dropped(); n != 0 {
		t.Fatalf("%s: the panel made nothing of %d bytes", v.State, n)
	}
}

// golden compares a picture with the one in testdata that was looked at.
func golden(t *testing.T, name string, img image.Image) {
	t.Helper()
	path := filepath.Join("testdata", name+".png")
	if *update {
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if n := differs(img, load(t, path)); n != 0 {
		bad := filepath.Join(os.TempDir(), "till-"+name+".png")
		f, err := os.Create(bad)
		if err == nil {
			_ = png.Encode(f, img)
			_ = f.Close()
		}
		t.Errorf("%s: %d pixels are not those of %s; see %s", name, n, path, bad)
	}
}

// differs counts the pixels in which two pictures are not the same.
func differs(a, b image.Image) int {
	if a.Bounds().Size() != b.Bounds().Size() {
		return max(a.Bounds().Dx()*a.Bounds().Dy(), 1)
	}
	n := 0
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			p := color.RGBAModel.Convert(a.At(a.Bounds().Min.X+x, a.Bounds().Min.Y+y))
			if p != color.RGBAModel.Convert(b.At(b.Bounds().Min.X+x, b.Bounds().Min.Y+y)) {
				n++
			}
		}
	}
	return n
}

// views are what a shop's day shows, by language.
var views = map[string][]pos.View{
	"zh": {
		{State: pos.ViewIdle, Title: "和平路便利店", Note: "欢迎光临"},
		{State: pos.ViewSale, Title: "合计", Line: "蒙牛纯牛奶 250ml×12", Price: 5890, Total: 18540},
		{State: pos.ViewPay, Title: "请付款", Total: 18540, Note: "请插卡、挥卡或刷卡"},
		{State: pos.ViewQR, Title: "请扫码支付", Total: 18540, QR: wechat},
		{State: pos.ViewThanks, Title: "谢谢惠顾", Total: 1460, Note: "找零"},
		{State: pos.ViewRefused, Title: "支付未成功", Total: 18540, Note: "请换一种方式付款"},
		{State: pos.ViewWait, Title: "结果待确认", Total: 18540, Note: "请勿再次付款，请问收银员"},
	},
	"en": {
		{State: pos.ViewIdle, Title: "Peace Road Corner Shop", Note: "Welcome"},
		{State: pos.ViewSale, Title: "Total", Line: "Mengniu whole milk 250 ml, box of 12", Price: 5890, Total: 1234567},
		{State: pos.ViewPay, Title: "Please pay", Total: 1234567, Note: "Insert, tap or swipe your card"},
		{State: pos.ViewQR, Title: "Scan to pay", Total: 1234567, QR: wechat},
		{State: pos.ViewThanks, Title: "Thank you", Total: 18540},
		{State: pos.ViewRefused, Title: "Not paid", Note: "Please pay another way"},
		{State: pos.ViewWait, Title: "Waiting for the bank", Total: 18540, Note: "Do not pay again; ask the cashier"},
	},
}

func TestPicturesOfEveryState(t *testing.T) {
	for lang, list := range views {
		o := display.PanelOpts{NoCode: map[string]string{"en": "Scan it on the cashier's screen"}[lang]}
		dark, turned := o, o
		dark.Dark, turned.Rotate = true, 90
		for name, open := range map[string]func() rig{
			"st7789": func() rig { return colour(t, o) },
			"oled":   func() rig { return oled(t, dark) },
			"paper":  func() rig { r, _ := paper(t, display.Waveshare2in13v3, o); return r },
			"tall":   func() rig { r, _ := paper(t, display.Waveshare2in13v2, turned); return r },
		} {
			r := open()
			var all []image.Image
			for _, v := range list {
				err := r.panel.Show(v)
				if err != nil && (v.State != pos.ViewQR || name == "st7789") {
					t.Fatalf("%s %s %s: %v", lang, name, v.State, err)
				}
				all = append(all, r.look())
			}
			if n := r.dropped(); n != 0 {
				t.Errorf("%s %s: the panel made nothing of %d bytes", lang, name, n)
			}
			golden(t, name+"-"+lang, sheet(all))
		}
	}
}

// sheet puts pictures into a row.
func sheet(all []image.Image) image.Image {
	size := all[0].Bounds().Size()
	out := image.NewRGBA(image.Rect(0, 0, (size.X+6)*len(all)-6, size.Y))
	draw.Draw(out, out.Rect, image.NewUniform(color.Gray{Y: 0x80}), image.Point{}, draw.Src)
	for i, img := range all {
		at := image.Rectangle{Max: size}.Add(image.Pt(i*(size.X+6), 0))
		draw.Draw(out, at, img, img.Bounds().Min, draw.Src)
	}
	return out
}
