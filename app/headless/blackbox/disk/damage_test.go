package disk

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"tillkeeper/app/headless/blackbox/child"
	"tillkeeper/store"
)

const (
	page      = 4096
	daySales  = 12
	mostFlips = 16
	headBytes = 80 // of a page: its header and its first elements
)

// shown is what a till says of itself and of its sales.
type shown struct {
	refused  string // the code of an opening that failed, or of the self-test
	findings int    // of the check
	sales    map[string]string
	wrong    int // sales that could not be shown
}

// noticed says whether somebody at the till would learn of damage.
func (v shown) noticed() bool { return v.refused != "" || v.findings > 0 || v.wrong > 0 }

// look opens a till and asks everything; sales are the answers to the numbers.
func (s *shop) look(ids []string) (v shown) {
	s.t.Helper()
	v.sales = map[string]string{}
	s.open()
	defer func() { s.noPanic() }()
	a, err := s.till.Ask(cmd{"cmd": "selftest"})
	if err != nil {
		v.refused = "start"
		if code := s.wait(); code == 0 || !bytes.Contains([]byte(s.till.Errs.String()), []byte("what to do: ")) {
			s.t.Errorf("the till ended with %d and says\n%s", code, child.Tail(s.till.Errs.String()))
		}
		return v
	}
	var checks []struct{ Name, State, Remedy string }
	if err := child.Into(a["checks"], &checks); err != nil {
		s.t.Fatal(err)
	}
	for _, c := range checks {
		if c.Name == "journal" && c.State != "ok" {
			v.refused = c.State
			if c.Remedy == "" {
				s.t.Error("the self-test has no remedy for the journal")
			}
		}
	}
	for _, id := range ids {
		a, err := s.till.Ask(cmd{"cmd": "attempt", "attempt": id})
		if err != nil {
			s.t.Fatalf("asking for %s: %v\n%s", id, err, child.Tail(s.till.Errs.String()))
		}
		if code, _ := failure(a); code != "" {
			v.wrong++
			continue
		}
		raw, err := json.Marshal(a["attempts"])
		if err != nil {
			s.t.Fatal(err)
		}
		v.sales[id] = string(raw)
	}
	if a, err = s.till.Ask(cmd{"cmd": "check"}); err != nil {
		s.t.Fatalf("checking: %v\n%s", err, child.Tail(s.till.Errs.String()))
	}
	found, _ := a["findings"].([]any) //nolint:errcheck // an error answer has none
	v.findings = len(found)
	if code, _ := failure(a); code != "" {
		v.findings++
	}
	s.end()
	return v
}

// day sells, closes the till and gives its attempts.
func (s *shop) day() (ids []string) {
	s.t.Helper()
	s.openHost()
	s.ready()
	for i := range daySales {
		ids = append(ids, s.sold([]string{"card", "cash"}[i%2], "ok").ID)
	}
	if code := s.end(); code != 0 {
		s.t.Fatalf("the till ended with %d", code)
	}
	return ids
}

// storeSees is what the store itself says of a journal.
func storeSees(dir string) bool {
	s, err := store.Open(store.Options{Dir: dir, Logger: quiet})
	if err != nil {
		return true
	}
	defer s.Close()
	if s.SafeMode() != nil || len(s.Notes()) > 0 {
		return true
	}
	found, err := s.Check(context.Background())
	return err != nil || len(found) > 0
}

// Test_flipped_bits_in_the_journal_of_a_day flips a bit in the head of each page
// that holds something, and in every copy of a sale's record: the till notices
// what the store notices, and never shows another sale than the one that was.
func Test_flipped_bits_in_the_journal_of_a_day(t *testing.T) {
	t.Parallel()
	s := newShop(t, filepath.Join(t.TempDir(), "till"))
	ids := s.day()
	was := s.look(ids)
	if was.noticed() || len(was.sales) != daySales {
		t.Fatalf("a whole journal: %+v", was)
	}
	good := contents(t, s.data, journal)
	var marks []int
	for at := 0; at+page <= len(good); at += page {
		if !bytes.Equal(good[at:at+page], make([]byte, page)) {
			marks = append(marks, at+rand.IntN(headBytes))
		}
	}
	pages := len(marks)
	for at := 0; ; { // the last sale's authorization, wherever it is written
		next := bytes.Index(good[at:], []byte(`"`+ids[daySales-2]+`"`))
		if next < 0 {
			break
		}
		at += next + 1
		marks = append(marks, at+rand.IntN(len(ids[0])))
	}
	seen, by := 0, 0
	flips := sample(marks, rounds(t, 1)*mostFlips)
	for _, at := range flips {
		bad := bytes.Clone(good)
		bad[at] ^= 1 << rand.IntN(8)
		must(t, os.WriteFile(filepath.Join(s.data, journal), bad, 0o600))
		should := storeSees(s.data)
		must(t, os.WriteFile(filepath.Join(s.data, journal), bad, 0o600))
		v := s.look(ids)
		if should {
			by++
		}
		if v.noticed() {
			seen++
		} else if should {
			t.Errorf("a flip at %d (page %d) is not noticed: %+v", at, at/page, v)
		}
		for id, text := range v.sales {
			if text != was.sales[id] {
				t.Errorf("a flip at %d: sale %s is shown as %s, it was %s", at, id, text, was.sales[id])
			}
		}
	}
	t.Logf("%d flips, of %d pages and %d copies of a record: the store notices %d, the till %d", len(flips), pages, len(marks)-pages, by, seen)
	if by < 5 {
		t.Errorf("only %d flips did harm", by)
	}
}

// sample takes some of all, at random.
func sample(all []int, most int) []int {
	rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:min(most, len(all))]
}

// newest gives the offset of the page with the newest head of a bbolt file.
func newest(file []byte) int {
	const txid = 16 + 48
	if binary.LittleEndian.Uint64(file[txid:]) > binary.LittleEndian.Uint64(file[page+txid:]) {
		return 0
	}
	return page
}

// Test_damage_before_the_start takes the journal back or away while the till is
// closed: it is noticed before the first sale.
func Test_damage_before_the_start(t *testing.T) {
	t.Parallel()
	s := newShop(t, filepath.Join(t.TempDir(), "till"))
	yesterday := contents(t, s.data, journal)
	ids := s.day()
	path := filepath.Join(s.data, journal)
	good := contents(t, s.data, journal)
	for name, do := range map[string]func() error{
		"the newest head flipped": func() error {
			bad := bytes.Clone(good)
			bad[newest(good)+16+20] ^= 4
			return os.WriteFile(path, bad, 0o600)
		},
		"yesterday's copy": func() error { return os.WriteFile(path, yesterday, 0o600) },
		"no journal":       func() error { return os.Remove(path) },
		"half a journal":   func() error { return os.WriteFile(path, good[:5*page], 0o600) },
		"an empty journal": func() error { return os.WriteFile(path, nil, 0o600) },
		"something else":   func() error { return os.WriteFile(path, bytes.Repeat([]byte("journal "), page), 0o600) },
		"two heads flipped": func() error {
			bad := bytes.Clone(good)
			bad[36] ^= 1
			bad[page+36] ^= 1
			return os.WriteFile(path, bad, 0o600)
		},
	} {
		must(t, do())
		if v := s.look(ids[:1]); v.refused == "" {
			t.Errorf("%s: not noticed at the start: %+v", name, v)
		}
		s.takesNothing(name)
	}
	must(t, os.WriteFile(path, good, 0o600))
	if v := s.look(ids); v.noticed() {
		t.Errorf("the right journal put back: %+v", v)
	}
}

// takesNothing opens a till that must not take money.
func (s *shop) takesNothing(why string) {
	s.t.Helper()
	s.open()
	if _, err := s.till.Ask(cmd{"cmd": "signin", "staff": "1001", "pin": "135790"}); err != nil {
		s.wait()
		return
	}
	s.refuses(why)
	s.end()
}

// Test_damage_under_an_open_till takes the journal away under a selling till:
// the next sale is refused, and what was sold is not lost with the right file.
func Test_damage_under_an_open_till(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(path, copy string) error{
		"unlinked": func(path, _ string) error { return os.Remove(path) },
		"replaced by yesterday's copy": func(path, copy string) error {
			return errors.Join(os.Rename(path, path+".kept"), os.Rename(copy, path))
		},
		"cut short": func(path, _ string) error { return os.Truncate(path, 3*page) },
		"emptied":   func(path, _ string) error { return os.Truncate(path, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, filepath.Join(t.TempDir(), "till"))
			path, copy := filepath.Join(s.data, journal), filepath.Join(t.TempDir(), "copy")
			must(t, os.WriteFile(copy, contents(t, s.data, journal), 0o600))
			s.openHost()
			s.ready()
			s.sold("card", "ok")
			must(t, do(path, copy))
			s.refuses(name)
			s.faulted("journal")
			s.end()
			if v := s.look(nil); v.refused == "" {
				t.Errorf("%s: the next start says nothing: %+v", name, v)
			}
			if name != "replaced by yesterday's copy" {
				return
			}
			must(t, os.Rename(path+".kept", path))
			s.ready()
			s.sold("card", "ok")
			if all := s.settled(nil); len(all) != 2 {
				t.Errorf("%d attempts with the right journal put back", len(all))
			}
			s.end()
		})
	}
}
