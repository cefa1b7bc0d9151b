package pinpad

import (
	"bufio"
	"context"
	"errors"
	"io"
	"sync"

	pad "tillkeeper/drivers/pinpad"
)

// Serve speaks the pad's protocol over rw until it ends or ctx does; then rw is closed.
func (s *Sim) Serve(ctx context.Context, rw io.ReadWriteCloser) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	unhook := context.AfterFunc(ctx, func() { rw.Close() }) //nolint:errcheck // the reader tells
	defer unhook()
	c := &session{sim: s, rw: rw}
	defer c.wait.Wait()
	defer stop()
	r := bufio.NewReader(rw)
	for {
		f, err := pad.ReadFrame(r)
		switch {
		case errors.Is(err, pad.ErrDamaged):
			err = c.send([]byte{pad.NAK})
		case errors.Is(err, pad.ErrNAK):
			err = c.again()
		case err == nil:
			err = c.handle(ctx, f)
		}
		if err != nil {
			return err
		}
	}
}

// session is one line to a till.
type session struct {
	sim  *Sim
	rw   io.Writer
	wait sync.WaitGroup

	mu     sync.Mutex
	last   pad.Frame // the last answer, without data: none
	asking byte      // sequence number of the command that waits
	quit   context.CancelFunc
}

func (c *session) send(b []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := c.rw.Write(b)
	return err
}

func (c *session) again() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.last.Data) == 0 {
		return nil
	}
	_, err := c.rw.Write(c.last.Bytes())
	return err
}

func (c *session) reply(to pad.Frame, status byte, data []byte) error {
	f := pad.Frame{Cmd: to.Cmd | pad.Answer, Seq: to.Seq, Data: append([]byte{status}, data...)}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = f
	_, err := c.rw.Write(f.Bytes())
	return err
}

// handle does one command; an entry goes on in the background, so that CmdCancel is heard.
func (c *session) handle(ctx context.Context, f pad.Frame) error {
	c.mu.Lock()
	repeated := f.Cmd != pad.CmdInfo && c.last.Seq == f.Seq && c.last.Cmd == f.Cmd|pad.Answer && len(c.last.Data) > 0
	quit, asking := c.quit, c.asking
	c.mu.Unlock()
	switch {
	case repeated:
		return c.again()
	case f.Cmd == pad.CmdCancel:
		if quit != nil && asking == f.Seq {
			quit()
			c.wait.Wait()
		}
		return c.reply(f, pad.StatusOK, nil)
	case quit != nil && waits(f.Cmd) && asking == f.Seq:
		return nil // the same command again: its entry goes on
	case quit != nil && f.Cmd == pad.CmdInfo: // a till that begins anew
		quit()
		c.wait.Wait()
	case quit != nil:
		return c.reply(f, pad.StatusBusy, nil)
	case waits(f.Cmd):
		line := ctx
		ctx, stop := context.WithCancel(ctx)
		c.mu.Lock()
		c.quit, c.asking = stop, f.Seq
		c.mu.Unlock()
		c.wait.Go(func() { c.ask(line, ctx, stop, f) })
		return nil
	}
	status, data := c.sim.do(ctx, f)
	return c.reply(f, status, data)
}

// ask does a command that waits for a person and answers it, unless the line has ended meanwhile.
func (c *session) ask(line, ctx context.Context, stop context.CancelFunc, f pad.Frame) { //nolint:revive // two lifetimes
	defer stop()
	entry := c.sim.pin
	if f.Cmd == pad.CmdComponent {
		entry = c.sim.component
	}
	status, data := entry(ctx, f.Data)
	c.mu.Lock()
	c.quit = nil
	c.mu.Unlock()
	if line.Err() == nil {
		c.reply(f, status, data) //nolint:errcheck // the reader finds the same fault
	}
}

// waits tells whether a command waits for a person.
func waits(cmd byte) bool { return cmd == pad.CmdPIN || cmd == pad.CmdComponent }
