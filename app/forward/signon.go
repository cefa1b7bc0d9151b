package forward

import (
	"context"
	"errors"
	"time"

	"tillkeeper/app/pos"
)

// Probe asks the host for a sign of life, signing on where there are no keys,
// unless a payment is being made: it signs on by itself where it has to.
func (f *Forwarder) Probe(ctx context.Context) error {
	if f.ready() || f.paying.running() {
		return f.echo(ctx)
	}
	err := f.signOn(ctx, f.ready)
	if pos.WhyNot(err, "") == "" || errors.Is(err, pos.ErrRefused) {
		return err
	}
	return errors.Join(err, f.echo(ctx)) // the PIN pad is at fault: the line is looked at all the same
}

func (f *Forwarder) echo(ctx context.Context) error {
	err := f.o.Host.Echo(ctx, f.o.Journal.NextSTAN(), f.batch())
	if err == nil {
		f.heard()
	}
	return err
}

// ready says whether the terminal may trade: keys are loaded, and it did not
// sign off since.
func (f *Forwarder) ready() bool {
	return f.o.Host.Ready() && f.o.Journal.Setting(pos.SetSignOn) != signedOff
}

// signedOff stands in pos.SetSignOn after a sign-off.
const signedOff = "off"

// signOffLimit bounds the sign-off of a till that closes.
const signOffLimit = time.Second

// SignOff tells the host that the terminal stops trading, when the till closes
// cleanly and the line is up. That it fails is no loss.
func (f *Forwarder) SignOff(ctx context.Context) {
	host, ok := f.o.Host.(interface {
		SignOff(ctx context.Context, stan, batch string) error
	})
	if !ok || f.settling() || !f.ready() || f.o.Host.Link().State != "online" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, signOffLimit)
	defer cancel()
	// Durable first: keys that the host has dropped are never traded with.
	if _, err := f.o.Journal.Append(ctx, pos.Commit{Settings: map[string]string{pos.SetSignOn: signedOff}}); err != nil {
		f.o.Log.Warn("no sign-off", "error", err)
		return
	}
	if err := host.SignOff(ctx, f.o.Journal.NextSTAN(), f.batch()); err != nil {
		f.o.Log.Info("the sign-off was not answered", "error", err)
	}
}

func (f *Forwarder) batch() string { return pos.OpenBatch(f.o.Journal) }

// SignOn signs on with the host, loads the working keys and takes the batch
// number over where that is permitted. Calls at the same time share one
// sign-on.
func (f *Forwarder) SignOn(ctx context.Context) error {
	return f.signOn(ctx, func() bool { return false })
}

// signOn is SignOn unless needless says, when its turn has come, that somebody
// was quicker.
func (f *Forwarder) signOn(ctx context.Context, needless func() bool) error {
	before := f.signed.Load()
	select {
	case f.signing <- struct{}{}:
		defer func() { <-f.signing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if needless() || f.signed.Load() != before && f.o.Host.Ready() {
		return nil
	}
	stan, batch := f.o.Journal.NextSTAN(), f.batch()
	r, err := f.o.Host.SignOn(ctx, stan, batch, "001")
	if err != nil {
		return err
	}
	f.heard()
	if !r.Host.IsZero() {
		f.skew.Store(int64(r.Host.Sub(f.o.Clock.Now()) / time.Second))
	}
	if err := f.signedOn(ctx, stan, batch, r.Batch); err != nil {
		return err
	}
	f.signed.Add(1)
	f.o.Changed()
	return nil
}

// signedOn makes a sign-on durable, and with it the batch that the host named
// where it is taken over: ours is empty, theirs was never used, and no payment
// has been given ours meanwhile.
func (f *Forwarder) signedOn(ctx context.Context, stan, batch, theirs string) error {
	now := f.o.Clock.Now().Format(time.RFC3339)
	settings := map[string]string{pos.SetSignOn: now, pos.SetLastOnline: now}
	if theirs != "" && theirs != batch {
		f.paying.mu.Lock()
		defer f.paying.mu.Unlock()
		why, err := f.keepsBatch(batch, theirs)
		switch {
		case err != nil:
			return err
		case why == "":
			settings[pos.SetBatch], batch = theirs, theirs
		default:
			f.o.Log.Warn("the host names another batch, which is not taken over", "ours", batch, "theirs", theirs, "why", why)
		}
	}
	e := pos.Event{Type: pos.EvSignOn, STAN: stan, Batch: batch}
	_, err := f.o.Journal.Append(ctx, pos.Commit{Events: []pos.Event{e}, Settings: settings})
	return err
}

// keepsBatch says why the batch that the host names is not taken over, "" if it
// is. The caller holds the payments.
func (f *Forwarder) keepsBatch(ours, theirs string) (why string, err error) {
	used, err := f.o.Journal.BatchUsed(ours)
	if err != nil {
		return "", err
	}
	again, err := f.o.Journal.BatchUsed(theirs)
	switch {
	case err != nil:
		return "", err
	case again:
		return "it was used before", nil
	case used:
		return "ours holds payments", nil
	case f.settling(), f.batch() != ours:
		return "a settlement closes ours", nil
	case f.paying.live():
		return "a payment is being made", nil
	}
	return "", nil
}
