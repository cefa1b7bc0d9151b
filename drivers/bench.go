package drivers

import (
	"strings"
	"sync"
	"time"

	"tillkeeper/app/pos"
	simhost "tillkeeper/drivers/sim/acquirer"
	"tillkeeper/drivers/sim/card"
	simdisplay "tillkeeper/drivers/sim/display"
	simpad "tillkeeper/drivers/sim/pinpad"
	simprinter "tillkeeper/drivers/sim/printer"
	simscale "tillkeeper/drivers/sim/scale"
	simscanner "tillkeeper/drivers/sim/scanner"
	simwallet "tillkeeper/drivers/sim/wallet"
)

// Bench holds the switches of the simulated devices: what a hand would do at
// real ones.
type Bench struct {
	mu      sync.Mutex // guards hands: a device may be changed
	hands   hands
	printed func() bool // nil: there is no printer to ask
}

// hands are the simulated devices as they are now.
type hands struct {
	pad     *simpad.Sim
	host    *simhost.Host
	reader  *card.Reader
	printer *simprinter.Printer
	wallet  *simwallet.Gateway
	panel   *simdisplay.Panel
	scale   *simscale.Scale
	scanner *simscanner.Keyboard
	pins    map[string]string // of the deck's cards
}

func (b *Bench) now() hands {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.hands
}

// put changes what is there.
func (b *Bench) put(change func(h *hands)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(&b.hands)
}

// Present puts a card of the deck on the reader.
func (b *Bench) Present(name string) error {
	h := b.now()
	if h.reader == nil {
		return pos.Errorf("not_configured", `set devices.reader to "sim:"`, "there is no simulated reader")
	}
	if err := h.reader.Present(name); err != nil {
		return &pos.Error{Code: "unknown_card", Message: "the deck has no such card", Remedy: "name one of: " + strings.Join(h.reader.Names(), " "), Err: err}
	}
	return nil
}

// Cards names the deck.
func (b *Bench) Cards() []string {
	h := b.now()
	if h.reader == nil {
		return nil
	}
	return h.reader.Names()
}

// PIN enters a PIN on the simulated pad; "" is the customer who cancels.
func (b *Bench) PIN(pin string) {
	h := b.now()
	switch {
	case h.pad == nil: // a real one: the customer's own hand
	case pin == "":
		h.pad.Cancel()
	default:
		h.pad.Enter(pin)
	}
}

// Bypass presses OK on the simulated pad without a PIN.
func (b *Bench) Bypass() {
	if h := b.now(); h.pad != nil {
		h.pad.Bypass()
	}
}

// Holder enters the PIN that belongs to a card of the deck; the holder of one
// that has none presses OK without it.
func (b *Bench) Holder(name string) {
	if pin := b.now().pins[name]; pin != "" {
		b.PIN(pin)
		return
	}
	b.Bypass()
}

// Wallet says what the customer's phone does with the next order: pay refuse
// ignore password late; "" is pay.
func (b *Bench) Wallet(how string) error {
	h := b.now()
	if h.wallet == nil {
		return nil
	}
	return h.wallet.Next(how)
}

// Scan is what the customer's phone does with the code that is shown.
func (b *Bench) Scan(how string) error {
	h := b.now()
	if h.wallet == nil {
		return nil
	}
	return h.wallet.Scan("", how)
}

// Manual lets orders wait for Scan instead of paying themselves.
func (b *Bench) Manual() {
	h := b.now()
	if h.wallet != nil {
		h.wallet.Manual(true)
	}
}

// Clear takes away what a payment left unused.
func (b *Bench) Clear() {
	h := b.now()
	if h.pad != nil {
		h.pad.Clear()
	}
	if h.reader != nil {
		h.reader.Remove()
	}
}

// Line pulls the line to the acquirer and the wallet, or puts it back.
func (b *Bench) Line(up bool) error {
	h := b.now()
	if h.wallet != nil {
		if err := h.wallet.SetLine(up); err != nil {
			return err
		}
	}
	if h.host == nil {
		return pos.Errorf("not_available", "the host is not inside this program", "the line can be pulled in the demo only")
	}
	return h.host.SetLine(up)
}

// Paper takes the simulated printer's paper away, or puts it in.
func (b *Bench) Paper(in bool) {
	h := b.now()
	if h.printer != nil {
		h.printer.SetPaper(in)
	}
}

// Shut pushes the simulated drawer shut, as a cashier does before the next sale.
func (b *Bench) Shut() {
	if h := b.now(); h.printer != nil {
		h.printer.CloseDrawer()
	}
}

// Printed says whether no slip waits for the printer; one that cannot print now
// is not waited for.
func (b *Bench) Printed() bool { return b.printed == nil || b.printed() }

// Load puts goods of so many grams on the simulated scale.
func (b *Bench) Load(grams int64) {
	if h := b.now(); h.scale != nil {
		h.scale.Put(grams)
	}
}

// Scanned holds a code before the simulated scanner.
func (b *Bench) Scanned(code string) error {
	h := b.now()
	if h.scanner == nil {
		return pos.Errorf("not_configured", `set devices.scanner to "sim:"`, "there is no simulated scanner")
	}
	return h.scanner.Scan(code)
}

// Any says whether a device of the till is simulated.
func (b *Bench) Any() bool {
	h := b.now()
	return h.reader != nil || h.printer != nil || h.wallet != nil || h.host != nil
}

// Real says by the names of the devices that a hand could be laid on which of
// them are not simulated: reader pinpad printer wallet host.
func (b *Bench) Real() map[string]bool {
	h := b.now()
	return map[string]bool{
		Reader: h.reader == nil, PINPad: h.pad == nil, Printer: h.printer == nil, "wallet": h.wallet == nil, "host": h.host == nil,
	}
}

// Computed is the time that the simulated cards took for their answers so far.
func (b *Bench) Computed() time.Duration {
	h := b.now()
	if h.reader == nil {
		return 0
	}
	return h.reader.Computed()
}
