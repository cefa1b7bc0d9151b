package find

import (
	"context"
	"os"
	"path/filepath"
	"sort"
	"strconv"

	"golang.org/x/sys/unix"

	"tillkeeper/app/pos"
)

// The limits of a look at what programs have open.
const (
	maxProcesses = 8192
	maxOpen      = 4096 // files of one process
)

// Holder is a program that has a file open.
type Holder struct {
	PID  int
	Name string
}

// Holders names the programs that have a file open, by process number. Hidden
// says that some programs' files may not be seen, those of other users.
func (h *Host) Holders(ctx context.Context, path string) (holders []Holder, hidden bool) {
	node, err := filepath.EvalSymlinks(h.real(path))
	if err != nil {
		node = h.real(path)
	}
	d, err := os.Open(h.real("/proc"))
	if err != nil {
		return nil, true
	}
	defer d.Close()
	names, _ := d.Readdirnames(maxProcesses)
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if ctx.Err() != nil {
			return holders, true
		}
		dir := h.real("/proc/" + name)
		has, seen := hasOpen(dir, node)
		hidden = hidden || !seen
		if has {
			holders = append(holders, Holder{PID: pid, Name: text(dir, "comm")})
		}
	}
	sort.Slice(holders, func(i, j int) bool { return holders[i].PID < holders[j].PID })
	return holders, hidden
}

// hasOpen says whether a process has a file open, and whether that can be seen.
func hasOpen(dir, node string) (has, seen bool) {
	d, err := os.Open(filepath.Join(dir, "fd"))
	if err != nil {
		return false, os.IsNotExist(err) // a process that has ended holds nothing
	}
	defer d.Close()
	files, err := d.Readdirnames(maxOpen)
	if err != nil && len(files) == 0 {
		return false, os.IsNotExist(err)
	}
	for _, f := range files {
		link := filepath.Join(dir, "fd", f)
		to, err := os.Readlink(link)
		if err == nil && (to == node+" (deleted)" || to == node && !another(link, node)) {
			return true, true
		}
	}
	return false, true
}

// The terminals of Linux (devices.txt) whose numbers each room counts for itself.
const ptyFirst, ptyLast = 136, 143

// another says whether an open file is another than the one of its name here: one
// of a container, which has a /dev of its own. A device is told by its number.
func another(link, node string) bool {
	var theirs, ours unix.Stat_t
	if unix.Stat(link, &theirs) != nil || unix.Stat(node, &ours) != nil {
		return false
	}
	major := unix.Major(uint64(theirs.Rdev))
	if theirs.Mode&unix.S_IFMT == unix.S_IFCHR && (major < ptyFirst || major > ptyLast) {
		return theirs.Rdev != ours.Rdev
	}
	return theirs.Dev != ours.Dev || theirs.Ino != ours.Ino
}

// thieves are the programs that take devices of a till, and what ends that.
var thieves = map[string]pos.Remark{
	"cupsd":          pos.Say("run", "sudo systemctl disable --now cups cups-browsed"),
	"usb":            pos.Say("run", "sudo systemctl disable --now cups cups-browsed"), // CUPS' backend
	"cups-browsed":   pos.Say("run", "sudo systemctl disable --now cups-browsed"),
	"ipp-usb":        pos.Say("run", "sudo systemctl disable --now ipp-usb"),
	"ModemManager":   pos.Say("run", "sudo systemctl disable --now ModemManager"),
	"brltty":         pos.Say("run_or", "sudo systemctl disable --now brltty", "sudo apt remove brltty"),
	"gpsd":           pos.Say("run", "sudo systemctl disable --now gpsd.socket gpsd"),
	"scdaemon":       pos.Say("run", "gpgconf --kill scdaemon"),
	"tillkeeper":     pos.Say("end_till"),
	"pcscd":          pos.Say("or_use_pcsc", "sudo systemctl stop pcscd.socket pcscd"),
	"nfc-list":       pos.Say("end_it"),
	"fwupd":          pos.Say("run", "sudo systemctl disable --now fwupd"),
	"upowerd":        pos.Say("run", "sudo systemctl disable --now upower"),
	"systemd-logind": pos.Say("end_session"),
}

// remedy is how to make a program let go of a device.
func (p Holder) remedy() pos.Remark {
	if p.Name == "agetty" || p.Name == "getty" || p.Name == "login" {
		return pos.Say("end_login", "sudo systemctl disable --now 'serial-getty@*'")
	}
	if r, ok := thieves[p.Name]; ok {
		return r
	}
	return run("sudo kill %d", p.PID)
}
