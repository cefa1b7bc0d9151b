// Package wallet is a simulated gateway of QR wallets with a simulated customer
// whose phone does what it is told.
//
// It speaks the same signed HTTP as a real gateway, over a real socket. It
// promises that every answer was on the disk (orders.jsonl in its folder, one
// JSON line for each change, amounts in fen) before it was sent, that a number
// once closed can never be paid, and that calls are idempotent by number. It
// never moves money, and never answers a request that is not signed with
// anything but a refusal.
package wallet

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"tillkeeper/app/pos"
)

// What the customer's phone can do.
const (
	howPay      = "pay"
	howRefuse   = "refuse"
	howIgnore   = "ignore"
	howPassword = "password"
	howLate     = "late"
	howScan     = "scan" // waits for Scan: what "" means after Manual(true)
)

// words are what Next and Scan take.
var words = []string{howPay, wechat, alipay, unionpay, howRefuse, howIgnore, howPassword, howLate}

// The wallets.
const (
	wechat   = "wechat"
	alipay   = "alipay"
	unionpay = "unionpay"
)

const (
	scanTime     = 30 * time.Millisecond  // from the code on the display to the payment
	passwordTime = 300 * time.Millisecond // the customer enters a password
	headerTime   = 5 * time.Second        // for the head of a request
	relisten     = 20                     // tries to get the port back
	relistenWait = 25 * time.Millisecond  // between two of them
)

// Config says where the gateway keeps its orders and for whom.
type Config struct {
	Dir      string // made if missing
	Merchant string
	Clock    pos.Clock     // for the expiry of orders; nil is the machine's
	Think    time.Duration // what the customer takes longer than a script's; 0 for none
}

// Gateway is a running simulated gateway.
type Gateway struct {
	c      Config
	secret string
	serves sync.WaitGroup

	mu     sync.Mutex
	book   *book
	orders map[string]Order
	timers map[string]*time.Timer // what the phones are about to do
	nonces nonces
	next   string
	manual bool
	closed bool

	line sync.Mutex // guards what follows; taken before mu
	addr string     // "" before Listen
	srv  *http.Server
	over bool
	errs []error
}

// New opens the gateway's folder and takes up the orders in it.
func New(c Config) (*Gateway, error) {
	if c.Clock == nil {
		c.Clock = pos.WallClock{}
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, err
	}
	g := &Gateway{c: c, orders: map[string]Order{}, timers: map[string]*time.Timer{}}
	var err error
	if g.secret, err = loadSecret(c.Dir); err != nil {
		return nil, err
	}
	b, lines, err := openBook(c.Dir)
	if err != nil {
		return nil, err
	}
	g.book = b
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, o := range lines {
		g.orders[o.Number] = o
	}
	for _, o := range g.orders {
		g.arm(o)
	}
	return g, nil
}

// Secret is what the till signs with.
func (g *Gateway) Secret() string { return g.secret }

// Listen begins to serve on addr in the background and says where.
func (g *Gateway) Listen(addr string) (net.Addr, error) {
	g.line.Lock()
	defer g.line.Unlock()
	if g.over || g.addr != "" {
		return nil, errors.New("the simulated gateway listens already or is closed")
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	g.addr = l.Addr().String()
	g.serve(l)
	return l.Addr(), nil
}

func (g *Gateway) serve(l net.Listener) {
	srv := &http.Server{Handler: g.handler(), ReadHeaderTimeout: headerTime, ReadTimeout: 2 * headerTime}
	g.srv = srv
	g.serves.Go(func() {
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			g.line.Lock()
			defer g.line.Unlock()
			g.errs = append(g.errs, err)
		}
	})
}

// SetLine pulls the line, for real: the listener and its connections are
// closed; or puts it back, on the same port.
func (g *Gateway) SetLine(up bool) error {
	g.line.Lock()
	defer g.line.Unlock()
	switch {
	case g.over:
		return os.ErrClosed
	case up == (g.srv != nil):
		return nil
	case !up:
		srv := g.srv
		g.srv = nil
		return srv.Close()
	case g.addr == "":
		return errors.New("the simulated gateway never listened")
	}
	var l net.Listener
	var err error
	for range relisten {
		if l, err = net.Listen("tcp", g.addr); err == nil {
			g.serve(l)
			return nil
		}
		time.Sleep(relistenWait)
	}
	return fmt.Errorf("the simulated gateway's port is gone: %w", err)
}

// Close ends the gateway; what the phones were about to do is done after the
// next New.
func (g *Gateway) Close() error {
	g.line.Lock()
	if g.over {
		g.line.Unlock()
		return nil
	}
	g.over = true
	var err error
	if g.srv != nil {
		err = g.srv.Close()
	}
	g.line.Unlock()
	g.serves.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	for _, t := range g.timers {
		t.Stop()
	}
	return errors.Join(append(g.errs, err, g.book.f.Close())...)
}

// Next says what the customer's phone does with the next order: pay (also ""),
// wechat alipay unionpay (pays with that one), refuse, ignore, password (pays
// after a while) or late (pays at the moment the order is being closed).
func (g *Gateway) Next(how string) error {
	if err := word(how); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.next = how
	return nil
}

// Manual says whether an order that Next said nothing of waits for Scan.
func (g *Gateway) Manual(on bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.manual = on
}

func word(how string) error {
	if how == "" || slices.Contains(words, how) {
		return nil
	}
	return pos.Errorf("bad_wallet", "write one of: "+strings.Join(words, " "), "a phone cannot %q; it can %s", how, strings.Join(words, " "))
}

// Scan is the customer who scans the code of an open order ("" is the newest)
// and does with it what how says, in the words of Next, at once.
func (g *Gateway) Scan(number, how string) error {
	if err := word(how); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if number == "" {
		for _, o := range g.orders {
			if o.open() && o.Seq > g.orders[number].Seq {
				number = o.Number
			}
		}
	}
	o, ok, err := g.look(number)
	switch {
	case err != nil:
		return err
	case !ok:
		return pos.Errorf("qr_unknown_order", "make an order first", "there is no order %q to scan", number)
	case !o.open():
		return pos.Errorf("qr_not_waiting", "make a new order", "order %s is %s", number, o.State)
	}
	return g.put(act(o, how))
}

// Ledger lists the orders as they are now, oldest first.
func (g *Gateway) Ledger() []Order {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := make([]Order, 0, len(g.orders))
	for _, o := range g.orders {
		out = append(out, o)
	}
	slices.SortFunc(out, func(a, b Order) int { return a.Seq - b.Seq })
	return out
}
