package display

import (
	"image"
	"image/color"
	"math"

	"golang.org/x/image/vector"
)

// mark is a shape that says how a payment ended, so that colour never says it
// alone.
type mark int

const (
	noMark mark = iota
	tick
	cross
	clock
)

// strokes are the lines of a mark in a circle of radius 1 around 0,0.
var strokes = map[mark][][2][2]float64{
	tick:  {{{-0.46, 0.02}, {-0.12, 0.36}}, {{-0.12, 0.36}, {0.46, -0.30}}},
	cross: {{{-0.36, -0.36}, {0.36, 0.36}}, {{0.36, -0.36}, {-0.36, 0.36}}},
	clock: {{{0, 0.02}, {0, -0.52}}, {{0, 0.02}, {0.36, 0.26}}},
}

// strokeWidth is that of a mark's lines, of the radius.
const strokeWidth = 0.2

// drawMark draws a mark: a disc in ink, its lines in the colour of the paper.
func drawMark(img *image.RGBA, m mark, middle image.Point, radius int, ink, paper color.Color) {
	if m == noMark {
		return
	}
	fill := func(c color.Color, path func(z *vector.Rasterizer)) {
		z := vector.NewRasterizer(img.Rect.Dx(), img.Rect.Dy())
		path(z)
		z.Draw(img, img.Rect, image.NewUniform(c), image.Point{})
	}
	cx, cy, r := float64(middle.X), float64(middle.Y), float64(radius)
	fill(ink, func(z *vector.Rasterizer) { ring(z, cx, cy, r) })
	for _, line := range strokes[m] {
		a, b := line[0], line[1]
		fill(paper, func(z *vector.Rasterizer) {
			stroke(z, cx+a[0]*r, cy+a[1]*r, cx+b[0]*r, cy+b[1]*r, max(strokeWidth*r, 2)/2)
		})
	}
}

// corners is how many a circle has here.
const corners = 64

func ring(z *vector.Rasterizer, x, y, r float64) {
	z.MoveTo(float32(x+r), float32(y))
	for i := 1; i < corners; i++ {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / corners)
		z.LineTo(float32(x+r*cos), float32(y+r*sin))
	}
	z.ClosePath()
}

// stroke is a line with round ends, half as wide as half says.
func stroke(z *vector.Rasterizer, x0, y0, x1, y1, half float64) {
	turn := math.Atan2(y1-y0, x1-x0)
	for i := range corners + 1 {
		a := turn + math.Pi/2 + math.Pi*float64(i)/(corners/2)
		x, y := x0, y0
		if i > corners/2 {
			x, y = x1, y1
		}
		sin, cos := math.Sincos(a)
		p, q := float32(x+half*cos), float32(y+half*sin)
		if i == 0 {
			z.MoveTo(p, q)
			continue
		}
		z.LineTo(p, q)
	}
	z.ClosePath()
}
