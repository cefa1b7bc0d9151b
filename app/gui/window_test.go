package gui_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// patience bounds every wait for something to appear in the window.
const patience = 30 * time.Second

// screenOf starts a display of its own and gives its name.
func screenOf(ctx context.Context, t *testing.T) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	x := exec.CommandContext(ctx, "Xvfb", "-displayfd", "3", "-screen", "0", "1366x768x24", "-nolisten", "tcp", "-noreset")
	x.ExtraFiles = []*os.File{w}
	if err := x.Start(); err != nil {
		t.Fatalf("Xvfb has to be installed: %v", err)
	}
	w.Close()
	t.Cleanup(func() { x.Process.Kill(); x.Wait() })
	number := make([]byte, 8)
	n, err := r.Read(number)
	if err != nil {
		t.Fatal(err)
	}
	return ":" + strings.TrimSpace(string(number[:n]))
}

// person is whoever stands at the till: eyes, fingers and a scanner.
type person struct {
	t       *testing.T
	display string
}

func (p *person) run(name string, args ...string) []byte {
	p.t.Helper()
	c := exec.Command(name, args...)
	c.Env = append(os.Environ(), "DISPLAY="+p.display)
	out, err := c.Output()
	if err != nil {
		p.t.Fatalf("%s %v: %v", name, args, err)
	}
	return out
}

func (p *person) touches(x, y int) {
	p.run("xdotool", "mousemove", fmt.Sprint(x), fmt.Sprint(y), "click", "1")
}

func (p *person) presses(keys ...string) {
	p.run("xdotool", append([]string{"key", "--delay", "80"}, keys...)...)
}

func (p *person) scans(code string) {
	p.run("xdotool", "type", "--args", "1", "--delay", "2", code, "key", "--delay", "1", "Return")
}

func (p *person) sees() image.Image {
	p.t.Helper()
	img, err := png.Decode(bytes.NewReader(p.run("import", "-window", "root", "png:-")))
	if err != nil {
		p.t.Fatal(err)
	}
	return img
}

// spot is a place of the window and the colour that tells what stands there.
type spot struct {
	x, y int
	rgb  uint32
}

// The spots that tell the screens apart, in the light palette at 1366 by 768.
var (
	spotStart    = spot{760, 660, 0x0B5CAD}  // self-test: the filled key
	spotPad      = spot{1240, 590, 0xEBEFF4} // sign-in: the sign-in key still rests
	spotSigned   = spot{1240, 590, 0x0B5CAD} // sign-in: the sign-in key is ready
	spotEmpty    = spot{1110, 160, 0xEBEFF4} // sale: card rests, nothing is in the basket
	spotTender   = spot{1110, 160, 0x0B5CAD} // sale: card is ready
	spotNoQR     = spot{1110, 300, 0xEBEFF4} // sale: QR rests
	spotBench    = spot{30, 460, 0xF4F6F9}   // card: the demo's hands, two rows of cards
	spotPIN      = spot{30, 520, 0xF4F6F9}   // card: one row, the PIN
	spotNoCards  = spot{30, 460, 0xFFFFFF}   // card: the cards are gone
	spotApproved = spot{20, 700, 0x076B42}
	spotCash     = spot{1000, 620, 0x0B5CAD} // cash: the tall key
	spotChosen   = spot{20, 190, 0xE2EDF9}   // today: its place on the rail
	spotQueue    = spot{20, 365, 0xE2EDF9}   // to do: its place on the rail
	spotSettings = spot{20, 710, 0xE2EDF9}
)

func (p *person) at(s spot) bool {
	r, g, b, _ := p.sees().At(s.x, s.y).RGBA()
	near := func(a uint32, c uint32) bool { d := int(a>>8) - int(c); return d > -6 && d < 6 }
	return near(r, s.rgb>>16) && near(g, s.rgb>>8&0xff) && near(b, s.rgb&0xff)
}

// awaits waits until all spots show.
func (p *person) awaits(what string, spots ...spot) {
	p.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		all := true
		for _, s := range spots {
			all = all && p.at(s)
		}
		if all {
			return
		}
		if time.Now().After(end) {
			file := filepath.Join(os.TempDir(), "tillkeeper-window.png")
			if f, err := os.Create(file); err == nil {
				png.Encode(f, p.sees())
				f.Close()
			}
			p.t.Fatalf("%s did not appear; the window is in %s", what, file)
		}
	}
}

// sameAsPaintedAnew looks whether the window, of which only what changed was painted, is as it is when all of it is painted:
// after another size and its own again. Where the clock in it moved on meanwhile, it looks once more.
func (p *person) sameAsPaintedAnew() {
	p.t.Helper()
	id := strings.TrimSpace(string(p.run("xdotool", "search", "--name", "^Tillkeeper$")))
	for range looksAnew {
		minute, before := time.Now().Minute(), p.rests()
		p.run("xdotool", "windowsize", id, "1366", "700")
		if !p.becomes(before, false) {
			p.t.Fatal("the window took no other size")
		}
		p.run("xdotool", "windowsize", id, "1366", "768")
		if p.becomes(before, true) {
			return
		}
		if time.Now().Minute() == minute {
			break
		}
	}
	p.t.Fatal("painted anew, the window looks otherwise")
}

// looksAnew is how often the clock may move on while a picture is compared.
const looksAnew = 4

// restLooks is how many pictures in a row have to be the same before what was touched last is painted.
const restLooks = 5

// rests waits until the picture stays as it is and gives it.
func (p *person) rests() []byte {
	p.t.Helper()
	last, same := p.picture(), 0
	for end := time.Now().Add(patience); same < restLooks; time.Sleep(100 * time.Millisecond) {
		now := p.picture()
		if same++; !bytes.Equal(now, last) {
			last, same = now, 0
		}
		if time.Now().After(end) {
			p.t.Fatal("the window does not come to rest")
		}
	}
	return last
}

func (p *person) picture() []byte {
	p.t.Helper()
	return p.run("import", "-window", "root", "rgba:-")
}

// becomes waits for a picture, or for another, and says whether it came.
func (p *person) becomes(picture []byte, same bool) bool {
	p.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if bytes.Equal(p.picture(), picture) == same {
			return true
		}
	}
	return false
}

// leaves presses Enter on an outcome, again if that was too soon for the till to believe it.
func (p *person) leaves() {
	p.t.Helper()
	for range 20 {
		p.presses("Return")
		if p.at(spotEmpty) {
			return
		}
	}
	p.awaits("the next sale", spotEmpty)
}

// TestAShopsDayInTheWindow sells with fingers, keys and a scanner in a real window over a real display: a scan, a card
// with its PIN, cash, the line pulled and put back, the evening's screen; then the books have to say the same.
func TestAShopsDayInTheWindow(t *testing.T) {
	dir := t.TempDir()
	binary := filepath.Join(dir, "tillkeeper")
	if out, err := exec.Command("go", "build", "-o", binary, "../..").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	p := &person{t, screenOf(ctx, t)}
	data := filepath.Join(dir, "shop")
	var log bytes.Buffer
	till := exec.Command(binary, "window", "--demo", "--data", data)
	till.Env = append(os.Environ(), "DISPLAY="+p.display)
	till.Stdout, till.Stderr = &log, &log
	if err := till.Start(); err != nil {
		t.Fatal(err)
	}
	defer till.Process.Kill()

	p.awaits("the self-test", spotStart)
	p.presses("Return")
	p.awaits("the sign-in", spotPad)
	p.touches(240, 260)
	p.presses("1", "3", "5", "7", "9", "0")
	p.awaits("the typed PIN", spotSigned)
	p.presses("Return")
	p.awaits("the empty sale", spotEmpty)
	sellByCard(p)
	sellForCash(p)
	sellOffline(p)
	p.presses("F10")
	p.awaits("the evening", spotChosen)

	till.Process.Signal(os.Interrupt)
	if err := till.Wait(); err != nil {
		t.Fatalf("the till ended with %v\n%s", err, log.String())
	}
	books(t, binary, data)
}

// sellByCard sells one scanned article by a chip card.
func sellByCard(p *person) {
	p.t.Helper()
	p.scans("6921168002344")
	p.awaits("the scanned line", spotTender)
	p.presses("F1")
	p.awaits("the demo's cards", spotBench)
	p.touches(220, 510)
	p.awaits("the PIN", spotPIN, spotNoCards)
	p.touches(90, 560)
	p.awaits("the approval", spotApproved)
	p.leaves()
}

// sellForCash sells a touched tile for cash.
func sellForCash(p *person) {
	p.t.Helper()
	p.presses("1", "2", "3", "4", "5")
	p.rests()
	p.presses("Home")
	p.sameAsPaintedAnew()
	p.touches(640, 100)
	p.awaits("the touched tile", spotTender)
	p.presses("F3")
	p.awaits("the cash screen", spotCash)
	p.presses("1", "0")
	p.sameAsPaintedAnew()
	p.presses("Return")
	p.awaits("the cash outcome", spotApproved)
	p.sameAsPaintedAnew()
	p.leaves()
}

// sellOffline pulls the line, sells by a card that approves by itself, and puts the line back.
func sellOffline(p *person) {
	p.t.Helper()
	settings := func() {
		p.presses("F10")
		p.awaits("the back office", spotChosen)
		p.touches(48, 710)
		p.awaits("the settings", spotSettings)
	}
	settings()
	p.presses("F8")
	p.presses("Escape")
	p.awaits("the sale", spotEmpty)
	p.touches(640, 100)
	p.awaits("a sale without QR", spotTender, spotNoQR)
	p.presses("F1")
	p.awaits("the demo's cards", spotBench)
	p.touches(350, 510)
	p.awaits("the offline approval", spotApproved)
	p.leaves()
	settings()
	p.presses("F8")
	p.touches(48, 360)
	p.awaits("the queue", spotQueue)
	p.presses("Escape")
	p.awaits("the sale", spotEmpty)
}

// books asks the same folder through the scripted face: three sales, nothing left to send.
func books(t *testing.T, binary, data string) {
	t.Helper()
	c := exec.Command(binary, "headless", "--demo", "--data", data)
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(in, `{"cmd":"signin","staff":"9001","pin":"135790"}
{"cmd":"forward","timeout_ms":20000}
{"id":"t","cmd":"totals"}
{"cmd":"quit"}
`)
	in.Close()
	out, err := c.Output()
	if err != nil {
		t.Fatalf("headless: %v", err)
	}
	text := string(out)
	for _, want := range []string{`"net":800`, `"left":0`} {
		if !strings.Contains(text, want) {
			t.Errorf("the books do not say %s:\n%s", want, text)
		}
	}
}
