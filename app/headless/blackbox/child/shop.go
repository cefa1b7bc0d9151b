package child

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Shop is a till's folder, its configuration and the acquirer's folder, with
// the two processes that run on them.
type Shop struct {
	Program         string
	Dir, Data, Host string // folders: of the shop, and in it the till's and the acquirer's
	Config          string // file; none is given to the till while it is not there
	Addr            string // of the acquirer
	Front           string // where the till finds the acquirer, if not at Addr
	Line            Line   // between the two, if somebody listens
	Till, Acquirer  *Process
	TillLog         *Log
	HostLog         *Log
}

// Line stands between till and acquirer; it goes with the acquirer.
type Line interface {
	Up() error
	Down()
}

// NewShop is an empty shop below dir, whose acquirer will listen at addr.
func NewShop(program, dir, addr string) *Shop {
	return &Shop{
		Program: program, Dir: dir, Data: filepath.Join(dir, "data"), Host: filepath.Join(dir, "acquirer"), Addr: addr,
		Config: filepath.Join(dir, "till.toml"), TillLog: &Log{}, HostLog: &Log{},
	}
}

// OpenHost starts the acquirer, with a fault plan (a file) if one is named.
func (s *Shop) OpenHost(plan string) error {
	var more []string
	if plan != "" {
		more = []string{"--faults", plan}
	}
	var err error
	s.Acquirer, err = Acquirer(s.HostLog, s.Program, s.Addr, s.Host, more...)
	if err == nil && s.Line != nil {
		err = s.Line.Up()
	}
	return err
}

// CloseHost ends the acquirer as a power cut would.
func (s *Shop) CloseHost() {
	if s.Acquirer != nil {
		s.Acquirer.Kill()
		s.Acquirer = nil
	}
	if s.Line != nil {
		s.Line.Down()
	}
}

// Open starts the till.
func (s *Shop) Open(args ...string) error {
	all := append([]string{"headless", "--data", s.Data, "--host", cmp.Or(s.Front, s.Addr)}, args...)
	if _, err := os.Stat(s.Config); err == nil {
		all = append(all, "--config", s.Config)
	}
	var err error
	s.Till, err = Start(s.TillLog, s.Program, all...)
	return err
}

// Cut ends the till as a power cut would.
func (s *Shop) Cut() {
	if s.Till != nil {
		s.Till.Kill()
		s.Till = nil
	}
}

// CloseTill ends the till cleanly.
func (s *Shop) CloseTill() error {
	if err := Quit(s.Till); err != nil {
		return err
	}
	s.Till = nil
	return nil
}

// End ends both processes.
func (s *Shop) End() {
	s.Cut()
	s.CloseHost()
}

// Ledger is what the acquirer's own command says of its books.
func (s *Shop) Ledger() ([]Entry, error) { return Ledger(s.Program, s.Host) }

// Put writes a file.
func Put(t testing.TB, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// HostUp starts the acquirer anew with a fault plan, its text, "" for none.
func (s *Shop) HostUp(t testing.TB, plan string) {
	t.Helper()
	name := ""
	if plan != "" {
		name = filepath.Join(s.Dir, "plan.json")
		Put(t, name, plan)
	}
	s.CloseHost()
	if err := s.OpenHost(name); err != nil {
		t.Fatal(err)
	}
}

// OpenUp opens the till and signs a cashier in; online if there is a host.
func (s *Shop) OpenUp(t testing.TB) {
	t.Helper()
	if err := s.Open("--demo"); err != nil {
		t.Fatal(err)
	}
	if s.Acquirer != nil {
		s.Till.Must(t, Cmd{"cmd": "wait", "for": "online", "timeout_ms": 30000})
	}
	s.Till.Must(t, Cmd{"cmd": "signin", "staff": "1001", "pin": "135790"})
}

// Sale adds an article of 7.50 and pays as said; more keys come in pairs.
func (s *Shop) Sale(t testing.TB, tender string, more ...any) Attempt {
	t.Helper()
	s.Till.Must(t, Cmd{"cmd": "add", "sku": "100003", "qty": "1"})
	return s.Pay(t, tender, more...)
}

// Pay pays the open basket; more keys come in pairs.
func (s *Shop) Pay(t testing.TB, tender string, more ...any) Attempt {
	t.Helper()
	return s.Did(t, pairs(Cmd{"cmd": "pay", "tender": tender}, more))
}

func pairs(c Cmd, more []any) Cmd {
	for i := 0; i+1 < len(more); i += 2 {
		c[fmt.Sprint(more[i])] = more[i+1]
	}
	return c
}

// Did asks for something that gives an attempt.
func (s *Shop) Did(t testing.TB, c Cmd) Attempt {
	t.Helper()
	var got struct{ Attempt Attempt }
	if err := Into(s.Till.Must(t, c), &got); err != nil {
		t.Fatal(err)
	}
	return got.Attempt
}

// Find gives what the till remembers; keys narrow it and come in pairs.
func (s *Shop) Find(t testing.TB, keys ...any) []Attempt {
	t.Helper()
	var got struct{ Attempts []Attempt }
	if err := Into(s.Till.Must(t, pairs(Cmd{"cmd": "find"}, keys)), &got); err != nil {
		t.Fatal(err)
	}
	return got.Attempts
}

// State is an attempt as it stands now.
func (s *Shop) State(t testing.TB, id string) Attempt {
	t.Helper()
	var got struct{ Attempts []Attempt }
	if err := Into(s.Till.Must(t, Cmd{"cmd": "attempt", "attempt": id}), &got); err != nil || len(got.Attempts) != 1 {
		t.Fatalf("attempt %s: %d found, %v", id, len(got.Attempts), err)
	}
	return got.Attempts[0]
}

// Is expects the state of an attempt.
func (s *Shop) Is(t testing.TB, id, state string) {
	t.Helper()
	if a := s.State(t, id); a.State != state {
		t.Errorf("attempt %s is %s (%s), not %s", id, a.State, a.AnswerCode, state)
	}
}

// Queue is what the till still owes or somebody has to decide.
func (s *Shop) Queue(t testing.TB) []Item {
	t.Helper()
	var got struct{ Items []Item }
	if err := Into(s.Till.Must(t, Cmd{"cmd": "queue"}), &got); err != nil {
		t.Fatal(err)
	}
	return got.Items
}

// Due is what the open basket still has to be paid, fen.
func (s *Shop) Due() (int64, error) {
	a, err := s.Till.Ask(Cmd{"cmd": "basket"})
	if err != nil {
		return 0, err
	}
	return a["due"].(json.Number).Int64()
}

// Until polls; its limit is far beyond what is ever needed.
func Until(t testing.TB, ready func() bool) {
	t.Helper()
	for end := time.Now().Add(Limit); !ready(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it does not happen")
		}
	}
}

// LineDown kills the acquirer and waits until the till has noticed: a card that
// needs the host is refused.
func (s *Shop) LineDown(t testing.TB) {
	t.Helper()
	s.CloseHost()
	Until(t, func() bool { return s.Till.Must(t, Cmd{"cmd": "status"})["link"] == "offline" })
	if a := s.Sale(t, "card", "card", "second"); a.State != "declined" {
		t.Fatalf("without a host: %s %s", a.State, a.AnswerCode)
	}
	s.Till.Must(t, Cmd{"cmd": "clear"})
	if link := s.Till.Must(t, Cmd{"cmd": "status"})["link"]; link != "offline" {
		t.Fatalf("the line is %v", link)
	}
}
