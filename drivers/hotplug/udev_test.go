package hotplug_test

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"tillkeeper/drivers/hotplug"
	"tillkeeper/store/storetest"
)

// privateUdev starts udevd where it can change nothing: in a mount namespace of
// its own with an empty /run, no rules, and a /dev that holds nothing.
const privateUdev = `
mount --make-rprivate /
mount -t tmpfs run /run && mkdir /run/udev
mount -t tmpfs rules /usr/lib/udev/rules.d
mount -t tmpfs dev "$1" && touch "$1/null" "$1/urandom" && mkdir "$1/shm"
mount --bind /dev/null "$1/null" && mount --bind /dev/urandom "$1/urandom"
mount --move "$1" /dev
exec /usr/lib/systemd/systemd-udevd --children-max=1
`

// TestRealUdevSaysWhenADeviceIsReady hears the udevd of Debian pass on a real
// event of the kernel.
func TestRealUdevSaysWhenADeviceIsReady(t *testing.T) {
	if _, err := exec.LookPath("/usr/lib/systemd/systemd-udevd"); err != nil {
		t.Fatalf("install the Debian package udev: %v", err)
	}
	file, name := uevent(t)
	w := hotplug.New(nil)
	defer w.Close()
	var said strings.Builder
	udevd := exec.Command("sh", "-ec", privateUdev, "sh", t.TempDir())
	udevd.Stderr = &said
	udevd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	storetest.Forbidden(t, udevd.Start())
	defer func() {
		_ = udevd.Process.Signal(syscall.SIGTERM)
		_ = udevd.Wait()
	}()
	end, again := time.After(time.Minute), time.NewTicker(100*time.Millisecond)
	defer again.Stop()
	for {
		select {
		case <-again.C: // until it is up
			makeEvent(t, file, hotplug.Change)
		case e := <-w.Events():
			if !e.Settled || e.DevName != name || e.Action != hotplug.Change { // of another device, or of another test
				continue
			}
			if e.Subsystem != "tty" || !strings.HasSuffix(e.DevPath, "/tty/"+name) {
				t.Fatalf("%+v", e)
			}
			return
		case <-end:
			t.Fatalf("udevd says nothing: %s", said.String())
		}
	}
}
