package checkout

import (
	"time"

	"tillkeeper/app/config"
	"tillkeeper/app/pos"
)

// Step is what the till is doing for the person in front of it.
type Step string

// The steps of the attended flow.
const (
	StepSignIn  Step = "sign_in"
	StepSale    Step = "sale"
	StepCard    Step = "card"    // a card payment is running
	StepQR      Step = "qr"      // a wallet payment is running
	StepOutcome Step = "outcome" // until the next key or scan
)

// Snapshot is everything a face needs to draw, immutable once handed out. The
// cash tender, the entry line and the place in a list belong to the face.
type Snapshot struct {
	Version  uint64 // upwards with every change
	Time     time.Time
	Step     Step
	Shop     Shop
	Operator pos.Operator // zero before the sign-in
	Basket   pos.Basket   // the open one; Lines may be empty
	Selected int          // line number last touched, 0 for none
	Held     int          // baskets on hold
	Line     LineView
	Devices  []pos.Condition // reader printer display wallet ...
	Card     *CardView
	QR       *QRView
	Outcome  *Outcome
	Last     *LastSale
	Refused  map[pos.Tender]string // tender -> reason code why it cannot be used now
	Settling bool                  // a settlement runs: card and QR wait
}

// Shop is the heading of every screen.
type Shop struct {
	Name, NameEN, Address, Phone string
	TID, MID                     string
	Demo                         bool // keys in a plain file: said on every screen
}

// ShopOf is the heading that a configuration gives.
func ShopOf(c config.Parsed) Shop {
	return Shop{
		Name: c.Shop.Name, NameEN: c.Shop.NameEN, Address: c.Shop.Address, Phone: c.Shop.Phone,
		TID: c.Terminal.TID, MID: c.Terminal.MID, Demo: c.Keys.Store == "demo",
	}
}

// LineView is the state of the line and the room left without it.
type LineView struct {
	State      string // online offline degraded
	Cause      string // network acquirer keys refused
	Since      time.Time
	Queued     int // uploads and deferred sales that wait
	QueuedSum  pos.Amount
	Reversing  int
	Persons    int // manual and late declined
	RoomSum    pos.Amount
	RoomCount  int
	OfflineOff string // reason code why no card can be taken offline, "" if it can
}

// any says whether anything is owed to the host or to a person.
func (v LineView) any() bool { return v.Queued+v.Reversing+v.Persons > 0 }

// CardStage is a step of a card payment, in this order.
type CardStage int

// The stages.
const (
	CardPrepare CardStage = iota // reversals first, sign-on
	CardPresent                  // insert, tap or swipe
	CardRead                     // hold the card still
	CardPIN                      // on the PIN pad
	CardHost                     // the bank
	CardFinish                   // the card's last word
)

// CardView is a card payment that runs.
type CardView struct {
	Kind      pos.Kind // sale void refund balance preauth completion ...
	Amount    pos.Amount
	Stage     CardStage
	Began     time.Time // of the stage
	Deadline  time.Time // of the stage, zero for none
	MaskedPAN string
	Entry     string
	Choices   []string // the card's applications, while the customer is to choose one
	Again     bool     // a second attempt after a new sign-on: present the card again
	Bypass    bool     // a customer whose card has no PIN presses OK without one
}

// QRView is a wallet payment that runs.
type QRView struct {
	Amount  pos.Amount
	Code    string // text of the QR, "" until the order is made
	Began   time.Time
	Expires time.Time
	Paying  bool // the customer is confirming
	Closing bool // given up: being queried and closed
}

// OutcomeKind is the shape of an outcome.
type OutcomeKind string

// The three outcomes.
const (
	OutcomeApproved OutcomeKind = "approved"
	OutcomeRefused  OutcomeKind = "refused"
	OutcomeUnknown  OutcomeKind = "unknown"
)

// Outcome is the last payment's end, filling the screen. Code is an answer
// code (DE 39) or a till reason; its texts come from the table of declines.
type Outcome struct {
	Kind     OutcomeKind
	Attempt  pos.Attempt
	Code     string
	Offer    []pos.Tender // next tenders, the first is the proposal
	Change   pos.Amount   // cash to hand back
	Due      pos.Amount   // still to be paid on the basket
	Finished bool         // the basket is paid
	Balance  *pos.Amount  // of an inquiry
	Notify   *bool        // the issuer will send an SMS; nil: not said
	At       time.Time
}

// LastSale is shown on the empty sale screen.
type LastSale struct {
	Receipt string
	Tender  pos.Tender
	Total   pos.Amount
	Change  pos.Amount
	At      time.Time
}
