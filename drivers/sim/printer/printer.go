// Package printer simulates a receipt printer of 80 mm with its drawer, at the
// level of bytes: it reads ESC/POS from a pseudo terminal or any stream, so
// that the real driver runs above it.
//
// It obeys real-time commands (10 04, 10 05, 10 14) wherever they stand, also
// inside raster data, and everything else in order; without paper or with its
// cover open it keeps what it was given and prints it later. Everything that
// was printed is appended to DIR/printer.bin; at each cut DIR/receipts/NAME.png
// is drawn from those bytes alone, NAME being the text of the slip's QR code
// (its receipt number), with "-copy" behind it for a slip marked COPY.
package printer

import (
	"errors"
	"fmt"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"

	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"

	"tillkeeper/drivers/port"
)

// maxHeld bounds what a printer without paper keeps; more is lost, as in a
// printer whose buffer runs over.
const maxHeld = 1 << 20

// Opts sets the simulated printer up.
type Opts struct {
	Dir    string // of printer.bin and receipts/; made if missing
	Font   []byte // TrueType; nil: no pictures are drawn
	OnSlip func(name, png string)
}

// Printer is the simulated printer. Its switches may be used at any time.
type Printer struct {
	o    Opts
	font *sfnt.Font

	mu        sync.Mutex
	paper     bool
	low       bool
	cover     bool
	cutter    bool
	plugged   bool
	drawer    bool
	kicks     int
	held      []byte // received and not printed
	slip      []byte // printed since the last cut
	kanji     bool
	slips     []string
	noname    int
	lines     map[io.ReadWriteCloser]*port.Line
	current   io.Writer
	fault     error
	serving   sync.WaitGroup
	realTime  []byte // the last bytes, in which a real-time command may stand
	completed int
}

// New makes a printer with paper, its cover and drawer closed.
func New(o Opts) (*Printer, error) {
	if err := os.MkdirAll(filepath.Join(o.Dir, "receipts"), 0o700); err != nil {
		return nil, err
	}
	p := &Printer{o: o, paper: true, plugged: true, lines: map[io.ReadWriteCloser]*port.Line{}}
	if o.Font != nil {
		f, err := opentype.Parse(o.Font)
		if err != nil {
			return nil, fmt.Errorf("font of the simulated printer: %w", err)
		}
		p.font = f
	}
	return p, nil
}

// Open gives the driver's end of a new pseudo terminal whose other end is this
// printer; ENODEV while it is unplugged.
func (p *Printer) Open() (io.ReadWriteCloser, error) {
	gone := &os.PathError{Op: "open", Path: "simulated printer", Err: syscall.ENODEV}
	p.mu.Lock()
	plugged := p.plugged
	p.mu.Unlock()
	if !plugged {
		return nil, gone
	}
	far, path, err := port.Pty()
	if err != nil {
		return nil, err
	}
	near, err := port.OpenLine(path, 115200)
	if err != nil {
		_ = far.Close()
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.plugged { // unplugged meanwhile
		_, _ = far.Close(), near.Close()
		return nil, gone
	}
	p.lines[far] = near
	p.serving.Add(1)
	go func() {
		defer p.serving.Done()
		p.Serve(far)
	}()
	return near, nil
}

// Serve is the printer on one stream until it ends; it closes the stream.
func (p *Printer) Serve(rw io.ReadWriteCloser) {
	defer func() {
		_ = rw.Close()
		p.mu.Lock()
		delete(p.lines, rw)
		p.mu.Unlock()
	}()
	buf := make([]byte, 4096)
	for {
		n, err := rw.Read(buf)
		if n > 0 {
			p.take(buf[:n], rw)
		}
		if err != nil {
			return
		}
	}
}

// take obeys the real-time commands in b at once and keeps all of b for the
// printing, which happens as far as the paper goes.
func (p *Printer) take(b []byte, from io.Writer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.current = from
	for _, c := range b {
		p.realTime = append(p.realTime, c)
		p.urgent()
	}
	p.held = append(p.held, b...)
	if over := len(p.held) - maxHeld; over > 0 {
		p.held = p.held[over:]
	}
	p.print()
}

// urgent looks for a real-time command at the end of what has come.
func (p *Printer) urgent() {
	r := p.realTime
	if len(r) > 5 {
		r = r[len(r)-5:]
		p.realTime = r
	}
	if n := len(r); n >= 3 && r[n-3] == 0x10 && r[n-2] == 0x04 && r[n-1] >= 1 && r[n-1] <= 4 {
		p.reply(p.status(r[n-1]))
		return
	}
	if len(r) == 5 && r[0] == 0x10 && r[1] == 0x14 && r[2] == 1 {
		p.kick()
	}
}

func (p *Printer) reply(b ...byte) {
	if p.current != nil {
		_, _ = p.current.Write(b)
	}
}

func (p *Printer) stopped() bool { return !p.paper || p.cover || p.cutter }

// status answers DLE EOT n.
func (p *Printer) status(n byte) byte {
	b := byte(0x12)
	set := func(on bool, bit byte) {
		if on {
			b |= bit
		}
	}
	switch n {
	case 1:
		set(p.stopped(), 0x08)
		set(p.drawer, 0x04)
	case 2:
		set(p.cover, 0x04)
		set(!p.paper, 0x20)
		set(p.cutter, 0x40)
	case 3:
		set(p.cutter, 0x08)
	case 4:
		set(p.low || !p.paper, 0x0c)
		set(!p.paper, 0x60)
	}
	return b
}

func (p *Printer) kick() {
	p.drawer = true
	p.kicks++
}

// print works off what is held while nothing stops it.
func (p *Printer) print() {
	for !p.stopped() {
		c, n := next(p.held, p.kanji)
		if n == 0 {
			return
		}
		raw := p.held[:n]
		if c.op != opRealTime {
			p.slip = append(p.slip, raw...)
		}
		p.held = p.held[n:]
		switch c.op {
		case opKanji:
			p.kanji = c.arg == 1
		case opKick:
			p.kick()
			if len(p.slip) == n { // outside a slip
				p.finishTail()
			}
		case opCut:
			p.finish()
		case opFence:
			p.reply(0)
		case opDone:
			p.completed++
			p.finishTail()
			p.reply(append(append([]byte{0x37, 0x22}, c.data...), 0)...)
		}
	}
}

// finish writes a slip that was cut: its bytes, then its picture.
func (p *Printer) finish() {
	b := p.slip
	p.slip = nil
	p.keep(b)
	name := nameOf(b)
	if name == "" {
		p.noname++
		name = "slip-" + strconv.Itoa(p.noname)
	}
	file := filepath.Join(p.o.Dir, "receipts", name+".png")
	if p.font != nil {
		p.note(p.draw(b, file))
	}
	p.slips = append(p.slips, name)
	if p.o.OnSlip != nil {
		p.o.OnSlip(name, file)
	}
}

// finishTail writes what came after the last cut.
func (p *Printer) finishTail() {
	p.keep(p.slip)
	p.slip = nil
}

func (p *Printer) note(err error) { p.fault = errors.Join(p.fault, err) }

func (p *Printer) keep(b []byte) {
	f, err := os.OpenFile(filepath.Join(p.o.Dir, "printer.bin"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		p.note(err)
		return
	}
	_, err = f.Write(b)
	p.note(errors.Join(err, f.Close()))
}

func (p *Printer) draw(b []byte, file string) error {
	img, err := render(b, p.font, headDots80)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".slip-*")
	if err != nil {
		return err
	}
	enc := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := errors.Join(enc.Encode(f, img), f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return os.Rename(f.Name(), file)
}
