// Package pinpad is a simulated PIN pad: a device of its own that speaks the
// bytes of drivers/pinpad and holds TMK, PIK, MAK and a DUKPT device in a key
// store.
//
// Promise: what leaves it is MACs, check values and encrypted PIN blocks; a key
// or a PIN never does. A PIN is used for one entry and overwritten; a key
// component is typed at its keypad and not kept when the other one does not
// come. It can run inside the till (Open) or, over any byte stream, in a
// process of its own (Serve). Amounts are in minor units.
package pinpad

import (
	"context"
	"io"
	"net"
	"time"

	"tillkeeper/drivers/keys"
)

const version = 3

// What a pad's own display may ask for; "" while it asks for nothing.
const (
	AsksPIN       = "pin"
	AsksComponent = "component"
	AsksBeep      = "beep" // the test picture, with a beep
)

// Screen is what the pad's own display shows.
type Screen struct {
	Asks   string
	Amount int64 // with AsksPIN, minor units
	Number int   // with AsksComponent: 1 or 2
}

// Sim is the simulated pad; its methods may be called by several goroutines.
type Sim struct {
	// Patience is how long the pad waits for a person; zero waits until the till ends it. Set before use.
	Patience time.Duration

	// Shown, where it is set before use, is told of each change of the pad's display, one after the other. It must not block.
	Shown func(Screen)

	store     *keys.Store
	ceremony  *keys.Ceremony
	customer  keypad
	custodian keypad
}

// New makes a pad that keeps its keys in store.
func New(store *keys.Store) *Sim {
	s := &Sim{store: store, ceremony: store.Ceremony()}
	s.customer.entered, s.custodian.entered = make(chan struct{}), make(chan struct{})
	return s
}

// Enter keys a PIN in: for the entry that waits, else for the next one. A later Enter replaces one not yet used; a PIN of other than 4 to 12 digits cancels.
func (s *Sim) Enter(pin string) {
	ok := len(pin) >= leastPIN && len(pin) <= mostPIN && digits(pin)
	s.customer.put(&entry{typed: []byte(pin), cancelled: !ok})
}

// Bypass presses OK without a PIN: for the entry that waits, else for the next one. Where that is not allowed it cancels.
func (s *Sim) Bypass() { s.customer.put(&entry{}) }

// Cancel presses the cancel key: for the entry that waits, of a PIN or a key component, else for the next one of a PIN.
func (s *Sim) Cancel() {
	if _, ok := s.custodian.state(); ok {
		s.custodian.put(&entry{cancelled: true})
		return
	}
	s.customer.put(&entry{cancelled: true})
}

// Type keys a component of the TMK in (32 hexadecimal digits): for the entry that waits, else for the next one.
func (s *Sim) Type(component string) { s.custodian.put(&entry{typed: []byte(component)}) }

func (s *Sim) show(to Screen) {
	if s.Shown != nil {
		s.Shown(to)
	}
}

// Tamper is what happens when somebody opens the pad's case: every key is gone.
func (s *Sim) Tamper() error {
	s.ceremony.Cancel()
	return s.store.Erase()
}

// Clear forgets what was keyed in and not used.
func (s *Sim) Clear() {
	s.customer.clear()
	s.custodian.clear()
}

// Waiting tells whether the pad asks for a PIN now, and the amount it shows.
func (s *Sim) Waiting() (amount int64, ok bool) { return s.customer.state() }

// WaitingComponent tells whether the pad asks for a key component now.
func (s *Sim) WaitingComponent() bool {
	_, ok := s.custodian.state()
	return ok
}

// Open answers the till's end of a line to this pad; closing it ends the line. It is an Opener of drivers/pinpad.
func (s *Sim) Open(context.Context) (io.ReadWriteCloser, error) {
	till, device := net.Pipe()
	go s.Serve(context.Background(), device) //nolint:errcheck // ends with the till's end
	return till, nil
}

// Listen serves the tills that connect to l, one after the other, until ctx ends; so the pad is a process of its own.
func (s *Sim) Listen(ctx context.Context, l net.Listener) error {
	unhook := context.AfterFunc(ctx, func() { l.Close() }) //nolint:errcheck // Accept tells
	defer unhook()
	for {
		till, err := l.Accept()
		if err != nil {
			return err
		}
		s.Serve(ctx, till) //nolint:errcheck // the next till is waited for
	}
}
