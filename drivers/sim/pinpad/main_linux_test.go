package pinpad

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"tillkeeper/app/pos"
	pad "tillkeeper/drivers/pinpad"
	"tillkeeper/drivers/port"
)

// serialPad is the driver on a path, at a speed.
func serialPad(t *testing.T, path string, baud int) *pad.Pad {
	t.Helper()
	p := pad.New(func(context.Context) (io.ReadWriteCloser, error) { return port.OpenLine(path, baud) })
	t.Cleanup(func() { p.Close() })
	return p
}

// begin starts an entry and waits until the pad's display shows it.
func begin(p *pad.Pad, device *process) <-chan error {
	got := make(chan error, 1)
	go func() {
		r, err := p.PINBlock(bg, pos.PINRequest{PAN: pan, Amount: 1250})
		if err == nil && hex.EncodeToString(r.Block) != "5f1a4d2b657b4016" {
			err = fmt.Errorf("block %X", r.Block)
		}
		got <- err
	}()
	device.shows("pin 12.50")
	return got
}

// taken keeps the number of a terminal from being given to somebody else once its other end is gone: the pad that is
// killed leaves its link behind, and another test's terminal would be at the end of it.
func taken(t *testing.T, link string) (free func()) {
	t.Helper()
	f, err := os.OpenFile(link, os.O_RDWR|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	return func() { _ = f.Close() }
}

// TestPadsPowerIsCutWhileItAsks: the till hears that the pad is gone; started again it has its keys, the payment goes on without a sign-on; where its keys are gone it says so.
func TestPadsPowerIsCutWhileItAsks(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "by-id")
	role := "pad --pty --link " + link + " --data " + dir + " --tmk "
	device := start(t, role+tmkHex)
	if where := device.line(); where != link {
		t.Fatalf("it is at %q", where)
	}
	p := serialPad(t, link, defaultBaud)
	if err := p.LoadKeys(bg, unhex(t, f62Hex), "003"); err != nil {
		t.Fatal(err)
	}
	free := taken(t, link)
	got := begin(p, device)
	device.end()
	if err := <-got; !errors.Is(err, pad.ErrUnplugged) || p.State().Code != "unplugged" {
		t.Fatalf("%v %+v", err, p.State())
	}
	if err := p.LoadKeys(bg, unhex(t, f62Hex), "003"); !errors.Is(err, pad.ErrUnplugged) {
		t.Fatalf("while it is off: %v", err)
	}
	device = start(t, role+tmkHex)
	device.line()
	free()
	got = begin(p, device)
	device.ask("enter 123456")
	if err := <-got; err != nil {
		t.Fatalf("back with its keys: %v", err)
	}
	device.ask("tamper")
	if _, err := p.MAC(bg, "ecb", nil); !errors.Is(err, pad.ErrNoKeys) {
		t.Errorf("its keys are gone: %v", err)
	}
	defer taken(t, link)()
	device.end()
	device = start(t, strings.TrimSuffix(role, "--tmk "))
	device.line()
	if c := p.Condition(bg); c.Code != "unplugged" && c.Code != "no_tmk" { // the line's end may be met first
		t.Errorf("%+v", c)
	}
	if c := p.Condition(bg); c.State != "fault" || c.Code != "no_tmk" {
		t.Errorf("back without its keys: %+v", c)
	}
	if err := p.LoadKeys(bg, unhex(t, f62Hex), "003"); !errors.Is(err, pad.ErrNoTMK) {
		t.Errorf("%v", err)
	}
}

// TestCableIsPulledWhileThePadAsks: the entry ends at both ends, and goes on after the cable is back.
func TestCableIsPulledWhileThePadAsks(t *testing.T) {
	for _, line := range []string{"--pty --link LINK", "--listen 127.0.0.1:0"} {
		dir := t.TempDir()
		device := start(t, "pad "+strings.ReplaceAll(line, "LINK", filepath.Join(dir, "by-id"))+" --data "+dir+" --tmk "+tmkHex)
		where := device.line()
		p := pad.New(func(context.Context) (io.ReadWriteCloser, error) {
			if strings.HasPrefix(line, "--pty") {
				return port.OpenLine(where, defaultBaud)
			}
			return port.DialTCP(where)
		})
		defer p.Close()
		if err := p.LoadKeys(bg, unhex(t, f62Hex), "003"); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			got := begin(p, device)
			device.ask("unplug")
			if err := <-got; !errors.Is(err, pad.ErrUnplugged) {
				t.Errorf("%s: %v", line, err)
			}
			if again := device.ask("plug"); again != where {
				t.Errorf("%s: back at %s, was at %s", line, again, where)
			}
			got = begin(p, device)
			device.ask("enter 123456")
			if err := <-got; err != nil {
				t.Errorf("%s: back: %v", line, err)
			}
		}
	}
}

// TestWrongSpeedOfTheLine: noise is told from silence, and the right speed is good at once.
func TestWrongSpeedOfTheLine(t *testing.T) {
	device := start(t, "pad --pty --baud 19200 --data "+t.TempDir()+" --tmk "+tmkHex)
	where := device.line()
	for _, baud := range []int{9600, 115200} {
		p := serialPad(t, where, baud)
		if _, err := p.Info(bg); !errors.Is(err, pad.ErrSpeed) {
			t.Errorf("%d: %v", baud, err)
		}
		if c := p.State(); c.State != "fault" || c.Code != "wrong_speed" {
			t.Errorf("%d: %+v", baud, c)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
	if c := serialPad(t, where, 19200).Condition(bg); c.State != "ok" {
		t.Errorf("%+v", c)
	}
}

// TestTillThatBeginsAnewIsNotLockedOut: what a till that died left waiting ends with the first word of the next one.
func TestTillThatBeginsAnewIsNotLockedOut(t *testing.T) {
	device := start(t, "pad --pty --data "+t.TempDir()+" --tmk "+tmkHex)
	where := device.line()
	first := serialPad(t, where, defaultBaud)
	if err := first.LoadKeys(bg, unhex(t, f62Hex), "003"); err != nil {
		t.Fatal(err)
	}
	if _, err := serialPad(t, where, defaultBaud).Info(bg); !errors.Is(err, pad.ErrBusyElsewhere) {
		t.Errorf("while another holds it: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := port.OpenLine(where, defaultBaud)
	if err != nil {
		t.Fatal(err)
	}
	asks := append([]byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0xE2}, pan...)
	if _, err := raw.Write(pad.Frame{Cmd: pad.CmdPIN, Seq: 77, Data: asks}.Bytes()); err != nil {
		t.Fatal(err)
	}
	device.shows("pin 12.50")
	if err := raw.Close(); err != nil {
		t.Fatal(err)
	}
	next := serialPad(t, where, defaultBaud)
	if c := next.Condition(bg); c.State != "ok" {
		t.Fatalf("%+v", c)
	}
	device.shows("")
	got := begin(next, device)
	device.ask("enter 123456")
	if err := <-got; err != nil {
		t.Errorf("%v", err)
	}
}

// TestPINOfTheCommandLine: --enter is the customer who always types the same.
func TestPINOfTheCommandLine(t *testing.T) {
	device := start(t, "pad --listen 127.0.0.1:0 --enter 123456 --data "+t.TempDir()+" --tmk "+tmkHex)
	where := device.line()
	p := pad.New(func(context.Context) (io.ReadWriteCloser, error) { return port.DialTCP(where) })
	defer p.Close()
	if err := p.LoadKeys(bg, unhex(t, f62Hex), "003"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := <-begin(p, device); err != nil {
			t.Error(err)
		}
	}
	if c := p.Check(bg, pos.CheckExternal); c.State != "ok" {
		t.Errorf("%+v", c)
	}
	device.shows("beep")
}

// TestDeviceOfTheCommandLine: a DUKPT device counts on over a restart.
func TestDeviceOfTheCommandLine(t *testing.T) {
	dir := t.TempDir()
	for _, want := range []struct{ block, ksn string }{ // ANSI X9.24-1:2009 annex A.4
		{"1B9C1845EB993A7A", "FFFF9876543210E00001"}, {"10A01C8D02C69107", "FFFF9876543210E00002"},
	} {
		device := start(t, "pad --listen 127.0.0.1:0 --enter 1234 --data "+dir+" --dukpt tdes:6AC292FAA1315B4D858AB3A3D7D5933A:FFFF9876543210E00000")
		where := device.line()
		p := pad.New(func(context.Context) (io.ReadWriteCloser, error) { return port.DialTCP(where) })
		r, err := p.PINBlock(bg, pos.PINRequest{PAN: "4012345678909", Keys: pos.PINDUKPTTDES})
		if err != nil || fmt.Sprintf("%X", r.Block) != want.block || fmt.Sprintf("%X", r.KSN) != want.ksn {
			t.Errorf("%v %X %X, want %+v", err, r.Block, r.KSN, want)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		device.end()
	}
}

func TestWrongUsageOfThePad(t *testing.T) {
	dir := t.TempDir()
	for args, status := range map[string]int{
		"":              2,
		"--pty":         2,
		"--data " + dir: 2,
		"--pty --listen 127.0.0.1:0 --data " + dir:       2,
		"--pty --data " + dir + " more":                  2,
		"--pty --data " + dir + " --tmk 12":              2,
		"--pty --data " + dir + " --tmk x":               2,
		"--pty --data " + dir + " --baud 7":              2,
		"--pty --data " + dir + " --patience 0s":         2,
		"--pty --data " + dir + " --dukpt tdes":          2,
		"--pty --data " + dir + " --dukpt a:b:c":         2,
		"--pty --data " + dir + " --dukpt rsa:00:00":     2,
		"--pty --data " + dir + " --dukpt tdes:00:00":    2,
		"--listen nowhere --data " + dir:                 1,
		"--pty --link " + dir + "/no/such --data " + dir: 1,
		"--help": 0,
	} {
		var out, errs bytes.Buffer
		if got := Main(bg, strings.Fields(args), nil, &out, &errs); got != status || out.Len() > 0 || errs.Len() == 0 {
			t.Errorf("%q: %d, want %d; %q %q", args, got, status, out.String(), errs.String())
		}
		if strings.Contains(errs.String(), tmkHex) {
			t.Errorf("%q: a key in the error", args)
		}
	}
}

// TestKeysOfThePadsKeypad: what is no key is refused and not repeated; quit ends the pad and takes the link away.
func TestKeysOfThePadsKeypad(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "by-id")
	var out, errs bytes.Buffer
	in := strings.NewReader("enter 1234\nbypass\ncancel\nclear\ntype 12\nfoo 4321\nplug\nunplug\nunplug\ntamper\nquit\n")
	if got := Main(bg, []string{"--pty", "--link", link, "--data", dir, "--tmk", tmkHex}, in, &out, &errs); got != 0 {
		t.Fatalf("%d %s", got, errs.String())
	}
	want := link + "\ndone\ndone\ndone\ndone\ndone\nerror no key of this pad\nerror sim pinpad: the cable is in\ndone\ndone\ndone\n"
	if out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
	if _, err := os.Lstat(link); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the link: %v", err)
	}
}
