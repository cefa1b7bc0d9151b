package rules

import (
	"testing"

	"tillkeeper/app/headless/blackbox/child"
)

// TestAHostThatRefusesTheSignOnIsNamed: the sale said no_line and sent the cashier to look at the cable.
func TestAHostThatRefusesTheSignOnIsNamed(t *testing.T) {
	t.Parallel()
	s, err := newShop(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.End)
	s.HostUp(t, `{"rules": [{"fault": "code", "kind": "sign_on", "code": "97"}]}`)
	if err := s.Open("--demo"); err != nil {
		t.Fatal(err)
	}
	s.Till.Must(t, cmd{"cmd": "signin", "staff": "1001", "pin": "135790"})
	child.Until(t, func() bool { return s.Till.Must(t, cmd{"cmd": "status"})["cause"] == "refused" })
	if a := s.Sale(t, "card", "card", "swipe"); a.State != "declined" || a.AnswerCode != "host_refused" {
		t.Errorf("the sale is %s, %s", a.State, a.AnswerCode)
	}
	told := map[any]any{}
	for _, c := range s.Till.Must(t, cmd{"cmd": "selftest"})["checks"].([]any) {
		c := c.(map[string]any)
		told[c["name"]] = c["code"]
	}
	if told["host"] != "host_refused" {
		t.Errorf("the self-test says %v", told)
	}
	s.HostUp(t, "")
	s.Till.Must(t, cmd{"cmd": "wait", "for": "online", "timeout_ms": 30000})
}
