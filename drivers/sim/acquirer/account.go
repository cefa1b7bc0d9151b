package acquirer

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"tillkeeper/drivers/acquirer/wire"
)

// Account is a card's account at the simulated issuer; money in fen.
type Account struct {
	Name    string `json:"name"`
	Balance int64  `json:"balance"`  // at the beginning; what moved is in the ledger
	State   string `json:"state"`    // good expired frozen lost stolen not_activated pin_blocked retained
	PIN     string `json:"pin"`      // "" takes any
	Limit   int64  `json:"limit"`    // of one payment, 0 without
	Count   int    `json:"count"`    // payments allowed in all, 0 without
	SMS     bool   `json:"sms"`      // subscribed to notices
	SMSFrom int64  `json:"sms_from"` // notices from this amount
	Answer  string `json:"answer"`   // code that every payment gets; "10": the part that the balance covers
	Asks    bool   `json:"sms_balance,omitempty"`
}

// defaultAccount is what a number gets that no file names: generous, any PIN.
func defaultAccount() Account {
	return Account{Name: "default", Balance: 100_000_000_00, State: "good", SMS: true}
}

const pinTries = 3 // wrong PINs until the account answers 75

var stateCodes = map[string]string{
	"": "", "good": "", "expired": "54", "frozen": "62", "lost": "41", "stolen": "43",
	"not_activated": "21", "pin_blocked": "75", "retained": "04",
}

// LoadAccounts reads accounts by card number from a JSON file; an unknown key or state is an error that names it.
func LoadAccounts(fsys fs.FS, name string) (map[string]Account, error) {
	raw, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	out := map[string]Account{}
	if err := dec.Decode(&out); err != nil {
		return nil, fmt.Errorf("acquirer: %s: %w", name, err)
	}
	for pan, a := range out {
		if _, ok := stateCodes[a.State]; !ok {
			return nil, fmt.Errorf("acquirer: %s: %s: state %q", name, wire.MaskPAN(pan), a.State)
		}
	}
	return out, nil
}

// loadSecret reads the key of the card hashes, or makes it.
func (h *Host) loadSecret() error {
	const name, size = "card.key", 32
	raw, err := os.ReadFile(filepath.Join(h.cfg.Dir, name))
	if err == nil && len(raw) != size {
		return fmt.Errorf("acquirer: %s has %d bytes, %d wanted", name, len(raw), size)
	}
	if errors.Is(err, os.ErrNotExist) {
		raw = make([]byte, size)
		if err := randomBytes(raw); err != nil {
			return err
		}
		err = writeFile(h.cfg.Dir, name, raw)
	}
	h.secret = raw
	return err
}

func (h *Host) cardHash(number string) string {
	m := hmac.New(sha256.New, h.secret)
	m.Write([]byte(number))
	return hex.EncodeToString(m.Sum(nil)[:16])
}

// account answers the account of a card number or payment code.
func (h *Host) account(number string) Account {
	if a, ok := h.accounts[number]; ok {
		return a
	}
	return defaultAccount()
}

// SetAccount changes or adds the account of a card number while the host runs.
func (h *Host) SetAccount(pan string, a Account) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.accounts[pan] = a
	delete(h.wrongPINs, h.cardHash(pan))
}

// Account answers the account of a card number as it was set; Balance is that of the beginning.
func (h *Host) Account(pan string) Account {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.account(pan)
}

// Balance answers what a card has available now, in fen.
func (h *Host) Balance(pan string) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.available(pan)
}

func (h *Host) available(number string) int64 {
	return h.account(number).Balance - h.book.moved[h.cardHash(number)]
}
