package headless

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"tillkeeper/app/checkout"
	"tillkeeper/app/pos"
)

type command func(f *face, ctx context.Context, line []byte) (answer, error)

// commands are the ones that this version knows.
var commands = map[string]command{
	"signin": signIn, "signout": signOut,
	"scan": scan, "add": add, "edit": edit, "remove": remove, "basket": showBasket,
	"hold": hold, "recall": recall, "clear": clearBasket,
	"pay": pay, "reprint": reprint,
	"attempt": attempt, "find": find, "queue": queue, "forward": forward, "signon": signOn,
	"void": void, "refund": refund, "balance": balance, "preauth": preauth, "complete": complete, "cancel": cancel, "resolve": resolve,
	"settle": settleBatch, "reconcile": reconcile, "check": check,
	"totals": totals, "selftest": selfTest, "status": status, "wait": wait, "quit": quit,
}

// later are the commands of the scripted face that come with later versions.
var later = map[string]bool{
	"shift": true, "export": true, "backup": true,
}

func signIn(f *face, ctx context.Context, line []byte) (answer, error) {
	var c struct {
		head
		Staff    string  `json:"staff"`
		PIN      *string `json:"pin"`
		Password *string `json:"password"`
	}
	if err := read(line, &c, "staff"); err != nil {
		return nil, err
	}
	if c.PIN == nil {
		c.PIN = c.Password
	}
	if c.PIN == nil {
		return nil, missing("pin", `"135790"`)
	}
	op, err := f.Face.SignIn(ctx, c.Staff, *c.PIN)
	if err != nil {
		return nil, err
	}
	return answer{"role": op.Role, "staff": op.ID, "name": op.Name}, nil
}

func signOut(f *face, ctx context.Context, line []byte) (answer, error) {
	if err := read(line, &struct{ head }{}); err != nil {
		return nil, err
	}
	return nil, f.Face.SignOut(ctx)
}

// article is the command of a scan or of an article's number.
type article struct {
	head
	Code string `json:"code"`
	SKU  string `json:"sku"`
	Qty  string `json:"qty"`
}

func scan(f *face, ctx context.Context, line []byte) (answer, error) {
	return f.take(line, func(c article, q pos.Qty) (pos.Line, error) {
		if c.SKU != "" {
			return pos.Line{}, pos.Errorf("unknown_key", "add takes it", "scan has no key \"sku\"")
		}
		if c.Code == "" {
			return pos.Line{}, missing("code", `"6901234567892"`)
		}
		return f.Face.Scan(ctx, c.Code, q)
	})
}

func add(f *face, ctx context.Context, line []byte) (answer, error) {
	return f.take(line, func(c article, q pos.Qty) (pos.Line, error) {
		if c.Code != "" {
			return pos.Line{}, pos.Errorf("unknown_key", "scan takes it", "add has no key \"code\"")
		}
		if c.SKU == "" {
			return pos.Line{}, missing("sku", `"100001"`)
		}
		return f.Face.Add(ctx, c.SKU, max(q, 0))
	})
}

// take reads such a command and answers with the line that it made.
func (f *face) take(line []byte, do func(article, pos.Qty) (pos.Line, error)) (answer, error) {
	var c article
	if err := read(line, &c); err != nil {
		return nil, err
	}
	var q pos.Qty // 0: one piece, or what the label says
	if c.Qty != "" {
		var err error
		if q, err = quantity(c.Qty); err != nil {
			return nil, err
		}
	}
	l, err := do(c, q)
	return answer{"line": lineOf(l)}, err
}

func quantity(s string) (pos.Qty, error) {
	q, err := pos.ParseQty(s)
	if err == nil && q <= 0 {
		err = pos.Errorf("bad_quantity", "give a quantity above zero", "%s does not fit", s)
	}
	return q, err
}

// approval is a supervisor's approval in a command.
type approval struct {
	Staff    string `json:"staff"`
	PIN      string `json:"pin"`
	Password string `json:"password"`
}

func (a *approval) override() *checkout.Override {
	if a == nil {
		return nil
	}
	if a.PIN == "" {
		a.PIN = a.Password
	}
	return &checkout.Override{Staff: a.Staff, PIN: a.PIN}
}

func edit(f *face, ctx context.Context, line []byte) (answer, error) {
	var c struct {
		head
		Line     int         `json:"line"`
		Qty      string      `json:"qty"`
		Price    *pos.Amount `json:"price"`
		Discount *pos.Amount `json:"discount"`
		Reason   string      `json:"reason"`
		Override *approval   `json:"override"`
	}
	if err := read(line, &c, "line"); err != nil {
		return nil, err
	}
	if c.Qty == "" && c.Price == nil && c.Discount == nil {
		return nil, missing("qty", `"2", or a price, or a discount`)
	}
	e := checkout.Edit{Line: c.Line, Price: c.Price, Discount: c.Discount, Reason: c.Reason, Override: c.Override.override()}
	if c.Qty != "" {
		q, err := quantity(c.Qty)
		if err != nil {
			return nil, err
		}
		e.Qty = &q
	}
	l, err := f.Face.Edit(ctx, e)
	return answer{"line": lineOf(l)}, err
}

func remove(f *face, ctx context.Context, line []byte) (answer, error) {
	var c struct {
		head
		Line   int    `json:"line"`
		Reason string `json:"reason"`
	}
	if err := read(line, &c, "line"); err != nil {
		return nil, err
	}
	return nil, f.Face.Remove(ctx, c.Line, c.Reason)
}

func showBasket(f *face, _ context.Context, line []byte) (answer, error) {
	if err := read(line, &struct{ head }{}); err != nil {
		return nil, err
	}
	b := f.Face.Snapshot().Basket
	if b.State != pos.BasketOpen {
		b = pos.Basket{}
	}
	lines := make([]lineJSON, 0, len(b.Lines))
	for _, l := range b.Lines {
		lines = append(lines, lineOf(l))
	}
	return answer{
		"key": b.Key, "receipt": b.Receipt, "lines": lines, "total": b.Total, "tax": b.Tax, "paid": b.Paid, "due": b.Due(),
		"attempts": append([]string{}, b.Attempts...),
	}, nil
}

func hold(f *face, ctx context.Context, line []byte) (answer, error) {
	var c struct {
		head
		Note string `json:"note"`
	}
	if err := read(line, &c); err != nil {
		return nil, err
	}
	t, err := f.Face.Hold(ctx, c.Note)
	return answer{"ticket": t}, err
}

func recall(f *face, ctx context.Context, line []byte) (answer, error) {
	var c struct {
		head
		Ticket string `json:"ticket"`
	}
	if err := read(line, &c, "ticket"); err != nil {
		return nil, err
	}
	return answer{"ticket": c.Ticket}, f.Face.Recall(ctx, c.Ticket)
}

func clearBasket(f *face, ctx context.Context, line []byte) (answer, error) {
	if err := read(line, &struct{ head }{}); err != nil {
		return nil, err
	}
	return nil, f.Face.Clear(ctx)
}

func pay(f *face, ctx context.Context, line []byte) (answer, error) {
	var c struct {
		head
		Tender   pos.Tender  `json:"tender"`
		Amount   *pos.Amount `json:"amount"`
		Tendered *pos.Amount `json:"tendered"`
		Card     string      `json:"card"`
		PIN      *string     `json:"pin"`
		Bypass   bool        `json:"bypass"`
		Wallet   string      `json:"wallet"`
		Code     string      `json:"code"`
		Override *approval   `json:"override"`
	}
	if err := read(line, &c); err != nil {
		return nil, err
	}
	ask := checkout.Pay{Tender: c.Tender, Code: c.Code, Override: c.Override.override()}
	for key, v := range map[string]*pos.Amount{"amount": c.Amount, "tendered": c.Tendered} {
		if v != nil && *v <= 0 {
			return nil, pos.Errorf("bad_amount", "give fen above zero", "%s of %d does not fit", key, *v)
		}
	}
	if c.Amount != nil {
		ask.Amount = *c.Amount
	}
	if c.Tendered != nil {
		ask.Tendered = *c.Tendered
	}
	switch c.Tender {
	case pos.Card:
		if c.Card == "" {
			return nil, missing("card", `"ok", a card of the deck`)
		}
		hand := customer{c.Card, c.PIN, c.Bypass}
		if err := f.present(hand); err != nil {
			return nil, err
		}
		defer f.presentAgain(hand)()
	case pos.QR:
		if err := f.Bench.Wallet(c.Wallet); err != nil {
			return nil, err
		}
	}
	defer f.Bench.Clear()
	p, err := f.Face.Pay(ctx, ask)
	if err != nil {
		return nil, err
	}
	a := answer{"due": p.Due}
	if p.Receipt != "" {
		a["receipt"], a["change"] = p.Receipt, p.Change
	}
	a["attempt"], err = f.attemptJSON(p.Attempt)
	return a, err
}

// customer is who pays by card: which one, and what is done on the pad.
type customer struct {
	card   string
	pin    *string // "" cancels, nil is the card's own
	bypass bool    // OK without a PIN
}

// present puts the card on the reader and the customer's finger on the pad.
func (f *face) present(c customer) error {
	if c.bypass && c.pin != nil {
		return pos.Errorf("unknown_key", "leave pin or bypass out", "there is no pin beside bypass")
	}
	if err := f.Bench.Present(c.card); err != nil {
		return err
	}
	switch {
	case c.bypass:
		f.Bench.Bypass()
	case c.pin != nil:
		f.Bench.PIN(*c.pin)
	default:
		f.Bench.Holder(c.card)
	}
	return nil
}

// presentAgain does so once more when the till asks for it: after the host
// wanted a new sign-on, card and PIN are presented again for a new attempt.
func (f *face) presentAgain(c customer) (stop func()) {
	var once sync.Once
	return f.Face.Subscribe(func(s *checkout.Snapshot) {
		if s.Card == nil || !s.Card.Again || s.Card.Stage != checkout.CardPresent {
			return
		}
		once.Do(func() {
			go func() {
				if err := f.present(c); err != nil && f.Log != nil {
					f.Log("the card was not presented again", "error", err)
				}
			}()
		})
	})
}

func reprint(f *face, ctx context.Context, line []byte) (answer, error) {
	var c struct {
		head
		Receipt string `json:"receipt"`
	}
	if err := read(line, &c, "receipt"); err != nil {
		return nil, err
	}
	if err := f.Face.Reprint(ctx, c.Receipt); err != nil {
		return nil, err
	}
	_, err := waitFor(ctx, paperLimit, func() (bool, error) { return f.Bench.Printed(), nil })
	return answer{"receipt": c.Receipt}, err
}

// paperLimit is how long a reprint waits for its slip; it is asked for all the same.
const paperLimit = 2 * time.Second

func quit(_ *face, _ context.Context, line []byte) (answer, error) {
	if err := read(line, &struct{ head }{}); err != nil {
		return nil, err
	}
	return nil, errQuit
}

// maxWait bounds a timeout that a script may ask for.
const maxWait = time.Hour

func limitOf(ms *int64, def time.Duration) (time.Duration, error) {
	if ms == nil {
		return def, nil
	}
	if *ms < 0 || time.Duration(*ms)*time.Millisecond > maxWait {
		return 0, pos.Errorf("bad_timeout", "give 0 to 3600000", "timeout_ms of %d does not fit", *ms)
	}
	return time.Duration(*ms) * time.Millisecond, nil
}

// lineJSON is a basket line as a script sees it.
type lineJSON struct {
	Line     int        `json:"line"`
	SKU      string     `json:"sku"`
	Barcode  string     `json:"barcode,omitempty"`
	Name     string     `json:"name"`
	Qty      string     `json:"qty"`
	Unit     string     `json:"unit,omitempty"`
	Price    pos.Amount `json:"price"`
	Discount pos.Amount `json:"discount"`
	Tax      pos.Amount `json:"tax"`
	Total    pos.Amount `json:"total"`
	Reason   string     `json:"reason,omitempty"`
}

func lineOf(l pos.Line) lineJSON {
	return lineJSON{
		Line: l.No, SKU: l.SKU, Barcode: l.Barcode, Name: l.Name, Qty: l.Qty.String(), Unit: l.Unit, Price: l.Price,
		Discount: l.Discount, Tax: l.TaxSum, Total: l.Total, Reason: l.Reason,
	}
}

// eventJSON is an event as a script sees it: the sealed boxes stay inside.
func eventJSON(e pos.Event) (map[string]any, error) {
	e.Sealed, e.Waiting, e.CardHash = nil, nil, ""
	raw, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	var m map[string]any
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, err
	}
	delete(m, "attempt")
	m["seq"] = e.Seq
	return m, nil
}
