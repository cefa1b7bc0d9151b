package gui

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/screen"
	"tillkeeper/app/pos"
)

// KeyEntry takes the terminal's master key in two components of 32 hexadecimal digits, typed by two people; typed is
// overwritten. The second one puts the key into the store. Its refusals are of code component_*. Where it is AtPad the
// components are keyed in at a PIN pad: typed is empty, and First and Second wait for it until Cancel.
type KeyEntry interface {
	AtPad() bool
	First(person string, typed []byte) (kcv [4]byte, err error)
	Second(person string, typed []byte) (kcv, whole [4]byte, err error)
	Cancel()
}

// keyIdle is how long digits of a component wait for the next one before they are forgotten.
const keyIdle = 2 * time.Minute

// keying is what the window knows of a key entry and never shows. The digits are overwritten once they were handed over,
// given up, or left alone.
type keying struct {
	typed  [screen.HexDigits]byte
	pin    string
	people [2]string // staff numbers of who signed in
	turn   int       // of the entry: what an earlier one still answers is dropped
}

// keys does what concerns the entry of the master key.
func (t *till) keys(a kit.Act) {
	k := &t.view.Keying
	if t.view.Screen != screen.Keys || k.Busy {
		return
	}
	switch a.Verb {
	case screen.VerbHex:
		t.hexTyped(a.Arg)
	case screen.VerbKeyField:
		if k.Field = a.Arg; k.Field == "" {
			k.Field = screen.FieldNumber
		}
	case screen.VerbKeySign:
		t.keySign()
	case screen.VerbKeyTake:
		t.keyTake()
	case screen.VerbKeySame:
		t.keySame()
	case screen.VerbKeyOther:
		t.keyOther()
	}
}

// beginKeys begins with the first person, and says why an earlier entry came to nothing.
func (t *till) beginKeys(fault string) {
	t.leaveKeys()
	if !t.view.Keying.Known || !screen.MayEnterKeys(t.snap.Operator.Role) {
		t.view.Screen = screen.Settings
		return
	}
	t.view.Keying = screen.KeyEntry{Known: true, Step: screen.KeyWho, Part: 1, Field: screen.FieldNumber, Fault: fault}
}

// leaveKeys gives up an entry: nothing of it stays, here or in the store.
func (t *till) leaveKeys() {
	if t.view.Keying.Step == "" {
		return
	}
	clear(t.keying.typed[:])
	t.keying = keying{turn: t.keying.turn + 1}
	t.view.Keying = screen.KeyEntry{Known: t.view.Keying.Known}
	t.parts.Keys.Cancel()
}

// forgetIdleKeys forgets digits that somebody has walked away from.
func (t *till) forgetIdleKeys() {
	if k := &t.view.Keying; k.Typed+k.PIN > 0 && time.Since(t.acted) > keyIdle {
		t.keyClear()
	}
}

// keyClear forgets what was typed of the present step.
func (t *till) keyClear() {
	k := &t.view.Keying
	if k.Busy {
		return
	}
	clear(t.keying.typed[:])
	t.keying.pin, k.PIN, k.Typed, k.Fault = "", 0, 0, ""
	if k.Step == screen.KeyWho {
		k.Number, k.Field = "", screen.FieldNumber
	}
}

func (t *till) keyBack() {
	k := &t.view.Keying
	k.Fault = ""
	switch {
	case k.Busy:
	case k.Step == screen.KeyType && k.Typed > 0:
		k.Typed--
		t.keying.typed[k.Typed] = 0
	case k.Step == screen.KeyWho && k.Field == screen.FieldNumber:
		k.Number = k.Number[:max(0, len(k.Number)-1)]
	case k.Step == screen.KeyWho:
		t.keying.pin = t.keying.pin[:max(0, len(t.keying.pin)-1)]
		k.PIN = len(t.keying.pin)
	}
}

// keyDigit types a digit into the number, the PIN or the component.
func (t *till) keyDigit(d string) {
	k := &t.view.Keying
	t.acted = time.Now()
	switch {
	case k.Busy || len(d) != 1 || d == ".":
	case k.Step == screen.KeyType:
		t.hexTyped(d)
	case k.Step == screen.KeyWho && k.Field == screen.FieldNumber:
		k.Fault, k.Number = "", typed(k.Number, d, pinLimit, 0)
	case k.Step == screen.KeyWho && len(t.keying.pin) < pinLimit:
		t.keying.pin += d
		k.Fault, k.PIN = "", len(t.keying.pin)
	}
}

// hexTyped types a digit of a component; other letters do nothing.
func (t *till) hexTyped(d string) {
	k := &t.view.Keying
	t.acted = time.Now()
	if k.Step != screen.KeyType || k.AtPad || k.Busy || k.Typed == screen.HexDigits || len(d) != 1 || !strings.Contains("0123456789ABCDEF", d) {
		return
	}
	t.keying.typed[k.Typed] = d[0]
	k.Typed++
	k.Fault = ""
}

// asks runs a part of the entry away from the drawing goroutine; what comes of an entry that was left is dropped.
func (t *till) asks(run func(ctx context.Context) error, then func(error)) {
	k := &t.view.Keying
	k.Busy, k.Fault = true, ""
	turn := t.keying.turn
	t.beside(run, func(err error) {
		if t.keying.turn != turn {
			t.parts.Keys.Cancel()
			return
		}
		t.view.Keying.Busy = false
		then(err)
		t.draw()
	})
}

// keySign signs one of the two people in; the second one may not be the first.
func (t *till) keySign() {
	k := &t.view.Keying
	if k.Step != screen.KeyWho || k.Number == "" || k.PIN == 0 {
		if k.Number != "" {
			k.Field = screen.FieldPIN
		}
		return
	}
	number, pin := k.Number, t.keying.pin
	t.keying.pin, k.PIN = "", 0
	if k.Part == 2 && number == t.keying.people[0] {
		k.Number, k.Field, k.Fault = "", screen.FieldNumber, t.words.Why("component_person")
		return
	}
	var who pos.Operator
	t.asks(func(context.Context) (err error) {
		who, err = t.parts.Approve(number, pin)
		return err
	}, func(err error) {
		if err != nil {
			k.Fault = t.explain(err)
			return
		}
		t.keying.people[k.Part-1], k.People[k.Part-1] = who.ID, who.Name
		k.Number, k.Field, k.Step = "", screen.FieldNumber, screen.KeyType
		if k.AtPad = t.parts.Keys.AtPad(); k.AtPad {
			t.keyTake()
		}
	})
}

// keyTake hands a component over, or has it keyed in at the pad, keeps in the journal who entered it, and shows its check
// value.
func (t *till) keyTake() {
	k := &t.view.Keying
	if k.Step != screen.KeyType || k.Busy || !k.AtPad && k.Typed < screen.HexDigits {
		return
	}
	part, person := k.Part, t.keying.people[k.Part-1]
	var typed []byte
	if !k.AtPad {
		typed = bytes.Clone(t.keying.typed[:])
	}
	clear(t.keying.typed[:])
	k.Typed = 0
	var kcv, whole [4]byte
	loaded := false
	t.asks(func(ctx context.Context) (err error) {
		defer clear(typed)
		defer context.AfterFunc(ctx, t.parts.Keys.Cancel)()
		if part == 1 {
			kcv, err = t.parts.Keys.First(person, typed)
		} else {
			kcv, whole, err = t.parts.Keys.Second(person, typed)
			loaded = err == nil
		}
		if err != nil {
			return err
		}
		text := fmt.Sprintf("component %d, check value %s", part, checkValue(kcv))
		if err = t.parts.Note(ctx, pos.Event{Type: pos.EvKeyPart, By: person, Text: text}); err == nil && part == 2 {
			err = t.parts.Note(ctx, pos.Event{Type: pos.EvKeyLoaded, By: person, Text: "check value " + checkValue(whole)})
		}
		return err
	}, func(err error) {
		if err != nil && !loaded {
			t.keyRefused(err)
			return
		}
		if err != nil { // the key is in the store, its event is not in the journal
			k.Fault = t.explain(err)
		}
		k.Values[part-1], k.Step = checkValue(kcv), screen.KeyCheck
		if part == 2 {
			k.Whole = checkValue(whole)
		}
	})
}

// keyRefused shows why a component was refused, where it can be put right.
func (t *till) keyRefused(err error) {
	fault := t.explain(err)
	switch k := &t.view.Keying; pos.WhyNot(err, "") {
	case "component_length", "component_parity":
		k.Fault = fault
	case "component_person":
		k.Step, k.Fault = screen.KeyWho, fault
	default: // the entry begins anew
		t.beginKeys(fault)
	}
}

// keySame goes on from a check value that is that of the paper.
func (t *till) keySame() {
	switch k := &t.view.Keying; k.Step {
	case screen.KeyCheck:
		k.Fault = ""
		if k.Part == 2 {
			k.Step = screen.KeyWhole
			return
		}
		k.Part, k.Step = 2, screen.KeyWho
	case screen.KeyWhole:
		k.Step = screen.KeyDone
	case screen.KeyWho, screen.KeyType, screen.KeyDone:
	}
}

// keyOther keeps in the journal that a check value was not that of the paper. The first component is typed again; after
// the second one the key in the store is a wrong one, so all of it begins anew.
func (t *till) keyOther() {
	k := &t.view.Keying
	if k.Step != screen.KeyCheck && k.Step != screen.KeyWhole {
		return
	}
	part, person := k.Part, t.keying.people[k.Part-1]
	text := fmt.Sprintf("component %d, check value %s: not that of the paper", part, k.Values[part-1])
	if k.Step == screen.KeyWhole {
		text = fmt.Sprintf("check value %s of the whole key: not that of the paper", k.Whole)
	}
	t.asks(func(ctx context.Context) error {
		return t.parts.Note(ctx, pos.Event{Type: pos.EvKeyPart, By: person, Text: text})
	}, func(err error) {
		switch {
		case err != nil:
			k.Fault = t.explain(err)
		case part == 1:
			k.Values[0], k.Step, k.Fault = "", screen.KeyType, t.words.T("校验值不一样，请照纸再输一次")
		default:
			t.beginKeys(t.words.T("密钥不对，还不能刷卡；请从头再来"))
		}
	})
}

// checkValue writes a check value as it is printed: upper case, eight digits.
func checkValue(kcv [4]byte) string { return strings.ToUpper(hex.EncodeToString(kcv[:])) }
