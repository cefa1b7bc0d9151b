package scanner

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The requests of linux/input.h.
const (
	ioctlVersion = 0x80044501 // EVIOCGVERSION, _IOR('E', 0x01, int)
	ioctlGrab    = 0x40044590 // EVIOCGRAB, _IOW('E', 0x90, int)
	ioctlKeys    = 0x80604518 // EVIOCGKEY(keyBytes), _IOR('E', 0x18, keyBytes)
	keyBytes     = 96         // a bit for each key
)

// KeyWire is an open keyboard of which events can be read. Grab has them come
// here alone; EBUSY says that another program has done so.
type KeyWire interface {
	Wire
	Grab() error
}

// Evdev is a scanner that is a keyboard, by the path of its evdev node, best a
// link of /dev/input/by-id.
func Evdev(path string) Source {
	return Keyboard(func() (KeyWire, error) {
		f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		if err != nil {
			return nil, err
		}
		e := &inputNode{f}
		if err := e.check(); err != nil {
			_ = f.Close()
			return nil, err
		}
		return e, nil
	})
}

// Keyboard is a scanner that is a keyboard, by what opens it.
func Keyboard(open func() (KeyWire, error)) Source {
	return Source{keyboard: true, open: func() (Wire, error) {
		w, err := open()
		if err != nil {
			return nil, err
		}
		if err := w.Grab(); err != nil {
			_ = w.Close()
			return nil, fmt.Errorf("the scanner's keys cannot be had alone: %w", err)
		}
		return w, nil
	}}
}

// inputNode is an evdev node.
type inputNode struct{ *os.File }

// check makes sure that the file is an evdev node and nothing else.
func (e *inputNode) check() error {
	return e.control(func(fd int) error {
		if _, err := unix.IoctlGetUint32(fd, ioctlVersion); err != nil {
			return fmt.Errorf("%s is no input device: %w", e.Name(), err)
		}
		return nil
	})
}

// Grab has the events come here alone, until the file is closed.
func (e *inputNode) Grab() error {
	return e.control(func(fd int) error { return unix.IoctlSetInt(fd, ioctlGrab, 1) })
}

// Midway says whether a key of a character is down: a code has begun before the
// node was opened, and what comes of it is not the whole. Where the kernel does
// not say, none is.
func (e *inputNode) Midway() bool {
	var down [keyBytes]byte
	err := e.control(func(fd int) error {
		if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), ioctlKeys, uintptr(unsafe.Pointer(&down))); errno != 0 {
			return errno
		}
		return nil
	})
	if err != nil {
		return false
	}
	for key := range layout {
		if down[key/8]&(1<<(key%8)) != 0 {
			return true
		}
	}
	return false
}

func (e *inputNode) control(fn func(fd int) error) error {
	raw, err := e.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	if err := raw.Control(func(fd uintptr) { inner = fn(int(fd)) }); err != nil {
		return err
	}
	return inner
}
