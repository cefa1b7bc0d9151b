// Package gui is the window face of the till: it shows the screens, takes fingers, keys and the scanner, and asks the
// checkout for what they mean.
//
// It promises that all of its state belongs to the goroutine that Fyne draws with; that no command to the checkout runs
// on that goroutine, so a key answers in one frame whatever the disk or the bank does; that what is posted to Fyne passes
// one gate (loop.go), which is shut before Fyne ends; that it sleeps while nothing happens (rest.go) and, where the
// processor paints, paints only what changed (bounds.go); that told to end, it ends within a few seconds, whatever still
// runs; that Fyne keeps no files; that Enter alone never starts a payment and the Enter of a scan never confirms one; that
// digits always go to the amount; that what counts between two keys is the time in which the till listened, so a machine
// that stands still tears no scan; that an outcome stays until it was painted for a while. It never touches the journal
// but to read, and never decides about money.
//
// Units: Fyne units; amounts are fen.
package gui

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver"
	"fyne.io/fyne/v2/driver/desktop"

	"tillkeeper/app/basket"
	"tillkeeper/app/checkout"
	"tillkeeper/app/decline"
	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/gui/screen"
	"tillkeeper/app/pos"
)

// Bench is what a hand does at real devices, for the simulated ones.
type Bench interface {
	Cards() []string
	Present(card string) error
	PIN(pin string)          // "" cancels
	Bypass()                 // OK without a PIN
	Wallet(how string) error // of the next code
	Line(up bool) error      // to the acquirer and the wallet
	Paper(in bool)
	Clear() // what a payment left unused
}

// Parts are what the window is composed of.
type Parts struct {
	Face     checkout.Face
	Files    fs.FS          // the assets: fonts/ and icons/
	Table    *decline.Table // answer codes and the till's reasons
	Clock    pos.Clock      // nil is the machine's
	Zone     *time.Location // of the shop; nil is the machine's
	Staff    []pos.Operator // tiles of the sign-in
	Quick    []basket.QuickKey
	Version  string
	Products int // in the catalogue

	SelfTest func(ctx context.Context) []pos.Condition       // nil: no self-test screen at the start
	Send     func(ctx context.Context, attempt string) error // sends what is owed now; "" is all of it
	CutLine  func(cut bool)                                  // the demo's switch of the line, nil for none
	Bench    Bench                                           // the demo's hands, nil for none
	Closing  Closing                                         // settlement, files and stories; nil: there is none
	FilesDir string                                          // where the acquirer's files are put, "" for nowhere
	Fetches  bool                                            // Closing can fetch the acquirer's file
	Keys     KeyEntry                                        // takes the terminal master key, nil where the window cannot
	Approve  func(staff, pin string) (pos.Operator, error)   // signs in somebody who may enter a component; nil without Keys
	Note     func(ctx context.Context, e pos.Event) error    // keeps who entered what; nil without Keys
	Day      func(t time.Time) string                        // business day of a moment, 2006-01-02; nil is the date

	Dark, English bool
	Width, Height float32 // of the window in units; 0 is 1366 by 768
	MM            float32 // units to the millimetre, 0 for the panel's usual
	Full          bool    // whole screen, no frame
	Customer      bool    // the second window is open from the start

	Equipment pos.Equipment                                      // the devices and what is plugged in; nil: none can be set up here
	Codes     <-chan string                                      // what a scanner of its own reads; nil: there is only the wedge
	Weigh     func(ctx context.Context) (grams int64, err error) // a stable weight of the scale, where a condition says that there is one
}

// Run opens the window and returns when it is closed or the context ends. It belongs to the main goroutine.
func Run(ctx context.Context, parts Parts) error {
	if ctx.Err() != nil {
		return nil //nolint:nilerr // told to end before it began
	}
	art, err := look.Load(parts.Files)
	if err != nil {
		return fmt.Errorf("open the window: %w", err)
	}
	fill(&parts)
	speak(parts.English)
	debug.SetGCPercent(heapGrowth)
	l, err := newLoop()
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	t := newTill(ctx, parts, art, l.post)
	t.rests(&l.rest, l.bounds)
	l.Settings().SetTheme(look.Theme{Look: t.look})
	t.setTheme = func(of *look.Look) { l.Settings().SetTheme(look.Theme{Look: of}) }
	win := l.NewWindow("Tillkeeper")
	win.SetPadded(false)
	win.SetMaster()
	win.SetCloseIntercept(l.end)
	win.Resize(fyne.NewSize(parts.Width, parts.Height))
	win.SetFullScreen(parts.Full)
	t.surface.OnSize = t.resize
	win.SetContent(t.surface)
	t.listen(win.Canvas())
	l.bounds.add(win, t.surface)
	t.secondWindow = t.customerWindow(l)
	if parts.Customer {
		t.secondWindow(true)
	}
	stopPump := t.start()
	defer func() {
		stop()
		t.leaveKeys()
		stopPump()
	}()
	defer context.AfterFunc(ctx, l.end)()
	win.Show()
	if !isThere(win) {
		return noDisplay(nil)
	}
	return l.run()
}

// isThere says whether a window is there: Fyne only logs that it could not make one.
func isThere(win fyne.Window) (there bool) {
	native, ok := win.(driver.NativeWindow)
	if !ok {
		return true
	}
	native.RunNative(func(context any) {
		x11, ok := context.(driver.X11WindowContext)
		there = !ok || x11.WindowHandle != 0
	})
	return there
}

// listen takes the keys of a window: of either of them, for a scanner types into whichever has the focus.
func (t *till) listen(c fyne.Canvas) {
	c.SetOnTypedKey(t.typedKey)
	c.SetOnTypedRune(t.typedRune)
	if c, ok := c.(desktop.Canvas); ok { // Fyne keeps Tab for its own focus; scanners end with it
		c.SetOnKeyDown(t.tab)
	}
	for _, k := range altKeys { // Fyne gives keys with Alt as shortcuts and never as characters, so no scan types them
		c.AddShortcut(&desktop.CustomShortcut{KeyName: fyne.KeyName(k), Modifier: fyne.KeyModifierAlt}, func(fyne.Shortcut) { t.press(kit.AltKey + string(k)) })
	}
}

// altKeys are the keys that pages use together with Alt: digits for rows, letters for what is chosen and for the rail.
const altKeys = "1234567890" + screen.LeftKeys + screen.RailKeys

// heapGrowth keeps a window's heap, most of it faces, from growing to twice its size between two collections, in percent.
const heapGrowth = 40

// speak gives Fyne a locale that it understands where the machine has none.
func speak(english bool) {
	switch os.Getenv("LANG") {
	case "", "C", "POSIX", "C.UTF-8", "C.utf8":
		lang := "zh_CN.UTF-8"
		if english {
			lang = "en_US.UTF-8"
		}
		if err := os.Setenv("LANG", lang); err != nil {
			return // only Fyne's own words depend on it, and none are shown
		}
	}
}

// fill sets what was left to its usual value.
func fill(p *Parts) {
	if p.Clock == nil {
		p.Clock = pos.WallClock{}
	}
	if p.Zone == nil {
		p.Zone = time.Local
	}
	if p.Width <= 0 || p.Height <= 0 {
		p.Width, p.Height = 1366, 768
	}
	if b, ok := p.Bench.(interface{ Any() bool }); ok && !b.Any() {
		p.Bench = nil // no device of this till is simulated
	}
	if p.Day == nil {
		p.Day = func(t time.Time) string { return t.In(p.Zone).Format(time.DateOnly) }
	}
}
