package find

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/port"
)

// Case is a failure to be explained.
type Case struct {
	Scheme   string   // of the device's URL: lp serial cas evdev pcsc tcp pn532+serial st7789+spi ...
	Path     string   // what the URL names: /dev/usb/lp0, SPI0.0, host:9100; of pcsc: the socket, "" for the usual one
	Identity string   // what was there when it worked, "" if that is not known
	Others   []string // identities of the till's other devices
	Err      error    // what the driver said
}

// The ways to permit what is not permitted, as a person types them.
const (
	ruleUdev   = "sudo cp 70-tillkeeper.rules /etc/udev/rules.d/ && sudo udevadm control --reload && sudo udevadm trigger"
	rulePolkit = "sudo cp 50-tillkeeper.rules /etc/polkit-1/rules.d/"
	group      = "tillkeeper" // of our rules
)

// Cause is what is behind a failure.
type Cause struct {
	Code  string     // reason of the closed list, better than the error alone tells it; "" where nothing is wrong
	Found pos.Remark // what was found; without a code where nothing better than the error is known
	Mend  pos.Remark // the command or the hand that mends it; without a code for none
}

// Condition puts the cause behind a condition, in the place of what the driver
// said.
func (w Cause) Condition(c pos.Condition) pos.Condition {
	c.Code = w.Code
	if w.Found.Code == "" {
		return c
	}
	c.Detail, c.Remedy = "", ""
	c.Found, c.Mend = []pos.Remark{w.Found}, nil
	if w.Mend.Code != "" {
		c.Mend = []pos.Remark{w.Mend}
	}
	return c
}

// run is a command that mends.
func run(format string, args ...any) pos.Remark { return pos.Say("run", fmt.Sprintf(format, args...)) }

// Why finds the cause behind a failure. It looks and changes nothing; the end of
// ctx ends the search with what is known by then.
func (h *Host) Why(ctx context.Context, c Case) Cause {
	code := port.Reason(c.Err)
	class := ClassOf(c.Scheme)
	switch {
	case c.Err == nil:
		return Cause{}
	case c.Scheme == "pcsc":
		return h.whyPCSC(ctx, code, c)
	case code == port.BusyElsewhere:
		return h.whoHas(ctx, c.Path)
	case code == port.NoPermission:
		return h.whyForbidden(h.nodeOf(c.Scheme, c.Path))
	case code == port.Unplugged && (strings.HasSuffix(c.Scheme, "+spi") || strings.HasSuffix(c.Scheme, "+i2c")):
		return h.whyNoBus(c.Scheme, c.Path)
	case code == port.Unplugged && class != "":
		return h.whyAbsent(ctx, class, c)
	case code == port.WrongSpeed:
		return Cause{code, pos.Say("other_speed", c.Path), pos.Say("speed_in_url")}
	case code == port.Offline && class == Serial:
		return h.whySilent(ctx, c)
	case code == port.Offline && c.Scheme == "tcp":
		host := c.Path
		if name, _, err := net.SplitHostPort(c.Path); err == nil { // of IPv6 without its brackets
			host = name
		}
		return Cause{code, pos.Say("net_silent", c.Path), pos.Say("power_net", host)}
	}
	return Cause{Code: code}
}

// ClassOf gives the class of what a URL's path names by the URL's scheme, ""
// where it has none.
func ClassOf(scheme string) string {
	switch {
	case scheme == "lp", scheme == "evdev":
		return scheme
	case scheme == "serial", scheme == "cas", strings.HasSuffix(scheme, "+serial"):
		return Serial
	}
	return ""
}

// whoHas names the program that holds a device and how to end it.
func (h *Host) whoHas(ctx context.Context, path string) Cause {
	holders, hidden := h.Holders(ctx, path)
	if d, ok := h.at(path); ok && d.dev.bus != "" {
		more, unseen := h.Holders(ctx, d.dev.node())
		holders, hidden = append(holders, more...), hidden || unseen
	}
	return describe(path, holders, hidden)
}

func describe(path string, holders []Holder, hidden bool) Cause {
	var own []Holder
	for _, p := range holders {
		if p.PID != os.Getpid() {
			return Cause{port.BusyElsewhere, pos.Say("held_by", path, p.Name, strconv.Itoa(p.PID)), p.remedy()}
		}
		own = append(own, p)
	}
	switch {
	case len(own) > 0:
		return Cause{port.BusyElsewhere, pos.Say("held_here", path), pos.Say("own_lines")}
	case hidden:
		return Cause{port.BusyElsewhere, pos.Say("held_hidden", path), pos.Say("find_holder", path)}
	}
	return Cause{Code: port.BusyElsewhere, Found: pos.Say("was_busy", path)}
}

// node is the place of a USB device for programs that go past the kernel's
// drivers, as those of CUPS and ipp-usb do.
func (u usb) node() string {
	bus, _ := strconv.Atoi(u.bus)
	number, _ := strconv.Atoi(u.number)
	return fmt.Sprintf("/dev/bus/usb/%03d/%03d", bus, number)
}

// whyForbidden says which group may use a file and how to join it.
func (h *Host) whyForbidden(path string) Cause {
	forbidden := func(found, mend pos.Remark) Cause { return Cause{port.NoPermission, found, mend} }
	info, err := os.Stat(h.real(path))
	if errors.Is(err, fs.ErrPermission) {
		return forbidden(pos.Say("may_not_enter", userName(), filepath.Dir(path)), pos.Say("udev_rule", ruleUdev))
	}
	if err != nil {
		return forbidden(pos.Say("may_not_use", userName(), path), pos.Remark{})
	}
	stat := info.Sys().(*syscall.Stat_t)
	name := groupName(stat.Gid)
	switch {
	case strings.HasPrefix(path, "/dev/i2c-") && info.Mode().Perm()&0o060 != 0o060: // Debian's own rule and group come with the tools
		return forbidden(pos.Say("group_may_not", path, name), pos.Say("run_sign_in", "sudo apt-get install i2c-tools && sudo usermod -aG i2c "+userName()))
	case info.Mode().Perm()&0o060 != 0o060:
		return forbidden(pos.Say("group_may_not", path, name), h.ourRule(path))
	case inProcess(stat.Gid):
		return forbidden(pos.Say("sandbox", userName(), name, path), pos.Remark{})
	case inDatabase(stat.Gid):
		return forbidden(pos.Say("group_later", userName(), name), pos.Say("sign_in_again"))
	case name == "input": // that would give away the keys of every keyboard
		return forbidden(pos.Say("not_in_group", path, name, userName()), h.ourRule(path))
	}
	return forbidden(pos.Say("not_in_group", path, name, userName()), pos.Say("run_sign_in", fmt.Sprintf("sudo usermod -aG %s %s", name, userName())))
}

// nodeOf gives the file behind what a URL names: that of a bus of the board, or
// where the bus may be used the first file of its pins that may not.
func (h *Host) nodeOf(scheme, path string) string {
	node := path
	if n, ok := strings.CutPrefix(path, "SPI"); ok && strings.HasSuffix(scheme, "+spi") {
		node = "/dev/spidev" + n
	}
	if n, ok := strings.CutPrefix(path, "I2C"); ok && strings.HasSuffix(scheme, "+i2c") {
		node = "/dev/i2c-" + n
	}
	if node == path || syscall.Access(h.real(node), accessRead|accessWrite) != nil {
		return node
	}
	for _, pins := range []string{"/dev/gpiomem", "/dev/gpiochip0"} {
		if err := syscall.Access(h.real(pins), accessRead|accessWrite); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return pins
		}
	}
	return node
}

// ourRule is the remedy that the till brings: its rule where it is not installed
// yet, and otherwise the line that the rule lacks for a device that it does not
// know; and the group.
func (h *Host) ourRule(path string) pos.Remark {
	const file = "/etc/udev/rules.d/70-tillkeeper.rules"
	p, known := h.at(path)
	if _, err := os.Stat(h.real(file)); err != nil || !known || p.dev.vid == "" {
		return pos.Say("udev_group", ruleUdev, joinOurs())
	}
	kind := map[string]string{LP: "printer", Evdev: "scanner", Serial: "adapter"}[p.class]
	line := fmt.Sprintf(`ATTRS{idVendor}=="%s", ATTRS{idProduct}=="%s", ENV{TILLKEEPER}="%s"`, p.dev.vid, p.dev.pid, kind)
	return pos.Say("udev_line", line, file, "sudo udevadm control --reload && sudo udevadm trigger", joinOurs())
}

// joinOurs makes the group of our rules where there is none yet, and puts the
// user into it.
func joinOurs() string {
	join := fmt.Sprintf("sudo usermod -aG %s %s", group, userName())
	if _, err := user.LookupGroup(group); err != nil {
		return "sudo addgroup --system " + group + " && " + join
	}
	return join
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
func (h *Host) whyNoBus(scheme, path string) Cause {
	mend := pos.Say("bus_on")
	switch {
	case !h.has("/usr/bin/raspi-config"):
	case strings.HasSuffix(scheme, "+spi"):
		mend = pos.Say("spi_on", "sudo raspi-config nonint do_spi 0", "dtparam=spi=on")
	default:
		mend = run("sudo raspi-config nonint do_i2c 0 && sudo modprobe i2c-dev")
	}
	return Cause{port.Unplugged, pos.Say("no_bus", path), mend}
}

// whyAbsent tells a device that is elsewhere or taken from one that is not
// plugged in.
func (h *Host) whyAbsent(ctx context.Context, class string, c Case) Cause {
	absent := func(found, mend pos.Remark) Cause { return Cause{port.Unplugged, found, mend} }
	now, _, err := h.Locate(class, c.Path, c.Identity, c.Others...)
	switch _, gone := os.Stat(h.real(c.Path)); {
	case err == nil && now != c.Path:
		return absent(pos.Say("moved", c.Identity, now, c.Path), pos.Say("opens_there"))
	case errors.Is(err, ErrAnother):
		return absent(h.whyAnother(c.Path, c.Identity), pos.Say("choose_again"))
	case errors.Is(err, ErrAmbiguous):
		return absent(pos.Say("one_of_several", c.Path, c.Identity), pos.Say("choose_again"))
	case gone == nil:
		return absent(pos.Say("back_again", c.Path), pos.Say("opens_again"))
	}
	if class == LP {
		if cause := h.whyNoPrinter(ctx, c.Path); cause.Code != "" {
			return cause
		}
	}
	var there []string
	for _, p := range h.places(class) {
		if class != Evdev || p.isScanner() {
			there = append(there, fmt.Sprintf("%s:%s (%s)", c.Scheme, p.path, p.label))
		}
	}
	if len(there) == 0 {
		return absent(pos.Say("absent", c.Path), pos.Remark{})
	}
	return absent(pos.Say("absent_others", c.Path, strings.Join(there, ", ")), pos.Remark{})
}

// whyAnother names the device that has the place of another one.
func (h *Host) whyAnother(path, identity string) pos.Remark {
	if p, ok := h.at(path); ok && p.dev.vid != "" {
		return pos.Say("another_here", path, p.label+" "+p.dev.identity(), identity)
	}
	return pos.Say("stranger_here", path, identity)
}

// whyNoPrinter looks for a USB printer that has no place in /dev/usb, because
// another program or no driver has it.
func (h *Host) whyNoPrinter(ctx context.Context, path string) Cause {
	for _, f := range h.functions(classPrinter) {
		switch f.driver {
		case "usblp":
			continue
		case "":
			return Cause{port.Unplugged, pos.Say("printer_no_driver", f.dev.label()), h.usblp(f)}
		}
		holders, _ := h.Holders(ctx, f.dev.node())
		for _, p := range holders {
			return Cause{port.BusyElsewhere, pos.Say("printer_taken_by", f.dev.label(), p.Name, strconv.Itoa(p.PID), path), p.remedy()}
		}
		return Cause{
			port.BusyElsewhere, pos.Say("printer_taken", f.dev.label(), f.driver, path),
			pos.Say("run_replug", "sudo systemctl disable --now ipp-usb cups cups-browsed"),
		}
	}
	return Cause{}
}

// usblp is how the kernel's driver is had to take a printer: one that is loaded
// does not come back by itself to what another program took from it.
func (h *Host) usblp(f function) pos.Remark {
	const bind = "/sys/bus/usb/drivers/usblp/bind"
	if h.has(bind) {
		return run("echo %s | sudo tee %s", f.name, bind)
	}
	return run("sudo modprobe usblp")
}

// whySilent tells a line that another program reads from one whose far end says
// nothing: a tty has no owner, and two readers steal each other's bytes.
func (h *Host) whySilent(ctx context.Context, c Case) Cause {
	holders, _ := h.Holders(ctx, c.Path)
	for _, p := range holders {
		if p.PID != os.Getpid() {
			return describe(c.Path, holders, false)
		}
	}
	return Cause{port.Offline, pos.Say("line_silent", c.Path), pos.Say("power_speed")}
}
