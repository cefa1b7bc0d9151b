package endtoend

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tillkeeper/app/headless/blackbox/child"
)

// exits is how often the till is told to end; TILLKEEPER_ROUNDS sets more, TILLKEEPER_SEED the times between.
const exits = 8

// moment is what is going on when the till is told to end, no later than within after it began.
type moment struct {
	what   string
	comes  func(p *person)
	within time.Duration
}

var moments = []moment{
	{"it starts", func(p *person) { p.hasBegun() }, 2 * time.Second},
	{"it looks at its devices", func(p *person) { p.awaits("the window", no(0, area{0, 0, 1366, 8})) }, time.Second},
	{"a card is waited for", func(p *person) { p.opens(); p.wantsCard() }, time.Second},
	{"the PIN is waited for", func(p *person) { p.opens(); p.wantsCard(); p.touches(benchChip) }, time.Second},
	{"the bank is asked", func(p *person) {
		p.opens()
		p.wantsCard()
		p.touches(benchChip)
		p.awaits("the PIN is asked for", fill(1000, 396, actionSoft))
		p.touches(benchPIN)
	}, 500 * time.Millisecond},
	{"a code is shown", func(p *person) {
		p.opens()
		p.touches(tileCola)
		p.awaits("the article", readyCard)
		p.touches(keyQR)
	}, 4 * time.Second},
	{"the line is down", func(p *person) { p.opens(); p.pullsLine() }, 2 * time.Second},
	{"what waited is sent", func(p *person) {
		p.opens()
		p.pullsLine()
		p.presses("Escape")
		p.wantsCard()
		p.touches(benchOffline)
		p.awaits("the outcome", fill(20, 700, okFill))
		p.next()
		p.pullsLine() // back in
	}, time.Second},
}

// TestTheTillEndsAtAnyMoment tells the till to end while it starts, looks, waits for somebody, asks the bank, or sends what
// waited. Each time it ends by itself, with code 0, no part of it hangs, and its books can be read.
func TestTheTillEndsAtAnyMoment(t *testing.T) {
	t.Parallel()
	seed := number(t, "TILLKEEPER_SEED", time.Now().UnixNano()&0xffffff)
	dice := rand.New(rand.NewPCG(uint64(seed), 0)) //nolint:gosec // a test's dice
	for i := range number(t, "TILLKEEPER_ROUNDS", exits) {
		m := moments[i%int64(len(moments))]
		wait := time.Duration(dice.Int64N(int64(m.within)))
		ok := t.Run(strconv.FormatInt(i+1, 10), func(t *testing.T) {
			p := standAt(t, wide)
			m.comes(p)
			time.Sleep(wait)
			p.leaves()
			if _, err := os.Stat(filepath.Join(filepath.Dir(p.data), "fyne")); err == nil {
				t.Error("the window's library keeps files")
			}
			for _, bad := range []string{"is left behind", "did not close well", "Fyne error", "panic"} {
				if strings.Contains(p.log.String(), bad) {
					t.Errorf("its log says %q:\n%s", bad, p.log)
				}
			}
		})
		if !ok {
			t.Fatalf("%s, %s; seed %d", m.what, wait, seed)
		}
	}
}

// number is one that a variable of the environment gives, or what it is without.
func number(t *testing.T, variable string, without int64) int64 {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return without
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		t.Fatalf("%s=%q is no number", variable, text)
	}
	return n
}

// hasBegun waits until the program has its journal.
func (p *person) hasBegun() {
	p.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(filepath.Join(p.data, "journal.lock")); err == nil {
			return
		}
		if time.Now().After(end) {
			p.t.Fatalf("the till does not begin\n%s", p.log)
		}
	}
}

// wantsCard sells a cola and asks for a card.
func (p *person) wantsCard() {
	p.t.Helper()
	p.touches(tileCola)
	p.awaits("the article", readyCard)
	p.touches(keyCard)
	p.awaits("the card is asked for", fill(488, 160, actionSoft))
}

// pullsLine pulls the line at the settings, or puts it back.
func (p *person) pullsLine() {
	p.t.Helper()
	p.presses("F10")
	p.office(railSettings)
	p.presses("F8")
}

// TestAWindowWithoutAHomeLeavesNothingBehind opens the window where there is no home folder: its library, too, writes
// nothing into the folder that the program was started in.
func TestAWindowWithoutAHomeLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	here := t.TempDir()
	homeless := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "HOME=") || strings.HasPrefix(v, "XDG_") })
	p := opensWindow(t, wide, filepath.Join(t.TempDir(), "shop"), here, homeless)
	p.awaits("the self-test", fill(760, 660, press))
	p.leaves()
	left, err := os.ReadDir(here)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range left {
		t.Errorf("the window left %s", f.Name())
	}
}

// TestAWindowWithoutADisplaySaysSo: what is wrong and what to do, not where the window library crashed.
func TestAWindowWithoutADisplaySaysSo(t *testing.T) {
	t.Parallel()
	for _, display := range []string{"", ":never"} {
		home := t.TempDir()
		log := &child.Log{}
		env := append(os.Environ(), "DISPLAY="+display, "WAYLAND_DISPLAY=", "LANG=zh_CN.UTF-8", "HOME="+home)
		p, err := child.StartIn(log, env, "", binary, "window", "--demo", "--data", filepath.Join(home, "shop"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.Kill)
		select {
		case <-p.Ended:
		case <-time.After(patience):
			t.Fatalf("with display %q it does not end\n%s", display, log)
		}
		said := log.String()
		if p.Cmd.ProcessState.ExitCode() != 1 || !strings.Contains(said, "no window can be opened") || !strings.Contains(said, "what to do: ") || strings.Contains(said, "goroutine") {
			t.Errorf("with display %q it ends with %s\n%s", display, p.Cmd.ProcessState, said)
		}
	}
}
