package pinpad

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/keys"
	"tillkeeper/drivers/keys/dukpt"
)

// Usage says what the command takes.
const Usage = `pinpad --pty --data DIR [flags]              the simulated PIN pad behind a pseudo terminal, until it is ended; prints its path
pinpad --listen ADDR --data DIR [flags]     the same on loopback TCP; prints its address
flags:
  --link PATH      a symbolic link to the terminal, there while the pad is plugged in
  --baud N         speed of the serial line (9600); at another one the till hears noise
  --tmk HEX        terminal master key, 32 hex characters; without it: what DIR holds, else none until two people key it in
  --dukpt SPEC     DUKPT device: tdes:INITIALKEY:KSN or aes:INITIALKEY:ID, hex, aes-tdea for one whose working keys are triple DES
  --enter PIN      the customer enters this PIN whenever the pad asks for one
  --patience D     how long the pad waits for a person (60s)
Its display is standard output: "shows pin 12.50", "shows component 1", "shows beep", "shows". Its keypad is standard input, a line
each, answered by "done": enter PIN · cancel · bypass · type COMPONENT · clear · unplug · plug · tamper (every key is gone) · quit
`

const (
	defaultPatience = time.Minute
	defaultBaud     = 9600
	slowest         = 300 // baud
	fastest         = 4_000_000
	keysName        = "pad.key"
)

var errUsage = errors.New("wrong usage")

// Main is the command, see Usage: the pad as a process of its own. in is its keypad and may be nil; its end ends nothing. It answers the exit status: 0, 1 for a failure, 2 for wrong usage.
func Main(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	err := run(ctx, args, in, out, errs)
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		fmt.Fprintln(errs, "pinpad:", err)
		return 2
	}
	fmt.Fprintln(errs, "pinpad:", err)
	return 1
}

// settings are the flags of the command.
type settings struct {
	pty                           bool
	listen, link, dir, tmk, dukpt string
	enter                         string
	baud                          int
	patience                      time.Duration
}

func parse(args []string, errs io.Writer) (c settings, err error) {
	set := flag.NewFlagSet("pinpad", flag.ContinueOnError)
	set.SetOutput(errs)
	set.Usage = func() { fmt.Fprint(errs, Usage) }
	set.BoolVar(&c.pty, "pty", false, "behind a pseudo terminal")
	set.StringVar(&c.listen, "listen", "", "address of TCP")
	set.StringVar(&c.link, "link", "", "symbolic link to the terminal")
	set.StringVar(&c.dir, "data", "", "folder of the pad's keys")
	set.StringVar(&c.tmk, "tmk", "", "terminal master key, hex")
	set.StringVar(&c.dukpt, "dukpt", "", "DUKPT device")
	set.StringVar(&c.enter, "enter", "", "PIN to be entered")
	set.IntVar(&c.baud, "baud", defaultBaud, "speed")
	set.DurationVar(&c.patience, "patience", defaultPatience, "wait for a person")
	switch err = set.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return c, err
	case err != nil:
		return c, fmt.Errorf("%w: %w", errUsage, err)
	case set.NArg() > 0:
		return c, fmt.Errorf("%w: %q is not expected", errUsage, set.Arg(0))
	case c.pty == (c.listen != ""):
		return c, fmt.Errorf("%w: either --pty or --listen", errUsage)
	case c.dir == "":
		return c, fmt.Errorf("%w: --data is needed", errUsage)
	case c.patience <= 0:
		return c, fmt.Errorf("%w: --patience is a time", errUsage)
	case c.baud < slowest || c.baud > fastest:
		return c, fmt.Errorf("%w: --baud is %d to %d", errUsage, slowest, fastest)
	}
	return c, nil
}

// box is the pad with its cable, its display and its keypad.
type box struct {
	sim   *Sim
	cable *Cable

	mu  sync.Mutex
	out io.Writer
}

func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) error {
	c, err := parse(args, errs)
	if err != nil {
		return err
	}
	store, err := openStore(c)
	if err != nil {
		return err
	}
	b := &box{sim: New(store), out: out}
	b.sim.Patience = c.patience
	b.sim.Shown = func(s Screen) {
		if s.Asks == AsksPIN && c.enter != "" {
			b.sim.Enter(c.enter)
		}
		b.say(s.text())
	}
	b.cable = b.sim.NetCable(c.listen)
	if c.pty {
		b.cable = b.sim.SerialCable(c.link, c.baud)
	}
	ctx, quit := context.WithCancel(ctx)
	defer quit()
	where, err := b.cable.Plug(ctx)
	if err != nil {
		return err
	}
	defer b.cable.Pull()
	b.say(where)
	if in != nil {
		go b.keypad(ctx, in, quit) // ends with its input; the process does not wait for it
	}
	<-ctx.Done()
	return nil
}

func (b *box) say(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	fmt.Fprintln(b.out, text) //nolint:errcheck // a display that nobody looks at
}

func (s Screen) text() string {
	switch s.Asks {
	case "":
		return "shows"
	case AsksPIN:
		return "shows pin " + pos.Amount(s.Amount).String()
	case AsksComponent:
		return fmt.Sprint("shows component ", s.Number)
	}
	return "shows " + s.Asks
}

// keypad does what the lines of in say until it ends.
func (b *box) keypad(ctx context.Context, in io.Reader, quit func()) {
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		verb, what, _ := strings.Cut(lines.Text(), " ")
		if verb == "quit" {
			quit()
			return
		}
		said, err := b.press(ctx, verb, what)
		if err != nil {
			b.say("error " + err.Error())
			continue
		}
		b.say(strings.TrimSpace("done " + said))
	}
}

// press does one line of the keypad. What is answered never repeats it.
func (b *box) press(ctx context.Context, verb, what string) (said string, err error) {
	switch verb {
	case "enter":
		b.sim.Enter(what)
	case "type":
		b.sim.Type(what)
	case "cancel":
		b.sim.Cancel()
	case "bypass":
		b.sim.Bypass()
	case "clear":
		b.sim.Clear()
	case "unplug":
		b.cable.Pull()
	case "plug":
		return b.cable.Plug(ctx)
	case "tamper":
		return "", b.sim.Tamper()
	default:
		return "", errors.New("no key of this pad")
	}
	return "", nil
}

// openStore opens the pad's own key file.
func openStore(c settings) (*keys.Store, error) {
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return nil, err
	}
	if raw, err := hex.DecodeString(c.tmk); err != nil || len(raw) != 0 && len(raw) != 16 {
		return nil, fmt.Errorf("%w: --tmk has 32 hex characters", errUsage)
	}
	store, err := keys.OpenPad(filepath.Join(c.dir, keysName), c.tmk)
	if err != nil || c.dukpt == "" || store.DUKPTKind() != 0 { // a device once loaded goes on counting
		return store, err
	}
	device, err := parseDUKPT(c.dukpt)
	if err != nil {
		return nil, err
	}
	return store, store.SetDUKPT(device)
}

// parseDUKPT makes the device that --dukpt describes.
func parseDUKPT(spec string) (dukpt.Device, error) {
	parts := strings.Split(spec, ":")
	if len(parts) != 3 {
		return nil, fmt.Errorf("%w: --dukpt is KIND:INITIALKEY:SERIAL", errUsage)
	}
	key, err := hex.DecodeString(parts[1])
	serial, bad := hex.DecodeString(parts[2])
	if err != nil || bad != nil {
		return nil, fmt.Errorf("%w: --dukpt has hex", errUsage)
	}
	var d dukpt.Device
	switch parts[0] {
	case "tdes":
		d, err = dukpt.NewTDES(key, serial)
	case "aes":
		d, err = dukpt.NewAES(key, serial, dukpt.AES128)
	case "aes-tdea":
		d, err = dukpt.NewAES(key, serial, dukpt.TDEA2)
	default:
		return nil, fmt.Errorf("%w: --dukpt is tdes, aes or aes-tdea", errUsage)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: --dukpt: %w", errUsage, err)
	}
	return d, nil
}
