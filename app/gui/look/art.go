package look

import (
	"bytes"
	"errors"
	"fmt"
	"image/color"
	"io/fs"
	"path"
	"strings"

	"fyne.io/fyne/v2"
	"golang.org/x/image/font/sfnt"
)

// ErrArt says that a face or the icons are missing or damaged.
var ErrArt = errors.New("look: fonts or icons missing")

// iconLimit bounds the recoloured icons that are kept; at the limit the memory starts anew.
const iconLimit = 1024

// Art holds the faces and the icons' drawings.
type Art struct {
	regular, bold fyne.Resource
	cut, whole    *sfnt.Font
	buf           sfnt.Buffer
	has           map[string]bool
	icons         map[string][]byte
	made          map[iconKey]fyne.Resource
}

type iconKey struct {
	name  string
	color color.NRGBA
}

func loadArt(files fs.FS) (*Art, error) {
	a := &Art{icons: map[string][]byte{}, made: map[iconKey]fyne.Resource{}, has: map[string]bool{}}
	face := func(name string) (fyne.Resource, error) {
		data, err := fs.ReadFile(files, "fonts/"+name)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrArt, err)
		}
		return fyne.NewStaticResource(name, data), nil
	}
	var err error
	if a.regular, err = face("NotoSansSC-Regular.ttf"); err != nil {
		return nil, err
	}
	if a.bold, err = face("NotoSansSC-Bold.ttf"); err != nil {
		return nil, err
	}
	if a.cut, err = sfnt.Parse(a.bold.Content()); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrArt, err)
	}
	if a.whole, err = sfnt.Parse(a.regular.Content()); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrArt, err)
	}
	list, err := fs.Glob(files, "icons/*.svg")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrArt, err)
	}
	for _, f := range list {
		if a.icons[strings.TrimSuffix(path.Base(f), ".svg")], err = fs.ReadFile(files, f); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrArt, err)
		}
	}
	for name, drawing := range shapes {
		a.icons[name] = []byte(drawing)
	}
	return a, nil
}

// HasIcon says whether an icon or state shape of this name was loaded.
func (a *Art) HasIcon(name string) bool { return a.icons[name] != nil }

// Missing lists the runes of text that a face lacks.
func (a *Art) Missing(text string, bold bool) []rune {
	font := a.cut
	if !bold {
		font = a.whole
	}
	var out []rune
	for _, r := range text {
		if i, err := font.GlyphIndex(&a.buf, r); err != nil || i == 0 {
			out = append(out, r)
		}
	}
	return out
}

func (a *Art) boldHas(text string) bool {
	if ok, known := a.has[text]; known {
		return ok
	}
	if len(a.has) >= measureLimit {
		clear(a.has)
	}
	ok := len(a.Missing(text, true)) == 0
	a.has[text] = ok
	return ok
}

// shapes are the state marks, filled outlines in a box of 24.
var shapes = map[string]string{
	"triangle": mark("M12 3 L23 21 L1 21 Z"),
	"diamond":  mark("M12 1 L23 12 L12 23 L1 12 Z"),
	"no":       mark("M6.2 2 L12 7.8 L17.8 2 L22 6.2 L16.2 12 L22 17.8 L17.8 22 L12 16.2 L6.2 22 L2 17.8 L7.8 12 L2 6.2 Z"),
}

func mark(d string) string {
	return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="24" height="24"><path fill="#000000" d="` + d + `"/></svg>`
}

// icon recolours a drawing: everything in it that is painted, is painted in one colour.
func (a *Art) icon(name string, c color.NRGBA) fyne.Resource {
	key := iconKey{name, c}
	if r, ok := a.made[key]; ok {
		return r
	}
	drawing, ok := a.icons[name]
	if !ok {
		return nil
	}
	if len(a.made) >= iconLimit {
		clear(a.made)
	}
	hex := fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B)
	drawing = bytes.ReplaceAll(drawing, []byte("#000000"), []byte(hex))
	r := fyne.NewStaticResource(name+"-"+hex[1:]+".svg", drawing)
	a.made[key] = r
	return r
}
