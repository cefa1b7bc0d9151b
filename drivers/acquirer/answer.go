package acquirer

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/encoding/simplifiedchinese"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/acquirer/wire"
)

// misfit names the first thing in which a message is not the answer to want; empty means that it is.
func (l *Link) misfit(want, got *wire.Message) string {
	same := func(id int) bool {
		return strings.TrimRight(want.Get(id), " ") == strings.TrimRight(got.Get(id), " ")
	}
	switch {
	case got.MTI != wire.AnswerMTI(want.MTI):
		return "MTI"
	case !same(11):
		return "11"
	case !same(41):
		return "41"
	case !same(42):
		return "42"
	case want.MTI[1] == classSettle:
		return l.misfitTotals(got)
	case want.MTI[1] == classUpload && got.Get(39) == "":
		return "39"
	case !want.Has(3):
		return ""
	case !same(3):
		return "3"
	case want.Has(4) && !same(4) && !l.p.Codes.IsPartial(got.Get(39)):
		return "4"
	case got.Get(39) == "":
		return "39"
	}
	return ""
}

// judge applies the MAC rules to an answer that is ours.
func (l *Link) judge(r pos.Request, a answer, trusted bool) (pos.Reply, error) {
	reply := l.reply(a.m)
	reply.SignOn = a.h.Requirement() == needSignOn
	if !l.p.NeedsMAC(a.m.MTI) {
		return reply, nil
	}
	if a.m.Has(64) {
		if err := l.verify(a.m); err != nil {
			if errors.Is(err, errMAC) {
				l.unverified()
			}
			// the cause is not wrapped: a pad without keys must not look like a request that was not sent
			return pos.Reply{}, fmt.Errorf("%w: STAN %s: %s", pos.ErrBadMAC, r.STAN, err.Error())
		}
		reply.Signed = true
		l.mu.Lock()
		l.wrongMACs = 0
		l.mu.Unlock()
		return reply, nil
	}
	if l.mustSign(r.Op, reply.Code) || !l.p.MAC.DeclineMayOmit || !trusted {
		return pos.Reply{}, fmt.Errorf("%w: STAN %s, code %s without one", pos.ErrBadMAC, r.STAN, reply.Code)
	}
	return reply, nil
}

// unverified notes an answer whose MAC is wrong. Several in a row mean that the
// host works with other keys, those of a sign-on whose answer was lost, say: the
// next request waits for a new sign-on.
func (l *Link) unverified() {
	l.mu.Lock()
	l.wrongMACs++
	renew := l.wrongMACs >= maxWrongMACs
	if renew {
		l.wrongMACs = 0
	}
	l.mu.Unlock()
	if renew {
		l.setReady(false, "answers do not verify: the keys may differ")
	}
}

// mustSign tells whether an answer means nothing without a MAC: an approval,
// and every answer to a reversal but one that asks for a sign-on.
func (l *Link) mustSign(op pos.Operation, code string) bool {
	if op == pos.OpReversal {
		return !l.p.Codes.WantsSignOn(code)
	}
	return l.p.Codes.IsSuccess(code) || l.p.Codes.IsPartial(code)
}

// errMAC says that field 64 is not the MAC of its message, whoever is asked.
var errMAC = errors.New("field 64 does not match")

// verify checks field 64; nil means that it is good. What is not errMAC is the
// fault of the holder of the keys and says nothing of the message.
func (l *Link) verify(m *wire.Message) error {
	in, err := l.p.MACInput(m)
	if err != nil {
		return fmt.Errorf("%w: %w", errMAC, err)
	}
	ctx, cancel := context.WithTimeout(l.ctx, macLimit)
	defer cancel()
	mac, err := l.o.Keys.MAC(ctx, l.p.MAC.Algorithm, in)
	if err != nil {
		return err
	}
	if upperHex(mac[:]) != m.Get(64) {
		return errMAC
	}
	return nil
}

// verifyLate is verify for an answer that nobody waits for: a PIN pad that is
// asking for a PIN, or is plugged in again soon, is waited for. Without its word
// a late approval would not open its reversal again.
func (l *Link) verifyLate(m *wire.Message) bool {
	for end := time.Now().Add(lateLimit); ; {
		err := l.verify(m)
		if err == nil || errors.Is(err, errMAC) || errors.Is(err, pos.ErrNoKeys) || time.Now().After(end) {
			return err == nil
		}
		select {
		case <-l.ctx.Done():
			return false
		case <-time.After(lateAgain):
		}
	}
}

// reply puts an answer into the words of the trade.
func (l *Link) reply(m *wire.Message) pos.Reply {
	r := pos.Reply{
		Code: m.Get(39), RRN: strings.TrimRight(m.Get(37), " "), AuthCode: strings.TrimRight(m.Get(38), " "),
		HostTime: m.Get(12), HostDate: m.Get(13), Balance: available(m.Get(54), l.p.Balance.Available),
	}
	if v, err := strconv.ParseInt(m.Get(4), 10, 64); err == nil {
		r.Amount = pos.Amount(v)
	}
	if f55, err := fromHex(m.Get(55)); err == nil && len(f55) > 0 {
		r.F55 = f55
	}
	t, f63 := l.p.Texts, m.Get(63)
	part := func(n int) string {
		n = min(n, len(f63))
		text := f63[:n]
		f63 = f63[n:]
		return text
	}
	r.Org, r.Text = plain(part(t.Organisation)), plain(part(t.Issuer))
	switch centre := strings.TrimSpace(part(t.Centre)); {
	case centre == "":
	case centre == t.NotifyYes:
		r.Notify = new(true)
	case centre == t.NotifyNo:
		r.Notify = new(false)
	}
	return r
}

// The parts of one amount in field 54: account 2, amount type 2, currency 3, sign C or D, amount 12.
const (
	balanceLength = 20
	debitSign     = 'D'
	creditSign    = 'C'
)

// available finds in field 54 the amount of the type wanted, else the first one
// in the till's currency; D is less than nothing. nil where there is none.
func available(f54, want string) *pos.Amount {
	var found *pos.Amount
	for ; len(f54) >= balanceLength; f54 = f54[balanceLength:] {
		kind, sign := f54[2:4], f54[7]
		v, err := strconv.ParseUint(f54[8:balanceLength], 10, 63)
		if err != nil || f54[4:7] != currency || sign != creditSign && sign != debitSign {
			continue
		}
		amount := pos.Amount(v) //nolint:gosec // twelve digits
		if sign == debitSign {
			amount = -amount
		}
		if kind == want {
			return &amount
		}
		if found == nil {
			found = &amount
		}
	}
	return found
}

// plain makes UTF-8 of a host's text (GBK, GB18030) and drops control characters.
func plain(s string) string {
	if s == "" {
		return ""
	}
	out, err := simplifiedchinese.GB18030.NewDecoder().String(s)
	if err != nil {
		return ""
	}
	out = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || c == unicode.ReplacementChar {
			return -1
		}
		return c
	}, out)
	return strings.TrimSpace(out)
}

// batchOf is field 60.2, empty where the message has none.
func batchOf(m *wire.Message) string {
	if f := m.Get(60); len(f) >= 8 {
		return f[2:8]
	}
	return ""
}

// hostTime reads the host's clock (MMDD, hhmmss) in the year that is nearest to now and in now's time zone; zero where it
// is no time. Of the hour that comes twice when summer time ends it is the one nearer to now.
func hostTime(now time.Time, date, clock string) time.Time {
	const form = "20060102150405"
	var best time.Time
	nearer := func(t time.Time) {
		if best.IsZero() || t.Sub(now).Abs() < best.Sub(now).Abs() {
			best = t
		}
	}
	for year := now.Year() - 1; year <= now.Year()+1; year++ {
		t, err := time.ParseInLocation(form, fmt.Sprintf("%04d%s%s", year, date, clock), now.Location())
		if err != nil {
			continue
		}
		for _, again := range []time.Duration{0, -time.Hour, time.Hour} {
			if other := t.Add(again); other.Format(form) == t.Format(form) {
				nearer(other)
			}
		}
	}
	return best
}

// unexpected logs a message that nobody waits for. An answer to a sale, void or
// upload of this terminal is passed on to Late once its MAC was looked at.
func (l *Link) unexpected(m *wire.Message) {
	ours := strings.TrimRight(m.Get(41), " ") == l.o.TID && strings.TrimRight(m.Get(42), " ") == l.o.MID
	l.o.Log.Warn("a message that nobody waits for", "mti", m.MTI, "stan", m.Get(11), "code", m.Get(39), "ours", ours)
	if !ours || m.Get(11) == "" || m.Get(39) == "" || !l.financialAnswer(m.MTI) {
		return
	}
	select {
	case l.judging <- m:
	default:
		l.o.Log.Error("too many late answers: one is dropped", "stan", m.Get(11))
	}
}

// financialAnswer tells whether an MTI answers an operation of the table other than a reversal that carries a MAC.
func (l *Link) financialAnswer(mti string) bool {
	for op, t := range l.p.Transactions {
		if t.Proc != "" && op != string(pos.OpReversal) && wire.AnswerMTI(t.MTI) == mti {
			return true
		}
	}
	return false
}

// answers names the operations of the table that a message may answer, by MTI
// and field 3.
func (l *Link) answers(m *wire.Message) (ops []pos.Operation) {
	for op, t := range l.p.Transactions {
		if wire.AnswerMTI(t.MTI) == m.MTI && t.Proc == m.Get(3) {
			ops = append(ops, pos.Operation(op))
		}
	}
	return ops
}

// judgeLate checks the MACs of late answers and hands them on; when nobody
// takes them the oldest is dropped.
func (l *Link) judgeLate() {
	for {
		select {
		case <-l.ctx.Done():
			return
		case m := <-l.judging:
			late := pos.LateReply{STAN: m.Get(11), Batch: batchOf(m), Ops: l.answers(m), Reply: l.reply(m), Note: "nobody waits for MTI " + m.MTI}
			late.Reply.Signed = m.Has(64) && l.verifyLate(m)
			l.pass(late)
		}
	}
}

func (l *Link) pass(late pos.LateReply) {
	for {
		select {
		case l.late <- late:
			return
		default:
		}
		select {
		case old := <-l.late:
			l.o.Log.Error("too many late answers: the oldest is dropped", "stan", old.STAN)
		default:
		}
	}
}
