package figures

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// need says what a measure lacks: the built program or a tool.
func need(b *bench, tools ...string) error {
	if b.bin == "" {
		return fmt.Errorf("%w: TILLKEEPER_BIN names no program", errAbsent)
	}
	for _, t := range tools {
		if _, err := exec.LookPath(t); err != nil {
			return fmt.Errorf("%w: there is no %s", errAbsent, t)
		}
	}
	return nil
}

// process is a program that talks by lines.
type process struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *bufio.Scanner
	ended chan error
}

func launch(name string, args ...string) (*process, error) {
	return launchIn(os.Environ(), name, args...)
}

func launchIn(env []string, name string, args ...string) (*process, error) {
	p := &process{cmd: exec.Command(name, args...), ended: make(chan error, 1)}
	p.cmd.Env = env
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p.cmd.Stdout = w
	p.out = bufio.NewScanner(out)
	p.out.Buffer(nil, longestAnswer)
	if err := p.cmd.Start(); err != nil {
		return nil, errors.Join(err, w.Close(), out.Close())
	}
	go func() {
		err := p.cmd.Wait()
		p.ended <- errors.Join(err, w.Close())
	}()
	return p, nil
}

func (p *process) line() (string, error) {
	if !p.out.Scan() {
		return "", errors.Join(io.ErrUnexpectedEOF, p.out.Err())
	}
	return p.out.Text(), nil
}

// longestAnswer bounds a line: a reconciliation lists every difference.
const longestAnswer = 64 << 20

// ask sends a command of the scripted face and wants a good answer.
func (p *process) ask(cmd string) error { return p.tell(cmd, nil) }

// tell is ask with a place for what the answer says.
func (p *process) tell(cmd string, into any) error {
	if _, err := io.WriteString(p.in, cmd+"\n"); err != nil {
		return err
	}
	said, err := p.line()
	if err != nil {
		return err
	}
	var a struct {
		OK bool `json:"ok"`
	}
	if err := json.Unmarshal([]byte(said), &a); err != nil || !a.OK {
		return fmt.Errorf("%s was answered %.500s", cmd, said)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal([]byte(said), into)
}

// end lets the process end, and its children with it.
func (p *process) end() {
	_ = p.in.Close()                                      //nolint:errcheck // it may be gone
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGTERM) //nolint:errcheck // it may be gone
	select {
	case <-p.ended:
	case <-time.After(5 * time.Second):
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) //nolint:errcheck // it may be gone
		<-p.ended
	}
}

// countFlushes counts the calls that force something to the disk; the second
// half of a call that was interrupted in the log does not count again.
func countFlushes(log string) int {
	n := 0
	for l := range strings.Lines(log) {
		for _, call := range []string{" fdatasync(", " fsync(", " msync(", " sync_file_range("} {
			if strings.Contains(l, call) {
				n++
			}
		}
	}
	return n
}

func Test_flushes_are_counted_once(t *testing.T) {
	const log = `812 fdatasync(9)                       = 0
813 fsync(7 <unfinished ...>
812 fdatasync(9)                       = 0
813 <... fsync resumed>)               = 0
812 +++ exited with 0 +++
`
	if n := countFlushes(log); n != 3 {
		t.Errorf("%d flushes", n)
	}
}

func Test_a_process_is_asked_and_ended(t *testing.T) {
	p, err := launch("cat")
	if err != nil {
		t.Fatal(err)
	}
	defer p.end()
	if err := p.ask(`{"ok":true}`); err != nil {
		t.Error(err)
	}
	if err := p.ask(`{"ok":false}`); err == nil {
		t.Error("a bad answer passed")
	}
}

func there(tool string) bool {
	_, err := exec.LookPath(tool)
	return err == nil
}
