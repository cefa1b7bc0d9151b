package store_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/store"
	"tillkeeper/store/storetest"
)

// appendUntilKilled is the other process of the kill loop: it writes sales and
// says each one that was acknowledged.
func appendUntilKilled(dir string) {
	s, err := store.Open(store.Options{Dir: dir, Logger: quiet})
	if err != nil {
		fmt.Println("open:", err)
		os.Exit(1)
	}
	planted(s)
	for i := 0; ; i++ {
		c := storetest.Sale(s, i)
		for _, part := range []pos.Commit{{Events: c.Events[:1]}, {Events: c.Events[1:], Baskets: c.Baskets}} {
			got, err := s.Append(ctx, part)
			if err != nil {
				fmt.Println("append:", err)
				os.Exit(1)
			}
			fmt.Printf("ok %s %d\n", c.Events[0].Attempt, got[len(got)-1].Seq)
		}
	}
}

// childLimit is how long another process may take for a dozen commits before it
// counts as hanging.
const childLimit = 5 * time.Minute

// killRounds is how often the writing process is killed in a test run.
const killRounds = 60

func TestNothingAcknowledgedIsLostByKill(t *testing.T) {
	dir := t.TempDir()
	lastSeq := uint64(0)
	for round := range killRounds {
		acked := killedAfter(t, dir, 1+round%7)
		s, err := store.Open(store.Options{Dir: dir, Logger: quiet})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if err := s.SafeMode(); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		for _, line := range acked {
			var id string
			var seq uint64
			if _, err := fmt.Sscanf(line, "ok %s %d", &id, &seq); err != nil {
				t.Fatalf("round %d: the writer said %q", round, line)
			}
			if seq <= lastSeq {
				t.Fatalf("round %d: sequence %d was handed out before", round, seq)
			}
			lastSeq = seq
			if head, _ := s.Head(); head < seq {
				t.Fatalf("round %d: acknowledged %d, the journal ends at %d", round, seq, head)
			}
			if _, err := s.Attempt(id); err != nil {
				t.Fatalf("round %d: acknowledged %s: %v", round, id, err)
			}
		}
		if round%10 == 9 {
			storetest.Verify(t, s)
		}
		s.Close()
	}
}

// killedAfter lets the writer acknowledge at least n commits and kills it.
func killedAfter(t *testing.T, dir string, n int) []string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "TILL_APPEND_TO="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	guard := time.AfterFunc(childLimit, func() { cmd.Process.Kill() })
	defer guard.Stop()
	var acked []string
	lines := bufio.NewScanner(out)
	for lines.Scan() { // a line cut short by the kill has no line end, but Scan gives it
		acked = append(acked, lines.Text())
		if len(acked) == n {
			cmd.Process.Kill()
		}
	}
	cmd.Wait()
	for len(acked) > 0 && len(strings.Fields(acked[len(acked)-1])) != 3 {
		acked = acked[:len(acked)-1]
	}
	if len(acked) < n {
		t.Fatalf("the writer ended after %d commits: %v", len(acked), acked)
	}
	return acked
}
