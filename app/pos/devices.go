package pos

import "context"

// Device is a configured device as the devices page and the doctor show it.
type Device struct {
	Name      string // reader pinpad printer qr pole scanner scale drawer
	URL       string // what the configuration says, "" for none
	Identity  string // "0416:5011 TM-T20 serial 1234", as far as it is known
	Condition Condition
}

// Found is something that is plugged in and what it could be used as.
type Found struct {
	Name     string // the device of the till that it could be
	URL      string // what to write into the configuration
	Label    string // as its maker calls it
	Identity string // VID:PID and serial number, where it has them
}

// Level is how deep a device is looked at (UnifiedPOS CheckHealth).
type Level string

// The levels of a check.
const (
	CheckInternal    Level = "internal"    // moves nothing
	CheckExternal    Level = "external"    // prints a page, shows a picture, beeps
	CheckInteractive Level = "interactive" // wants a hand: a card, a scan, a weight
)

// Equipment is the till's devices as a person sees to them.
type Equipment interface {
	Devices() []Device
	Find(ctx context.Context) []Found                              // what is plugged in
	Check(ctx context.Context, name string, level Level) Condition // of one device
	Use(ctx context.Context, name, url string) error               // take another one from now on, and remember it
}

// The states of what the customer is shown.
const (
	ViewIdle    = "idle"    // nobody is being served
	ViewSale    = "sale"    // goods are being taken
	ViewPay     = "pay"     // a payment runs: card or cash
	ViewQR      = "qr"      // the code to be scanned
	ViewThanks  = "thanks"  // paid
	ViewRefused = "refused" // not paid
	ViewWait    = "wait"    // the outcome is not known yet
)

// View is what the customer is shown, in ready words of the shop's language.
type View struct {
	State string
	Title string // "合计", "谢谢惠顾"
	Line  string // the line that was touched last
	Price Amount // of that line
	Total Amount // what the large figure is: the sum, what is due, the change
	Note  string
	QR    string // text of the code in ViewQR
}

// Display shows a View to the customer: a panel, a pole, a second window.
type Display interface {
	Show(v View) error
}

// Scanner gives the codes that are scanned, each once. The channel is closed
// with the scanner.
type Scanner interface {
	Codes() <-chan string
}

// Scale weighs. A weight is in grams and stable; the end of the context ends
// the wait for one.
type Scale interface {
	Weigh(ctx context.Context) (grams int64, err error)
}

// Drawer is the cash drawer. Known is false where it cannot tell.
type Drawer interface {
	Kick() error
	Open() (open, known bool)
}

// Printing is a slip on its way to the paper.
type Printing struct {
	ID     int
	Number string // of the receipt
	Copy   bool
	State  string // queued sent printed unknown
	Reason string // why it waits or is unknown
}
