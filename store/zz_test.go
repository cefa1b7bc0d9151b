package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/sys/unix"

	"tillkeeper/app/pos"
	"tillkeeper/store"
	"tillkeeper/store/storetest"
)

func TestZZ(t *testing.T) {
	s := open(t, store.Options{Dir: t.TempDir()})
	n := 50000
	if os.Getenv("ZZ") != "" {
		fmt.Sscan(os.Getenv("ZZ"), &n)
	}
	storetest.Fill(t, s, n)
	var inside, total, floor []time.Duration
	var pages, writes int64
	s.SetCommit(func(tx *bolt.Tx) error {
		at := time.Now()
		err := tx.Commit()
		inside = append(inside, time.Since(at))
		st := tx.Stats()
		pages += st.GetPageCount()
		writes += st.GetWrite()
		return err
	})
	f, _ := os.Create(filepath.Join(t.TempDir(), "floor"))
	f.Write(make([]byte, 1<<20))
	f.Sync()
	block := make([]byte, 4096)
	i := n
	for k := 0; k < 4000; k++ {
		c := storetest.Sale(s, i)
		i++
		for _, part := range []pos.Commit{
			{Events: c.Events[:1]}, {Events: c.Events[1:2]}, {Events: c.Events[2:], Baskets: c.Baskets},
		} {
			at := time.Now()
			if _, err := s.Append(ctx, part); err != nil {
				t.Fatal(err)
			}
			total = append(total, time.Since(at))
			at = time.Now()
			f.WriteAt(block, int64(len(total)%256)*4096)
			unix.Fdatasync(int(f.Fd()))
			floor = append(floor, time.Since(at))
		}
	}
	med := func(d []time.Duration) time.Duration { slices.Sort(d); return d[len(d)/2] }
	mean := func(d []time.Duration) (m time.Duration) {
		for _, x := range d {
			m += x
		}
		return m / time.Duration(len(d))
	}
	fmt.Printf("inside %v total %v floor %v ratio %.2f meanratio %.2f pages %.1f writes %.1f\n", med(inside), med(total), med(floor), float64(med(total))/float64(med(floor)), float64(mean(total))/float64(mean(floor)), float64(pages)/float64(len(total)), float64(writes)/float64(len(total)))
}
