package find_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/find"
	"tillkeeper/drivers/hotplug"
	"tillkeeper/drivers/port"
	"tillkeeper/drivers/supervise"
)

const patience = time.Minute

// configfs is where a gadget is put together (Documentation/usb/gadget_configfs).
const configfs = "/sys/kernel/config/usb_gadget/till"

// gadget plugs a USB gadget of this kernel into a USB port of this kernel
// (dummy_hcd), and takes it out.
func gadget(t *testing.T, function, vid, pid, serial string, attributes map[string]string) (unplug func()) {
	t.Helper()
	write := func(name, value string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(configfs, name), []byte(value), 0); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{"", "strings/0x409", "configs/c.1", "functions/" + function} {
		if err := os.Mkdir(filepath.Join(configfs, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write("idVendor", "0x"+vid)
	write("idProduct", "0x"+pid)
	write("strings/0x409/serialnumber", serial)
	write("strings/0x409/product", "gadget")
	for name, value := range attributes {
		write("functions/"+function+"/"+name, value)
	}
	if err := os.Symlink(filepath.Join(configfs, "functions", function), filepath.Join(configfs, "configs/c.1", function)); err != nil {
		t.Fatal(err)
	}
	write("UDC", "dummy_udc.0")
	return func() {
		t.Helper()
		write("UDC", "\n")
		for _, path := range []string{"configs/c.1/" + function, "configs/c.1", "functions/" + function, "strings/0x409", ""} {
			if err := os.Remove(filepath.Join(configfs, path)); err != nil {
				t.Error(err)
			}
		}
	}
}

// inRig says whether this kernel has a USB port to plug gadgets into, and says
// it aloud where it has none.
func inRig(t *testing.T) bool {
	t.Helper()
	udc, _ := filepath.Glob("/sys/class/udc/dummy_udc*")
	if len(udc) == 0 {
		t.Log("NOT PROVED HERE: this kernel has no dummy_hcd, so no real USB device can be plugged in. Trees shaped like /sys take their place; " +
			"drivers/drivertest/rig.sh ./drivers/find Gadget proves it in a machine whose kernel has it.")
	}
	return len(udc) > 0
}

// heard waits for an event.
func heard(t *testing.T, w *hotplug.Watch, action, name string) {
	t.Helper()
	end := time.After(patience)
	for {
		select {
		case e := <-w.Events():
			if e.Action == action && e.DevName == name {
				return
			}
		case <-end:
			t.Fatalf("no word of %s %s", action, name)
		}
	}
}

// line is a supervised device that is only a line.
type line struct{ *port.Line }

func (l line) Poll(context.Context) error { return nil }

func supervised(t *testing.T, open func() (*port.Line, error)) (*supervise.Supervisor[line], chan pos.Condition) {
	states := make(chan pos.Condition, 100)
	s := supervise.New(supervise.Options[line]{
		Name: "printer", Changed: func(c pos.Condition) { states <- c },
		Open: func(context.Context) (line, error) {
			l, err := open()
			return line{l}, err
		},
	})
	t.Cleanup(func() { _ = s.Close() })
	return s, states
}

func until(t *testing.T, states chan pos.Condition, state, code string) {
	t.Helper()
	end := time.After(patience)
	for {
		select {
		case c := <-states:
			if c.State == state && c.Code == code {
				return
			}
		case <-end:
			t.Fatalf("it never became %s %s", state, code)
		}
	}
}

func TestPrinterOfAGadgetIsFoundUsedAndMissed(t *testing.T) {
	if !inRig(t) {
		TestPrinterThatWasStolenNamesTheThief(t)
		return
	}
	w, h := hotplug.New(nil), find.New("/")
	defer w.Close()
	s, states := supervised(t, func() (*port.Line, error) { return port.OpenLP("/dev/usb/lp0") })
	until(t, states, "fault", port.Unplugged)
	plug := func() func() {
		return gadget(t, "printer.g0", "0416", "5011", "TILL1", map[string]string{"pnp_string": "MFG:EPSON;CMD:ESC/POS;MDL:TM-T20II;CLS:PRINTER;"})
	}
	unplug := plug()
	heard(t, w, hotplug.Add, "usb/lp0")
	s.Nudge()
	until(t, states, "ok", "")
	want := pos.Found{Name: "printer", URL: "lp:/dev/usb/lp0", Label: "EPSON TM-T20II", Identity: "0416:5011 TILL1"}
	if all := h.Found(t.Context()); !slices.Contains(all, want) {
		t.Fatalf("found %+v", all)
	}
	_, err := port.OpenLP("/dev/usb/lp0")
	has(t, h, find.Case{Scheme: "lp", Path: "/dev/usb/lp0", Err: err}, port.BusyElsewhere, "the till itself")
	paper, err := os.OpenFile("/dev/g_printer0", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	slip := []byte("\x1b@hello\n")
	got := make([]byte, len(slip))
	if err := s.With(t.Context(), func(_ context.Context, l line) error { _, err := l.Write(slip); return err }); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(paper, got); err != nil || !bytes.Equal(got, slip) {
		t.Fatalf("printed %q, %v", got, err)
	}
	_ = paper.Close()
	unplug()
	heard(t, w, hotplug.Remove, "usb/lp0")
	err = s.With(t.Context(), func(_ context.Context, l line) error { _, err := l.Write(slip); return err })
	if port.Reason(err) != port.Unplugged {
		t.Fatalf("written to a printer that is away: %v", err)
	}
	until(t, states, "fault", port.Unplugged)
	has(t, h, find.Case{Scheme: "lp", Path: "/dev/usb/lp0", Err: err}, port.Unplugged, "nothing like it is plugged in")
	defer plug()()
	heard(t, w, hotplug.Add, "usb/lp0")
	s.Nudge()
	until(t, states, "ok", "")
	stolen(t, h, s)
}

// stolen takes the printer away from the kernel's driver, as CUPS does.
func stolen(t *testing.T, h *find.Host, s *supervise.Supervisor[line]) {
	t.Helper()
	_ = s.Close()
	thief := exec.Command("sleep", "1000")
	var err error
	if thief.Stdin, err = os.OpenFile("/dev/usb/lp0", os.O_RDWR, 0); err != nil {
		t.Fatal(err)
	}
	if err := thief.Start(); err != nil {
		t.Fatal(err)
	}
	_ = thief.Stdin.(*os.File).Close()
	_, err = port.OpenLP("/dev/usb/lp0")
	has(t, h, find.Case{Scheme: "lp", Path: "/dev/usb/lp0", Err: err}, port.BusyElsewhere, "is held by")
	_ = thief.Process.Kill()
	_ = thief.Wait()
	bound, _ := filepath.Glob("/sys/bus/usb/drivers/usblp/*:*")
	if len(bound) != 1 {
		t.Fatalf("usblp has %v", bound)
	}
	if err := os.WriteFile("/sys/bus/usb/drivers/usblp/unbind", []byte(filepath.Base(bound[0])), 0); err != nil {
		t.Fatal(err)
	}
	has(t, h, find.Case{Scheme: "lp", Path: "/dev/usb/lp0", Err: syscall.ENOENT}, port.Unplugged, "| sudo tee /sys/bus/usb/drivers/usblp/bind", "ESC/POS printer (Winbond)")
}

func TestSerialLineOfAGadgetIsFoundUsedAndMissed(t *testing.T) {
	if !inRig(t) {
		TestDeviceIsFoundByIdentityAndNotByItsNumber(t)
		return
	}
	w, h := hotplug.New(nil), find.New("/")
	defer w.Close()
	unplug := gadget(t, "acm.g0", "1a86", "55d4", "S77", nil)
	heard(t, w, hotplug.Add, "ttyACM0")
	const identity = "1a86:55d4 S77"
	if path, err := resolve(h, identity); err != nil || path != "/dev/ttyACM0" {
		t.Fatalf("%s, %v", path, err)
	}
	s, states := supervised(t, func() (*port.Line, error) {
		path, _, err := h.Locate(find.Serial, "/dev/ttyACM7", identity)
		if err != nil {
			return nil, err
		}
		return port.OpenLine(path, 9600)
	})
	until(t, states, "ok", "")
	far, err := port.OpenLine("/dev/ttyGS0", 9600)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.With(t.Context(), func(_ context.Context, l line) error { _, err := l.Write([]byte{5}); return err }); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 1)
	if _, err := far.Read(b); err != nil || b[0] != 5 {
		t.Fatalf("got %v, %v", b, err)
	}
	_ = far.Close()
	unplug()
	heard(t, w, hotplug.Remove, "ttyACM0")
	err = s.With(t.Context(), func(_ context.Context, l line) error { _, err := l.Read(b); return err })
	if port.Reason(err) != port.Unplugged {
		t.Fatalf("read from a line that is away: %v", err)
	}
	until(t, states, "fault", port.Unplugged)
	if path, _, err := h.Locate(find.Serial, "/dev/ttyACM7", identity); !errors.Is(err, find.ErrAbsent) {
		t.Fatalf("located at %s, %v", path, err)
	}
}
