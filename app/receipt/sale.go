package receipt

import "tillkeeper/app/pos"

// Sale is the receipt of a paid basket. Attempts that stand for money are its
// tenders; one whose outcome is open is said to be in reversal; one that was
// refused or given up does not appear.
func Sale(s Shop, b pos.Basket, attempts []pos.Attempt, o Options) Document {
	p := newPage(b.Receipt, o)
	p.head(s, o)
	p.bold(p.say["receipt"], b.Receipt)
	p.where(s, o)
	p.known(p.say["taxid"], s.TaxID)
	p.rule()
	for _, l := range b.Lines {
		p.article(l)
	}
	p.rule()
	p.sums(b)
	for i := range attempts {
		p.tender(&attempts[i])
	}
	p.rule()
	return p.foot(o, true)
}

// article prints one line of the basket: its name, then quantity x price and
// the total.
func (p *page) article(l pos.Line) {
	p.text(l.Name)
	qty := l.Qty.String()
	if l.Unit == "kg" {
		qty += "kg"
	}
	p.pair("  "+qty+" x "+l.Price.String(), (l.Total + l.Discount).String())
	p.maybe("  "+p.say["discount"], (-l.Discount).String(), l.Discount != 0)
}

func (p *page) sums(b pos.Basket) {
	if b.Mode == pos.TaxAdded {
		p.pair(p.say["subtotal"], (b.Total - b.Tax).String())
		p.pair(p.say["tax_added"], b.Tax.String())
	}
	p.add(Line{Kind: Text, Left: p.say["total"], Right: yuan(b.Total), Bold: true, Big: true})
	if b.Mode != pos.TaxAdded {
		p.maybe(p.say["tax_included"], b.Tax.String(), b.Tax != 0)
	}
	if b.Rounding != 0 {
		p.pair(p.say["rounding"], b.Rounding.String())
		p.bold(p.say["due"], yuan(b.Total+b.Rounding))
	}
}

// tender prints one payment with what the bank or the wallet will ask for.
func (p *page) tender(a *pos.Attempt) {
	switch {
	case a.State == pos.Unknown, a.State == pos.Reversing, a.State == pos.Manual:
		p.rule()
		p.bold(p.tenderName(a), yuan(a.Amount))
		p.text("  " + p.say["reversal"])
		p.trace(a)
		return
	case !pos.StateRules[a.State].Counted && a.State != pos.Voided:
		return
	}
	p.rule()
	p.maybe(p.say["kind"], p.kindName(a.Kind), a.Kind != pos.Sale && a.Kind != "")
	amount := a.Approved
	if a.State == pos.Voided && amount == 0 {
		amount = a.Amount
	}
	p.bold(p.tenderName(a), yuan(amount))
	switch a.State {
	case pos.Voided:
		p.text("  " + p.say["voided"])
	case pos.Refunded:
		p.pair("  "+p.say["refunded"], yuan(a.Refunded))
	}
	switch a.Tender {
	case pos.Cash:
		p.pair("  "+p.say["tendered"], yuan(a.Tendered))
		p.pair("  "+p.say["change"], yuan(a.Change))
	case pos.QR:
		p.known("  "+p.say["order"], a.Order)
		p.known("  "+p.say["attempt"], a.ID)
	default:
		p.card(a)
	}
}

func (p *page) card(a *pos.Attempt) {
	p.trace(a)
	if a.PINOnline {
		p.text("  " + p.say["pin_verified"])
	}
	if a.Signature && !a.PINOnline {
		p.pair("  "+p.say["signature"], "____________________")
	}
	switch {
	case a.Deferred:
		p.add(Line{Kind: Text, Left: "  " + p.say["deferred"], Bold: true})
	case a.Offline:
		p.add(Line{Kind: Text, Left: "  " + p.say["offline"], Bold: true})
	}
}

// trace prints the numbers by which a bank finds the payment.
func (p *page) trace(a *pos.Attempt) {
	p.known("  "+p.say["pan"], a.MaskedPAN)
	p.known("  "+p.say["entry"], p.word(a.EntryMode))
	p.known("  "+p.say["org"], a.Org)
	p.known("  "+p.say["stan"], a.STAN)
	p.known("  "+p.say["batch"], a.Batch)
	p.known("  "+p.say["rrn"], a.RRN)
	p.known("  "+p.say["auth"], a.AuthCode)
}

func (p *page) tenderName(a *pos.Attempt) string {
	if a.Tender == pos.QR && a.Wallet != "" {
		return p.word(a.Wallet)
	}
	return p.word(string(a.Tender))
}

func (p *page) kindName(k pos.Kind) string { return p.word(string(k)) }

// word gives the word for a fact, or the fact itself where there is none.
func (p *page) word(fact string) string {
	if w, ok := p.say[fact]; ok {
		return w
	}
	return fact
}

func yuan(a pos.Amount) string {
	if a < 0 {
		return "-￥" + (-a).String()
	}
	return "￥" + a.String()
}
