package store_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"tillkeeper/app/pos"
	"tillkeeper/store"
	"tillkeeper/store/storetest"
)

func TestPagesThatLeadAstrayAreNotFollowed(t *testing.T) {
	defer store.SetHotCommits(0)()
	dir := t.TempDir()
	path := filepath.Join(dir, "journal.db")
	s := open(t, store.Options{Dir: dir})
	storetest.Fill(t, s, 200) // enough for branches
	s.Close()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	led := 0
	for page := int64(2); page < info.Size()/4096; page++ {
		flip(t, path, page*4096+8, 3) // a leaf is a branch then, and the other way round
		ends(t, "opening", func() {
			if again, err := store.Open(store.Options{Dir: dir, Logger: quiet}); err == nil {
				again.Close()
			} else {
				led++
			}
		})
		flip(t, path, page*4096+8, 3)
	}
	if led < 3 {
		t.Errorf("only %d pages were refused", led)
	}
}

func TestReadingWithoutLayersFailsAtOnce(t *testing.T) {
	dir := t.TempDir()
	s := open(t, store.Options{Dir: dir})
	id := sell(t, s)
	s.Close()
	raw, err := os.ReadFile(filepath.Join(dir, "journal.db"))
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; ; { // each copy of the record, in whichever layer
		next := bytes.Index(raw[at:], []byte(`"attempt":"`+id))
		if next < 0 {
			break
		}
		at += next + 1
		raw[at] ^= 1
	}
	if err := os.WriteFile(filepath.Join(dir, "journal.db"), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	s = open(t, store.Options{Dir: dir})
	wantSafe(t, s, "record_damaged")
	ends(t, "reading", func() { // a second for each, once
		for range 20 {
			if _, err := s.Attempt(id); err == nil {
				t.Error("a damaged attempt was shown")
			}
		}
	})
}

func TestNewestHeadFlippedAfterACommitWithoutEventsIsNoticed(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "journal.db")
	s := open(t, store.Options{Dir: dir})
	sell(t, s)
	must(t, s, pos.Commit{Settings: map[string]string{pos.SetLastOnline: "2026-11-22T10:00:00+08:00"}})
	s.Close()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const txid = 16 + 48
	newest := int64(0)
	if binary.LittleEndian.Uint64(raw[4096+txid:]) > binary.LittleEndian.Uint64(raw[txid:]) {
		newest = 4096
	}
	flip(t, path, newest+36, 4)
	wantSafe(t, open(t, store.Options{Dir: dir}), "journal_behind")
}

func TestAnchorOfTheFormerLayoutIsRead(t *testing.T) {
	dir := t.TempDir()
	s := open(t, store.Options{Dir: dir})
	sell(t, s)
	copyFile(t, filepath.Join(dir, "old"), filepath.Join(dir, "journal.db"))
	sell(t, s)
	seq, chain := s.Head()
	s.Close()
	slot := make([]byte, 1024)
	copy(slot, store.FormerAnchor(seq, chain))
	if err := os.WriteFile(filepath.Join(dir, "journal.anchor"), slot, 0o600); err != nil {
		t.Fatal(err)
	}
	s = open(t, store.Options{Dir: dir})
	if err := s.SafeMode(); err != nil || len(s.Notes()) > 0 {
		t.Errorf("%v, %v", err, s.Notes())
	}
	s.Close()
	if err := os.WriteFile(filepath.Join(dir, "journal.anchor"), slot, 0o600); err != nil {
		t.Fatal(err)
	}
	copyFile(t, filepath.Join(dir, "journal.db"), filepath.Join(dir, "old"))
	wantSafe(t, open(t, store.Options{Dir: dir}), "journal_behind")
}

func TestFlippedBitInEveryPageOfADayIsNoticed(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "journal.db")
	s := open(t, store.Options{Dir: dir})
	storetest.Fill(t, s, 200)
	for i := range 30 { // and some that wait in layers
		must(t, s, storetest.Sale(s, 200+i))
	}
	s.Close()
	used, err := store.UsedBytes(path)
	if err != nil {
		t.Fatal(err)
	}
	pages := map[int64][]int64{}
	for _, at := range used {
		pages[at/4096] = append(pages[at/4096], at)
	}
	dice := rand.New(rand.NewPCG(rand.Uint64(), 1))
	for page, all := range pages {
		at, bit := all[dice.IntN(len(all))], byte(1)<<dice.IntN(8)
		flip(t, path, at, bit)
		if !seen(t, store.Options{Dir: dir}) {
			t.Errorf("bit %#x at %d of page %d went unnoticed", bit, at%4096, page)
		}
		flip(t, path, at, bit)
	}
	t.Logf("%d pages, a bit in each", len(pages))
}
