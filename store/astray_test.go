package store_test

import (
	"os"
	"path/filepath"
	"testing"

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
