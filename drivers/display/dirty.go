package display

import (
	"bytes"
	"image"
)

// gap is how many rows without a change part two rectangles: a window of its
// own costs the bus about as much as so many rows of a digit.
const gap = 8

// changes gives the rectangles in which two pictures of one size differ, top
// to bottom; with one, a single one around all of them.
func changes(old, now *image.RGBA, one bool) []image.Rectangle {
	if old == nil || old.Rect != now.Rect {
		return []image.Rectangle{now.Rect}
	}
	var out []image.Rectangle
	for y := now.Rect.Min.Y; y < now.Rect.Max.Y; y++ {
		a, b := old.Pix[y*old.Stride:(y+1)*old.Stride], now.Pix[y*now.Stride:(y+1)*now.Stride]
		if bytes.Equal(a, b) {
			continue
		}
		row := image.Rect(firstChange(a, b), y, lastChange(a, b), y+1)
		if n := len(out); n > 0 && (one || y-out[n-1].Max.Y < gap) {
			out[n-1] = out[n-1].Union(row)
			continue
		}
		out = append(out, row)
	}
	return out
}

// firstChange is the first pixel in which two rows differ, that do.
func firstChange(a, b []byte) int {
	i := 0
	for a[i] == b[i] {
		i++
	}
	return i / 4
}

// lastChange is the pixel after the last one in which two rows differ.
func lastChange(a, b []byte) int {
	i := len(a) - 1
	for a[i] == b[i] {
		i--
	}
	return i/4 + 1
}

// turned turns a picture clockwise by quarters of a turn.
func turned(img *image.RGBA, quarters int) *image.RGBA {
	size := img.Rect.Size()
	switch quarters {
	case 1, 3:
		size = image.Pt(size.Y, size.X)
	case 2:
	default:
		return img
	}
	out := image.NewRGBA(image.Rectangle{Max: size})
	for y := range size.Y {
		for x := range size.X {
			from := image.Pt(y, size.X-1-x) // a quarter: what is right was at the top
			switch quarters {
			case 2:
				from = image.Pt(size.X-1-x, size.Y-1-y)
			case 3:
				from = image.Pt(size.Y-1-y, x)
			}
			copy(out.Pix[out.PixOffset(x, y):][:4], img.Pix[img.PixOffset(from.X, from.Y):][:4])
		}
	}
	return out
}

// The brightness from which on a pixel is white, on a light ground and on a
// dark one: thin strokes stay whole.
const (
	whiteOnLight = 150
	whiteOnDark  = 105
)

// hard makes every pixel black or white, for a panel that has no other.
func hard(img *image.RGBA, white int) {
	for i := 0; i < len(img.Pix); i += 4 {
		v := byte(0)
		if (299*int(img.Pix[i])+587*int(img.Pix[i+1])+114*int(img.Pix[i+2]))/1000 >= white {
			v = 0xff
		}
		img.Pix[i], img.Pix[i+1], img.Pix[i+2] = v, v, v
	}
}
