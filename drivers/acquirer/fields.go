package acquirer

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/acquirer/wire"
)

const maxAmount = 999_999_999_999 // field 4 has twelve digits

// Terminal capability and fallback, which end field 60.
const (
	tailContact     = "50"
	tailContactless = "60"
)

// errRequest means that a request cannot be worded in this profile; it names no values.
var errRequest = errors.New("the request does not fit the profile")

func upperHex(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }

func fromHex(s string) ([]byte, error) { return hex.DecodeString(s) }

// control words a message without a card: sign-on and echo. net replaces the
// network code of the table unless it is empty.
func (l *Link) control(op, stan, batch, net string) (*wire.Message, error) {
	t, ok := l.p.Transactions[op]
	if !ok {
		return nil, fmt.Errorf("%w: %w: no operation %s", pos.ErrNotSent, errRequest, op)
	}
	if net != "" {
		t.Net = net
	}
	return &wire.Message{MTI: t.MTI, Fields: map[int]string{
		11: stan, 41: l.o.TID, 42: l.o.MID, 60: t.F60(batch, ""),
	}}, nil
}

// message words a request by the transaction table.
func (l *Link) message(r pos.Request) (*wire.Message, error) {
	op := r.Op
	if op == pos.OpReversal {
		if op = r.Original; op == "" {
			op = pos.OpSale
		}
	}
	t, ok := l.p.Transactions[string(op)]
	if !ok {
		return nil, fmt.Errorf("%w: no operation %q", errRequest, op)
	}
	if r.Amount < 0 || r.Amount > maxAmount {
		return nil, fmt.Errorf("%w: amount", errRequest)
	}
	m, err := l.common(r, t)
	if err != nil {
		return nil, err
	}
	if r.Op == pos.OpReversal {
		return m, l.reverse(m, r)
	}
	return m, l.extra(m, r, op, t)
}

// common words what a sale, its reversal and an upload have in common.
func (l *Link) common(r pos.Request, t wire.Transaction) (*wire.Message, error) {
	c := r.Card
	mode, tail := "", tailContact
	switch c.Entry {
	case "chip":
		mode = "05"
	case "contactless":
		mode, tail = "07", tailContactless
	case "swipe":
		mode = "02"
	default:
		return nil, fmt.Errorf("%w: entry mode %q", errRequest, c.Entry)
	}
	pin := len(c.PINBlock) > 0 && r.Op != pos.OpOfflineUpload
	entered := pin || c.PIN && r.Op != pos.OpOfflineUpload
	digit := "2"
	if entered {
		digit = "1"
	}
	f := map[int]string{
		2: c.PAN, 3: t.Proc, 4: fmt.Sprintf("%012d", int64(r.Amount)), 11: r.STAN, 22: mode + digit, 25: t.Cond,
		41: l.o.TID, 42: l.o.MID, 49: currency, 60: t.F60(r.Batch, tail),
	}
	set := func(id int, v string) {
		if v != "" {
			f[id] = v
		}
	}
	set(14, c.Expiry)
	if c.Sequence != "" && len(c.Sequence) < 3 {
		set(23, "000"[len(c.Sequence):]+c.Sequence)
	} else {
		set(23, c.Sequence)
	}
	set(35, strings.TrimRight(strings.NewReplacer("D", "=", "d", "=").Replace(c.Track2), "Ff"))
	set(55, upperHex(c.F55))
	if pin {
		f[26], f[52], f[53] = pinLength, upperHex(c.PINBlock), pinSecurity
	}
	return &wire.Message{MTI: t.MTI, Fields: f}, nil
}

// reverse makes a reversal of its original.
func (l *Link) reverse(m *wire.Message, r pos.Request) error {
	t, ok := l.p.Transactions[string(pos.OpReversal)]
	if !ok {
		return fmt.Errorf("%w: no operation %q", errRequest, pos.OpReversal)
	}
	m.MTI, m.Fields[39] = t.MTI, r.Reason
	for _, id := range l.p.Reversal.Drop {
		delete(m.Fields, id)
	}
	short := upperHex(r.Card.ShortF55)
	if full := m.Get(55); short == "" && full != "" {
		var err error
		if short, err = l.p.ShortF55(full); err != nil {
			return err
		}
	}
	delete(m.Fields, 55)
	if short != "" {
		m.Fields[55] = short
	}
	return nil
}

// extra adds what an operation brings beyond the common fields.
func (l *Link) extra(m *wire.Message, r pos.Request, op pos.Operation, t wire.Transaction) error {
	for _, id := range t.Extra {
		switch id {
		case 63:
			if m.Fields[63] = r.Org; r.Org == "" {
				m.Fields[63] = defaultOrg
			}
		case 55:
			if !m.Has(55) {
				return fmt.Errorf("%w: %s without chip data", errRequest, op)
			}
		default:
			return fmt.Errorf("%w: %s needs field %d", errRequest, op, id)
		}
	}
	if op != pos.OpOfflineUpload {
		return nil
	}
	items, err := wire.ParseTLV(r.Card.F55)
	if err != nil {
		return err
	}
	for _, it := range items {
		if it.Tag == offlineTag {
			return nil
		}
	}
	m.Fields[55] += upperHex([]byte(offlineARC))
	return nil
}
