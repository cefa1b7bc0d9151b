package wallet

import (
	"crypto/rand"
	"fmt"
	"maps"
	"net/http"
	"os"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/wallet"
)

const (
	codePrefix = "weixin://wxpay/bizpayurl?pr=" // a code fits QR version 4 at level M
	codeRandom = 12                             // characters after it
	maxValid   = 24 * time.Hour                 // of an order
)

// refusal is an answer that is not the order: a status and a code.
type refusal struct {
	status int
	wallet.Refusal
}

func (r *refusal) Error() string { return r.Message }

func refuse(status int, code, remedy, format string, args ...any) *refusal {
	return &refusal{status: status, Refusal: wallet.Refusal{Code: code, Remedy: remedy, Message: fmt.Sprintf(format, args...)}}
}

// put writes an order down and lets its phone go on. The caller holds mu.
func (g *Gateway) put(o Order) error {
	if g.closed {
		return os.ErrClosed
	}
	if err := g.book.add(o); err != nil {
		return err
	}
	g.orders[o.Number] = o
	g.arm(o)
	return nil
}

// arm sets the timer of what the phone does by itself. The caller holds mu.
func (g *Gateway) arm(o Order) {
	if t := g.timers[o.Number]; t != nil {
		t.Stop()
		delete(g.timers, o.Number)
	}
	if !o.open() {
		return
	}
	var after time.Duration
	switch o.How {
	case howPay, wechat, alipay, unionpay, howRefuse:
		after = scanTime + g.c.Think
	case howPassword:
		after = scanTime + g.c.Think
		if o.State == pos.WalletPaying {
			after = passwordTime + g.c.Think
		}
	default:
		return
	}
	var t *time.Timer
	t = time.AfterFunc(after, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if !g.closed && g.timers[o.Number] == t {
			g.phone(o.Number)
		}
	})
	g.timers[o.Number] = t
}

// phone is the customer's phone, on its own. The caller holds mu.
func (g *Gateway) phone(number string) {
	o, _, err := g.look(number)
	if err != nil || !o.open() {
		return
	}
	if o.State == pos.WalletPaying {
		o = paid(o)
	} else {
		o = act(o, o.How)
	}
	_ = g.put(o) // a disk that takes nothing leaves the order as it was: not paid
}

// act is one scan of the code.
func act(o Order, how string) Order {
	o.How = how
	switch how {
	case wechat, alipay, unionpay:
		o.Wallet = how
		return paid(o)
	case howRefuse:
		o.State, o.Reason = pos.WalletRefused, "the customer refused"
		return o
	case howPassword:
		o.State = pos.WalletPaying
		return o
	case howIgnore, howLate:
		return o
	}
	return paid(o)
}

func paid(o Order) Order {
	o.State = pos.WalletPaid
	if o.Wallet == "" {
		o.Wallet = wechat
	}
	o.Trade = fmt.Sprintf("4200%s%010d", o.Created.UTC().Format("20060102"), o.Seq)
	return o
}

// look finds an order, closed if its time is over. One that will be paid late
// stays open for the close request. The caller holds mu.
func (g *Gateway) look(number string) (Order, bool, error) {
	o, ok := g.orders[number]
	if !ok || !o.open() || o.How == howLate || g.c.Clock.Now().Before(o.Expires) {
		return o, ok, nil
	}
	o.State, o.Reason = pos.WalletClosed, "expired"
	return o, true, g.put(o)
}

// again answers a create whose number is known already.
func again(o Order, amount pos.Amount) error {
	switch {
	case o.Unknown:
		return refuse(http.StatusConflict, "qr_closed", "make a new order", "order %s was closed before it came", o.Number)
	case o.Amount != amount:
		return refuse(http.StatusConflict, "qr_amount_differs", "use a new number", "order %s is over %s, not %s", o.Number, o.Amount, amount)
	}
	return nil
}

// begin finds the order of a create, or makes one that is not yet
// written down: fresh. The caller holds mu.
func (g *Gateway) begin(in wallet.Order, valid time.Duration) (o Order, fresh bool, err error) {
	if in.Number == "" || in.Amount <= 0 || valid <= 0 || valid > maxValid {
		return o, false, refuse(http.StatusBadRequest, "qr_bad_order", "check number, amount and time", "an order needs a number, an amount and a time it is valid")
	}
	o, ok, err := g.look(in.Number)
	if err != nil {
		return o, false, err
	}
	if ok {
		return o, false, again(o, in.Amount)
	}
	now := g.c.Clock.Now()
	return Order{
		Number: in.Number, Seq: len(g.orders) + 1, Amount: in.Amount, Title: in.Title, State: pos.WalletWaiting,
		Created: now, Expires: now.Add(valid),
	}, true, nil
}

func (g *Gateway) create(in wallet.Order) (Order, error) {
	o, fresh, err := g.begin(in, time.Duration(in.Seconds)*time.Second+time.Duration(in.Nanos))
	if err != nil || !fresh {
		return o, err
	}
	o.Code = codePrefix + rand.Text()[:codeRandom]
	if o.How, g.next = g.next, ""; o.How == "" {
		o.How = howPay
		if g.manual {
			o.How = howScan
		}
	}
	return o, g.put(o)
}

func (g *Gateway) query(number string) (Order, error) {
	o, ok, err := g.look(number)
	if err == nil && !ok {
		return o, refuse(http.StatusNotFound, "qr_unknown_order", "create it, or close it", "there is no order %s", number)
	}
	return o, err
}

// closeOrder closes what is open; a number that never came is remembered, so
// that its create is refused when it comes after all.
func (g *Gateway) closeOrder(number string) (Order, error) {
	o, ok, err := g.look(number)
	switch {
	case err != nil:
		return o, err
	case !ok:
		o = Order{
			Number: number, Seq: len(g.orders) + 1, State: pos.WalletClosed, Reason: "closed before it came",
			Unknown: true, Created: g.c.Clock.Now(),
		}
	case !o.open():
		return o, nil
	case o.How == howLate:
		o = paid(o)
	default:
		o.State, o.Reason = pos.WalletClosed, "closed by the merchant"
	}
	return o, g.put(o)
}

// refund gives money of a paid order back, once for each refund number; all of
// them together are at most the order. An order that gave something back is
// refunded.
func (g *Gateway) refund(number string, in wallet.Order) (Order, error) {
	o, err := g.query(number)
	if err != nil {
		return o, err
	}
	done, again := o.Refunds[in.Refund]
	switch {
	case in.Refund == "":
		return o, refuse(http.StatusBadRequest, "qr_bad_number", "number every refund", "a refund needs a number")
	case o.State != pos.WalletPaid && o.State != pos.WalletRefunded:
		return o, refuse(http.StatusConflict, "qr_not_paid", "close it instead", "order %s is %s", number, o.State)
	case again && done == in.Amount:
		return o, nil
	case again, in.Amount <= 0, in.Amount > o.Amount-o.Refunded:
		return o, refuse(http.StatusConflict, "qr_amount_differs", "refund at most what was paid", "order %s over %s: no refund of %s", number, o.Amount, in.Amount)
	}
	o.Refunds = maps.Clone(o.Refunds)
	if o.Refunds == nil {
		o.Refunds = map[string]pos.Amount{}
	}
	o.Refunds[in.Refund] = in.Amount
	o.State, o.Refunded = pos.WalletRefunded, o.Refunded+in.Amount
	return o, g.put(o)
}
