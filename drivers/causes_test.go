package drivers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tillkeeper/app/pos"
	simscale "tillkeeper/drivers/sim/scale"
)

// TestAPadWithoutItsMasterKeySaysSo: the search for a cause made device_fault of
// no_tmk, because that is a pad's own word and none of a line.
func TestAPadWithoutItsMasterKeySaysSo(t *testing.T) {
	s := bare(t)
	sl := s.with(PINPad, s.openPad)
	_, url := serialPad(t, "")
	if err := sl.put(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	if c := s.Check(t.Context(), PINPad, pos.CheckInternal); c.State != "fault" || c.Code != "no_tmk" {
		t.Errorf("%+v", c)
	}
	if err := sl.shut(); err != nil {
		t.Fatal(err)
	}
}

// TestOneDeadReaderOfTwoIsAWarning: the others go on taking cards.
func TestOneDeadReaderOfTwoIsAWarning(t *testing.T) {
	s := bare(t)
	s.c.Deck = []byte(`[{"name":"ok","pan":"6224242900000113","expiry":"2806","sequence":"001","pin":"123456","entry":"contactless","offline":"online","state":"good"}]`)
	if err := s.openAuthorities(t.Context(), Config{KeyStore: "demo"}); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(t.TempDir(), "ttyUSB7")
	sl := s.with(Reader, s.openReaders)
	if err := sl.put(t.Context(), "sim:, pn532+serial:"+missing); err != nil {
		t.Fatal(err)
	}
	c := s.Check(t.Context(), Reader, pos.CheckInternal)
	if c.State != "warn" || c.Code != "unplugged" || !strings.Contains(fmt.Sprint(c.Found), missing) {
		t.Errorf("%+v", c)
	}
	if c := sl.condition(); c.State != "warn" || c.Code != "unplugged" {
		t.Errorf("%+v", c)
	}
	if err := s.Bench.Present("ok"); err != nil {
		t.Fatal(err)
	}
	session, err := (readerSlot{sl}).Connect(t.Context(), pos.Purchase{Amount: 100})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(session.Close(), sl.shut()); err != nil {
		t.Error(err)
	}
}

// TestAnOpeningThatWaitsEndsWithTheDevice: a printer in the network that does
// not answer is given up when another one is chosen.
func TestAnOpeningThatWaitsEndsWithTheDevice(t *testing.T) {
	begun := make(chan struct{})
	g := newGate(func(ctx context.Context) (io.ReadWriteCloser, error) {
		close(begun)
		<-ctx.Done()
		return nil, ctx.Err()
	})
	ended := make(chan error, 1)
	go func() {
		_, err := g.pass()
		ended <- err
	}()
	<-begun
	g.end()
	if err := <-ended; err == nil {
		t.Error("it was opened")
	}
	if _, err := g.pass(); !errors.Is(err, errReplaced) {
		t.Errorf("after its end: %v", err)
	}
}

// TestAScaleThatWasUnpluggedWeighsAgain: its supervisor closed its driver for
// good, which from then on said that all was well and weighed nothing.
func TestAScaleThatWasUnpluggedWeighsAgain(t *testing.T) {
	sim, err := simscale.New()
	if err != nil {
		t.Fatal(err)
	}
	defer sim.Close()
	link := filepath.Join(t.TempDir(), "scale")
	if err := os.Symlink(sim.Path(), link); err != nil {
		t.Fatal(err)
	}
	s := bare(t)
	sl := s.with(Scale, s.openScale)
	if err := sl.put(t.Context(), "cas:"+link); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := sl.shut(); err != nil {
			t.Error(err)
		}
	}()
	is := func(state string) {
		t.Helper()
		for end := time.Now().Add(time.Minute); s.Check(t.Context(), Scale, pos.CheckInternal).State != state; {
			if time.Now().After(end) {
				t.Fatalf("it is %+v, not %s", sl.condition(), state)
			}
		}
	}
	is("ok")
	if err := errors.Join(os.Remove(link), sim.Unplug()); err != nil { // the next pty of this machine may be called as this one was
		t.Fatal(err)
	}
	is("fault")
	var changes sync.Map
	f := func() { changes.Store(sl.condition().State, true) }
	s.OnChange(f)
	for range 3 { // missing, it is never well in between
		s.Check(t.Context(), Scale, pos.CheckInternal)
	}
	if _, well := changes.Load("ok"); well {
		t.Error("a scale that is missing was well in between")
	}
	if err := sim.Plug(); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(sim.Path(), link); err != nil {
		t.Fatal(err)
	}
	sim.Put(350)
	is("ok")
	if g, err := (scaleSlot{sl}).Weigh(t.Context()); g != 350 || err != nil {
		t.Errorf("weighs %d, %v", g, err)
	}
}

// adapter plugs a serial adapter into a machine that is a tree of files.
func adapter(t *testing.T, root, tty, port string) {
	t.Helper()
	line := filepath.Join(root, "sys/devices/usb1", port, port+":1.0", tty)
	class := filepath.Join(root, "sys/class/tty", tty)
	err := errors.Join(os.MkdirAll(line, 0o755), os.MkdirAll(class, 0o755), os.MkdirAll(filepath.Join(root, "dev"), 0o755), os.Symlink(line, filepath.Join(class, "device")))
	for name, text := range map[string]string{"idVendor": "0403", "idProduct": "6001", "serial": "A50285BI"} {
		err = errors.Join(err, os.WriteFile(filepath.Join(root, "sys/devices/usb1", port, name), []byte(text), 0o644))
	}
	if err := errors.Join(err, os.WriteFile(filepath.Join(root, "dev", tty), nil, 0o644)); err != nil {
		t.Fatal(err)
	}
}

// TestATornMemoryIsBegunAnew: a power cut in the middle of the file of what was where is no fault of a device.
func TestATornMemoryIsBegunAnew(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, seenFile), []byte("{\"serial"), 0o600); err != nil {
		t.Fatal(err)
	}
	const at = "/dev/ttyUSB71"
	if m := openMemory(dir); m.of("serial", at) != "" || m.keep("serial", at, "x") != nil || openMemory(dir).of("serial", at) != "x" {
		t.Error("a torn file is not begun anew")
	}
	if m := openMemory(dir); m.forget("serial", at) != nil || openMemory(dir).of("serial", at) != "" {
		t.Error("what was forgotten is remembered")
	}
}
