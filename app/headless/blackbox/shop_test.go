package blackbox

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tillkeeper/app/headless/blackbox/child"
)

// opened is a demo shop whose till is open and online, with a cashier.
func opened(t *testing.T, config, plan string) *shop {
	t.Helper()
	s, err := newShop(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.end)
	put(t, s.config, config)
	s.hostUp(t, plan)
	s.openUp(t)
	return s
}

func put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (s *shop) hostUp(t *testing.T, plan string) {
	t.Helper()
	name := ""
	if plan != "" {
		name = filepath.Join(s.dir, "plan.json")
		put(t, name, plan)
	}
	s.closeHost()
	if err := s.openHost(name); err != nil {
		t.Fatal(err)
	}
}

// openUp opens the till and signs somebody in; online if there is a host.
func (s *shop) openUp(t *testing.T) {
	t.Helper()
	if err := s.open("--demo"); err != nil {
		t.Fatal(err)
	}
	if s.acquirer != nil {
		s.till.Must(t, cmd{"cmd": "wait", "for": "online", "timeout_ms": 30000})
	}
	s.till.Must(t, cmd{"cmd": "signin", "staff": "1001", "pin": "135790"})
}

// sale adds an article of 7.50 and pays as said; more keys come in pairs.
func (s *shop) sale(t *testing.T, tender string, more ...any) attempt {
	t.Helper()
	s.till.Must(t, cmd{"cmd": "add", "sku": "100003", "qty": "1"})
	return s.pay(t, tender, more...)
}

func (s *shop) pay(t *testing.T, tender string, more ...any) attempt {
	t.Helper()
	c := cmd{"cmd": "pay", "tender": tender}
	for i := 0; i+1 < len(more); i += 2 {
		c[fmt.Sprint(more[i])] = more[i+1]
	}
	var got struct{ Attempt attempt }
	if err := child.Into(s.till.Must(t, c), &got); err != nil {
		t.Fatal(err)
	}
	return got.Attempt
}

func (s *shop) find(t *testing.T, keys ...any) []attempt {
	t.Helper()
	c := cmd{"cmd": "find"}
	for i := 0; i+1 < len(keys); i += 2 {
		c[fmt.Sprint(keys[i])] = keys[i+1]
	}
	var got struct{ Attempts []attempt }
	if err := child.Into(s.till.Must(t, c), &got); err != nil {
		t.Fatal(err)
	}
	return got.Attempts
}

func (s *shop) state(t *testing.T, id string) attempt {
	t.Helper()
	var got struct{ Attempts []attempt }
	if err := child.Into(s.till.Must(t, cmd{"cmd": "attempt", "attempt": id}), &got); err != nil || len(got.Attempts) != 1 {
		t.Fatalf("attempt %s: %d found, %v", id, len(got.Attempts), err)
	}
	return got.Attempts[0]
}

func (s *shop) is(t *testing.T, id, state string) {
	t.Helper()
	if a := s.state(t, id); a.State != state {
		t.Errorf("attempt %s is %s (%s), not %s", id, a.State, a.AnswerCode, state)
	}
}

// item is a line of the queue.
type item struct {
	Attempt, Kind, State string
	AnswerCode           string `json:"answer_code"`
}

func (s *shop) queue(t *testing.T) []item {
	t.Helper()
	var got struct{ Items []item }
	if err := child.Into(s.till.Must(t, cmd{"cmd": "queue"}), &got); err != nil {
		t.Fatal(err)
	}
	return got.Items
}

// drained sends all that is owed and compares the books.
func (s *shop) drained(t *testing.T) {
	t.Helper()
	s.till.Must(t, cmd{"cmd": "forward", "timeout_ms": 30000})
	s.till.Must(t, cmd{"cmd": "wait", "for": "idle", "timeout_ms": 30000})
	b, err := s.read()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range b.faults() {
		t.Error(f)
	}
}

const quick = "[host]\ntimeout = \"300ms\"\nreversal_repeat = \"200ms\"\n"

func (s *shop) due() (int64, error) {
	a, err := s.till.Ask(cmd{"cmd": "basket"})
	if err != nil {
		return 0, err
	}
	return a["due"].(json.Number).Int64()
}

// until polls; its limit is far beyond what is ever needed.
func until(t *testing.T, ready func() bool) {
	t.Helper()
	for end := time.Now().Add(child.Limit); !ready(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it does not happen")
		}
	}
}

// lineDown kills the acquirer and lets the till notice it: a card that needs the
// host is refused.
func (s *shop) lineDown(t *testing.T) {
	t.Helper()
	s.closeHost()
	time.Sleep(downTime) // the till hears of it; a sale in the same breath is a case of its own
	if a := s.sale(t, "card", "card", "second"); a.State != "declined" {
		t.Fatalf("without a host: %s %s", a.State, a.AnswerCode)
	}
	s.till.Must(t, cmd{"cmd": "clear"})
	if link := s.till.Must(t, cmd{"cmd": "status"})["link"]; link != "offline" {
		t.Fatalf("the line is %v", link)
	}
}
