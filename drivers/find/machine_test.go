package find_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// machine is a directory tree shaped like /sys, /dev and /proc of a machine
// with Linux 6.1 (Debian 12): the same directories, attributes and relative
// links as `find /sys -path '*usb1*'` shows there, without those that nobody
// reads here. Devices are plain files in /dev.
type machine struct {
	t    *testing.T
	root string
}

const bus = "/sys/devices/pci0000:00/0000:00:14.0/usb1/"

func newMachine(t *testing.T) *machine {
	t.Helper()
	return &machine{t, t.TempDir()}
}

func (m *machine) file(path, content string) {
	m.t.Helper()
	full := filepath.Join(m.root, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(content), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

// link makes a relative link, as sysfs and udev do.
func (m *machine) link(path, to string) {
	m.t.Helper()
	full := filepath.Join(m.root, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		m.t.Fatal(err)
	}
	rel, err := filepath.Rel(filepath.Dir(path), to)
	if err != nil {
		m.t.Fatal(err)
	}
	if err := os.Symlink(rel, full); err != nil {
		m.t.Fatal(err)
	}
}

// remove takes files or directories away.
func (m *machine) remove(paths ...string) {
	m.t.Helper()
	for _, p := range paths {
		if err := os.RemoveAll(filepath.Join(m.root, p)); err != nil {
			m.t.Fatal(err)
		}
	}
}

// usb plugs a device in: its directory, and one interface of a class under a
// driver ("" for none).
func (m *machine) usb(port, ids, serial, maker, product, class, driver string) (iface string) {
	m.t.Helper()
	vid, pid, _ := strings.Cut(ids, ":")
	dev := bus + port + "/"
	for name, value := range map[string]string{
		"idVendor": vid, "idProduct": pid, "serial": serial, "manufacturer": maker, "product": product, "busnum": "1", "devnum": "5",
	} {
		if value != "" {
			m.file(dev+name, value+"\n")
		}
	}
	name := port + ":1.0"
	iface = dev + name
	m.file(iface+"/bInterfaceClass", class+"\n")
	m.link("/sys/bus/usb/devices/"+port, bus+port)
	m.link("/sys/bus/usb/devices/"+name, iface)
	if driver != "" {
		m.file("/sys/bus/usb/drivers/"+driver+"/bind", "")
		m.link(iface+"/driver", "/sys/bus/usb/drivers/"+driver)
	}
	return iface
}

// adapter plugs a USB serial adapter in.
func (m *machine) adapter(tty, port, ids, serial, maker, product, byID string) {
	m.t.Helper()
	iface := m.usb(port, ids, serial, maker, product, "ff", "ftdi_sio")
	line := iface + "/" + tty
	m.file(line+"/tty/"+tty+"/dev", "188:0\n")
	m.link(line+"/tty/"+tty+"/device", line)
	m.link("/sys/class/tty/"+tty, line+"/tty/"+tty)
	m.file("/dev/"+tty, "")
	m.link("/dev/serial/by-path/pci-0000:00:14.0-usb-0:"+port+":1.0-port0", "/dev/"+tty)
	if byID != "" {
		m.link("/dev/serial/by-id/"+byID, "/dev/"+tty)
	}
}

// printer plugs a USB printer in, under usblp.
func (m *machine) printer(lp, port, ids, serial, id1284 string) {
	m.t.Helper()
	iface := m.usb(port, ids, serial, "", "USB Printing Support", "07", "usblp")
	m.file(iface+"/ieee1284_id", id1284+"\n")
	m.file(iface+"/usbmisc/"+lp+"/dev", "180:0\n")
	m.link(iface+"/usbmisc/"+lp+"/device", iface)
	m.link("/sys/class/usbmisc/"+lp, iface+"/usbmisc/"+lp)
	m.file("/dev/usb/"+lp, "")
}

// What capabilities/key says of a keyboard and of a mouse (64 bits).
const (
	keysKeyboard = "1000000000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe"
	keysMouse    = "1f0000 0 0 0 0"
)

// input plugs a HID device in.
func (m *machine) input(event, port, ids, serial, name, keys, byID string) {
	m.t.Helper()
	vid, pid, _ := strings.Cut(ids, ":")
	iface := m.usb(port, ids, serial, "", name, "03", "usbhid")
	in := iface + "/0003:" + strings.ToUpper(ids) + ".0001/input/input7"
	m.file(in+"/name", name+"\n")
	m.file(in+"/uniq", serial+"\n")
	m.file(in+"/id/vendor", vid+"\n")
	m.file(in+"/id/product", pid+"\n")
	m.file(in+"/capabilities/key", keys+"\n")
	m.file(in+"/"+event+"/dev", "13:64\n")
	m.link(in+"/"+event+"/device", in)
	m.link("/sys/class/input/"+event, in+"/"+event)
	m.file("/dev/input/"+event, "")
	if byID != "" {
		m.link("/dev/input/by-id/"+byID, "/dev/input/"+event)
	}
}

// line adds a serial line of the board; kind is that of its chip, 0 for none.
func (m *machine) line(tty, kind string) {
	m.t.Helper()
	at := "/sys/devices/platform/serial8250/tty/" + tty
	m.file(at+"/type", kind+"\n")
	m.link(at+"/device", "/sys/devices/platform/serial8250")
	m.link("/sys/class/tty/"+tty, at)
	m.file("/dev/"+tty, "")
}

// process lets a program of the machine have files open.
func (m *machine) process(pid, name string, open ...string) {
	m.t.Helper()
	m.file("/proc/"+pid+"/comm", name+"\n")
	for i, path := range open {
		m.link("/proc/"+pid+"/fd/"+string(rune('3'+i)), path)
		// the kernel's links are absolute and name the file itself
		full := filepath.Join(m.root, "/proc/"+pid+"/fd/"+string(rune('3'+i)))
		if err := os.Remove(full); err != nil {
			m.t.Fatal(err)
		}
		if err := os.Symlink(filepath.Join(m.root, path), full); err != nil {
			m.t.Fatal(err)
		}
	}
}
