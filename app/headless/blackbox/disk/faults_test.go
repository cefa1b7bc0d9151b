package disk

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"tillkeeper/app/headless/blackbox/child"
)

// injections are faults of single system calls on the journal. Strace counts
// calls by thread.
var injections = []struct {
	name   string
	faults []string
}{
	{"a flush fails at the start", []string{"fdatasync:error=EIO:when=2"}},
	{"one flush fails", []string{"fdatasync:error=EIO:when=9"}},
	{"every flush fails", []string{"fdatasync:error=EIO:when=10+"}},
	{"every second flush fails", []string{"fdatasync:error=EIO:when=8+2"}},
	{"a write finds no room", []string{"pwrite64:error=ENOSPC:when=20"}},
	{"no write finds room", []string{"pwrite64:error=ENOSPC:when=22+"}},
	{"a write fails", []string{"pwrite64:error=EIO:when=24"}},
	{"no write succeeds", []string{"pwrite64:error=EIO:when=26+"}},
	{"a flush fails and no file can be opened", []string{"fdatasync:error=EIO:when=9", "openat:error=EMFILE:when=3+"}},
	{"no flush works while it looks what is there", []string{"fdatasync:error=EIO:when=9", "fsync:error=EIO:when=1+"}},
}

// faultySales is how many payments are tried under a fault; where it has hit
// nothing yet, for a call counts by the thread that makes it, there are more.
const (
	faultySales     = 24
	mostFaultySales = 400
)

// Test_faults_of_system_calls has flushes, writes and openings fail under a
// selling till: it speaks the truth or refuses, and afterwards nothing is lost.
func Test_faults_of_system_calls(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("strace"); err != nil {
		t.Fatalf("strace is missing: %v", err)
	}
	for _, f := range injections {
		t.Run(strings.ReplaceAll(f.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			s := newShop(t, filepath.Join(t.TempDir(), "till"))
			log := filepath.Join(t.TempDir(), "trace")
			s.wrap = []string{"strace", "-f", "-o", log, "-P", filepath.Join(s.data, journal)}
			for _, fault := range f.faults {
				s.wrap = append(s.wrap, "-e", "inject="+fault)
			}
			s.faulty(func() int {
				raw, err := os.ReadFile(log)
				if err != nil {
					t.Fatal(err)
				}
				return strings.Count(string(raw), "(INJECTED)")
			})
		})
	}
}

// faulty sells under a fault, then without it, and compares everything.
func (s *shop) faulty(hits func() int) {
	s.t.Helper()
	s.openHost()
	seen, refused := s.tried(hits)
	hit := hits()
	if hit == 0 {
		s.t.Error("no call was hit")
	}
	s.wrap = nil
	s.ready()
	s.sold("card", "second") // the first one may have to wait: its reversal is repeated where the host never saw the sale
	all := s.settled(seen)
	if code := s.end(); code != 0 {
		s.t.Errorf("the till ended with %d", code)
	}
	if err := checked(s.data, seen); err != nil {
		s.t.Error(err)
	}
	count := map[string]int{}
	for _, code := range refused {
		count[code]++
	}
	s.t.Logf("%d faults, %d payments answered, refused %v; %d found again, the ledgers agree", hit, len(seen), count, len(all))
}

// fewFiles are numbers of files that a process may have open.
var fewFiles = []int{8, 10, 13, 16, 20}

// Test_too_few_files lets the till run out of file descriptors.
func Test_too_few_files(t *testing.T) {
	t.Parallel()
	for _, n := range fewFiles {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			t.Parallel()
			s := newShop(t, filepath.Join(t.TempDir(), "till"))
			s.wrap = []string{"sh", "-c", `ulimit -n "$1" && shift && exec "$@"`, "sh", strconv.Itoa(n)}
			s.faulty(func() int { return 1 })
		})
	}
}

// tried opens the till under a fault and pays as often as it lets us.
func (s *shop) tried(hits func() int) (seen map[string]attempt, refused []string) {
	t := s.t
	t.Helper()
	seen = map[string]attempt{}
	s.open()
	signIn := cmd{"cmd": "signin", "staff": "1001", "pin": "135790"}
	for _, c := range []cmd{{"cmd": "wait", "for": "online", "timeout_ms": 3000}, signIn, signIn} {
		a, err := s.till.Ask(c)
		if err != nil { // a till that cannot open says so and ends
			s.wait()
			return seen, append(refused, "start: "+lastLine(s.till.Errs.String()))
		}
		if code, _ := failure(a); code != "" {
			refused = append(refused, code)
		}
	}
	for i := 0; i < faultySales || i < mostFaultySales && hits() == 0; i++ {
		a, code, remedy, err := s.pay([]string{"card", "cash"}[i%2], "ok")
		switch {
		case errors.Is(err, child.ErrGone):
			t.Errorf("the till ended while it sold\n%s", child.Tail(s.till.Errs.String()))
			return seen, refused
		case err != nil:
			t.Fatal(err)
		case code == "":
			seen[a.ID] = a
		case remedy == "":
			t.Errorf("%s without a remedy", code)
		default:
			refused = append(refused, code)
		}
	}
	s.end()
	return seen, refused
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return lines[len(lines)-1]
}
