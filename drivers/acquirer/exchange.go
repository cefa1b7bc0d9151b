package acquirer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/acquirer/wire"
)

// Exchange sends one request and gives its matched and judged answer. Its
// errors are pos.ErrNotSent, pos.ErrNoKeys and pos.ErrLineBusy (nothing left
// the till), pos.ErrNoAnswer and pos.ErrBadMAC (the outcome is unknown).
func (l *Link) Exchange(ctx context.Context, r pos.Request) (pos.Reply, error) {
	if !l.Ready() {
		return pos.Reply{}, pos.ErrNoKeys
	}
	m, err := l.message(r)
	if err != nil {
		return pos.Reply{}, fmt.Errorf("%w: %w", pos.ErrNotSent, err)
	}
	place := l.live
	if r.Advice {
		place = l.advice
	}
	if err := place.take(ctx, r.Advice, placeWaits*l.o.Timeout); err != nil {
		return pos.Reply{}, err
	}
	defer place.give()
	l.trading.RLock() // no change of keys between the MAC and its answer
	defer l.trading.RUnlock()
	if err := l.sign(ctx, m); err != nil {
		return pos.Reply{}, err
	}
	a, ln, err := l.ask(ctx, m)
	if err != nil {
		return pos.Reply{}, err
	}
	l.heed(a.h)
	return l.judge(r, a, ln.trusted)
}

// sign adds field 64 where the profile wants it.
func (l *Link) sign(ctx context.Context, m *wire.Message) error {
	if !l.p.NeedsMAC(m.MTI) {
		return nil
	}
	in, err := l.p.MACInput(m)
	if err != nil {
		return fmt.Errorf("%w: %w", pos.ErrNotSent, err)
	}
	mac, err := l.o.Keys.MAC(ctx, l.p.MAC.Algorithm, in)
	if errors.Is(err, pos.ErrNoKeys) {
		l.setReady(false, "")
		return pos.ErrNoKeys
	}
	if err != nil {
		return fmt.Errorf("%w: no MAC: %w", pos.ErrNotSent, err)
	}
	m.Fields[64] = upperHex(mac[:])
	return nil
}

// ask sends a message and waits for the answer that fits. A connection that had
// died before the first byte is opened again once.
func (l *Link) ask(ctx context.Context, m *wire.Message) (answer, *line, error) {
	body, err := l.p.Pack(l.p.NewHeader(), m)
	if err != nil {
		return answer{}, nil, fmt.Errorf("%w: %w", pos.ErrNotSent, err)
	}
	frame := l.p.Framed(body)
	w := &waiter{want: m, answer: make(chan answer, 1)}
	for try := 0; ; try++ {
		ln, fresh, err := l.open(ctx)
		if err != nil {
			return answer{}, nil, fmt.Errorf("%w: %w", pos.ErrNotSent, err)
		}
		sent, err := ln.send(ctx, w, frame)
		switch {
		case err == nil:
			a, err := l.await(ctx, ln, w)
			if l.p.Frame.OneRequestPerConnection {
				ln.fail(errors.New("one request a connection"))
			}
			return a, ln, err
		case sent:
			l.lost(ln)
			return answer{}, nil, ln.because(fmt.Errorf("%w: the request was cut off: %s", pos.ErrNoAnswer, err.Error()))
		case errors.Is(err, pos.ErrLineBusy):
			return answer{}, nil, err
		case !errors.Is(err, errDead) || fresh || try >= maxReopen:
			if fresh && isDone(ln.done) {
				l.lost(ln)
			}
			return answer{}, nil, ln.because(fmt.Errorf("%w: %w", pos.ErrNotSent, err))
		}
	}
}

// await waits for the answer, the end of its time, of the connection or of the
// caller's patience.
func (l *Link) await(ctx context.Context, ln *line, w *waiter) (answer, error) {
	timer := time.NewTimer(l.o.Timeout)
	defer timer.Stop()
	var cause error
	select {
	case a := <-w.answer:
		l.answered()
		return a, nil
	case <-timer.C:
		cause = fmt.Errorf("%w: %v", pos.ErrNoAnswer, l.o.Timeout)
	case <-ctx.Done():
		cause = fmt.Errorf("%w: %w", pos.ErrNoAnswer, ctx.Err())
	case <-ln.done:
		cause = ln.because(fmt.Errorf("%w: %s", pos.ErrNoAnswer, gone))
	}
	ln.leave(w)
	select {
	case a := <-w.answer: // it came at the last moment
		l.answered()
		return a, nil
	default:
	}
	switch {
	case errors.Is(cause, context.Canceled), l.ctx.Err() != nil:
	case isDone(ln.done):
		l.lost(ln)
	default:
		l.missed(ln)
	}
	return answer{}, cause
}

func isDone(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// SignOn asks for working keys and loads them; operator has three characters or none. A refusal is pos.ErrRefused, host_refused with
// the host's code in its text; keys that do not match their check values leave the line
// without keys. Where their holder is not there, or could not take any, nothing
// is sent: pos.ErrNotSent with its reason.
func (l *Link) SignOn(ctx context.Context, stan, batch, operator string) (pos.SignOnReply, error) {
	m, _, err := l.control(signOnOp, stan, batch, l.p.Keys.Network)
	if err != nil {
		return pos.SignOnReply{}, err
	}
	if f62 := l.p.Keys.RequestF62(); f62 != "" {
		m.Fields[62] = f62
	}
	if err := checkOperator(operator); err != nil {
		return pos.SignOnReply{}, err
	}
	if operator != "" {
		m.Fields[63] = operator
	}
	if _, err := l.o.Keys.HasKeys(ctx); err != nil {
		l.setReady(false, err.Error())
		return pos.SignOnReply{}, fmt.Errorf("%w: no holder of keys: %w", pos.ErrNotSent, err)
	}
	l.trading.Lock() // what is outstanding is answered under the keys it was sent with
	defer l.trading.Unlock()
	a, _, err := l.ask(ctx, m)
	if err != nil {
		if errors.Is(err, pos.ErrNoAnswer) && l.Ready() { // the host may have other keys by now
			l.setReady(false, "the sign-on was not answered")
		}
		return pos.SignOnReply{}, err
	}
	if a.h.Requirement() != needSignOn { // which is what is being done
		l.heed(a.h)
	}
	if code := a.m.Get(39); !l.p.Codes.IsSuccess(code) {
		l.refused(code)
		return pos.SignOnReply{}, &pos.Error{
			Code: "host_refused", Message: "the host answered the sign-on with " + code,
			Remedy: "call the acquirer with the answer code", Err: pos.ErrRefused,
		}
	}
	f60 := a.m.Get(60)
	network := l.p.Keys.Network
	if len(f60) >= 11 {
		network = f60[8:11]
	}
	if err := l.load(ctx, a.m.Get(62), network); err != nil {
		l.setReady(false, err.Error())
		return pos.SignOnReply{}, err
	}
	l.setReady(true, "")
	return pos.SignOnReply{Batch: batchOf(a.m), Host: hostTime(l.o.Clock.Now(), a.m.Get(13), a.m.Get(12))}, nil
}

// load passes field 62 of a sign-on answer to the holder of the keys.
func (l *Link) load(ctx context.Context, f62, network string) error {
	size := l.p.Keys.AnswerSize(network)
	if size == 0 {
		return noKeys("names network code %q, whose keys have no layout", network)
	}
	raw, err := fromHex(f62)
	switch {
	case err != nil || len(raw) == 0:
		return noKeys("has no working keys")
	case len(raw) != size:
		return noKeys("has %d bytes of working keys, not %d", len(raw), size)
	}
	return l.o.Keys.LoadKeys(ctx, raw, l.p.Keys.Layouts[network])
}

// noKeys says what is wrong with the keys of a sign-on answer: there is no trade
// with them, as where their check values differ.
func noKeys(format string, args ...any) error {
	return pos.Errorf("kcv_mismatch", "call the acquirer: the till signs on again, and trades when keys come that fit",
		"the sign-on answer "+format, args...)
}

// Echo asks the host for a sign of life; any answer that fits is one.
func (l *Link) Echo(ctx context.Context, stan, batch string) error {
	m, _, err := l.control(echoOp, stan, batch, "")
	if err != nil {
		return err
	}
	a, _, err := l.ask(ctx, m)
	if err == nil {
		l.heed(a.h)
	}
	return err
}
