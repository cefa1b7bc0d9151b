package find

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"tillkeeper/drivers/port"
)

// Case is a failure to be explained.
type Case struct {
	Scheme   string // of the device's URL: lp serial cas evdev pcsc tcp pn532+serial st7789+spi ...
	Path     string // what the URL names: /dev/usb/lp0, SPI0.0, host:9100; of pcsc: the socket, "" for the usual one
	Identity string // what was there when it worked, "" if that is not known
	Err      error  // what the driver said
}

// The ways to permit what is not permitted, as a person types them.
const (
	ruleUdev   = "install the rule that the till brings: sudo cp 70-tillkeeper.rules /etc/udev/rules.d/ && sudo udevadm control --reload && sudo udevadm trigger"
	rulePolkit = "sudo cp 50-tillkeeper.rules /etc/polkit-1/rules.d/"
	group      = "tillkeeper" // of our rules
)

// Why finds the cause behind a failure: the reason of the closed list, better
// than the error alone tells it, and one English sentence or two that name what
// was found and the command that mends it. It looks and changes nothing; the
// end of ctx ends the search with what is known by then.
func (h *Host) Why(ctx context.Context, c Case) (code, detail string) {
	code = port.Reason(c.Err)
	class := classOf(c.Scheme)
	switch {
	case c.Err == nil:
		return "", ""
	case c.Scheme == "pcsc":
		return h.whyPCSC(ctx, code, c)
	case code == port.BusyElsewhere:
		return code, h.whoHas(ctx, c.Path)
	case code == port.NoPermission:
		return code, h.whyForbidden(c.Path)
	case code == port.Unplugged && (strings.HasSuffix(c.Scheme, "+spi") || strings.HasSuffix(c.Scheme, "+i2c")):
		return code, whyNoBus(c.Scheme, c.Path)
	case code == port.Unplugged && class != "":
		return h.whyAbsent(ctx, class, c)
	case code == port.WrongSpeed:
		return code, fmt.Sprintf("%s speaks at another speed: read it from the device's own self-test and write it behind the URL, ?baud=115200", c.Path)
	case code == port.Offline && class == Serial:
		return h.whySilent(ctx, c)
	case code == port.Offline && c.Scheme == "tcp":
		host, _, _ := strings.Cut(c.Path, ":")
		return code, fmt.Sprintf("nothing answers at %s: is it switched on and in this network? ping %s", c.Path, host)
	}
	return code, c.Err.Error()
}

// classOf gives the class of what a URL's path names, "" where it has none.
func classOf(scheme string) string {
	switch {
	case scheme == "lp", scheme == "evdev":
		return scheme
	case scheme == "serial", scheme == "cas", strings.HasSuffix(scheme, "+serial"):
		return Serial
	}
	return ""
}

// whoHas names the program that holds a device and how to end it.
func (h *Host) whoHas(ctx context.Context, path string) string {
	holders, hidden := h.Holders(ctx, path)
	if d, ok := h.at(path); ok && d.dev.bus != "" {
		more, unseen := h.Holders(ctx, d.dev.node())
		holders, hidden = append(holders, more...), hidden || unseen
	}
	return describe(path, holders, hidden)
}

func describe(path string, holders []Holder, hidden bool) string {
	var own []Holder
	for _, p := range holders {
		if p.PID != os.Getpid() {
			return fmt.Sprintf("%s is held by %s (process %d): %s", path, p.Name, p.PID, p.remedy())
		}
		own = append(own, p)
	}
	switch {
	case len(own) > 0:
		return fmt.Sprintf("the till itself has %s open for another of its devices: give each device a line of its own", path)
	case hidden:
		return fmt.Sprintf("%s is held by a program of another user: sudo fuser -v %s tells which", path, path)
	}
	return fmt.Sprintf("%s was busy; nobody holds it now", path)
}

// node is the place of a USB device for programs that go past the kernel's
// drivers, as those of CUPS and ipp-usb do.
func (u usb) node() string {
	bus, _ := strconv.Atoi(u.bus)
	number, _ := strconv.Atoi(u.number)
	return fmt.Sprintf("/dev/bus/usb/%03d/%03d", bus, number)
}

// whyForbidden says which group may use a file and how to join it.
func (h *Host) whyForbidden(path string) string {
	info, err := os.Stat(h.real(path))
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Sprintf("user %s may not even look into %s: %s", userName(), filepath.Dir(path), ruleUdev)
	}
	if err != nil {
		return fmt.Sprintf("user %s may not use %s: %v", userName(), path, err)
	}
	stat := info.Sys().(*syscall.Stat_t)
	name := groupName(stat.Gid)
	switch {
	case info.Mode().Perm()&0o060 != 0o060:
		return fmt.Sprintf("%s belongs to group %s, which may not use it itself: %s, then: sudo usermod -aG %s %s", path, name, ruleUdev, group, userName())
	case inProcess(stat.Gid):
		return fmt.Sprintf("user %s is in group %s and may still not use %s: a sandbox (snap, flatpak, AppArmor, a systemd unit's DevicePolicy) forbids it", userName(), name, path)
	case inDatabase(stat.Gid):
		return fmt.Sprintf("user %s is in group %s, but since after this session began: sign out and in again", userName(), name)
	}
	return fmt.Sprintf("%s belongs to group %s and user %s is not in it: sudo usermod -aG %s %s, then sign out and in again", path, name, userName(), name, userName())
}

func userName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return strconv.Itoa(os.Getuid())
}

func groupName(gid uint32) string {
	if g, err := user.LookupGroupId(strconv.FormatUint(uint64(gid), 10)); err == nil {
		return g.Name
	}
	return strconv.FormatUint(uint64(gid), 10)
}

// inProcess says whether this process has a group.
func inProcess(gid uint32) bool {
	all, _ := os.Getgroups()
	return slices.Contains(all, int(gid)) || os.Getegid() == int(gid)
}

// inDatabase says whether the user was put into a group, this session or later.
func inDatabase(gid uint32) bool {
	u, err := user.Current()
	if err != nil {
		return false
	}
	all, _ := u.GroupIds()
	return slices.Contains(all, strconv.FormatUint(uint64(gid), 10))
}

// whyNoBus tells how a bus is switched on.
func whyNoBus(scheme, path string) string {
	if strings.HasSuffix(scheme, "+spi") {
		return fmt.Sprintf("the board has no %s: sudo raspi-config nonint do_spi 0, or dtparam=spi=on in config.txt, then restart", path)
	}
	return fmt.Sprintf("the board has no %s: sudo raspi-config nonint do_i2c 0 && sudo modprobe i2c-dev", path)
}

// whyAbsent tells a device that is elsewhere or taken from one that is not
// plugged in.
func (h *Host) whyAbsent(ctx context.Context, class string, c Case) (code, detail string) {
	if now, err := h.Resolve(class, c.Identity); c.Identity != "" && err == nil && now != c.Path {
		return port.Unplugged, fmt.Sprintf("%s is at %s now, not at %s: write %s:%s", c.Identity, now, c.Path, c.Scheme, now)
	}
	if _, err := os.Stat(h.real(c.Path)); err == nil {
		return port.Unplugged, fmt.Sprintf("%s was away and is there again: it is opened again by itself", c.Path)
	}
	if class == LP {
		if code, detail := h.whyNoPrinter(ctx, c.Path); detail != "" {
			return code, detail
		}
	}
	var there []string
	for _, p := range h.places(class) {
		if class != Evdev || p.isScanner() {
			there = append(there, fmt.Sprintf("%s:%s (%s)", c.Scheme, p.path, p.label))
		}
	}
	if len(there) == 0 {
		return port.Unplugged, fmt.Sprintf("%s is not there, and nothing like it is plugged in: look at cable and power", c.Path)
	}
	return port.Unplugged, fmt.Sprintf("%s is not there; plugged in is %s", c.Path, strings.Join(there, ", "))
}

// whyNoPrinter looks for a USB printer that has no place in /dev/usb, because
// another program or no driver has it.
func (h *Host) whyNoPrinter(ctx context.Context, path string) (code, detail string) {
	for _, f := range h.functions(classPrinter) {
		switch f.driver {
		case "usblp":
			continue
		case "":
			return port.Unplugged, fmt.Sprintf("the printer %s is plugged in, but the kernel's driver has not taken it: sudo modprobe usblp", f.dev.label())
		}
		holders, _ := h.Holders(ctx, f.dev.node())
		for _, p := range holders {
			return port.BusyElsewhere, fmt.Sprintf("the printer %s was taken from the kernel's driver by %s (process %d), so that there is no %s: %s",
				f.dev.label(), p.Name, p.PID, path, p.remedy())
		}
		return port.BusyElsewhere, fmt.Sprintf("the printer %s was taken from the kernel's driver by CUPS or ipp-usb (%s), so that there is no %s: "+
			"sudo systemctl disable --now ipp-usb cups cups-browsed, then plug it in again", f.dev.label(), f.driver, path)
	}
	return "", ""
}

// whySilent tells a line that another program reads from one whose far end says
// nothing: a tty has no owner, and two readers steal each other's bytes.
func (h *Host) whySilent(ctx context.Context, c Case) (code, detail string) {
	holders, _ := h.Holders(ctx, c.Path)
	for _, p := range holders {
		if p.PID != os.Getpid() {
			return port.BusyElsewhere, describe(c.Path, holders, false)
		}
	}
	return port.Offline, fmt.Sprintf("%s is there and nothing answers: is the device switched on, and is its speed that of the URL (?baud=)?", c.Path)
}

// whyPCSC tells what is between the till and a card reader.
func (h *Host) whyPCSC(ctx context.Context, code string, c Case) (string, string) {
	socket := c.Path
	if socket == "" {
		socket = socketPCSC
	}
	switch code {
	case port.NoPermission:
		if err := syscall.Access(h.real(socket), accessWrite); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return code, h.whyForbidden(socket)
		}
		join := fmt.Sprintf("sudo usermod -aG %s %s, then sign out and in again", group, userName())
		if _, err := user.LookupGroup(group); err != nil {
			join = "sudo addgroup --system " + group + " && " + join
		}
		return code, "polkit does not let user " + userName() + " use pcscd: " + rulePolkit + " && " + join
	case port.DaemonDown, port.Unplugged:
		return port.DaemonDown, h.whyNoDaemon(socket)
	case port.NoReader, port.BusyElsewhere:
		return h.whyNoReader(ctx, code)
	}
	return code, c.Err.Error()
}

const accessWrite = 2 // W_OK of access(2)

func (h *Host) whyNoDaemon(socket string) string {
	installed := false
	for _, p := range []string{"/usr/sbin/pcscd", "/usr/local/sbin/pcscd"} {
		if _, err := os.Stat(h.real(p)); err == nil {
			installed = true
		}
	}
	_, err := os.Stat(h.real(socket))
	switch {
	case !installed:
		return "pcscd is not installed: sudo apt install pcscd"
	case err != nil:
		return "pcscd does not run (there is no " + socket + "): sudo systemctl enable --now pcscd.socket"
	}
	return "nobody listens at " + socket + ": sudo systemctl restart pcscd.socket"
}

// whyNoReader looks for a card reader that pcscd does not have because
// something else has it.
func (h *Host) whyNoReader(ctx context.Context, code string) (string, string) {
	plugged := h.functions(classSmartCard)
	for _, f := range plugged {
		holders, _ := h.Holders(ctx, f.dev.node())
		for _, p := range holders {
			if p.Name != "pcscd" {
				return port.BusyElsewhere, fmt.Sprintf("the card reader %s is held by %s (process %d): %s", f.dev.label(), p.Name, p.PID, p.remedy())
			}
		}
		if f.driver != "" && f.driver != "usbfs" {
			return port.BusyElsewhere, fmt.Sprintf("the kernel's driver %s has the card reader %s: echo blacklist %s | sudo tee /etc/modprobe.d/tillkeeper.conf && sudo modprobe -r %s",
				f.driver, f.dev.label(), f.driver, f.driver)
		}
	}
	if len(plugged) > 0 {
		return code, fmt.Sprintf("the card reader %s is plugged in and pcscd does not have it: sudo apt install libccid && sudo systemctl restart pcscd", plugged[0].dev.label())
	}
	if code == port.BusyElsewhere {
		return code, "another program has the card reader for itself (gpg does that): gpgconf --kill scdaemon"
	}
	return code, "pcscd runs and no card reader is plugged in"
}
