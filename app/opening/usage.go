package opening

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"tillkeeper/app/pos"
)

// Usage is what the program says of its commands.
const Usage = `tillkeeper - a shop's till in one program

  tillkeeper window   [--demo] --data DIR [--config FILE] [--host ADDR]   the touch window
  tillkeeper headless [--demo] [--events] --data DIR [--config FILE] [--host ADDR]   the till by JSON lines
  tillkeeper day      --data DIR                                          plays the demo day, leaves pictures
  tillkeeper acquirer --listen ADDR --data DIR [--faults FILE]            the simulated acquirer
  tillkeeper acquirer ledger --data DIR                                   its ledger
  tillkeeper acquirer sms|file --data DIR                                 what cardholders were told; the file of a day
  tillkeeper acquirer codes                                               every answer code and what makes it come
  tillkeeper pinpad   --pty | --listen ADDR --data DIR [--tmk HEX]        a simulated PIN pad, a process of its own
  tillkeeper keys     --data DIR [--config FILE]                          enters the terminal master key, two people
  tillkeeper doctor   [--json] --data DIR [--config FILE]                 what is wrong, and what to do; exit 1 where something is
  tillkeeper decode HEX                                                   prints a message field by field
  tillkeeper version
`

// PassphraseVar is the variable of the environment with the passphrase of the
// key store; programs that the till starts do not inherit it.
const PassphraseVar = "TILLKEEPER_PASSPHRASE"

// Passphrase takes the passphrase of the key store out of the environment.
func Passphrase() []byte {
	p := []byte(os.Getenv(PassphraseVar))
	if err := os.Unsetenv(PassphraseVar); err != nil {
		return nil
	}
	return p
}

// LeaveNoImage makes a crash leave a message, never an image of the memory.
func LeaveNoImage() {
	debug.SetTraceback("single")
	if err := syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}); err != nil {
		slog.Warn("core dumps stay on", "error", err)
	}
}

// The limits of an end. EndLimit is how long a program that was told to end may
// take in all; partLimit is how long End waits for one part of it.
const (
	EndLimit  = 35 * time.Second
	partLimit = 6 * time.Second
)

// Signalled gives a context that ends when the program is told to end. One that
// has not ended EndLimit later is ended: what it said is durable already, so
// nothing is lost; where it hung goes to standard error, and the exit code is 1.
func Signalled() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ctx.Done()
		time.Sleep(EndLimit)
		slog.Error("the program did not end by itself and is ended", "where", Stacks())
		os.Exit(1)
	}()
	return ctx, stop
}

// End takes down a part of the till. One that does not end within a few seconds
// is left behind, and the log says which and where it hangs: what it said is
// durable already, and the parts after it still end in order.
func End(log *slog.Logger, part string, end func() error) {
	ended := make(chan error, 1)
	go func() { ended <- end() }()
	limit := time.NewTimer(partLimit)
	defer limit.Stop()
	select {
	case err := <-ended:
		if err != nil {
			log.Error("the till did not close well", "part", part, "error", err)
		}
	case <-limit.C:
		log.Error("a part of the till does not end and is left behind", "part", part, "limit", partLimit, "where", Stacks())
	}
}

// Stacks says where every goroutine is, by the names of functions and lines of
// files. Arguments are left out: one could be a part of a key.
func Stacks() string {
	text := make([]byte, 1<<20)
	lines := strings.Split(string(text[:runtime.Stack(text, true)]), "\n")
	for i, l := range lines {
		if at := strings.LastIndexByte(l, '('); at > 0 && !strings.HasPrefix(l, "\t") && !strings.HasPrefix(l, "created by ") {
			lines[i] = l[:at]
		}
	}
	return strings.Join(lines, "\n")
}

// Fail prints an error and what to do about it, and gives the exit code: 0 none,
// 1 refused or failed, 2 wrong usage.
func Fail(errs io.Writer, err error) int {
	var pe *pos.Error
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.As(err, &pe):
		fmt.Fprintf(errs, "tillkeeper: %v\n  what to do: %s\n", err, pe.Remedy)
	default:
		fmt.Fprintf(errs, "tillkeeper: %v\n", err)
	}
	if errors.Is(err, ErrUsage) {
		return 2
	}
	return 1
}
