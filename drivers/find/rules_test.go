package find

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"tillkeeper/store/storetest"
)

const systemFiles = "../../assets/system/"

func readRule(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(systemFiles + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestEveryKnownDeviceHasItsRule compares the table with the udev rules, in
// both directions. Card readers have pcscd between them and the till.
func TestEveryKnownDeviceHasItsRule(t *testing.T) {
	ruled := map[string]string{}
	line := regexp.MustCompile(`(?m)^ATTRS\{idVendor\}=="(\w+)", (?:ATTRS\{idProduct\}=="([\w|]+)", )?ENV\{TILLKEEPER\}="(\w+)"$`)
	for _, m := range line.FindAllStringSubmatch(readRule(t, "70-tillkeeper.rules"), -1) {
		for pid := range strings.SplitSeq(m[2], "|") {
			ruled[m[1]+":"+pid] = m[3]
		}
	}
	for _, k := range table {
		id := k.vid + ":" + k.pid
		if k.kind != "reader" && ruled[id] != k.kind {
			t.Errorf("%s is a %s, the rules make it %q", id, k.kind, ruled[id])
		}
		delete(ruled, id)
	}
	for id := range ruled {
		t.Errorf("the rules know %s, the table does not", id)
	}
}

// TestTableIsThatOfUSBIds compares the makers with systemd's list.
func TestTableIsThatOfUSBIds(t *testing.T) {
	list, err := os.ReadFile("/usr/lib/udev/hwdb.d/20-usb-vendor-model.hwdb")
	if err != nil {
		t.Fatalf("install the Debian package udev: %v", err)
	}
	unlisted := map[string]bool{"6868": true, "20d1": true} // makers without a number of their own
	for _, k := range table {
		if is := strings.Contains(string(list), "usb:v"+strings.ToUpper(k.vid)+"*\n"); is == unlisted[k.vid] {
			t.Errorf("maker %s is in the list: %v", k.vid, is)
		}
	}
}

// privatePolkit runs Debian's polkitd over a bus of its own, in namespaces that hide it from the machine, with our rule, the
// actions of pcscd as pcsc-lite ships them (who sits at the machine may, nobody else) and one that is none of ours, and asks
// it about a process of each user. daemon is in our group. pkcheck ends with 0 for yes, with 1 for no.
const privatePolkit = `
umask 022
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs run /run && mkdir /run/dbus
mount -t tmpfs actions /usr/share/polkit-1/actions
mount -t tmpfs rules /etc/polkit-1/rules.d
cp "$1" /etc/polkit-1/rules.d/
{ cat /etc/group; echo tillkeeper:x:54321:daemon; } >/run/group && mount --bind /run/group /etc/group
{
	echo '<?xml version="1.0" encoding="UTF-8"?>'
	echo '<!DOCTYPE policyconfig PUBLIC "-//freedesktop//DTD PolicyKit Policy Configuration 1.0//EN" "http://www.freedesktop.org/standards/PolicyKit/1.0/policyconfig.dtd">'
	echo '<policyconfig>'
	for action in org.debian.pcsc-lite.access_pcsc org.debian.pcsc-lite.access_card org.freedesktop.login1.reboot; do
		echo "<action id=\"$action\"><description>x</description><message>x</message>"
		echo '<defaults><allow_any>no</allow_any><allow_inactive>no</allow_inactive><allow_active>yes</allow_active></defaults></action>'
	done
	echo '</policyconfig>'
} >/usr/share/polkit-1/actions/till.policy
dbus-daemon --system --fork --nopidfile
/usr/lib/polkit-1/polkitd --no-debug >/dev/null 2>&1 &
for user in daemon nobody; do
	setpriv --reuid "$user" --regid nogroup --init-groups sleep 300 &
	asked=$!
	for try in $(seq 200); do
		[ "$(stat -c %U /proc/$asked)" != "$user" ] || break
		sleep 0.02
	done
	for action in org.debian.pcsc-lite.access_pcsc org.debian.pcsc-lite.access_card org.freedesktop.login1.reboot; do
		said=9
		for try in $(seq 200); do
			pkcheck --action-id "$action" --process "$asked" 2>/run/why && said=0 || said=$?
			[ "$said" -gt 1 ] || break
			sleep 0.05
		done
		echo "$user $action $said"
		[ "$said" -le 1 ] || cat /run/why
	done
done
`

// TestPolkitRuleLetsTheTillInAndNobodyElse: by the word of polkitd itself, which without our rule lets nobody in.
func TestPolkitRuleLetsTheTillInAndNobodyElse(t *testing.T) {
	for _, program := range []string{"dbus-daemon", "/usr/lib/polkit-1/polkitd", "pkcheck", "setpriv"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("install the Debian packages polkitd, dbus and util-linux: %v", err)
		}
	}
	ours, err := filepath.Abs(systemFiles + "50-tillkeeper.rules")
	if err != nil {
		t.Fatal(err)
	}
	none := filepath.Join(t.TempDir(), "none.rules")
	put(t, none, "")
	for rule, lets := range map[string]string{ours: "0", none: "1"} {
		cmd := exec.Command("sh", "-ec", privatePolkit, "sh", rule)
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID, Unshareflags: syscall.CLONE_NEWNS} // with the shell everything in them ends
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		storetest.Forbidden(t, cmd.Start())
		if err := cmd.Wait(); err != nil {
			t.Fatalf("polkit does not come up: %v: %s", err, out.String())
		}
		for _, want := range []string{
			"daemon org.debian.pcsc-lite.access_pcsc " + lets, "daemon org.debian.pcsc-lite.access_card " + lets, "daemon org.freedesktop.login1.reboot 1",
			"nobody org.debian.pcsc-lite.access_pcsc 1", "nobody org.debian.pcsc-lite.access_card 1", "nobody org.freedesktop.login1.reboot 1",
		} {
			if !strings.Contains(out.String(), want+"\n") {
				t.Errorf("%s: no %q in\n%s", filepath.Base(rule), want, out.String())
			}
		}
	}
}

// privateUdevadm asks Debian's udevadm what it would do with a device of a
// machine that is a directory tree, in a mount namespace of its own: with the
// tree as /sys, our rules and those of the system, and our group. udevadm makes
// the links of /dev, so it has a /dev of its own too.
const privateUdevadm = `
mount --make-rprivate /
mount --bind "$1/etc/udev" /etc/udev
mount --bind "$1/etc/group" /etc/group
mount -t tmpfs run /run && mkdir /run/udev
mount --bind "$1/sys" /sys
mkdir -p "$1/dev"
mount -t tmpfs dev "$1/dev"
touch "$1/dev/null" "$1/dev/urandom"
mount --bind /dev/null "$1/dev/null" && mount --bind /dev/urandom "$1/dev/urandom"
mount --move "$1/dev" /dev
exec udevadm test --action=add "$2"
`

func udevadm(t *testing.T, root, device string) string {
	t.Helper()
	if _, err := exec.LookPath("udevadm"); err != nil {
		t.Fatalf("install the Debian package udev: %v", err)
	}
	cmd := exec.Command("sh", "-ec", privateUdevadm, "sh", root, device)
	cmd.Env = append(os.Environ(), "SYSTEMD_DEVICE_VERIFY_SYSFS=0", "SYSTEMD_LOG_LEVEL=debug")
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	storetest.Forbidden(t, cmd.Start())
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	return out.String()
}

// put makes a file of a tree.
func put(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// kobject makes a directory of /sys as the kernel does: subsystem and uevent.
func kobject(t *testing.T, root, path, subsystem, uevent string, attributes ...string) {
	t.Helper()
	dir := filepath.Join(root, path)
	put(t, dir+"/uevent", uevent)
	for _, a := range attributes {
		name, value, _ := strings.Cut(a, "=")
		put(t, dir+"/"+name, value+"\n")
	}
	class := filepath.Join(root, "/sys/class/"+subsystem)
	if subsystem == "usb" || subsystem == "hid" {
		class = filepath.Join(root, "/sys/bus/"+subsystem)
	}
	if err := os.MkdirAll(class, 0o755); err != nil {
		t.Fatal(err)
	}
	to, err := filepath.Rel(dir, class)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(to, dir+"/subsystem"); err != nil {
		t.Fatal(err)
	}
}

// others are the lines by which the packages ipp-usb and system-config-printer
// of Debian begin with a printer.
const (
	ippUSB = `ACTION=="add", SUBSYSTEM=="usb", ENV{DEVTYPE}=="usb_device", ENV{ID_USB_INTERFACES}=="*:070104:*", OWNER="root", GROUP="lp", ` +
		`MODE="0664", TAG+="systemd", ENV{SYSTEMD_WANTS}+="ipp-usb.service"`
	configPrinter = `ACTION=="add", SUBSYSTEM=="usb", ATTR{bInterfaceClass}=="07", TAG+="systemd", ENV{SYSTEMD_WANTS}="configure-printer@usb-$env{BUSNUM}-$env{DEVNUM}.service"
ACTION=="add", SUBSYSTEM=="usb", ENV{DEVTYPE}=="usb_device", ENV{ID_USB_INTERFACES}=="*:0701*:*", TAG+="systemd", ENV{SYSTEMD_WANTS}="configure-printer@usb-$env{BUSNUM}-$env{DEVNUM}.service"`
)

// tills is a machine with a hub, a printer of the table, one that is not in it,
// a scanner, an adapter and a panel's bus.
func tills(t *testing.T) (root string) {
	root = t.TempDir()
	const hub = "/sys/devices/pci0000:00/0000:00:14.0/usb1"
	kobject(t, root, "/sys/devices/pci0000:00/0000:00:14.0", "pci", "PCI_SLOT_NAME=0000:00:14.0\n")
	kobject(t, root, hub, "usb", "DEVTYPE=usb_device\n", "idVendor=1d6b", "idProduct=0002", "serial=0000:00:14.0", "bDeviceClass=09")
	device := func(port, vid, pid, serial, class string) string {
		dev := hub + "/" + port
		kobject(t, root, dev, "usb", "DEVTYPE=usb_device\nDEVNAME=bus/usb/001/005\nMAJOR=189\nMINOR=4\nPRODUCT="+vid+"/"+pid+"/100\nBUSNUM=001\nDEVNUM=005\n",
			"idVendor="+vid, "idProduct="+pid, "bDeviceClass=00", "bNumInterfaces=1", "busnum=1", "devnum=5",
			"descriptors=\x12\x01\x00\x02\x00\x00\x00\x40\x16\x04\x11\x50\x00\x01\x00\x00\x00\x01\x09\x04\x00\x00\x02\x07\x01\x04\x00")
		if serial != "" {
			put(t, root+dev+"/serial", serial+"\n")
		}
		iface := dev + "/" + port + ":1.0"
		kobject(t, root, iface, "usb", "DEVTYPE=usb_interface\n", "bInterfaceClass="+class, "bInterfaceNumber=00")
		return iface
	}
	for _, p := range [][4]string{{"1-1", "0416", "5011", "SN 1"}, {"1-2", "0416", "5011", ""}, {"1-3", "03f0", "1234", "HP1"}} {
		lp := "lp" + p[0][2:]
		kobject(t, root, device(p[0], p[1], p[2], p[3], "07")+"/usbmisc/"+lp, "usbmisc", "MAJOR=180\nMINOR=0\nDEVNAME=usb/"+lp+"\n")
	}
	for _, p := range [][4]string{{"1-4", "0c2e", "0b61", "17032B"}, {"1-5", "046d", "c31c", ""}} {
		in := device(p[0], p[1], p[2], p[3], "03") + "/input/input" + p[0][2:]
		kobject(t, root, in, "input", "PRODUCT=3/"+p[1]+"/"+p[2]+"/110\nKEY=1000000000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe\nEV=120013\n",
			"capabilities/ev=120013", "capabilities/key=1000000000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe",
			"capabilities/abs=0", "capabilities/rel=0", "properties=0", "name=x")
		kobject(t, root, in+"/event"+p[0][2:], "input", "MAJOR=13\nMINOR=64\nDEVNAME=input/event"+p[0][2:]+"\n")
	}
	kobject(t, root, device("1-6", "1a86", "7523", "", "ff")+"/ttyUSB0/tty/ttyUSB0", "tty", "MAJOR=188\nMINOR=0\nDEVNAME=ttyUSB0\n")
	kobject(t, root, "/sys/devices/platform/spi/spidev0.0", "spidev", "MAJOR=153\nMINOR=0\nDEVNAME=spidev0.0\n")
	put(t, root+"/etc/udev/udev.conf", "")
	put(t, root+"/etc/udev/rules.d/70-tillkeeper.rules", readRule(t, "70-tillkeeper.rules"))
	put(t, root+"/etc/udev/rules.d/70-printers.rules", configPrinter)
	put(t, root+"/etc/udev/rules.d/71-ipp-usb.rules", ippUSB)
	groups, err := os.ReadFile("/etc/group")
	if err != nil {
		t.Fatal(err)
	}
	put(t, root+"/etc/group", string(groups)+"tillkeeper:x:54321:\n")
	return root
}

// TestUdevObeysTheRules has the udevadm of Debian apply them.
func TestUdevObeysTheRules(t *testing.T) {
	root := tills(t)
	const hub = "/sys/devices/pci0000:00/0000:00:14.0/usb1/"
	for name, c := range map[string]struct {
		device    string
		has, lack []string
	}{
		"printer":           {hub + "1-1/1-1:1.0/usbmisc/lp1", []string{"GROUP 54321", "MODE 0660", "tillkeeper/lp-0416-SN_1", "uaccess"}, nil},
		"without a number":  {hub + "1-2/1-2:1.0/usbmisc/lp2", []string{"GROUP 54321", "tillkeeper/lp-pci-0000:00:14.0-usb-0:2:1.0"}, []string{"1d6b"}},
		"office printer":    {hub + "1-3/1-3:1.0/usbmisc/lp3", []string{"tillkeeper/lp-03f0-HP1"}, []string{"GROUP 54321"}},
		"CUPS stays away":   {hub + "1-1", []string{"ID_MM_DEVICE_IGNORE=1", "TILLKEEPER=printer"}, []string{"SYSTEMD_WANTS=configure", "SYSTEMD_WANTS=ipp", "SYSTEMD_WANTS=printer"}},
		"or its interface":  {hub + "1-1/1-1:1.0", nil, []string{"SYSTEMD_WANTS=configure"}},
		"but has the other": {hub + "1-3", []string{"SYSTEMD_WANTS=configure-printer@usb-001-005.service ipp-usb.service"}, []string{"TILLKEEPER"}},
		"scanner":           {hub + "1-4/1-4:1.0/input/input4/event4", []string{"GROUP 54321", "MODE 0660", "tillkeeper/scanner-0c2e-17032B"}, nil},
		"keyboard":          {hub + "1-5/1-5:1.0/input/input5/event5", nil, []string{"GROUP 54321", "tillkeeper"}},
		"adapter":           {hub + "1-6/1-6:1.0/ttyUSB0/tty/ttyUSB0", []string{"ID_MM_PORT_IGNORE=1"}, []string{"GROUP 54321"}},
		"spi":               {"/sys/devices/platform/spi/spidev0.0", []string{"GROUP 54321", "MODE 0660"}, nil},
	} {
		all := udevadm(t, root, c.device)
		for line := range strings.SplitSeq(all, "\n") {
			if strings.Contains(line, "70-tillkeeper.rules:") && !strings.Contains(line, "Importing") &&
				regexp.MustCompile(`(?i)invalid|unknown|fail|ignor(ing|ed)|not `).MatchString(line) {
				t.Errorf("%s: %s", name, line)
			}
		}
		for _, w := range c.has {
			if !strings.Contains(all, w) {
				t.Errorf("%s: no %q", name, w)
			}
		}
		// What udev only reads of the rules is not what it makes of the device.
		result := all[strings.LastIndex(all, "Reading rules file"):]
		for _, w := range c.lack {
			if strings.Contains(strings.ReplaceAll(result, "70-tillkeeper.rules", ""), w) {
				t.Errorf("%s: %q", name, w)
			}
		}
		if t.Failed() {
			t.Log(all)
			return
		}
	}
}
