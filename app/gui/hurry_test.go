package gui

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"
)

// TestAKeyRightBehindDigitsFindsThem: on a busy machine the digits of a sum and the key behind them were handled at once, and
// the key was asked of the picture before the digits, where it does nothing yet: it was lost, and nobody was told.
func TestAKeyRightBehindDigitsFindsThem(t *testing.T) {
	with(t, func(d *desk) {
		d.key(fyne.KeyF8)
		time.Sleep(trembling)
		d.scans("50", 2*time.Millisecond, fyne.KeyF4)
		d.wants("preauth 50.00")
	})
	with(t, func(d *desk) { // and behind an operator that waits whether it belongs to a scan
		d.scans("6921168002344", 2*time.Millisecond, fyne.KeyReturn)
		time.Sleep(trembling)
		d.scans("3*", 2*time.Millisecond, fyne.KeyUp)
		if qty := d.ui.view.Qty; qty != "3" {
			t.Errorf("of the quantity %q is left", qty)
		}
	})
}
