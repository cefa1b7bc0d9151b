// Package pole shows the customer two rows of twenty characters on a pole
// display: a vacuum fluorescent one on a serial line that understands CD5220
// or Epson's ESC/POS for customer displays, or the eight digits of an LED pole.
// What a model understands is data (Model).
//
// It promises that a sum is whole in its row and makes the words give way; that
// no Chinese character is ever cut in half; that a row is always sent whole, so
// that nothing of an earlier one stays; and that no byte of a text is taken for
// a command. A pole without Chinese shows ASCII and words of its own. A pole
// shows no code.
//
// On the wire: bytes one way, 8 data bits; text is ASCII or GB 2312 (EUC-CN),
// a column for each byte. A pole never answers: what it can say is that its
// line is gone. So it is set up when its line is opened and with every idle
// view, which heals one that had no power.
package pole

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/port"
)

// patience bounds a write: some sixty bytes at 9600 baud take as many
// milliseconds.
const patience = time.Second

// Link is an open line to a pole, as a *port.Line.
type Link interface {
	io.Writer
	io.Closer
}

// Opener opens the line.
type Opener func() (Link, error)

// Pole is a pos.Display. Its methods may be called by several goroutines.
type Pole struct {
	open  Opener
	model Model

	mu     sync.Mutex
	link   Link // nil: not open
	last   pos.View
	fault  error
	closed bool
}

// New makes a pole of a model on what open gives. The line is opened by the
// first Show, and again by every one after a failure.
func New(open Opener, m Model) *Pole { return &Pole{open: open, model: m} }

// Show sends the rows of a view. A pos.Error says that the line failed and
// why: unplugged, no_permission, busy_elsewhere, offline, device_fault.
func (p *Pole) Show(v pos.View) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return pos.Errorf(port.DeviceFault, "", "the pole is closed")
	}
	p.last = v
	return p.send(p.bytes(v))
}

// Poll sends the rows again that are to be seen, and so finds out whether the
// line is still there and opens one that was lost.
func (p *Pole) Poll(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	return p.send(p.frame(p.last))
}

// TestRows fills every column, for a person to look at. The next view replaces
// them.
func (p *Pole) TestRows() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := p.model
	rows := [][]byte{[]byte("12345678901234567890")[:m.Columns]}
	if m.Rows > 1 {
		rows = append(rows, m.middle(m.word("检测 TILLKEEPER 0.00", "TILLKEEPER 0.00")))
	}
	return p.send(append(append([]byte{}, m.Init...), m.frame(rows)...))
}

// Condition says how the pole is, as far as its line can tell.
func (p *Pole) Condition() pos.Condition {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := pos.Condition{Name: "pole", State: "ok"}
	if p.fault != nil {
		c.State, c.Code, c.Detail = "fault", port.Reason(p.fault), p.fault.Error()
	}
	return c
}

// Close clears the pole and closes its line.
func (p *Pole) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if p.link == nil {
		return nil
	}
	err := errors.Join(p.write(p.model.Clear), p.link.Close())
	p.link = nil
	return err
}

// bytes are what a view sends. The caller has the lock.
func (p *Pole) bytes(v pos.View) []byte {
	if v.State != pos.ViewIdle && v.State != "" && p.link != nil {
		return p.frame(v)
	}
	return append(append(append([]byte{}, p.model.Init...), p.model.Clear...), p.frame(v)...)
}

func (p *Pole) frame(v pos.View) []byte {
	out := p.model.frame(p.model.rows(v))
	if p.model.Lamp != nil {
		out = append(out, p.model.Lamp(v)...)
	}
	return out
}

// frame is rows with what goes before and after each. A row of no digits
// clears the pole.
func (m Model) frame(rows [][]byte) []byte {
	var out []byte
	for i, row := range rows {
		if len(row) == 0 {
			out = append(out, m.Clear...)
			continue
		}
		out = append(append(append(out, m.Row[i]...), row...), m.End...)
	}
	return out
}

// send writes, over a line that it opens where there is none. The caller has
// the lock.
func (p *Pole) send(b []byte) error {
	p.fault = nil
	if p.link == nil {
		link, err := p.open()
		if err != nil {
			p.fault = failure(err)
			return p.fault
		}
		p.link = link
		b = append(append([]byte{}, p.model.Init...), b...)
	}
	if err := p.write(b); err != nil {
		_ = p.link.Close() // it failed already
		p.link = nil
		p.fault = failure(err)
	}
	return p.fault
}

// write sends b, waiting no longer than patience. The caller has the lock.
func (p *Pole) write(b []byte) error {
	if d, can := p.link.(interface{ SetWriteDeadline(time.Time) error }); can {
		if err := d.SetWriteDeadline(time.Now().Add(patience)); err != nil {
			return err
		}
	}
	_, err := p.link.Write(b)
	return err
}

func failure(err error) error {
	return &pos.Error{Code: port.Reason(err), Message: "the pole display failed", Remedy: "look at its cable", Err: err}
}
