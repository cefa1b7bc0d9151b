package checkout

import (
	"tillkeeper/app/pos"
	"tillkeeper/app/risk"
)

// logDepth bounds the log of what was taken of each card without the host: the
// day's newest payments of the till.
const logDepth = 1000

// limits bound what is taken without the host: the acquirer's where it names
// some, else the shop's.
func (s *Session) limits() risk.Limits { return risk.Under(s.o.Limits, s.o.Host.Terms().Risk) }

// cardRisk is what the card of a payment is held against before the host is
// asked. alone says that the card may approve although the host can be reached:
// the acquirer named a floor limit, and everything but the card itself allows
// it.
func (s *Session) cardRisk(p *payment) (r *pos.CardRisk, alone bool, err error) {
	t := s.o.Host.Terms().Risk
	r = &pos.CardRisk{FloorLimit: int64(t.FloorLimit), Selection: t.Selection}
	r.History = func(pan string) pos.CardHistory {
		return pos.CardHistory{Listed: s.o.Blacklist.Has(pan, s.o.Vault.CardHash(pan))}
	}
	if t.Highest() == 0 || p.kind != pos.Sale {
		return r, false, nil
	}
	open, err := s.o.Journal.Open()
	if err != nil {
		return r, false, err
	}
	today, err := s.o.Journal.Find(pos.Query{FromDay: p.day, ToDay: p.day, Limit: logDepth})
	if err != nil {
		return r, false, err
	}
	l, x, log := s.limits(), risk.ExposureOf(open), risk.Logged(open, today)
	r.History = func(pan string) pos.CardHistory {
		hash := s.o.Vault.CardHash(pan)
		return pos.CardHistory{Earlier: log[hash], Full: p.online && x.ByCard[hash] >= l.PerCard, Listed: s.o.Blacklist.Has(pan, hash)}
	}
	why := risk.Offline(l, x, risk.Payment{Amount: p.amount, Entry: "chip", LastOnline: s.o.Line.LastOnline(), Now: s.o.Clock.Now()})
	return r, p.online && s.o.Offline && why == "", nil
}
