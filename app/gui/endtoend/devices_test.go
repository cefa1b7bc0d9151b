package endtoend

import (
	"fmt"
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// twoPanels are the till's panel and, right of it, the one that the customer looks at.
var twoPanels = size{2 * 1366, 768}

// The customer's panel and what lies on it.
var (
	customerPanel = area{1366, 0, 2732, 768}
	customerSide  = area{1366 + 812, 100, 1366 + 1338, 740}
	thanks        = fill(1366+840, 700, okFill)
	noThanks      = fill(1366+840, 700, surface)
	welcome       = fill(1366+683, 60, surface)
)

// Places of the devices page at 1366 by 768.
var (
	deviceChosen = func(row int) sight { return fill(126, 160+69*row, actionSoft) }
	resultGood   = fill(1300, 356, 0xDFF3E9)
)

// standAtTwo opens the demo shop with the customer's window beside it.
func standAtTwo(t *testing.T) *person {
	t.Helper()
	data := filepath.Join(t.TempDir(), "shop")
	config := filepath.Join(filepath.Dir(data), "till.toml")
	if err := os.WriteFile(config, []byte("[devices]\ncustomer = \"window:\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := standApart(t, twoPanels, data, "--config", config)
	p.moves("^Tillkeeper$", 0)
	p.moves("^Tillkeeper 2$", wide.w)
	p.does("mousemove", fmt.Sprint(wide.w/2), "2")
	return p
}

// moves puts the window of a name at a place of the display once it is there.
func (p *person) moves(name string, x int) {
	p.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(blink) {
		out, err := p.command("xdotool", "search", "--onlyvisible", "--name", name)
		if id := strings.TrimSpace(string(out)); err == nil && id != "" {
			p.does("windowmove", id, fmt.Sprint(x), "0")
			return
		}
		if time.Now().After(end) {
			p.t.Fatalf("no window %s appeared\n%s", name, p.log)
		}
	}
}

// readsCode looks at an area until a code can be read there, and gives its text.
func (p *person) readsCode(a area) string {
	p.t.Helper()
	return p.readsCodes(a)[0]
}

// readsCodes looks until a code can be read in each of the areas, and gives their texts: of one look, for a code goes as
// soon as it is paid.
func (p *person) readsCodes(all ...area) []string {
	p.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(blink) {
		img, codes := p.looks(), []string(nil)
		for _, a := range all {
			if code := decoded(img.SubImage(image.Rect(a.x0, a.y0, a.x1, a.y1))); code != "" {
				codes = append(codes, code)
			}
		}
		if len(codes) == len(all) {
			return codes
		}
		if time.Now().After(end) {
			p.t.Fatalf("%d of %d codes can be read; see %s\n%s", len(codes), len(all), p.keeps(p.looks(), "whole"), p.log)
		}
	}
}

// decoded is the text of the code in a picture, empty where none can be read.
func decoded(img image.Image) string {
	bits, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		return ""
	}
	code, err := qrcode.NewQRCodeReader().Decode(bits, nil)
	if err != nil {
		return ""
	}
	return code.GetText()
}

// TestTheCustomerFollowsTheSale: the second window welcomes, shows the goods, the code that can be paid and the thanks,
// and never the cashier's bar.
func TestTheCustomerFollowsTheSale(t *testing.T) {
	p := standAtTwo(t)
	p.opens()
	p.awaits("the welcome", welcome)
	p.looksLike("customer-welcome", area{1366 + 200, 100, 1366 + 1166, 740})
	p.touches(tileCola)
	p.touches(tileWater)
	p.looksLike("customer-goods", customerPanel)
	p.touches(keyQR)
	if codes := p.readsCodes(area{440, 56, 1090, 440}, customerSide); codes[0] != codes[1] {
		t.Errorf("the cashier's code and the customer's: %q", codes)
	}
	p.awaits("the thanks", thanks, fill(20, 700, okFill))
	p.looksLike("customer-thanks", customerPanel)
	p.next()
	p.awaits("the welcome again", welcome, noThanks)

	p.touches(tileCola)
	p.awaits("the article", readyCard)
	p.touches(keyCash)
	p.touches(keyQuick[1])
	p.looksLike("customer-change", customerPanel)
	p.touches(keyTake)
	p.awaits("the thanks", thanks)
	p.next()
	b := p.leaves()
	b.sums(t, 800, map[string]int64{"qr": 500, "cash": 300})
}

// TestTheOwnerTestsAndChangesDevices: the devices page is opened from the settings, prints a test page, takes the printer
// out of use and back while the till runs, and a sale goes on with it.
func TestTheOwnerTestsAndChangesDevices(t *testing.T) {
	p := standAt(t, wide)
	p.opensAs(tileSun)
	p.presses("F10")
	p.office(railSettings)
	p.presses("F2")
	p.awaits("the first device", deviceChosen(0))
	p.presses("Down", "Down")
	p.awaits("the printer", deviceChosen(2))
	paper := p.paper()
	p.presses("F7")
	p.awaits("the end of the test", resultGood)
	p.paperGrows("the test page", paper)
	p.looksLike("devices-printed", area{110, 124, 1354, 756})

	p.presses("F9")
	p.looksLike("devices-unused", area{110, 124, 1354, 756})
	p.presses("F9")
	p.looksLike("devices-used-again", area{110, 124, 1354, 756})
	paper = p.paper()
	p.presses("Escape")
	p.presses("Escape")
	p.touches(tileCola)
	p.awaits("the article", readyCard)
	p.touches(keyCash)
	p.touches(keyTake)
	p.awaits("the outcome", fill(20, 700, okFill))
	p.paperGrows("the receipt after the change", paper)
	p.next()
	p.leaves().sums(t, 300, map[string]int64{"cash": 300})
}

// TestTheCustomersWindowIsOpenedWhileTheTillRuns: the owner opens the second window from the devices page, sees its test
// picture, types on it what the till takes, and closes it; the till goes on.
func TestTheCustomersWindowIsOpenedWhileTheTillRuns(t *testing.T) {
	p := standApart(t, twoPanels, filepath.Join(t.TempDir(), "shop"))
	p.moves("^Tillkeeper$", 0)
	p.does("mousemove", fmt.Sprint(wide.w/2), "2")
	p.opensAs(tileSun)
	p.presses("F10")
	p.office(railSettings)
	p.presses("F2")
	p.awaits("the first device", deviceChosen(0))
	p.presses("Down", "Down", "Down", "Down", "Down", "Down", "Down", "Down")
	p.awaits("the last device", deviceChosen(8))
	p.presses("F9")
	p.moves("^Tillkeeper 2$", wide.w)
	p.awaits("the welcome", welcome)
	p.does("mousemove", fmt.Sprint(wide.w+600), "300") // the keys go to the customer's window now
	p.presses("F7")
	p.looksLike("customer-test", customerPanel)
	p.presses("F9")
	p.awaits("the end of the window", no(surface, area{1366, 380, 2732, 388}))
	p.does("mousemove", fmt.Sprint(wide.w/2), "2")
	p.presses("Escape")
	p.presses("Escape")
	p.touches(tileCola)
	p.awaits("the article", readyCard)
	p.touches(keyCash)
	p.touches(keyTake)
	p.awaits("the outcome", fill(20, 700, okFill))
	p.next()
	p.leaves().sums(t, 300, map[string]int64{"cash": 300})
}

// paper counts the bytes that left the simulated printer as paper.
func (p *person) paper() (n int64) {
	p.t.Helper()
	files, err := os.ReadDir(filepath.Join(p.data, "receipts"))
	if err != nil && !os.IsNotExist(err) {
		p.t.Fatal(err)
	}
	for _, f := range files {
		if info, err := f.Info(); err == nil {
			n += info.Size()
		}
	}
	if info, err := os.Stat(filepath.Join(p.data, "printer.bin")); err == nil {
		n += info.Size()
	}
	return n
}

func (p *person) paperGrows(what string, before int64) {
	p.t.Helper()
	for end := time.Now().Add(patience); p.paper() <= before; time.Sleep(blink) {
		if time.Now().After(end) {
			p.t.Fatalf("%s was not printed: %d bytes of paper before and after\n%s", what, before, p.log)
		}
	}
}
