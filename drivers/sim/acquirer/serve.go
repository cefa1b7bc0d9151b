package acquirer

import (
	"bufio"
	"context"
	"net"
	"sync"
	"time"

	"tillkeeper/drivers/acquirer/wire"
)

// caller is one connection; writes of several answers do not mix.
type caller struct {
	net.Conn
	mu sync.Mutex
}

// turn keeps the requests of one connection in the order they came until they are decided; their answers may overtake each other.
type turn struct {
	before <-chan struct{}
	mine   chan struct{}
	once   *sync.Once
}

func (t turn) wait() { <-t.before }

func (t turn) pass() { t.once.Do(func() { close(t.mine) }) }

// serveConn reads requests and answers each in a goroutine of its own, at most windowLimit at once.
func (h *Host) serveConn(ctx context.Context, conn net.Conn) {
	c := &caller{Conn: conn}
	in := bufio.NewReader(conn)
	window := make(chan struct{}, windowLimit)
	mine := make(chan struct{})
	close(mine)
	for {
		body, err := h.cfg.Profile.ReadFrame(in)
		if err != nil {
			h.log.Debug("acquirer: connection ends", "err", err)
			return
		}
		select {
		case window <- struct{}{}:
		case <-ctx.Done():
			return
		}
		if !h.line.begin() {
			return
		}
		t := turn{before: mine, mine: make(chan struct{}), once: &sync.Once{}}
		mine = t.mine
		head, m, r, plan := h.receive(body)
		go func() {
			defer h.line.work.Done()
			defer func() { <-window }()
			defer t.pass()
			if m != nil {
				h.request(ctx, c, t, head, m, r, plan)
			}
		}()
	}
}

// receive unpacks a request and asks the fault plan, in the order of arrival; no message means that it is refused whole.
func (h *Host) receive(body []byte) (wire.Header, *wire.Message, *Rule, *Plan) {
	head, m, err := h.cfg.Profile.Unpack(body)
	if err != nil {
		h.log.Warn("acquirer: refused whole", "err", err)
		return head, nil, nil, nil
	}
	h.mu.Lock()
	plan := h.plan
	h.mu.Unlock()
	r := plan.due(m)
	if r != nil {
		h.log.Info("acquirer: fault", "fault", string(r.Fault), "mti", m.MTI, "stan", m.Get(11))
	}
	return head, m, r, plan
}

// request is one request from its arrival to the bytes of its answer, faults included.
func (h *Host) request(ctx context.Context, c *caller, t turn, head wire.Header, m *wire.Message, r *Rule, plan *Plan) {
	if r.is(Delay) {
		t.wait()
		t.pass()
	}
	defer t.wait() // so that turns pass in order even where this request is lost
	if !h.before(ctx, c, r) {
		return
	}
	a, err := h.handle(m, r, t)
	if err != nil {
		h.log.Error("acquirer: no answer", "mti", m.MTI, "stan", m.Get(11), "err", err)
		return
	}
	h.mu.Lock()
	latency := h.cfg.Latency
	h.mu.Unlock()
	if a == nil || !pause(ctx, latency) || !h.after(ctx, c, r) {
		return
	}
	if err := h.answer(ctx, c, head, a, r, plan); err != nil {
		h.log.Debug("acquirer: answer not sent", "err", err)
	}
}

// before does what happens to a request before it is taken; false when it never is.
func (h *Host) before(ctx context.Context, c *caller, r *Rule) bool {
	switch {
	case r.is(DropRequest):
		return false
	case r.is(Delay):
		return pause(ctx, r.wait())
	case r.is(Refuse):
		h.outage(ctx, r.wait())
		return false
	case r.is(Reset) && r.Before:
		abort(c)
		return false
	case r.is(Restart) && r.Before:
		h.comeBack(ctx, r.wait())
		return false
	}
	return true
}

// after does what happens once the request is taken, before the answer; false when there is none.
func (h *Host) after(ctx context.Context, c *caller, r *Rule) bool {
	switch {
	case r.is(DropAnswer):
		return false
	case r.is(AnswerLate):
		return pause(ctx, r.wait())
	case r.is(Reset):
		abort(c)
		return false
	case r.is(Restart):
		h.comeBack(ctx, r.wait())
		return false
	}
	return true
}

// outage pulls the line for a while.
func (h *Host) outage(ctx context.Context, d time.Duration) {
	if err := h.SetLine(false); err != nil {
		return
	}
	if !pause(ctx, d) {
		return
	}
	if err := h.SetLine(true); err != nil {
		h.log.Error("acquirer: the line stays down", "err", err)
	}
}

// comeBack is a restart of the process as seen from outside: line gone, memory gone, back after d.
func (h *Host) comeBack(ctx context.Context, d time.Duration) {
	if err := h.SetLine(false); err != nil {
		return
	}
	if err := h.restart(); err != nil {
		h.log.Error("acquirer: restart failed", "err", err)
		return
	}
	if !pause(ctx, d) {
		return
	}
	if err := h.SetLine(true); err != nil {
		h.log.Error("acquirer: the line stays down", "err", err)
	}
}

// reply is an answer before its bytes.
type reply struct {
	m    *wire.Message
	term *terminal // whose MAK signs, nil for none
	sign bool
	need int // processing requirement of the header
}

// bytes signs and packs an answer.
func (h *Host) bytes(head wire.Header, a *reply) ([]byte, error) {
	if a.sign {
		f64, err := h.mac(a.term, a.m)
		if err != nil {
			return nil, err
		}
		a.m.Fields[64] = f64
	}
	return h.cfg.Profile.Pack(head.Swapped().WithRequirement(a.need), a.m)
}

// answer writes what the fault makes of an answer.
func (h *Host) answer(ctx context.Context, c *caller, head wire.Header, a *reply, r *Rule, plan *Plan) error {
	p := h.cfg.Profile
	if a.need == 0 {
		h.mu.Lock()
		a.need = h.ask
		h.mu.Unlock()
	}
	if r.is(ForeignSTAN) {
		if err := h.foreign(c, head, a); err != nil || !r.Answer {
			return err
		}
	}
	body, err := h.bytes(head, a)
	if err != nil {
		return err
	}
	switch {
	case r.is(NoMAC) && a.m.Has(64):
		delete(a.m.Fields, 64)
		if body, err = p.Pack(head.Swapped().WithRequirement(a.need), a.m); err != nil {
			return err
		}
	case r.is(BadMAC) && a.m.Has(64):
		body[len(body)-1] ^= 0x01
	case r.is(Corrupt):
		body[wire.LeastBody-10+plan.index(len(body)-wire.LeastBody+10)] ^= byte(1 + plan.index(255))
	}
	frame := p.Framed(body)
	switch {
	case r.is(HalfFrame):
		defer abortLater(c)
		return c.send(frame[:len(frame)/2])
	case r.is(SlowBytes):
		return c.drip(ctx, frame, r.wait())
	case r.is(AnswerTwice):
		if err := c.send(frame); err != nil || !pause(ctx, r.wait()) {
			return err
		}
	}
	return c.send(frame)
}

// foreign sends a well-signed answer to a STAN of somebody else's.
func (h *Host) foreign(c *caller, head wire.Header, a *reply) error {
	other := &reply{m: a.m.Clone(), term: a.term, sign: a.sign, need: a.need}
	other.m.Fields[11] = nextSTAN(a.m.Get(11))
	body, err := h.bytes(head, other)
	if err != nil {
		return err
	}
	return c.send(h.cfg.Profile.Framed(body))
}

// abortLater closes a connection after half a frame, in order, so that the half arrives.
func abortLater(c *caller) { c.Close() } //nolint:errcheck // going away

func (c *caller) send(b []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
		return err
	}
	_, err := c.Write(b)
	return err
}

// drip writes one byte at a time.
func (c *caller) drip(ctx context.Context, b []byte, gap time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range b {
		if err := c.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
			return err
		}
		if _, err := c.Write(b[i : i+1]); err != nil {
			return err
		}
		if !pause(ctx, gap) {
			return ctx.Err()
		}
	}
	return nil
}
