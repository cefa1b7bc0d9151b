package blackbox

import (
	"encoding/json"
	"errors"
	"testing"

	"tillkeeper/app/headless/blackbox/child"
)

// TestEventsTellWhatChangedBetweenTwoAnswers: a script that asked for events
// learns without asking again that a payment was reversed and that the line is
// gone. (A till that was not asked says nothing by itself: child.Process.Answer.)
func TestEventsTellWhatChangedBetweenTwoAnswers(t *testing.T) {
	s := opened(t, quick, `{"rules":[{"fault":"drop_answer","mti":"0200","times":1}]}`)
	if err := s.CloseTill(); err != nil {
		t.Fatal(err)
	}
	if err := s.Open("--demo", "--events"); err != nil {
		t.Fatal(err)
	}
	ask := func(c cmd) cmd {
		c["id"] = "this"
		raw, err := json.Marshal(c)
		if err = errors.Join(err, s.Till.Send(string(raw))); err != nil {
			t.Fatal(err)
		}
		return told(t, s, func(line cmd) bool { return line["re"] == "this" })
	}
	ask(cmd{"cmd": "wait", "for": "online", "timeout_ms": 30000})
	ask(cmd{"cmd": "signin", "staff": "1001", "pin": "135790"})
	ask(cmd{"cmd": "add", "sku": "100003", "qty": "1"})
	var lost struct{ Attempt attempt }
	if err := child.Into(ask(cmd{"cmd": "pay", "tender": "card", "card": "ok"}), &lost); err != nil || lost.Attempt.ID == "" {
		t.Fatalf("%v %+v", err, lost)
	}
	told(t, s, func(line cmd) bool {
		var e struct{ Attempt attempt }
		return line["event"] == "attempt" && child.Into(line, &e) == nil && e.Attempt.ID == lost.Attempt.ID && e.Attempt.State == "reversed"
	})
	s.CloseHost()
	told(t, s, func(line cmd) bool { return line["event"] == "line" && line["link"] == "offline" })
	if err := s.Till.Send(`{"cmd":"quit","id":"end"}`); err != nil {
		t.Fatal(err)
	}
	told(t, s, func(line cmd) bool { return line["re"] == "end" })
	if line, err := s.Till.Next(); err == nil {
		t.Errorf("told after quit: %v", line)
	}
	s.Till = nil
}

// told reads what the till says up to the line that is waited for; whatever is
// no answer has to be an event.
func told(t *testing.T, s *shop, it func(cmd) bool) cmd {
	t.Helper()
	for {
		line, err := s.Till.Next()
		if err != nil {
			t.Fatal(err)
		}
		if it(line) {
			return line
		}
		if _, event := line["event"]; !event || line["ok"] != nil {
			t.Fatalf("neither event nor the answer: %v", line)
		}
	}
}
