package pn532

import (
	"errors"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"tillkeeper/drivers/port"
)

// HSU is a chip at a pseudo terminal: its high speed UART.
type HSU struct {
	chip *Chip
	path string
	far  *port.Line
	near *os.File // keeps the terminal alive while no host has it open
	stop chan struct{}
	done sync.WaitGroup
	once sync.Once
}

// Serve gives the chip a pseudo terminal and answers on it until Close.
func (c *Chip) Serve() (*HSU, error) {
	far, path, err := port.Pty()
	if err != nil {
		return nil, err
	}
	near, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, errors.Join(err, far.Close())
	}
	h := &HSU{chip: c, path: path, far: far, near: near, stop: make(chan struct{})}
	h.done.Add(2)
	go h.listen()
	go h.speak()
	return h, nil
}

// Path is what a host opens.
func (h *HSU) Path() string { return h.path }

// Close hangs up and ends what runs. A host that has the line open sees it go.
func (h *HSU) Close() error {
	var err error
	h.once.Do(func() {
		close(h.stop)
		err = errors.Join(h.near.Close(), h.far.Close())
		h.done.Wait()
	})
	return err
}

// listen takes what the host sends. At another speed than its own the chip hears nothing that makes sense.
func (h *HSU) listen() {
	defer h.done.Done()
	b := make([]byte, 512)
	for {
		n, err := h.far.Read(b)
		if err != nil {
			return
		}
		speed, err := h.far.Speed()
		if err != nil {
			return
		}
		h.chip.mu.Lock()
		if speed == h.chip.baud {
			h.chip.feed(b[:n])
		}
		h.chip.mu.Unlock()
	}
}

// speak sends what is ready.
func (h *HSU) speak() {
	defer h.done.Done()
	t := time.NewTimer(time.Hour)
	defer t.Stop()
	for {
		next, wait := h.chip.next()
		if next != nil {
			if _, err := h.far.Write(next); err != nil && !errors.Is(err, io.EOF) {
				return
			}
			continue
		}
		t.Reset(wait)
		select {
		case <-h.stop:
			return
		case <-h.chip.wake:
		case <-t.C:
		}
	}
}

// next takes the frame that is ready, or says how long there is none.
func (c *Chip) next() ([]byte, time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.out) == 0 {
		return nil, time.Hour
	}
	f := c.out[0]
	if wait := time.Until(f.at); wait > 0 {
		return nil, wait
	}
	c.out = c.out[1:]
	return f.data, 0
}
