package acquirer

import (
	"fmt"

	"tillkeeper/drivers/acquirer/wire"
)

func m37(number int64) string { return fmt.Sprintf("%012d", number) }

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
	if flag != "1" || foreignFlag != "1" {
		h.log.Warn("acquirer: batch does not balance", "tid", where.tid, "batch", where.batch, "host", ours, "till", theirs)
		return a, nil, nil
	}
	f, err := h.closeBatch(m, where, ours, a.Fields[48])
	return a, f, err
}

// closeBatch writes the close into the ledger and moves the terminal on to the next number.
func (h *Host) closeBatch(m *wire.Message, where batchKey, s Totals, f48 string) (*flight, error) {
	f, err := h.enter(m, Entry{Kind: KindSettlement, Amount: s.Debit - s.Credit, Code: "00", State: "closed", Totals: f48})
	if err != nil {
		return nil, err
	}
	delete(h.uploaded, where)
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
		for i := range n {
			h.compare(where, f48[2+i*itemDigits:2+(i+1)*itemDigits])
		}
		h.uploaded[where] += n
		return h.answerTo(m, "00", no, 48), nil, nil
	case "202", "207":
		if len(f48) != 4 || !digits(f48) {
			return h.answerTo(m, "30", no), nil, nil
		}
		return h.uploadEnd(m, where, no)
	}
	return h.answerTo(m, "12", no), nil, nil
}

func (h *Host) uploadEnd(m *wire.Message, where batchKey, no int64) (*wire.Message, *flight, error) {
	a := h.answerTo(m, "00", no, 48)
	if _, ok := h.book.closed[where]; ok {
		return a, h.ledger.current(), nil
	}
	if networkOf(m) == "207" {
		return a, nil, nil
	}
	if n := int(number(m.Get(48))); n != h.uploaded[where] {
		h.log.Warn("acquirer: upload counts differ", "tid", where.tid, "batch", where.batch, "till", n, "seen", h.uploaded[where])
	}
	s := h.book.totals(where)
	f, err := h.closeBatch(m, where, s, s.digits("1")+Totals{}.digits("1"))
	return a, f, err
}

// compare logs an uploaded item that the book does not have as the till has it.
func (h *Host) compare(where batchKey, item string) {
	stan, amount := item[2:8], number(item[28:40])
	t := h.book.byKey[Key{where.tid, where.mid, where.batch, stan}]
	if t == nil || t.Amount != amount || !t.stands() {
		h.log.Warn("acquirer: uploaded item differs", "tid", where.tid, "batch", where.batch, "stan", stan, "till", amount)
	}
}
