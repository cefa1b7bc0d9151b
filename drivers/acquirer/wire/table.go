package wire

import (
	"maps"
	"slices"
	"strings"
)

// checkTransactions looks at every row of the transaction table.
func (p *Profile) checkTransactions() error {
	for op, needed := range operations {
		if _, ok := p.Transactions[op]; needed && !ok {
			return wrong("transactions", "lacks %s", op)
		}
	}
	for _, op := range slices.Sorted(maps.Keys(p.Transactions)) {
		if _, ok := operations[op]; !ok {
			return wrong("transactions."+op, "is no operation of this version")
		}
		if err := p.checkRow("transactions."+op, op, p.Transactions[op]); err != nil {
			return err
		}
	}
	return nil
}

func (p *Profile) checkRow(key, op string, t Transaction) error {
	switch {
	case !mtiText.MatchString(t.MTI) || (t.MTI[2]-'0')%2 != 0:
		return wrong(key+".mti", "is %q, which is no request", t.MTI)
	case t.MAC != p.macMTIs[t.MTI] || t.MAC != p.macMTIs[AnswerMTI(t.MTI)]:
		return wrong(key+".mac", "disagrees with mac.mtis about %s or its answer", t.MTI)
	case t.Repeat != "" && t.Repeat != "same" || t.Repeat != "" && t.Reversible:
		return wrong(key+".repeat", "is %q: only \"same\" is known, and not where the operation is reversible", t.Repeat)
	case t.Original != "" && t.Original != "batch stan" && t.Original != "batch stan date":
		return wrong(key+".original", "is %q, allowed \"batch stan\" or \"batch stan date\"", t.Original)
	case slices.Contains(t.Extra, 61) != (t.Original != ""):
		return wrong(key+".original", "goes with 61 in extra")
	case !digitsN.MatchString(t.Tail):
		return wrong(key+".tail", "is not digits")
	}
	for _, id := range slices.Concat(t.Extra, t.Optional, t.Without) {
		if !p.has(id) {
			return wrong(key, "names field %d, which is not in fields", id)
		}
	}
	for _, id := range t.Optional {
		if !slices.Contains(t.Extra, id) {
			return wrong(key+".optional", "has %d, which is not in extra", id)
		}
	}
	if op == "reversal" {
		return nil // everything else comes from its original
	}
	switch {
	case !digits2.MatchString(t.Type):
		return wrong(key+".type", "is not two digits")
	case !digits3.MatchString(t.Net):
		return wrong(key+".net", "is not three digits")
	case t.Proc == "" && t.Cond == "": // a message without a card
		return nil
	case !digits6.MatchString(t.Proc):
		return wrong(key+".proc", "is not six digits")
	case !digits2.MatchString(t.Cond):
		return wrong(key+".cond", "is not two digits")
	}
	return nil
}

// checkRules looks at what is left: texts, balance, settlement, upload.
func (p *Profile) checkRules() error {
	t := p.Texts
	if sum := t.Organisation + t.Issuer + t.Centre + t.Acquirer; sum > p.kinds[63].most {
		return wrong("texts", "has %d bytes, field 63 at most %d", sum, p.kinds[63].most)
	}
	if t.NotifyYes != "" && t.NotifyYes == t.NotifyNo || max(len(t.NotifyYes), len(t.NotifyNo)) > t.Centre {
		return wrong("texts.notify_yes and texts.notify_no", "are the same, or longer than texts.centre")
	}
	if !digits2.MatchString(p.Balance.Available) {
		return wrong("balance.available", "is not two digits")
	}
	if !digits2.MatchString(p.Upload.Organisation) {
		return wrong("upload.organisation", "is not two digits")
	}
	if p.kinds[48].class != "n" || p.kinds[48].dots == 0 || p.kinds[48].most < uploadMost {
		return wrong("fields.48.type", "is not n...%d: a batch upload needs the room", uploadMost)
	}
	return p.checkSettlement()
}

// checkSettlement holds the sides of field 48 against what the till's settlement
// counts: a profile that counts otherwise would never balance.
func (p *Profile) checkSettlement() error {
	for _, side := range []struct {
		key       string
		ops, till []string
	}{
		{"settlement.debit", p.Settlement.Debit, []string{"sale", "deferred", "code_sale", "completion", "offline_upload"}},
		{"settlement.credit", p.Settlement.Credit, []string{"refund", "void", "completion_void"}},
	} {
		for _, op := range side.ops {
			if _, ok := p.Transactions[op]; !ok || p.Transactions[op].Proc == "" {
				return wrong(side.key, "has %q, which moves no money", op)
			}
		}
		counts := slices.DeleteFunc(side.till, func(op string) bool { _, ok := p.Transactions[op]; return !ok })
		slices.Sort(counts)
		if named := slices.Sorted(slices.Values(side.ops)); !slices.Equal(named, counts) {
			return wrong(side.key, "is %s, and this version counts %s", strings.Join(named, " "), strings.Join(counts, " "))
		}
	}
	return nil
}

// AnswerMTI is the MTI of the answer to a request: ten higher.
func AnswerMTI(mti string) string { return mti[:2] + string(mti[2]+1) + mti[3:] }
