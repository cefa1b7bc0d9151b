package endtoend

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tillkeeper/app/headless/blackbox/child"
)

// The limits of waiting: generous, for nothing here measures time.
const (
	patience = 40 * time.Second      // for something to appear
	blink    = 50 * time.Millisecond // between two looks
	keyPause = "40"                  // between two keys of a person, ms
)

type size struct{ w, h int }

// spot is a place that a finger touches.
type spot struct{ x, y int }

// Places of the wide panel: nothing on it ever moves.
var (
	tileWang, tileSun = spot{240, 260}, spot{620, 560}
	keyLogIn          = spot{1230, 582}
	pinPad            = map[rune]spot{
		'7': {934, 294}, '8': {1082, 294}, '9': {1230, 294}, '4': {934, 390}, '5': {1082, 390}, '6': {1230, 390},
		'1': {934, 486}, '2': {1082, 486}, '3': {1230, 486}, '0': {1082, 582},
	}
	tileCola, tileWater     = spot{636, 100}, spot{766, 100}
	keyCard, keyQR, keyCash = spot{1225, 120}, spot{1225, 258}, spot{1225, 392}
	keyQuick                = [5]spot{{506, 300}, {636, 300}, {766, 300}, {896, 300}, {1026, 300}}
	keyTake                 = spot{1026, 670}
	benchChip, benchOffline = spot{220, 510}, spot{350, 510}
	benchPIN, benchNoMoney  = spot{90, 560}, spot{90, 568}
	railQueue, railSettings = spot{48, 360}, spot{48, 710}
)

const pin = "135790"

// person is whoever stands at the till: eyes, fingers and a scanner.
type person struct {
	t       *testing.T
	panel   size
	display string
	data    string
	till    *child.Process
	log     *child.Log
}

// display starts a screen of its own and gives its name.
func display(t *testing.T, s size) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	x := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", fmt.Sprintf("%dx%dx24", s.w, s.h), "-nolisten", "tcp", "-noreset")
	x.ExtraFiles = []*os.File{w}
	if err := x.Start(); err != nil {
		t.Fatalf("Xvfb has to be installed: %v", err)
	}
	w.Close()
	t.Cleanup(func() {
		_ = x.Process.Kill() //nolint:errcheck // it may have ended by itself
		_ = x.Wait()         //nolint:errcheck // killed on purpose
	})
	number, err := io.ReadAll(io.LimitReader(r, 8))
	if err != nil || len(number) == 0 {
		t.Fatalf("the display does not come up: %v", err)
	}
	return ":" + strings.TrimSpace(string(number))
}

// standAt opens the demo shop in a window that fills a panel.
func standAt(t *testing.T, s size) *person {
	t.Helper()
	return standIn(t, s, filepath.Join(t.TempDir(), "shop"))
}

// standIn opens the shop of a folder; more are arguments of the window.
func standIn(t *testing.T, s size, data string, more ...string) *person {
	t.Helper()
	p := standApart(t, s, data, more...)
	if s != wide {
		p.fits()
	}
	// Without a window manager the keys go where the pointer is.
	p.does("mousemove", fmt.Sprint(s.w/2), "2")
	return p
}

// standApart opens the shop of a folder on a display and leaves the windows where they come up.
func standApart(t *testing.T, s size, data string, more ...string) *person {
	t.Helper()
	for _, tool := range []string{"Xvfb", "xdotool", "import"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("%s has to be installed: %v", tool, err)
		}
	}
	home := filepath.Dir(data)
	return opensWindow(t, s, data, "", append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+home), more...)
}

// opensWindow opens the shop of a folder on a display, from a working directory ("": the test's) and in an environment.
func opensWindow(t *testing.T, s size, data, dir string, env []string, more ...string) *person {
	t.Helper()
	p := &person{t: t, panel: s, display: display(t, s), data: data, log: &child.Log{}}
	env = append(slices.Clip(env), "DISPLAY="+p.display, "LANG=zh_CN.UTF-8")
	var err error
	if p.till, err = child.StartIn(p.log, env, dir, binary, append([]string{"window", "--demo", "--data", data}, more...)...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.till.Kill)
	return p
}

// fits gives the window the panel's size once it is there.
func (p *person) fits() {
	p.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(blink) {
		out, err := p.command("xdotool", "search", "--onlyvisible", "--name", "^Tillkeeper$")
		if id := strings.TrimSpace(string(out)); err == nil && id != "" {
			p.does("windowsize", id, fmt.Sprint(p.panel.w), fmt.Sprint(p.panel.h), "windowmove", id, "0", "0")
			return
		}
		if time.Now().After(end) {
			p.t.Fatalf("no window appeared\n%s", p.log)
		}
	}
}

func (p *person) command(name string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, name, args...)
	c.Env = append(os.Environ(), "DISPLAY="+p.display)
	return c.Output()
}

// does gives xdotool a chain of commands that follow one another without a pause.
func (p *person) does(chain ...string) {
	p.t.Helper()
	if _, err := p.command("xdotool", chain...); err != nil {
		p.t.Fatalf("xdotool %v: %v\n%s", chain, err, p.log)
	}
}

func touch(s spot) []string {
	return []string{"mousemove", fmt.Sprint(s.x), fmt.Sprint(s.y), "click", "1"}
}

// scan is what a barcode scanner sends: the digits a millisecond apart, then Enter.
func scan(code string) []string {
	return []string{"type", "--args", "1", "--delay", "1", code, "key", "--delay", "1", "Return"}
}

func (p *person) touches(s spot) { p.t.Helper(); p.does(touch(s)...) }

// touchesTwice is a finger that trembles: two touches within a tenth of a second.
func (p *person) touchesTwice(s spot) {
	p.t.Helper()
	p.does("mousemove", fmt.Sprint(s.x), fmt.Sprint(s.y), "click", "--repeat", "2", "--delay", "60", "1")
}

func (p *person) presses(keys ...string) {
	p.t.Helper()
	p.does(append([]string{"key", "--delay", keyPause}, keys...)...)
}

// signsIn chooses a tile and touches the PIN on the pad.
func (p *person) signsIn(tile spot) {
	p.t.Helper()
	p.touches(tile)
	p.awaits("the chosen tile", fill(tile.x-170, tile.y-50, actionSoft))
	for _, r := range pin {
		p.touches(pinPad[r])
	}
	p.awaits("the sign-in key", fill(1290, 610, press))
	p.touches(keyLogIn)
	p.awaits("the sale", restingCard, fill(22, 300, surface))
}

// opens goes to the sale from the self-test.
func (p *person) opens() { p.t.Helper(); p.opensAs(tileWang) }

// opensAs is opens with somebody's tile.
func (p *person) opensAs(tile spot) {
	p.t.Helper()
	p.awaits("the self-test", fill(760, 660, press))
	p.presses("Return")
	p.awaits("the sign-in", fill(1290, 610, ground), fill(60, 210, surface))
	p.signsIn(tile)
}

// insists presses a key, and again if the till did not take it: so soon after a touch, or after an outcome was painted, it
// takes nothing there.
func (p *person) insists(key, what string, s sight) {
	p.t.Helper()
	for range tries {
		p.presses(key)
		if s(p.looks()) {
			return
		}
	}
	p.awaits(what, s)
}

// next leaves an outcome with Enter.
func (p *person) next() { p.t.Helper(); p.insists("Return", "the next sale", restingCard) }

// tries is how often somebody presses a key who wants something to happen.
const tries = 20

// office opens a place of the rail of the back office.
func (p *person) office(place spot) {
	p.t.Helper()
	p.awaits("the rail", fill(5, 60, surface), fill(5, 700, surface))
	p.touches(place)
	p.awaits("the place on the rail", fill(20, place.y, actionSoft))
}

// leaves closes the window and asks the scripted face for the books.
func (p *person) leaves() books {
	p.t.Helper()
	if err := p.till.End(); err != nil {
		p.t.Fatalf("the till does not end well: %v", err)
	}
	return p.reads()
}
