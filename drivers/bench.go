package drivers

import (
	"io"
	"strconv"
	"strings"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/port"
	simhost "tillkeeper/drivers/sim/acquirer"
	"tillkeeper/drivers/sim/card"
	simpad "tillkeeper/drivers/sim/pinpad"
	simprinter "tillkeeper/drivers/sim/printer"
	simwallet "tillkeeper/drivers/sim/wallet"
)

// Bench holds the switches of the simulated devices: what a hand would do at
// real ones.
type Bench struct {
	pad     *simpad.Sim
	host    *simhost.Host
	reader  *card.Reader
	printer *simprinter.Printer
	wallet  *simwallet.Gateway
	pins    map[string]string // of the deck's cards
}

// Present puts a card of the deck on the reader.
func (b *Bench) Present(name string) error {
	if b.reader == nil {
		return pos.Errorf("not_configured", `set devices.reader to "sim:"`, "there is no simulated reader")
	}
	if err := b.reader.Present(name); err != nil {
		return &pos.Error{Code: "unknown_card", Message: "the deck has no such card", Remedy: "name one of: " + strings.Join(b.reader.Names(), " "), Err: err}
	}
	return nil
}

// Cards names the deck.
func (b *Bench) Cards() []string {
	if b.reader == nil {
		return nil
	}
	return b.reader.Names()
}

// PIN enters a PIN on the simulated pad; "" is the customer who cancels.
func (b *Bench) PIN(pin string) {
	if pin == "" {
		b.pad.Cancel()
		return
	}
	b.pad.Enter(pin)
}

// Holder enters the PIN that belongs to a card of the deck.
func (b *Bench) Holder(name string) { b.PIN(b.pins[name]) }

// Wallet says what the customer's phone does with the next order: pay refuse
// ignore password late; "" is pay.
func (b *Bench) Wallet(how string) error {
	if b.wallet == nil {
		return nil
	}
	return b.wallet.Next(how)
}

// Scan is what the customer's phone does with the code that is shown.
func (b *Bench) Scan(how string) error {
	if b.wallet == nil {
		return nil
	}
	return b.wallet.Scan("", how)
}

// Manual lets orders wait for Scan instead of paying themselves.
func (b *Bench) Manual() {
	if b.wallet != nil {
		b.wallet.Manual(true)
	}
}

// Clear takes away what a payment left unused.
func (b *Bench) Clear() {
	b.pad.Clear()
	if b.reader != nil {
		b.reader.Remove()
	}
}

// Line pulls the line to the acquirer and the wallet, or puts it back.
func (b *Bench) Line(up bool) error {
	if b.wallet != nil {
		if err := b.wallet.SetLine(up); err != nil {
			return err
		}
	}
	if b.host == nil {
		return pos.Errorf("not_available", "the host is not inside this program", "the line can be pulled in the demo only")
	}
	return b.host.SetLine(up)
}

// Paper takes the simulated printer's paper away, or puts it in.
func (b *Bench) Paper(in bool) {
	if b.printer != nil {
		b.printer.SetPaper(in)
	}
}

func cut(url string) (scheme, rest string) {
	scheme, rest, _ = strings.Cut(url, ":")
	return scheme, rest
}

func path(rest string) string {
	p, _, _ := strings.Cut(rest, "?")
	return p
}

// defaultBaud is what receipt printers come with.
const defaultBaud = 9600

func baud(rest string) int {
	_, q, _ := strings.Cut(rest, "baud=")
	if n, err := strconv.Atoi(q); err == nil {
		return n
	}
	return defaultBaud
}

func opener(open func() (*port.Line, error)) func() (io.ReadWriteCloser, error) {
	return func() (io.ReadWriteCloser, error) {
		l, err := open()
		if err != nil {
			return nil, err
		}
		return l, nil
	}
}

// Any says whether a device of the till is simulated.
func (b *Bench) Any() bool {
	return b.reader != nil || b.printer != nil || b.wallet != nil || b.host != nil
}

// Computed is the time that the simulated cards took for their answers so far.
func (b *Bench) Computed() time.Duration {
	if b.reader == nil {
		return 0
	}
	return b.reader.Computed()
}
