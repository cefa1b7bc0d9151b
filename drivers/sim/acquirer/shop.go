package acquirer

import (
	"fmt"
	"slices"
	"time"

	"tillkeeper/drivers/acquirer/wire"
)

// Shop is what the acquirer allows its merchants; the zero value allows everything.
type Shop struct {
	Maintenance bool                `json:"maintenance"` // the host is being worked on: 91 to everything with money and to a sign-on
	Windows     []Window            `json:"windows"`     // maintenance by the clock
	DayChange   *Window             `json:"day_change"`  // the host changes its day: 90 to everything with money and to a sign-on
	Hours       *Window             `json:"hours"`       // money moves only within, 58 outside
	Forbidden   map[string]bool     `json:"forbidden"`   // kinds that merchants may not ask for: 12
	RiskHold    bool                `json:"risk_hold"`   // new payments are held: 01, no money moves
	RiskFrom    int64               `json:"risk_from"`   // hold only from this amount, fen
	Terminals   []string            `json:"terminals"`   // registered ones, by TID; others get 97; nil for all
	Merchants   map[string]Merchant `json:"merchants"`   // by MID; one that is not here has the switches above and no others
}

// Merchant is what one merchant may do beyond the switches of all.
type Merchant struct {
	Invalid   bool            `json:"invalid"`   // 03 to everything with money and to a sign-on
	Hours     *Window         `json:"hours"`     // money moves only within, 58 outside
	Forbidden map[string]bool `json:"forbidden"` // kinds that he may not ask for: 12
}

// Window is a time of day, from included, until excluded, "15:04"; it may pass midnight.
type Window struct {
	From  string `json:"from"`
	Until string `json:"until"`
}

func (w Window) holds(now time.Time) bool {
	t := now.Format("15:04")
	if w.From <= w.Until {
		return w.From <= t && t < w.Until
	}
	return t >= w.From || t < w.Until
}

// check names what is wrong with the switches.
func (s Shop) check() error {
	windows := append([]Window(nil), s.Windows...)
	for _, w := range []*Window{s.DayChange, s.Hours} {
		if w != nil {
			windows = append(windows, *w)
		}
	}
	kinds := []map[string]bool{s.Forbidden}
	for _, m := range s.Merchants {
		if m.Hours != nil {
			windows = append(windows, *m.Hours)
		}
		kinds = append(kinds, m.Forbidden)
	}
	for _, w := range windows {
		for _, t := range []string{w.From, w.Until} {
			if _, err := time.Parse("15:04", t); err != nil && t != "24:00" {
				return fmt.Errorf("time of day %q", t)
			}
		}
	}
	for _, set := range kinds {
		for k := range set {
			if !slices.Contains(kindNames, k) {
				return fmt.Errorf("kind %q", k)
			}
		}
	}
	return nil
}

// SetShop changes what merchants may do.
func (h *Host) SetShop(s Shop) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.shop = s
}

// closed answers 91 during maintenance, 90 while the day changes, else nothing.
func (s Shop) closed(now time.Time) string {
	for _, w := range s.Windows {
		if w.holds(now) {
			return "91"
		}
	}
	switch {
	case s.Maintenance:
		return "91"
	case s.DayChange != nil && s.DayChange.holds(now):
		return "90"
	}
	return ""
}

// stranger answers the code of a terminal or merchant that the acquirer does not know.
func (s Shop) stranger(tid, mid string) string {
	switch {
	case s.Merchants[mid].Invalid:
		return "03"
	case s.Terminals != nil && !slices.Contains(s.Terminals, tid):
		return "97"
	}
	return ""
}

// permit answers the code that stops a request before the issuer is asked, empty when nothing does.
func (h *Host) permit(m *wire.Message, kind string) string {
	now := h.cfg.Clock.Now()
	if code := h.shop.stranger(m.Get(41), m.Get(42)); code != "" {
		return code
	}
	if code := h.shop.closed(now); code != "" {
		return code
	}
	his := h.shop.Merchants[m.Get(42)]
	switch {
	case h.shop.Forbidden[kind] || his.Forbidden[kind]:
		return "12"
	case h.shop.Hours != nil && !h.shop.Hours.holds(now), his.Hours != nil && !his.Hours.holds(now):
		return "58"
	}
	pays := kind == KindSale || kind == KindCodeSale || kind == KindPreauth
	if h.shop.RiskHold && pays && amountOf(m) >= h.shop.RiskFrom {
		return "01"
	}
	return ""
}
