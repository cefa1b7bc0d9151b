package acquirer

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/acquirer/wire"
)

const maxAmount = 999_999_999_999 // field 4 has twelve digits

// entry is how a way of reading a card is worded: the mode of field 22, the
// terminal capability and fallback that end field 60, and whether a card was
// read, so that there is track or chip data.
type entry struct {
	mode, tail string
	read       bool
}

// chipFailed ends field 60 of a stripe that was taken because its chip could not
// be read (UnionPay's F60.5: the last reading of a chip failed); 0 is any other.
const chipFailed = "2"

var entries = map[string]entry{
	"chip":        {"05", "50", true},
	"contactless": {"07", "60", true},
	"swipe":       {"02", "50", true},
	"keyed":       {"01", "50", false},
	"code":        {"03", "60", false},
}

// errRequest means that a request cannot be worded in this profile; it names no values.
var errRequest = fmt.Errorf("the request does not fit the profile: %w", pos.ErrUnfit)

func upperHex(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }

func fromHex(s string) ([]byte, error) { return hex.DecodeString(s) }

// digits tells whether s is n decimal digits.
func digits(s string, n int) bool {
	return len(s) == n && strings.Trim(s, "0123456789") == ""
}

// control words a message without a card: sign-on and -off, echo, settlement,
// upload. net replaces the network code of the table unless it is empty.
func (l *Link) control(op, stan, batch, net string) (*wire.Message, wire.Transaction, error) {
	t, ok := l.p.Transactions[op]
	if !ok {
		return nil, t, fmt.Errorf("%w: %w: no operation %s", pos.ErrNotSent, errRequest, op)
	}
	if !digits(batch, 6) {
		return nil, t, fmt.Errorf("%w: %w: %s needs a batch of six digits", pos.ErrNotSent, errRequest, op)
	}
	if net != "" {
		t.Net = net
	}
	return &wire.Message{MTI: t.MTI, Fields: map[int]string{
		11: stan, 41: l.o.TID, 42: l.o.MID, 60: t.F60(batch, ""),
	}}, t, nil
}

// wording is one request on its way to becoming a message.
type wording struct {
	l  *Link
	r  pos.Request
	op pos.Operation // of a reversal: the one that is reversed
	t  wire.Transaction
	e  entry
	f  map[int]string
}

// message words a request by the transaction table. A reversal is its original
// worded again, less what the profile drops.
func (l *Link) message(r pos.Request) (*wire.Message, error) {
	w := &wording{l: l, r: r, op: r.Op}
	if w.reversal() {
		if w.op = r.Original; w.op == "" {
			w.op = pos.OpSale
		}
	}
	var ok bool
	if w.t, ok = l.p.Transactions[string(w.op)]; !ok || w.t.Proc == "" {
		return nil, fmt.Errorf("%w: no operation %q", errRequest, w.op)
	}
	if w.e, ok = entries[r.Card.Entry]; !ok {
		return nil, fmt.Errorf("%w: entry mode %q", errRequest, r.Card.Entry)
	}
	if r.Card.Fallback {
		w.e.tail = w.e.tail[:1] + chipFailed
	}
	switch {
	case w.reversal() && !w.t.Reversible:
		return nil, fmt.Errorf("%w: %s is not reversed", errRequest, w.op)
	case r.Amount < 0 || r.Amount > maxAmount:
		return nil, fmt.Errorf("%w: amount", errRequest)
	case !digits(r.Batch, 6) || !digits(r.STAN, 6):
		return nil, fmt.Errorf("%w: batch and STAN are six digits", errRequest)
	}
	if err := w.card(); err != nil {
		return nil, err
	}
	for _, id := range w.t.Extra {
		if err := w.extra(id); err != nil {
			return nil, err
		}
	}
	for _, id := range w.t.Without {
		delete(w.f, id)
	}
	m := &wire.Message{MTI: w.t.MTI, Fields: w.f}
	if w.reversal() {
		return m, w.reverse(m)
	}
	return m, nil
}

func (w *wording) reversal() bool { return w.r.Op == pos.OpReversal }

// follows tells whether the operation is about an earlier one, whose card is then known without reading it.
func (w *wording) follows() bool { return w.t.Original != "" }

// has tells whether the row brings a field.
func (w *wording) has(id int) bool { return slices.Contains(w.t.Extra, id) }

// set adds a field that is known.
func (w *wording) set(id int, v string) {
	if v != "" {
		w.f[id] = v
	}
}

// card words what all requests about money have in common. Track, chip data and
// card sequence come from a card that was read, never from an earlier payment's.
func (w *wording) card() error {
	r, c := w.r, w.r.Card
	code := c.Entry == "code"
	if code != w.has(59) && !w.follows() {
		return fmt.Errorf("%w: %s with entry mode %q", errRequest, w.op, c.Entry)
	}
	if c.PAN == "" && !code && !w.follows() {
		return fmt.Errorf("%w: %s without a card number", errRequest, w.op)
	}
	pin := len(c.PINBlock) > 0 && w.op != pos.OpOfflineUpload && !code
	digit := "2"
	if pin || w.pinBefore() {
		digit = "1"
	}
	w.f = map[int]string{
		3: w.t.Proc, 4: fmt.Sprintf("%012d", int64(r.Amount)), 11: r.STAN, 22: w.e.mode + digit, 25: w.t.Cond,
		41: w.l.o.TID, 42: w.l.o.MID, 49: currency, 60: w.t.F60(r.Batch, w.e.tail),
	}
	if pin {
		if err := w.pin(); err != nil {
			return err
		}
	}
	if code {
		return nil
	}
	w.set(2, c.PAN)
	w.set(14, c.Expiry)
	if !w.e.read {
		return nil
	}
	if c.Sequence != "" && len(c.Sequence) < 3 {
		w.f[23] = "000"[len(c.Sequence):] + c.Sequence
	} else {
		w.set(23, c.Sequence)
	}
	if w.op == pos.OpScriptResult {
		return w.scripts()
	}
	w.set(35, strings.TrimRight(strings.NewReplacer("D", "=", "d", "=").Replace(c.Track2), "Ff"))
	w.set(55, upperHex(c.F55))
	return nil
}

// pin words an encrypted PIN block: fields 26, 52 and 53, and the key's serial
// number where the profile has DUKPT.
func (w *wording) pin() error {
	c, rule := w.r.Card, w.l.p.PIN
	if len(c.PINBlock) != rule.BlockBytes() || len(c.KSN) != rule.KSNBytes() {
		return fmt.Errorf("%w: a PIN block of another format or key", errRequest)
	}
	w.f[26], w.f[52] = pinLength, upperHex(c.PINBlock)
	switch {
	case rule.KSNField == 53:
	case rule.Security != "":
		w.f[53] = rule.Security
	case w.l.p.Keys.Network == singlePIK:
		w.f[53] = pinSingle
	default:
		w.f[53] = pinSecurity
	}
	if rule.KSNField != 0 {
		w.f[rule.KSNField] = upperHex(c.KSN)
	}
	return nil
}

// pinBefore tells whether the request that is reversed or delivered had a PIN,
// although its block is gone. A follow-up whose card was not read never had.
func (w *wording) pinBefore() bool {
	if w.op == pos.OpOfflineUpload || w.r.Card.Entry == "code" || w.follows() && !w.e.read {
		return false
	}
	return w.r.Card.PIN
}

// extra adds a field that the operation's row brings beyond the common ones.
func (w *wording) extra(id int) error {
	o := w.r.Origin
	switch id {
	case 37:
		w.set(37, o.RRN)
	case 38:
		w.set(38, o.AuthCode)
	case 59:
		return w.code()
	case 61:
		return w.original()
	case 63:
		org := w.r.Org
		if org == "" {
			org = defaultOrg
		}
		w.f[63] = org
	case 52, 55: // with the card, if at all
	default:
		return fmt.Errorf("%w: %s needs field %d", errRequest, w.op, id)
	}
	_, there := w.f[id]
	gone := w.reversal() && slices.Contains(w.l.p.Reversal.Drop, id)
	if !there && !gone && !slices.Contains(w.t.Optional, id) {
		return fmt.Errorf("%w: %s without field %d", errRequest, w.op, id)
	}
	if id == 55 && w.op == pos.OpOfflineUpload {
		return w.offline()
	}
	return nil
}

// original words field 61.
func (w *wording) original() error {
	o := w.r.Origin
	if !digits(o.Batch, 6) || !digits(o.STAN, 6) {
		return fmt.Errorf("%w: %s without batch and STAN of its original", errRequest, w.op)
	}
	w.f[61] = o.Batch + o.STAN
	if strings.HasSuffix(w.t.Original, "date") {
		if !digits(o.Date, 4) {
			return fmt.Errorf("%w: %s without the date of its original", errRequest, w.op)
		}
		w.f[61] += o.Date
	}
	return nil
}

// code words field 59: the customer's payment code. A reversal goes out without
// it where it is no longer known: the host finds the original by its STAN.
func (w *wording) code() error {
	code := w.r.Card.Code
	if code == "" && w.reversal() {
		return nil
	}
	printable := strings.IndexFunc(code, func(c rune) bool { return c <= ' ' || c > '~' }) < 0
	if code == "" || len(code) > codeMost || !printable {
		return fmt.Errorf("%w: %s without a payment code", errRequest, w.op)
	}
	w.f[59] = fmt.Sprintf("%s%03d%s", codeTag, len(code), code)
	return nil
}

// offline adds to the chip data that the card alone approved.
func (w *wording) offline() error {
	items, err := wire.ParseTLV(w.r.Card.F55)
	if err != nil {
		return err
	}
	for _, it := range items {
		if it.Tag == offlineTag {
			return nil
		}
	}
	w.f[55] += upperHex([]byte(offlineARC))
	return nil
}

// scripts words what a card made of its issuer's scripts: field 3 is that of
// the payment that brought them, field 55 is short and holds tag DF31.
func (w *wording) scripts() error {
	t, ok := w.l.p.Transactions[string(w.r.Original)]
	if !ok || t.Proc == "" {
		return fmt.Errorf("%w: script results of %q", errRequest, w.r.Original)
	}
	items, err := wire.ParseTLV(w.r.Card.ShortF55)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(items, func(it wire.TLV) bool { return it.Tag == scriptsTag && len(it.Value) > 0 }) {
		return fmt.Errorf("%w: no script results", errRequest)
	}
	w.f[3], w.f[25], w.f[55] = t.Proc, t.Cond, upperHex(w.r.Card.ShortF55)
	return nil
}

// reverse makes a reversal of its original.
func (w *wording) reverse(m *wire.Message) error {
	t, ok := w.l.p.Transactions[string(pos.OpReversal)]
	if !ok {
		return fmt.Errorf("%w: no operation %q", errRequest, pos.OpReversal)
	}
	if len(w.r.Reason) != 2 {
		return fmt.Errorf("%w: a reversal without its reason", errRequest)
	}
	m.MTI, m.Fields[39] = t.MTI, w.r.Reason
	for _, id := range w.l.p.Reversal.Drop {
		delete(m.Fields, id)
	}
	if !w.e.read {
		return nil
	}
	short := upperHex(w.r.Card.ShortF55)
	if full := m.Get(55); short == "" && full != "" {
		var err error
		if short, err = w.l.p.ShortF55(full); err != nil {
			return err
		}
	}
	delete(m.Fields, 55)
	if short != "" {
		m.Fields[55] = short
	}
	return nil
}
