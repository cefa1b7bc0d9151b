package acquirer

import (
	"time"

	"tillkeeper/drivers/acquirer/wire"
)

// Shop is what the acquirer allows its merchants; the zero value allows everything.
type Shop struct {
	Maintenance bool            // the host is being worked on: 91 to everything with money and to a sign-on
	Windows     []Window        // maintenance by the clock
	Hours       *Window         // money moves only within, 58 outside
	Forbidden   map[string]bool // kinds that merchants may not ask for: 12
	RiskHold    bool            // new payments are held: 01, no money moves
	RiskFrom    int64           // hold only from this amount, fen
}

// Window is a time of day, from included, until excluded, "15:04"; it may pass midnight.
type Window struct{ From, Until string }

func (w Window) holds(now time.Time) bool {
	t := now.Format("15:04")
	if w.From <= w.Until {
		return w.From <= t && t < w.Until
	}
	return t >= w.From || t < w.Until
}

// SetShop changes what merchants may do.
func (h *Host) SetShop(s Shop) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.shop = s
}

// closed answers 91 during maintenance, else nothing.
func (s Shop) closed(now time.Time) string {
	for _, w := range s.Windows {
		if w.holds(now) {
			return "91"
		}
	}
	if s.Maintenance {
		return "91"
	}
	return ""
}

// permit answers the code that stops a request before the issuer is asked, empty when nothing does.
func (h *Host) permit(m *wire.Message, kind, _ string) string {
	now := h.cfg.Clock.Now()
	switch code := h.shop.closed(now); {
	case code != "":
		return code
	case h.shop.Forbidden[kind]:
		return "12"
	case h.shop.Hours != nil && !h.shop.Hours.holds(now):
		return "58"
	}
	pays := kind == KindSale || kind == KindCodeSale || kind == KindPreauth
	if h.shop.RiskHold && pays && amountOf(m) >= h.shop.RiskFrom {
		return "01"
	}
	return ""
}
