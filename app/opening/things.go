package opening

import (
	"context"
	"io/fs"
	"log/slog"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"tillkeeper/app/basket"
	"tillkeeper/app/config"
	"tillkeeper/app/decline"
	"tillkeeper/app/pos"
	"tillkeeper/app/receipt"
	"tillkeeper/app/recon"
	"tillkeeper/app/staff"
)

// Things are what a shop brings to its till: the cards of a simulated reader,
// the texts of the answer codes, its people and its goods.
type Things struct {
	Deck  []byte
	Codes *decline.Table
	Staff *staff.List
	Goods *basket.Catalogue
}

// Bring reads all of it.
func Bring(dir string, i config.Import, assets fs.FS) (t Things, err error) {
	if t.Deck, err = Deck(dir, i); err != nil {
		return t, err
	}
	if t.Codes, err = Codes(assets); err != nil {
		return t, err
	}
	if t.Staff, err = People(dir, i); err != nil {
		return t, err
	}
	t.Goods, err = Goods(dir, i)
	return t, err
}

// Slips makes the shop's documents.
func Slips(c config.Parsed, codes *decline.Table, zone *time.Location) receipt.Maker {
	return receipt.Maker{
		Shop: receipt.Shop{Name: c.Shop.Name, Address: c.Shop.Address, Phone: c.Shop.Phone, Terminal: c.Terminal.TID, Merchant: c.Terminal.MID},
		Say:  codes.Say(c.Window.Language), Advise: recon.Say, Lang: c.Window.Language, Demo: c.Keys.Store == "demo",
		Now: pos.ShopClock{Zone: zone}.Now,
	}
}

// FileLayout gives how a file of the acquirer's is read at a shop in a zone, by
// the layout of its profile.
func FileLayout(zone *time.Location) func(pos.FileLayout) recon.Layout {
	return func(file pos.FileLayout) recon.Layout {
		l := recon.Layout{FileLayout: file, Zone: zone}
		switch file.Encoding {
		case pos.FileGBK:
			l.Text = simplifiedchinese.GBK.NewDecoder().Bytes
		case pos.FileEither:
			l.Text = either
		}
		return l
	}
}

// either takes a line that is no UTF-8 for GBK.
func either(line []byte) ([]byte, error) {
	if utf8.Valid(line) {
		return line, nil
	}
	return simplifiedchinese.GBK.NewDecoder().Bytes(line)
}

// Printing hands slips to a printer; its fault is no fault of what they tell.
func Printing(p pos.Printer, log *slog.Logger) func(number string, slip any) {
	return func(number string, slip any) {
		if err := p.Print(pos.PrintJob{Number: number, Slip: slip}); err != nil {
			log.Warn("a slip was not taken by the printer", "number", number, "error", err)
		}
	}
}

// Custodians approves those who may enter keys.
func Custodians(l *staff.List) func(id, pin string) (pos.Operator, error) {
	return func(id, pin string) (pos.Operator, error) { return l.Approve(id, pin, staff.EnterKeys, time.Now()) }
}

// Note appends one event to the journal.
func Note(j pos.Journal) func(ctx context.Context, e pos.Event) error {
	return func(ctx context.Context, e pos.Event) error {
		_, err := j.Append(ctx, pos.Commit{Events: []pos.Event{e}})
		return err
	}
}
