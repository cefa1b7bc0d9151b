package endtoend

import (
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden pictures anew")

// The light palette's colours that tell screens apart, and the dark ground.
const (
	ground     = 0xEBEFF4
	surface    = 0xFFFFFF
	press      = 0x0B5CAD
	actionSoft = 0xE2EDF9
	waitSoft   = 0xFDF0DD
	badFill    = 0xA82016
	badSoft    = 0xFDE9E7
	waitFill   = 0x94400A
	okFill     = 0x076B42
	ink        = 0x14202E
	darkGround = 0x0D131A
)

// area is a part of the display: x0, y0 inclusive, x1, y1 exclusive.
type area struct{ x0, y0, x1, y1 int }

// bar is where the state of the line stands.
var bar = area{400, 8, 1000, 42}

// sight is something that a look at the display either shows or not.
type sight func(*image.NRGBA) bool

// near says whether a pixel has a colour but for rounding.
func near(img *image.NRGBA, x, y int, rgb uint32) bool {
	c := img.NRGBAAt(x, y)
	for i, v := range [3]uint8{c.R, c.G, c.B} {
		if d := int(v) - int(rgb>>(16-8*i)&0xff); d > 5 || d < -5 {
			return false
		}
	}
	return true
}

// fill sees a colour at a place.
func fill(x, y int, rgb uint32) sight {
	return func(img *image.NRGBA) bool { return near(img, x, y, rgb) }
}

// shows sees a colour on the middle line of an area.
func shows(rgb uint32, a area) sight {
	return func(img *image.NRGBA) bool {
		for x := a.x0; x < a.x1; x++ {
			if near(img, x, a.y0+4, rgb) || near(img, x, (a.y0+a.y1)/2, rgb) {
				return true
			}
		}
		return false
	}
}

// no sees that a colour is nowhere on the middle line of an area.
func no(rgb uint32, a area) sight {
	seen := shows(rgb, a)
	return func(img *image.NRGBA) bool { return !seen(img) }
}

// The card key of the sale, resting and ready.
var (
	restingCard = fill(1110, 160, ground)
	readyCard   = fill(1110, 160, press)
)

// looks takes a picture of the display.
func (p *person) looks() *image.NRGBA {
	p.t.Helper()
	raw, err := p.command("import", "-silent", "-window", "root", "-depth", "8", "rgb:-")
	if err != nil || len(raw) != p.panel.w*p.panel.h*3 {
		p.t.Fatalf("no picture of the display: %d bytes, %v\n%s", len(raw), err, p.log)
	}
	img := image.NewNRGBA(image.Rect(0, 0, p.panel.w, p.panel.h))
	for i := range p.panel.w * p.panel.h {
		copy(img.Pix[4*i:], raw[3*i:3*i+3])
		img.Pix[4*i+3] = 255
	}
	return img
}

// awaits looks until all of the sights show.
func (p *person) awaits(what string, all ...sight) {
	p.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(blink) {
		img, seen := p.looks(), 0
		for _, s := range all {
			if s(img) {
				seen++
			}
		}
		if seen == len(all) {
			return
		}
		if time.Now().After(end) {
			p.t.Fatalf("%s did not appear: %d of %d signs; see %s\n%s", what, seen, len(all), p.keeps(img, "whole"), p.log)
		}
	}
}

// keeps writes a picture for whoever looks into a failure and gives its file.
func (p *person) keeps(img image.Image, name string) string {
	p.t.Helper()
	file := filepath.Join(os.TempDir(), fmt.Sprintf("tillkeeper-endtoend-%s-%s.png", strings.ReplaceAll(p.t.Name(), "/", "-"), name))
	write(p.t, file, img)
	return file
}

func write(t *testing.T, file string, img image.Image) {
	t.Helper()
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(f, img); err != nil {
		t.Fatal(err)
	}
}

// halved cuts an area out, halves it and keeps five bits of a channel, so that a golden picture is small.
func halved(src *image.NRGBA, a area) *image.NRGBA {
	out := image.NewNRGBA(image.Rect(0, 0, (a.x1-a.x0)/2, (a.y1-a.y0)/2))
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			var sum [3]uint32
			for i := range 4 {
				c := src.NRGBAAt(a.x0+2*x+i%2, a.y0+2*y+i/2)
				sum[0] += uint32(c.R)
				sum[1] += uint32(c.G)
				sum[2] += uint32(c.B)
			}
			out.SetNRGBA(x, y, color.NRGBA{uint8(sum[0]/4) &^ 7, uint8(sum[1]/4) &^ 7, uint8(sum[2]/4) &^ 7, 255})
		}
	}
	return out
}

// What two pictures may differ in: rounding of the rasteriser, not another digit.
const (
	channelSlack = 32
	pixelSlack   = 12 // pixels that differ by more
)

// looksLike looks until an area of the display is as it was kept. With -update it keeps the area as it stays for a while.
func (p *person) looksLike(name string, a area) {
	p.t.Helper()
	p.sees(name, p.looks, a)
}

// sees is looksLike for any picture that changes.
func (p *person) sees(name string, look func() *image.NRGBA, a area) {
	p.t.Helper()
	file := filepath.Join("testdata", name+".png")
	if *update {
		write(p.t, file, p.settles(look, a))
		return
	}
	want := kept(p.t, file)
	for end := time.Now().Add(patience); ; time.Sleep(blink) {
		img := look()
		got := halved(img, a)
		differ := differing(want, got)
		if differ <= pixelSlack {
			return
		}
		if time.Now().After(end) {
			p.t.Fatalf("%s: %d pixels differ; see %s and %s; if it is meant, run with -update\n%s", file, differ,
				p.keeps(got, name), p.keeps(img, "whole"), p.log)
		}
	}
}

// settled is how many looks in a row have to be the same before a picture is kept.
const settled = 15

func (p *person) settles(look func() *image.NRGBA, a area) *image.NRGBA {
	p.t.Helper()
	last, same := halved(look(), a), 0
	for end := time.Now().Add(patience); same < settled; time.Sleep(blink) {
		now := halved(look(), a)
		if same++; differing(last, now) > 0 {
			last, same = now, 0
		}
		if time.Now().After(end) {
			p.t.Fatal("the picture does not come to rest")
		}
	}
	return last
}

func kept(t *testing.T, file string) *image.NRGBA {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	src, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return plain(src)
}

// plain is a picture in the form in which the display is looked at.
func plain(src image.Image) *image.NRGBA {
	out := image.NewNRGBA(src.Bounds())
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			out.Set(x, y, src.At(x, y))
		}
	}
	return out
}

// differing counts the pixels that are not alike; all of them when the sizes differ.
func differing(a, b *image.NRGBA) int {
	if a.Rect != b.Rect {
		return a.Rect.Dx() * a.Rect.Dy()
	}
	n := 0
	for i := 0; i < len(a.Pix); i += 4 {
		for c := range 3 {
			if d := int(a.Pix[i+c]) - int(b.Pix[i+c]); d > channelSlack || d < -channelSlack {
				n++
				break
			}
		}
	}
	return n
}
