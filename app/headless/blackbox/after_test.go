package blackbox

import (
	"fmt"
	"slices"

	"tillkeeper/app/headless/blackbox/child"
)

// known is an attempt of the loop that something may be done about later.
type known struct{ receipt, id, card string }

// later are what the loop remembers, by the kind of attempt.
type later map[string][]known

// afterwards is an operation about an earlier one, or one that is no sale.
func (l *loop) afterwards() error {
	c, err := l.operation()
	if c == nil || err != nil {
		return err
	}
	a, err := l.Till.Ask(c)
	if err != nil {
		return err
	}
	name := fmt.Sprint(c["cmd"])
	if a["ok"] != true {
		e, _ := a["error"].(map[string]any) //nolint:errcheck // shown as it is
		code := fmt.Sprint(e["code"])
		l.count[name+" error "+code]++
		if slices.Contains(refusals, code) {
			return nil
		}
		return fmt.Errorf("%v was refused: %v", c, a["error"])
	}
	return l.noted(name, c, a)
}

// noted remembers what an operation came to.
func (l *loop) noted(name string, c, a cmd) error {
	var got struct {
		Attempt  attempt
		Balanced *bool
		Balance  *int64
	}
	if err := child.Into(a, &got); err != nil {
		return err
	}
	switch {
	case name == "settle" && got.Balanced == nil, name == "balance" && got.Balance == nil && got.Attempt.ID == "":
		return fmt.Errorf("%v: an answer without its word: %v", c, a)
	case got.Attempt.ID == "":
		l.count[name]++
		return nil
	}
	l.count[name+" "+got.Attempt.State]++
	card, _ := c["card"].(string) //nolint:errcheck // some have none
	l.remember(got.Attempt, card)
	return nil
}

// remember keeps what an attempt was answered as.
func (l *loop) remember(a attempt, card string) {
	l.seen[a.ID] = a.State
	if card != "" && slices.Contains([]string{"approved", "offline_approved", "delivered"}, a.State) {
		l.later[a.Kind] = append(l.later[a.Kind], known{a.Receipt, a.ID, card})
	}
}

// refusals are the errors that an operation of the loop may meet: it asks
// without knowing what became of the original, and on a bad line.
var refusals = []string{
	"nothing_left", "look_in_file", "not_open", "card_needed", "too_much", "not_paid", "batch_closed", "settlement_running", "settlement_refused", "delivery_pending", "follow_up_open",
	"refunded_already", "already_completed", "items_left", "no_preauth", "late_declined_item", "no_line",
}

// resolving is what a person does about a late declined payment; nil where
// there is none.
func (l *loop) resolving(over cmd) (cmd, error) {
	a, err := l.Till.Ask(cmd{"cmd": "find", "state": "late_declined", "limit": 1})
	if err != nil {
		return nil, err
	}
	var found struct{ Attempts []attempt }
	if err := child.Into(a, &found); err != nil || len(found.Attempts) == 0 {
		return nil, err
	}
	how := []string{"written_off", "send_again"}[l.dice.IntN(2)]
	return cmd{"cmd": "resolve", "attempt": found.Attempts[0].ID, "how": how, "reason": "loop", "override": over}, nil
}

// operation is the next one; nil where there is nothing to do it to.
func (l *loop) operation() (cmd, error) {
	over := cmd{"staff": "2001", "pin": "135790"}
	if l.dice.IntN(40) == 0 {
		return l.resolving(over)
	}
	return l.ordinary(over), nil
}

func (l *loop) ordinary(over cmd) cmd {
	switch n := l.dice.IntN(40); {
	case n < 12:
		if k, ok := l.pick("sale"); ok {
			return cmd{"cmd": "void", "receipt": k.receipt, "override": over}
		}
	case n < 24:
		if k, ok := l.pick("sale"); ok {
			return cmd{"cmd": "refund", "receipt": k.receipt, "amount": 1 + l.dice.Int64N(700), "card": k.card, "reason": "loop", "override": over}
		}
	case n < 28:
		return cmd{"cmd": "preauth", "amount": 100 + l.dice.Int64N(5000), "card": []string{"ok", "second", "chip"}[l.dice.IntN(3)], "pin": "123456"}
	case n < 32:
		if k, ok := l.pick("preauth"); ok {
			return cmd{"cmd": "complete", "receipt": k.receipt, "amount": 100}
		}
	case n < 36:
		if k, ok := l.pick([]string{"preauth", "completion"}[l.dice.IntN(2)]); ok {
			return cmd{"cmd": "cancel", "receipt": k.receipt, "override": over}
		}
	case n < 39:
		return cmd{"cmd": "balance", "card": "chip", "pin": "123456"}
	default:
		return cmd{"cmd": "settle", "override": over}
	}
	return nil
}

// pick takes one of a kind, a late one rather than an early one.
func (l *loop) pick(kind string) (known, bool) {
	all := l.later[kind]
	if len(all) == 0 {
		return known{}, false
	}
	from := max(0, len(all)-30)
	return all[from+l.dice.IntN(len(all)-from)], true
}
