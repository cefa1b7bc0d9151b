package disk

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tillkeeper/app/headless/blackbox/child"
	"tillkeeper/drivers/drivertest"
)

const config = `
[host]
timeout = "5s"
reversal_repeat = "900ms"
[offline]
per_terminal = 5000000
count = 500
`

// shop is a till whose folder lies on one disk, with an acquirer on another.
type shop struct {
	t              testing.TB
	data, host     string
	config, addr   string
	till, acquirer *child.Process
	wrap           []string // a program that starts the till
}

// morning holds the folder of a first morning, "" until somebody had one.
var morning = func() chan string {
	c := make(chan string, 1)
	c <- ""
	return c
}()

// newShop is a shop that had its first morning: a till that never heard its host
// takes no card without it.
func newShop(t testing.TB, data string) *shop {
	t.Helper()
	from := <-morning
	defer func() { morning <- from }()
	if from == "" {
		dir := filepath.Join(scratch, "morning")
		first := emptyShop(t, filepath.Join(dir, "till"))
		first.host = filepath.Join(dir, "acquirer")
		first.openHost()
		first.ready()
		if code := first.end(); code != 0 {
			t.Fatalf("the till ended with %d", code)
		}
		first.closeHost()
		from = dir
	}
	s := emptyShop(t, data)
	for to, name := range map[string]string{s.data: "till", s.host: "acquirer"} {
		if err := os.CopyFS(to, os.DirFS(filepath.Join(from, name))); err != nil {
			t.Fatal(err)
		}
	}
	unix.Sync() // a copy of this test, not the till's own flushes
	return s
}

func emptyShop(t testing.TB, data string) *shop {
	t.Helper()
	addr, err := drivertest.Address()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s := &shop{t: t, data: data, host: filepath.Join(dir, "acquirer"), config: filepath.Join(dir, "till.toml"), addr: addr}
	if err := os.WriteFile(s.config, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.till.Kill(); s.acquirer.Kill() })
	return s
}

// openHost starts the acquirer, with a plan of faults if there is one.
func (s *shop) openHost(plan ...string) {
	s.t.Helper()
	var more []string
	for _, p := range plan {
		name := s.config + ".faults"
		if err := os.WriteFile(name, []byte(p), 0o600); err != nil {
			s.t.Fatal(err)
		}
		more = append(more, "--faults", name)
	}
	var err error
	if s.acquirer, err = child.Acquirer(&child.Log{}, program, s.addr, s.host, more...); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) closeHost() {
	s.acquirer.Kill()
	s.acquirer = nil
}

// open starts the till.
func (s *shop) open() {
	s.t.Helper()
	args := append(s.wrap[:len(s.wrap):len(s.wrap)], program, "headless", "--demo", "--data", s.data, "--host", s.addr, "--config", s.config)
	p, err := child.Start(&child.Log{}, args[0], args[1:]...)
	if err != nil {
		s.t.Fatal(err)
	}
	s.till = p
}

// ready opens the till, waits for its line and signs in.
func (s *shop) ready() {
	s.t.Helper()
	s.open()
	s.till.Must(s.t, cmd{"cmd": "wait", "for": "online", "timeout_ms": 30000})
	s.till.Must(s.t, cmd{"cmd": "signin", "staff": "1001", "pin": "135790"})
}

// end closes the till cleanly and gives its exit code.
func (s *shop) end() int {
	s.t.Helper()
	_, err := s.till.Ask(cmd{"cmd": "quit"})
	if err != nil && !errors.Is(err, child.ErrGone) {
		s.t.Fatal(err)
	}
	s.till.Hang()
	return s.wait()
}

// wait waits for the till to end by itself.
func (s *shop) wait() int {
	s.t.Helper()
	go func(lines <-chan []byte) {
		for range lines {
		}
	}(s.till.Lines)
	select {
	case <-s.till.Ended:
	case <-time.After(child.Limit):
		s.t.Fatalf("the till does not end\n%s", child.Tail(s.till.Errs.String()))
	}
	s.noPanic()
	return s.till.Cmd.ProcessState.ExitCode()
}

// noPanic looks for a stack on the till's standard error.
func (s *shop) noPanic() {
	s.t.Helper()
	said := s.till.Errs.String()
	for _, sign := range []string{"panic:", "goroutine ", "fatal error:", "SIGBUS", "SIGSEGV"} {
		if i := strings.Index(said, sign); i >= 0 {
			s.t.Errorf("the till panicked: %s", said[i:min(len(said), i+3000)])
			return
		}
	}
}

// attempt is what the till says of one payment.
type attempt struct {
	ID, Basket, Tender, State string
	Amount, Approved          int64
	STAN, Batch               string
	Code                      string `json:"answer_code"`
}

// pay puts an article into the basket and pays it. code is of an answer without
// an attempt.
func (s *shop) pay(tender, card string) (a attempt, code, remedy string, err error) {
	added, err := s.till.Ask(cmd{"cmd": "scan", "code": "6928804002348"})
	if err != nil {
		return a, "", "", err
	}
	if code, remedy = failure(added); code != "" {
		return a, code, remedy, nil
	}
	c := cmd{"cmd": "pay", "tender": tender}
	if tender == "card" {
		c["card"], c["pin"] = card, "123456"
	}
	got, err := s.till.Ask(c)
	if err != nil {
		return a, "", "", err
	}
	if code, remedy = failure(got); code != "" {
		return a, code, remedy, nil
	}
	return a, "", "", child.Into(got["attempt"], &a)
}

// sold pays and expects it to go well.
func (s *shop) sold(tender, card string) attempt {
	s.t.Helper()
	a, code, _, err := s.pay(tender, card)
	if err != nil || code != "" || a.State != "approved" {
		s.t.Fatalf("paying: %+v, %s, %v\n%s", a, code, err, child.Tail(s.till.Errs.String()))
	}
	return a
}

func rounds(t testing.TB, normal int) int {
	text := os.Getenv("TILLKEEPER_ROUNDS")
	n, err := strconv.Atoi(cmp.Or(text, strconv.Itoa(normal)))
	if err != nil || n < 1 {
		t.Fatalf("TILLKEEPER_ROUNDS=%q is no number of rounds", text)
	}
	return n
}
