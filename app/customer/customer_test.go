package customer

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tillkeeper/app/checkout"
	"tillkeeper/app/pos"
)

func basket() pos.Basket {
	return pos.Basket{State: pos.BasketOpen, Total: 1250, Lines: []pos.Line{
		{No: 1, Name: "矿泉水", Total: 200}, {No: 2, Name: "面包", Total: 1050},
	}}
}

var (
	paid = pos.Attempt{Kind: pos.Sale, Approved: 1250, Amount: 1250, MaskedPAN: "622424******0113", AuthCode: "123456"}
	left = pos.Amount(88_000)
)

// seen is what a customer sees of each step, in Chinese.
var seen = []struct {
	name string
	s    checkout.Snapshot
	want pos.View
}{
	{"nobody", checkout.Snapshot{}, pos.View{State: pos.ViewIdle, Title: "和平路便利店", Note: "欢迎光临"}},
	{"goods: the line touched last", checkout.Snapshot{Basket: basket(), Selected: 1}, pos.View{State: pos.ViewSale, Title: "合计", Line: "矿泉水", Price: 200, Total: 1250}},
	{"goods: without a selection the last", checkout.Snapshot{Basket: basket()}, pos.View{State: pos.ViewSale, Title: "合计", Line: "面包", Price: 1050, Total: 1250}},
	{
		"a card is wanted",
		checkout.Snapshot{Basket: basket(), Card: &checkout.CardView{Amount: 1250, Stage: checkout.CardPresent}},
		pos.View{State: pos.ViewPay, Title: "请付款", Total: 1250, Note: "请插卡、挥卡或刷卡"},
	},
	{
		"several accounts",
		checkout.Snapshot{Card: &checkout.CardView{Amount: 1250, Stage: checkout.CardRead, Choices: []string{"a", "b"}}},
		pos.View{State: pos.ViewPay, Title: "请付款", Total: 1250, Note: "请告诉收银员用哪个账户"},
	},
	{
		"a code",
		checkout.Snapshot{QR: &checkout.QRView{Amount: 1250, Code: "weixin://x"}},
		pos.View{State: pos.ViewQR, Title: "请扫码支付", Total: 1250, QR: "weixin://x"},
	},
	{
		"an order given up shows no code",
		checkout.Snapshot{QR: &checkout.QRView{Amount: 1250, Code: "weixin://x", Closing: true}},
		pos.View{State: pos.ViewPay, Title: "请付款", Total: 1250},
	},
	{
		"paid by card",
		checkout.Snapshot{Outcome: &checkout.Outcome{Kind: checkout.OutcomeApproved, Attempt: paid, Finished: true}},
		pos.View{State: pos.ViewThanks, Title: "谢谢惠顾", Total: 1250},
	},
	{
		"change",
		checkout.Snapshot{Outcome: &checkout.Outcome{Kind: checkout.OutcomeApproved, Attempt: paid, Change: 750, Finished: true}},
		pos.View{State: pos.ViewThanks, Title: "谢谢惠顾", Total: 750, Note: "找零"},
	},
	{
		"a part is paid",
		checkout.Snapshot{Outcome: &checkout.Outcome{Kind: checkout.OutcomeApproved, Attempt: paid, Due: 300}},
		pos.View{State: pos.ViewPay, Title: "还需支付", Total: 300},
	},
	{
		"a balance is nobody else's business",
		checkout.Snapshot{Outcome: &checkout.Outcome{Kind: checkout.OutcomeApproved, Attempt: pos.Attempt{Kind: pos.Balance}, Balance: &left}},
		pos.View{State: pos.ViewThanks, Title: "谢谢惠顾"},
	},
	{
		"refused: another way, not why",
		checkout.Snapshot{Outcome: &checkout.Outcome{Kind: checkout.OutcomeRefused, Attempt: paid, Code: "51", Due: 1250}},
		pos.View{State: pos.ViewRefused, Title: "支付未成功", Total: 1250, Note: "请换一种方式付款"},
	},
	{
		"unknown: do not pay again",
		checkout.Snapshot{Outcome: &checkout.Outcome{Kind: checkout.OutcomeUnknown, Attempt: paid}},
		pos.View{State: pos.ViewWait, Title: "结果待确认", Total: 1250, Note: "请勿再次付款，请问收银员"},
	},
}

func TestWhatTheCustomerSees(t *testing.T) {
	shop := checkout.Shop{Name: "和平路便利店", NameEN: "Heping Road Store"}
	for _, c := range seen {
		t.Run(c.name, func(t *testing.T) {
			c.s.Shop = shop
			if got := Of(&c.s, "zh-Hans"); got != c.want {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
			english := Of(&c.s, "en")
			for _, text := range []string{english.Title, english.Note} {
				if strings.ContainsFunc(text, func(r rune) bool { return r > 0x7f }) {
					t.Errorf("English shows %q", text)
				}
			}
			for _, secret := range []string{"0113", "123456", "51"} {
				if v := Of(&c.s, "en"); strings.Contains(v.Title+v.Note+v.Line, secret) {
					t.Errorf("shows %q: %+v", secret, v)
				}
			}
		})
	}
}

// till is a source of snapshots.
type till struct {
	mu   sync.Mutex
	snap *checkout.Snapshot
	told func(*checkout.Snapshot)
}

func (s *till) Snapshot() *checkout.Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.snap
}

func (s *till) Subscribe(f func(*checkout.Snapshot)) func() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = f
	return func() {}
}

func (s *till) publish(n *checkout.Snapshot) {
	s.mu.Lock()
	s.snap = n
	f := s.told
	s.mu.Unlock()
	f(n)
}

// slow is a display that takes a second a view, and may fail.
type slow struct {
	mu    sync.Mutex
	shown []pos.View
	err   error
}

func (d *slow) Show(v pos.View) error {
	time.Sleep(time.Second)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil {
		return d.err
	}
	d.shown = append(d.shown, v)
	return nil
}

func (d *slow) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.err = err
}

func (d *slow) last() (pos.View, int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.shown) == 0 {
		return pos.View{}, 0
	}
	return d.shown[len(d.shown)-1], len(d.shown)
}

func code(text string) *checkout.Snapshot {
	return &checkout.Snapshot{QR: &checkout.QRView{Amount: 100, Code: text}}
}

func TestASlowDisplayShowsTheNewest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, d := &till{snap: &checkout.Snapshot{}}, &slow{}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			Follow(ctx, s, d, "en", slog.New(slog.NewTextHandler(io.Discard, nil)))
		}()
		synctest.Wait()
		for _, c := range []string{"one", "two", "three"} {
			s.publish(code(c)) // the display is at its first view still
		}
		time.Sleep(10 * time.Second)
		if v, n := d.last(); v.QR != "three" || n != 2 {
			t.Errorf("shows %q as view number %d, want three as the second", v.QR, n)
		}
		d.fail(errors.New("no cable"))
		s.publish(code("four"))
		time.Sleep(10 * time.Second)
		d.fail(nil)
		s.publish(code("four")) // the same again: what failed is tried anew
		time.Sleep(10 * time.Second)
		if v, _ := d.last(); v.QR != "four" {
			t.Errorf("after a fault shows %q", v.QR)
		}
		cancel()
		<-ended
		if v, _ := d.last(); v.State != pos.ViewIdle {
			t.Errorf("a closed till shows %+v", v)
		}
	})
}
