package hotplug_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tillkeeper/drivers/hotplug"
	"tillkeeper/store/storetest"
)

// The messages of these tests that no real device here makes, as `udevadm
// monitor --property` writes them and the headers say.
const (
	plugged = "add@/devices/pci0000:00/0000:00:14.0/usb1/1-2\x00ACTION=add\x00DEVPATH=/devices/pci0000:00/0000:00:14.0/usb1/1-2\x00" +
		"SUBSYSTEM=usb\x00MAJOR=189\x00MINOR=4\x00DEVNAME=bus/usb/001/005\x00DEVTYPE=usb_device\x00PRODUCT=403/6001/600\x00TYPE=0/0/0\x00BUSNUM=001\x00DEVNUM=005\x00SEQNUM=4711\x00"
	keyboard = "add@/devices/pci0000:00/0000:00:14.0/usb1/1-3/1-3:1.0/0003:0C2E:0B61.0004/input/input19\x00ACTION=add\x00" +
		"DEVPATH=/devices/pci0000:00/0000:00:14.0/usb1/1-3/1-3:1.0/0003:0C2E:0B61.0004/input/input19\x00SUBSYSTEM=input\x00PRODUCT=3/c2e/b61/110\x00NAME=\"Honeywell\"\x00SEQNUM=4712\x00"
	udevText = "UDEV_LOG=3\x00ACTION=add\x00DEVPATH=/devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/ttyUSB0/tty/ttyUSB0\x00SUBSYSTEM=tty\x00" +
		"DEVNAME=/dev/ttyUSB0\x00ID_VENDOR_ID=0403\x00ID_MODEL_ID=6001\x00ID_SERIAL_SHORT=A50285BI\x00SEQNUM=4713\x00"
)

// udev wraps properties as udevd does.
func udev(text string) []byte {
	b := []byte("libudev\x00")
	b = binary.BigEndian.AppendUint32(b, 0xfeedcafe)
	for _, n := range []uint32{40, 40, uint32(len(text)), 0, 0, 0, 0} {
		b = binary.NativeEndian.AppendUint32(b, n)
	}
	return append(b, text...)
}

func TestMessagesAreRead(t *testing.T) {
	for name, c := range map[string]struct {
		in   []byte
		want hotplug.Event
	}{
		"usb": {[]byte(plugged), hotplug.Event{
			Action: "add", Subsystem: "usb", DevPath: "/devices/pci0000:00/0000:00:14.0/usb1/1-2", DevName: "bus/usb/001/005", VID: "0403", PID: "6001",
		}},
		"input": {[]byte(keyboard), hotplug.Event{
			Action: "add", Subsystem: "input", VID: "0c2e", PID: "0b61",
			DevPath: "/devices/pci0000:00/0000:00:14.0/usb1/1-3/1-3:1.0/0003:0C2E:0B61.0004/input/input19",
		}},
		"udev": {udev(udevText), hotplug.Event{
			Action: "add", Subsystem: "tty", DevPath: "/devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/ttyUSB0/tty/ttyUSB0", DevName: "ttyUSB0",
			VID: "0403", PID: "6001", Serial: "A50285BI", Settled: true,
		}},
	} {
		if got, err := hotplug.Parse(c.in); err != nil || got != c.want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	for _, bad := range []string{"", "add", "add@", "@/x\x00ACTION=add\x00", "libudev\x00", "add@/x\x00", "libudev\x00\xfe\xed\xca\xfe" + strings.Repeat("\xff", 40)} {
		if e, err := hotplug.Parse([]byte(bad)); err == nil {
			t.Errorf("%q passed as %+v", bad, e)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(plugged))
	f.Add([]byte(keyboard))
	f.Add(udev(udevText))
	f.Add(udev("")[:39])
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := hotplug.Parse(b)
		if err != nil {
			return
		}
		for _, id := range []string{e.VID, e.PID} {
			if id != "" && (len(id) != 4 || strings.ToLower(id) != id) {
				t.Fatalf("id %q", id)
			}
		}
		if e.Action == "" || e.DevPath == "" || e.Again || len(e.DevName) > 256 || len(e.Serial) > 256 {
			t.Fatalf("%+v", e)
		}
	})
}

// uevent is a device that this machine has: writing an action into the file
// makes the kernel tell of it.
func uevent(t *testing.T) (file, devname string) {
	t.Helper()
	all, err := filepath.Glob("/sys/class/tty/*/uevent")
	if err != nil || len(all) == 0 {
		t.Fatalf("no tty in /sys: %v", err)
	}
	file = all[0]
	if slices.Contains(all, "/sys/class/tty/ttyS0/uevent") {
		file = "/sys/class/tty/ttyS0/uevent"
	}
	return file, filepath.Base(filepath.Dir(file))
}

func makeEvent(t *testing.T, file, action string) {
	t.Helper()
	storetest.Forbidden(t, os.WriteFile(file, []byte(action), 0)) // a real event
}

func want(t *testing.T, w *hotplug.Watch, what string, fits func(hotplug.Event) bool) hotplug.Event {
	t.Helper()
	end := time.After(time.Minute)
	for {
		select {
		case e, ok := <-w.Events():
			if !ok {
				t.Fatalf("closed before %s", what)
			}
			if fits(e) {
				return e
			}
		case <-end:
			t.Fatalf("no %s", what)
		}
	}
}

func TestRealEventOfTheKernelArrives(t *testing.T) {
	file, name := uevent(t)
	w := hotplug.New(nil)
	defer w.Close()
	if w.Err() != nil {
		t.Fatal(w.Err())
	}
	for _, action := range []string{hotplug.Add, hotplug.Change, hotplug.Remove, hotplug.Add} {
		makeEvent(t, file, action)
		// A machine whose udevd runs hands each event on once more, when it has done with it: that one is Settled, and late.
		e := want(t, w, action, func(e hotplug.Event) bool { return e.Action == action && e.DevName == name && !e.Settled })
		if e.Subsystem != "tty" || !strings.HasSuffix(e.DevPath, "/tty/"+name) {
			t.Fatalf("%+v", e)
		}
	}
}

// TestEventArrivesWithoutPrivileges runs the test above's listener as nobody.
func TestEventArrivesWithoutPrivileges(t *testing.T) {
	file, name := uevent(t)
	child := exec.Command(copyOfTest(t), "-test.run=^TestListener$", "-test.v")
	child.Env = append(os.Environ(), "LISTEN_FOR="+name)
	child.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var all bytes.Buffer
	storetest.Forbidden(t, child.Start())
	b := make([]byte, 4096)
	for !strings.Contains(all.String(), "listening") {
		n, err := out.Read(b)
		all.Write(b[:n])
		if err != nil {
			t.Fatalf("%v: %s", err, all.String())
		}
	}
	makeEvent(t, file, hotplug.Change)
	_, _ = io.Copy(&all, out)
	if err := child.Wait(); err != nil || !strings.Contains(all.String(), "heard of "+name) {
		t.Fatalf("%v: %s", err, all.String())
	}
}

// TestListener is the child of the test above; by itself it only opens and
// closes a watch.
func TestListener(t *testing.T) {
	w := hotplug.New(nil)
	defer w.Close()
	name := os.Getenv("LISTEN_FOR")
	if name == "" {
		return
	}
	if os.Getuid() == 0 || w.Err() != nil {
		t.Fatalf("user %d, %v", os.Getuid(), w.Err())
	}
	t.Log("listening")
	os.Stdout.WriteString("listening\n")
	want(t, w, "event", func(e hotplug.Event) bool { return e.DevName == name && e.Action == hotplug.Change })
	os.Stdout.WriteString("heard of " + name + "\n")
}

// copyOfTest copies this test's program to where everybody may run it.
func copyOfTest(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "hotplug")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(dir, "test")
	if err := os.WriteFile(to, b, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Chmod(to, 0o755), os.Chmod(dir, 0o755)); err != nil { // whatever the umask is
		t.Fatal(err)
	}
	return to
}

// send puts a message into udev's group, as udevd does; only root may.
func send(t *testing.T, b []byte) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_KOBJECT_UEVENT)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	storetest.Forbidden(t, unix.Sendto(fd, b, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: 2})) // as udevd does
}

func TestMessageInUdevsWordsSaysSerialAndIds(t *testing.T) {
	w := hotplug.New(nil)
	defer w.Close()
	send(t, udev(udevText))
	// Every udevd of this machine is heard, that of another test too.
	e := want(t, w, "udev's event", func(e hotplug.Event) bool { return e.Settled && e.DevName == "ttyUSB0" })
	if e.Serial != "A50285BI" || e.VID != "0403" || e.PID != "6001" || e.Action != hotplug.Add || e.Subsystem != "tty" {
		t.Fatalf("%+v", e)
	}
}

// TestFloodIsBoundedAndSaysLookAgain sends more than is held while nobody
// listens.
func TestFloodIsBoundedAndSaysLookAgain(t *testing.T) {
	w := hotplug.New(nil)
	defer w.Close()
	for range 3000 {
		send(t, udev(udevText))
	}
	if n := len(w.Events()); n > 64 {
		t.Fatalf("%d events wait", n)
	}
	want(t, w, "word of lost events", func(e hotplug.Event) bool { return e.Again })
}

func TestEndOfAWatchEndsItsEvents(t *testing.T) {
	w := hotplug.New(nil)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for range w.Events() { //nolint:revive // drains
	}
}

// TestWithoutASocketItIsSaidOnce runs a child that may open no file more.
func TestWithoutASocketItIsSaidOnce(t *testing.T) {
	if os.Getenv("NO_SOCKET") == "" {
		child := exec.Command(os.Args[0], "-test.run=^TestWithoutASocketItIsSaidOnce$")
		child.Env = append(os.Environ(), "NO_SOCKET=1")
		if out, err := child.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return
	}
	var log bytes.Buffer
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 0, Max: was.Max}); err != nil {
		t.Fatal(err)
	}
	w := hotplug.New(slog.New(slog.NewTextHandler(&log, nil)))
	_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &was)
	if w.Err() == nil || strings.Count(log.String(), "\n") != 1 {
		t.Fatalf("%v, %q", w.Err(), log.String())
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}
