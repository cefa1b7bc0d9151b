package pcsc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/reader"
)

// hold is a card that a session has: a connection of its own, so that whatever happens to it touches nobody else.
type hold struct {
	reader *Reader
	name   string
	client *Client
	card   *Card
	entry  reader.Entry
}

// tryAll tries to take one of the cards. again says that another program holds one, which may end without a sign.
func (r *Reader) tryAll(ctx context.Context, candidates []State) (h *hold, again bool, err error) {
	for _, s := range candidates {
		if !r.claim(s.Name) {
			continue
		}
		h, err := r.take(ctx, s)
		if err == nil {
			return h, false, nil
		}
		over := ctx.Err() != nil || r.ctx.Err() != nil
		r.unclaim(s.Name, err, over || errors.Is(err, pos.ErrCardUnreadable))
		switch {
		case over:
			return nil, false, nil // the caller's loop says so
		case errors.Is(err, pos.ErrCardUnreadable):
			return nil, false, err
		default: // gone by now, which is seen soon; or pcscd is, which the watch sees too
			again = true
		}
	}
	return nil, again, nil
}

// claim makes a reader this caller's, if it is free.
func (r *Reader) claim(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.taken[name] {
		return false
	}
	r.taken[name] = true
	return true
}

// unclaim frees a reader whose card could not be had. The others who wait for it are told where this caller gives up; else
// await does it, some time later.
func (r *Reader) unclaim(name string, err error, givesUp bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.taken, name)
	if errors.Is(err, ErrBusy) || errors.Is(err, ErrNoPermission) {
		r.barred[name] = Reason(err)
	}
	if givesUp {
		r.tell()
	}
}

// take powers a card and keeps other programs from it.
func (r *Reader) take(ctx context.Context, s State) (*hold, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(r.ctx, cancel)()
	client, err := Dial(ctx, r.opts.Socket)
	if err != nil {
		return nil, err
	}
	h := &hold{reader: r, name: s.Name, client: client, entry: reader.Chip}
	protocols := AnyOf
	if Contactless(s) {
		h.entry, protocols = reader.Contactless, T1 // ISO 14443-4 is shown as T=1
	}
	late := time.AfterFunc(busyLimit, func() { r.note(s.Name) }) // a transaction of another program has it wait
	defer late.Stop()
	h.card, err = client.Connect(ctx, s.Name, Shared, protocols)
	if errors.Is(err, pos.ErrCardUnreadable) && protocols == T1 {
		h.card, err = client.Connect(ctx, s.Name, Shared, AnyOf)
	}
	if err == nil {
		err = h.card.Begin(ctx)
	}
	if err == nil && r.before(s) {
		err = h.card.Reconnect(ctx, Shared, protocols, Reset)
	}
	if err != nil {
		client.Close() //nolint:errcheck,gosec // pcscd lets the card go
		if h.entry == reader.Chip && errors.Is(err, pos.ErrCardUnreadable) {
			err = fmt.Errorf("%w: %w", reader.ErrChip, err)
		}
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ctx.Err() != nil {
		client.Close() //nolint:errcheck,gosec // as above
		return nil, r.ctx.Err()
	}
	delete(r.barred, s.Name)
	r.held[h] = true
	return h, nil
}

// note says that another program holds a reader's card.
func (r *Reader) note(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.taken[name] {
		r.barred[name] = Reason(ErrBusy)
	}
}

// before says that a session of this reader had the card already, which has to begin anew then, and notes that one has it.
func (r *Reader) before(s State) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	had := r.used[s.Name] == s.Counter
	r.used[s.Name] = s.Counter
	return had
}

// Transmit carries an APDU as the card's protocol wants it. The end of the context ends the hold.
func (h *hold) Transmit(ctx context.Context, apdu []byte) ([]byte, error) {
	if h.card.Protocol == T0 && h.entry == reader.Chip {
		apdu = forT0(apdu)
	}
	return h.card.Transmit(ctx, apdu)
}

// forT0 writes a short command APDU as T=0 has it (ISO 7816-3, 12.1): P3 is always there, and Le is not sent behind data.
func forT0(apdu []byte) []byte {
	switch n := len(apdu); {
	case n == 4:
		return append(bytes.Clone(apdu), 0)
	case n > 5 && n == 6+int(apdu[4]):
		return apdu[:n-1]
	}
	return apdu
}

// release lets the card go and frees the reader. It never fails: a daemon that does not answer has let the card go, or will.
func (h *hold) release() error {
	h.letGo(letGoLimit)
	h.reader.mu.Lock()
	defer h.reader.mu.Unlock()
	delete(h.reader.held, h)
	delete(h.reader.taken, h.name)
	h.reader.tell()
	return nil
}

// letGo leaves the card as it is. The reset is left to the next session with the same card, and the power to pcscd, which
// takes it away after some seconds: a reset or power-off that finds the card gone makes pcscd (1.9) note its absence behind
// the back of its own watch, and a card that is put in before the watch looks again is never seen. Hanging up in a
// transaction is such a reset too.
func (h *hold) letGo(limit time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if h.card.End(ctx, Leave) == nil {
		h.card.Disconnect(ctx, Leave) //nolint:errcheck,gosec // whatever it says, the card is let go
	}
	h.client.Close() //nolint:errcheck,gosec // as above
}

// Contactless tells a contactless reader, or the contactless slot of one that has both, by what its maker calls it, and
// else by the card's answer to reset: 3B 8n 80 01 is what a reader makes of a contactless card (PC/SC part 3,
// 3.1.3.2.3.1).
func Contactless(s State) bool {
	name := words(s.Name)
	for _, w := range []string{" contactless ", " picc ", " cl ", " nfc ", " rfid "} {
		if strings.Contains(name, w) {
			return true
		}
	}
	for _, w := range []string{" contact ", " icc "} {
		if strings.Contains(name, w) {
			return false
		}
	}
	return len(s.ATR) >= 5 && s.ATR[0] == 0x3B && s.ATR[1]&0xF0 == 0x80 && s.ATR[2] == 0x80 && s.ATR[3] == 0x01
}

// IsSAM says that a slot is for a security module, not for customers' cards.
func IsSAM(name string) bool { return strings.Contains(words(name), " sam ") }

// words writes a name in small letters, each word between spaces.
func words(name string) string {
	return " " + strings.Join(strings.FieldsFunc(strings.ToLower(name), func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < '0' || c > '9')
	}), " ") + " "
}
