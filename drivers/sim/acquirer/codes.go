package acquirer

import (
	"fmt"
	"slices"
	"strings"
)

// Way is how an answer code is made to come at the simulated host: a payment with a card of the demo deck, else what is done
// at the till, else a switch (JSON for Control) before the next payment. Switch makes it come in any case.
type Way struct {
	Code   string
	Card   string // name in the demo deck, "" for none
	Till   string // what to do at the till, "" for a payment
	Switch string // for Control
}

// How words the way in one line.
func (w Way) How() string {
	var how []string
	if w.Card != "" {
		how = append(how, "card "+w.Card)
	}
	if w.Till != "" {
		how = append(how, w.Till)
	}
	return strings.Join(append(how, "switch "+w.Switch), "; or ")
}

// ways are the codes that have a card, a doing or a switch of their own; the others are forced for the next request.
var ways = []Way{
	{Code: "00", Card: "ok"},
	{Code: "01", Card: "refer-01", Switch: `{"shop":{"risk_hold":true}}`},
	{Code: "03", Switch: `{"shop":{"merchants":{"123456789012345":{"invalid":true}}}}`},
	{Code: "04", Card: "retain-04"},
	{Code: "05", Card: "auth-05"},
	{Code: "06", Card: "error-06"},
	{Code: "10", Card: "partial-10", Till: "pay more than 100.00 with card partial-10", Switch: `{"accounts":{"6224242900000113":{"answer":"10","balance":1}}}`},
	{Code: "11", Card: "vip-11"},
	{Code: "12", Card: "invalid-12", Switch: `{"shop":{"forbidden":{"sale":true}}}`},
	{Code: "13", Card: "amount-13"},
	{Code: "14", Card: "number-14", Till: "scan a payment code that nobody knows, as 990000000000000001"},
	{Code: "15", Card: "issuer-15"},
	{Code: "21", Card: "inactive-21"},
	{Code: "22", Till: "void a sale whose batch is settled"},
	{Code: "25", Till: "void with the acquirer's folder emptied"},
	{Code: "30", Card: "retry-30"},
	{Code: "34", Card: "fraud-34"},
	{Code: "38", Card: "tries-38"},
	{Code: "40", Card: "unsupported-40"},
	{Code: "41", Card: "lost-41"},
	{Code: "43", Card: "stolen-43"},
	{Code: "51", Card: "funds-51"},
	{Code: "54", Card: "expired-54"},
	{Code: "55", Card: "pin-55", Till: "enter any PIN but 654321 with card pin-55"},
	{Code: "57", Card: "forbidden-57"},
	{Code: "58", Card: "terminal-58", Switch: `{"shop":{"hours":{"from":"00:00","until":"00:00"}}}`},
	{Code: "59", Card: "verify-59"},
	{Code: "61", Card: "limit-61"},
	{Code: "62", Card: "frozen-62"},
	{Code: "64", Till: "void another amount than that of the sale"},
	{Code: "65", Card: "count-65"},
	{Code: "68", Card: "timeout-68"},
	{Code: "75", Card: "tries-75", Till: "enter a wrong PIN three times"},
	{Code: "77", Switch: `{"forget_keys":true}`},
	{Code: "90", Switch: `{"shop":{"day_change":{"from":"00:00","until":"24:00"}}}`},
	{Code: "91", Card: "issuer-91", Switch: `{"shop":{"maintenance":true}}`},
	{Code: "92", Card: "line-92"},
	{Code: "94", Till: "send a sale again with its trace number"},
	{Code: "96", Card: "switch-96"},
	{Code: "97", Switch: `{"shop":{"terminals":[]}}`},
	{Code: "98", Card: "issuer-98"},
	{Code: "99"},
	{Code: "A0"},
	{Code: "A1", Card: "currency-a1"},
	{Code: "A2", Card: "confirm-a2"},
	{Code: "A3", Card: "account-a3"},
	{Code: "A4", Card: "confirm-a4"},
	{Code: "A5", Card: "confirm-a5"},
	{Code: "A6", Card: "confirm-a6"},
	{Code: "A7", Card: "security-a7"},
}

// Ways lists how each answer code of the catalogue is made to come, by code.
func Ways() []Way {
	out := slices.Clone(ways)
	for i := range out {
		if out[i].Switch == "" {
			out[i].Switch = fmt.Sprintf(`{"answer":%q}`, out[i].Code)
		}
	}
	return out
}

// Producing tells how an answer code is made to come; false for a code that the catalogue does not have.
func Producing(code string) (Way, bool) {
	all := Ways()
	if i := slices.IndexFunc(all, func(w Way) bool { return w.Code == code }); i >= 0 {
		return all[i], true
	}
	return Way{}, false
}
