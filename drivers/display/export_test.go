package display

import "time"

// SetPatience sets how long a refresh may take.
func (w *Waveshare) SetPatience(d time.Duration) {
	w.busy.mu.Lock()
	defer w.busy.mu.Unlock()
	w.busy.most = d
}

// Wait waits until the newest view is drawn.
func (d *PaperDisplay) Wait() {
	for {
		d.mu.Lock()
		idle := d.drawn == d.told
		d.mu.Unlock()
		if idle {
			return
		}
		time.Sleep(100 * time.Microsecond)
	}
}
