package printer

import "fmt"

// SetPaper puts paper in or takes it out; what waits is printed when it is in.
func (p *Printer) SetPaper(in bool) { p.set(func() { p.paper = in }) }

// SetLow says that the paper is about to end.
func (p *Printer) SetLow(low bool) { p.set(func() { p.low = low }) }

// SetCover opens or closes the cover.
func (p *Printer) SetCover(open bool) { p.set(func() { p.cover = open }) }

// SetCutter jams or frees the knife.
func (p *Printer) SetCutter(jammed bool) { p.set(func() { p.cutter = jammed }) }

// CloseDrawer pushes the drawer shut.
func (p *Printer) CloseDrawer() { p.set(func() { p.drawer = false }) }

// SetPlugged pulls the cable or puts it back; pulled, every open line hangs up
// and what was held is lost.
func (p *Printer) SetPlugged(in bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.plugged = in
	if in {
		return
	}
	p.held = nil
	for far := range p.lines {
		_ = far.Close()
	}
}

func (p *Printer) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
	p.print()
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
	return append([]string(nil), p.slips...)
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
	return fmt.Sprintf("paper %v, low %v, cover open %v, cutter jammed %v, plugged %v, drawer open %v",
		p.paper, p.low, p.cover, p.cutter, p.plugged, p.drawer)
}

// Close unplugs the printer and waits until its lines have ended.
func (p *Printer) Close() error {
	p.SetPlugged(false)
	p.serving.Wait()
	return p.Err()
}
