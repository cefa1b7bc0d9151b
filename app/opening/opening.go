// Package opening reads what a shop brings to its till: its people, its goods,
// the deck of its simulated reader; and fills an empty folder with the demo
// shop. It changes nothing that is there already and never keeps a PIN: people
// are stored with their hashes only.
package opening

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"tillkeeper/app/basket"
	"tillkeeper/app/config"
	"tillkeeper/app/decline"
	"tillkeeper/app/pos"
	"tillkeeper/app/risk"
	"tillkeeper/app/staff"
)

// The files of a till's folder.
const (
	peopleFile = "staff.json"
	goodsFile  = "products.csv"
	deckFile   = "deck.json"
)

// Seed puts the demo shop into a folder that has no shop yet.
func Seed(dir string, assets fs.FS) error {
	for _, name := range []string{goodsFile, deckFile} {
		b, err := fs.ReadFile(assets, "demo/"+name)
		if err != nil {
			return err
		}
		if err := keep(filepath.Join(dir, name), b); err != nil {
			return err
		}
	}
	path := filepath.Join(dir, peopleFile)
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	csv, err := fs.ReadFile(assets, "demo/staff.csv")
	if err != nil {
		return err
	}
	_, err = hashed(path, csv)
	return err
}

// keep writes a file that is not there.
func keep(path string, b []byte) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	return write(path, b)
}

// write makes a file whole or not at all: a power cut in the first start leaves
// no half of it.
func write(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// own reads the file that a key of the configuration names, else the folder's
// own; nil if there is neither.
func own(dir, key, named, name string) ([]byte, error) {
	if named != "" {
		b, err := os.ReadFile(named)
		if err != nil {
			return nil, &pos.Error{
				Code: "bad_config", Message: key + ": the file cannot be read",
				Remedy: "name a file that is there, or leave the key out", Err: err,
			}
		}
		return b, nil
	}
	b, err := os.ReadFile(filepath.Join(dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return b, err
}

// Deck gives the text of the simulated cards; nil if there are none.
func Deck(dir string, i config.Import) ([]byte, error) {
	return own(dir, "import.deck", i.Deck, deckFile)
}

// Blacklist reads the acquirer's list of cards that are never taken without the
// host; nil where none is named.
func Blacklist(path string, hash func(pan string) string) (*risk.Blacklist, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, &pos.Error{
			Code: "bad_config", Message: "the file of offline.blacklist cannot be read",
			Remedy: "name a file that is there", Err: err,
		}
	}
	defer f.Close()
	b, err := risk.ReadBlacklist(f, hash)
	if err != nil {
		return nil, &pos.Error{
			Code: "bad_config", Message: path + " is no blacklist",
			Remedy: "write a card number, or its first digits and *, in each line", Err: err,
		}
	}
	return b, nil
}

// People gives the shop's staff.
func People(dir string, i config.Import) (*staff.List, error) {
	path := filepath.Join(dir, peopleFile)
	if i.Staff != "" {
		csv, err := own(dir, "import.staff", i.Staff, "")
		if err != nil {
			return nil, err
		}
		ops, err := hashed(path, csv)
		var bad *pos.Error
		if errors.As(err, &bad) {
			return nil, &pos.Error{Code: bad.Code, Message: "import.staff: " + i.Staff, Remedy: bad.Remedy, Err: err}
		}
		if err != nil {
			return nil, err
		}
		return staff.NewList(ops)
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return staff.NewList(nil)
	}
	if err != nil {
		return nil, err
	}
	ops, err := staff.Stored(bytes.NewReader(b))
	if err != nil {
		return nil, &pos.Error{Code: "bad_staff", Message: path + " is damaged", Remedy: "name the staff file under [import] again", Err: err}
	}
	return staff.NewList(ops)
}

// hashed gives the people of a CSV with their PINs hashed; the hashes are kept,
// for hashing is meant to be slow.
func hashed(path string, csv []byte) ([]pos.Operator, error) {
	if b, err := os.ReadFile(path); err == nil {
		if ops, ok := staff.Load(bytes.NewReader(b), csv); ok {
			return ops, nil
		}
	}
	ops, err := staff.ReadCSV(bytes.NewReader(csv), staff.Strong)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := staff.Save(&b, csv, ops); err != nil {
		return nil, err
	}
	return ops, write(path, b.Bytes())
}

// Goods gives the shop's catalogue, an empty one if it brought none.
func Goods(dir string, i config.Import) (*basket.Catalogue, error) {
	b, err := own(dir, "import.catalogue", i.Catalogue, goodsFile)
	if err != nil {
		return nil, err
	}
	if b == nil {
		return basket.NewCatalogue(nil)
	}
	c, err := basket.LoadCatalogue(bytes.NewReader(b))
	if err != nil {
		file := cmp.Or(i.Catalogue, filepath.Join(dir, goodsFile))
		return nil, &pos.Error{Code: "bad_catalogue", Message: file, Remedy: "correct the line that is named", Err: err}
	}
	return c, nil
}

// Quick gives the demo shop's quick keys, as far as the shop sells its goods: a
// key is left out where the catalogue does not have its article, or has another
// one under its number.
func Quick(assets fs.FS, goods *basket.Catalogue) ([]basket.QuickKey, error) {
	b, err := fs.ReadFile(assets, "demo/quickkeys.csv")
	if err != nil {
		return nil, err
	}
	keys, err := basket.LoadQuickKeys(bytes.NewReader(b), goods)
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	if b, err = fs.ReadFile(assets, "demo/"+goodsFile); err != nil {
		return nil, err
	}
	demo, err := basket.LoadCatalogue(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(keys, func(k basket.QuickKey) bool {
		ours, _ := goods.BySKU(k.SKU)
		theirs, _ := demo.BySKU(k.SKU)
		return ours.Name != theirs.Name
	}), nil
}

// Config reads the configuration file, "" for none, and puts another address of
// the host in where a flag names one.
func Config(file, host string) (config.Parsed, error) {
	text, dir := []byte(nil), "."
	if file != "" {
		var err error
		if text, err = os.ReadFile(file); err != nil {
			return config.Parsed{}, &pos.Error{
				Code: "bad_config", Message: "the configuration cannot be read",
				Remedy: "name a file that is there", Err: err,
			}
		}
		dir = filepath.Dir(file)
	}
	return config.Parse(string(text), dir, host)
}

// Codes gives the table of answer codes and of the till's own reasons.
func Codes(assets fs.FS) (*decline.Table, error) {
	var tables []io.Reader
	for _, name := range []string{"codes/answer-codes.tsv", "codes/till-reasons.tsv"} {
		b, err := fs.ReadFile(assets, name)
		if err != nil {
			return nil, err
		}
		tables = append(tables, bytes.NewReader(b))
	}
	return decline.Parse(tables...)
}
