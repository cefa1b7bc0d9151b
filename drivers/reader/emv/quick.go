package emv

import (
	"context"
	"fmt"
)

// Terminal transaction qualifiers, byte 2 of tag 9F66 (JR/T 0025.12, as in EMV Contactless Book C-3).
const (
	wantOnline = 0x80 // an online cryptogram is required
	wantCVM    = 0x40 // a cardholder verification is required
)

// Card transaction qualifiers, tag 9F6C.
const (
	cardWantsPIN        = 0x80 // byte 1: online PIN
	cardWantsSignature  = 0x40
	cardOnlineOnFail    = 0x20 // go online where the authentication fails and the reader can
	cardSwitchOnFail    = 0x10 // use another interface where it fails
	cardOnlineOnExpired = 0x08 // go online where the application has expired
	cardHolderVerified  = 0x80 // byte 2: the holder was verified on the device
)

// Places in the issuer's data, tag 9F10: the card verification results begin behind length, key, version and their own
// length, and bits 6 and 5 of their first byte are the cryptogram of the first answer.
const cvrAt = 4

// relatedVersion is the first byte of tag 9F69 of a signature that covers amount and currency too (fDDA version 01).
const relatedVersion = 0x01

// qualify is pre-processing (JR/T 0025.12): it sets what this reader asks of a contactless card in tag 9F66.
func (d *Dialogue) qualify() error {
	if !d.req.Contactless {
		return nil
	}
	q := d.terminal.Qualifiers
	q[1] &^= wantOnline | wantCVM
	online := d.req.ForceOnline || d.req.Kind != KindPurchase || d.overFloor()
	if !online && !d.req.Offline && !d.req.ReadOnly {
		if err := d.roll(); err != nil {
			return err
		}
		online = d.drawn
	}
	if online {
		q[1] |= wantOnline
	}
	if d.wantsHolder() {
		q[1] |= wantCVM
	}
	d.data[tagTTQ] = q[:]
	return nil
}

// wantsHolder says whether a contactless payment needs its cardholder verified.
func (d *Dialogue) wantsHolder() bool {
	return d.req.Kind == KindBalance || d.req.Amount > d.req.PINLimit
}

// quickDecision decides on a card that gave its cryptogram with its processing options (qPBOC, JR/T 0025.12). The card may
// have left the field by now: nothing more is sent to it. A TC counts only with a good signature (fDDA) or, on old cards, SDA.
func (d *Dialogue) quickDecision(ctx context.Context) error {
	got, err := d.quickCryptogram()
	if err != nil {
		return err
	}
	asked := d.data[tagTTQ][1]
	if got == TC && asked&wantOnline != 0 && !d.req.ReadOnly {
		return fmt.Errorf("%w: cryptogram %02X where %02X was required", ErrCardUnreadable, TC, ARQC)
	}
	d.cryptogram = got
	d.quickHolder()
	switch got {
	case AAC:
		d.reason = whyCard(d.data[tagCID][0])
	case ARQC:
		d.quickOnline()
	case TC:
		d.quickOffline()
	}
	if d.cryptogram != ARQC || !d.needPIN || d.req.ReadOnly {
		return nil
	}
	_, err = d.askPIN(ctx, cvmOnlinePIN, 0x00)
	return err
}

// quickCryptogram is what the card decided: by tag 9F27, else by its verification results; then 9F27 is made up for field 55.
func (d *Dialogue) quickCryptogram() (byte, error) {
	data := d.data[tagIssuerData]
	if len(d.data[tagCryptogram]) != 8 || len(d.data[tagATC]) != 2 || len(data) <= cvrAt || len(data) > 32 {
		return AAC, fault(ReasonData, ErrCardUnreadable, "cryptogram of the processing options")
	}
	inside, ok := map[byte]byte{0x00: AAC, 0x10: TC, 0x20: ARQC}[data[cvrAt]&0x30]
	said := d.data[tagCID]
	switch {
	case len(said) == 1 && said[0]&0xC0 != 0xC0:
		return said[0] & 0xC0, nil
	case len(said) > 0 || !ok:
		return AAC, fault(ReasonData, ErrCardUnreadable, "kind of cryptogram")
	}
	d.data[tagCID] = []byte{inside}
	return inside, nil
}

// qualifiers are what the card wants, tag 9F6C; zeros where it says nothing.
func (d *Dialogue) qualifiers() [2]byte {
	if v := d.data[tagCardQualifiers]; len(v) == 2 {
		return [2]byte(v)
	}
	return [2]byte{}
}

// quickHolder is the cardholder verification, in the order of EMV Contactless Book C-3: online PIN where the card asks for
// it; the customer's own device where the card says so and its signed data agree; up to the limit a signature where the card
// asks for one, else nothing; above it online PIN.
func (d *Dialogue) quickHolder() {
	own, wanted := d.qualifiers(), d.wantsHolder()
	switch {
	case d.req.Kind == KindBalance, own[0]&cardWantsPIN != 0:
	case wanted && own[1]&cardHolderVerified != 0:
		if d.agrees(own) {
			d.cvmResult(cvmNone, 0x00, 0x00)
			return
		}
	case own[0]&cardWantsSignature != 0 && !wanted:
		d.signature = true
		d.cvmResult(cvmSignature, 0x00, 0x00)
		return
	case !wanted:
		d.cvmResult(cvmNone, 0x00, 0x00)
		return
	}
	d.onlinePIN(cvmOnlinePIN, 0x00)
}

// agrees says whether the card's signed data repeat its qualifiers. A card that approves has to sign them; of one that
// wants the host the issuer judges.
func (d *Dialogue) agrees(own [2]byte) bool {
	related := d.data[tagCardRelated]
	if len(related) == 0 {
		return d.cryptogram == ARQC
	}
	return len(related) >= 7 && [2]byte(related[5:7]) == own
}

func (d *Dialogue) quickOnline() {
	if d.req.Offline {
		d.cryptogram, d.reason = AAC, ReasonOffline
		if d.needPIN {
			d.reason = ReasonOfflinePIN
		}
	}
}

// quickOffline judges a TC: dates, exception file, authenticity, cardholder.
func (d *Dialogue) quickOffline() {
	own := d.qualifiers()
	online := !d.req.Offline
	d.quickAuthenticate()
	switch {
	case d.req.ReadOnly:
	case d.tvr[0]&tvrListed != 0:
		d.cryptogram, d.reason = AAC, ReasonListed
	case d.tvr[1]&tvrExpired != 0 && own[0]&cardOnlineOnExpired != 0 && online:
		d.cryptogram = ARQC
	case d.tvr[1]&tvrExpired != 0:
		d.cryptogram, d.reason = AAC, ReasonExpired
	case d.tvr[1]&tvrNotEffective != 0:
		d.cryptogram, d.reason = AAC, ReasonNotYetValid
	case d.tvr[1]&tvrNotAllowed != 0:
		d.cryptogram, d.reason = AAC, ReasonNotAccepted
	case d.authentic && d.needPIN && online:
		d.cryptogram = ARQC
	case d.authentic && d.needPIN:
		d.cryptogram, d.reason = AAC, ReasonOfflinePIN
	case d.authentic && d.overFloor(): // with what was taken of this card before, whose number is known only now
		d.tvr[3] |= tvrFloorLimit
		if d.cryptogram = ARQC; !online {
			d.cryptogram, d.reason = AAC, ReasonOffline
		}
	case d.authentic:
	case own[0]&cardOnlineOnFail != 0 && online:
		d.cryptogram = ARQC
	case own[0]&cardSwitchOnFail != 0:
		d.cryptogram, d.reason = AAC, ReasonUseChip
	default:
		d.cryptogram, d.reason = AAC, ReasonAuthenticity
	}
}

// quickAuthenticate verifies a quick card's data: fDDA where the card signs (its signature covers the unpredictable number,
// and from version 01 on amount, currency and tag 9F69), else SDA.
func (d *Dialogue) quickAuthenticate() {
	d.tsi[0] |= tsiAuthenticated
	switch profile := d.data[tagAIP][0]; {
	case profile&aipDynamic != 0:
		key, err := d.recoverCardKey()
		d.markMissing(err)
		if d.authentic = err == nil && d.fastSignature(key); !d.authentic {
			d.tvr[0] |= tvrDynamicFailed
		}
	case profile&aipStatic != 0:
		d.tvr[0] |= tvrStaticSelected
		if d.authentic = d.staticOK(); !d.authentic {
			d.tvr[0] |= tvrStaticFailed
		}
	default:
		d.tsi[0] &^= tsiAuthenticated
		d.tvr[0] |= tvrNotAuthenticated
	}
}

// fastSignature opens tag 9F4B of a quick card with its key.
func (d *Dialogue) fastSignature(key *cardKey) bool {
	covered := [][]byte{d.data[tagUnpredictable]}
	if related := d.data[tagCardRelated]; len(related) > 0 {
		if related[0] != relatedVersion || len(related) < 5 {
			return false
		}
		covered = append(covered, d.data[tagAmount], d.data[tagCurrency], related)
	}
	body, ok := key.recover(d.data[tagDynamicSig], 0x05, covered...)
	return ok && d.keepNumber(body)
}

// quickEnd ends a quick payment that went online: the card has left, so the host's word is the result, scripts cannot be
// delivered, and without the host there is no approval.
func (d *Dialogue) quickEnd(host Host) (Outcome, error) {
	d.cryptogram = AAC
	switch {
	case host.Unreachable:
		d.reason = ReasonOffline
	case host.Approved:
		d.cryptogram = TC
	}
	return d.outcome(nil, "")
}
