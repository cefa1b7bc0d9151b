// Package printer simulates a receipt printer of 80 or 58 mm with its drawer, at
// the level of bytes: it reads ESC/POS from a pseudo terminal, a TCP port or any
// stream, so that the real driver runs above it.
//
// It obeys real-time commands (10 04, 10 05, 10 14) wherever they stand, also
// inside raster data, and everything else in order; without paper or with its
// cover open it keeps what it was given and prints it later. Everything that
// was printed is appended to DIR/printer.bin; at each cut (or, without a knife,
// at the end of a job) DIR/receipts/NAME.png is drawn from those bytes alone,
// NAME being the text of the slip's QR code (its receipt number), with "-copy"
// behind it for a slip marked COPY.
//
// What a model lacks is a field of Opts; a command that it does not know is
// noted in Misuse and its bytes stand on the paper, as cheap printers have it.
package printer

import (
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"

	"tillkeeper/drivers/port"
)

// maxHeld bounds what a printer without paper keeps; more is lost, as in a
// printer whose buffer runs over.
const maxHeld = 1 << 20

// maxMisuse bounds what is noted of commands that the printer does not know.
const maxMisuse = 100

// The names by which the simulated printers answer GS I 67.
const (
	Name80 = "TM-T82III"
	Name58 = "XP-58"
)

// Opts sets the simulated printer up.
type Opts struct {
	Dir    string // of printer.bin and receipts/; made if missing
	Font   []byte // TrueType; nil: no pictures are drawn
	OnSlip func(name, png string)

	Name   string // what GS I 67 says; "": Name80, or Name58 of a narrow one
	Narrow bool   // 58 mm: 384 dots
	Baud   int    // of its serial port; 0: whatever the driver has set
	Rate   int    // bytes it takes a second; 0: as fast as they come

	NoName    bool // GS I is not answered
	NoProcess bool // GS ( H is not known
	NoFence   bool // GS r is not answered
	NoQR      bool // GS ( k is not known
	NoBarcode bool // GS k 73 is not known
	NoCut     bool // there is no knife
	NoASB     bool // GS a is not known
}

// Printer is the simulated printer. Its switches may be used at any time.
type Printer struct {
	o    Opts
	font *sfnt.Font
	dots int

	mu      sync.Mutex
	faults  faults
	drawer  bool
	kicks   int
	held    []byte // received and not printed
	slip    []byte // printed since the last cut
	inked   bool   // there is something on the paper since
	kanji   bool
	asb     bool
	slips   []string
	misuse  []string
	noname  int
	lines   map[io.ReadWriteCloser]io.Closer // the driver's end of each, or nil
	current io.Writer
	fault   error
	serving sync.WaitGroup

	strip    *image.Gray // of the last slip, to draw the next one on
	encoding encoding

	realTime  []byte // the last bytes, in which a real-time command may stand
	taken     int
	recovered int // DLE ENQ that came

	path string // of the pseudo terminal that is plugged in and out
	addr string
	wire net.Listener
}

// New makes a printer with paper, its cover and drawer closed.
func New(o Opts) (*Printer, error) {
	if err := os.MkdirAll(filepath.Join(o.Dir, "receipts"), 0o700); err != nil {
		return nil, err
	}
	p := &Printer{o: o, faults: faults{paper: true, plugged: true, runOut: -1, pull: -1}, kanji: true, lines: map[io.ReadWriteCloser]io.Closer{}, dots: headDots80}
	if o.Narrow {
		p.dots = headDots58
	}
	if p.o.Name == "" {
		p.o.Name = Name80
		if o.Narrow {
			p.o.Name = Name58
		}
	}
	if o.Font != nil {
		f, err := opentype.Parse(o.Font)
		if err != nil {
			return nil, fmt.Errorf("font of the simulated printer: %w", err)
		}
		p.font = f
	}
	return p, nil
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
		if p.o.Rate > 0 {
			buf = buf[:min(cap(buf), p.o.Rate/200+1)] // some 5 ms of bytes
		}
		n, err := rw.Read(buf)
		if n > 0 {
			p.take(buf[:n], rw)
			if p.o.Rate > 0 {
				time.Sleep(time.Duration(n) * time.Second / time.Duration(p.o.Rate))
			}
		}
		if err != nil {
			return
		}
	}
}

// take obeys the real-time commands in b at once and keeps all of b for the
// printing, which happens as far as the paper goes.
func (p *Printer) take(b []byte, from io.ReadWriter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.current = from
	if p.wrongSpeed(from) {
		p.reply(garbled(b)...)
		return
	}
	for i, c := range b {
		if p.faults.pull == 0 {
			p.faults.pull = -1
			b = b[:i]
			defer p.unplug()
			break
		}
		if p.faults.pull > 0 {
			p.faults.pull--
		}
		p.realTime = append(p.realTime, c)
		p.held = append(p.held, c)
		p.urgent()
	}
	p.taken += len(b)
	if over := len(p.held) - maxHeld; over > 0 {
		p.held = p.held[over:]
	}
	p.print()
}

// wrongSpeed says whether the line is set to a speed that is not the printer's.
func (p *Printer) wrongSpeed(from io.ReadWriter) bool {
	l, tty := from.(*port.Line)
	if !tty || p.o.Baud == 0 {
		return false
	}
	baud, err := l.Speed()
	return err == nil && baud != p.o.Baud
}

// garbled is what comes out of bytes that were sent at another speed.
func garbled(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for _, c := range b {
		out = append(out, c<<3|0x80|c>>5)
	}
	return out
}

// urgent looks for a real-time command at the end of what has come.
func (p *Printer) urgent() {
	r := p.realTime
	if len(r) > 5 {
		r = r[len(r)-5:]
		p.realTime = r
	}
	n := len(r)
	switch {
	case n >= 3 && r[n-3] == 0x10 && r[n-2] == 0x04 && r[n-1] >= 1 && r[n-1] <= 4:
		p.reply(p.status(r[n-1]))
	case n >= 3 && r[n-3] == 0x10 && r[n-2] == 0x05 && (r[n-1] == 1 || r[n-1] == 2):
		p.faults.latched = p.faults.cutter
		p.recovered++
		if r[n-1] == 2 {
			p.held, p.slip, p.inked = nil, nil, false
		}
	case n == 5 && r[0] == 0x10 && r[1] == 0x14 && r[2] == 1:
		p.kick()
	}
}

func (p *Printer) reply(b ...byte) {
	if p.current != nil && !p.faults.mute {
		_, _ = p.current.Write(b)
	}
}

func (p *Printer) kick() {
	p.drawer = true
	p.kicks++
	p.report()
}

// report tells a change of the status to a driver that has asked for it.
func (p *Printer) report() {
	if p.asb {
		b := p.automatic()
		p.reply(b[:]...)
	}
}

// finish writes a slip that was cut: its bytes, then its picture.
func (p *Printer) finish() {
	b := p.slip
	p.slip, p.inked = nil, false
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

// finishTail ends a job: what came after the last cut, or the slip of a printer
// without a knife.
func (p *Printer) finishTail() {
	if p.inked && p.o.NoCut {
		p.finish()
		return
	}
	p.keep(p.slip)
	p.slip = nil
}

func (p *Printer) note(err error) { p.fault = errors.Join(p.fault, err) }

func (p *Printer) keep(b []byte) {
	if len(b) == 0 {
		return
	}
	f, err := os.OpenFile(filepath.Join(p.o.Dir, "printer.bin"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		p.note(err)
		return
	}
	_, err = f.Write(b)
	p.note(errors.Join(err, f.Close()))
}

// encoding keeps what a picture was encoded with for the next one.
type encoding struct{ kept *png.EncoderBuffer }

// Get gives what was kept, nil for the first picture.
func (e *encoding) Get() *png.EncoderBuffer { return e.kept }

// Put keeps it.
func (e *encoding) Put(b *png.EncoderBuffer) { e.kept = b }

func (p *Printer) draw(b []byte, file string) error {
	strip, shown, err := render(b, p.font, p.dots, p.strip)
	p.strip = strip
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".slip-*")
	if err != nil {
		return err
	}
	enc := png.Encoder{CompressionLevel: png.BestSpeed, BufferPool: &p.encoding}
	if err := errors.Join(enc.Encode(f, strip.SubImage(shown)), f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return os.Rename(f.Name(), file)
}
