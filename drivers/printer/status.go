package printer

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"

	"tillkeeper/app/pos"
)

// The reasons why a printer does not print: a closed list.
const (
	PaperOut      = "paper_out"
	PaperLow      = "paper_low"
	CoverOpen     = "cover_open"
	Cutter        = "cutter"
	Overheated    = "overheated"
	Offline       = "offline"
	Unplugged     = "unplugged"
	BusyElsewhere = "busy_elsewhere"
	NoPermission  = "no_permission"
	NotConfigured = "not_configured"
)

// Status is what DLE EOT 1 to 4 say.
type Status struct {
	Offline, Drawer               bool // Drawer: the level of its sensor is high, it is open
	Cover, PaperEnd, Error        bool
	Cutter, Unrecoverable, Recent bool // Recent: an error that passes by itself, mostly heat
	PaperLow                      bool
}

// ValidStatus says whether a byte can be an answer to DLE EOT.
func ValidStatus(b byte) bool { return b&0x93 == 0x12 }

// Set takes the answer to DLE EOT n; it says false for a byte that is none.
func (s *Status) Set(n int, b byte) bool {
	if !ValidStatus(b) {
		return false
	}
	switch n {
	case 1:
		s.Offline, s.Drawer = b&0x08 != 0, b&0x04 != 0
	case 2:
		s.Cover, s.PaperEnd, s.Error = b&0x04 != 0, b&0x20 != 0, b&0x40 != 0
	case 3:
		s.Cutter, s.Unrecoverable, s.Recent = b&0x08 != 0, b&0x20 != 0, b&0x40 != 0
	case 4:
		s.PaperLow = b&0x0c != 0
		s.PaperEnd = s.PaperEnd || b&0x60 != 0
	default:
		return false
	}
	return true
}

// Reason gives the first reason that stops the printer, or PaperLow, or "".
func (s Status) Reason() string {
	switch {
	case s.Cover:
		return CoverOpen
	case s.PaperEnd:
		return PaperOut
	case s.Cutter:
		return Cutter
	case s.Recent:
		return Overheated
	case s.Offline, s.Error, s.Unrecoverable:
		return Offline
	case s.PaperLow:
		return PaperLow
	}
	return ""
}

// condition makes a reason a condition of the till.
func condition(reason, detail string) pos.Condition {
	c := pos.Condition{Name: "printer", State: "fault", Code: reason, Detail: detail}
	switch reason {
	case "":
		c.State = "ok"
	case PaperLow:
		c.State = "warn"
	case NotConfigured:
		c.State = "off"
	}
	return c
}

// reasonOf finds the reason in the error of a port.
func reasonOf(err error) string {
	switch {
	case errors.Is(err, syscall.EBUSY):
		return BusyElsewhere
	case errors.Is(err, fs.ErrPermission):
		return NoPermission
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENODEV), errors.Is(err, syscall.ENXIO),
		errors.Is(err, syscall.EIO), errors.Is(err, io.EOF), errors.Is(err, os.ErrClosed), errors.Is(err, io.ErrClosedPipe):
		return Unplugged
	}
	return Offline
}
