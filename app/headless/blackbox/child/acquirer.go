package child

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

// Acquirer starts the simulated acquirer and waits until it listens.
func Acquirer(errs *Log, program, addr, data string, more ...string) (*Process, error) {
	p, err := Start(errs, program, append([]string{"acquirer", "--listen", addr, "--data", data}, more...)...)
	if err != nil {
		return nil, err
	}
	select {
	case line, ok := <-p.Lines:
		if !ok || !strings.HasPrefix(string(line), "listening ") {
			p.Kill()
			return nil, fmt.Errorf("the acquirer says %q\n%s", line, Tail(errs.String()))
		}
		return p, nil
	case <-time.After(Limit):
		p.Kill()
		return nil, errors.New("the acquirer does not come up")
	}
}

// Quit ends a till cleanly.
func Quit(p *Process) error {
	a, err := p.Ask(Cmd{"cmd": "quit"})
	if err != nil {
		return err
	}
	if a["ok"] != true {
		return fmt.Errorf("quit: %v", a["error"])
	}
	select {
	case <-p.Ended:
	case <-time.After(Limit):
		return errors.New("the till does not end after quit")
	}
	if code := p.Cmd.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("the till ended with %d\n%s", code, Tail(p.Errs.String()))
	}
	return nil
}

// Entry is one line of the acquirer's ledger, as its command prints it.
type Entry struct {
	Seq, Original            int64
	Batch, STAN, Kind, State string
	Amount, Net              int64
	Time                     time.Time
}

// Ledger is what the acquirer's own command says of its books.
func Ledger(program, data string) ([]Entry, error) {
	ctx, cancel := context.WithTimeout(context.Background(), Limit)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, "acquirer", "ledger", "--data", data).Output()
	if err != nil {
		return nil, err
	}
	var all []Entry
	d := json.NewDecoder(bytes.NewReader(out))
	for {
		var e Entry
		if err := d.Decode(&e); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
}
