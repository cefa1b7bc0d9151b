package kit

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// wheel lies over a surface, as large as it, shows nothing and takes its mouse wheel. Fyne clips the painting of whatever
// takes a wheel, and bounds no painting after it. A surface that took it itself would undo the bounds that are set before it
// is painted (Stale); this one is painted last.
//
// It is always there: a canvas repaints for an object only once it has painted it.
type wheel struct {
	widget.BaseWidget
	of *Surface
}

var _ fyne.Scrollable = (*wheel)(nil)

func newWheel(of *Surface) *wheel {
	w := &wheel{of: of}
	w.ExtendBaseWidget(w)
	return w
}

// Scrolled tells the surface.
func (w *wheel) Scrolled(e *fyne.ScrollEvent) { w.of.scrolled(e) }

// CreateRenderer gives the renderer; Fyne calls it once.
func (w *wheel) CreateRenderer() fyne.WidgetRenderer { return nothing{} }

// nothing draws nothing.
type nothing struct{}

// Destroy lets nothing go: there is nothing to let go.
func (nothing) Destroy() {}

// Layout does nothing.
func (nothing) Layout(fyne.Size) {}

// MinSize asks for no room.
func (nothing) MinSize() fyne.Size { return fyne.NewSize(1, 1) }

// Objects gives none.
func (nothing) Objects() []fyne.CanvasObject { return nil }

// Refresh does nothing.
func (nothing) Refresh() {}
