package opening

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/app/staff"
)

// KeyEntry takes a master key in two components: the key store, or a pad. At a
// pad nothing is typed here: First and Second are called with nothing and wait
// for the person at its keypad.
type KeyEntry interface {
	AtPad() bool
	First(person string, typed []byte) (kcv [4]byte, err error)
	Second(person string, typed []byte) (kcv, whole [4]byte, err error)
	Cancel()
}

// keyTries bounds the tries of one component.
const keyTries = 3

// Ceremony asks two people, who each sign in, for one component of the terminal
// master key each, shows the check value of each and of the whole, and journals
// who entered what. Neither sees the other's component; nothing of them is kept.
// hush hides what is typed while it runs.
type Ceremony struct {
	In     io.Reader
	Out    io.Writer
	Hush   func(ask func() error) error
	Staff  *staff.List
	Key    KeyEntry
	Append func(ctx context.Context, c pos.Commit) ([]pos.Event, error)
	Now    func() time.Time
}

// Run does the entry; it fails without a change where one of the two gives up.
func (c Ceremony) Run(ctx context.Context) error {
	defer c.Key.Cancel()
	defer context.AfterFunc(ctx, c.Key.Cancel)()
	in := bufio.NewReader(c.In)
	var whole [4]byte
	for n := 1; n <= 2; n++ {
		fmt.Fprintf(c.Out, "component %d of 2\n", n)
		who, err := c.person(in)
		if err != nil {
			return err
		}
		var kcv [4]byte
		for try := 1; ; try++ {
			typed, err := c.component(in)
			if err != nil {
				return err
			}
			if n == 1 {
				kcv, err = c.Key.First(who.ID, typed)
			} else {
				kcv, whole, err = c.Key.Second(who.ID, typed)
			}
			if err == nil {
				break
			}
			fmt.Fprintf(c.Out, "  %v\n", err)
			if try == keyTries || !mistyped(err) {
				return err
			}
		}
		e := pos.Event{Type: pos.EvKeyPart, By: who.ID, Text: fmt.Sprintf("component %d, check value %s", n, value(kcv))}
		if _, err := c.Append(ctx, pos.Commit{Events: []pos.Event{e}}); err != nil {
			return err
		}
		fmt.Fprintf(c.Out, "  check value %s: compare it with the one on the paper\n", value(kcv))
	}
	e := pos.Event{Type: pos.EvKeyLoaded, Text: "check value " + value(whole)}
	if _, err := c.Append(ctx, pos.Commit{Events: []pos.Event{e}}); err != nil {
		return err
	}
	fmt.Fprintf(c.Out, "the terminal master key is in the %s, check value %s; the till signs on with it\n", c.holder(), value(whole))
	return nil
}

// holder names who holds the key.
func (c Ceremony) holder() string {
	if c.Key.AtPad() {
		return "PIN pad"
	}
	return "store"
}

// component asks for one, or sends the person to the pad.
func (c Ceremony) component(in *bufio.Reader) ([]byte, error) {
	if c.Key.AtPad() {
		fmt.Fprintln(c.Out, "  key the component in at the PIN pad, 32 hexadecimal digits")
		return nil, nil
	}
	typed, err := c.ask(in, "  component, 32 hexadecimal digits (not shown): ", true)
	return []byte(typed), err
}

// mistyped says whether the same person tries again: the entry still stands.
func mistyped(err error) bool {
	var e *pos.Error
	return errors.As(err, &e) && (e.Code == "component_length" || e.Code == "component_parity")
}

func value(kcv [4]byte) string { return strings.ToUpper(hex.EncodeToString(kcv[:])) }

// person signs one of the two in.
func (c Ceremony) person(in *bufio.Reader) (pos.Operator, error) {
	id, err := c.ask(in, "  staff number: ", false)
	if err != nil {
		return pos.Operator{}, err
	}
	pin, err := c.ask(in, "  PIN (not shown): ", true)
	if err != nil {
		return pos.Operator{}, err
	}
	return c.Staff.Approve(id, pin, staff.EnterKeys, c.Now())
}

func (c Ceremony) ask(in *bufio.Reader, question string, hidden bool) (text string, err error) {
	fmt.Fprint(c.Out, question)
	read := func() error {
		text, err = in.ReadString('\n')
		return err
	}
	if hidden {
		err = c.Hush(read)
		fmt.Fprintln(c.Out)
	} else {
		err = read()
	}
	return strings.TrimSpace(text), err
}
