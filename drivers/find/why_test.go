package find_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"tillkeeper/app/i18n"
	"tillkeeper/app/pos"
	"tillkeeper/drivers/find"
	"tillkeeper/drivers/port"
	"tillkeeper/store/storetest"
)

// said is the cause in English, as the doctor prints it: what was found, else the error, and what mends it.
func said(c find.Cause, err error) (code, detail string) {
	if c.Code == "" {
		return "", ""
	}
	if c.Found.Code == "" {
		return c.Code, err.Error()
	}
	return c.Code, i18n.Words{English: true}.Technical(c.Condition(pos.Condition{}))
}

// has says whether the answer names everything that it should.
func has(t *testing.T, h *find.Host, c find.Case, code string, words ...string) {
	t.Helper()
	got, detail := said(h.Why(t.Context(), c), c.Err)
	if got != code {
		t.Errorf("%s:%s: %s, want %s (%s)", c.Scheme, c.Path, got, code, detail)
	}
	for _, w := range words {
		if !strings.Contains(detail, w) {
			t.Errorf("%s:%s: %q does not name %q", c.Scheme, c.Path, detail, w)
		}
	}
}

func TestProgramThatHoldsADeviceIsNamedForReal(t *testing.T) {
	far, path, err := port.Pty()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	thief := exec.Command("cat")
	thief.Stdin, err = os.OpenFile(path, os.O_RDONLY|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := thief.Start(); err != nil {
		t.Fatal(err)
	}
	_ = thief.Stdin.(*os.File).Close()
	defer func() { _ = thief.Process.Kill(); _ = thief.Wait() }()
	pid := fmt.Sprint(thief.Process.Pid)
	h := find.New("/")
	has(t, h, find.Case{Scheme: "serial", Path: path, Err: syscall.EBUSY}, port.BusyElsewhere, "cat", pid, "kill "+pid)
	has(t, h, find.Case{Scheme: "serial", Path: path, Err: os.ErrDeadlineExceeded}, port.BusyElsewhere, "cat", pid)
	link := filepath.Join(t.TempDir(), "by-id")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	has(t, h, find.Case{Scheme: "serial", Path: link, Err: syscall.EBUSY}, port.BusyElsewhere, "cat", pid)
	_ = thief.Process.Kill()
	_ = thief.Wait()
	if _, detail := said(h.Why(t.Context(), find.Case{Scheme: "serial", Path: path, Err: syscall.EBUSY}), nil); strings.Contains(detail, pid) {
		t.Errorf("a program that has ended is named: %s", detail)
	}
	own, err := port.OpenLine(path, 9600)
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	has(t, h, find.Case{Scheme: "serial", Path: path, Err: syscall.EBUSY}, port.BusyElsewhere, "the till itself")
	has(t, h, find.Case{Scheme: "serial", Path: path, Err: os.ErrDeadlineExceeded}, port.Offline, "baud")
}

// TestGroupIsNamedForReal opens files as nobody, in a child.
func TestGroupIsNamedForReal(t *testing.T) {
	if dir := os.Getenv("FORBIDDEN"); dir != "" {
		h := find.New("/")
		for _, bus := range []string{"pn532+i2c:I2C1", "st7789+spi:SPI0.0", "st7789+spi:SPI0.1"} {
			scheme, path, _ := strings.Cut(bus, ":")
			code, detail := said(find.New(dir).Why(t.Context(), find.Case{Scheme: scheme, Path: path, Err: fs.ErrPermission}), fs.ErrPermission)
			fmt.Printf("%s: %s: %s\n", bus, code, detail)
		}
		for _, name := range []string{"closed", "group", "dir/inside"} {
			path := filepath.Join(dir, name)
			_, err := os.OpenFile(path, os.O_RDWR, 0)
			code, detail := said(h.Why(t.Context(), find.Case{Scheme: "lp", Path: path, Err: err}), err)
			fmt.Printf("%s: %s: %s\n", name, code, detail)
		}
		return
	}
	dir, err := os.MkdirTemp("/tmp", "find")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	const lp = 7 // group lp of Debian
	test, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		os.Chmod(dir, 0o755),
		os.WriteFile(filepath.Join(dir, "test"), test, 0o755),
		os.Chmod(filepath.Join(dir, "test"), 0o755), // whatever the umask is
		os.WriteFile(filepath.Join(dir, "closed"), nil, 0),
		os.WriteFile(filepath.Join(dir, "group"), nil, 0o660),
		os.Chmod(filepath.Join(dir, "group"), 0o660),
		os.Chown(filepath.Join(dir, "closed"), 0, lp),
		os.Chown(filepath.Join(dir, "group"), 0, lp),
		os.Mkdir(filepath.Join(dir, "dir"), 0o700),
		os.Mkdir(filepath.Join(dir, "dev"), 0o755),
		os.Chmod(filepath.Join(dir, "dev"), 0o755),
		os.WriteFile(filepath.Join(dir, "dev/i2c-1"), nil, 0o600),
		os.WriteFile(filepath.Join(dir, "dev/spidev0.0"), nil, 0o600),
		os.WriteFile(filepath.Join(dir, "dev/spidev0.1"), nil, 0o666),
		os.Chmod(filepath.Join(dir, "dev/spidev0.1"), 0o666),
		os.WriteFile(filepath.Join(dir, "dev/gpiochip0"), nil, 0o600),
	} {
		storetest.Forbidden(t, err) // it gives files to others
	}
	child := exec.Command(filepath.Join(dir, "test"), "-test.run=^TestGroupIsNamedForReal$")
	child.Env = append(os.Environ(), "FORBIDDEN="+dir)
	child.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	b, err := child.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	for _, want := range []string{
		"closed: no_permission: " + dir + "/closed belongs to group lp, which may not use it itself: install the rule",
		"group: no_permission: " + dir + "/group belongs to group lp and user nobody is not in it: sudo usermod -aG lp nobody",
		"pn532+i2c:I2C1: no_permission: /dev/i2c-1 belongs to group root, which may not use it itself: sudo apt-get install i2c-tools && sudo usermod -aG i2c nobody",
		"st7789+spi:SPI0.0: no_permission: /dev/spidev0.0 belongs to group root, which may not use it itself: install the rule",
		"st7789+spi:SPI0.1: no_permission: /dev/gpiochip0 belongs to group root",
		"dir/inside: no_permission: user nobody may not even look into " + dir + "/dir",
	} {
		if !strings.Contains(string(b), want) {
			t.Errorf("missing %q in\n%s", want, b)
		}
	}
}

// TestAScannerIsNoReasonToReadEveryKeyboard: who joins the group input reads what everybody types, passwords too.
func TestAScannerIsNoReasonToReadEveryKeyboard(t *testing.T) {
	input, err := user.LookupGroup("input")
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.Atoi(input.Gid)
	if err != nil {
		t.Fatal(err)
	}
	m := newMachine(t)
	m.input("event9", "1-5", "feed:0b61", "", "A scanner that nobody knows", keysKeyboard, "")
	node := filepath.Join(m.root, "/dev/input/event9")
	storetest.Forbidden(t, errors.Join(os.Chown(node, 0, gid), os.Chmod(node, 0o660)))
	h, c := find.New(m.root), find.Case{Scheme: "evdev", Path: "/dev/input/event9", Err: fs.ErrPermission}
	has(t, h, c, port.NoPermission, "belongs to group input", "cp 70-tillkeeper.rules", "usermod -aG tillkeeper")
	m.file("/etc/udev/rules.d/70-tillkeeper.rules", "")
	has(t, h, c, port.NoPermission, `ATTRS{idVendor}=="feed", ATTRS{idProduct}=="0b61", ENV{TILLKEEPER}="scanner"`, "usermod -aG tillkeeper")
	if _, detail := said(h.Why(t.Context(), c), c.Err); strings.Contains(detail, "aG input") {
		t.Error(detail)
	}
}

func TestPrinterThatWasStolenNamesTheThief(t *testing.T) {
	missing := &os.PathError{Op: "open", Path: "/dev/usb/lp0", Err: syscall.ENOENT}
	c := find.Case{Scheme: "lp", Path: "/dev/usb/lp0", Err: missing}
	m := newMachine(t)
	m.file("/proc/1/comm", "systemd\n")
	m.file("/proc/1/fd/none", "")
	h := find.New(m.root)
	has(t, h, c, port.Unplugged, "nothing like it is plugged in")

	m.usb("1-4", "04b8:0e15", "J6", "EPSON", "TM-T20II", "07", "usbfs")
	has(t, h, c, port.BusyElsewhere, "CUPS or ipp-usb", "EPSON TM-T20II", "systemctl disable --now ipp-usb cups")

	m.file("/dev/bus/usb/001/005", "")
	m.process("812", "ipp-usb", "/dev/null", "/dev/bus/usb/001/005")
	has(t, h, c, port.BusyElsewhere, "ipp-usb (process 812)", "systemctl disable --now ipp-usb")

	m.remove("/proc/812", bus+"1-4/1-4:1.0/driver")
	has(t, h, c, port.Unplugged, "modprobe usblp")
	m.file("/sys/bus/usb/drivers/usblp/bind", "") // it is loaded, and lost the printer to a program that has ended
	has(t, h, c, port.Unplugged, "echo 1-4:1.0 | sudo tee /sys/bus/usb/drivers/usblp/bind")

	m.remove(bus+"1-4", "/sys/bus/usb/devices")
	m.printer("lp1", "1-5", "04b8:0e15", "J6", "MFG:EPSON;MDL:TM-T20II;")
	has(t, h, c, port.Unplugged, "lp:/dev/usb/lp1", "EPSON TM-T20II")
	c.Identity = "04b8:0e15 J6"
	has(t, h, c, port.Unplugged, "04b8:0e15 J6 is at /dev/usb/lp1 now", "opened there by itself")
	m.process("900", "cupsd", "/dev/usb/lp1")
	has(t, h, find.Case{Scheme: "lp", Path: "/dev/usb/lp1", Err: syscall.EBUSY}, port.BusyElsewhere, "cupsd (process 900)", "systemctl disable --now cups")
	has(t, h, find.Case{Scheme: "lp", Path: "/dev/usb/lp1", Err: syscall.ENODEV}, port.Unplugged, "there again")
}

func TestWrongPortSaysTheRightOne(t *testing.T) {
	m := shop(t)
	h := find.New(m.root)
	_, err := port.OpenLine(filepath.Join(t.TempDir(), "ttyUSB9"), 9600)
	c := find.Case{Scheme: "cas", Path: "/dev/ttyUSB9", Identity: "0403:6001 A50285BI", Err: err}
	has(t, h, c, port.Unplugged, "is at /dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0 now", "opened there by itself")
	c.Identity = ""
	has(t, h, c, port.Unplugged, "/dev/ttyUSB9 is not there; plugged in is", "FTDI FT232", "CH340")
	c = find.Case{Scheme: "evdev", Path: "/dev/input/event9", Err: syscall.ENOENT}
	has(t, h, c, port.Unplugged, "Honeywell")
	if _, detail := said(h.Why(t.Context(), c), nil); strings.Contains(detail, "Logitech") {
		t.Errorf("a keyboard is proposed as a scanner: %s", detail)
	}
}

func TestLineWithALoginNamesGetty(t *testing.T) {
	m := newMachine(t)
	m.line("ttyS0", "4")
	m.process("77", "agetty", "/dev/ttyS0")
	has(t, find.New(m.root), find.Case{Scheme: "pn532+serial", Path: "/dev/ttyS0", Err: context.DeadlineExceeded}, port.BusyElsewhere, "agetty", "serial-getty@")
}

func TestCardServiceNamesWhatIsMissing(t *testing.T) {
	m := newMachine(t)
	h := find.New(m.root)
	sock := filepath.Join(m.root, "/run/pcscd/pcscd.comm")
	_, noSocket := net.Dial("unix", sock)
	c := find.Case{Scheme: "pcsc", Err: noSocket}
	has(t, h, c, port.DaemonDown, "not installed", "apt-get install pcscd")
	m.file("/usr/sbin/pcscd", "")
	has(t, h, c, port.DaemonDown, "enable --now pcscd.socket")
	m.file("/run/pcscd/.keep", "")
	l, err := net.Listen("unix", sock)
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	_ = l.Close()
	_, c.Err = net.Dial("unix", sock)
	has(t, h, c, port.DaemonDown, "restart pcscd.socket")
	c.Err = &pos.Error{Code: port.DaemonDown, Err: io.EOF}
	has(t, h, c, port.DaemonDown, "restart pcscd.socket")
	c.Err = pos.Errorf(port.NoPermission, "", "not authorized")
	has(t, h, c, port.NoPermission, "polkit is not installed", "apt-get install polkitd", "50-tillkeeper.rules", "usermod -aG tillkeeper")
	m.file("/usr/lib/polkit-1/polkitd", "")
	has(t, h, c, port.NoPermission, "polkit does not let", "50-tillkeeper.rules", "usermod -aG tillkeeper")
	c.Err = pos.Errorf(port.NoReader, "", "none")
	has(t, h, c, port.NoReader, "no card reader is plugged in")
	iface := m.usb("1-9", "072f:2200", "", "ACS", "ACR122U", "0b", "")
	has(t, h, c, port.NoReader, "ACS ACR122U", "apt-get install libccid")
	m.file("/sys/bus/usb/drivers/pn533_usb/bind", "")
	m.link(iface+"/driver", "/sys/bus/usb/drivers/pn533_usb")
	has(t, h, c, port.BusyElsewhere, "pn533_usb", "modprobe -r pn533_usb")
	m.file("/dev/bus/usb/001/005", "")
	m.process("4", "scdaemon", "/dev/bus/usb/001/005")
	has(t, h, c, port.BusyElsewhere, "scdaemon", "gpgconf --kill scdaemon")
}

func TestOtherCausesNameTheirRemedy(t *testing.T) {
	m := newMachine(t)
	h := find.New(m.root)
	has(t, h, find.Case{Scheme: "st7789+spi", Path: "SPI0.0", Err: os.ErrNotExist}, port.Unplugged, "the board's settings")
	m.file("/usr/bin/raspi-config", "")
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	has(t, h, find.Case{Scheme: "tcp", Path: "192.168.1.50:9100", Err: refused}, port.Offline, "ping 192.168.1.50")
	has(t, h, find.Case{Scheme: "tcp", Path: "[fe80::1%eth0]:9100", Err: refused}, port.Offline, "ping fe80::1%eth0")
	has(t, h, find.Case{Scheme: "serial", Path: "/dev/ttyS0", Err: pos.Errorf(port.WrongSpeed, "", "x")}, port.WrongSpeed, "?baud=")
	has(t, h, find.Case{Scheme: "st7789+spi", Path: "SPI0.0", Err: os.ErrNotExist}, port.Unplugged, "do_spi 0")
	has(t, h, find.Case{Scheme: "pn532+i2c", Path: "I2C1", Err: os.ErrNotExist}, port.Unplugged, "do_i2c 0")
	has(t, h, find.Case{Scheme: "lp", Path: "/dev/usb/lp0", Err: pos.Errorf(port.PaperOut, "", "no paper")}, port.PaperOut, "no paper")
	if code, detail := said(h.Why(t.Context(), find.Case{Scheme: "lp"}), nil); code != "" || detail != "" {
		t.Errorf("nothing is wrong: %s %s", code, detail)
	}
}
