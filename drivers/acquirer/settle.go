package acquirer

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/acquirer/wire"
)

// The parts of field 48 in a settlement: debit amount 12 and count 3, credit
// amount 12 and count 3, flag 1; the same again for foreign cards.
const (
	amountDigits = 12
	countDigits  = 3
	mostCounted  = 999 // of debits or credits in field 48
	halfDigits   = 2*(amountDigits+countDigits) + 1
	noFlag       = "0"
	balancedFlag = '1'
	stanDigits   = 6
	panDigits    = 20   // of an upload's item, right-justified, zero filled
	mostUploaded = 9999 // in the end of an upload

	operatorLength = 3 // field 63 of a sign-on and of a settlement
)

// refusal is a host's no to a message that closes a batch; it is pos.ErrRefused.
type refusal struct{ what, code string }

// Error names the message and the host's code.
func (r refusal) Error() string {
	return fmt.Sprintf("the host refused the %s: code %s", r.what, r.code)
}

// Is tells that a refusal is pos.ErrRefused.
func (refusal) Is(target error) bool { return target == pos.ErrRefused }

// Settle sends the totals of a batch (0500); operator has three characters. The host's own totals are those of
// domestic and foreign cards together; Balanced means that both its flags are 1.
// More than 999 debits or credits are sent as 999: the message has no room, and
// the host asks for the upload. Errors are those of Exchange, and pos.ErrRefused
// with a code where the host answers one that is no success.
func (l *Link) Settle(ctx context.Context, stan, batch, operator string, t pos.BatchTotals) (pos.SettlementReply, error) {
	var none pos.SettlementReply
	m, row, err := l.control(settleOp, stan, batch, "")
	if err != nil {
		return none, err
	}
	if t.Debit < 0 || t.Debit > maxAmount || t.Credit < 0 || t.Credit > maxAmount || t.DebitCount < 0 || t.CreditCount < 0 {
		return none, fmt.Errorf("%w: %w: totals", pos.ErrNotSent, errRequest)
	}
	if err := checkOperator(operator); err != nil {
		return none, err
	}
	half := fmt.Sprintf("%012d%03d%012d%03d%s", int64(t.Debit), min(t.DebitCount, mostCounted),
		int64(t.Credit), min(t.CreditCount, mostCounted), noFlag)
	if err := bring(m, row, map[int]string{48: half + strings.Repeat("0", halfDigits), 49: currency, 63: operator}); err != nil {
		return none, err
	}
	a, err := l.aboutBatch(ctx, m)
	if err != nil {
		return none, err
	}
	if code := a.m.Get(39); code != "" && !l.p.Codes.IsSuccess(code) {
		return none, refusal{"settlement", code}
	}
	return hostTotals(a.m), nil
}

// FileLayout is what the acquirer's daily file looks like, as the profile has it.
func (l *Link) FileLayout() pos.FileLayout { return l.p.File }

// checkOperator refuses an operator that field 63 has no room for: it takes three characters or none.
func checkOperator(operator string) error {
	if operator != "" && len(operator) != operatorLength {
		return fmt.Errorf("%w: %w: an operator has %d characters", pos.ErrNotSent, errRequest, operatorLength)
	}
	return nil
}

// hostTotals reads field 48 of a 0510; misfitTotals saw that it is there.
func hostTotals(m *wire.Message) pos.SettlementReply {
	f48 := m.Get(48)
	own, foreign := f48[:halfDigits], f48[halfDigits:]
	domestic, abroad := totals(own), totals(foreign)
	return pos.SettlementReply{
		Balanced: own[halfDigits-1] == balancedFlag && foreign[halfDigits-1] == balancedFlag,
		Host: pos.BatchTotals{
			Debit: domestic.Debit + abroad.Debit, DebitCount: domestic.DebitCount + abroad.DebitCount,
			Credit: domestic.Credit + abroad.Credit, CreditCount: domestic.CreditCount + abroad.CreditCount,
		},
		Date: m.Get(15),
	}
}

// misfitTotals names what a 0510 lacks: totals of both kinds of cards, unless it
// says with a code why there are none.
func (l *Link) misfitTotals(got *wire.Message) string {
	code := got.Get(39)
	if (code == "" || l.p.Codes.IsSuccess(code)) && !digits(got.Get(48), 2*halfDigits) {
		return "48"
	}
	return ""
}

// totals reads one half of field 48; its digits were looked at.
func totals(half string) pos.BatchTotals {
	take := func(n int) int64 {
		v, err := strconv.ParseInt(half[:n], 10, 64)
		if err != nil {
			return 0 // no digits: misfitTotals saw to it
		}
		half = half[n:]
		return v
	}
	var t pos.BatchTotals
	t.Debit, t.DebitCount = pos.Amount(take(amountDigits)), int(take(countDigits))
	t.Credit, t.CreditCount = pos.Amount(take(amountDigits)), int(take(countDigits))
	return t
}

// Upload sends up to UploadLimit payments of a batch that did not balance (0320)
// and gives the host's code; 00 is taken. Errors are those of Exchange.
func (l *Link) Upload(ctx context.Context, stan, batch string, items []pos.UploadItem) (string, error) {
	if n := len(items); n < 1 || n > pos.UploadLimit {
		return "", fmt.Errorf("%w: %w: %d items in one upload, at most %d", pos.ErrNotSent, errRequest, n, pos.UploadLimit)
	}
	m, row, err := l.control(uploadOp, stan, batch, "")
	if err != nil {
		return "", err
	}
	var f48 strings.Builder
	fmt.Fprintf(&f48, "%02d", len(items))
	for i, it := range items {
		pan := strings.Repeat("0", max(0, panDigits-len(it.PAN))) + it.PAN
		if !digits(it.STAN, stanDigits) || !digits(pan, panDigits) || it.Amount < 0 || it.Amount > maxAmount {
			return "", fmt.Errorf("%w: %w: item %d of an upload", pos.ErrNotSent, errRequest, i+1)
		}
		fmt.Fprintf(&f48, "%s%s%s%012d", l.p.Upload.Organisation, it.STAN, pan, int64(it.Amount))
	}
	return l.upload(ctx, m, row, f48.String())
}

// UploadEnd says how many payments were uploaded in all (0320) and gives the
// host's code. balanced: the totals had been equal. Errors are those of Exchange.
func (l *Link) UploadEnd(ctx context.Context, stan, batch string, count int, balanced bool) (string, error) {
	op := uploadNotOp
	if balanced {
		op = uploadEndOp
	}
	if count < 0 || count > mostUploaded {
		return "", fmt.Errorf("%w: %w: %d payments uploaded, at most %d", pos.ErrNotSent, errRequest, count, mostUploaded)
	}
	m, row, err := l.control(op, stan, batch, "")
	if err != nil {
		return "", err
	}
	return l.upload(ctx, m, row, fmt.Sprintf("%04d", count))
}

func (l *Link) upload(ctx context.Context, m *wire.Message, row wire.Transaction, f48 string) (string, error) {
	if err := bring(m, row, map[int]string{48: f48, 49: currency}); err != nil {
		return "", err
	}
	a, err := l.aboutBatch(ctx, m)
	if err != nil {
		return "", err
	}
	return a.m.Get(39), nil
}

// SignOff tells the host that this terminal stops trading (0820); the working
// keys are worth nothing afterwards. A code that is no success is pos.ErrRefused.
func (l *Link) SignOff(ctx context.Context, stan, batch string) error {
	m, _, err := l.control(signOffOp, stan, batch, "")
	if err != nil {
		return err
	}
	a, err := l.aboutBatch(ctx, m)
	if err != nil {
		return err
	}
	if code := a.m.Get(39); !l.p.Codes.IsSuccess(code) {
		return refusal{"sign-off", code}
	}
	l.setReady(false, "signed off")
	return nil
}

// bring adds the fields that a row brings; one that is not known here is an error.
func bring(m *wire.Message, row wire.Transaction, known map[int]string) error {
	for _, id := range row.Extra {
		v, ok := known[id]
		if !ok {
			return fmt.Errorf("%w: %w: field %d of MTI %s", pos.ErrNotSent, errRequest, id, m.MTI)
		}
		if v == "" && !slices.Contains(row.Optional, id) {
			return fmt.Errorf("%w: %w: MTI %s without field %d", pos.ErrNotSent, errRequest, m.MTI, id)
		}
		if v != "" {
			m.Fields[id] = v
		}
	}
	return nil
}

// aboutBatch sends a message that is about a batch and not about a card: in the live
// place, with a MAC only where the profile wants one, and then in its answer too.
func (l *Link) aboutBatch(ctx context.Context, m *wire.Message) (answer, error) {
	if err := l.live.take(ctx, false, placeWaits*l.o.Timeout); err != nil {
		return answer{}, err
	}
	defer l.live.give()
	l.trading.RLock()
	defer l.trading.RUnlock()
	if err := l.sign(ctx, m); err != nil {
		return answer{}, err
	}
	a, _, err := l.ask(ctx, m)
	if err != nil {
		return answer{}, err
	}
	l.heed(a.h)
	if l.p.Codes.WantsSignOn(a.m.Get(39)) {
		l.setReady(false, "the host asks for a new sign-on")
	}
	if l.p.NeedsMAC(a.m.MTI) {
		if !a.m.Has(64) {
			return answer{}, fmt.Errorf("%w: MTI %s without one", pos.ErrBadMAC, a.m.MTI)
		}
		if err := l.verify(a.m); err != nil {
			return answer{}, fmt.Errorf("%w: MTI %s: %s", pos.ErrBadMAC, a.m.MTI, err.Error())
		}
	}
	return a, nil
}

// requirements are what an answer's header may ask of a terminal.
var requirements = map[int]string{
	1: "parameters", 4: "ca_keys", 5: "card_parameters", 7: "blacklist",
}

// heed takes the processing requirement of an answer that was ours: 3 ends the
// trade until a new sign-on, the others are told. No payment waits for that.
func (l *Link) heed(h wire.Header) {
	need := h.Requirement()
	if need == needSignOn {
		l.setReady(false, "the host asks for a new sign-on")
		l.mu.Lock()
		l.asked = true
		l.mu.Unlock()
		return
	}
	name, ok := requirements[need]
	if !ok {
		return
	}
	l.mu.Lock()
	was := l.wanted[need]
	l.wanted[need] = true
	l.mu.Unlock()
	if !was {
		l.o.Log.Warn("the host asks the terminal to load something", "what", name)
	}
	if l.o.Asked != nil {
		l.o.Asked(name)
	}
}

// Profile is how the host is spoken to; nobody may change it.
func (l *Link) Profile() *wire.Profile { return l.p }
