package headless

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"regexp"
	"time"

	"tillkeeper/app/i18n"
	"tillkeeper/app/pos"
)

// everything is the limit of a search that names none: all there is.
const everything = math.MaxInt32

var fourDigits = regexp.MustCompile(`^[0-9]{4}$`)

func find(f *face, _ context.Context, line []byte) (answer, error) {
	var c struct {
		head
		From   string     `json:"from"`
		To     string     `json:"to"`
		Amount pos.Amount `json:"amount"`
		Last4  string     `json:"last4"`
		State  pos.State  `json:"state"`
		Text   string     `json:"text"`
		Limit  int        `json:"limit"`
	}
	if err := read(line, &c); err != nil {
		return nil, err
	}
	if _, ok := pos.StateRules[c.State]; !ok && c.State != "" {
		return nil, pos.Errorf("bad_state", "see the list of states in the manual", "there is no state %q", string(c.State))
	}
	if c.Last4 != "" && !fourDigits.MatchString(c.Last4) {
		return nil, pos.Errorf("bad_last4", "give the last 4 digits of the card", "%q is not 4 digits", c.Last4)
	}
	if c.Amount < 0 {
		return nil, pos.Errorf("bad_amount", "give fen above zero", "an amount of %d does not fit", c.Amount)
	}
	if c.Limit < 0 {
		return nil, pos.Errorf("bad_limit", "give 1 or more", "a limit of %d does not fit", c.Limit)
	}
	if c.Limit == 0 {
		c.Limit = everything
	}
	q, err := window(c.From, c.To, f.Face.Snapshot().Time.Location())
	if err != nil {
		return nil, err
	}
	list, err := f.Face.Journal().Find(pos.Query{
		FromDay: q.FromDay, ToDay: q.ToDay, From: q.From, To: q.To, Amount: c.Amount, Last4: c.Last4, State: c.State, Text: c.Text, Limit: c.Limit,
	})
	if err != nil {
		return nil, err
	}
	return f.attemptList(list)
}

// moments are the ways to write a moment; without a zone it is the shop's.
var moments = []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04"}

func moment(text string, zone *time.Location) (time.Time, bool) {
	for _, layout := range moments {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// window reads the ends of a search: business days, or moments of time.
func window(from, to string, zone *time.Location) (q pos.Query, err error) {
	for _, end := range []struct {
		key, text string
		day       *string
		at        *time.Time
	}{{"from", from, &q.FromDay, &q.From}, {"to", to, &q.ToDay, &q.To}} {
		if end.text == "" {
			continue
		}
		if t, ok := moment(end.text, zone); ok {
			*end.at = t
			continue
		}
		if _, err = time.Parse(time.DateOnly, end.text); err != nil {
			return q, pos.Errorf("bad_day", "write it like 2026-11-22 or 2026-11-22T18:00:00+08:00", "%s of %q is no time", end.key, end.text)
		}
		*end.day = end.text
	}
	return q, nil
}

// kindOf names a queue item.
func kindOf(a pos.Attempt) string {
	switch {
	case pos.StateRules[a.State].Due == pos.DueReverse, a.State == pos.Manual && a.Reason != "":
		return "reversal"
	case a.Deferred:
		return "deferred"
	case a.Kind == pos.Refund, a.State == pos.RefundUnknown:
		return "refund"
	case a.Kind == pos.ScriptResult:
		return "script_result"
	}
	return "offline"
}

func queue(f *face, _ context.Context, line []byte) (answer, error) {
	if err := read(line, &struct{ head }{}); err != nil {
		return nil, err
	}
	open, err := f.Face.Journal().Open()
	if err != nil {
		return nil, err
	}
	now := f.Face.Snapshot().Time
	if t := time.Now(); t.After(now) {
		now = t
	}
	items := make([]answer, 0, len(open))
	for _, a := range open {
		if pos.StateRules[a.State].Due == pos.DueFlow {
			continue
		}
		last := a.LastError
		if last == "" && a.Code != "" {
			last = f.Codes.Lookup(a.Code).Text(f.Lang)
		}
		items = append(items, answer{
			"attempt": a.ID, "kind": kindOf(a), "state": a.State, "tries": a.Tries, "age_s": int64(now.Sub(a.Created) / time.Second),
			"amount": a.Amount, "last_error": last, "stan": a.STAN, "batch": a.Batch, "masked_pan": a.MaskedPAN,
			"answer_code": a.Code,
		})
	}
	return answer{"items": items}, nil
}

// defaultForward is how long forward works when no time is given.
const defaultForward = 30 * time.Second

func forward(f *face, ctx context.Context, line []byte) (answer, error) {
	var c struct {
		head
		TimeoutMS *int64 `json:"timeout_ms"`
	}
	if err := read(line, &c); err != nil {
		return nil, err
	}
	limit, err := limitOf(c.TimeoutMS, defaultForward)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	left, err := f.Queue.Forward(ctx)
	return answer{"left": left}, err
}

func signOn(f *face, ctx context.Context, line []byte) (answer, error) {
	if err := read(line, &struct{ head }{}); err != nil {
		return nil, err
	}
	return nil, f.Queue.SignOn(ctx)
}

func totals(f *face, _ context.Context, line []byte) (answer, error) {
	var c struct {
		head
		Day string `json:"day"`
	}
	if err := read(line, &c); err != nil {
		return nil, err
	}
	if c.Day == "" {
		c.Day, _ = f.DayOf(time.Now())
	}
	if _, err := time.Parse(time.DateOnly, c.Day); err != nil {
		return nil, pos.Errorf("bad_day", "write it like 2026-11-22", "%q is no day", c.Day)
	}
	t, err := f.Face.Journal().Totals(c.Day)
	if err != nil {
		return nil, err
	}
	hours := map[string]pos.Sums{}
	for h, s := range t.ByHour {
		hours[fmt.Sprintf("%02d", h)] = s
	}
	if t.ByTender == nil {
		t.ByTender = map[pos.Tender]pos.Sums{}
	}
	if t.ByCashier == nil {
		t.ByCashier = map[string]pos.Sums{}
	}
	products := make([]answer, 0, len(t.ByProduct))
	for _, p := range t.ByProduct {
		products = append(products, answer{"sku": p.SKU, "name": p.Name, "qty": p.Qty.String(), "amount": p.Amount})
	}
	return answer{
		"day": c.Day, "gross": t.Gross, "net": t.Net, "tax": t.Tax, "refunds": t.Refunds, "count": t.Count, "baskets": t.Baskets,
		"by_tender": t.ByTender, "by_hour": hours, "by_cashier": t.ByCashier, "by_product": products,
		"pending": t.Pending.Gross, "pending_count": t.Pending.Count,
		"late_declined": t.LateDeclined.Gross, "late_declined_count": t.LateDeclined.Count,
	}, nil
}

func selfTest(f *face, ctx context.Context, line []byte) (answer, error) {
	if err := read(line, &struct{ head }{}); err != nil {
		return nil, err
	}
	checks, faults, w := []answer{}, 0, i18n.In(f.Lang, f.Codes)
	for _, c := range f.SelfTest(ctx) {
		a := answer{"name": c.Name, "state": c.State, "detail": w.Detail(c), "remedy": ""}
		if c.Code != "" {
			a["code"], a["remedy"] = c.Code, cmp.Or(w.Mend(c), w.Remedy(c.Code))
			if c.State != "off" {
				faults++
			}
		}
		checks = append(checks, a)
	}
	return answer{"checks": checks, "faults": faults}, nil
}

// warnings are the parts of the till that somebody has to do something about.
func warnings(parts []pos.Condition, w i18n.Words) []answer {
	out := []answer{}
	for _, c := range parts {
		if c.State == "warn" || c.State == "fault" {
			out = append(out, answer{
				"name": c.Name, "state": c.State, "code": c.Code, "detail": w.Detail(c), "remedy": cmp.Or(w.Mend(c), w.Remedy(c.Code)),
			})
		}
	}
	return out
}

func status(f *face, _ context.Context, line []byte) (answer, error) {
	if err := read(line, &struct{ head }{}); err != nil {
		return nil, err
	}
	s := f.Face.Look()
	open, err := f.Face.Journal().Open()
	if err != nil {
		return nil, err
	}
	now, oldest, depth, reversals := time.Now(), int64(0), 0, 0
	for _, a := range open {
		rule := pos.StateRules[a.State]
		if rule.Due == pos.DueFlow {
			continue
		}
		depth++
		if rule.Due == pos.DueReverse {
			reversals++
		}
		oldest = max(oldest, int64(now.Sub(a.Created)/time.Second))
	}
	return answer{
		"warnings": warnings(s.Devices, i18n.In(f.Lang, f.Codes)),
		"link":     s.Line.State, "cause": s.Line.Cause, "queue": depth, "oldest_s": oldest, "pending_reversals": reversals,
		"offline_room": answer{"amount": s.Line.RoomSum, "count": s.Line.RoomCount, "reason": s.Line.OfflineOff},
		"settling":     s.Settling, "shift": nil, "training": false, "clock_skew_s": f.Queue.Skew(), "version": f.Version, "staff": s.Operator.ID,
	}, nil
}

func wait(f *face, ctx context.Context, line []byte) (answer, error) {
	var c struct {
		head
		For       string `json:"for"`
		TimeoutMS *int64 `json:"timeout_ms"`
	}
	if err := read(line, &c); err != nil {
		return nil, err
	}
	limit, err := limitOf(c.TimeoutMS, defaultForward)
	if err != nil {
		return nil, err
	}
	var ready func() (bool, error)
	switch c.For {
	case "online":
		ready = func() (bool, error) { return f.Face.Snapshot().Line.State == "online", nil }
	case "idle":
		ready = f.idle
	default:
		return nil, pos.Errorf("bad_wait", `wait for "online" or "idle"`, "there is no waiting for %q", c.For)
	}
	ok, err := waitFor(ctx, limit, ready)
	if err == nil && !ok {
		err = pos.Errorf("timed_out", "give it more time; status says what is open", "%s was not reached within %s", c.For, limit)
	}
	return nil, err
}

// idle says whether nothing is owed that goes out by itself, slips and a sign-on
// that the host asked for included.
func (f *face) idle() (bool, error) {
	if !f.Bench.Printed() || f.Queue.Link().SignOn {
		return false, nil
	}
	open, err := f.Face.Journal().Open()
	for _, a := range open {
		if pos.StateRules[a.State].Due != pos.DuePerson {
			return false, err
		}
	}
	return err == nil, err
}
