package forward

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tillkeeper/app/pos"
)

// send does one exchange of an item and reports to the owner.
func (w *owner) send(ctx context.Context, a pos.Attempt) {
	o := outcome{id: a.ID, upload: isAdvice(a)}
	switch {
	case byWallet(a) && isAdvice(a):
		o.reply, o.err = w.giveBack(ctx, a)
	case byWallet(a):
		o.reply, o.err = w.undoOrder(ctx, a)
	default:
		w.exchange(ctx, a, &o)
	}
	select {
	case w.results <- o:
	case <-ctx.Done():
	}
}

// exchange words what an item owes and sends it.
func (w *owner) exchange(ctx context.Context, a pos.Attempt, o *outcome) {
	r, err := w.request(a)
	switch {
	case err == nil:
		if o.reply, o.err = w.f.o.Host.Exchange(ctx, r); errors.Is(o.err, pos.ErrUnfit) {
			w.f.o.Log.Error("an item can never be sent", "attempt", a.ID, "error", o.err)
			o.fatal = "cannot_be_sent"
		}
	case errors.Is(err, pos.ErrBoxLost), errors.Is(err, pos.ErrNotFound):
		w.f.o.Log.Error("an item can never be sent", "attempt", a.ID, "error", err)
		o.fatal = keysMissing
	default:
		w.f.o.Log.Error("what an item needs cannot be read", "attempt", a.ID, "error", err)
		o.err, o.unread = fmt.Errorf("%w: %w", pos.ErrNotSent, err), true
	}
}

// keysMissing is the till's reason for an item whose card data is gone.
const keysMissing = "keys_missing"

// maxUnread is how often in a row it may fail to read what an item needs (no file
// can be opened, say) before a person has to see to it.
const maxUnread = 3

// isAdvice says whether an item is told to the host, not taken back from it:
// uploads, deferred sales, refunds, results of scripts.
func isAdvice(a pos.Attempt) bool { return told(pos.StateRules[a.State].Due) }

// told says whether what is due is told to the host.
func told(due pos.Due) bool {
	return due == pos.DueUpload || due == pos.DueRepeat || due == pos.DueTell
}

// byWallet says whether the wallet's gateway decides about an item.
func byWallet(a pos.Attempt) bool { return a.Tender == pos.QR && a.STAN == "" }

// sentAs is the operation that an attempt was sent to the host as.
func sentAs(a pos.Attempt) pos.Operation {
	switch {
	case a.Deferred:
		return pos.OpDeferred
	case a.Offline:
		return pos.OpOfflineUpload
	case a.Kind == pos.Sale && a.Tender == pos.QR:
		return pos.OpCodeSale
	}
	return pos.OperationOf(a.Kind)
}

// errNothingOwed says that nothing goes out for an attempt in its state.
var errNothingOwed = errors.New("nothing is owed")

// request makes the message that an item owes.
func (w *owner) request(a pos.Attempt) (r pos.Request, err error) {
	r = pos.Request{STAN: a.STAN, Batch: a.Batch, Amount: a.Amount, AuthCode: a.AuthCode, Org: a.Org}
	var of pos.Attempt
	if a.Original != "" {
		if of, err = w.f.o.Journal.Attempt(a.Original); err != nil {
			return r, err
		}
		r.Origin, r.AuthCode, r.Org = pos.OriginOf(a.Kind, of), of.AuthCode, of.Org
	}
	switch {
	case !isReversal(a) && !parked(a) && !isAdvice(a):
		return r, fmt.Errorf("%w: attempt %s is %s", errNothingOwed, a.ID, a.State)
	case isReversal(a) || parked(a):
		r.Op, r.Original, r.Reason = pos.OpReversal, sentAs(a), a.Reason
		r.Card, err = pos.OpenCard(w.f.o.Vault, a.Sealed, a.ID)
		return r, err
	case a.State == pos.RefundUnknown:
		r.Op, r.Advice = pos.OpRefund, true
		r.Card, err = pos.OpenCard(w.f.o.Vault, a.Sealed, a.ID)
		return r, err
	case a.State == pos.ResultDue:
		r.Original, r.Amount = pos.OperationOf(of.Kind), of.Amount
	}
	r.Op, r.Advice = sentAs(a), true
	r.Card, err = pos.OpenCard(w.f.o.Vault, a.Waiting, a.ID)
	return r, err
}

// giveBack repeats the refund of a wallet order: the gateway does it once for
// each attempt. Its reply speaks the host's language.
func (w *owner) giveBack(ctx context.Context, a pos.Attempt) (pos.Reply, error) {
	if w.f.o.Wallet == nil {
		return pos.Reply{}, fmt.Errorf("%w: no wallet gateway is configured", pos.ErrNotSent)
	}
	of, err := w.f.o.Journal.Attempt(a.Original)
	if err != nil {
		return pos.Reply{}, fmt.Errorf("%w: %w", pos.ErrNotSent, err)
	}
	o, err := w.f.o.Wallet.Refund(ctx, of.Order, a.ID, a.Amount)
	var refusal *pos.Error
	switch {
	case errors.As(err, &refusal):
		return pos.Reply{Code: refusal.Code, Signed: true}, nil
	case err != nil:
		return pos.Reply{}, err
	case o.State != pos.WalletRefunded:
		return pos.Reply{}, fmt.Errorf("%w: the wallet says %s", pos.ErrNoAnswer, o.State)
	}
	return pos.Reply{Code: "00", RRN: o.Trade, Signed: true}, nil
}

// undoOrder closes a wallet order that no longer may succeed; one that was paid
// meanwhile is refunded. Its reply speaks the host's language: 00 is done.
func (w *owner) undoOrder(ctx context.Context, a pos.Attempt) (pos.Reply, error) {
	if w.f.o.Wallet == nil {
		return pos.Reply{}, fmt.Errorf("%w: no wallet gateway is configured", pos.ErrNotSent)
	}
	o, err := w.f.o.Wallet.Close(ctx, a.ID)
	if err != nil {
		return pos.Reply{}, err
	}
	if o.State == pos.WalletPaid {
		if o, err = w.f.o.Wallet.Refund(ctx, a.ID, a.ID, a.Amount); err != nil {
			return pos.Reply{}, err
		}
	}
	switch o.State {
	case pos.WalletClosed, pos.WalletRefunded, pos.WalletRefused:
		return pos.Reply{Code: "00", Signed: true}, nil
	}
	return pos.Reply{}, fmt.Errorf("%w: the wallet says %s", pos.ErrNoAnswer, o.State)
}

// deferAgain takes a reversed deferred sale on as a new linked attempt, or
// gives it to the owner when its tries or its days are used up.
func (w *owner) deferAgain(a pos.Attempt, now time.Time) ([]pos.Event, error) {
	card, err := pos.OpenCard(w.f.o.Vault, a.Waiting, a.ID)
	if err != nil {
		return nil, err
	}
	id, stan, batch := w.f.o.Journal.NextAttempt(), w.f.o.Journal.NextSTAN(), w.f.batch()
	if stan == "" {
		return nil, pos.Errorf("no_trace_number", "settle the batch", "every trace number of batch %s is in use", batch)
	}
	day, _ := w.f.o.DayOf(now)
	waiting, err := pos.SealCard(w.f.o.Vault, pos.DayKey(day), id, card)
	if err != nil {
		return nil, err
	}
	sealed, err := pos.SealCard(w.f.o.Vault, pos.BatchKey(batch), id, card.Short())
	if err != nil {
		return nil, err
	}
	first := pos.Event{
		Type: pos.EvCreated, Attempt: id, Basket: a.Basket, Receipt: a.Receipt, Kind: a.Kind, Tender: a.Tender,
		Amount: a.Amount, By: a.Cashier, Day: a.Day, Hour: a.Hour, Linked: a.ID, STAN: stan, Batch: batch,
		MaskedPAN: a.MaskedPAN, CardHash: a.CardHash, EntryMode: a.EntryMode, Sealed: sealed,
	}
	second := pos.Event{
		Type: pos.EvDeferred, Attempt: id, Basket: a.Basket, Approved: a.Amount, Offline: true, Waiting: waiting,
		Chain: a.Chain + 1, Taken: &a.Taken,
	}
	events := []pos.Event{first, second}
	if u := w.f.o.Host.Repeats(); a.Chain+1 >= u.DeferredTries || now.Sub(a.Taken) >= u.DeferredGiveUp {
		last := pos.Event{Type: pos.EvLateDeclined, Attempt: id, Basket: a.Basket, Code: "no_answer"}
		events = append(events, last)
	}
	return events, nil
}

// sealGrace is how long after the change of day a sale may still be sealed
// under the key of the day before.
const sealGrace = 10 * time.Minute

// reseal encrypts what waits anew under the day's key and destroys the keys of
// the days before, once a day and not while a payment is being made: it may be
// sealed under the day on which it began, and a clock may have been set forward.
func (w *owner) reseal(ctx context.Context, now time.Time) {
	day, _ := w.f.o.DayOf(now)
	before, _ := w.f.o.DayOf(now.Add(-sealGrace))
	if day == w.resealed || before != day || w.f.paying.running() {
		return
	}
	var events []pos.Event
	var touched []*item
	old := map[string]bool{}
	for _, it := range w.items {
		if it.flying {
			return // next time round
		}
		if it.a.Waiting == nil || it.a.Waiting.Key == pos.DayKey(day) || !known(it.a.State, pos.EvResealed) {
			continue
		}
		c, err := pos.OpenCard(w.f.o.Vault, it.a.Waiting, it.a.ID)
		if err != nil {
			w.f.o.Log.Error("a waiting item cannot be read", "error", err)
			continue
		}
		box, err := pos.SealCard(w.f.o.Vault, pos.DayKey(day), it.a.ID, c)
		if err != nil {
			w.f.o.Log.Error("a waiting item cannot be sealed", "error", err)
			return
		}
		e := on(it.a, pos.EvResealed)
		e.Waiting = box
		old[it.a.Waiting.Key] = true
		events, touched = append(events, e), append(touched, it)
	}
	if len(events) > 0 {
		if _, err := w.f.o.Journal.Append(ctx, pos.Commit{Events: events}); err != nil {
			w.fault(err, touched)
			return
		}
		for _, it := range touched {
			w.refresh(it.a.ID)
		}
	}
	w.resealed = day
	w.destroyBefore(day, old)
}

// keyRing is what a vault may say of its keys.
type keyRing interface{ Keys() []string }

// destroyBefore destroys the day keys that nothing needs any more: those before
// the day that no open item is sealed under.
func (w *owner) destroyBefore(day string, old map[string]bool) {
	if ring, ok := w.f.o.Vault.(keyRing); ok {
		for _, k := range ring.Keys() {
			if len(k) > len("day-") && k[:len("day-")] == "day-" && k < pos.DayKey(day) {
				old[k] = true
			}
		}
	}
	for _, it := range w.items {
		if it.a.Waiting != nil {
			delete(old, it.a.Waiting.Key)
		}
	}
	for k := range old {
		if err := w.f.o.Vault.Destroy(k); err != nil {
			w.f.o.Log.Error("a day's key was not destroyed", "key", k, "error", err)
		}
	}
}
