package gui

import (
	"path/filepath"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"github.com/go-gl/glfw/v3.3/glfw"

	"tillkeeper/app/gui/kit"
)

// bounds has Fyne paint no more of the windows than what changed, where the processor paints.
//
// Fyne 2.7.4 paints a window anew for every change, all of it (internal/driver/glfw/canvas.go). A graphics card does that in
// no time; a processor needs a whole frame for it, and a touch is seen that much later. So right before Fyne paints, the
// scissors of OpenGL are set about what changed: its clearing and its painting stop at them, for nothing on a page clips (kit, wheel.go).
//
// What lies outside has to be there from the frame before. OpenGL does not promise that after a swap of buffers, but Mesa's
// painting on the processor has one buffer for it, which it copies to the screen (src/gallium/frontends/dri/drisw.c; newer
// ones call that a buffer age of 1). So it has to be that which paints, on a machine without a graphics card; everywhere
// else a window is painted as Fyne does it. So is one on a virtual machine that has a render node and yet paints by the
// processor: whether its buffers stay as they were is not known.
type bounds struct {
	windows []*bounded
	card    bool // the machine has a graphics card
	gl      openGL
}

// openGL is what is asked of OpenGL, in the context of a window.
type openGL interface {
	renderer() string       // names what paints
	scissor(x, y, w, h int) // bounds all painting, in pixels from the left lower corner
	unscissor()             // lets all be painted
	size() (w, h int)       // of the window now, in pixels
}

// bounded is a window that shows a surface.
type bounded struct {
	win     fyne.Window
	surface *kit.Surface
	all     time.Time // when all of it was painted last
	size    [2]int    // at the last painting, in pixels
	sized   time.Time // when it was found to be another
	keeps   bool      // what was painted stays
}

// allEvery is after how long all of a window is painted again, when anything is: should a part of it ever be wrong, it is
// not for long.
const allEvery = 30 * time.Second

// dragged is for how long all of a window is painted after it was found to have another size: whoever drags it goes on.
const dragged = time.Second

// renderNodes is what a graphics card looks like in the file system.
const renderNodes = "/dev/dri/renderD*"

// processor begins the name of Mesa's painting on the processor (src/gallium/drivers/llvmpipe/lp_screen.c).
const processor = "llvmpipe"

// newBounds looks whether there is a graphics card.
func newBounds() *bounds {
	found, err := filepath.Glob(renderNodes)
	return &bounds{card: err != nil || len(found) > 0, gl: nativeGL{}}
}

// add takes a window that shows a surface.
func (b *bounds) add(win fyne.Window, s *kit.Surface) {
	if !b.card {
		b.windows = append(b.windows, &bounded{win: win, surface: s})
	}
}

// remove leaves a window alone: it is gone.
func (b *bounds) remove(win fyne.Window) {
	b.windows = slices.DeleteFunc(b.windows, func(w *bounded) bool { return w.win == win })
}

// paints sets the scissors of every window that Fyne is about to paint.
func (b *bounds) paints() {
	for _, w := range b.windows {
		w.paints(time.Now(), b.gl)
	}
}

// dirty is what a canvas of Fyne knows about itself.
type dirty interface {
	CheckDirtyAndClear() bool
	SetDirty()
}

// current is what lets OpenGL's functions work on a window.
type current interface{ RunWithContext(draw func()) }

func (w *bounded) paints(now time.Time, gl openGL) {
	c, ok := w.win.Canvas().(dirty)
	in, has := w.win.(current)
	if !ok || !has || !c.CheckDirtyAndClear() {
		return
	}
	c.SetDirty()
	in.RunWithContext(func() { // which does nothing on a window that is closing: what is stale stays so until it is painted
		box, whole := w.surface.Stale()
		whole = whole || box == kit.Rect{} // nothing of ours: the window was covered, or is another size
		whole = whole || w.all.IsZero() || now.Sub(w.all) >= allEvery
		whole = !w.steady(now, gl) || whole
		switch {
		case whole:
			w.all = now
			w.keeps = strings.HasPrefix(gl.renderer(), processor)
			gl.unscissor()
		case w.keeps:
			gl.scissor(pixels(w.win.Canvas(), box))
		}
	})
}

// steady says whether the window has kept its size for a while. While somebody drags it, OpenGL takes the next size at any
// moment, long before Fyne hears of it: the buffer is another one then, and empty, and needs all of the painting.
func (w *bounded) steady(now time.Time, gl openGL) bool {
	var size [2]int
	if size[0], size[1] = gl.size(); size != w.size {
		w.size, w.sized = size, now
	}
	return now.Sub(w.sized) >= dragged
}

// size asks the window system, which knows before Fyne does.
func (nativeGL) size() (w, h int) {
	if win := glfw.GetCurrentContext(); win != nil {
		return win.GetFramebufferSize()
	}
	return 0, 0
}

// pixels turns a box of units into one of OpenGL's, whose y begins below.
func pixels(c fyne.Canvas, box kit.Rect) (x, y, w, h int) {
	left, top := c.PixelCoordinateForPosition(fyne.NewPos(box.X, box.Y))
	right, bottom := c.PixelCoordinateForPosition(fyne.NewPos(box.Right(), box.Bottom()))
	_, high := c.PixelCoordinateForPosition(fyne.NewPos(0, c.Size().Height))
	left, bottom = max(0, left), min(high, bottom)
	return left, high - bottom, max(0, right-left), max(0, bottom-max(0, top))
}
