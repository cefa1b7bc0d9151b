package rules

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tillkeeper/app/headless/blackbox/child"
)

// scripted is a demo shop whose issuer sends the card "chip" a script with every approval; more are rules of a fault plan.
func scripted(t *testing.T, faults string) *shop {
	t.Helper()
	t.Parallel()
	s, err := newShop(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.End)
	child.Put(t, s.Config, "[host]\nprofile = \"cup-script\"\n"+strings.TrimPrefix(brisk, "[host]\n")) // the default profile has no such message
	s.issuer(t, faults)
	s.OpenUp(t)
	return s
}

// issuer starts the acquirer of such a shop.
func (s *shop) issuer(t *testing.T, faults string) {
	t.Helper()
	control, plans := filepath.Join(s.Dir, "control.json"), filepath.Join(s.Dir, "plan.json")
	child.Put(t, control, `{"accounts":{"6222022900002265":{"script":"720F9F1804000000018606842400000100"}}}`)
	child.Put(t, plans, plan(faults))
	s.CloseHost()
	var err error
	if s.Acquirer, err = child.Acquirer(s.HostLog, binary, s.Addr, s.Host, "--profile", "cup-script", "--control", control, "--faults", plans); err != nil {
		t.Fatal(err)
	}
	child.Until(t, func() bool {
		raw, err := os.ReadFile(control + ".state")
		return err == nil && strings.Contains(string(raw), `"applied":1`)
	})
}

// results are the script results in the acquirer's books.
func (s *shop) results(t *testing.T) []entry { t.Helper(); return s.of(t, "script_result") }

// TestScriptResultsAreTold: the host hears what the card made of its issuer's script, once, under the number of the payment; no money moves and the two books agree.
func TestScriptResultsAreTold(t *testing.T) {
	s := scripted(t, "")
	a := s.Sale(t, "card", "card", "chip")
	if a.State != "approved" {
		t.Fatalf("%s %s", a.State, a.AnswerCode)
	}
	child.Until(t, func() bool { return len(s.results(t)) == 1 })
	s.Sale(t, "card", "card", "ok")
	s.agree(t)
	if got := s.results(t); len(got) != 1 {
		t.Errorf("%d results", len(got))
	}
}

// TestScriptResultWhoseAnswerIsLostIsSentAgainAsItIs, over a restart of the till too.
func TestScriptResultWhoseAnswerIsLostIsSentAgainAsItIs(t *testing.T) {
	s := scripted(t, `{"fault":"drop_answer","mti":"0620","nth":1}`)
	s.Sale(t, "card", "card", "chip")
	child.Until(t, func() bool { return len(s.results(t)) == 1 })
	s.Cut()
	s.OpenUp(t)
	child.Until(t, func() bool { return s.depth(t) == 0 })
	if got := s.results(t); len(got) != 1 {
		t.Errorf("%d results", len(got))
	}
	s.agree(t)
}

// TestScriptResultBlocksNothing: while nobody answers it the till sells, and settles without a supervisor; it is told in the next batch.
func TestScriptResultBlocksNothing(t *testing.T) {
	s := scripted(t, `{"fault":"drop_request","mti":"0620"}`)
	s.Sale(t, "card", "card", "chip")
	for range 3 {
		if a := s.Sale(t, "card", "card", "ok"); a.State != "approved" {
			t.Fatalf("%s %s", a.State, a.AnswerCode)
		}
	}
	var c closing
	if err := child.Into(s.Till.Must(t, cmd{"cmd": "settle"}), &c); err != nil {
		t.Fatal(err)
	}
	if !c.Balanced || c.Till["debit_count"] != 4 || c.Host["debit_count"] != 4 {
		t.Errorf("%+v", c)
	}
	if n := s.depth(t); n != 1 {
		t.Errorf("%d items wait, not the result alone", n)
	}
	s.issuer(t, "")
	s.Till.Must(t, cmd{"cmd": "wait", "for": "online", "timeout_ms": 30000})
	s.Till.Must(t, cmd{"cmd": "forward", "timeout_ms": 30000})
	child.Until(t, func() bool { return len(s.results(t)) == 1 && s.depth(t) == 0 })
}

// depth is how many items wait in the queue.
func (s *shop) depth(t *testing.T) int {
	t.Helper()
	var got struct{ Queue int }
	if err := child.Into(s.Till.Must(t, cmd{"cmd": "status"}), &got); err != nil {
		t.Fatal(err)
	}
	return got.Queue
}
