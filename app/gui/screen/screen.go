// Package screen draws the till's screens: one file a screen, each a pure function from a snapshot of the checkout and
// the face's own view to a page of the kit.
//
// It promises that the same snapshot, view, words and look give the same page; that a key that cannot be used is drawn
// with its reason and never hidden; that the pad and the tenders keep their places in every step of a payment. It never
// asks the checkout for anything, never keeps state and never starts a goroutine.
//
// Distances are those of the drawings for 1366x768, scaled by look.Metrics to the panel.
package screen

import (
	"time"

	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/i18n"
	"tillkeeper/app/pos"
)

// Name names a screen.
type Name string

// The screens. Home is what the checkout's step asks for.
const (
	Home      Name = ""
	SelfTest  Name = "selftest"
	Cash      Name = "cash"
	Search    Name = "search"
	Quick     Name = "quick"
	Held      Name = "held"
	More      Name = "more"
	Today     Name = "today"
	Records   Name = "records"
	Record    Name = "record"
	Queue     Name = "queue"
	Catalogue Name = "catalogue"
	Settings  Name = "settings"

	Receipt   Name = "receipt"    // one receipt and what may still be undone of it
	Refund    Name = "refund"     // lines or a sum of it to give back
	Cards     Name = "cards"      // balance, pre-authorizations
	Resolve   Name = "resolve"    // an open item that a person decides
	Settle    Name = "settle"     // the close of the batch
	Reconcile Name = "reconcile"  // the acquirer's file against the journal
	Differ    Name = "difference" // one difference that a person decides
	Charged   Name = "charged"    // the customer who was charged for a failed sale
	Story     Name = "story"      // all that happened to one payment, in plain words
	Keys      Name = "keys"       // the terminal's master key, two people
	Devices   Name = "devices"    // what is plugged in, tested and changed
)

// View is what belongs to the face: where the cashier is and what was typed. It is handed over by value.
type View struct {
	Now    time.Time // of the shop
	Screen Name
	Entry  string         // digits typed and not yet used
	Qty    string         // quantity set for the next article, "" for one
	Notice string         // sentence of the last refusal, "" for none
	First  map[string]int // first row shown of a list; absent shows its end
	Busy   bool           // a command is under way
	Sheet  Sheet

	Staff []Staff // sign-in tiles
	Who   string  // id of the chosen one
	PIN   int     // digits typed

	Category   string
	Categories []string
	Tiles      []Tile
	Letters    string // pinyin initials typed
	Found      []pos.Product

	Part     pos.Amount // part to be paid next of a split, 0 for all that is due
	Rounding bool       // the cents are waived
	Tendered string     // cash typed, "" until something is
	HeldList []pos.Basket

	Tests   []pos.Condition
	Testing bool
	Version string

	Totals   pos.Totals
	LastWeek pos.Totals
	SameTime pos.Amount // net of last week's day until this hour
	Names    map[string]string
	Waiting  []pos.Attempt // open items
	Found2   []pos.Attempt // records found
	Attempt  pos.Attempt
	Events   []pos.Event
	Dark     bool
	Training bool
	Bench    Bench
	Products int

	Ask     Ask // the question that covers the screen, "" for none
	Undoing Undoing
	CardDo  CardDo
	Decide  Decide
	Closing Closing
	Claim   Claim
	Keying  KeyEntry

	Followed     Followed
	Gear         Gear
	Weighing     Weighing
	CustomerTest time.Time // until when the customer's window shows its test picture
}

// Staff is a tile of the sign-in.
type Staff struct {
	ID, Name string
	Role     pos.Role
}

// Tile is a quick article.
type Tile struct {
	SKU, Name, Spec string
	Price           pos.Amount
}

// Ctx is all that a screen draws from.
type Ctx struct {
	L *look.Look
	W i18n.Words
	S *checkout.Snapshot
	V View
	p *kit.Page
}

// The verbs of keys that a screen prints; the digits' are the kit's.
const (
	VerbBack     = "back" // backspace
	VerbClear    = "clear"
	VerbTimes    = "times"
	VerbEnter    = "enter" // adds the entry
	VerbPrice    = "price"
	VerbDiscount = "discount"
	VerbWeigh    = "weigh"
	VerbDelete   = "delete"
	VerbCategory = "category"
	VerbTile     = "tile"
	VerbLine     = "line"
	VerbPay      = "pay" // argument: a tender
	VerbSplit    = "split"
	VerbHold     = "hold"
	VerbGo       = "go" // argument: a screen's name
	VerbRecall   = "recall"
	VerbReprint  = "reprint"
	VerbGive     = "give"    // quick amount, argument in fen
	VerbNote     = "note"    // adds a note, argument in fen
	VerbRound    = "round"   // waives the cents
	VerbConfirm  = "confirm" // takes the cash
	VerbCancel   = "cancel"
	VerbCheck    = "check"
	VerbNext     = "next"
	VerbStaff    = "staff"
	VerbSignIn   = "sign_in"
	VerbSignOut  = "sign_out"
	VerbSelfTest = "self_test"
	VerbDark     = "dark"
	VerbLang     = "lang"
	VerbSend     = "send"
	VerbAttempt  = "attempt"
	VerbLineCut  = "line_cut"
	VerbCustomer = "customer"
	VerbExport   = "export"
)

// Draw draws the screen that snapshot and view ask for.
func Draw(c Ctx) *kit.Page {
	c.p = kit.NewPage(c.L)
	switch c.V.Screen {
	case SelfTest:
		c.plain()
		c.selfTest()
		return c.p
	case Home, Cash, Search, Quick, Held, More, Weigh:
	default:
		c.plain()
		c.office()
		c.ask()
		if c.V.Sheet.Open {
			c.sheet()
		}
		return c.p
	}
	switch c.S.Step {
	case checkout.StepSignIn:
		c.signIn()
	case checkout.StepOutcome:
		c.plain()
		c.outcome()
	default:
		c.counter()
	}
	if c.V.Sheet.Open {
		c.sheet()
	}
	return c.p
}

// plain begins the page anew in the layout that all panels share.
func (c *Ctx) plain() {
	if plain := c.L.Plain(); plain != c.L {
		c.L = plain
		c.p = kit.NewPage(plain)
	}
}

// Customer draws the second window.
func Customer(c Ctx) *kit.Page {
	c.L = c.L.Plain()
	c.p = kit.NewPage(c.L)
	c.customer()
	return c.p
}

// u scales a drawn distance.
func (c *Ctx) u(v float32) float32 { return c.L.M.U(v) }

// t gives a text in the language of the face.
func (c *Ctx) t(zh string, args ...any) string { return c.W.T(zh, args...) }

// act is short for an act.
func act(verb, arg string) kit.Act { return kit.Act{Verb: verb, Arg: arg} }
