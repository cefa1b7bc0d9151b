package printer

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"tillkeeper/drivers/port"
)

// Open gives the driver's end of a new pseudo terminal whose other end is this
// printer; ENODEV while it is unplugged.
func (p *Printer) Open() (io.ReadWriteCloser, error) {
	far, path, err := port.Pty()
	if err != nil {
		return nil, err
	}
	near, err := port.OpenLine(path, 115200)
	if err != nil {
		return nil, errors.Join(err, far.Close())
	}
	if err := p.attach(far, near); err != nil {
		return nil, errors.Join(err, far.Close(), near.Close())
	}
	return near, nil
}

// attach serves a line while the printer is plugged in. Also is closed with it.
func (p *Printer) attach(far io.ReadWriteCloser, also io.Closer) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.faults.plugged {
		return &os.PathError{Op: "open", Path: "simulated printer", Err: syscall.ENODEV}
	}
	p.lines[far] = also
	p.serving.Add(1)
	go func() {
		defer p.serving.Done()
		p.Serve(far)
	}()
	return nil
}

// Pty plugs the printer into a serial port: path is a link, as under
// /dev/serial/by-id, that a driver opens and that goes with the cable.
func (p *Printer) Pty(path string) error {
	p.mu.Lock()
	p.path = path
	p.mu.Unlock()
	return p.plugPty()
}

func (p *Printer) plugPty() error {
	p.mu.Lock()
	path := p.path
	p.mu.Unlock()
	if path == "" {
		return nil
	}
	far, pts, err := port.Pty()
	if err != nil {
		return err
	}
	// Held open at this end too: else the line ends when the driver closes it.
	held, err := os.OpenFile(pts, os.O_RDWR|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return errors.Join(err, far.Close())
	}
	if err := p.attach(far, held); err != nil {
		return errors.Join(err, far.Close(), held.Close())
	}
	_ = os.Remove(path)
	return os.Symlink(pts, path)
}

// Listen plugs the printer into a network: it serves one connection at a time,
// and lets others wait, as network printers do. It gives the address.
func (p *Printer) Listen(addr string) (string, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return "", err
	}
	p.mu.Lock()
	p.addr, p.wire = l.Addr().String(), l
	p.mu.Unlock()
	p.serving.Add(1)
	go func() {
		defer p.serving.Done()
		p.accept(l)
	}()
	return l.Addr().String(), nil
}

func (p *Printer) accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		if !p.faults.plugged {
			p.mu.Unlock()
			_ = c.Close()
			continue
		}
		p.lines[c] = nil
		p.mu.Unlock()
		p.Serve(c)
	}
}

// SetPlugged pulls the cable or puts it back; pulled, every open line hangs up
// and what was held is lost.
func (p *Printer) SetPlugged(in bool) {
	p.mu.Lock()
	was := p.faults.plugged
	if !in {
		p.unplug()
		p.mu.Unlock()
		return
	}
	p.faults.plugged = true
	addr := p.addr
	p.mu.Unlock()
	if was {
		return
	}
	if err := p.plugPty(); err != nil {
		p.mu.Lock()
		p.note(err)
		p.mu.Unlock()
	}
	if addr != "" {
		if _, err := p.Listen(addr); err != nil {
			p.mu.Lock()
			p.note(err)
			p.mu.Unlock()
		}
	}
}

// unplug ends every line; the caller has mu.
func (p *Printer) unplug() {
	p.faults.plugged = false
	p.held, p.realTime, p.asb = nil, nil, false
	if p.path != "" {
		_ = os.Remove(p.path)
	}
	if p.wire != nil {
		_ = p.wire.Close()
		p.wire = nil
	}
	for far, also := range p.lines {
		if also != nil && p.path != "" {
			_ = also.Close()
		}
		_ = far.Close()
	}
}

// Close unplugs the printer and waits until its lines have ended.
func (p *Printer) Close() error {
	p.SetPlugged(false)
	p.serving.Wait()
	p.mu.Lock()
	p.keep(p.slip)
	p.slip = nil
	p.mu.Unlock()
	return p.Err()
}
