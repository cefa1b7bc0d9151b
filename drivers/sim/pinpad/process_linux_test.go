package pinpad

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// roleVariable makes this test binary one of the other processes: "pad ARGUMENTS", "till" or, the planted twin, "twin FORM".
const roleVariable = "PINPAD_TEST_ROLE"

func TestMain(m *testing.M) {
	role, rest, _ := strings.Cut(os.Getenv(roleVariable), " ")
	switch role {
	case "":
		os.Exit(m.Run())
	case "pad":
		os.Exit(Main(bg, strings.Fields(rest), os.Stdin, os.Stdout, os.Stderr))
	case "till":
		must(tillProcess(""))
	case "twin":
		must(tillProcess(rest))
	}
}

func must(err error) {
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
}

// process is another process of this test; ask sends a line and waits for the answer.
type process struct {
	t   *testing.T
	pid int
	in  io.Writer
	out *bufio.Scanner
	end func() // kills it
}

func start(t *testing.T, role string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(bg, 10*time.Minute)
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), roleVariable+"="+role)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		cmd.Wait() //nolint:errcheck // killed
	})
	return &process{t, cmd.Process.Pid, in, bufio.NewScanner(out), stop}
}

// line is the next line that is not the pad's display.
func (p *process) line() string {
	p.t.Helper()
	for p.out.Scan() {
		if !strings.HasPrefix(p.out.Text(), "shows") {
			return p.out.Text()
		}
	}
	p.t.Fatalf("the process ended: %v", p.out.Err())
	return ""
}

// shows waits for what the pad's display shows.
func (p *process) shows(want string) {
	p.t.Helper()
	for p.out.Scan() {
		if p.out.Text() == strings.TrimSpace("shows "+want) {
			return
		}
	}
	p.t.Fatalf("the process ended: %v", p.out.Err())
}

func (p *process) answer() string {
	p.t.Helper()
	line := p.line()
	what, ok := strings.CutPrefix(line, "done")
	if !ok {
		p.t.Fatal(line)
	}
	return strings.TrimSpace(what)
}

func (p *process) ask(format string, args ...any) string {
	p.t.Helper()
	if _, err := fmt.Fprintf(p.in, format+"\n", args...); err != nil {
		p.t.Fatal(err)
	}
	return p.answer()
}
