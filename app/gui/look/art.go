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
	whole, cut    runes
	has           map[string]bool
	icons         map[string][]byte
	made          map[iconKey]fyne.Resource
}

type iconKey struct {
	name  string
	color color.NRGBA
}

// face is a face in the assets. It is read when Fyne asks for it, which is once, and not kept beside Fyne's own copy.
type face struct {
	files fs.FS
	path  string
}

// Name gives the file's name, by which Fyne knows the face.
func (f *face) Name() string { return path.Base(f.path) }

// Content reads the face; a face that was there at the start and is gone now gives nothing.
func (f *face) Content() []byte {
	data, err := fs.ReadFile(f.files, f.path)
	if err != nil {
		return nil
	}
	return data
}

// runes says of every character of the basic plane whether a face has it.
type runes [0x10000 / 64]uint64

func (r *runes) has(c rune) bool { return c >= 0 && c < 0x10000 && r[c/64]&(1<<(c%64)) != 0 }

func loadFace(files fs.FS, name string) (fyne.Resource, runes, error) {
	f := &face{files, "fonts/" + name}
	var have runes
	data, err := fs.ReadFile(files, f.path)
	if err != nil {
		return nil, have, fmt.Errorf("%w: %w", ErrArt, err)
	}
	font, err := sfnt.Parse(data)
	if err != nil {
		return nil, have, fmt.Errorf("%w: %w", ErrArt, err)
	}
	var buf sfnt.Buffer
	for c := rune(0); c < 0x10000; c++ {
		if i, err := font.GlyphIndex(&buf, c); err == nil && i != 0 {
			have[c/64] |= 1 << (c % 64)
		}
	}
	return f, have, nil
}

func loadArt(files fs.FS) (*Art, error) {
	a := &Art{icons: map[string][]byte{}, made: map[iconKey]fyne.Resource{}, has: map[string]bool{}}
	var err error
	if a.regular, a.whole, err = loadFace(files, "NotoSansSC-Regular.ttf"); err != nil {
		return nil, err
	}
	if a.bold, a.cut, err = loadFace(files, "NotoSansSC-Bold.ttf"); err != nil {
		return nil, err
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
	have := &a.whole
	if bold {
		have = &a.cut
	}
	var out []rune
	for _, r := range text {
		if !have.has(r) {
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
