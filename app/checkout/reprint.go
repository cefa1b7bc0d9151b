package checkout

import (
	"context"
	"fmt"

	"tillkeeper/app/pos"
)

// Reprint prints a receipt again, marked as a copy; the number of an attempt
// gives the slip about it.
func (s *Session) Reprint(ctx context.Context, receipt string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.signedIn(); err != nil {
		return err
	}
	of, err := s.o.Journal.OfReceipt(receipt)
	if err != nil {
		return err
	}
	if len(of) == 0 {
		if a, err := s.o.Journal.Attempt(receipt); err == nil {
			s.print(a.Receipt, s.o.Slip.Attempt(a, s.operator.Name))
			return nil
		}
		return pos.Errorf("unknown_receipt", "name the number on the receipt", "there is no receipt %q", receipt)
	}
	if of[0].Kind != pos.Sale {
		return s.copyOf(ctx, of[len(of)-1])
	}
	b, err := s.o.Journal.Basket(of[0].Basket)
	if err != nil {
		return fmt.Errorf("the basket of receipt %s: %w", receipt, err)
	}
	if b.State != pos.BasketPaid {
		return pos.Errorf("not_paid", "pay it first", "receipt %s is not paid yet", receipt)
	}
	e := pos.Event{Type: pos.EvReprinted, Basket: b.Key, Receipt: receipt, By: s.operator.ID}
	if _, err := s.o.Journal.Append(ctx, pos.Commit{Events: []pos.Event{e}}); err != nil {
		return journalFault(err)
	}
	s.printSale(b, s.operator.Name, true)
	return nil
}

// copyOf prints the slip of a payment that is no sale again. The caller holds mu.
func (s *Session) copyOf(ctx context.Context, a pos.Attempt) error {
	if a.Kind == pos.Balance {
		return pos.Errorf("not_kept", "ask for the balance again", "what was on a card is kept nowhere")
	}
	original, goods, err := s.follows(a)
	if err != nil {
		return err
	}
	e := pos.Event{Type: pos.EvReprinted, Basket: a.Basket, Receipt: a.Receipt, By: s.operator.ID}
	if _, err := s.o.Journal.Append(ctx, pos.Commit{Events: []pos.Event{e}}); err != nil {
		return journalFault(err)
	}
	job := pos.PrintJob{Number: a.Receipt, Copy: true, Slip: s.o.Slip.FollowUp(a, original, goods, s.operator.Name, true)}
	if err := s.o.Printer.Print(job); err != nil {
		s.o.Log.Warn("a slip was not taken by the printer", "receipt", a.Receipt, "error", err)
	}
	return nil
}

// follows gives what a payment that is no sale goes back to: the payment before it, and the goods of a refund.
func (s *Session) follows(a pos.Attempt) (original *pos.Attempt, goods []pos.Line, err error) {
	if a.Original != "" {
		o, err := s.o.Journal.Attempt(a.Original)
		if err != nil {
			return nil, nil, journalFault(err)
		}
		original = &o
	}
	if a.Basket != "" && a.Kind == pos.Refund {
		b, err := s.o.Journal.Basket(a.Basket)
		if err != nil {
			return nil, nil, journalFault(err)
		}
		goods = b.Lines
	}
	return original, goods, nil
}
