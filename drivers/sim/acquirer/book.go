package acquirer

import (
	"fmt"
	"strconv"
	"time"
)

// txn is a message in the book and what became of it.
type txn struct {
	Entry
	original  *txn
	reversed  bool
	voided    bool
	completed bool  // a pre-authorization whose completion stands
	refunded  int64 // fen
}

func (e Entry) debit() bool {
	switch e.Kind {
	case KindSale, KindCodeSale, KindOfflineSale, KindCompletion:
		return true
	}
	return false
}

func (e Entry) void() bool {
	return e.Kind == KindVoid || e.Kind == KindPreauthVoid || e.Kind == KindCompletionVoid
}

func (t *txn) stands() bool { return !t.reversed && !t.voided }

// net is what the message charges its card now. Undoing a debit gives back what its refunds have not.
func (t *txn) net() int64 {
	switch {
	case !t.stands() && t.debit():
		return t.refunded
	case !t.stands():
		return 0
	case t.debit():
		return t.Amount
	case t.Kind == KindRefund:
		return -t.Amount
	}
	return 0
}

// held is what the message keeps from the card's available balance, charges included.
func (t *txn) held() int64 {
	if t.Kind == KindPreauth && t.stands() && !t.completed {
		return t.Amount
	}
	return t.net()
}

func (t *txn) state() string {
	switch {
	case t.reversed:
		return "reversed"
	case t.voided:
		return "voided"
	case t.completed:
		return "completed"
	case t.refunded > 0 && t.refunded >= t.Amount:
		return "refunded"
	}
	return t.State
}

// batchKey names a batch of a terminal.
type batchKey struct{ tid, mid, batch string }

// book is the fold of the ledger: nothing in it is known from anywhere else.
type book struct {
	seq     int64
	bySeq   map[int64]*txn
	byKey   map[Key]*txn
	inBatch map[batchKey][]*txn
	moved   map[string]int64 // by card hash: fen held or charged
	closed  map[batchKey]Entry
	cards   map[string][]*txn            // by card hash: payments and holds, in order
	scripts map[Key]bool                 // results taken
	items   map[batchKey]map[string]bool // uploaded, by STAN
}

func newBook() *book {
	return &book{
		bySeq: map[int64]*txn{}, byKey: map[Key]*txn{}, inBatch: map[batchKey][]*txn{},
		moved: map[string]int64{}, closed: map[batchKey]Entry{}, cards: map[string][]*txn{}, scripts: map[Key]bool{},
		items: map[batchKey]map[string]bool{},
	}
}

// apply folds one entry in; entries come in the order of their numbers.
func (b *book) apply(e Entry) error {
	if e.Seq != b.seq+1 {
		return fmt.Errorf("%w: number %d follows %d", ErrLedger, e.Seq, b.seq)
	}
	b.seq = e.Seq
	where := batchKey{e.TID, e.MID, e.Batch}
	switch e.Kind {
	case KindSettlement:
		b.closed[where] = e
		return nil
	case KindScript:
		b.scripts[e.Key()] = true
		return nil
	case KindUpload:
		if b.items[where] == nil {
			b.items[where] = map[string]bool{}
		}
		for _, it := range e.Items {
			b.items[where][prefix(it, stanDigits)] = true
		}
		return nil
	case KindReversal:
		t := b.bySeq[e.Original]
		if t == nil {
			return fmt.Errorf("%w: number %d reverses nothing", ErrLedger, e.Seq)
		}
		b.change(t, func() { t.reversed = true })
		b.relate(t)
		return nil
	}
	t := &txn{Entry: e, original: b.bySeq[e.Original]}
	b.bySeq[e.Seq], b.byKey[e.Key()] = t, t
	b.inBatch[where] = append(b.inBatch[where], t)
	b.moved[t.Card] += t.held()
	if t.debit() || t.Kind == KindPreauth {
		b.cards[t.Card] = append(b.cards[t.Card], t)
	}
	b.relate(t)
	return nil
}

// relate carries what became of a message over to the one it is about.
func (b *book) relate(t *txn) {
	o := t.original
	if o == nil {
		return
	}
	switch {
	case t.void():
		b.change(o, func() { o.voided = t.stands() })
		if o.Kind == KindCompletion {
			b.relate(o)
		}
	case t.Kind == KindCompletion:
		b.change(o, func() { o.completed = t.stands() })
	case t.Kind == KindRefund && t.stands():
		b.change(o, func() { o.refunded += t.Amount })
	case t.Kind == KindRefund:
		b.change(o, func() { o.refunded -= t.Amount })
	}
}

func (b *book) change(t *txn, f func()) {
	before := t.held()
	f()
	b.moved[t.Card] += t.held() - before
}

// spent answers count and sum of the payments and open holds of a card since a moment, undone ones left out.
func (b *book) spent(card string, since time.Time) (n int, fen int64) {
	all := b.cards[card]
	for i := len(all) - 1; i >= 0 && !all[i].Time.Before(since); i-- {
		if t := all[i]; t.stands() && !t.completed {
			n++
			fen += t.Amount
		}
	}
	return n, fen
}

// totals answers what stands in a batch, gross: a voided sale stays a debit, its void is a credit, reversed messages count nowhere.
func (b *book) totals(k batchKey) Totals {
	var s Totals
	for _, t := range b.inBatch[k] {
		switch {
		case t.reversed:
		case t.debit():
			s.Debit += t.Amount
			s.DebitCount++
		case t.Kind == KindRefund, t.Kind == KindVoid, t.Kind == KindCompletionVoid:
			s.Credit += t.Amount
			s.CreditCount++
		}
	}
	return s
}

// now answers the entries with state and net as they hold at the end.
func (b *book) now(entries []Entry) []Entry {
	out := make([]Entry, len(entries))
	for i, e := range entries {
		if t := b.bySeq[e.Seq]; t != nil {
			e.State, e.Net = t.state(), t.net()
		}
		out[i] = e
	}
	return out
}

// Totals are the sums of a batch, gross, in fen.
type Totals struct {
	Debit       int64 `json:"debit"`
	DebitCount  int   `json:"debit_count"`
	Credit      int64 `json:"credit"`
	CreditCount int   `json:"credit_count"`
}

const totalsDigits = 31 // of one half of F48, its flag included

// digits is one half of F48 with its flag.
func (s Totals) digits(flag string) string {
	return fmt.Sprintf("%012d%03d%012d%03d%s", s.Debit, s.DebitCount, s.Credit, s.CreditCount, flag)
}

// parseTotals reads one half of F48.
func parseTotals(text string) (Totals, bool) {
	if len(text) != totalsDigits || !digits(text) {
		return Totals{}, false
	}
	return Totals{
		Debit: number(text[:12]), DebitCount: int(number(text[12:15])),
		Credit: number(text[15:27]), CreditCount: int(number(text[27:30])),
	}, true
}

// number reads decimal digits; the caller has seen that they are digits.
func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func digits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}

func prefix(text string, n int) string {
	if len(text) < n {
		return text
	}
	return text[:n]
}
