package kit

import (
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/software"

	"tillkeeper/app/gui/look"
)

// Picture paints a page in software, one pixel a unit, without a window. A Fyne app has to exist.
func Picture(p *Page) image.Image {
	s := NewSurface()
	s.Draw(p)
	if p.grounded() {
		s.objs[0].Show() // the same colour, but the painter in software rounds otherwise over what it cleared
	}
	c := software.NewCanvas()
	c.SetPadded(false)
	c.SetScale(1)
	c.SetContent(s)
	c.Resize(fyne.NewSize(p.L.M.W, p.L.M.H))
	return software.RenderCanvas(c, look.Theme{Look: p.L})
}
