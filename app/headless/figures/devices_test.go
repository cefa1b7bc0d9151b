package figures

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/app/receipt"
	"tillkeeper/assets"
	"tillkeeper/drivers/drivertest"
	"tillkeeper/drivers/port"
	"tillkeeper/drivers/printer"
	"tillkeeper/drivers/reader"
	"tillkeeper/drivers/reader/pn532"
	"tillkeeper/drivers/sim/card"
	simpanel "tillkeeper/drivers/sim/display"
	simreader "tillkeeper/drivers/sim/pn532"
	simprinter "tillkeeper/drivers/sim/printer"
)

// good is the good card of an entry.
func good(entry string) card.Card {
	return card.Card{
		Name: entry, PAN: "6224242900000113", Expiry: "3506", Sequence: "001", Entry: entry, Offline: card.Online, State: card.Good,
	}
}

// contactlessFigures counts the processor's time of contactless payments over
// each of the wires of a front end.
func contactlessFigures(b *bench) (err error) {
	chip := simreader.New()
	line, err := chip.Serve()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, line.Close()) }()
	i2c, spi := simreader.New(), simreader.New()
	var took [3]time.Duration
	for i, w := range []struct {
		chip *simreader.Chip
		open pn532.Opener
	}{{chip, pn532.SerialPort(line.Path(), pn532.DefaultBaud)}, {i2c, pn532.I2C(i2c.I2C().Open)}, {spi, pn532.SPI(spi.SPI(0).Open)}} {
		r := pn532.New(w.open, pn532.Options{Terminal: card.Terminal()})
		took[i], err = drivertest.PaymentCPU(r, w.chip, good(reader.Contactless), b.taps)
		if err = errors.Join(err, r.Close()); err != nil {
			return err
		}
	}
	b.add(row{
		what: "a contactless payment, the card's own time excluded: our CPU", yardstick: "CPU, all threads",
		ratio: float64(max(took[0], took[1], took[2])) / 1e6, reach: 5, unit: " ms",
		seen: fmt.Sprintf("the dearest of a pseudo terminal %s, I2C %s and SPI %s, means of %d payments each; the model of the chip and of the bus is still in it",
			ms(took[0]), ms(took[1]), ms(took[2]), b.taps),
	})
	return nil
}

// slots says what a pcscd with virtual card slots lacks on this machine.
func slots() error {
	for _, tool := range []string{"pcscd", "unshare", "opensc-tool"} {
		if !there(tool) {
			return fmt.Errorf("%w: there is no %s", errAbsent, tool)
		}
	}
	if _, err := os.Stat("/usr/lib/pcsc/drivers/serial/libifdvpcd.so"); err != nil {
		return fmt.Errorf("%w: there is no vsmartcard-vpcd", errAbsent)
	}
	return nil
}

// fieldFigures holds the way from a card in the reader to its field 55 against
// the time that its APDUs take.
func fieldFigures(b *bench) error {
	if err := slots(); err != nil {
		return err
	}
	for _, c := range []struct {
		what, entry    string
		command, octet time.Duration
	}{
		{"contactless at 106 kbit/s (5 ms an APDU, 85 µs a byte)", reader.Contactless, 5 * time.Millisecond, 85 * time.Microsecond},
		{"chip at 9600 baud (2 ms an APDU, 1 ms a byte)", reader.Chip, 2 * time.Millisecond, time.Millisecond},
	} {
		if !b.full {
			c.what, c.command, c.octet = c.entry+" that answers at once", 0, 0
		}
		whole, bare, err := drivertest.FieldToF55(b, good(c.entry), c.command, c.octet, b.cards)
		if err != nil {
			return err
		}
		b.add(row{
			what: "card in the field to field 55 ready over pcscd and vpcd, " + c.what, yardstick: "the same APDUs alone over the same pcscd",
			ratio: over(whole, bare), reach: 1.1, unit: "x",
			seen: fmt.Sprintf("%s against %s, %d cards", ms(whole), ms(bare), b.cards),
		})
		if !b.full {
			return nil // a second daemon shows nothing new
		}
	}
	return nil
}

// paperLines is how long the measured receipt is.
const paperLines = 40

// receipt40 is the receipt of a card sale with as many articles as fill its
// lines.
func receipt40() receipt.Document {
	m := receipt.Maker{Shop: receipt.Shop{Name: "惠民便利店", Address: "中山路 18 号"}, Lang: "zh-Hans", Now: time.Now}
	k := pos.Basket{Receipt: "000123", Mode: pos.TaxIncluded}
	a := pos.Attempt{Kind: pos.Sale, Tender: pos.Card, State: pos.Approved, STAN: "000123", AuthCode: "123456", MaskedPAN: "622424******0113"}
	for {
		k.Lines = append(k.Lines, pos.Line{No: len(k.Lines) + 1, Name: "农夫山泉天然饮用水 550ml", Qty: pos.One, Price: 200, Total: 200})
		k.Total += 200
		a.Amount, a.Approved = k.Total, k.Total
		if d, ok := m.Sale(k, []pos.Attempt{a}, "1001", false).(receipt.Document); !ok || len(d.Lines) >= paperLines {
			return d
		}
	}
}

func receiptFigures(b *bench) error {
	font, err := fs.ReadFile(assets.FS, "fonts/NotoSansSC-Regular.ttf")
	if err != nil {
		return err
	}
	slip := receipt40()
	var took [2]times
	for i, m := range []printer.Model{printer.Full, printer.Plain} {
		form := printer.NewForm(m, 0, font)
		for range b.slips + 1 {
			d, err := timed(func() error { _, err := form.Encode(slip); return err })
			if err != nil {
				return err
			}
			took[i] = append(took[i], d)
		}
		took[i] = took[i][1:] // the first one reads the font
	}
	b.add(row{
		what: fmt.Sprintf("a receipt of %d lines to bytes", len(slip.Lines)), yardstick: "a millisecond", ratio: float64(took[0].median()) / 1e6, reach: 1, unit: " ms",
		seen: fmt.Sprintf("median %s, p90 %s of %d; %s where the QR code is drawn as dots", ms(took[0].median()), ms(took[0].at(0.9)), b.slips, ms(took[1].median())),
	})
	return b.firstByte(slip, font)
}

// paper is a simulated printer at a pseudo terminal that says when a slip began.
type paper struct {
	io.ReadWriteCloser // its own end
	path               string
	begun              chan time.Time
	held               *os.File
	last               byte
	ended              chan struct{}
}

func newPaper(dir string) (*paper, error) {
	sim, err := simprinter.New(simprinter.Opts{Dir: dir})
	if err != nil {
		return nil, err
	}
	far, path, err := port.Pty()
	if err != nil {
		return nil, err
	}
	p := &paper{ReadWriteCloser: far, path: path, begun: make(chan time.Time, 1), ended: make(chan struct{})}
	if p.held, err = os.OpenFile(path, os.O_RDWR|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0); err != nil {
		return nil, errors.Join(err, far.Close())
	}
	go func() {
		defer close(p.ended)
		sim.Serve(p)
	}()
	return p, nil
}

// Read notes the first byte of a slip, which resets the printer: ESC @.
func (p *paper) Read(b []byte) (int, error) {
	n, err := p.ReadWriteCloser.Read(b)
	now := time.Now()
	for _, c := range b[:n] {
		if p.last == 0x1b && c == '@' {
			select {
			case p.begun <- now:
			default: // nobody asked
			}
		}
		p.last = c
	}
	return n, err
}

// began waits for the next slip.
func (p *paper) began() (time.Time, error) {
	select {
	case at := <-p.begun:
		return at, nil
	case <-time.After(time.Minute):
		return time.Time{}, errors.New("no slip came to the printer")
	}
}

func (p *paper) end() error {
	err := errors.Join(p.held.Close(), p.Close())
	<-p.ended
	if errors.Is(err, os.ErrClosed) {
		return nil // the printer closed its end first
	}
	return err
}

// firstByte times the way from Print to the first byte at the printer and holds
// it against what it has to wait for in any case: the slip and the word that it
// was sent are on disk, and the printer has said that it is well.
func (b *bench) firstByte(slip receipt.Document, font []byte) (err error) {
	ours, err := newPaper(filepath.Join(b.dir, "paper"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ours.end()) }()
	theirs, err := newPaper(filepath.Join(b.dir, "bare"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, theirs.end()) }()
	p := printer.New(func() (io.ReadWriteCloser, error) { return port.OpenLine(ours.path, 115200) },
		printer.Opts{Dir: filepath.Join(b.dir, "queue"), Model: simprinter.Name80, Font: font})
	defer func() { err = errors.Join(err, p.Close()) }()
	bare, err := newUndriven(b.dir, theirs, slip, font)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bare.close()) }()
	var driven, alone times
	for i := range b.prints + 1 {
		took, err := printed(p, ours, slip)
		if err != nil {
			return err
		}
		without, err := bare.print()
		if err != nil {
			return err
		}
		if i > 0 { // the first one opens the port and asks the printer what it is
			driven, alone = append(driven, took), append(alone, without)
		}
	}
	b.add(row{
		what: "from Print to the first byte of the receipt at the printer, over a pseudo terminal", yardstick: "what that waits for, without the driver: two flushes to the same disk, one question to the printer",
		ratio: over(driven.median(), alone.median()), reach: 2, unit: "x",
		seen: fmt.Sprintf("median %s against %s, p90 %s, %d slips in turns; making the bytes is in ours alone", ms(driven.median()), ms(alone.median()), ms(driven.at(0.9)), len(driven)),
	})
	return nil
}

// printed is one slip through the driver; it returns when it is on paper.
func printed(p *printer.Printer, at *paper, slip receipt.Document) (time.Duration, error) {
	began := time.Now()
	if err := p.Print(pos.PrintJob{Number: slip.Number, Slip: slip}); err != nil {
		return 0, err
	}
	first, err := at.began()
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return first.Sub(began), p.Drain(ctx)
}

// undriven prints without the driver, and keeps what it prints as the driver does.
type undriven struct {
	at   *paper
	line *port.Line
	file *os.File
	slip []byte
}

func newUndriven(dir string, at *paper, slip receipt.Document, font []byte) (*undriven, error) {
	w := &undriven{at: at}
	var err error
	if w.slip, err = printer.NewForm(printer.Full, 0, font).Encode(slip); err != nil {
		return nil, err
	}
	if w.line, err = port.OpenLine(at.path, 115200); err != nil {
		return nil, err
	}
	w.file, err = os.Create(filepath.Join(dir, "bare.queue"))
	if err != nil {
		return nil, errors.Join(err, w.line.Close())
	}
	return w, nil
}

func (w *undriven) close() error { return errors.Join(w.line.Close(), w.file.Close()) }

func (w *undriven) print() (time.Duration, error) {
	if err := errors.Join(w.file.Truncate(0), w.file.Sync()); err != nil { // as after a slip that is printed
		return 0, err
	}
	began := time.Now()
	if err := w.keep(w.slip); err != nil {
		return 0, err
	}
	if _, err := w.line.Write([]byte{0x10, 0x04, 0x01}); err != nil {
		return 0, err
	}
	if _, err := io.ReadFull(w.line, make([]byte, 1)); err != nil {
		return 0, err
	}
	if err := w.keep([]byte("sent")); err != nil {
		return 0, err
	}
	if _, err := w.line.Write(w.slip); err != nil {
		return 0, err
	}
	first, err := w.at.began()
	return first.Sub(began), err
}

func (w *undriven) keep(b []byte) error {
	_, err := w.file.WriteAt(b, 0)
	return errors.Join(err, w.file.Sync())
}

// panelFigures holds the refresh of a panel against what its bus can carry.
func panelFigures(b *bench) error {
	took, limit, err := simpanel.Refresh(b.frames)
	if err != nil {
		return err
	}
	b.add(row{
		what: "refresh of a panel of 240 by 240", yardstick: "its pixels alone on the bus at 40 MHz", ratio: over(limit, took), reach: 0.9, least: true, unit: " of it",
		seen: fmt.Sprintf("%s a frame against %s; every bit of the driver's transfers is counted at 40 MHz, its own time (median of %d) is added", ms(took), ms(limit), b.frames),
	})
	return nil
}

func Test_the_measured_receipt_has_40_lines(t *testing.T) {
	if n := len(receipt40().Lines); n < paperLines || n > paperLines+2 {
		t.Errorf("%d lines", n)
	}
}

func Test_a_slip_that_comes_to_the_printer_is_seen(t *testing.T) {
	p, err := newPaper(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.held.Write([]byte("\x1bx@\x10\x04\x01")); err != nil {
		t.Fatal(err)
	}
	if _, err := p.held.Write([]byte("\x1b@x\n")); err != nil {
		t.Fatal(err)
	}
	if _, err := p.began(); err != nil {
		t.Error(err)
	}
	if len(p.begun) > 0 {
		t.Error("a slip too many")
	}
	if err := p.end(); err != nil {
		t.Error(err)
	}
}
