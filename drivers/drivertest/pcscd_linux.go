package drivertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tillkeeper/drivers/reader/pcsc"
)

// The limits of a pcscd that a test starts.
const (
	pcscdPatience = time.Minute
	pcscdTries    = 5 // with other ports, where somebody took them in between
	vpcdDriver    = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"
)

// PCSCDaemon is a pcscd of a test's own, with virtual card slots: a mount namespace hides the machine's /run from it, so
// that its socket lies in a folder of the test and any number of them run side by side.
type PCSCDaemon struct {
	Socket string    // of pcscd
	VPCD   [2]string // addresses of the two slots, for vpcd.Insert

	dir   string
	name  string // of the reader
	port  int
	cmd   *exec.Cmd
	ended chan struct{} // closed by Kill
	log   *logbook
}

// PCSCD starts a pcscd for a test and ends it with the test. It returns the socket for pcsc.Opts and the address of the
// first card slot for vpcd.Insert.
func PCSCD(t testing.TB) (socket, vpcdAddr string) {
	t.Helper()
	d := StartPCSCD(t)
	return d.Socket, d.VPCD[0]
}

// usualReader is what the virtual reader is called where a test does not say.
const usualReader = "Virtual PCD"

// StartPCSCD is PCSCD for a test that also ends the daemon, or asks the independent judge.
func StartPCSCD(t testing.TB) *PCSCDaemon {
	t.Helper()
	return newPCSCD(t, usualReader, true)
}

// PCSCDCalled is StartPCSCD with a reader of another name: that of a maker's, of whose readers the till knows more.
func PCSCDCalled(t testing.TB, reader string) *PCSCDaemon {
	t.Helper()
	return newPCSCD(t, reader, true)
}

// EmptyPCSCD is a pcscd without a reader; after Kill and Restart it has its slots.
func EmptyPCSCD(t testing.TB) *PCSCDaemon {
	t.Helper()
	return newPCSCD(t, usualReader, false)
}

func newPCSCD(t testing.TB, reader string, plugged bool) *PCSCDaemon {
	t.Helper()
	for _, need := range [][2]string{{"pcscd", "pcscd"}, {"unshare", "util-linux"}, {"opensc-tool", "opensc"}} {
		if _, err := exec.LookPath(need[0]); err != nil {
			t.Fatalf("%s is missing: install the Debian package %s", need[0], need[1])
		}
	}
	if _, err := os.Stat(vpcdDriver); err != nil {
		t.Fatalf("%s is missing: install the Debian package vsmartcard-vpcd", vpcdDriver)
	}
	dir, err := os.MkdirTemp("", "pcscd") // short: the name of a socket has 107 bytes at most
	if err != nil {
		t.Fatal(err)
	}
	d := &PCSCDaemon{dir: dir, name: reader, Socket: filepath.Join(dir, "pcscd.comm")}
	t.Cleanup(func() {
		d.Kill()
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	for range pcscdTries {
		if d.port, err = claim(len(d.VPCD)); err != nil {
			t.Fatal(err)
		}
		d.VPCD = [2]string{fmt.Sprintf("127.0.0.1:%d", d.port), fmt.Sprintf("127.0.0.1:%d", d.port+1)}
		slots := 0
		if plugged {
			slots, err = len(d.VPCD), d.configure(d.slot(d.name, d.port))
		} else {
			err = d.configure()
		}
		if err != nil {
			t.Fatal(err)
		}
		if err = d.start(slots); err == nil {
			return d
		}
		t.Logf("pcscd: %v", err)
		d.Kill()
	}
	t.Fatalf("pcscd does not come up: %v", err)
	return nil
}

// slot describes a reader of two virtual slots to pcscd.
func (d *PCSCDaemon) slot(name string, port int) string {
	return fmt.Sprintf("FRIENDLYNAME \"%s\"\nDEVICENAME /dev/null:0x%04X\nLIBPATH %s\nCHANNELID 0x%04X\n", name, port, vpcdDriver, port)
}

// configure writes the daemon's list of readers.
func (d *PCSCDaemon) configure(readers ...string) error {
	return os.WriteFile(filepath.Join(d.dir, "reader.conf"), []byte(strings.Join(readers, "\n")), 0o600)
}

// start runs pcscd and waits until it answers and its slots are there.
func (d *PCSCDaemon) start(slots int) error {
	script := `mount -t tmpfs tmpfs /run && mkdir /run/pcscd && mount --bind "$1" /run/pcscd && exec pcscd --foreground --config "$1/reader.conf"`
	args := []string{"--mount", "sh", "-c", script, "sh", d.dir}
	if os.Getuid() != 0 {
		args = append([]string{"--map-root-user"}, args...)
	}
	d.log = &logbook{}
	d.cmd = exec.Command("unshare", args...)
	d.cmd.Stdout, d.cmd.Stderr = d.log, d.log
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // a test that is killed leaves no daemon behind
	d.ended = make(chan struct{})
	started := make(chan error)
	go func(cmd *exec.Cmd, ended chan struct{}) {
		runtime.LockOSThread() // the signal comes when the starting thread ends: it stays as long as the daemon
		defer runtime.UnlockOSThread()
		started <- cmd.Start()
		<-ended
	}(d.cmd, d.ended)
	if err := <-started; err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), pcscdPatience)
	defer cancel()
	for {
		states, err := d.look(ctx)
		if err == nil && len(states) == slots {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %d readers, %s", ctx.Err(), len(states), d.log)
		case <-time.After(10 * time.Millisecond):
		}
		if d.log.has("Could not initialize connection") {
			return errors.New("a port was taken")
		}
		if d.log.has("unshare: ") || d.log.has("mount: ") { // a chroot whose root is no mount point, a container without rights
			return fmt.Errorf("pcscd gets no /run of its own: %s", d.log)
		}
	}
}

func (d *PCSCDaemon) look(ctx context.Context) ([]pcsc.State, error) {
	c, err := pcsc.Dial(ctx, d.Socket)
	if err != nil {
		return nil, err
	}
	defer c.Close() //nolint:errcheck // it was a look
	return c.Readers(ctx)
}

// Kill ends the daemon as kill -9 does. Twice does no harm.
func (d *PCSCDaemon) Kill() {
	if d.cmd == nil {
		return
	}
	if d.cmd.Process != nil {
		d.cmd.Process.Kill() //nolint:errcheck,gosec // it may have ended
		d.cmd.Wait()         //nolint:errcheck,gosec // it was killed
	}
	close(d.ended)
	d.cmd = nil
}

// Restart starts the daemon again after Kill, on the same socket and slots.
func (d *PCSCDaemon) Restart(t testing.TB) {
	t.Helper()
	err := d.configure(d.slot(d.name, d.port))
	if err == nil {
		err = d.start(len(d.VPCD))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Await waits until the daemon sees a card in the slot, or sees none.
func (d *PCSCDaemon) Await(t testing.TB, slot int, present bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), pcscdPatience)
	defer cancel()
	c, err := pcsc.Dial(ctx, d.Socket)
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close() //nolint:errcheck // it was a look
	states, err := c.Readers(ctx)
	for err == nil && (len(states) <= slot || states[slot].Present != present) {
		states, err = c.Wait(ctx, states)
	}
	if err != nil {
		t.Errorf("pcscd does not see the card come or go: %v", err)
	}
}

// Judge runs opensc-tool, whose library is not ours, on the card in a slot and returns what it prints.
func (d *PCSCDaemon) Judge(t testing.TB, slot int, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), pcscdPatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "opensc-tool", append([]string{"--reader", fmt.Sprint(slot)}, args...)...)
	cmd.Env = append(os.Environ(), pcsc.SocketVariable+"="+d.Socket)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("opensc-tool %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// logbook keeps the end of what pcscd says.
type logbook struct {
	mu   sync.Mutex
	text []byte
}

const maxLogbook = 16 << 10

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	l.text = l.text[max(0, len(l.text)-maxLogbook):]
	return len(p), nil
}

func (l *logbook) has(s string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Contains(l.text, []byte(s))
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}
