package acquirer

import (
	"fmt"
	"slices"
	"strings"

	"tillkeeper/drivers/acquirer/wire"
)

func m37(number int64) string { return fmt.Sprintf("%012d", number) }

// settled is a 0500 and what it was answered, for a till that lost the answer.
type settled struct {
	stan, asked string
	answer      *wire.Message
}

// settle compares the till's totals with the batch; equal ones close it. The same 0500 again gets the same answer.
func (h *Host) settle(m *wire.Message) (*reply, error) {
	h.mu.Lock()
	a, f, err := h.settleLocked(m)
	h.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if f != nil {
		if err := f.wait(); err != nil {
			return nil, err
		}
	}
	return &reply{m: a}, nil
}

func (h *Host) settleLocked(m *wire.Message) (*wire.Message, *flight, error) {
	no, err := h.nextNumber()
	if err != nil {
		return nil, nil, err
	}
	a := h.answerTo(m, "", no, 49)
	a.Fields[15], a.Fields[32] = a.Fields[13], acquirerID
	where := batchKey{m.Get(41), m.Get(42), batchOf(m)}
	if s, ok := h.settled[where]; ok && s.stan == m.Get(11) && s.asked == m.Get(48) {
		return s.answer.Clone(), h.ledger.current(), nil // a lost 0510
	}
	if e, ok := h.book.closed[where]; ok {
		a.Fields[48] = e.Totals
		return a, h.ledger.current(), nil
	}
	ours, flag := h.book.totals(where), "2"
	f48 := m.Get(48)
	if len(f48) != 2*totalsDigits {
		a.Fields[39] = "30"
		return a, nil, nil
	}
	theirs, ok := parseTotals(f48[:totalsDigits])
	foreign, okForeign := parseTotals(f48[totalsDigits:])
	if ok && theirs == ours {
		flag = "1"
	}
	foreignFlag := "2"
	if okForeign && foreign == (Totals{}) {
		foreignFlag = "1"
	}
	a.Fields[48] = ours.digits(flag) + Totals{}.digits(foreignFlag)
	h.settled[where] = settled{stan: m.Get(11), asked: f48, answer: a.Clone()}
	if flag != "1" || foreignFlag != "1" {
		h.log.Warn("acquirer: batch does not balance", "tid", where.tid, "batch", where.batch, "host", ours, "till", theirs)
		return a, nil, nil
	}
	f, err := h.closeBatch(m, where, Entry{Totals: a.Fields[48]}, ours)
	return a, f, err
}

// closeBatch writes the close into the ledger and moves the terminal on to the next number.
func (h *Host) closeBatch(m *wire.Message, where batchKey, e Entry, s Totals) (*flight, error) {
	e.Kind, e.Amount, e.Code, e.State = KindSettlement, s.Debit-s.Credit, "00", "closed"
	f, err := h.enter(m, e)
	if err != nil {
		return nil, err
	}
	if t := h.terminals[terminalKey(where.tid, where.mid)]; t != nil && t.Batch == where.batch {
		next := *t
		next.Batch = nextBatch(t.Batch)
		h.terminals[terminalKey(where.tid, where.mid)] = &next
		if err := h.saveTerminals(); err != nil {
			return nil, err
		}
	}
	return f, nil
}

const (
	itemDigits = 40 // of one uploaded item: organisation, STAN, number, amount
	itemLimit  = 8  // items of one message
)

// upload takes the items of a batch that did not balance, and its end, which closes it.
func (h *Host) upload(m *wire.Message) (*reply, error) {
	h.mu.Lock()
	a, f, err := h.uploadLocked(m)
	h.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if f != nil {
		if err := f.wait(); err != nil {
			return nil, err
		}
	}
	return &reply{m: a}, nil
}

func (h *Host) uploadLocked(m *wire.Message) (*wire.Message, *flight, error) {
	no, err := h.nextNumber()
	if err != nil {
		return nil, nil, err
	}
	where := batchKey{m.Get(41), m.Get(42), batchOf(m)}
	f48 := m.Get(48)
	switch networkOf(m) {
	case "201":
		n := int(number(prefix(f48, 2)))
		if n < 1 || n > itemLimit || len(f48) != 2+n*itemDigits || !digits(f48) {
			return h.answerTo(m, "30", no), nil, nil
		}
		f, err := h.takeItems(m, where, f48[2:])
		return h.answerTo(m, "00", no, 48), f, err
	case "202", "207":
		if len(f48) != 4 || !digits(f48) {
			return h.answerTo(m, "30", no), nil, nil
		}
		return h.uploadEnd(m, where, no)
	}
	return h.answerTo(m, "12", no), nil, nil
}

// takeItems enters the items that are new; one that came before counts once. Those of a closed batch are acknowledged and change nothing.
func (h *Host) takeItems(m *wire.Message, where batchKey, f48 string) (*flight, error) {
	var items, differs []string
	if _, closed := h.book.closed[where]; !closed {
		for ; len(f48) >= itemDigits; f48 = f48[itemDigits:] {
			stan, amount := f48[2:8], number(f48[28:40])
			if h.book.items[where][stan] || slices.ContainsFunc(items, func(it string) bool { return prefix(it, stanDigits) == stan }) {
				continue
			}
			items = append(items, fmt.Sprintf("%s %d", stan, amount))
			if why := h.compare(where, stan, strings.TrimLeft(f48[8:28], "0"), amount); why != "" {
				differs = append(differs, stan+" "+why)
			}
		}
	}
	if len(items) == 0 {
		return h.ledger.current(), nil
	}
	if len(differs) > 0 {
		h.log.Warn("acquirer: uploaded items differ", "tid", where.tid, "batch", where.batch, "items", differs)
	}
	return h.enter(m, Entry{Kind: KindUpload, Code: "00", State: "done", Items: items, Differs: differs})
}

// uploadEnd closes the batch after an upload; where the count is not that of the items seen it stays open, with 30.
func (h *Host) uploadEnd(m *wire.Message, where batchKey, no int64) (*wire.Message, *flight, error) {
	a := h.answerTo(m, "00", no, 48)
	if _, ok := h.book.closed[where]; ok {
		return a, h.ledger.current(), nil
	}
	if networkOf(m) == "207" {
		return a, nil, nil
	}
	if n, seen := int(number(m.Get(48))), len(h.book.items[where]); n != seen {
		h.log.Warn("acquirer: upload counts differ", "tid", where.tid, "batch", where.batch, "till", n, "seen", seen)
		a.Fields[39] = "30"
		return a, nil, nil
	}
	var missing []string
	for _, t := range h.book.inBatch[where] {
		if t.debit() && t.stands() && !h.book.items[where][t.STAN] {
			missing = append(missing, t.STAN+" not uploaded")
		}
	}
	s := h.book.totals(where)
	f, err := h.closeBatch(m, where, Entry{Totals: s.digits("1") + Totals{}.digits("1"), Differs: missing}, s)
	return a, f, err
}

// compare answers how an uploaded item is other than the book has it, empty when it is not.
func (h *Host) compare(where batchKey, stan, card string, amount int64) string {
	t := h.book.byKey[Key{where.tid, where.mid, where.batch, stan}]
	switch {
	case t == nil:
		return "unknown"
	case !t.debit():
		return "no debit"
	case !t.stands():
		return t.state()
	case t.Amount != amount:
		return "amount"
	case card != "" && t.Card != h.cardHash(card):
		return "card"
	}
	return ""
}
