package endtoend

import (
	"image"
	"image/png"
	"os"
	"path/filepath"
	"time"
)

// wholePanel is the panel's picture.
var wholePanel = area{0, 0, 240, 240}

// panelDies takes the place that the panel draws on.
func (w wires) panelDies() {
	w.t.Helper()
	if err := os.Remove(w.panel); err != nil {
		w.t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(w.panel, "dead"), 0o700); err != nil {
		w.t.Fatal(err)
	}
}

// panelLives gives the place back; on it is nothing until the till draws.
func (w wires) panelLives() {
	w.t.Helper()
	if err := os.RemoveAll(w.panel); err != nil {
		w.t.Fatal(err)
	}
}

// panelPicture is what the panel shows; black while it shows nothing.
func (w wires) panelPicture() *image.NRGBA {
	dark := image.NewNRGBA(image.Rect(wholePanel.x0, wholePanel.y0, wholePanel.x1, wholePanel.y1))
	f, err := os.Open(w.panel)
	if err != nil {
		return dark
	}
	defer f.Close()
	src, err := png.Decode(f)
	if err != nil {
		return dark
	}
	return plain(src)
}

// panelWakes waits until there is light on the panel.
func (w wires) panelWakes() {
	w.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(blink) {
		for _, v := range w.panelPicture().Pix {
			if v > 0 && v < 255 {
				return
			}
		}
		if time.Now().After(end) {
			w.t.Fatalf("the panel stays dark\n%s", w.log)
		}
	}
}

// panelShows looks until the panel's picture is as it was kept.
func (w wires) panelShows(name string) {
	w.t.Helper()
	w.sees(name, w.panelPicture, wholePanel)
}

// panelCode looks at the panel from now on, and gives the first code that can be read there, empty if none can.
func (w wires) panelCode() <-chan string {
	read := make(chan string, 1)
	end := time.Now().Add(patience)
	go func() {
		for ; time.Now().Before(end); time.Sleep(blink) {
			if code := decoded(w.panelPicture()); code != "" {
				read <- code
				return
			}
		}
		read <- ""
	}()
	return read
}
