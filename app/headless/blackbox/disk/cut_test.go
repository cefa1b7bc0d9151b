package disk

import (
	"errors"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"tillkeeper/app/headless/blackbox/child"
	"tillkeeper/store/storetest"
)

const (
	tillCuts  = 10 // cuts under a till that sells
	firstCuts = 3  // cuts under the first run of a till
	cutMiB    = 64
	sellFor   = 400 * time.Millisecond // the longest time before a cut
	startFor  = 300 * time.Millisecond // the same in a first run
	mostSales = 1000
)

// cards of the loop, by name in the demo deck; "" is cash.
var cards = []string{"ok", "ok", "chip", "offline-approve", "offline-approve-tap", "swipe", ""}

// Test_power_cuts_under_a_selling_till cuts the power of a till at random
// moments; whatever it answered is found again, and in the end the acquirer has
// charged exactly what the journal says.
func Test_power_cuts_under_a_selling_till(t *testing.T) {
	t.Parallel()
	disk := storetest.NewDisk(t, cutMiB)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	dice := rand.New(rand.NewPCG(seed, 1))
	s := newShop(t, filepath.Join(disk.Dir, "till"))
	seen := map[string]attempt{}
	n := rounds(t, tillCuts)
	for i := range n {
		away := dice.IntN(4) == 0
		if away {
			s.closeHost()
		} else if s.acquirer == nil {
			s.openHost()
		}
		sellUntilCut(s, disk, dice, seen, away, i%2 == 0)
		if err := checked(s.data, seen); err != nil {
			t.Fatalf("cut %d: %v", i, err)
		}
	}
	s.closeHost()
	s.openHost()
	s.ready()
	all := s.settled(seen)
	if code := s.end(); code != 0 {
		t.Errorf("the till ended with %d", code)
	}
	if len(seen) < n/2 {
		t.Errorf("only %d answers in %d cuts", len(seen), n)
	}
	t.Logf("%d power cuts, %d answers, %d attempts found, the ledgers agree", n, len(seen), len(all))
}

// sellUntilCut opens the till and sells until the power goes, at a moment after
// the sign-in or, where it is told to sell, after the first answer.
func sellUntilCut(s *shop, disk *storetest.Disk, dice *rand.Rand, seen map[string]attempt, away, sell bool) {
	s.t.Helper()
	s.open()
	if !away {
		s.till.Must(s.t, cmd{"cmd": "wait", "for": "online", "timeout_ms": 30000})
	}
	s.till.Must(s.t, cmd{"cmd": "signin", "staff": "1001", "pin": "135790"})
	cut := make(chan error, 1)
	after := time.Duration(dice.Int64N(int64(sellFor)))
	power := sync.OnceFunc(func() { time.AfterFunc(after, func() { cut <- disk.Cut() }) })
	if !sell {
		power()
	}
	for range mostSales {
		tender, card := "card", cards[dice.IntN(len(cards))]
		if card == "" {
			tender = "cash"
		}
		a, code, _, err := s.pay(tender, card)
		if err == nil && code == "" {
			seen[a.ID] = a
			power()
			continue
		}
		if err != nil && !errors.Is(err, child.ErrGone) {
			s.t.Fatal(err)
		}
		break // the journal failed, for which there is one reason only
	}
	power()
	if err := <-cut; err != nil {
		s.t.Fatal(err)
	}
	s.noPanic()
	s.till.Kill()
	disk.Unmount(s.t)
	disk.Mount(s.t)
}

// Test_power_cuts_in_the_first_run cut the power while the till makes its
// folder; the next start goes on as if it were the first, or with what is there.
func Test_power_cuts_in_the_first_run(t *testing.T) {
	t.Parallel()
	disk := storetest.NewDisk(t, cutMiB)
	for i := range firstCuts + rounds(t, 1)/10 {
		s := emptyShop(t, filepath.Join(disk.Dir, "till", strconv.Itoa(i)))
		s.openHost()
		s.open()
		time.Sleep(time.Duration(rand.Int64N(int64(startFor)))) // the moment is what is tried here
		if err := disk.Cut(); err != nil {
			t.Fatal(err)
		}
		s.till.Kill()
		disk.Unmount(t)
		disk.Mount(t)
		s.ready()
		s.sold("card", "ok")
		if code := s.end(); code != 0 {
			t.Errorf("cut %d: the till ended with %d", i, code)
		}
		if err := checked(s.data, nil); err != nil {
			t.Errorf("cut %d: %v", i, err)
		}
		s.closeHost()
	}
}
