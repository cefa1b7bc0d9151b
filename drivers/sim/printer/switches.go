package printer

import (
	"fmt"
	"slices"
)

// faults is what a hand, or wear, has done to the printer.
type faults struct {
	paper   bool
	low     bool
	cover   bool
	cutter  bool
	latched bool // an error of the cutter waits for DLE ENQ
	latches bool // errors of the cutter do
	hot     bool
	offline bool
	mute    bool
	plugged bool
	runOut  int // lines until the paper ends, -1: never
	pull    int // bytes until the cable is pulled, -1: never
}

// SetPaper puts paper in or takes it out; what waits is printed when it is in.
func (p *Printer) SetPaper(in bool) { p.set(func() { p.faults.paper = in }) }

// SetLow says that the paper is about to end.
func (p *Printer) SetLow(low bool) { p.set(func() { p.faults.low = low }) }

// SetCover opens or closes the cover.
func (p *Printer) SetCover(open bool) { p.set(func() { p.faults.cover = open }) }

// SetCutter jams or frees the knife.
func (p *Printer) SetCutter(jammed bool) {
	p.set(func() {
		p.faults.cutter = jammed
		p.faults.latched = p.faults.latches && (jammed || p.faults.latched)
	})
}

// Latch makes the printer stay in error after a jam until DLE ENQ tells it to go
// on, as many do.
func (p *Printer) Latch(on bool) { p.set(func() { p.faults.latches = on }) }

// SetHot makes the head too hot, or lets it cool.
func (p *Printer) SetHot(hot bool) { p.set(func() { p.faults.hot = hot }) }

// SetOffline takes the printer offline by its key, or puts it back.
func (p *Printer) SetOffline(off bool) { p.set(func() { p.faults.offline = off }) }

// SetMute lets the printer take everything and answer nothing.
func (p *Printer) SetMute(mute bool) { p.set(func() { p.faults.mute = mute }) }

// CloseDrawer pushes the drawer shut.
func (p *Printer) CloseDrawer() { p.set(func() { p.drawer = false }) }

// RunOut lets the paper end after so many lines more.
func (p *Printer) RunOut(lines int) { p.set(func() { p.faults.runOut = lines }) }

// PullAfter pulls the cable after so many bytes more.
func (p *Printer) PullAfter(bytes int) { p.set(func() { p.faults.pull = bytes }) }

// set changes something; a driver that wants to hear of it is told.
func (p *Printer) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.automatic()
	change()
	if p.automatic() != before {
		p.report()
	}
	p.print()
}

func (p *Printer) jammed() bool { return p.faults.cutter || p.faults.latched }

func (p *Printer) stopped() bool {
	return !p.faults.paper || p.faults.cover || p.jammed() || p.faults.hot || p.faults.offline
}

// bits adds up the bits whose condition holds.
func bits(b byte, on map[byte]bool) byte {
	for bit, set := range on {
		if set {
			b |= bit
		}
	}
	return b
}

// status answers DLE EOT n.
func (p *Printer) status(n byte) byte {
	switch f := &p.faults; n {
	case 1:
		return bits(0x12, map[byte]bool{0x08: p.stopped(), 0x04: p.drawer})
	case 2:
		return bits(0x12, map[byte]bool{0x04: f.cover, 0x20: !f.paper, 0x40: p.jammed() || f.hot})
	case 3:
		return bits(0x12, map[byte]bool{0x08: p.jammed(), 0x40: f.hot})
	default:
		return bits(0x12, map[byte]bool{0x0c: f.low || !f.paper, 0x60: !f.paper})
	}
}

// automatic is the status of GS a.
func (p *Printer) automatic() [4]byte {
	f := &p.faults
	return [4]byte{
		bits(0x10, map[byte]bool{0x04: p.drawer, 0x08: p.stopped(), 0x20: f.cover}),
		bits(0, map[byte]bool{0x08: p.jammed(), 0x40: f.hot}),
		p.sensors(),
		0x0f,
	}
}

// sensors answers GS r 1.
func (p *Printer) sensors() byte {
	return bits(0, map[byte]bool{0x03: p.faults.low || !p.faults.paper, 0x0c: !p.faults.paper})
}

// Drawer says whether the drawer is open and how often it was kicked.
func (p *Printer) Drawer() (open bool, kicks int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.drawer, p.kicks
}

// Slips gives the names of what was cut, in order.
func (p *Printer) Slips() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.slips)
}

// Misuse gives the commands that came and that this model does not know.
func (p *Printer) Misuse() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.misuse)
}

// Taken counts the bytes that came.
func (p *Printer) Taken() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.taken
}

// Recovered counts the DLE ENQ that came: after an error the printer was told to
// go on, or to forget.
func (p *Printer) Recovered() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.recovered
}

// Err gives what went wrong with the files of the simulator.
func (p *Printer) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fault
}

// String says what the printer looks like from outside.
func (p *Printer) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	f := p.faults
	return fmt.Sprintf("paper %v, low %v, cover open %v, cutter jammed %v, hot %v, offline %v, mute %v, plugged %v, drawer open %v",
		f.paper, f.low, f.cover, p.jammed(), f.hot, f.offline, f.mute, f.plugged, p.drawer)
}
