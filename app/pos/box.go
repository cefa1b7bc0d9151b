package pos

import (
	"encoding/json"
	"errors"
	"fmt"
)

// ErrBoxLost says that a box can never be opened again: its key was destroyed or
// is damaged, or it is not what was sealed under it.
var ErrBoxLost = errors.New("what was sealed is lost")

// SealCard encrypts what is known of a card under a key of the vault, bound to
// the attempt that it belongs to.
func SealCard(v Vault, key, attempt string, c CardData) (*Box, error) {
	plain, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	data, err := v.Seal(key, []byte(attempt), plain)
	if err != nil {
		return nil, err
	}
	return &Box{Key: key, Data: data}, nil
}

// OpenCard decrypts what SealCard sealed for the same attempt. Where it is gone
// for good the error is ErrNotFound or ErrBoxLost.
func OpenCard(v Vault, b *Box, attempt string) (CardData, error) {
	var c CardData
	if b == nil {
		return c, fmt.Errorf("%w: attempt %s carries no card data", ErrNotFound, attempt)
	}
	plain, err := v.Open(b.Key, []byte(attempt), b.Data)
	if err != nil {
		return c, fmt.Errorf("card data of attempt %s under key %s: %w", attempt, b.Key, err)
	}
	defer clear(plain)
	return c, json.Unmarshal(plain, &c)
}

// Short is what a reversal needs of a card, and no more.
func (c CardData) Short() CardData {
	return CardData{
		PAN: c.PAN, Expiry: c.Expiry, Sequence: c.Sequence, ShortF55: c.ShortF55, Entry: c.Entry, Fallback: c.Fallback, PIN: c.PIN, Code: c.Code,
	}
}

// DayKey names the vault's key of a business day's waiting items, BatchKey the
// one of a batch's unsettled payments.
func DayKey(day string) string { return "day-" + day }

// BatchKey names the vault's key of a batch's unsettled payments.
func BatchKey(batch string) string { return "batch-" + batch }
