package printer

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/port"
)

// The reasons why a printer does not print: of the closed list of package port.
const (
	PaperOut      = port.PaperOut
	PaperLow      = port.PaperLow
	CoverOpen     = port.CoverOpen
	Cutter        = port.Cutter
	Overheated    = port.Overheated
	Offline       = port.Offline
	Unplugged     = port.Unplugged
	BusyElsewhere = port.BusyElsewhere
	NoPermission  = port.NoPermission
	NotConfigured = port.NotConfigured
	WrongSpeed    = port.WrongSpeed
	DrawerOpen    = port.DrawerOpen // of the drawer: it stays open
)

// Reasons of a job besides those of the printer.
const (
	NotConfirmed = "not confirmed" // nothing said that it is printed
	Interrupted  = "interrupted"   // the till ended while it was being printed
	Dropped      = "cleared"       // a person dropped it while the printer held it
)

// Status is what DLE EOT 1 to 4 say.
type Status struct {
	Offline, Drawer               bool // Drawer: the level of its sensor is high
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

// SetASB takes the four bytes of the automatic status (GS a).
func (s *Status) SetASB(b [4]byte) {
	*s = Status{
		Drawer: b[0]&0x04 != 0, Offline: b[0]&0x08 != 0, Cover: b[0]&0x20 != 0,
		Cutter: b[1]&0x08 != 0, Unrecoverable: b[1]&0x20 != 0, Recent: b[1]&0x40 != 0,
		PaperLow: b[2]&0x03 != 0, PaperEnd: b[2]&0x0c != 0,
	}
	s.Error = s.Cutter || s.Unrecoverable || s.Recent
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
	case errors.Is(err, port.ErrSpeed):
		return WrongSpeed
	case errors.Is(err, fs.ErrPermission):
		return NoPermission
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENODEV), errors.Is(err, syscall.ENXIO),
		errors.Is(err, syscall.EIO), errors.Is(err, io.EOF), errors.Is(err, os.ErrClosed), errors.Is(err, io.ErrClosedPipe),
		errors.Is(err, port.ErrUnreachable):
		return Unplugged
	}
	return Offline
}
