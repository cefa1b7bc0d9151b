package display

import (
	"image"
	"testing"
)

// TestWordsKeepOutOfTheQuietZone: on every panel and for every code that fits.
func TestWordsKeepOutOfTheQuietZone(t *testing.T) {
	beside, below := 0, 0
	for _, size := range []image.Point{{240, 240}, {128, 64}, {250, 122}, {122, 250}, {320, 240}, {240, 320}, {400, 300}} {
		for modules := 21; modules <= 97; modules += 4 {
			strip := max(leastSize*3/2, size.Y*150/1000)
			code, words, px, err := place(modules, size, strip)
			alone, _, most, bad := place(modules, size, 0)
			if (err == nil) != (bad == nil) {
				t.Fatalf("%d modules on %v: words decide whether the code is shown: %v", modules, size, err)
			}
			if err != nil {
				continue
			}
			panel := image.Rectangle{Max: size}
			if px < most && px < roomyPixel {
				t.Errorf("%d modules on %v: %d pixels with words, %d without", modules, size, px, most)
			}
			for _, r := range []image.Rectangle{code, alone} {
				if !r.In(panel) || r.Dx() != r.Dy() || r.Dx()%modules != 0 {
					t.Errorf("%d modules on %v: %v", modules, size, r)
				}
			}
			if words.Empty() {
				continue
			}
			if code.Inset(-fullQuiet * px).Overlaps(words) {
				t.Errorf("%d modules on %v: words %v beside the code %v of %d pixels", modules, size, words, code, px)
			}
			if words.Min.X > 0 {
				beside++
			} else {
				below++
			}
		}
	}
	if beside == 0 || below == 0 {
		t.Errorf("%d beside, %d below: not all was tried", beside, below)
	}
}
