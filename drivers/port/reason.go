package port

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"slices"
	"syscall"

	"tillkeeper/app/pos"
)

// The reasons for which a device does not serve, as conditions carry them. The
// list is closed: each has its sentence and its remedy in the till's texts.
const (
	PaperOut       = "paper_out"
	PaperLow       = "paper_low"
	CoverOpen      = "cover_open"
	Cutter         = "cutter"
	Overheated     = "overheated"
	Offline        = "offline"
	Unplugged      = "unplugged"
	BusyElsewhere  = "busy_elsewhere"
	NoPermission   = "no_permission"
	DaemonDown     = "daemon_down"
	NoReader       = "no_reader"
	CardRemoved    = "card_removed"
	CardUnreadable = "card_unreadable"
	NotConfigured  = "not_configured"
	DeviceFault    = "device_fault"
	WrongSpeed     = "wrong_speed"
	DrawerOpen     = "drawer_open"
)

// Reasons is the closed list.
var Reasons = []string{
	PaperOut, PaperLow, CoverOpen, Cutter, Overheated, Offline, Unplugged, BusyElsewhere, NoPermission, DaemonDown,
	NoReader, CardRemoved, CardUnreadable, NotConfigured, DeviceFault, WrongSpeed, DrawerOpen,
}

// Reason gives the reason that an error of a device or of its line stands for:
// "" for nil, DeviceFault for what nobody knows. A pos.Error whose code is of
// the list wins over what it wraps.
func Reason(err error) string {
	if err == nil {
		return ""
	}
	var said *pos.Error
	if errors.As(err, &said) && slices.Contains(Reasons, said.Code) {
		return said.Code
	}
	if r := reasonOfCard(err); r != "" {
		return r
	}
	if r := reasonOfSocket(err); r != "" {
		return r
	}
	switch {
	case errors.Is(err, syscall.EBUSY), errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.ETXTBSY):
		return BusyElsewhere
	case errors.Is(err, fs.ErrPermission):
		return NoPermission
	case Gone(err):
		return Unplugged
	case errors.Is(err, ErrSpeed):
		return WrongSpeed
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), errors.Is(err, syscall.ETIMEDOUT):
		return Offline
	}
	return DeviceFault
}

func reasonOfCard(err error) string {
	switch {
	case errors.Is(err, pos.ErrCardRemoved):
		return CardRemoved
	case errors.Is(err, pos.ErrCardUnreadable):
		return CardUnreadable
	}
	return ""
}

// reasonOfSocket tells a daemon behind a socket of this machine, which is not
// running, from a device in the network, which does not answer.
func reasonOfSocket(err error) string {
	var op *net.OpError
	if !errors.As(err, &op) {
		return ""
	}
	if errors.Is(err, fs.ErrPermission) {
		return NoPermission
	}
	if op.Net == "unix" {
		return DaemonDown
	}
	return Offline
}

// Gone says whether an error means that the device is not there any more, so
// that only opening it again can help: unplugged, hung up, the other end
// closed.
func Gone(err error) bool {
	for _, e := range []error{
		fs.ErrNotExist, fs.ErrClosed, io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe, net.ErrClosed, syscall.ENODEV, syscall.ENXIO,
		syscall.EIO, syscall.EPIPE, syscall.ECONNRESET, syscall.ESHUTDOWN, syscall.ENOTCONN, syscall.EBADF, syscall.EPROTO,
		syscall.EREMOTEIO, // nothing on the I2C bus acknowledges the address
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
