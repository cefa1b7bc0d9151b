package rules

import (
	"path/filepath"
	"strings"
	"testing"

	"tillkeeper/app/headless/blackbox/child"
	"tillkeeper/assets"
)

// withProfile is a demo shop whose acquirer has a profile of its own: pairs of text that are replaced in the usual one.
func withProfile(t *testing.T, config string, pairs ...string) *shop {
	t.Helper()
	s, profile := ownProfile(t, config, pairs...)
	var err error
	if s.Acquirer, err = child.Acquirer(s.HostLog, binary, s.Addr, s.Host, "--profile", profile); err != nil {
		t.Fatal(err)
	}
	return s
}

// ownProfile is such a shop without its acquirer, and the profile's file.
func ownProfile(t *testing.T, config string, pairs ...string) (s *shop, profile string) {
	t.Helper()
	t.Parallel()
	s, err := newShop(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.End)
	raw, err := assets.FS.ReadFile("profiles/cup.json")
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("no %s in the profile", pairs[i])
		}
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	profile = filepath.Join(s.Dir, "own.json")
	child.Put(t, profile, text)
	child.Put(t, s.Config, "[host]\nprofile = \""+profile+"\"\n"+config)
	return s, profile
}

// TestCompletionCapComesFromTheProfile: what is charged of a hold is at most the acquirer's part of it, over it where that is permitted.
func TestCompletionCapComesFromTheProfile(t *testing.T) {
	s := withProfile(t, "", `"completion_percent": 100`, `"completion_percent": 115`)
	s.OpenUp(t)
	var held struct{ Receipt string }
	if err := child.Into(s.Till.Must(t, cmd{"cmd": "preauth", "amount": 10000, "card": "ok"}), &held); err != nil {
		t.Fatal(err)
	}
	s.refused(t, "bad_amount", cmd{"cmd": "complete", "receipt": held.Receipt, "amount": 11501})
	if a := s.Did(t, cmd{"cmd": "complete", "receipt": held.Receipt, "amount": 11500}); a.State != "approved" || a.Approved != 11500 {
		t.Errorf("%+v", a)
	}
	s.agree(t)
}

// TestContactlessLimitComesFromTheProfile: a tap of 7.50 wants a PIN where the acquirer's limit is 5.00, and none where it is 1,000.00.
func TestContactlessLimitComesFromTheProfile(t *testing.T) {
	for name, c := range map[string]struct {
		limit string
		pin   bool
	}{"above it": {"500", true}, "at it": {"750", false}, "none": {"0", true}} {
		t.Run(name, func(t *testing.T) {
			s := withProfile(t, "", `"contactless_no_pin": 100000`, `"contactless_no_pin": `+c.limit)
			s.OpenUp(t)
			if a := s.Sale(t, "card", "card", "ok"); a.State != "approved" {
				t.Errorf("%s %s", a.State, a.AnswerCode)
			}
			a := s.Sale(t, "card", "card", "ok", "pin", "")
			if refused := a.State == "declined" && a.AnswerCode == "pin_cancelled"; refused != c.pin {
				t.Errorf("where the customer cancels: %s %s", a.State, a.AnswerCode)
			}
		})
	}
}
