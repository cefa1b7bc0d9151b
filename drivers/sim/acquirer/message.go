package acquirer

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"tillkeeper/drivers/acquirer/wire"
)

const (
	acquirerID   = "03010000"    // F32, as the host names itself
	institutions = "03010000   " // one half of F44: receiving institution, then acquirer
	organisation = "CUP"
	currency     = "156"
)

// handle takes one request and answers it; everything the answer says is durable when it returns. No answer and no error means that none is owed.
func (h *Host) handle(m *wire.Message, r *Rule, t turn) (*reply, error) {
	switch m.MTI {
	case "0100", "0200", "0220", "0400", "0620":
		return h.financial(m, r, t)
	}
	t.wait()
	a, err := h.administer(m, r)
	if err == nil && a != nil && r.is(Code) {
		a.m.Fields[39], a.need = r.Code, requirement(r.Code)
	}
	return a, err
}

// administer answers what moves no money.
func (h *Host) administer(m *wire.Message, r *Rule) (*reply, error) {
	switch {
	case r.is(Code) && !r.Taken:
		return h.refuse(m, r.Code)
	case (m.MTI == "0500" || m.MTI == "0320") && h.signedOn(m) == nil:
		return h.refuse(m, "77")
	}
	switch m.MTI {
	case "0800":
		return h.signOn(m)
	case "0820":
		return h.network(m)
	case "0500":
		return h.settle(m)
	case "0320":
		return h.upload(m)
	}
	h.log.Warn("acquirer: unknown message", "mti", m.MTI)
	return nil, nil
}

// refuse answers a code and nothing else.
func (h *Host) refuse(m *wire.Message, code string) (*reply, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	no, err := h.nextNumber()
	if err != nil {
		return nil, err
	}
	return &reply{m: h.answerTo(m, code, no), need: requirement(code)}, nil
}

// requirement is the digit of the header that goes with a code: 3 asks for a sign-on.
func requirement(code string) int {
	switch code {
	case "77", "99", "A0":
		return 3
	}
	return 0
}

// answerTo makes the answer's fields that every answer has: those of the request named, the host's time, code and number.
func (h *Host) answerTo(m *wire.Message, code string, number int64, echo ...int) *wire.Message {
	now := h.cfg.Clock.Now()
	a := &wire.Message{MTI: m.MTI[:2] + string(m.MTI[2]+1) + m.MTI[3:], Fields: map[int]string{
		12: now.Format("150405"), 13: now.Format("0102"), 37: fmt.Sprintf("%012d", number),
	}}
	if code != "" {
		a.Fields[39] = code
	}
	for _, id := range append(echo, 11, 41, 42, 60) {
		if m.Has(id) {
			a.Fields[id] = m.Get(id)
		}
	}
	return a
}

func batchOf(m *wire.Message) string {
	if f := m.Get(60); len(f) >= 8 {
		return f[2:8]
	}
	return ""
}

func networkOf(m *wire.Message) string {
	if f := m.Get(60); len(f) >= 11 {
		return f[8:11]
	}
	return ""
}

func amountOf(m *wire.Message) int64 { return number(m.Get(4)) }

func keyOf(m *wire.Message) Key { return Key{m.Get(41), m.Get(42), batchOf(m), m.Get(11)} }

func nextSTAN(stan string) string { return fmt.Sprintf("%06d", (number(stan)+1)%1_000_000) }

// nextBatch is one higher; 999999 wraps to 1.
func nextBatch(batch string) string { return fmt.Sprintf("%06d", number(batch)%999_999+1) }

// signOn hands out fresh working keys, wrapped by the TMK, the batch number and the clock.
func (h *Host) signOn(m *wire.Message) (*reply, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	no, err := h.nextNumber()
	if err != nil {
		return nil, err
	}
	net := networkOf(m)
	layout, ok := h.cfg.Profile.Keys.Layouts[net]
	if !ok || m.Get(41) == "" || m.Get(42) == "" {
		return &reply{m: h.answerTo(m, "12", no)}, nil
	}
	code := h.shop.stranger(m.Get(41), m.Get(42))
	if code == "" {
		code = h.shop.closed(h.cfg.Clock.Now())
	}
	if code != "" {
		return &reply{m: h.answerTo(m, code, no)}, nil
	}
	f62, err := h.newKeys(layout)
	if err != nil {
		return nil, err
	}
	name := terminalKey(m.Get(41), m.Get(42))
	t := &terminal{Batch: "000001"}
	if old := h.terminals[name]; old != nil {
		t.Batch = old.Batch
	} else if b := batchOf(m); number(b) > 0 {
		t.Batch = b
	}
	t.SignedOn, t.Network, t.F62 = true, net, strings.ToUpper(hex.EncodeToString(f62))
	if err := h.unwrap(t); err != nil {
		return nil, err
	}
	h.terminals[name] = t
	if err := h.saveTerminals(); err != nil {
		return nil, err
	}
	a := h.answerTo(m, "00", no)
	a.Fields[32] = acquirerID
	a.Fields[60] = m.Get(60)[:2] + t.Batch + m.Get(60)[8:]
	a.Fields[62] = t.F62
	return &reply{m: a}, nil
}

// network is sign-off and echo.
func (h *Host) network(m *wire.Message) (*reply, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	no, err := h.nextNumber()
	if err != nil {
		return nil, err
	}
	switch networkOf(m) {
	case "301":
		return &reply{m: h.answerTo(m, "00", no)}, nil
	case "002":
		if t := h.terminals[terminalKey(m.Get(41), m.Get(42))]; t != nil {
			h.terminals[terminalKey(m.Get(41), m.Get(42))] = &terminal{Batch: t.Batch}
			if err := h.saveTerminals(); err != nil {
				return nil, err
			}
		}
		return &reply{m: h.answerTo(m, "00", no)}, nil
	}
	return &reply{m: h.answerTo(m, "12", no)}, nil
}

// outcome is what the host decides about a financial message.
type outcome struct {
	code    string
	number  int64
	auth    string
	amount  int64 // F4 of the answer
	balance *int64
	notify  string // SMS1, SMS0 or "" where it is not known
	flight  *flight
	at      time.Time // of the ledger's line, else zero
}

// success tells whether a code moves money.
func success(code string) bool {
	switch code {
	case "00", "10", "11", "A2", "A4", "A5", "A6":
		return true
	}
	return false
}

// financial checks keys and MAC, decides, waits until the ledger is durable and words the answer.
func (h *Host) financial(m *wire.Message, r *Rule, turn turn) (*reply, error) {
	t := h.signedOn(m)
	o := outcome{amount: amountOf(m)}
	switch ok, err := h.verified(t, m); {
	case err != nil:
		return nil, err
	case t == nil:
		o.code = "77"
	case !ok:
		o.code = "A0"
	}
	turn.wait()
	err := h.decide(t, m, r, &o)
	turn.pass()
	if err != nil {
		return nil, err
	}
	if o.flight != nil {
		if err := o.flight.wait(); err != nil {
			return nil, err
		}
	}
	a := &reply{m: h.word(m, &o), term: t, need: requirement(o.code)}
	a.sign = t != nil && h.cfg.Profile.NeedsMAC(a.m.MTI) && (success(o.code) || m.MTI == "0400" && o.code != "A0")
	return a, nil
}

func (h *Host) signedOn(m *wire.Message) *terminal {
	h.mu.Lock()
	defer h.mu.Unlock()
	if t := h.terminals[terminalKey(m.Get(41), m.Get(42))]; t != nil && t.SignedOn {
		return t
	}
	return nil
}

func (h *Host) verified(t *terminal, m *wire.Message) (bool, error) {
	if t == nil || !h.cfg.Profile.NeedsMAC(m.MTI) {
		return t != nil, nil
	}
	want, err := h.mac(t, m)
	return err == nil && m.Get(64) == want, err
}

// decide fills the outcome under the lock; the ledger line is taken, not yet durable, when it returns.
func (h *Host) decide(t *terminal, m *wire.Message, r *Rule, o *outcome) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	no, err := h.nextNumber()
	if err != nil {
		return err
	}
	o.number, o.auth = no, fmt.Sprintf("%06d", no%1_000_000)
	switch {
	case o.code != "":
		return nil
	case r.is(Code) && !r.Taken:
		o.code = r.Code
		return nil
	case m.MTI == "0400":
		err = h.reverse(m, o)
	case m.MTI == "0620":
		err = h.scriptResult(m, o)
	default:
		err = h.money(t, m, o)
	}
	if err != nil {
		return err
	}
	if r.is(Code) && success(o.code) {
		o.code = r.Code
	}
	return nil
}

// word makes the answer of an outcome.
func (h *Host) word(m *wire.Message, o *outcome) *wire.Message {
	a := h.answerTo(m, o.code, o.number, 3, 25, 49)
	a.Fields[4] = fmt.Sprintf("%012d", o.amount)
	if !m.Has(4) {
		delete(a.Fields, 4)
	}
	if m.MTI == "0400" || m.MTI == "0620" {
		copyField(a, m, 2)
		return a
	}
	if o.balance != nil {
		a.Fields[54] = balanceText(*o.balance)
	}
	if !success(o.code) {
		return a
	}
	copyField(a, m, 2)
	copyField(a, m, 14)
	if !o.at.IsZero() { // the date by which a refund will name it
		a.Fields[12], a.Fields[13] = o.at.Format("150405"), o.at.Format("0102")
	}
	a.Fields[15] = a.Fields[13]
	a.Fields[32] = acquirerID
	a.Fields[38] = o.auth
	a.Fields[44] = institutions + institutions
	a.Fields[63] = organisation
	if o.notify != "" {
		a.Fields[63] = fmt.Sprintf("%s%-20s%-20s%-20s", organisation, "", o.notify, "")
	}
	if arpc := h.arpc(m, o.code); arpc != "" {
		a.Fields[55] = arpc
	}
	return a
}

func copyField(to, from *wire.Message, id int) {
	if from.Has(id) {
		to.Fields[id] = from.Get(id)
	}
}

// balanceText is F54: account, amount type, currency, sign, amount.
func balanceText(fen int64) string {
	sign := "C"
	if fen < 0 {
		sign, fen = "D", -fen
	}
	return fmt.Sprintf("0002%s%s%012d", currency, sign, fen)
}
