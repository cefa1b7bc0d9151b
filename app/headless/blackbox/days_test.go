package blackbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/text/encoding/simplifiedchinese"

	"tillkeeper/app/headless/blackbox/child"
)

// Test_days plays each day of ../testdata against the real program.
//
// A day is a script of testscript with these commands of its own:
//
//	host up [PLAN]    starts the acquirer, with a fault plan
//	host down         kills it
//	till [FLAGS]      opens the till; till.toml of the day is its configuration
//	play FILE         the dialogue with the till
//	cut               the power of the till goes
//	quit              the till is closed cleanly
//	agree             the books of till and acquirer agree and nothing is owed
//	paper FILE TEXT   the file in the till's folder carries the text in GB18030
//
// In a dialogue a line that begins with { is a command, and a line that begins
// with < is what its answer has to contain; without one the answer has to be
// ok. & before a command sends it at once, without waiting for the answer. In
// what is expected, "$name" remembers a value or compares with the remembered
// one, "~text" has to be part of it, "*" is anything but nothing, and an event
// is written as its type. Numbers are fen.
func Test_days(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("..", "testdata"),
		Setup: func(e *testscript.Env) error {
			s, err := newShop(e.WorkDir)
			if err != nil {
				return err
			}
			e.Values[shopKey{}] = &day{shop: s, vars: map[string]any{}}
			e.Setenv("DATA", s.Data)
			e.Defer(s.End)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"host": host, "till": till, "play": play, "cut": cut, "quit": quit, "agree": agree, "paper": paper,
		},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

type shopKey struct{}

// day is a shop and what its dialogues remember.
type day struct {
	*shop
	vars map[string]any
}

func of(ts *testscript.TestScript) *day { return ts.Value(shopKey{}).(*day) }

func host(ts *testscript.TestScript, neg bool, args []string) {
	d := of(ts)
	switch {
	case !neg && len(args) == 1 && args[0] == "down":
		d.CloseHost()
		ts.Check(d.heard()) // a sale in the same breath is a case of its own
	case !neg && len(args) >= 1 && len(args) <= 2 && args[0] == "up":
		plan := ""
		if len(args) == 2 {
			plan = ts.MkAbs(args[1])
		}
		d.CloseHost()
		ts.Check(d.OpenHost(plan))
	default:
		ts.Fatalf("usage: host up [PLAN] | host down")
	}
}

func till(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("till cannot be negated")
	}
	ts.Check(of(ts).Open(args...))
}

func cut(ts *testscript.TestScript, _ bool, _ []string) { of(ts).Cut() }

func quit(ts *testscript.TestScript, _ bool, _ []string) { ts.Check(of(ts).CloseTill()) }

func agree(ts *testscript.TestScript, neg bool, _ []string) {
	b, err := of(ts).read()
	ts.Check(err)
	faults := b.faults()
	if neg == (len(faults) > 0) {
		return
	}
	ts.Fatalf("the books: %s", strings.Join(faults, "; "))
}

// paper waits for its text: a printer is slower than a sale.
func paper(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: paper FILE TEXT")
	}
	want, err := simplifiedchinese.GB18030.NewEncoder().String(args[1])
	ts.Check(err)
	path := filepath.Join(of(ts).Data, args[0])
	has := func() bool {
		raw, err := os.ReadFile(path)
		return err == nil && bytes.Contains(raw, []byte(want))
	}
	if neg {
		if has() {
			ts.Fatalf("%s carries %q", args[0], args[1])
		}
		return
	}
	for end := time.Now().Add(child.Limit); !has(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			ts.Fatalf("%s does not carry %q", args[0], args[1])
		}
	}
}

// play has the dialogue of a file with the till.
func play(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: play FILE")
	}
	d := of(ts)
	if d.Till == nil {
		ts.Fatalf("the till is not open")
	}
	if err := d.play(ts.ReadFile(args[0])); err != nil {
		ts.Fatalf("%s:%v\n%s", args[0], err, child.Tail(d.TillLog.String()))
	}
}

// said is an answer with the line of its command.
type said struct {
	line   int
	answer map[string]any
}

func (d *day) play(text string) error {
	var asked []int // lines of commands without an answer yet
	var open []said // answers that nothing was expected of yet
	settle := func() error {
		for _, s := range open {
			if s.answer["ok"] != true {
				return fmt.Errorf("%d: not ok: %v", s.line, s.answer["error"])
			}
		}
		open = nil
		return nil
	}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '<':
			if len(open) == 0 {
				return fmt.Errorf("%d: no answer to expect this of", i+1)
			}
			if err := d.expect(line[1:], open[0].answer); err != nil {
				return fmt.Errorf("%d: %w\nthe answer: %s", i+1, err, short(open[0].answer))
			}
			open = open[1:]
		case line[0] == '{' || line[0] == '&':
			if err := settle(); err != nil {
				return err
			}
			if err := d.Till.Send(d.filled(strings.TrimPrefix(line, "&"))); err != nil {
				return fmt.Errorf("%d: %w", i+1, child.ErrGone)
			}
			asked = append(asked, i+1)
			if line[0] == '&' {
				continue
			}
			for _, n := range asked {
				a, err := d.Till.Answer()
				if err != nil {
					return fmt.Errorf("%d: %w", n, err)
				}
				open = append(open, said{n, a})
			}
			asked = nil
		default: // not JSON: sent as it stands
			return fmt.Errorf("%d: begin a line with {, &, < or #", i+1)
		}
	}
	return settle()
}

// filled puts what is remembered into a command.
func (d *day) filled(line string) string {
	names := make([]string, 0, len(d.vars))
	for n := range d.vars {
		names = append(names, n)
	}
	sort.Slice(names, func(i, j int) bool { return len(names[i]) > len(names[j]) })
	for _, n := range names {
		line = strings.ReplaceAll(line, "$"+n, fmt.Sprint(d.vars[n]))
	}
	return line
}

// heard waits until a till that is open knows that its line is down.
func (d *day) heard() error {
	for end := time.Now().Add(child.Limit); d.Till != nil; time.Sleep(20 * time.Millisecond) {
		a, err := d.Till.Ask(cmd{"cmd": "status"})
		if err != nil || a["link"] == "offline" {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("the host is gone, and the till calls its line %v", a["link"])
		}
	}
	return nil
}

func (d *day) expect(text string, answer map[string]any) error {
	var want map[string]any
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&want); err != nil {
		return err
	}
	if _, said := want["ok"]; !said {
		want["ok"] = want["error"] == nil // a missing key and null read alike
	}
	return d.match("", want, answer)
}

func (d *day) match(at string, want, got any) error {
	differs := func() error {
		return fmt.Errorf("%s is %s, not %s", strings.TrimPrefix(at, "."), short(got), short(want))
	}
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return differs()
		}
		for k, v := range w {
			if err := d.match(at+"."+k, v, g[k]); err != nil {
				return err
			}
		}
		return nil
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return differs()
		}
		for i := range w {
			if err := d.match(fmt.Sprintf("%s[%d]", at, i), w[i], g[i]); err != nil {
				return err
			}
		}
		return nil
	case string:
		if e, ok := got.(map[string]any); ok && e["type"] != nil {
			got = e["type"]
		}
		if !d.text(w, got) {
			return differs()
		}
		return nil
	}
	if fmt.Sprint(want) != fmt.Sprint(got) {
		return differs()
	}
	return nil
}

func (d *day) text(want string, got any) bool {
	switch {
	case want == "*":
		return got != nil && fmt.Sprint(got) != ""
	case strings.HasPrefix(want, "~"):
		return strings.Contains(fmt.Sprint(got), want[1:])
	case strings.HasPrefix(want, "$"):
		if v, known := d.vars[want[1:]]; known {
			return fmt.Sprint(v) == fmt.Sprint(got)
		}
		if got == nil || fmt.Sprint(got) == "" {
			return false
		}
		d.vars[want[1:]] = got
		return true
	}
	s, ok := got.(string)
	return ok && s == want
}

func short(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	const limit = 1500
	return string(raw[:min(limit, len(raw))])
}
