package wire

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"tillkeeper/assets"
)

// TestRiskRule: what a profile says of payments that a card may decide is read as it stands, and what makes no sense is refused
// with its key.
func TestRiskRule(t *testing.T) {
	raw, err := assets.FS.ReadFile("profiles/cup.json")
	if err != nil {
		t.Fatal(err)
	}
	const usual = `"risk": {"floor_limit": 0, "target_percent": 10, "most_percent": 50, "threshold": 10000}`
	if strings.Count(string(raw), usual) != 1 {
		t.Fatal("the usual profile has no such rule")
	}
	with := func(rule string, more ...string) (*Profile, error) {
		text := strings.Replace(string(raw), usual, rule, 1)
		return Parse([]byte(strings.NewReplacer(more...).Replace(text)))
	}
	p, err := with(`"risk": {"floor_limit": 30000, "target_percent": 5, "most_percent": 5, "per_payment": 1, "per_terminal": 2, "count": 3, "per_card": 4, "stop_after_ms": 5000}`)
	want := RiskRule{FloorLimit: 30000, TargetPercent: 5, MostPercent: 5, PerPayment: 1, PerTerminal: 2, Count: 3, PerCard: 4, StopAfterMS: 5000}
	if err != nil || p.Risk != want || p.Risk.StopAfter() != 5*time.Second {
		t.Errorf("%+v %v", p, err)
	}
	if p, err = with(`"risk": {}`); err != nil || p.Risk != (RiskRule{}) {
		t.Errorf("nothing named: %v", err)
	}
	for rule, key := range map[string]string{
		`"floor_limit": -1`:                          "risk.floor_limit",
		`"floor_limit": 100000001`:                   "risk.floor_limit",
		`"target_percent": 100, "most_percent": 100`: "risk.target_percent",
		`"target_percent": 20, "most_percent": 10`:   "risk.most_percent",
		`"threshold": -1`:                            "risk.threshold",
		`"per_payment": -1`:                          "risk.per_payment",
		`"per_terminal": -1`:                         "risk.per_terminal",
		`"count": -1`:                                "risk.count",
		`"per_card": -1`:                             "risk.per_card",
		`"stop_after_ms": -1`:                        "risk.stop_after_ms",
		`"floor": 1`:                                 "floor",
	} {
		if _, err := with(fmt.Sprintf(`"risk": {%s}`, rule)); !errors.Is(err, ErrProfile) || !strings.Contains(err.Error(), key) {
			t.Errorf("%s: %v", rule, err)
		}
	}
	_, err = with(`"risk": {"floor_limit": 1}`, `, "offline_upload"]`, `]`, `"offline_upload": `, `"script_result": `)
	if !errors.Is(err, ErrProfile) || !strings.Contains(err.Error(), "risk.floor_limit") {
		t.Errorf("nothing to upload with: %v", err)
	}
}
