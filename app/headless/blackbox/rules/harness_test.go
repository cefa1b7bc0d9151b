// Package rules holds the till, as it is built, against each rule of the
// acquirer's protocol so that nobody is charged twice or for a sale that failed:
// one test named after each rule, over the real binary, the real simulated
// acquirer in a process of its own with a plan of faults, and the books of both.
// It ends only processes that it started. TILLKEEPER_BIN names a built program.
package rules

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// binary is the program under test, built once from the module's root as a
// user would build it.
var binary string

func TestMain(m *testing.M) { os.Exit(build(m)) }

// build makes the binary and runs the tests; TILLKEEPER_BIN names one that is
// built already.
func build(m *testing.M) int {
	if err := flag.Set("test.parallel", atOnce); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if binary = os.Getenv("TILLKEEPER_BIN"); binary != "" {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "tillkeeper-blackbox-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "tillkeeper")
	c := exec.Command("go", "build", "-o", binary, "tillkeeper")
	if out, err := c.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "the program does not build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// atOnce is how many shops are open at the same time; most of them wait.
const atOnce = "8"

// The limits of waiting: generous, for nothing here measures time.
const (
	answerLimit = 60 * time.Second
	startLimit  = 60 * time.Second
)

// errGone says that a process ended before it answered.
var errGone = errors.New("the process is gone")

// process is a child of this test: only it is ever killed, by its id.
type process struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines chan []byte
	errs  *logbook
	ended chan struct{}
}

// logbook keeps what a process says on standard error.
type logbook struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func start(errs *logbook, args ...string) (*process, error) {
	p := &process{cmd: exec.Command(binary, args...), lines: make(chan []byte, 1024), ended: make(chan struct{}), errs: errs}
	p.cmd.Stderr = errs
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(p.ended)
		sc := bufio.NewScanner(out)
		sc.Buffer(make([]byte, 1<<20), 64<<20)
		for sc.Scan() {
			p.lines <- bytes.Clone(sc.Bytes())
		}
		close(p.lines)
		_ = p.cmd.Wait() //nolint:errcheck // killed on purpose
	}()
	return p, nil
}

// kill ends the process as a power cut would.
func (p *process) kill() {
	if p == nil {
		return
	}
	_ = p.cmd.Process.Kill() //nolint:errcheck // it may have ended by itself
	go func() {
		for range p.lines { // so that its reader never blocks
		}
	}()
	<-p.ended
}

func (p *process) send(line string) error {
	_, err := io.WriteString(p.in, line+"\n")
	return err
}

// answer is the next object that is no event.
func (p *process) answer() (map[string]any, error) {
	limit := time.NewTimer(answerLimit)
	defer limit.Stop()
	for {
		select {
		case raw, ok := <-p.lines:
			if !ok {
				return nil, errGone
			}
			var m map[string]any
			d := json.NewDecoder(bytes.NewReader(raw))
			d.UseNumber()
			if err := d.Decode(&m); err != nil {
				return nil, fmt.Errorf("standard output carries something else: %q", raw)
			}
			if _, event := m["event"]; event {
				continue
			}
			return m, nil
		case <-limit.C:
			return nil, fmt.Errorf("no answer within %s", answerLimit)
		}
	}
}

func (p *process) ask(cmd map[string]any) (map[string]any, error) {
	raw, err := json.Marshal(cmd)
	if err != nil {
		return nil, err
	}
	if err := p.send(string(raw)); err != nil {
		return nil, errGone
	}
	return p.answer()
}

// must asks and expects ok.
func (p *process) must(t testing.TB, cmd map[string]any) map[string]any {
	t.Helper()
	a, err := p.ask(cmd)
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, tail(p.errs.String()))
	}
	if a["ok"] != true {
		t.Fatalf("%v: %v\n%s", cmd, a["error"], tail(p.errs.String()))
	}
	return a
}

func tail(s string) string {
	lines := strings.Split(s, "\n")
	return strings.Join(lines[max(0, len(lines)-25):], "\n")
}

type cmd = map[string]any

// shop is a till's folder, its configuration and the acquirer's folder, with
// the two processes that run on them.
type shop struct {
	dir, data, host string
	config          string
	addr            string
	wire            *tap   // between the two, if somebody listens
	front           string // where the till finds the acquirer, if not at addr
	till, acquirer  *process
	tillLog         *logbook
	hostLog         *logbook
}

// newShop makes an empty shop below dir. The port of the acquirer is free now
// and stays the shop's.
func newShop(dir string) (*shop, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &shop{
		dir: dir, data: filepath.Join(dir, "data"), host: filepath.Join(dir, "acquirer"), addr: l.Addr().String(),
		config: filepath.Join(dir, "till.toml"), tillLog: &logbook{}, hostLog: &logbook{},
	}
	return s, l.Close()
}

// openHost starts the acquirer, with a fault plan if one is named.
func (s *shop) openHost(plan string) error {
	args := []string{"acquirer", "--listen", s.addr, "--data", s.host}
	if plan != "" {
		args = append(args, "--faults", plan)
	}
	var err error
	if s.acquirer, err = start(s.hostLog, args...); err != nil {
		return err
	}
	select {
	case line, ok := <-s.acquirer.lines:
		if !ok || !strings.HasPrefix(string(line), "listening ") {
			return fmt.Errorf("the acquirer says %q\n%s", line, tail(s.hostLog.String()))
		}
		if s.wire != nil {
			return s.wire.up()
		}
		return nil
	case <-time.After(startLimit):
		return errors.New("the acquirer does not come up")
	}
}

func (s *shop) closeHost() {
	if s.acquirer != nil {
		s.acquirer.kill()
		s.acquirer = nil
	}
	if s.wire != nil {
		s.wire.down()
	}
}

// open starts the till.
func (s *shop) open(args ...string) error {
	all := append([]string{"headless", "--data", s.data, "--host", cmp.Or(s.front, s.addr)}, args...)
	if _, err := os.Stat(s.config); err == nil {
		all = append(all, "--config", s.config)
	}
	var err error
	s.till, err = start(s.tillLog, all...)
	return err
}

// cut ends the till as a power cut would.
func (s *shop) cut() {
	if s.till != nil {
		s.till.kill()
		s.till = nil
	}
}

// closeTill ends the till cleanly.
func (s *shop) closeTill() error {
	a, err := s.till.ask(cmd{"cmd": "quit"})
	if err != nil {
		return err
	}
	if a["ok"] != true {
		return fmt.Errorf("quit: %v", a["error"])
	}
	select {
	case <-s.till.ended:
	case <-time.After(startLimit):
		return errors.New("the till does not end after quit")
	}
	code := s.till.cmd.ProcessState.ExitCode()
	s.till = nil
	if code != 0 {
		return fmt.Errorf("the till ended with %d\n%s", code, tail(s.tillLog.String()))
	}
	return nil
}

func (s *shop) end() {
	s.cut()
	s.closeHost()
}

// entry is one line of the acquirer's ledger, as its command prints it.
type entry struct {
	Seq, Original            int64
	Batch, STAN, Kind, State string
	Amount, Net              int64
	Time                     time.Time
}

// ledger is what the acquirer's own command says of its books.
func (s *shop) ledger() ([]entry, error) {
	ctx, cancel := context.WithTimeout(context.Background(), answerLimit)
	defer cancel()
	out, err := exec.CommandContext(ctx, binary, "acquirer", "ledger", "--data", s.host).Output()
	if err != nil {
		return nil, err
	}
	var all []entry
	d := json.NewDecoder(bytes.NewReader(out))
	for {
		var e entry
		if err := d.Decode(&e); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
}
