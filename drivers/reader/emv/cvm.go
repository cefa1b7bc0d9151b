package emv

import (
	"context"
	"encoding/binary"
)

// Cardholder verification methods (EMV Book 3, annex C3), the low six bits of a rule.
const (
	cvmFail      = 0x00
	cvmOnlinePIN = 0x02
	cvmSignature = 0x1E

	cvmPlainAndSignature  = 0x03 // offline PIN and signature
	cvmSealedAndSignature = 0x05

	cvmNone      = 0x1F
	cvmNextOnBad = 0x40 // bit 7: when it does not succeed, the next rule applies
	aipVerify    = 0x10
)

// verifyCardholder decides how the cardholder is verified (EMV Book 3, 10.5). A PIN is never seen here: online PIN is
// reported as needed, and the PIN pad takes it, where Request.PIN is set at this point. Contactless up to the limit needs
// nothing, above it online PIN. Without a host this terminal has no online PIN: a rule that asks for it "if supported" gives
// way to the next one, any other fails.
func (d *Dialogue) verifyCardholder(ctx context.Context) error {
	if d.req.Kind == KindBalance { // what somebody owns is told to nobody without a PIN
		d.tsi[0] |= tsiVerified
		entered, err := d.askPIN(ctx, cvmOnlinePIN, 0x00)
		if err == nil && !entered {
			d.tvr[2] |= tvrCVMFailed
		}
		return err
	}
	if d.req.Contactless {
		d.tsi[0] |= tsiVerified
		if d.req.Amount > d.req.PINLimit {
			d.onlinePIN(cvmOnlinePIN, 0x00)
		} else {
			d.cvmResult(cvmNone, 0x00, 0x00)
		}
		return nil
	}
	if d.data[tagAIP][0]&aipVerify == 0 {
		return nil
	}
	list := d.data[tagCVMList]
	switch {
	case len(list)%2 != 0: // EMV Book 3, 7.5: of the wrong form
		return fault(ReasonData, ErrCardUnreadable, "CVM list of %d bytes", len(list))
	case len(list) < 10: // 10.5: one without rules is as if it were not there
		d.tvr[0] |= tvrDataMissing
		return nil
	}
	d.tsi[0] |= tsiVerified
	return d.applyRules(ctx, list)
}

func (d *Dialogue) applyRules(ctx context.Context, list []byte) error {
	x, y := int64(binary.BigEndian.Uint32(list)), int64(binary.BigEndian.Uint32(list[4:]))
	d.cvmResult(cvmNone|0x20, 0x00, 0x01) // 3F: no rule applied
	for rules := list[8:]; len(rules) >= 2; rules = rules[2:] {
		code, condition := rules[0], rules[1]
		if !d.conditionHolds(code, condition, x, y) {
			continue
		}
		method := code & 0x3F
		switch {
		case method == cvmOnlinePIN && !d.req.Offline:
			if entered, err := d.askPIN(ctx, code, condition); entered || err != nil {
				return err
			}
		case method == cvmSignature:
			d.signature = true
			d.cvmResult(code, condition, 0x00)
			return nil
		case method == cvmNone:
			d.cvmResult(code, condition, 0x02)
			return nil
		case method == cvmFail:
			d.cvmResult(code, condition, 0x01)
		case method <= 0x05: // offline PIN, which this terminal's pad does not do, or online PIN without a host
			d.tvr[2] |= tvrNoPINPad
			d.cvmResult(code, condition, 0x01)
		default:
			d.tvr[2] |= tvrCVMUnknown
			d.cvmResult(code, condition, 0x01)
		}
		if code&cvmNextOnBad == 0 || method == cvmFail {
			break
		}
	}
	d.tvr[2] |= tvrCVMFailed
	return nil
}

// askPIN has the PIN of a rule entered now, where somebody is there for that and the card can wait. One that was passed by
// is not asked for again: the rule has not succeeded, and the next one applies where this one says so.
func (d *Dialogue) askPIN(ctx context.Context, code, condition byte) (entered bool, err error) {
	entered = d.req.PIN == nil || d.req.Contactless && !d.quick
	if !entered && !d.bypassed {
		pan, _ := d.identity()
		if entered, err = d.req.PIN(ctx, pan); err != nil {
			return false, err
		}
	}
	d.needPIN = true
	if entered {
		d.onlinePIN(code, condition)
		return true, nil
	}
	d.bypassed = true
	d.tvr[2] = d.tvr[2]&^tvrOnlinePIN | tvrNoPIN
	d.cvmResult(code, condition, 0x01)
	return false, nil
}

func (d *Dialogue) onlinePIN(code, condition byte) {
	d.needPIN = true
	d.tvr[2] |= tvrOnlinePIN
	d.cvmResult(code, condition, 0x00)
}

func (d *Dialogue) cvmResult(code, condition, result byte) {
	d.data[tagCVMResults] = []byte{code, condition, result}
}

// conditionHolds judges a rule's condition (EMV Book 3, table 40). x and y are amounts in the card's currency, fen here.
func (d *Dialogue) conditionHolds(code, condition byte, x, y int64) bool {
	own := string(d.data[tagCardCurrency]) == string(d.data[tagCurrency])
	switch condition {
	case 0x00, 0x02: // always; not cash and not cashback: this terminal does neither
		return true
	case 0x03: // the terminal supports the method
		m := code & 0x3F
		return m == cvmOnlinePIN && !d.req.Offline || m == cvmSignature || m == cvmNone
	case 0x06:
		return own && d.req.Amount < x
	case 0x07:
		return own && d.req.Amount > x
	case 0x08:
		return own && d.req.Amount < y
	case 0x09:
		return own && d.req.Amount > y
	}
	return false
}
