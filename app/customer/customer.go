// Package customer is the face that the customer sees: what a panel, a pole or
// a second window shows while goods are taken and paid. It promises to follow
// the till's snapshots and nothing else, to show the newest one when it comes
// late, and never to show what is not the customer's business: no card number,
// no answer code, no name of a cashier.
//
// A View carries ready words of the shop's language; amounts are in fen. What
// cannot be shown is the display's fault and never the payment's.
package customer

import (
	"context"
	"log/slog"

	"tillkeeper/app/checkout"
	"tillkeeper/app/pos"
)

// words are what the customer reads, Chinese and English.
var words = map[string][2]string{
	"total":   {"合计", "Total"},
	"pay":     {"请付款", "Please pay"},
	"present": {"请插卡、挥卡或刷卡", "Insert, tap or swipe your card"},
	"hold":    {"正在读卡，请勿移动", "Reading: hold the card still"},
	"pin":     {"请在密码键盘上输入密码", "Enter your PIN on the pad"},
	"bank":    {"正在联系银行", "Asking your bank"},
	"choose":  {"请告诉收银员用哪个账户", "Tell the cashier which account"},
	"scan":    {"请扫码支付", "Scan to pay"},
	"paying":  {"请在手机上确认", "Confirm on your phone"},
	"thanks":  {"谢谢惠顾", "Thank you"},
	"change":  {"找零", "Change"},
	"refused": {"支付未成功", "Not paid"},
	"other":   {"请换一种方式付款", "Please pay another way"},
	"wait":    {"结果待确认", "Waiting for the bank"},
	"ask":     {"请勿再次付款，请问收银员", "Do not pay again; ask the cashier"},
	"back":    {"款项已退回", "Your money was returned"},
	"left":    {"还需支付", "Still to pay"},
	"welcome": {"欢迎光临", "Welcome"},
}

// Of makes the customer's view of a snapshot. lang is "en" or Chinese for
// everything else.
func Of(s *checkout.Snapshot, lang string) pos.View {
	n := 0
	shop := s.Shop.Name
	if lang == "en" {
		n = 1
		if s.Shop.NameEN != "" {
			shop = s.Shop.NameEN
		}
	}
	say := func(key string) string { return words[key][n] }
	switch {
	case s.QR != nil && s.QR.Code != "" && !s.QR.Closing:
		v := pos.View{State: pos.ViewQR, Title: say("scan"), Total: s.QR.Amount, QR: s.QR.Code}
		if s.QR.Paying {
			v.Note = say("paying")
		}
		return v
	case s.QR != nil:
		return pos.View{State: pos.ViewPay, Title: say("pay"), Total: s.QR.Amount}
	case s.Card != nil:
		return pos.View{State: pos.ViewPay, Title: say("pay"), Total: s.Card.Amount, Note: say(stage(s.Card))}
	case s.Outcome != nil:
		return ended(s.Outcome, say)
	case len(s.Basket.Lines) > 0:
		return sale(s, say)
	}
	return pos.View{State: pos.ViewIdle, Title: shop, Note: say("welcome")}
}

func stage(c *checkout.CardView) string {
	if len(c.Choices) > 0 {
		return "choose"
	}
	switch c.Stage {
	case checkout.CardPresent:
		return "present"
	case checkout.CardRead, checkout.CardFinish:
		return "hold"
	case checkout.CardPIN:
		return "pin"
	case checkout.CardPrepare, checkout.CardHost:
	}
	return "bank"
}

// ended is the view of an outcome. A customer learns of a refusal that another
// way is wanted; why is for the cashier to say.
func ended(o *checkout.Outcome, say func(string) string) pos.View {
	switch o.Kind {
	case checkout.OutcomeApproved:
		v := pos.View{State: pos.ViewThanks, Title: say("thanks"), Total: o.Attempt.Approved}
		switch {
		case o.Attempt.Kind == pos.Void || o.Attempt.Kind == pos.Refund:
			v.Note = say("back")
		case o.Balance != nil:
			v.Total = 0 // a balance is shown on paper, not to the shop
		case o.Change > 0:
			v.Note, v.Total = say("change"), o.Change
		case o.Due > 0:
			v.State, v.Title, v.Total = pos.ViewPay, say("left"), o.Due
		}
		return v
	case checkout.OutcomeUnknown:
		return pos.View{State: pos.ViewWait, Title: say("wait"), Total: o.Attempt.Amount, Note: say("ask")}
	}
	return pos.View{State: pos.ViewRefused, Title: say("refused"), Total: o.Due, Note: say("other")}
}

func sale(s *checkout.Snapshot, say func(string) string) pos.View {
	v := pos.View{State: pos.ViewSale, Title: say("total"), Total: s.Basket.Total}
	at := len(s.Basket.Lines) - 1
	for i, l := range s.Basket.Lines {
		if l.No == s.Selected {
			at = i
		}
	}
	l := s.Basket.Lines[at]
	v.Line, v.Price = l.Name, l.Total
	return v
}

// Source gives snapshots: the attended flow.
type Source interface {
	Snapshot() *checkout.Snapshot
	Subscribe(f func(*checkout.Snapshot)) (cancel func())
}

// Follow shows what the source says until the context ends. A display that is
// slow gets the newest view and misses what came between.
func Follow(ctx context.Context, s Source, d pos.Display, lang string, log *slog.Logger) {
	changed := make(chan struct{}, 1)
	cancel := s.Subscribe(func(*checkout.Snapshot) {
		select {
		case changed <- struct{}{}:
		default: // one is waiting, and will find the newest
		}
	})
	defer cancel()
	select {
	case changed <- struct{}{}:
	default:
	}
	var shown pos.View
	failed := ""
	for first := true; ; first = false {
		select {
		case <-ctx.Done():
			if err := d.Show(pos.View{State: pos.ViewIdle}); err != nil { // no code stays in sight of a closed till
				log.Warn("the customer's display was not cleared", "error", err)
			}
			return
		case <-changed:
		}
		v := Of(s.Snapshot(), lang)
		if v == shown && !first && failed == "" {
			continue
		}
		shown = v
		err := d.Show(v)
		switch {
		case err == nil:
			failed = ""
		case err.Error() != failed:
			failed = err.Error()
			log.Warn("the customer's display does not show", "view", v.State, "error", err)
		}
	}
}
