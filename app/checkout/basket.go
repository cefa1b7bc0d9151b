package checkout

import (
	"context"
	"errors"
	"fmt"

	"tillkeeper/app/basket"
	"tillkeeper/app/pos"
	"tillkeeper/app/staff"
)

// maxHeld bounds the baskets on hold.
const maxHeld = 99

// freeDiscount is the part of a line, in percent, that a cashier may take off
// without a supervisor.
const freeDiscount = 10

// Scan adds the article of a barcode; a code printed by the shop's scale
// carries its price or weight.
func (s *Session) Scan(ctx context.Context, code string, qty pos.Qty) (pos.Line, error) {
	line, err := s.o.Goods.Scan(code, s.o.Tax)
	switch {
	case errors.Is(err, basket.ErrNeedsWeight) && qty > 0:
		if p, ok := s.o.Goods.ByBarcode(code); ok {
			return s.Add(ctx, p.SKU, qty)
		}
		return s.Add(ctx, code, qty)
	case errors.Is(err, basket.ErrNeedsWeight):
		return pos.Line{}, pos.Errorf("needs_weight", "weigh it, or give the weight as quantity", "the article %q is sold by weight", code)
	case err != nil:
		return pos.Line{}, &pos.Error{
			Code: "unknown_barcode", Message: fmt.Sprintf("no article has the barcode %q", code),
			Remedy: "look the article up by name, or add it to the catalogue", Err: err,
		}
	}
	if qty > 0 && line.Unit != "kg" {
		if err := basket.Whole(line, qty); err != nil {
			return pos.Line{}, badLine(err)
		}
		line.Qty = qty
	}
	return s.addLine(ctx, line)
}

// Add adds an article by its number.
func (s *Session) Add(ctx context.Context, sku string, qty pos.Qty) (pos.Line, error) {
	if qty == 0 {
		qty = pos.One
	}
	p, ok := s.o.Goods.BySKU(sku)
	if !ok {
		return pos.Line{}, pos.Errorf("unknown_sku", "look the article up by name", "no article has the number %q", sku)
	}
	line, err := basket.NewLine(p, qty, s.o.Tax)
	if err != nil {
		return pos.Line{}, badLine(err)
	}
	return s.addLine(ctx, line)
}

// addLine adds an article to the open basket; the same article at the same
// price grows its line, unless it is weighed.
func (s *Session) addLine(ctx context.Context, line pos.Line) (pos.Line, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.mayChange(); err != nil {
		return pos.Line{}, err
	}
	b := s.openBasket()
	at := -1
	for i, l := range b.Lines {
		if l.SKU == line.SKU && l.Price == line.Price && l.Discount == 0 && line.Discount == 0 && l.Unit == line.Unit && l.Unit != "kg" {
			at = i
		}
	}
	if at >= 0 {
		b.Lines[at].Qty += line.Qty
		line.No = b.Lines[at].No
	} else {
		b.NextLine++
		line.No = b.NextLine
		b.Lines = append(b.Lines, line)
	}
	return s.keep(ctx, b, pos.EvLineAdded, line.No)
}

// openBasket is a copy of the open basket, or a new one.
func (s *Session) openBasket() *pos.Basket {
	if s.basket.State == pos.BasketOpen {
		return s.basket.Clone()
	}
	return &pos.Basket{
		Key: s.o.Journal.NextBasket(), Receipt: s.o.Journal.NextReceipt(), State: pos.BasketOpen,
		Cashier: s.operator.ID, Mode: s.o.Tax,
	}
}

func (s *Session) mayChange() error {
	if err := s.signedIn(); err != nil {
		return err
	}
	if s.running != nil {
		return pos.Errorf("payment_running", "wait for its outcome, or cancel it", "a payment of this basket is being made")
	}
	return nil
}

func badLine(err error) error {
	return &pos.Error{Code: "bad_line", Message: "the line does not fit", Remedy: "check quantity, price and discount", Err: err}
}

// keep prices a changed basket, makes it durable and shows it. The caller
// holds mu.
func (s *Session) keep(ctx context.Context, b *pos.Basket, t pos.EventType, no int) (pos.Line, error) {
	if err := s.recount(); err != nil {
		return pos.Line{}, err
	}
	b.Rounding = 0
	if b.Key == s.basket.Key {
		b.Paid = s.basket.Paid
	}
	if err := basket.Refresh(b); err != nil {
		return pos.Line{}, badLine(err)
	}
	if b.Paid > 0 && b.Total <= b.Paid {
		return pos.Line{}, pos.Errorf("part_paid", "pay the rest first", "%s of this basket is already paid", b.Paid)
	}
	e := pos.Event{Type: t, Basket: b.Key, By: s.operator.ID}
	var line pos.Line
	if i := basket.Find(b.Lines, no); i >= 0 {
		line = b.Lines[i]
		e.Line = &line
	} else if i := basket.Find(s.basket.Lines, no); i >= 0 { // removed
		gone := s.basket.Lines[i]
		e.Line = &gone
	}
	if _, err := s.o.Journal.Append(ctx, pos.Commit{Events: []pos.Event{e}, Baskets: []pos.Basket{*b}}); err != nil {
		return pos.Line{}, journalFault(err)
	}
	s.basket, s.selected = *b, no
	if s.step == StepOutcome {
		s.step, s.outcome = StepSale, nil
	}
	s.publish()
	return line, nil
}

// Edit changes quantity, price or discount of a line.
func (s *Session) Edit(ctx context.Context, e Edit) (pos.Line, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, i, err := s.lineOf(e.Line)
	if err != nil {
		return pos.Line{}, err
	}
	l := &b.Lines[i]
	if e.Qty != nil {
		if *e.Qty <= 0 {
			return pos.Line{}, pos.Errorf("bad_quantity", "give a quantity above zero, or remove the line", "%s does not fit", *e.Qty)
		}
		if err := basket.Whole(*l, *e.Qty); err != nil {
			return pos.Line{}, badLine(err)
		}
		l.Qty = *e.Qty
	}
	if e.Price != nil {
		if err := s.allowed(staff.PriceOverride, e.Override); err != nil {
			return pos.Line{}, err
		}
		l.Price = *e.Price
	}
	if e.Discount != nil {
		l.Discount = *e.Discount
	}
	gross, err := basket.Gross(l.Price, l.Qty)
	if err != nil {
		return pos.Line{}, badLine(err)
	}
	if l.Discount*100 > gross*freeDiscount { // fewer pieces make the same sum off a larger part
		if err := s.allowed(staff.DiscountOverLimit, e.Override); err != nil {
			return pos.Line{}, err
		}
	}
	if e.Reason != "" {
		l.Reason = e.Reason
	}
	return s.keep(ctx, b, pos.EvLineEdited, e.Line)
}

func (s *Session) lineOf(no int) (*pos.Basket, int, error) {
	if err := s.mayChange(); err != nil {
		return nil, 0, err
	}
	b := s.basket.Clone()
	i := basket.Find(b.Lines, no)
	if s.basket.State != pos.BasketOpen || i < 0 {
		return nil, 0, pos.Errorf("unknown_line", "name a line of the open basket", "there is no line %d", no)
	}
	return b, i, nil
}

// Remove takes a line out of the basket.
func (s *Session) Remove(ctx context.Context, no int, reason string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, i, err := s.lineOf(no)
	if err != nil {
		return err
	}
	b.Lines = append(b.Lines[:i:i], b.Lines[i+1:]...)
	if _, err := s.keep(ctx, b, pos.EvLineRemoved, no); err != nil {
		return err
	}
	s.selected = 0
	if n := len(b.Lines); n > 0 {
		s.selected = b.Lines[min(i, n-1)].No
	}
	s.publish()
	return nil
}

// Clear abandons the basket; one that is paid in part is refused.
func (s *Session) Clear(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.mayChange(); err != nil {
		return err
	}
	if s.basket.State != pos.BasketOpen {
		return nil
	}
	if err := s.recount(); err != nil {
		return err
	}
	if s.basket.Paid > 0 {
		return pos.Errorf("part_paid", "pay the rest", "%s of this basket is already paid", s.basket.Paid)
	}
	return s.leave(ctx, pos.BasketCleared, pos.EvBasketCleared, "")
}

// leave moves the open basket to another state. The caller holds mu.
func (s *Session) leave(ctx context.Context, st pos.BasketState, t pos.EventType, note string) error {
	b := s.basket.Clone()
	b.State, b.Note = st, note
	if st == pos.BasketHeld {
		b.Ticket = b.Receipt
	}
	e := pos.Event{Type: t, Basket: b.Key, By: s.operator.ID, Text: note}
	if _, err := s.o.Journal.Append(ctx, pos.Commit{Events: []pos.Event{e}, Baskets: []pos.Basket{*b}}); err != nil {
		return journalFault(err)
	}
	s.basket, s.selected, s.outcome, s.step = pos.Basket{}, 0, nil, StepSale
	if st == pos.BasketHeld {
		s.held++
	}
	s.publish()
	return nil
}

// Hold puts the basket aside and gives the ticket to recall it by.
func (s *Session) Hold(ctx context.Context, note string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch err := s.mayChange(); {
	case err != nil:
		return "", err
	case s.basket.State != pos.BasketOpen || len(s.basket.Lines) == 0:
		return "", pos.Errorf("empty_basket", "scan or add something first", "there is nothing to hold")
	}
	switch err := s.recount(); {
	case err != nil:
		return "", err
	case s.basket.Paid > 0:
		return "", pos.Errorf("part_paid", "pay the rest", "%s of this basket is already paid", s.basket.Paid)
	case s.held >= maxHeld:
		return "", pos.Errorf("too_many_held", "recall or clear one first", "%d baskets are on hold", s.held)
	}
	ticket := s.basket.Receipt
	return ticket, s.leave(ctx, pos.BasketHeld, pos.EvBasketHeld, note)
}

// Held gives the baskets on hold, oldest first.
func (s *Session) Held() ([]pos.Basket, error) { return s.o.Journal.Baskets(pos.BasketHeld) }

// Recall takes a basket on hold up again.
func (s *Session) Recall(ctx context.Context, ticket string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.mayChange(); err != nil {
		return err
	}
	if s.basket.State == pos.BasketOpen && len(s.basket.Lines) > 0 {
		return pos.Errorf("basket_open", "pay, hold or clear it first", "another basket is open")
	}
	held, err := s.Held()
	if err != nil {
		return err
	}
	for _, b := range held {
		if b.Ticket != ticket {
			continue
		}
		b.State, b.Ticket = pos.BasketOpen, ""
		e := pos.Event{Type: pos.EvBasketRecall, Basket: b.Key, By: s.operator.ID}
		if _, err := s.o.Journal.Append(ctx, pos.Commit{Events: []pos.Event{e}, Baskets: []pos.Basket{b}}); err != nil {
			return journalFault(err)
		}
		s.basket, s.step, s.outcome = b, StepSale, nil
		s.held--
		err := s.recount()
		s.publish()
		return err
	}
	return pos.Errorf("unknown_ticket", "name a ticket of a basket on hold", "no basket on hold has the ticket %q", ticket)
}

// Next leaves the outcome for the next sale, or for the rest of this one.
func (s *Session) Next(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.step != StepOutcome {
		return nil
	}
	s.step, s.outcome = StepSale, nil
	if s.basket.State != pos.BasketOpen {
		s.basket, s.selected = pos.Basket{}, 0
	}
	s.publish()
	return nil
}

// Basket is the open basket, as it would be paid now.
func (s *Session) Basket() pos.Basket {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.basket.State != pos.BasketOpen {
		return pos.Basket{}
	}
	return *s.basket.Clone()
}
