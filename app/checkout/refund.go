package checkout

import (
	"context"
	"errors"

	"tillkeeper/app/basket"
	"tillkeeper/app/pos"
	"tillkeeper/app/staff"
)

// Refund gives money back: of lines, of an amount, or all that is left, never
// more than that. A card whose batch is closed is read again.
func (s *Session) Refund(ctx context.Context, r RefundAsk) (Paid, error) {
	if err := s.deliverFirst(ctx, r.Receipt); err != nil {
		return Paid{}, err
	}
	plan, err := s.planRefund(r)
	if errors.Is(err, errUnsent) {
		return s.Void(ctx, Undo{Receipt: r.Receipt, Card: r.Card, Override: r.Override})
	}
	if err != nil {
		return Paid{}, err
	}
	return s.giveBack(ctx, plan.parts, nil, func(p part) payment {
		n := s.follow(pos.Refund, p.of, p.amount)
		n.receipt, n.reason = plan.receipt, r.Reason
		if p.of.Tender == pos.Card {
			n.keyed = !needsCard(&p.of, pos.OpenBatch(s.o.Journal))
		}
		n.goods = plan.goods(p.amount)
		n.goods.Key, n.goods.Receipt, n.goods.Cashier = s.o.Journal.NextBasket(), plan.receipt, s.operator.ID
		n.goods.Attempts, n.basket = []string{n.id}, n.goods.Key
		return n
	})
}

// refundPlan is a refund before anything moves.
type refundPlan struct {
	of      pos.Basket
	receipt string
	ofLines bool       // the refund is of lines, not of money alone
	lines   []pos.Line // those that come back and are in no document yet
	parts   []part
}

// goods is the document for a part of the refund. The first part carries the
// lines that come back; a refund of money alone has each line's share of it.
func (r *refundPlan) goods(amount pos.Amount) *pos.Basket {
	lines := r.lines
	r.lines = nil
	if !r.ofLines {
		var err error
		if lines, err = basket.ReturnSum(r.of, amount); err != nil {
			lines = nil // more than the lines came to: the money alone
		}
	}
	b := basket.Refunding(r.of, lines, amount)
	return &b
}

func (s *Session) planRefund(r RefundAsk) (refundPlan, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	plan := refundPlan{}
	if err := s.mayUndo(staff.RefundSale, r.Override); err != nil {
		return plan, err
	}
	if len(r.Lines) > 0 && r.Amount != 0 {
		return plan, pos.Errorf("bad_refund", "name lines or an amount, not both", "a refund of lines has its own sum")
	}
	st, err := s.Standing(r.Receipt)
	switch {
	case err != nil:
		return plan, err
	case st.NoRefund != "":
		return plan, refusal(st.NoRefund, r.Receipt)
	}
	for i := range st.Attempts {
		if waiting(&st.Attempts[i]) {
			return plan, waitingRefund(st, &st.Attempts[i], r)
		}
	}
	plan.of = st.Basket
	amount, err := plan.sum(r, st)
	if err != nil {
		return plan, err
	}
	if plan.parts, err = s.shareOut(st, amount); err != nil {
		return plan, err
	}
	batch := pos.OpenBatch(s.o.Journal)
	for _, p := range plan.parts {
		if p.of.Tender == pos.Card && needsCard(&p.of, batch) && !r.Card {
			return plan, pos.Errorf("card_needed", "name the card that paid: its batch is closed",
				"the refund of receipt %s has to read the card again", r.Receipt)
		}
	}
	plan.receipt = s.o.Journal.NextReceipt()
	return plan, s.take(plan.parts)
}

// errUnsent says that the whole of what never left is to be refunded: it is cancelled.
var errUnsent = errors.New("not sent yet")

// waitingRefund is the word about a refund of what has not been delivered. A part of what never left cannot be given
// back, nobody was charged for it; the whole receipt can be undone.
func waitingRefund(st Standing, a *pos.Attempt, r RefundAsk) error {
	whole := st.Left
	for i := range st.Attempts {
		if waiting(&st.Attempts[i]) {
			whole += st.Attempts[i].Amount
		}
	}
	switch {
	case a.Unsent() && len(r.Lines) == 0 && (r.Amount == 0 || r.Amount == whole):
		return errUnsent
	case a.Unsent():
		return pos.Errorf("not_sent_yet", "void the receipt: nothing goes out for it", "receipt %s has not been sent to the bank", r.Receipt)
	}
	return refusal("delivery_pending", r.Receipt)
}

// sum is the money of a refund, capped by what is left; it keeps the lines that
// come back.
func (r *refundPlan) sum(ask RefundAsk, st Standing) (pos.Amount, error) {
	if ask.Amount < 0 || ask.Amount > st.Left {
		return 0, pos.Errorf("too_much", "name at most what is left",
			"%s is more than the %s that is left of receipt %s", ask.Amount, st.Left, ask.Receipt)
	}
	wants := make([]basket.Want, 0, len(ask.Lines))
	for _, l := range ask.Lines {
		wants = append(wants, basket.Want{Line: l.Line, Qty: l.Qty})
	}
	all := ask.Amount == 0 && len(wants) == 0
	if all || ask.Amount == st.Left {
		wants = nil
		for _, l := range st.Lines {
			if l.Left > 0 {
				wants = append(wants, basket.Want{Line: l.No, Qty: l.Left})
			}
		}
	} else if ask.Amount > 0 {
		return ask.Amount, nil
	}
	lines, sum, err := basket.Return(st.Basket, wants)
	switch {
	case errors.Is(err, basket.ErrLeft):
		return 0, &pos.Error{Code: "too_much", Message: "more than is left of the line", Remedy: "name at most what is left", Err: err}
	case err != nil:
		return 0, badLine(err)
	}
	r.lines, r.ofLines = lines, true
	if all || ask.Amount == st.Left {
		return st.Left, nil
	}
	return min(sum, st.Left), nil
}

// shareOut says which payment of the receipt gives how much back: the first one
// that has room for all of it, else one after the other.
func (s *Session) shareOut(st Standing, amount pos.Amount) (parts []part, err error) {
	for i := range st.Attempts {
		if a := st.Attempts[i]; paysFor(&a) && a.Approved-a.Refunded >= amount {
			return []part{{a, amount}}, s.usable(a)
		}
	}
	for i := range st.Attempts {
		a := st.Attempts[i]
		if n := min(a.Approved-a.Refunded, amount); paysFor(&a) && n > 0 {
			if err := s.usable(a); err != nil {
				return nil, err
			}
			parts, amount = append(parts, part{a, n}), amount-n
		}
	}
	return parts, nil
}

// afterRefund gives the documents as they are after the events of a refund: its
// own, and once it is approved the one whose goods came back.
func (s *Session) afterRefund(p *payment, events []pos.Event) ([]pos.Basket, []pos.Event, error) {
	docs, more, err := basket.RefundDocs(s.o.Journal.Basket, *p.goods, p.amount, approvedOf(p.id, events))
	if err != nil {
		return nil, events, err
	}
	if more {
		b := docs[0]
		events = append(events, s.basketPaid(p, &b))
	}
	return docs, events, nil
}

// approvedOf says whether events approve an attempt.
func approvedOf(id string, events []pos.Event) bool {
	for _, e := range events {
		if e.Attempt == id && e.Type == pos.EvApproved {
			return true
		}
	}
	return false
}
