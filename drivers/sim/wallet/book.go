package wallet

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"tillkeeper/app/pos"
)

// Order is an order as the gateway keeps it; amounts are in fen.
type Order struct {
	Number   string                `json:"number"`
	Seq      int                   `json:"seq"` // in the order of arrival, from 1
	Amount   pos.Amount            `json:"amount"`
	Title    string                `json:"title,omitempty"`
	Code     string                `json:"code,omitempty"` // text of the QR code; "" where it was closed before it came
	State    pos.WalletState       `json:"state"`
	Trade    string                `json:"trade,omitempty"`
	Reason   string                `json:"reason,omitempty"`
	Wallet   string                `json:"wallet,omitempty"`
	Refunded pos.Amount            `json:"refunded,omitempty"`
	Refunds  map[string]pos.Amount `json:"refunds,omitempty"` // by number of the refund
	Unknown  bool                  `json:"unknown,omitempty"` // closed before it was ever created
	How      string                `json:"how,omitempty"`     // what the customer's phone does with it
	Created  time.Time             `json:"created"`
	Expires  time.Time             `json:"expires,omitzero"`
}

// open tells that an order may still be paid.
func (o Order) open() bool { return o.State == pos.WalletWaiting || o.State == pos.WalletPaying }

// book is the file of orders: a line for each change, the last one of a number
// counts.
type book struct {
	f    *os.File
	size int64 // of the good lines
}

// openBook replays the file; a last line that was cut off by a crash was never
// answered for and is dropped.
func openBook(dir string) (*book, []Order, error) {
	f, err := os.OpenFile(filepath.Join(dir, "orders.jsonl"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil, err
	}
	b := &book{f: f}
	lines, err := b.replay()
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return b, lines, nil
}

func (b *book) replay() ([]Order, error) {
	data, err := io.ReadAll(b.f)
	if err != nil {
		return nil, err
	}
	var lines []Order
	for len(data) > 0 {
		line, rest, whole := bytes.Cut(data, []byte("\n"))
		var o Order
		err := json.Unmarshal(line, &o)
		if !whole || (err != nil && len(rest) == 0) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("orders.jsonl at byte %d: %w", b.size, err)
		}
		lines = append(lines, o)
		b.size += int64(len(line)) + 1
		data = rest
	}
	return lines, b.f.Truncate(b.size)
}

// add appends a line and returns when it is on the disk.
func (b *book) add(o Order) error {
	line, err := json.Marshal(o)
	if err != nil {
		return err
	}
	line = append(line, '\n')
	if _, err = b.f.WriteAt(line, b.size); err == nil {
		err = b.f.Sync()
	}
	if err != nil {
		return errors.Join(err, b.f.Truncate(b.size))
	}
	b.size += int64(len(line))
	return nil
}

// loadSecret reads the merchant's secret, or makes one.
func loadSecret(dir string) (string, error) {
	path := filepath.Join(dir, "secret")
	data, err := os.ReadFile(path)
	if err == nil && len(data) == len(rand.Text()) {
		return string(data), nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	secret := rand.Text()
	if err := os.WriteFile(path+".new", []byte(secret), 0o600); err != nil {
		return "", err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return "", err
	}
	return secret, syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
