package disk

import (
	"path/filepath"
	"strings"
	"testing"

	"tillkeeper/app/headless/blackbox/child"
	"tillkeeper/store/storetest"
)

const (
	fullMiB  = 40
	tinyMiB  = 8
	littleOf = 4 << 20 // left on a disk that is full for new sales, not for reversals
)

// silence has the acquirer take a sale and lose its answer and every reversal.
const silence = `{"seed":1,"rules":[{"fault":"drop_answer","mti":"0200","probability":"1"},{"fault":"drop_request","mti":"0400","probability":"1"}]}`

// refuses expects that nothing is paid, that somebody says why and what to do,
// and that the acquirer hears nothing.
func (s *shop) refuses(why string) {
	s.t.Helper()
	before, err := s.ledger()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, c := range []cmd{
		{"cmd": "pay", "tender": "card", "card": "ok", "pin": "123456"},
		{"cmd": "pay", "tender": "cash"},
		{"cmd": "scan", "code": "6928804002348"},
	} {
		a, err := s.till.Ask(c)
		if err != nil {
			s.t.Fatalf("%s: %v\n%s", why, err, child.Tail(s.till.Errs.String()))
		}
		if code, remedy := failure(a); code == "" || code == "internal" || remedy == "" {
			s.t.Errorf("%s: %v is answered %v", why, c, a)
		}
	}
	after, err := s.ledger()
	if err != nil || len(after) != len(before) {
		s.t.Errorf("%s: the acquirer was asked: %v, %v", why, after, err)
	}
	s.noPanic()
}

// faulted expects that the self-test names a part as at fault, with a remedy.
func (s *shop) faulted(parts ...string) {
	s.t.Helper()
	var checks []struct{ Name, State, Code, Detail, Remedy string }
	if err := child.Into(s.till.Must(s.t, cmd{"cmd": "selftest"})["checks"], &checks); err != nil {
		s.t.Fatal(err)
	}
	for _, part := range parts {
		found := false
		for _, c := range checks {
			found = found || c.Name == part && c.State == "fault" && c.Code != "" && c.Remedy != ""
		}
		if !found {
			s.t.Errorf("the self-test says nothing of the %s: %+v", part, checks)
		}
	}
}

// Test_full_disk fills the disk under a till: sales are refused before the card
// is taken, a reversal still finds room, and nothing is lost.
func Test_full_disk(t *testing.T) {
	t.Parallel()
	disk := storetest.NewDisk(t, fullMiB)
	s := newShop(t, filepath.Join(disk.Dir, "till"))
	s.openHost()
	s.ready()
	seen := map[string]attempt{}
	for range 3 {
		a := s.sold("card", "ok")
		seen[a.ID] = a
	}
	s.closeHost()
	s.openHost(silence)
	s.till.Must(t, cmd{"cmd": "wait", "for": "online", "timeout_ms": 30000})
	a, code, _, err := s.pay("card", "ok")
	if err != nil || code != "" || a.State != "reversing" && a.State != "unknown" {
		t.Fatalf("an answer that got lost: %+v, %s, %v", a, code, err)
	}
	seen[a.ID] = a
	must(t, disk.Fill(littleOf))
	s.refuses("little is left")
	s.faulted("disk")
	s.closeHost()
	s.openHost()
	all := s.settled(seen) // the reversal has room
	if len(all) != len(seen) {
		t.Errorf("%d attempts, want %d", len(all), len(seen))
	}
	must(t, disk.Fill(0))
	s.refuses("nothing is left")
	if code := s.end(); code != 0 {
		t.Errorf("the till ended with %d", code)
	}
	s.open() // it may come up or say why not, but not fall over
	if a, err := s.till.Ask(cmd{"cmd": "signin", "staff": "1001", "pin": "135790"}); err == nil && a["ok"] == true {
		s.refuses("nothing is left at the start")
		s.end()
	} else if code := s.wait(); code == 0 || !strings.Contains(s.till.Errs.String(), "no space left") {
		t.Errorf("started without room, the till ended with %d\n%s", code, child.Tail(s.till.Errs.String()))
	}
	must(t, disk.Empty())
	s.ready()
	again := s.sold("card", "ok")
	seen[again.ID] = again
	s.settled(seen)
	if code := s.end(); code != 0 {
		t.Errorf("the till ended with %d", code)
	}
	if err := checked(s.data, seen); err != nil {
		t.Error(err)
	}
}

// Test_disk_that_is_too_small starts a till where there never was room.
func Test_disk_that_is_too_small(t *testing.T) {
	t.Parallel()
	disk := storetest.NewDisk(t, tinyMiB)
	s := emptyShop(t, filepath.Join(disk.Dir, "till"))
	s.openHost()
	s.open()
	s.till.Must(t, cmd{"cmd": "wait", "for": "online", "timeout_ms": 30000})
	signIn(s)
	s.refuses("eight MiB")
	s.faulted("disk")
	if code := s.end(); code != 0 {
		t.Errorf("the till ended with %d", code)
	}
}

func signIn(s *shop) { s.till.Must(s.t, cmd{"cmd": "signin", "staff": "1001", "pin": "135790"}) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Test_read_only_disk has the kernel turn the disk read-only under a till, and
// starts one on it.
func Test_read_only_disk(t *testing.T) {
	t.Parallel()
	disk := storetest.NewDisk(t, fullMiB)
	s := newShop(t, filepath.Join(disk.Dir, "till"))
	s.openHost()
	s.ready()
	a := s.sold("card", "ok")
	seen := map[string]attempt{a.ID: a}
	must(t, disk.ReadOnly())
	s.refuses("read-only")
	s.faulted("journal")
	s.end()
	s.open()
	if code := s.wait(); code == 0 {
		t.Error("the till opened on a read-only disk")
	}
	t.Logf("at the start: %s", child.Tail(s.till.Errs.String()))
	disk.Unmount(t)
	disk.Mount(t)
	s.ready()
	b := s.sold("card", "ok")
	seen[b.ID] = b
	s.settled(seen)
	if code := s.end(); code != 0 {
		t.Errorf("the till ended with %d", code)
	}
	if err := checked(s.data, seen); err != nil {
		t.Error(err)
	}
}
