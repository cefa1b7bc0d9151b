package checkout

import "tillkeeper/app/pos"

// owedLimit bounds how many payments before a crash are looked at.
const owedLimit = 8

// PrintOwed prints the receipts of payments that are in the journal and never came to the printer's queue, because the
// till was cut off in between: those after newest, the last receipt that the queue took. Not a byte of them has left, so
// they are no copies. Where newest is not among the last payments nobody knows what was printed, and nothing is.
func (s *Session) PrintOwed(newest string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if newest == "" {
		return
	}
	last, err := s.o.Journal.Find(pos.Query{Limit: owedLimit})
	if err != nil {
		s.o.Log.Warn("the last payments cannot be read", "error", err)
		return
	}
	var owed []pos.Attempt
	for _, a := range last {
		if a.Linked != "" && (a.Offline || a.Deferred || a.Kind == pos.Refund) {
			continue // goes on with an older one, whose receipt came out then
		}
		if a.Receipt == newest {
			for i := len(owed) - 1; i >= 0; i-- {
				s.printOwed(owed[i])
			}
			return
		}
		if len(owed) == 0 || owed[len(owed)-1].Receipt != a.Receipt {
			owed = append(owed, a)
		}
	}
}

// printOwed prints the receipt of one payment, if there is one to print. The caller holds mu.
func (s *Session) printOwed(a pos.Attempt) {
	by := s.nameOf(a.Cashier)
	if a.Kind == pos.Sale {
		if b, err := s.o.Journal.Basket(a.Basket); err == nil && b.State == pos.BasketPaid {
			s.printSale(b, by, false)
		}
		return
	}
	if a.Kind == pos.Balance || a.Approved == 0 {
		return
	}
	original, goods, err := s.follows(a)
	if err != nil {
		s.o.Log.Warn("a slip that is owed cannot be made", "receipt", a.Receipt, "error", err)
		return
	}
	s.print(a.Receipt, s.o.Slip.FollowUp(a, original, goods, by, false))
}

// nameOf gives the name of a member of the staff, the number itself where nobody has it any more.
func (s *Session) nameOf(id string) string {
	for _, o := range s.o.Staff.Operators() {
		if o.ID == id {
			return o.Name
		}
	}
	return id
}
