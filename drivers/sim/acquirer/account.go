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
	"maps"
	"os"
	"path"
	"path/filepath"

	"tillkeeper/drivers/acquirer/wire"
	"tillkeeper/drivers/download"
)

// Account is a card's account at the simulated issuer; money in fen.
type Account struct {
	Name     string `json:"name"`
	Balance  int64  `json:"balance"`               // at the beginning; what moved is in the ledger
	State    string `json:"state"`                 // good expired frozen lost stolen not_activated pin_blocked retained risk_hold
	PIN      string `json:"pin"`                   // "" takes any, and none
	Limit    int64  `json:"limit"`                 // of one payment, 0 without
	Count    int    `json:"count"`                 // payments allowed in all, 0 without
	DayLimit int64  `json:"day_limit,omitempty"`   // of all payments of a day, 0 without
	DayCount int    `json:"day_count,omitempty"`   // payments allowed in a day, 0 without
	SMS      bool   `json:"sms"`                   // subscribed to notices
	SMSFrom  int64  `json:"sms_from"`              // notices from this amount
	Answer   string `json:"answer"`                // code that every payment gets; "10": the part that the balance covers
	Asks     bool   `json:"sms_balance,omitempty"` // notices of balance inquiries too
	Script   string `json:"script,omitempty"`      // hex of the template 71 or 72 that an approval of a chip brings
}

// defaultAccount is what a number gets that no file names: generous, any PIN.
func defaultAccount() Account {
	return Account{Name: "default", Balance: 100_000_000_00, State: "good", SMS: true}
}

const (
	scriptLimit = 200          // bytes of an issuer's script
	pinTries    = 3            // wrong PINs until the account answers 75
	stateHeld   = "risk_hold"  // payments wait for the issuer's people: 01; balances are told
	codesName   = "codes.json" // accounts behind payment codes, beside those of the cards
)

var stateCodes = map[string]string{
	"": "", "good": "", "expired": "54", "frozen": "62", "lost": "41", "stolen": "43",
	"not_activated": "21", "pin_blocked": "75", "retained": "04", stateHeld: "",
}

// LoadAccounts reads accounts by card number from a JSON file, and those behind payment codes from codes.json beside it where there is one; an unknown key or state is an error that names it.
func LoadAccounts(fsys fs.FS, name string) (map[string]Account, error) {
	out, err := loadAccounts(fsys, name)
	if err != nil {
		return nil, err
	}
	codes, err := loadAccounts(fsys, path.Join(path.Dir(name), codesName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	maps.Copy(out, codes)
	return out, nil
}

func loadAccounts(fsys fs.FS, name string) (map[string]Account, error) {
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
		if err := a.check(); err != nil {
			return nil, fmt.Errorf("acquirer: %s: %s: %w", name, wire.MaskPAN(pan), err)
		}
	}
	return out, nil
}

// check names what is wrong with an account.
func (a Account) check() error {
	if _, ok := stateCodes[a.State]; !ok {
		return fmt.Errorf("state %q", a.State)
	}
	if a.Answer != "" && len(a.Answer) != 2 {
		return fmt.Errorf("answer %q", a.Answer)
	}
	if raw, err := hex.DecodeString(a.Script); err != nil || len(raw) > scriptLimit {
		return errors.New("script is not hex of at most 200 bytes")
	}
	if a.Limit < 0 || a.Count < 0 || a.DayLimit < 0 || a.DayCount < 0 {
		return errors.New("a limit below zero")
	}
	return nil
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
		err = download.Keep(h.cfg.Dir, name, raw)
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
