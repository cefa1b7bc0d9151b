package forward

import (
	"context"
	"errors"
	"slices"
	"sync"

	"tillkeeper/app/pos"
)

// payments are the card payments that are being made: each from the end of its
// Prepare to the end of the context that it was prepared under. Meanwhile the
// queue changes nothing under them: no deferred sale leaves, whose lost answer
// would be a reversal that has to go first; no sign-on of its own gives the PIN
// pad other keys than those of a PIN that was entered, or opens another batch;
// no day's key is destroyed that a payment may just have been sealed under.
type payments struct {
	mu    sync.Mutex // held while a sign-on takes another batch over
	made  []context.Context
	waits bool // a deferred sale does, for their end
}

// errPaying says that something has to wait for the end of a payment.
var errPaying = errors.New("a payment is being made")

func (p *payments) running() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.live()
}

// live is running for a caller that holds mu. A payment is over with its context,
// not when somebody has been told so.
func (p *payments) live() bool {
	p.made = slices.DeleteFunc(p.made, func(ctx context.Context) bool { return ctx.Err() != nil })
	return len(p.made) > 0
}

func (p *payments) begin(ctx context.Context) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.made = append(p.made, ctx)
}

// ended says whether something has waited for the end of all.
func (p *payments) ended() (waited bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	waited = p.waits && !p.live()
	p.waits = p.waits && !waited
	return waited
}

// hold says whether an attempt waits for the end of the payments: a deferred
// sale, not its reversal.
func (p *payments) hold(a *pos.Attempt) bool {
	if !a.Deferred || !isAdvice(*a) {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	live := p.live()
	p.waits = p.waits || live
	return live
}

// claim begins a payment that is over when the context ends. One that never
// ends claims nothing: the queue would stand still for good.
func (f *Forwarder) claim(ctx context.Context) {
	if ctx.Done() == nil {
		return
	}
	f.paying.begin(ctx)
	context.AfterFunc(ctx, func() {
		if f.paying.ended() {
			f.Wake()
		}
	})
}
