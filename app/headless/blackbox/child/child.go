// Package child runs the built program as children of a test: it builds it once
// from the module's root as a user would, starts its commands, speaks JSON
// lines with them and ends them as a power cut would. It ends only processes
// that it started, by their id, and measures nothing: its limits of waiting are
// generous. TILLKEEPER_BIN names a program that is built already.
package child

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Limit is how long an answer, a start or an end may take before it counts as
// hanging.
const Limit = 60 * time.Second

// ErrGone says that a process ended before it answered.
var ErrGone = errors.New("the process is gone")

// Cmd is a command or an answer of the scripted face.
type Cmd = map[string]any

// Build hands run a folder of its own and the path of the built program, and
// gives run's exit code, 1 where the program does not build.
func Build(run func(dir, program string) int) int {
	dir, err := os.MkdirTemp("", "tillkeeper-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program := os.Getenv("TILLKEEPER_BIN")
	if program == "" {
		program = filepath.Join(dir, "tillkeeper")
		if out, err := exec.Command("go", "build", "-o", program, "tillkeeper").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "the program does not build: %v\n%s", err, out)
			return 1
		}
	}
	return run(dir, program)
}

// Log keeps what a process says on standard error.
type Log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write takes what was said.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String is all of it.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Tail is the end of a log.
func Tail(s string) string {
	lines := strings.Split(s, "\n")
	return strings.Join(lines[max(0, len(lines)-25):], "\n")
}

// Process is a child of this test.
type Process struct {
	Cmd   *exec.Cmd
	Lines chan []byte   // of standard output, closed at its end
	Ended chan struct{} // closed when it has ended
	Errs  *Log

	in io.WriteCloser
}

// Start starts a program; what it says on standard error goes to errs.
func Start(errs *Log, program string, args ...string) (*Process, error) {
	return StartIn(errs, os.Environ(), "", program, args...)
}

// StartIn is Start in an environment and a working directory of its own, "" for
// the test's.
func StartIn(errs *Log, env []string, dir, program string, args ...string) (*Process, error) {
	p := &Process{Cmd: exec.Command(program, args...), Lines: make(chan []byte, 1024), Ended: make(chan struct{}), Errs: errs}
	p.Cmd.Stderr, p.Cmd.Dir = errs, dir
	p.Cmd.Env = append(slices.Clip(env), "GOTRACEBACK=all")
	var err error
	if p.in, err = p.Cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.Cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.Cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(p.Ended)
		sc := bufio.NewScanner(out)
		sc.Buffer(make([]byte, 1<<20), 64<<20)
		for sc.Scan() {
			p.Lines <- bytes.Clone(sc.Bytes())
		}
		close(p.Lines)
		_ = p.Cmd.Wait() //nolint:errcheck // killed on purpose
	}()
	return p, nil
}

// Kill ends the process as a power cut would.
func (p *Process) Kill() {
	if p == nil {
		return
	}
	p.Hang()                 // a till that a tracer started ends by this
	_ = p.Cmd.Process.Kill() //nolint:errcheck // it may have ended by itself
	go func() {
		for range p.Lines { // so that its reader never blocks
		}
	}()
	<-p.Ended
}

// End tells the process to end, as Ctrl-C does, and gives what was wrong with
// its end: another exit code than 0, or that it hangs, and where.
func (p *Process) End() error {
	if err := p.Cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	select {
	case <-p.Ended:
	case <-time.After(Limit):
		return fmt.Errorf("it does not end within %s: %s", Limit, p.stacks())
	}
	if state := p.Cmd.ProcessState; !state.Success() {
		return fmt.Errorf("it ended with %s: %s", state, p.Errs)
	}
	return nil
}

// Hang closes the standard input of a process.
func (p *Process) Hang() { _ = p.in.Close() } //nolint:errcheck // it may have ended by itself

// Send writes one line.
func (p *Process) Send(line string) error {
	_, err := io.WriteString(p.in, line+"\n")
	return err
}

// Answer is the next object. A till that was not asked for events tells none.
func (p *Process) Answer() (Cmd, error) {
	m, err := p.Next()
	if _, event := m["event"]; event {
		return nil, fmt.Errorf("nobody asked for events: %v", m)
	}
	return m, err
}

// Next is the next object, an answer or an event.
func (p *Process) Next() (Cmd, error) {
	limit := time.NewTimer(Limit)
	defer limit.Stop()
	select {
	case raw, ok := <-p.Lines:
		if !ok {
			return nil, ErrGone
		}
		var m Cmd
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		if err := d.Decode(&m); err != nil {
			return nil, fmt.Errorf("standard output carries something else: %q", raw)
		}
		return m, nil
	case <-limit.C:
		return nil, fmt.Errorf("no answer within %s: %s", Limit, p.stacks())
	}
}

// stacks has a process that hangs say where, and ends it.
func (p *Process) stacks() string {
	if err := p.Cmd.Process.Signal(syscall.SIGQUIT); err != nil {
		return err.Error()
	}
	select {
	case <-p.Ended:
	case <-time.After(Limit):
	}
	return p.Errs.String()
}

// Ask sends a command and gives its answer.
func (p *Process) Ask(c Cmd) (Cmd, error) {
	raw, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	if err := p.Send(string(raw)); err != nil {
		return nil, ErrGone
	}
	return p.Answer()
}

// Must asks and expects ok.
func (p *Process) Must(t testing.TB, c Cmd) Cmd {
	t.Helper()
	a, err := p.Ask(c)
	if err != nil || a["ok"] != true {
		t.Fatalf("%v: %v, %v\n%s", c, a["error"], err, Tail(p.Errs.String()))
	}
	return a
}

// Into turns an answer's generic value into a typed one.
func Into(from, to any) error {
	raw, err := json.Marshal(from)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return d.Decode(to)
}
