// Package hotplug hears from the kernel what is plugged in and taken out. It
// opens a NETLINK_KOBJECT_UEVENT socket and joins group 1, in which the kernel
// tells of a device the moment it exists, and group 2, in which udev tells of
// it again when its permissions and links are made.
//
// On the wire (kernel, lib/kobject_uevent.c): "ACTION@DEVPATH" NUL, then
// KEY=VALUE NUL each. From udev (systemd, sd-device/device-monitor.c): "libudev"
// NUL, the magic feedcafe in network order, then in the machine's order the
// length of the header, the offset and the length of the properties and four
// words of filters; the properties are KEY=VALUE NUL each.
//
// It promises never to block the kernel's side and never to hold more than a
// limited number of events: where some were lost (ENOBUFS, a slow listener, a
// message that was cut off) the next event is Again, which means "something has
// changed, look at everything". It needs no privileges. Messages that neither
// the kernel nor root has sent are passed over. Where the socket cannot be had
// it says so once and stays silent: the supervisors look by themselves, too.
package hotplug

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// The limits of a watch.
const (
	maxMessage = 16 << 10 // bytes; the kernel's are at most 4 KiB
	maxWaiting = 64       // events that nobody has taken yet
	maxValue   = 256      // bytes of one value of an event
	buffer     = 256 << 10
	againWait  = 250 // ms until a listener that was slow is offered an Again once more
)

// The groups of the socket.
const (
	groupKernel = 1 << 0
	groupUdev   = 1 << 1
)

// The actions that mean something to a till.
const (
	Add    = "add"
	Remove = "remove"
	Change = "change"
	Bind   = "bind"
	Unbind = "unbind"
	Move   = "move"
)

// ErrMalformed says that a message is none that kernel or udev would send.
var ErrMalformed = errors.New("not a message about a device")

// Event is one device that came, went or changed.
type Event struct {
	Action    string // add remove change bind unbind move ...
	Subsystem string // tty usb usbmisc input hidraw spidev i2c-dev drm ...
	DevPath   string // below /sys: /devices/...
	DevName   string // below /dev: ttyUSB0, usb/lp0, input/event3; "" where it has no node
	VID, PID  string // four hexadecimal digits each, lower case; "" where they are not said
	Serial    string // udev only
	Settled   bool   // udev has done with it: permissions and links are made
	Again     bool   // events were lost: look at everything; nothing else is set
}

// Watch is an open ear. It is closed with Close.
type Watch struct {
	fd     int
	stop   int // the writing end of a pipe whose close ends the reader
	events chan Event
	done   chan struct{}
	once   sync.Once
	err    error
}

// New begins to listen. It never fails: without a socket it logs once that
// devices are found by looking only, Err says why, and no event comes.
func New(log *slog.Logger) *Watch {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	w := &Watch{fd: -1, stop: -1, events: make(chan Event, maxWaiting), done: make(chan struct{})}
	wakeup, err := w.listen()
	if err != nil {
		w.err = fmt.Errorf("the kernel does not tell of devices: %w", err)
		log.Warn("devices that are plugged in are found by looking only", "error", w.err)
		close(w.done)
		return w
	}
	go w.read(wakeup)
	return w
}

// listen opens the socket and the pipe that ends the reader.
func (w *Watch) listen() (wakeup int, err error) {
	w.fd, err = unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_KOBJECT_UEVENT)
	if err != nil {
		return -1, err
	}
	_ = unix.SetsockoptInt(w.fd, unix.SOL_SOCKET, unix.SO_RCVBUF, buffer) // less will do as well
	var pipe [2]int
	for _, try := range []func() error{
		func() error { return unix.SetsockoptInt(w.fd, unix.SOL_SOCKET, unix.SO_PASSCRED, 1) },
		func() error {
			return unix.Bind(w.fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: groupKernel | groupUdev})
		},
		func() error { return unix.Pipe2(pipe[:], unix.O_CLOEXEC|unix.O_NONBLOCK) },
	} {
		if err := try(); err != nil {
			_ = unix.Close(w.fd)
			return -1, err
		}
	}
	w.stop = pipe[1]
	return pipe[0], nil
}

// Events gives what happens. The channel is closed with the watch.
func (w *Watch) Events() <-chan Event { return w.events }

// Err says why no events come, nil where they do.
func (w *Watch) Err() error { return w.err }

// Close ends the watch.
func (w *Watch) Close() error {
	w.once.Do(func() {
		if w.stop >= 0 {
			_ = unix.Close(w.stop)
		}
		<-w.done
		close(w.events)
	})
	return nil
}

// read is the goroutine of a watch. It sleeps in poll until something comes.
func (w *Watch) read(wakeup int) {
	defer close(w.done)
	defer unix.Close(w.fd)
	defer unix.Close(wakeup)
	lost := false
	b, oob := make([]byte, maxMessage), make([]byte, unix.CmsgSpace(unix.SizeofUcred))
	for {
		fds := []unix.PollFd{{Fd: int32(w.fd), Events: unix.POLLIN}, {Fd: int32(wakeup), Events: unix.POLLIN}}
		patience := -1
		if lost {
			patience = againWait
		}
		ready, err := unix.Poll(fds, patience)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return
		}
		if fds[1].Revents != 0 {
			return
		}
		if ready == 0 && lost {
			lost = w.give(Event{}, true)
			continue
		}
		n, oobn, flags, from, err := unix.Recvmsg(w.fd, b, oob, unix.MSG_DONTWAIT)
		switch {
		case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.ENOBUFS):
			lost = w.give(Event{}, true)
		case err != nil:
			return
		case flags&unix.MSG_TRUNC != 0:
			lost = w.give(Event{}, true)
		case trusted(from, oob[:oobn]):
			if e, err := Parse(b[:n]); err == nil {
				lost = w.give(e, lost)
			}
		}
	}
}

// give hands an event on, or an Again instead of it where some were lost. It
// says whether some are lost now.
func (w *Watch) give(e Event, lost bool) bool {
	if lost {
		e = Event{Again: true}
	}
	select {
	case w.events <- e:
		return false
	default:
		return true
	}
}

// trusted says whether the kernel or root has sent a message.
func trusted(from unix.Sockaddr, oob []byte) bool {
	a, ok := from.(*unix.SockaddrNetlink)
	if !ok || a.Groups == 0 { // sent to us alone: neither does that
		return false
	}
	if a.Groups&groupKernel != 0 {
		return a.Pid == 0
	}
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return false
	}
	for i := range messages {
		if c, err := unix.ParseUnixCredentials(&messages[i]); err == nil {
			return c.Uid == 0
		}
	}
	return false
}

// The header of udev's messages.
const (
	udevPrefix = "libudev\x00"
	udevMagic  = 0xfeedcafe
	udevHeader = 40 // bytes, at least
)

// Parse reads one message of either kind. Values beyond 256 bytes are cut off.
func Parse(b []byte) (Event, error) {
	var e Event
	if bytes.HasPrefix(b, []byte(udevPrefix)) {
		if len(b) < udevHeader || binary.BigEndian.Uint32(b[8:]) != udevMagic {
			return e, ErrMalformed
		}
		off, n := uint64(binary.NativeEndian.Uint32(b[16:])), uint64(binary.NativeEndian.Uint32(b[20:]))
		if off < udevHeader || off+n > uint64(len(b)) {
			return e, ErrMalformed
		}
		e.Settled = true
		e.properties(b[off : off+n])
	} else {
		head, rest, ok := bytes.Cut(b, []byte{0})
		action, path, at := strings.Cut(string(head), "@")
		if !ok || !at || action == "" || !strings.HasPrefix(path, "/") {
			return e, ErrMalformed
		}
		e.properties(rest)
	}
	if e.Action == "" || e.DevPath == "" {
		return Event{}, ErrMalformed
	}
	return e, nil
}

// properties reads KEY=VALUE NUL each.
func (e *Event) properties(b []byte) {
	for line := range bytes.SplitSeq(b, []byte{0}) {
		key, value, _ := strings.Cut(string(line), "=")
		value = value[:min(len(value), maxValue)]
		switch key {
		case "ACTION":
			e.Action = value
		case "SUBSYSTEM":
			e.Subsystem = value
		case "DEVPATH":
			e.DevPath = value
		case "DEVNAME":
			e.DevName = strings.TrimPrefix(value, "/dev/")
		case "ID_SERIAL_SHORT":
			e.Serial = value
		case "ID_VENDOR_ID":
			e.VID = hex4(value)
		case "ID_MODEL_ID":
			e.PID = hex4(value)
		case "PRODUCT":
			e.product(value)
		}
	}
}

// product reads the kernel's PRODUCT: vid/pid/version of a USB device,
// bus/vid/pid/version of an input device, without leading zeros.
func (e *Event) product(value string) {
	parts := strings.Split(value, "/")
	if len(parts) == 4 {
		parts = parts[1:]
	}
	if len(parts) == 3 && e.VID == "" {
		e.VID, e.PID = hex4(parts[0]), hex4(parts[1])
	}
}

// hex4 writes a number of up to four hexadecimal digits with four, "" for
// anything else.
func hex4(s string) string {
	if s == "" || len(s) > 4 || strings.Trim(s, "0123456789abcdefABCDEF") != "" {
		return ""
	}
	return strings.Repeat("0", 4-len(s)) + strings.ToLower(s)
}
