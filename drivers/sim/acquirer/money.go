package acquirer

import (
	"time"

	"tillkeeper/drivers/acquirer/wire"
)

// money decides about a request that was verified; the caller holds mu.
func (h *Host) money(t *terminal, m *wire.Message, o *outcome) error {
	key, kind, number := keyOf(m), kindOf(m), cardNumber(m)
	_, known := h.book.byKey[key]
	switch {
	case kind == "":
		o.code = "12"
		return nil
	case flaw(m, kind) != 0:
		h.log.Warn("acquirer: not as the protocol says", "mti", m.MTI, "kind", kind, "stan", m.Get(11), "field", flaw(m, kind))
		o.code = "30"
		return nil
	case number == "" && !follows(kind):
		o.code = "14"
		return nil
	case known || h.declined[key] && kind != KindOfflineSale && kind != KindRefund:
		o.code, o.flight = "94", h.ledger.current()
		return nil
	case h.overtaken[key] && h.cfg.RefuseOvertaken:
		o.code = "12"
	default:
		o.code = h.permit(m, kind)
	}
	var original *txn
	if o.code == "" {
		original, o.code = h.judge(t, m, kind, number, o)
	}
	if !success(o.code) {
		h.declined[key] = o.code != "99"
		h.warn(m, kind, number, o)
		return nil
	}
	if kind == KindBalance {
		left := h.available(number)
		o.balance = &left
		h.notice(m, kind, number, o)
		return nil
	}
	return h.post(m, kind, number, original, o)
}

// follows tells whether a kind is about an original, whose card it then means.
func follows(kind string) bool {
	switch kind {
	case KindVoid, KindRefund, KindPreauthVoid, KindCompletion, KindCompletionVoid:
		return true
	}
	return false
}

// judge answers the original that a request is about and the code it gets.
func (h *Host) judge(t *terminal, m *wire.Message, kind, number string, o *outcome) (*txn, string) {
	switch kind {
	case KindVoid, KindPreauthVoid, KindCompletionVoid:
		return h.judgeVoid(m, kind, number)
	case KindRefund:
		return h.judgeRefund(m, number)
	case KindCompletion:
		return h.judgeCompletion(m, number)
	}
	return nil, h.judgePayment(t, m, kind, number, o)
}

// judgePayment is the issuer's word about a new payment or a balance inquiry.
func (h *Host) judgePayment(t *terminal, m *wire.Message, kind, number string, o *outcome) string {
	a := h.account(number)
	if code := stateCodes[a.State]; code != "" {
		return code
	}
	if kind == KindCodeSale && wallet(number) == "" {
		return "14"
	}
	switch {
	case m.Has(52):
		if code := h.checkPIN(t, m, a, number); code != "" {
			return code
		}
	case a.PIN != "" && passedBy(m): // no try: nobody guessed
		return "55"
	}
	if kind == KindBalance {
		if a.declines() {
			return a.Answer
		}
		return "00"
	}
	left := h.available(number)
	switch {
	case o.amount <= 0:
		return "13"
	case a.declines():
		return a.Answer
	case a.State == stateHeld:
		return "01"
	}
	if code := h.limits(a, h.cardHash(number), o.amount); code != "" {
		return code
	}
	switch {
	case o.amount > left && a.Answer == "10" && kind == KindSale && left > 0:
		o.amount = left
		return "10"
	case o.amount > left:
		return "51"
	}
	return "00"
}

// declines tells whether the account's forced answer moves no money.
func (a Account) declines() bool {
	return a.Answer != "" && !success(a.Answer) && !upstream(a.Answer)
}

// limits answers the code of the limit that a payment passes, empty when all hold.
func (h *Host) limits(a Account, card string, amount int64) string {
	if a.Limit > 0 && amount > a.Limit {
		return "61"
	}
	if a.Count > 0 {
		if n, _ := h.book.spent(card, time.Time{}); n >= a.Count {
			return "65"
		}
	}
	if a.DayLimit == 0 && a.DayCount == 0 {
		return ""
	}
	now := h.cfg.Clock.Now()
	n, sum := h.book.spent(card, time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location()))
	switch {
	case a.DayLimit > 0 && sum+amount > a.DayLimit:
		return "61"
	case a.DayCount > 0 && n >= a.DayCount:
		return "65"
	}
	return ""
}

// upstream codes leave the outcome open: the money may have moved, and here it has.
func upstream(code string) bool { return code == "68" || code == "96" || code == "98" }

// checkPIN answers the code of a wrong PIN, empty when it is right.
func (h *Host) checkPIN(t *terminal, m *wire.Message, a Account, number string) string {
	card := h.cardHash(number)
	pin, ok := h.clearPIN(t, m, number)
	if !ok {
		return "99"
	}
	if !h.fresh(m) {
		h.log.Warn("acquirer: a key serial number that does not rise", "stan", m.Get(11))
		return "99"
	}
	h.use(m)
	switch {
	case h.wrongPINs[card] >= pinTries:
		return "75"
	case a.PIN != "" && pin != a.PIN:
		h.wrongPINs[card]++
		return "55"
	}
	delete(h.wrongPINs, card)
	return ""
}

// originalOf finds what F61 names; number, F37 and F38 have to agree where both sides have them.
func (h *Host) originalOf(m *wire.Message, card string, kinds ...string) *txn {
	f := m.Get(61)
	if len(f) < 12 {
		return nil
	}
	t := h.book.byKey[Key{m.Get(41), m.Get(42), f[:batchDigits], f[batchDigits:originDigits]}]
	if t == nil || len(f) >= datedDigits && f[originDigits:datedDigits] != t.Time.Format("0102") {
		return nil
	}
	if t.reversed || card != "" && t.Card != h.cardHash(card) {
		return nil
	}
	if m.Has(37) && m.Get(37) != t.RRN || m.Has(38) && t.Auth != "" && m.Get(38) != t.Auth {
		return nil
	}
	for _, k := range kinds {
		if t.Kind == k {
			return t
		}
	}
	return nil
}

// judgeVoid wants the whole original, not yet undone; a sale and a completion only while their batch is open.
func (h *Host) judgeVoid(m *wire.Message, kind, number string) (*txn, string) {
	of := map[string][]string{
		KindVoid:           {KindSale, KindCodeSale, KindOfflineSale},
		KindPreauthVoid:    {KindPreauth},
		KindCompletionVoid: {KindCompletion},
	}[kind]
	t := h.originalOf(m, number, of...)
	switch {
	case t == nil:
		return nil, "25"
	case kind != KindPreauthVoid && h.isClosed(t.TID, t.MID, t.Batch):
		return nil, "22"
	case kind == KindVoid && !m.Has(38) && t.Kind != KindOfflineSale: // of what was approved offline a till may not know it
		return nil, "30"
	case t.voided || t.completed || t.refunded > 0:
		return nil, "12"
	case amountOf(m) != t.Amount:
		return nil, "64"
	}
	return t, "00"
}

// judgeRefund lets go at most what the original still charges.
func (h *Host) judgeRefund(m *wire.Message, number string) (*txn, string) {
	t := h.originalOf(m, number, KindSale, KindCodeSale, KindOfflineSale, KindCompletion)
	switch {
	case t == nil:
		return nil, "25"
	case t.voided:
		return nil, "12"
	case amountOf(m) <= 0 || amountOf(m) > t.Amount-t.refunded:
		return nil, "64"
	}
	return t, "00"
}

// judgeCompletion takes at most the profile's part of what was authorized, once; a completion undone lets the authorization stand again.
func (h *Host) judgeCompletion(m *wire.Message, number string) (*txn, string) {
	t := h.originalOf(m, number, KindPreauth)
	switch {
	case t == nil:
		return nil, "25"
	case t.voided || t.completed:
		return nil, "12"
	case amountOf(m) <= 0 || amountOf(m) > t.Amount*int64(h.cfg.Profile.Limits.CompletionPercent)/100:
		return nil, "64"
	}
	return t, "00"
}

// post enters a success in book and ledger.
func (h *Host) post(m *wire.Message, kind, number string, original *txn, o *outcome) error {
	e := Entry{
		Kind: kind, Amount: o.amount, PAN: wire.MaskPAN(number), Card: h.cardHash(number), Code: o.code,
		RRN: m37(o.number), Auth: o.auth, State: "approved",
	}
	if o.amount != amountOf(m) {
		e.Asked = amountOf(m)
	}
	if _, _, ok := h.serialOf(m); ok {
		e.KSN = m.Get(h.cfg.Profile.PIN.KSNField)
	}
	if original != nil {
		e.Original, e.PAN, e.Card = original.Seq, original.PAN, original.Card
	}
	if a := h.account(number); original == nil && a.Answer != "10" && a.Answer != "" {
		e.Code, o.code = a.Answer, a.Answer
	}
	var err error
	if o.flight, err = h.enter(m, e); err != nil {
		return err
	}
	o.at = h.book.bySeq[h.book.seq].Time
	h.notice(m, kind, number, o)
	return nil
}

// enter numbers an entry, takes it into the ledger and the book; the flight says when it is durable.
func (h *Host) enter(m *wire.Message, e Entry) (*flight, error) {
	e.Seq, e.Time = h.book.seq+1, h.cfg.Clock.Now()
	e.TID, e.MID, e.Batch, e.STAN, e.MTI = m.Get(41), m.Get(42), batchOf(m), m.Get(11), m.MTI
	e.Late = e.Kind != KindSettlement && h.isClosed(e.TID, e.MID, e.Batch)
	f, err := h.ledger.append(e)
	if err != nil {
		return nil, err
	}
	return f, h.book.apply(e)
}

// reverse undoes a message once and acknowledges it always; the caller holds mu.
func (h *Host) reverse(m *wire.Message, o *outcome) error {
	key := keyOf(m)
	t := h.book.byKey[key]
	if field := reversalFlaw(m, t); field != 0 {
		h.log.Warn("acquirer: not as the protocol says", "mti", m.MTI, "stan", m.Get(11), "field", field)
		o.code = "30"
		return nil
	}
	switch {
	case t != nil && (t.Kind == KindRefund || t.Kind == KindOfflineSale):
		o.code = "12" // delivered again as it is, never reversed
		return nil
	case t == nil && h.declined[key]:
		o.code = "00"
		return nil
	case t == nil:
		h.overtaken[key] = true
		o.code = h.cfg.OriginalNotThere
		return nil
	case amountOf(m) != t.asked():
		o.code = "64"
		return nil
	}
	o.code, o.amount = "00", amountOf(m)
	if t.reversed {
		o.flight = h.ledger.current()
		return nil
	}
	var err error
	o.flight, err = h.enter(m, Entry{
		Kind: KindReversal, Amount: t.Amount, PAN: t.PAN, Card: t.Card, Code: "00", RRN: m37(o.number),
		State: "done", Original: t.Seq, Reason: m.Get(39),
	})
	if err == nil {
		h.reversed(cardNumber(m), t, o)
	}
	return err
}

func (t *txn) asked() int64 {
	if t.Asked > 0 {
		return t.Asked
	}
	return t.Amount
}
