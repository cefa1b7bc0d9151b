package acquirer

import (
	"encoding/hex"
	"strings"

	"tillkeeper/drivers/acquirer/wire"
)

const scriptTag = "DF31" // results of an issuer's scripts, five bytes each

// scriptResult takes what a card made of its issuer's script; the same again is acknowledged again. The caller holds mu.
func (h *Host) scriptResult(m *wire.Message, o *outcome) error {
	result := scriptOf(m.Get(55))
	f61 := m.Get(61)
	switch {
	case result == "" || len(f61) < originDigits || !digits(f61):
		o.code = "30"
		return nil
	case h.book.scripts[keyOf(m)]:
		o.code, o.flight = "00", h.ledger.current()
		return nil
	}
	t := h.book.byKey[Key{m.Get(41), m.Get(42), f61[:batchDigits], f61[batchDigits:originDigits]}]
	if t == nil {
		o.code = "25"
		return nil
	}
	var err error
	o.code = "00"
	o.flight, err = h.enter(m, Entry{
		Kind: KindScript, PAN: t.PAN, Card: t.Card, Code: "00", RRN: m37(o.number), State: "done", Original: t.Seq, Script: result,
	})
	return err
}

// scriptOf answers the script results in chip data, hex, empty when there are none.
func scriptOf(f55 string) string {
	raw, err := hex.DecodeString(f55)
	if err != nil {
		return ""
	}
	items, err := wire.ParseTLV(raw)
	if err != nil {
		return ""
	}
	for _, it := range items {
		if it.Tag == scriptTag && len(it.Value) > 0 && len(it.Value)%5 == 0 {
			return strings.ToUpper(hex.EncodeToString(it.Value))
		}
	}
	return ""
}
