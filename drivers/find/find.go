// Package find says what is plugged into the machine and what it could be to
// the till, where a device is now that was somewhere else before, and why a
// device does not serve.
//
// It reads /sys, /dev and /proc below a root and nothing else: it opens no
// device, sends nothing, changes nothing, and never proposes an ordinary
// keyboard as a scanner (the till would take it away from its user). A device
// is known by its identity, "VID:PID SERIAL", or "VID:PID @PORT" (the USB port,
// 1-1.2) where it has no serial number, and never by ttyUSB0.
//
// What it relies on (Documentation/ABI of the kernel): /sys/class/tty/NAME and
// /sys/class/usbmisc/lpN have a link "device" to the USB interface, above which
// is the USB device with idVendor, idProduct, serial, product, busnum, devnum;
// a line without hardware has type 0; an interface has bInterfaceClass, a link
// "driver", and under usblp ieee1284_id; /sys/class/input/eventN/device has
// name, id/vendor, id/product, uniq and capabilities/key. Links are udev's:
// /dev/serial/by-id, by-path, /dev/input/by-id, and /dev/tillkeeper of our rule.
package find

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"tillkeeper/app/pos"
)

// The limits of a search.
const (
	maxEntries = 1024 // of a directory of /sys or /dev
	maxClimb   = 16   // directories from a device up to its USB device
	maxText    = 4096 // bytes of an attribute
	maxLabel   = 80   // bytes of a label
)

// The classes of devices that have a place in /dev.
const (
	Serial = "serial" // a tty
	LP     = "lp"     // a USB printer under usblp
	Evdev  = "evdev"  // an input device
)

// The ways in which a device is not found.
var (
	ErrAbsent    = errors.New("no such device is plugged in")
	ErrAmbiguous = errors.New("several devices have this identity")
	ErrAnother   = errors.New("another device is at this place")
)

// Host is a machine to look at.
type Host struct {
	root string
}

// New looks at the machine whose files are below root: "/" is this one.
func New(root string) *Host { return &Host{root: filepath.Clean(root)} }

// place is a device that has a place in /dev.
type place struct {
	class string
	name  string // ttyUSB0, lp0, event3
	node  string // /dev/ttyUSB0
	path  string // the most lasting way to it, a link or the node
	label string
	dev   usb // empty where it is not at USB
}

// places lists the devices of a class, in the order of their names.
func (h *Host) places(class string) []place {
	switch class {
	case Serial:
		return h.lines()
	case LP:
		return h.printers()
	case Evdev:
		return h.inputs()
	}
	return nil
}

// Found lists what is plugged in, once for each device of the till that it
// could be. A line behind an adapter could be many, because what is at its far
// end cannot be seen.
func (h *Host) Found(ctx context.Context) []pos.Found {
	var out []pos.Found
	for _, look := range []func() []pos.Found{h.foundReaders, h.foundPrinters, h.foundScanners, h.foundLines, h.foundBuses} {
		if ctx.Err() != nil {
			break
		}
		out = append(out, look()...)
	}
	order := []string{"reader", "pinpad", "printer", "drawer", "qr", "pole", "scanner", "scale"}
	sort.SliceStable(out, func(i, j int) bool { return slices.Index(order, out[i].Name) < slices.Index(order, out[j].Name) })
	return out
}

// resolve gives the device of an identity and a class. An identity with a port
// falls back to the only device of its VID:PID: it was put into another socket;
// but not where one of the others has that VID:PID too, because which of them was
// put elsewhere cannot be told.
func (h *Host) resolve(class, identity string, others []string) (place, error) {
	want, _, _ := strings.Cut(identity, " ")
	var exact, like []place
	for _, p := range h.places(class) {
		switch {
		case p.dev.identity() == identity && identity != "":
			exact = append(exact, p)
		case p.dev.vidPID() == want && p.dev.serial == "" && want != "":
			like = append(like, p)
		}
	}
	if slices.Contains(others, identity) {
		return place{}, ErrAmbiguous
	}
	if len(exact) == 0 && (identity == want || strings.Contains(identity, " @")) {
		exact = like
		if len(like) > 0 && slices.ContainsFunc(others, func(o string) bool { return strings.HasPrefix(o, want+" @") }) {
			return place{}, ErrAmbiguous
		}
	}
	switch len(exact) {
	case 0:
		return place{}, ErrAbsent
	case 1:
		return exact[0], nil
	}
	return place{}, ErrAmbiguous
}

// Identity gives the identity of the device behind a path of /dev, "" where it
// has none.
func (h *Host) Identity(path string) string {
	if p, ok := h.at(path); ok {
		return p.dev.identity()
	}
	return ""
}

// Locate gives the path to open for the device that worked at a configured path
// with an identity ("" where that is not known: then it is the path), and the
// identity of what is there: the path while that device is there, and otherwise
// the one place where it is now. The others are the identities of the till's
// other devices. ErrAbsent says that the device is nowhere, ErrAnother that
// moreover the path belongs to a device of another identity, ErrAmbiguous that it
// could be any of several; none of them is ever guessed.
func (h *Host) Locate(class, path, identity string, others ...string) (now, is string, err error) {
	here, there := h.at(path)
	if identity == "" || there && here.dev.identity() == identity {
		return path, here.dev.identity(), nil
	}
	found, err := h.resolve(class, identity, others)
	switch {
	case err == nil && there && found.node == here.node: // in another socket, under the same name
		return path, found.dev.identity(), nil
	case err == nil:
		return found.path, found.dev.identity(), nil
	case errors.Is(err, ErrAbsent):
		if _, bad := os.Stat(h.real(path)); bad == nil {
			return "", "", ErrAnother
		}
	}
	return "", "", err
}

// at gives the device behind a path of /dev.
func (h *Host) at(path string) (place, bool) {
	node, err := filepath.EvalSymlinks(h.real(path))
	if err != nil {
		return place{}, false
	}
	for _, class := range []string{Serial, LP, Evdev} {
		for _, p := range h.places(class) {
			if is, err := filepath.EvalSymlinks(h.real(p.node)); err == nil && is == node {
				return p, true
			}
		}
	}
	return place{}, false
}

// Real gives the path by which a program opens a file of the machine looked at:
// with the root "/" the path itself.
func (h *Host) Real(path string) string { return h.real(path) }

// real gives the path of a file of the machine looked at.
func (h *Host) real(path string) string { return filepath.Join(h.root, path) }

// list gives the names in a directory, sorted; none where it is missing.
func (h *Host) list(dir string) []string {
	d, err := os.Open(h.real(dir))
	if err != nil {
		return nil
	}
	defer d.Close()
	names, _ := d.Readdirnames(maxEntries)
	sort.Slice(names, func(i, j int) bool {
		if len(names[i]) != len(names[j]) {
			return len(names[i]) < len(names[j]) // ttyUSB2 before ttyUSB10
		}
		return names[i] < names[j]
	})
	return names
}

// text reads an attribute that stands below an absolute directory; "" where it
// is missing. Only printable characters of one line are kept.
func text(dir, name string) string {
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return ""
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxText))
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(b), "\n")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0xfffd {
			return -1
		}
		return r
	}, line))
}

// link gives the most lasting link to a node among some directories of /dev.
func (h *Host) link(node string, dirs ...string) string {
	for _, dir := range dirs {
		for _, name := range h.list(dir) {
			path := dir + "/" + name
			if to, err := filepath.EvalSymlinks(h.real(path)); err == nil && to == h.real(node) {
				return path
			}
		}
	}
	return node
}
