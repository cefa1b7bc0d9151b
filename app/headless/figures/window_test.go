package figures

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Where a finger goes on a screen of 1366 by 768 to reach the sale screen.
var (
	startKey = point{1020, 644}
	person   = point{232, 262}
	pinPad   = map[rune]point{
		'1': {935, 486}, '3': {1230, 486}, '5': {1083, 390}, '7': {935, 294}, '9': {1230, 294}, '0': {1083, 582},
	}
	signInKey = point{1230, 582}
	saleKeys  = []point{{635, 446}, {765, 446}, {895, 446}, {635, 536}, {765, 536}, {895, 536}}
)

// frame60 is one frame at 60 Hz.
const frame60 = time.Second / 60

// windowFigures opens the real window on a display without a screen.
func windowFigures(b *bench) (err error) {
	if err := need(b, "Xvfb", "xdotool"); err != nil {
		return err
	}
	d, err := openDisplay(filepath.Join(b.dir, "display"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	till, err := b.saleScreen(d)
	if err != nil {
		return err
	}
	var held int64
	used, err := b.idleCPU(till.cmd.Process.Pid)
	if err == nil {
		held, err = pss(till.cmd.Process.Pid)
	}
	if err == nil {
		err = b.touches(d)
	}
	till.end()
	if err != nil {
		return err
	}
	if err := b.besideEmpty(d, held, used); err != nil {
		b.out = append(b.out, fmt.Sprintf("memory and idle CPU beside an empty Fyne window: %v", err))
	}
	if err := b.besideBrowser(d, held); err != nil {
		b.out = append(b.out, fmt.Sprintf("memory and size beside Chromium: %v", err))
	}
	return nil
}

// saleScreen opens the demo shop and signs a cashier in.
func (b *bench) saleScreen(d *display) (*process, error) {
	p, err := launchIn(d.env(), b.bin, "window", "--demo", "--data", filepath.Join(b.dir, "window"))
	if err != nil {
		return nil, err
	}
	fingers := []point{startKey, person}
	for _, digit := range pin {
		fingers = append(fingers, pinPad[digit])
	}
	black := d.look(startKey)
	if _, err := d.changed(startKey, black, 30*time.Second); err != nil {
		p.end()
		return nil, fmt.Errorf("no window came: %w", err)
	}
	d.still(startKey, 2*time.Second) // the self-test has ended
	for _, at := range append(fingers, signInKey, saleKeys[0]) {
		if err := d.tap(at); err != nil {
			p.end()
			return nil, fmt.Errorf("on the way to the sale screen: %w", err)
		}
	}
	return p, nil
}

// idleCPU is the time of the processor that an open window takes while nobody
// does anything.
func (b *bench) idleCPU(pid int) (time.Duration, error) {
	before, err := ticks(pid)
	if err != nil {
		return 0, err
	}
	time.Sleep(b.idle)
	after, err := ticks(pid)
	return time.Duration(after-before) * time.Second / 100, err
}

// touches times the way from a touch to other pixels under the finger.
func (b *bench) touches(d *display) error {
	var all times
	for i := range b.touch {
		at := saleKeys[i%len(saleKeys)]
		if err := d.do(fmt.Sprintf("mousemove %d %d", at.x, at.y)); err != nil {
			return err
		}
		d.still(at, 250*time.Millisecond)
		time.Sleep(time.Duration(i*618%1000) * frame60 / 1000) // fingers do not come in step with the frames
		before := d.look(at)
		if err := d.do("mousedown 1"); err != nil {
			return err
		}
		took, err := d.changed(at, before, 5*time.Second)
		if err != nil {
			return err
		}
		time.Sleep(40 * time.Millisecond)
		if err := d.do("mouseup 1"); err != nil {
			return err
		}
		all = append(all, took)
	}
	b.add(row{
		what: "touch to painted", yardstick: "one frame at 60 Hz", ratio: over(all.median(), frame60), reach: 1, unit: "x",
		seen: fmt.Sprintf("median %s, p10 %s, p90 %s of %d touches, drawn by the processor", ms(all.median()), ms(all.at(0.1)), ms(all.at(0.9)), len(all)),
	})
	return nil
}

// emptyWindow is a window with nothing in it.
const emptyWindow = `package main

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
)

func main() {
	w := app.NewWithID("shop.tillkeeper.empty").NewWindow("empty")
	w.Resize(fyne.NewSize(1366, 768))
	w.ShowAndRun()
}
`

func (b *bench) besideEmpty(d *display, held int64, used time.Duration) error {
	source, built := filepath.Join(b.dir, "empty.go"), filepath.Join(b.dir, "empty-window")
	if err := os.WriteFile(source, []byte(emptyWindow), 0o600); err != nil {
		return err
	}
	if out, err := exec.Command("go", "build", "-ldflags=-s -w", "-o", built, source).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	p, err := launchIn(d.env(), built)
	if err != nil {
		return err
	}
	defer p.end()
	time.Sleep(5 * time.Second)
	empty, err := pss(p.cmd.Process.Pid)
	if err != nil {
		return err
	}
	alone, err := b.idleCPU(p.cmd.Process.Pid)
	if err != nil {
		return err
	}
	b.add(row{
		what: "the open sale screen: idle CPU", yardstick: "a core", ratio: 100 * over(used, b.idle), reach: 1, unit: " %",
		seen: fmt.Sprintf("%s in %s; an empty Fyne window, whose loop looks 60 times a second, takes %s; drawn by the processor (no graphics card)",
			used, b.idle, alone),
	})
	b.add(row{
		what: "the open sale screen: memory (PSS) above an empty Fyne window", yardstick: "an empty Fyne window",
		ratio: float64(held-empty) / 1e6, reach: 40, unit: " MB",
		seen: fmt.Sprintf("%d MB against %d MB; the demo's acquirer and wallet are inside", held/1e6, empty/1e6),
	})
	return nil
}

func (b *bench) besideBrowser(d *display, held int64) error {
	name, err := exec.LookPath("chromium")
	if err != nil {
		return fmt.Errorf("%w: there is no chromium", errAbsent)
	}
	html := filepath.Join(b.dir, "page.html")
	if err := os.WriteFile(html, []byte("<!doctype html><title>page</title><h1>0.00</h1><p>A static page.</p>\n"), 0o600); err != nil {
		return err
	}
	p, err := launchIn(d.env(), name, "--no-sandbox", "--no-first-run", "--disable-gpu", "--window-size=1366,768",
		"--user-data-dir="+filepath.Join(b.dir, "browser"), "--app=file://"+html)
	if err != nil {
		return err
	}
	defer p.end()
	time.Sleep(8 * time.Second)
	var browser int64
	all := family(p.cmd.Process.Pid)
	for _, pid := range all {
		if n, err := pss(pid); err == nil { // one may have ended
			browser += n
		}
	}
	if len(all) < 2 {
		return errors.New("chromium did not stay")
	}
	b.add(row{
		what: "the open sale screen: memory (PSS)", yardstick: "Chromium showing one static page, all its processes",
		ratio: float64(held) / float64(browser), reach: 0.4, unit: "x", seen: fmt.Sprintf("%d MB against %d MB in %d processes", held/1e6, browser/1e6, len(all)),
	})
	ours, theirs := weight(b.bin), weight("/usr/lib/chromium")
	if theirs == 0 {
		return errors.New("chromium's folder was not found")
	}
	b.add(row{
		what: "size of the stripped binary with its fonts", yardstick: "Chromium's binary and resources",
		ratio: float64(ours) / float64(theirs), reach: 0.12, unit: "x", seen: fmt.Sprintf("%d MB against %d MB", ours/1e6, theirs/1e6),
	})
	return nil
}

// weight is the size of a file or of all files of a folder, in bytes.
func weight(path string) (n int64) {
	err := filepath.WalkDir(path, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		i, err := e.Info()
		n += i.Size()
		return err
	})
	if err != nil {
		return 0
	}
	return n
}

// pss is the memory of a process in bytes, shared pages by their share.
func pss(pid int) (int64, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if v, ok := strings.CutPrefix(sc.Text(), "Pss:"); ok {
			kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(v), " kB"), 10, 64)
			return kb << 10, err
		}
	}
	return 0, errors.New("no PSS was found")
}

// stat gives the fields of a process after its name; the first is its state.
func stat(pid int) ([]string, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil, err
	}
	s := string(raw)
	return strings.Fields(s[strings.LastIndexByte(s, ')')+1:]), nil
}

// ticks is the processor's time of a process in hundredths of a second.
func ticks(pid int) (n int64, err error) {
	f, err := stat(pid)
	if err != nil {
		return 0, err
	}
	for _, v := range f[11:13] {
		t, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return 0, err
		}
		n += t
	}
	return n, nil
}

// family gives a process and all that descend from it.
func family(pid int) []int {
	all := []int{pid}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return all
	}
	parent := map[int]int{}
	for _, e := range entries {
		n, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if f, err := stat(n); err == nil {
			parent[n], _ = strconv.Atoi(f[1]) //nolint:errcheck // the kernel writes numbers
		}
	}
	for i := 0; i < len(all); i++ {
		for child, of := range parent {
			if of == all[i] {
				all = append(all, child)
			}
		}
	}
	return all
}

func Test_a_process_is_weighed(t *testing.T) {
	p, err := launch("sh", "-c", "sleep 5 & wait")
	if err != nil {
		t.Fatal(err)
	}
	defer p.end()
	for range 100 {
		if len(family(p.cmd.Process.Pid)) == 2 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if n := len(family(p.cmd.Process.Pid)); n != 2 {
		t.Errorf("%d processes", n)
	}
	if n, err := pss(os.Getpid()); err != nil || n < 1<<20 {
		t.Errorf("%d bytes: %v", n, err)
	}
	if _, err := ticks(os.Getpid()); err != nil {
		t.Error(err)
	}
}
