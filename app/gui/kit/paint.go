package kit

import (
	"image"
	"image/color"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"tillkeeper/app/gui/look"
)

// paint makes the canvas object of an item.
func paint(l *look.Look, it Item) fyne.CanvasObject {
	var o fyne.CanvasObject
	switch it.Shape {
	case Box:
		o = paintBox(l, it)
	case Label:
		t := canvas.NewText(it.Text, l.Color(it.Fill))
		t.TextSize = it.Size
		t.FontSource = l.Face(it.Text, it.Bold)
		t.Move(fyne.NewPos(it.R.X, it.R.Y))
		t.Resize(t.MinSize())
		return t
	case Icon:
		i := canvas.NewImageFromResource(l.Icon(it.Text, it.Fill))
		i.FillMode = canvas.ImageFillContain
		o = i
	case Disc:
		c := canvas.NewCircle(ink(l, it.Fill))
		if it.Rim != look.None {
			c.StrokeColor, c.StrokeWidth = l.Color(it.Rim), it.RimW
		}
		o = c
	case Arc:
		o = canvas.NewArc(it.From, it.To, 1-2*it.RimW/it.R.W, l.Color(it.Fill))
	case Code:
		i := canvas.NewImageFromImage(modules(l, it))
		i.FillMode, i.ScaleMode = canvas.ImageFillStretch, canvas.ImageScalePixels
		o = i
	}
	o.Resize(fyne.NewSize(max(0, it.R.W), max(0, it.R.H)))
	o.Move(fyne.NewPos(it.R.X, it.R.Y))
	return o
}

func paintBox(l *look.Look, it Item) fyne.CanvasObject {
	r := canvas.NewRectangle(ink(l, it.Fill))
	if it.Rim != look.None {
		r.StrokeColor, r.StrokeWidth = l.Color(it.Rim), it.RimW
	}
	switch {
	case it.CutTop:
		r.BottomLeftCornerRadius, r.BottomRightCornerRadius = it.Radius, it.Radius
	case it.CutBottom:
		r.TopLeftCornerRadius, r.TopRightCornerRadius = it.Radius, it.Radius
	default:
		r.CornerRadius = it.Radius
	}
	return r
}

// ink gives a token's colour, nothing for None.
func ink(l *look.Look, t look.Token) color.Color {
	if t == look.None {
		return color.Transparent
	}
	return l.Color(t)
}

// modules turns the rows of a code into a picture of one pixel a module.
func modules(l *look.Look, it Item) image.Image {
	rows := strings.Split(strings.TrimSuffix(it.Text, "\n"), "\n")
	img := image.NewPaletted(image.Rect(0, 0, len(rows[0]), len(rows)), color.Palette{l.Color(it.Fill), l.Color(it.Rim)})
	for y, row := range rows {
		for x := range row {
			img.SetColorIndex(x, y, row[x]-'0')
		}
	}
	return img
}
