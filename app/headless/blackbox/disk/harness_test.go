// Package disk tests the built program on disks that fail: power cuts, crash
// states replayed from its own system calls, errors of flushes, full and
// read-only file systems, flipped bits, and journals that were taken away or
// rolled back. It watches from outside: commands, exit codes, files, and the
// ledger of the simulated acquirer, which lies on another disk. It ends only
// processes that it started. TILLKEEPER_BIN names a built program,
// TILLKEEPER_ROUNDS sets more rounds.
package disk

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// program is the program under test, built once; scratch is a folder of the run.
var program, scratch string

func TestMain(m *testing.M) { os.Exit(build(m)) }

// atOnce is how many tests run together: most of their time they wait.
const atOnce = "6"

func build(m *testing.M) int {
	flag.Parse()
	if err := flag.Set("test.parallel", atOnce); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	dir, err := os.MkdirTemp("", "tillkeeper-disk-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	scratch = dir
	if program = os.Getenv("TILLKEEPER_BIN"); program != "" {
		return m.Run()
	}
	program = filepath.Join(dir, "tillkeeper")
	if out, err := exec.Command("go", "build", "-o", program, "tillkeeper").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "the program does not build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// waitLimit is how long anything may take before it counts as hanging.
const waitLimit = 30 * time.Second

var (
	errGone = errors.New("the process is gone")
	quiet   = slog.New(slog.NewTextHandler(io.Discard, nil))
)

type cmd = map[string]any

// process is a child of this test.
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

func start(args ...string) (*process, error) {
	p := &process{cmd: exec.Command(args[0], args[1:]...), lines: make(chan []byte, 1024), ended: make(chan struct{}), errs: &logbook{}}
	p.cmd.Stderr = p.errs
	p.cmd.Env = append(os.Environ(), "GOTRACEBACK=all")
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

// kill ends a process at once.
func (p *process) kill() {
	if p == nil {
		return
	}
	p.in.Close()             // a till that a tracer started ends by this
	_ = p.cmd.Process.Kill() //nolint:errcheck // it may have ended by itself
	go func() {
		for range p.lines { // so that its reader never blocks
		}
	}()
	<-p.ended
}

// ask sends a command and gives its answer; events are passed over.
func (p *process) ask(c cmd) (map[string]any, error) {
	raw, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	if _, err := p.in.Write(append(raw, '\n')); err != nil {
		return nil, errGone
	}
	limit := time.NewTimer(waitLimit)
	defer limit.Stop()
	for {
		select {
		case line, ok := <-p.lines:
			if !ok {
				return nil, errGone
			}
			var m map[string]any
			d := json.NewDecoder(bytes.NewReader(line))
			d.UseNumber()
			if err := d.Decode(&m); err != nil {
				return nil, fmt.Errorf("standard output carries something else: %q", line)
			}
			if _, event := m["event"]; !event {
				return m, nil
			}
		case <-limit.C:
			return nil, fmt.Errorf("no answer to %s within %s: %s", raw, waitLimit, p.stacks())
		}
	}
}

// stacks has a process that hangs say where, and ends it.
func (p *process) stacks() string {
	if err := p.cmd.Process.Signal(syscall.SIGQUIT); err != nil {
		return err.Error()
	}
	select {
	case <-p.ended:
	case <-time.After(waitLimit):
	}
	return p.errs.String()
}

// must asks and expects ok.
func (p *process) must(t testing.TB, c cmd) map[string]any {
	t.Helper()
	a, err := p.ask(c)
	if err != nil || a["ok"] != true {
		t.Fatalf("%v: %v, %v\n%s", c, a["error"], err, tail(p.errs.String()))
	}
	return a
}

func tail(s string) string {
	lines := strings.Split(s, "\n")
	return strings.Join(lines[max(0, len(lines)-25):], "\n")
}

// into turns an answer's generic value into a typed one.
func into(from, to any) error {
	raw, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, to)
}

// failure is the error of an answer, "" if it is ok.
func failure(a map[string]any) (code, remedy string) {
	var e struct{ Code, Remedy string }
	if a["ok"] != true && into(a["error"], &e) != nil {
		return "no_error_object", ""
	}
	return e.Code, e.Remedy
}
