package pcsc

import (
	"errors"
	"fmt"

	"tillkeeper/app/pos"
)

// Code is a result of PC/SC (part 5; pcsc-lite, pcsclite.h).
type Code uint32

// The results that are told apart.
const (
	Success            Code = 0
	InternalError      Code = 0x80100001
	Cancelled          Code = 0x80100002
	InvalidHandle      Code = 0x80100003
	InsufficientBuffer Code = 0x80100008
	UnknownReader      Code = 0x80100009
	Timeout            Code = 0x8010000A
	SharingViolation   Code = 0x8010000B
	NoSmartCard        Code = 0x8010000C
	ProtoMismatch      Code = 0x8010000F
	NotReady           Code = 0x80100010
	InvalidValue       Code = 0x80100011
	CommError          Code = 0x80100013
	NotTransacted      Code = 0x80100016
	ReaderUnavailable  Code = 0x80100017
	NoService          Code = 0x8010001D
	ServiceStopped     Code = 0x8010001E
	Unexpected         Code = 0x8010001F
	Unsupported        Code = 0x80100022
	NoReaders          Code = 0x8010002E
	CommDataLost       Code = 0x8010002F
	UnsupportedCard    Code = 0x80100065
	UnresponsiveCard   Code = 0x80100066
	UnpoweredCard      Code = 0x80100067
	ResetCard          Code = 0x80100068
	RemovedCard        Code = 0x80100069
	SecurityViolation  Code = 0x8010006A
)

// What goes wrong with the daemon and the readers; errors.Is finds them behind the detail. A card that is gone is
// pos.ErrCardRemoved, one that does not answer pos.ErrCardUnreadable.
var (
	// ErrDaemonDown: nothing listens on the socket, or what did is gone.
	ErrDaemonDown = errors.New("pcsc: pcscd is not running")
	// ErrNoPermission: pcscd is there and will not serve this user (file mode, or polkit).
	ErrNoPermission = errors.New("pcsc: pcscd does not serve this user")
	// ErrVersion: pcscd speaks another version of its protocol.
	ErrVersion = errors.New("pcsc: pcscd speaks another version")
	// ErrBusy: another program holds the card.
	ErrBusy = errors.New("pcsc: another program holds the card")
	// ErrUnplugged: the reader is not there.
	ErrUnplugged = errors.New("pcsc: the reader is not there")
	// ErrReset: another program reset the card; Reconnect goes on.
	ErrReset = errors.New("pcsc: the card was reset")
	// ErrUnsupported: reader or driver do not do this.
	ErrUnsupported = errors.New("pcsc: not supported by the reader")
)

// Error is a result that is no success.
type Error struct {
	Op   string // "connect", "transmit"
	Code Code
}

func (e *Error) Error() string { return fmt.Sprintf("pcsc: %s: %08X", e.Op, uint32(e.Code)) }

// Unwrap names the failure; nil for one without a name.
func (e *Error) Unwrap() error {
	switch e.Code {
	case RemovedCard, NoSmartCard, NotTransacted, CommDataLost, CommError, UnpoweredCard:
		return pos.ErrCardRemoved
	case UnresponsiveCard, UnsupportedCard, ProtoMismatch, InsufficientBuffer:
		return pos.ErrCardUnreadable
	case SecurityViolation:
		return ErrNoPermission
	case ServiceStopped, NoService:
		return ErrDaemonDown
	case SharingViolation:
		return ErrBusy
	case UnknownReader, ReaderUnavailable, NoReaders:
		return ErrUnplugged
	case ResetCard:
		return ErrReset
	case Unsupported:
		return ErrUnsupported
	}
	return nil
}

// failed makes an error of a result.
func failed(op string, c Code) error {
	if c == Success {
		return nil
	}
	return &Error{Op: op, Code: c}
}

// Reason is the till's word (the closed list of the devices) for an error of this package.
func Reason(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, ErrNoPermission):
		return "no_permission"
	case errors.Is(err, ErrDaemonDown):
		return "daemon_down"
	case errors.Is(err, ErrBusy):
		return "busy_elsewhere"
	case errors.Is(err, ErrUnplugged):
		return "unplugged"
	case errors.Is(err, pos.ErrCardRemoved):
		return "card_removed"
	case errors.Is(err, pos.ErrCardUnreadable):
		return "card_unreadable"
	}
	return "device_fault"
}
