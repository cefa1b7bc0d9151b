package display

import (
	"image"
	"image/color"
	"image/draw"
)

// testText is what the code of the test picture says.
const testText = "TILLKEEPER"

// test paints the picture by which a person judges a panel: a frame of one
// pixel at its very edge, bars of its colours, and a code to be scanned.
func (p *painter) test() *image.RGBA {
	c := p.canvas(plain)
	draw.Draw(c.img, c.img.Rect, image.Black, image.Point{}, draw.Src)
	draw.Draw(c.img, c.img.Rect.Inset(1), image.White, image.Point{}, draw.Src)
	inner := c.img.Rect.Inset(3)
	bars := []color.Color{color.Gray{}, rgb(0xff0000), rgb(0x00ff00), rgb(0x0000ff), color.Gray{Y: 0x80}}
	if p.mono {
		bars = []color.Color{color.Gray{}, color.White, color.Gray{}, color.White, color.Gray{}}
	}
	wide := max(inner.Dy()/8, 4)
	for i, ink := range bars {
		top := inner.Min.Y + inner.Dy()*i/len(bars)
		end := inner.Min.Y + inner.Dy()*(i+1)/len(bars)
		draw.Draw(c.img, image.Rect(inner.Min.X, top, inner.Min.X+wide, end), image.NewUniform(ink), image.Point{}, draw.Src)
	}
	room := image.Rect(inner.Min.X+wide, inner.Min.Y, inner.Max.X, inner.Max.Y)
	modules, err := modulesOf(testText)
	if err != nil {
		return c.done()
	}
	at, _, px, err := place(len(modules), room.Size(), 0)
	if err == nil {
		drawCode(c.img, modules, at.Min.Add(room.Min), px)
	}
	return c.done()
}
