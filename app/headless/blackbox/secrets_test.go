package blackbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"tillkeeper/app/headless/blackbox/child"
)

// search looks for card data in clear in all that the till wrote.
func (l *loop) search() {
	secrets := l.secrets()
	found, err := leaks(l.Data, secrets)
	if err != nil {
		l.t.Fatal(err)
	}
	for _, f := range found {
		l.t.Error(f)
	}
	for _, s := range secrets {
		if strings.Contains(l.TillLog.String(), s) {
			l.t.Errorf("standard error carries %s", s)
		}
	}
}

// secrets are the numbers and the tracks of the deck, as text and as the bytes
// that the wire carries.
func (l *loop) secrets() []string {
	raw, err := os.ReadFile(filepath.Join(l.Dir, "deck.json"))
	if err != nil {
		l.t.Fatal(err)
	}
	var deck []struct{ PAN, Expiry string }
	if err := json.Unmarshal(raw, &deck); err != nil || len(deck) == 0 {
		l.t.Fatalf("the deck: %v", err)
	}
	var out []string
	for _, c := range deck {
		out = append(out, c.PAN, packed(c.PAN), packed(c.PAN+"D"+c.Expiry))
	}
	return out
}

// packed is two digits a byte.
func packed(digits string) string {
	var b []byte
	for i := 0; i+1 < len(digits); i += 2 {
		v, err := strconv.ParseUint(digits[i:i+2], 16, 8)
		if err != nil {
			panic(err)
		}
		b = append(b, byte(v))
	}
	return string(b)
}

// leaks searches every byte of a folder for things that must not be there in
// clear; each find is named by file.
func leaks(dir string, secrets []string) ([]string, error) {
	var out []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, s := range secrets {
			if bytes.Contains(raw, []byte(s)) {
				out = append(out, fmt.Sprintf("%s carries %s", filepath.Base(path), s))
			}
		}
		return nil
	})
	return out, err
}

// Test_the_search_finds_card_data is the planted leak: it shows that the search
// would find a number, as text and as the wire carries it.
func Test_the_search_finds_card_data(t *testing.T) {
	l := &loop{shop: &shop{&child.Shop{Dir: t.TempDir()}}, t: t}
	l.write("deck.json", `[{"pan":"6224242900000113","expiry":"2806"}]`)
	data := filepath.Join(l.Dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"log": "a card 6224242900000113 was read", "wire": "\x62\x24\x24\x29\x00\x00\x01\x13\xd2\x80\x6f",
		"mask": "622424******0113",
	} {
		child.Put(t, filepath.Join(data, name), text)
	}
	found, err := leaks(data, l.secrets())
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 3 { // the number, the packed number, the packed track
		t.Errorf("found %q", found)
	}
}
