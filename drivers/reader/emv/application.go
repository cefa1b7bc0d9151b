package emv

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
)

// Application is what the acquirer sets for one application of chips: it goes before what the Terminal and the Request say,
// from the moment at which the application is selected. What is nil stays as it was.
type Application struct {
	AID     []byte // 5 to 16 bytes
	Exact   bool   // a longer name that begins with it is another application
	Version [2]byte
	Actions ActionCodes
	DDOL    []byte // for a card that has none; nil: the unpredictable number alone

	// Selection has the shares; its Floor is that of the payment. nil: the Terminal's.
	Selection *RandomSelection
	// Floor and TapFloor are the floor limits, fen, of an inserted card and of a tap; at 0 every payment goes to the host that
	// can be reached.
	Floor, TapFloor *int64
	TapLimit        *int64 // fen: from it on a tap is refused, and the chip is inserted
	TapNoPIN        *int64 // fen: up to it a tap needs no PIN
}

// of says whether a card's application is this one.
func (a *Application) of(aid []byte) bool {
	return bytes.HasPrefix(aid, a.AID) && (!a.Exact || len(aid) == len(a.AID))
}

// application is what is set for a name, the longest that fits; nil where nothing is.
func (t *Terminal) application(aid []byte) *Application {
	var found *Application
	for i := range t.Applications {
		if a := &t.Applications[i]; a.of(aid) && (found == nil || len(a.AID) > len(found.AID)) {
			found = a
		}
	}
	return found
}

// takes says whether the terminal has an application of this name.
func (t *Terminal) takes(aid []byte) bool {
	if len(t.Applications) > 0 {
		return t.application(aid) != nil
	}
	for _, own := range t.AIDs {
		if bytes.HasPrefix(aid, own) {
			return true
		}
	}
	return false
}

// names are the names that the terminal tries where a card has no directory.
func (t *Terminal) names() [][]byte {
	if len(t.Applications) == 0 {
		return t.AIDs
	}
	out := make([][]byte, len(t.Applications))
	for i := range t.Applications {
		out[i] = t.Applications[i].AID
	}
	return out
}

// tooMuch says whether a tap with this application may not take the amount (EMV Contactless Book B, 3.1.1: the reader
// contactless transaction limit).
func (d *Dialogue) tooMuch(aid []byte) bool {
	a := d.terminal.application(aid)
	return d.req.Contactless && !d.req.ReadOnly && a != nil && a.TapLimit != nil && d.req.Amount >= *a.TapLimit
}

// apply puts what is set for the selected application in force; what an application before it set is taken back.
func (d *Dialogue) apply(aid []byte) {
	if len(d.terminal.Applications) == 0 {
		return
	}
	if d.general == nil {
		d.general = &general{d.terminal, d.req}
	}
	d.terminal, d.req = d.general.terminal, d.general.req
	a := d.terminal.application(aid)
	if a == nil { // only under a name that the terminal does not take
		return
	}
	d.terminal.Actions, d.terminal.Version = a.Actions, a.Version
	if a.Selection != nil {
		floor := d.terminal.Selection.Floor
		d.terminal.Selection = *a.Selection
		d.terminal.Selection.Floor = floor
	}
	floor := a.Floor
	if d.req.Contactless {
		floor = a.TapFloor
		if a.TapNoPIN != nil {
			d.req.PINLimit = *a.TapNoPIN
		}
	}
	if floor != nil {
		d.terminal.FloorLimit, d.terminal.Selection.Floor = *floor, *floor
		d.req.ForceOnline = d.req.ForceOnline || *floor <= 0 && !d.req.Offline
	}
	d.data[tagVersion] = d.terminal.Version[:]
	d.data[tagFloorLimit] = floorObject(d.terminal.FloorLimit)
	d.rolled, d.drawn = false, false // another application has another share
}

// aid is the name of the selected application in upper-case hex, as card, directory or terminal has it; "" where nobody said.
func (d *Dialogue) aid() string {
	for _, t := range []Tag{tagDFName, tagAID, tagTerminalAID} {
		if v := d.data[t]; len(v) > 0 {
			return fmt.Sprintf("%X", v)
		}
	}
	return ""
}

// general is what holds for every application.
type general struct {
	terminal Terminal
	req      Request
}

// ddol is what a card signs: its own list, else the terminal's.
func (d *Dialogue) ddol() []byte {
	if own := d.data[tagDDOL]; len(own) > 0 {
		return own
	}
	if a := d.terminal.application(d.data[tagDFName]); a != nil && len(a.DDOL) > 0 {
		return a.DDOL
	}
	return []byte{0x9F, 0x37, 0x04}
}

// floorObject is tag 9F1B.
func floorObject(fen int64) []byte {
	return binary.BigEndian.AppendUint32(nil, uint32(min(max(fen, 0), math.MaxUint32))) //nolint:gosec // bounded
}
