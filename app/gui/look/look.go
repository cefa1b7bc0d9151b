// Package look is how the till looks: the colours by name, the type scale, the sizes computed from millimetres and the
// panel, the embedded faces and the icons.
//
// It promises that every colour on a screen is a Token with one meaning, that both palettes define every Token, that no
// text pair falls under a contrast of 4.5, and that one panel always gives the same sizes. It never reads the desktop's
// own theme, never asks for a light or dark variant, and never downloads or searches for a font.
//
// Units: sizes are Fyne units, which are pixels at scale 1; Metrics.MM says how many of them a millimetre takes.
// Drawn sizes quoted in comments belong to the reference panel, 1366x768 at 15.6 inches, 3.95 units to the millimetre.
package look

import (
	"image/color"
	"io/fs"

	"fyne.io/fyne/v2"
)

// Look is one complete appearance: a palette, the sizes of a panel, the faces and the icons. It is used by one
// goroutine, the one that draws.
type Look struct {
	Dark    bool    // which palette
	M       Metrics // the sizes of the panel
	art     *Art
	plain   *Look
	measure map[measured]extent
}

// measureLimit bounds the number of remembered text extents; at the limit the memory starts anew.
const measureLimit = 4096

type measured struct {
	text string
	size float32
	bold bool
}

type extent struct{ w, base float32 }

// New makes a look of a palette, a panel's sizes and the loaded art.
func New(dark bool, m Metrics, art *Art) *Look {
	return &Look{Dark: dark, M: m, art: art, measure: map[measured]extent{}}
}

// Plain gives the look for screens that have one layout for every panel: distances shrink with a compact panel instead
// of being as drawn for it. It is the look itself on a wide panel.
func (l *Look) Plain() *Look {
	if !l.M.Compact {
		return l
	}
	if l.plain == nil {
		m := l.M
		m.Compact = false
		l.plain = New(l.Dark, m, l.art)
	}
	return l.plain
}

// Load reads faces and icons from the assets' file system (fonts/NotoSansSC-*.ttf, icons/NAME.svg).
func Load(files fs.FS) (*Art, error) { return loadArt(files) }

// Color gives the colour of a token in this look's palette.
func (l *Look) Color(t Token) color.NRGBA {
	if l.Dark {
		return dark[t]
	}
	return light[t]
}

// Face gives the face to draw text in: bold if asked and if the bold cut has every character of it, regular otherwise.
// A face comes in cuts, for Fyne keeps all of what it loads: the smallest that has the text.
func (l *Look) Face(text string, bold bool) fyne.Resource { return l.art.face(text, bold) }

// Extent measures text at a size in units: its width, and how far its baseline lies under the top of its own box.
func (l *Look) Extent(text string, size float32, bold bool) (width, baseline float32) {
	key := measured{text, size, bold}
	if e, ok := l.measure[key]; ok {
		return e.w, e.base
	}
	box, base := fyne.CurrentApp().Driver().RenderedTextSize(text, size, fyne.TextStyle{}, l.Face(text, bold))
	if len(l.measure) >= measureLimit {
		clear(l.measure)
	}
	l.measure[key] = extent{box.Width, base}
	return box.Width, base
}

// Icon gives the icon of a name in a token's colour, nil for an unknown name.
func (l *Look) Icon(name string, t Token) fyne.Resource { return l.art.icon(name, l.Color(t)) }
