// Package pole is a simulated customer's pole on a pseudo terminal: two rows of
// twenty characters, or one of eight digits, that understand CD5220 or Epson's
// commands. It promises to show byte by byte what a real one would: at another
// speed it shows rubbish, a byte of Chinese without its other half is counted,
// and what comes after the last column falls off. Its rows are text; a Chinese
// character takes two columns.
package pole

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"tillkeeper/drivers/port"
)

// Baud is the speed that the pole listens at.
const Baud = 9600

// Opts says what a pole is.
type Opts struct {
	Epson   bool   // it understands Epson's commands, else CD5220
	Chinese bool   // it has GB 2312
	Digits  bool   // one row of eight digits
	File    string // where its rows are written as text, "" nowhere
}

// Pole is the simulated pole. Its methods may be called by several goroutines.
type Pole struct {
	opts    Opts
	columns int

	mu      sync.Mutex
	far     *port.Line // nil: unplugged
	path    string
	cells   [2][20]byte
	row     int // of the cursor, from 0
	col     int
	cmd     []byte // a command that is not complete
	entry   bool   // in ESC Q: up to CR
	lamp    byte
	seen    int // bytes
	unknown int
	spilled int
	group   sync.WaitGroup
}

// New makes a pole that is plugged in and shows what it does before anybody
// has spoken to it.
func New(o Opts) (*Pole, error) {
	p := &Pole{opts: o, columns: 20}
	if o.Digits {
		p.columns = 8
	}
	p.forget()
	return p, p.Plug()
}

// Path is the pole's end of the cable, "" while it is unplugged.
func (p *Pole) Path() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.path
}

// Plug puts the cable in.
func (p *Pole) Plug() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.far != nil {
		return nil
	}
	far, path, err := port.Pty()
	if err != nil {
		return err
	}
	p.far, p.path = far, path
	p.group.Go(func() { p.serve(far) })
	return nil
}

// Unplug pulls the cable out, and its power with it.
func (p *Pole) Unplug() error {
	p.mu.Lock()
	far := p.far
	p.far, p.path = nil, ""
	p.forget()
	p.mu.Unlock()
	if far == nil {
		return nil
	}
	err := far.Close()
	p.group.Wait()
	return err
}

// PowerCut takes the power away for a moment: the line says nothing of it.
func (p *Pole) PowerCut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget()
}

// Close unplugs the pole; nothing of it runs after.
func (p *Pole) Close() error {
	if err := p.Unplug(); err != nil && !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}

// Rows are what the pole shows, each as wide as it is.
func (p *Pole) Rows() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.rows()
}

// Lamp is the lamp that is lit, '0' for none.
func (p *Pole) Lamp() byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lamp
}

// Seen counts the bytes that came in since the pole was made.
func (p *Pole) Seen() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seen
}

// Faults counts the commands that the pole does not know, and the characters
// that fell off a row.
func (p *Pole) Faults() (unknown, spilled int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.unknown, p.spilled
}

// rows decodes the cells. Half a Chinese character shows as a black box. The
// caller has the lock.
func (p *Pole) rows() []string {
	n, columns := 2, p.columns
	if p.opts.Digits {
		n, columns = 1, p.columns+1 // the point has a place in the row, not on the pole
	}
	out := make([]string, n)
	for i := range n {
		var b strings.Builder
		for c := 0; c < columns; c++ {
			v := p.cells[i][c]
			switch {
			case v < 0x7f:
				b.WriteByte(v)
			case p.opts.Chinese && v >= 0xa1 && c+1 < columns && p.cells[i][c+1] >= 0xa1:
				text, err := simplifiedchinese.GBK.NewDecoder().Bytes(p.cells[i][c : c+2])
				if err != nil {
					text = []byte("■■")
				}
				b.Write(text)
				c++
			default:
				b.WriteString("■")
			}
		}
		out[i] = b.String()
	}
	return out
}

// forget is what a pole shows without having been spoken to. The caller has
// the lock.
func (p *Pole) forget() {
	for i := range p.cells {
		copy(p.cells[i][:], "--- POLE READY ---  ")
	}
	p.row, p.col, p.cmd, p.entry, p.lamp = 0, 0, nil, false, '0'
}

// nobody is the wait while no till has the cable.
const nobody = 20 * time.Millisecond

func (p *Pole) serve(far *port.Line) {
	b := make([]byte, 256)
	for {
		n, err := far.Read(b)
		if n > 0 {
			p.take(far, b[:n])
		}
		if errors.Is(err, os.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(nobody)
			p.mu.Lock()
			mine := p.far == far
			p.mu.Unlock()
			if !mine {
				return
			}
		}
	}
}

func (p *Pole) take(far *port.Line, b []byte) {
	baud, err := far.Speed()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range b {
		if err != nil || baud != Baud {
			c = c>>1 | 0x80
		}
		p.byte(c)
	}
	p.seen += len(b)
	if p.opts.File != "" {
		_ = p.save() // a picture for people
	}
}

func (p *Pole) save() error {
	f, err := os.CreateTemp(filepath.Dir(p.opts.File), ".pole-*")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, strings.Join(p.rows(), "\n"))
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), p.opts.File)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
