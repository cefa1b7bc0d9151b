package look

import (
	"bytes"
	"errors"
	"fmt"
	"image/color"
	"io/fs"
	"path"
	"strings"
	"unicode"

	"fyne.io/fyne/v2"
	"golang.org/x/image/font/sfnt"
)

// ErrArt says that a face or the icons are missing or damaged.
var ErrArt = errors.New("look: fonts or icons missing")

// iconLimit bounds the recoloured icons that are kept; at the limit the memory starts anew.
const iconLimit = 1024

// Art holds the faces and the icons' drawings.
type Art struct {
	regular, bold family
	faces         map[faceKey]fyne.Resource
	icons         map[string][]byte
	made          map[iconKey]fyne.Resource
}

type iconKey struct {
	name  string
	color color.NRGBA
}

type faceKey struct {
	text string
	bold bool
}

// family is one face in several cuts, the smallest first, the whole face last: Fyne keeps what it loads, and the whole
// regular face takes some 40 MB of it, though hardly a till ever shows the rarer half of its characters.
type family struct {
	cuts  []fyne.Resource
	have  []runes // what each cut has
	whole runes
}

// of gives the smallest cut that has all of a text, the whole face where none has.
func (f *family) of(text string) fyne.Resource {
	for i := range f.cuts {
		if f.have[i].all(text) {
			return f.cuts[i]
		}
	}
	return f.cuts[len(f.cuts)-1]
}

// face is a cut of a face in the assets. It is read when Fyne asks for it, which is once, and not kept beside Fyne's own
// copy.
type face struct {
	files fs.FS
	path  string
	name  string
	drop  glyphs // what this cut lacks
}

// Name gives the name by which Fyne knows the face.
func (f *face) Name() string { return f.name }

// Content reads the face; a face that was there at the start and is gone now gives nothing.
func (f *face) Content() []byte {
	data, err := fs.ReadFile(f.files, f.path)
	if err != nil {
		return nil
	}
	if len(f.drop) == 0 {
		return data
	}
	small, err := cut(data, f.drop)
	if err != nil {
		return data
	}
	return small
}

// runes says of every character of the basic plane whether a face has it.
type runes [0x10000 / 64]uint64

func (r *runes) has(c rune) bool { return c >= 0 && c < 0x10000 && r[c/64]&(1<<(c%64)) != 0 }

func (r *runes) add(c rune) { r[c/64] |= 1 << (c % 64) }

// all says whether a face has every character of a text.
func (r *runes) all(text string) bool {
	for _, c := range text {
		if !r.has(c) {
			return false
		}
	}
	return true
}

func loadFace(files fs.FS, name string) (f family, err error) {
	path := "fonts/" + name
	data, err := fs.ReadFile(files, path)
	if err != nil {
		return f, fmt.Errorf("%w: %w", ErrArt, err)
	}
	font, err := sfnt.Parse(data)
	if err != nil {
		return f, fmt.Errorf("%w: %w", ErrArt, err)
	}
	var buf sfnt.Buffer
	glyph := map[rune]uint16{}
	for c := rune(0); c < 0x10000; c++ {
		if i, err := font.GlyphIndex(&buf, c); err == nil && i != 0 {
			glyph[c] = uint16(i)
			f.whole.add(c)
		}
	}
	for _, k := range cuts {
		f.add(k, &face{files: files, path: path, name: k.name + "-" + name, drop: glyphs{}}, glyph)
	}
	f.cuts, f.have = append(f.cuts, &face{files: files, path: path, name: name}), append(f.have, f.whole)
	return f, nil
}

// add adds a cut of a face whose characters have these glyphs.
func (f *family) add(k keep, small *face, glyph map[rune]uint16) {
	chosen, have := k.characters(), runes{}
	for c, i := range glyph {
		if unicode.Is(unicode.Han, c) && !chosen.has(c) {
			small.drop[i] = true
		} else {
			have.add(c)
		}
	}
	for c, i := range glyph {
		if have.has(c) {
			delete(small.drop, i) // it may stand for another character too
		}
	}
	f.cuts, f.have = append(f.cuts, small), append(f.have, have)
}

func loadArt(files fs.FS) (*Art, error) {
	a := &Art{icons: map[string][]byte{}, made: map[iconKey]fyne.Resource{}, faces: map[faceKey]fyne.Resource{}}
	var err error
	if a.regular, err = loadFace(files, "NotoSansSC-Regular.ttf"); err != nil {
		return nil, err
	}
	if a.bold, err = loadFace(files, "NotoSansSC-Bold.ttf"); err != nil {
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
	have := &a.regular.whole
	if bold {
		have = &a.bold.whole
	}
	var out []rune
	for _, r := range text {
		if !have.has(r) {
			out = append(out, r)
		}
	}
	return out
}

// face gives the face to write a text in.
func (a *Art) face(text string, bold bool) fyne.Resource {
	key := faceKey{text, bold}
	if f, known := a.faces[key]; known {
		return f
	}
	if len(a.faces) >= measureLimit {
		clear(a.faces)
	}
	of := &a.regular
	if bold && a.bold.whole.all(text) {
		of = &a.bold
	}
	a.faces[key] = of.of(text)
	return a.faces[key]
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
