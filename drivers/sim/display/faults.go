package display

// Kill pulls the panel out: it goes dark and every use of its bus fails until
// Revive.
func (p *Panel) Kill() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dead = true
	return p.save()
}

// Revive puts the panel in again. It has forgotten everything and stays dark
// until it is set up.
func (p *Panel) Revive() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dead = false
	return p.forget()
}

// PowerCut takes the panel's power away for a moment: the bus says nothing of
// it, and the panel is dark until it is set up.
func (p *Panel) PowerCut() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.forget()
}

func (p *Panel) forget() error {
	p.reset()
	for i := range p.ram {
		p.ram[i] = uint16(i) * 0x9e37 // as RAM comes up
	}
	return p.save()
}
