package pos

// Product is one article of the catalogue.
type Product struct {
	SKU      string `json:"sku"`
	Barcode  string `json:"barcode"` // EAN-13 or EAN-8, "" if it has none
	Name     string `json:"name"`
	Price    Amount `json:"price"` // a unit
	Tax      int    `json:"tax"`   // basis points: 1300 is 13 %
	Category string `json:"category"`
	Unit     string `json:"unit"` // "kg" is weighed
}

// Weighed says whether the article is sold by weight.
func (p Product) Weighed() bool { return p.Unit == "kg" }

// Line is one line of a basket.
type Line struct {
	No          int    `json:"line"` // 1 upwards, never reused within a basket
	SKU         string `json:"sku"`
	Barcode     string `json:"barcode,omitempty"`
	Name        string `json:"name"`
	Category    string `json:"category,omitempty"`
	Unit        string `json:"unit,omitempty"`
	Qty         Qty    `json:"qty"`
	Price       Amount `json:"price"`              // a unit
	Discount    Amount `json:"discount,omitempty"` // off the line, 0 or more
	Tax         int    `json:"tax"`                // basis points
	Total       Amount `json:"total"`              // price x quantity - discount, rounded half up
	TaxSum      Amount `json:"tax_sum"`            // included in or added to Total
	Reason      string `json:"reason,omitempty"`
	Returned    Qty    `json:"returned,omitempty"` // refunded so far, goods and of Total
	ReturnedSum Amount `json:"returned_sum,omitempty"`
}

// TaxMode says whether shelf prices include the tax.
type TaxMode string

// The two modes.
const (
	TaxIncluded TaxMode = "included"
	TaxAdded    TaxMode = "added"
)

// BasketState says where a basket stands.
type BasketState string

// The states of a basket.
const (
	BasketOpen    BasketState = "open"
	BasketHeld    BasketState = "held"
	BasketPaid    BasketState = "paid"
	BasketCleared BasketState = "cleared"
	BasketRefund  BasketState = "refund" // goods coming back, not yet refunded
)

// Basket is the working document of one sale. Its key is the idempotency key
// of its payments.
type Basket struct {
	Key      string      `json:"key"`
	Receipt  string      `json:"receipt"`
	State    BasketState `json:"state"`
	Cashier  string      `json:"cashier"`
	Ticket   string      `json:"ticket,omitempty"` // of a held basket
	Note     string      `json:"note,omitempty"`
	Lines    []Line      `json:"lines"`
	NextLine int         `json:"next_line"`
	Mode     TaxMode     `json:"mode"`
	Total    Amount      `json:"total"` // what the customer owes in all
	Tax      Amount      `json:"tax"`
	Rounding Amount      `json:"rounding,omitempty"` // cash rounding, 0 or less
	Attempts []string    `json:"attempts,omitempty"` // in order
	Paid     Amount      `json:"paid"`               // sum of its counted attempts; of a refund what was paid out
	Of       string      `json:"of,omitempty"`       // of a refund: the basket whose goods come back
}

// Due is what is still to be paid.
func (b *Basket) Due() Amount { return b.Total + b.Rounding - b.Paid }

// Clone copies a basket so that the copy can be handed out.
func (b *Basket) Clone() *Basket {
	c := *b
	c.Lines = append([]Line(nil), b.Lines...)
	c.Attempts = append([]string(nil), b.Attempts...)
	return &c
}
