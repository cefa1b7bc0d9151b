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
	"tillkeeper/app/i18n"
	"tillkeeper/app/pos"
)

// Of makes the customer's view of a snapshot. lang is "en" or Chinese for
// everything else.
func Of(s *checkout.Snapshot, lang string) pos.View {
	w := i18n.In(lang, nil)
	shop := s.Shop.Name
	if w.English && s.Shop.NameEN != "" {
		shop = s.Shop.NameEN
	}
	switch {
	case s.QR != nil && s.QR.Code != "" && !s.QR.Closing:
		v := pos.View{State: pos.ViewQR, Title: w.T("请扫码支付"), Total: s.QR.Amount, QR: s.QR.Code}
		if s.QR.Paying {
			v.Note = w.T("请在手机上确认")
		}
		return v
	case s.QR != nil:
		return pos.View{State: pos.ViewPay, Title: w.T("请付款"), Total: s.QR.Amount}
	case s.Card != nil:
		return pos.View{State: pos.ViewPay, Title: w.T("请付款"), Total: s.Card.Amount, Note: w.T(stage(s.Card))}
	case s.Outcome != nil:
		return ended(s.Outcome, w)
	case len(s.Basket.Lines) > 0:
		return sale(s, w)
	}
	return pos.View{State: pos.ViewIdle, Title: shop, Note: w.T("欢迎光临")}
}

// stage words where a card payment is.
func stage(c *checkout.CardView) string {
	if len(c.Choices) > 0 {
		return "请告诉收银员用哪个账户"
	}
	switch c.Stage {
	case checkout.CardPresent:
		return "请插卡、挥卡或刷卡"
	case checkout.CardRead, checkout.CardFinish:
		return "正在读卡，请勿移动"
	case checkout.CardPIN:
		return "请在密码键盘上输入密码"
	case checkout.CardPrepare, checkout.CardHost:
	}
	return "正在联系银行"
}

// ended is the view of an outcome. A customer learns of a refusal that another
// way is wanted; why is for the cashier to say.
func ended(o *checkout.Outcome, w i18n.Words) pos.View {
	switch o.Kind {
	case checkout.OutcomeApproved:
		v := pos.View{State: pos.ViewThanks, Title: w.T("谢谢惠顾"), Total: o.Attempt.Approved}
		switch {
		case o.Attempt.Kind == pos.Void || o.Attempt.Kind == pos.Refund:
			v.Note = w.T("款项已退回")
		case o.Balance != nil:
			v.Total = 0 // a balance is shown on paper, not to the shop
		case o.Change > 0:
			v.Note, v.Total = w.T("找零"), o.Change
		case o.Due > 0:
			v.State, v.Title, v.Total = pos.ViewPay, w.T("还需支付"), o.Due
		}
		return v
	case checkout.OutcomeUnknown:
		return pos.View{State: pos.ViewWait, Title: w.T("结果待确认"), Total: o.Attempt.Amount, Note: w.T("请勿再次付款，请问收银员")}
	}
	return pos.View{State: pos.ViewRefused, Title: w.T("支付未成功"), Total: o.Due, Note: w.T("请换一种方式付款")}
}

func sale(s *checkout.Snapshot, w i18n.Words) pos.View {
	v := pos.View{State: pos.ViewSale, Title: w.T("合计"), Total: s.Basket.Total}
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
