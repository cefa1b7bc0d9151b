package emv

import (
	"context"
	"errors"
	"fmt"
)

const askCombined = 0x10 // P1 of GENERATE AC: with a signature (CDA)

// analyse is terminal action analysis (EMV Book 3, 10.7): which cryptogram to ask for in the first GENERATE AC. An AAC has
// its reason.
func (d *Dialogue) analyse() byte {
	t := d.terminal.Actions
	if hits, bad := d.hit(t.Denial, d.issuerAction(tagIACDenial, 0x00)); bad {
		d.reason = d.why(hits)
		return AAC
	}
	if d.req.Offline {
		if d.req.Kind != KindPurchase {
			d.reason = ReasonKind
			return AAC // nothing else is done without the host
		}
		return d.analyseDefault()
	}
	if d.req.ForceOnline || d.bypassed || d.req.Kind != KindPurchase {
		return ARQC
	}
	if _, online := d.hit(t.Online, d.issuerAction(tagIACOnline, 0xFF)); online {
		return ARQC
	}
	return TC
}

// analyseDefault decides when the host cannot be reached: approved unless a default action code says no.
func (d *Dialogue) analyseDefault() byte {
	if hits, bad := d.hit(d.terminal.Actions.Default, d.issuerAction(tagIACDefault, 0xFF)); bad {
		d.reason = d.why(hits)
		return AAC
	}
	return TC
}

// issuerAction is an action code of the card, or its default where the card has none.
func (d *Dialogue) issuerAction(t Tag, missing byte) [5]byte {
	out := [5]byte{missing, missing, missing, missing, missing}
	if v := d.data[t]; len(v) == 5 {
		copy(out[:], v)
	}
	return out
}

// hit is the bits of the TVR that an action code names, and whether there are any.
func (d *Dialogue) hit(terminal, issuer [5]byte) (hits [5]byte, any bool) {
	for i, v := range d.tvr {
		hits[i] = v & (terminal[i] | issuer[i])
	}
	return hits, hits != [5]byte{}
}

func (d *Dialogue) firstCryptogram(ctx context.Context) error {
	list, err := ParseDOL(d.data[tagCDOL1])
	if err != nil {
		return fault(ReasonData, ErrCardUnreadable, "CDOL1")
	}
	asked := d.analyse()
	d.cdol1Data = d.fill(list)
	d.cryptogram, err = d.generate(ctx, asked, d.cdol1Data, d.cdol1Data)
	if err != nil {
		return err
	}
	d.tsi[0] |= tsiCardRisk
	if d.reason == ReasonCombined && d.data[tagCID][0]&0xC0 == ARQC {
		return d.endCombined(ctx)
	}
	return nil
}

// endCombined ends a payment whose request was signed wrongly: the card is asked for an AAC at once (EMV Book 2, 6.6.3).
// What it answers to that changes nothing.
func (d *Dialogue) endCombined(ctx context.Context) error {
	err := d.secondCryptogram(ctx, AAC, arcOfflineDeclined)
	if errors.Is(err, ErrCancelled) {
		return err
	}
	d.cryptogram, d.reason = AAC, ReasonCombined
	return nil
}

// order ranks cryptograms: a card may answer what was asked or something lower, never higher.
func order(cryptogram byte) int {
	switch cryptogram {
	case TC:
		return 2
	case ARQC:
		return 1
	}
	return 0
}

// generate sends one GENERATE AC and checks its answer. signed is all CDOL data so far, for combined authentication.
func (d *Dialogue) generate(ctx context.Context, asked byte, data, signed []byte) (byte, error) {
	p1 := asked
	combined := d.cda != nil && asked != AAC
	if combined {
		p1 |= askCombined
	}
	body, sw, err := d.send(ctx, command{cla: 0x80, ins: 0xAE, p1: p1, data: data})
	if err != nil {
		return AAC, err
	}
	if sw != swOK {
		return AAC, fmt.Errorf("%w: GENERATE AC answered %04X", ErrCardUnreadable, sw)
	}
	for _, t := range []Tag{tagCID, tagATC, tagCryptogram, tagIssuerData, tagDynamicSig} {
		delete(d.data, t)
	}
	answer, err := d.cryptogramAnswer(body)
	if err != nil {
		return AAC, err
	}
	if len(d.data[tagCID]) != 1 || len(d.data[tagATC]) != 2 {
		return AAC, fmt.Errorf("%w: incomplete cryptogram", ErrCardUnreadable)
	}
	got := d.data[tagCID][0] & 0xC0
	if got == 0xC0 || order(got) > order(asked) {
		return AAC, fmt.Errorf("%w: cryptogram %02X for %02X", ErrCardUnreadable, got, asked)
	}
	if combined && got != AAC && !d.checkCombined(answer, signed) {
		d.tvr[0] |= tvrCombinedFailed
		d.authentic, d.reason = false, ReasonCombined
		return AAC, nil // EMV Book 2, 6.6.2: the terminal declines
	}
	if got == AAC && asked != AAC {
		d.reason = whyCard(d.data[tagCID][0])
		if d.reason == ReasonDeclined && d.bypassed && d.tvr[2]&tvrCVMFailed != 0 {
			d.reason = ReasonHolder
		}
	}
	if len(d.data[tagCryptogram]) != 8 || len(d.data[tagIssuerData]) > 32 {
		return AAC, fmt.Errorf("%w: incomplete cryptogram", ErrCardUnreadable)
	}
	return got, nil
}

// cryptogramAnswer takes format 1 (80) or format 2 (77) apart and returns what stands in the latter.
func (d *Dialogue) cryptogramAnswer(body []byte) ([]byte, error) {
	objects, err := Parse(body)
	if err != nil || len(objects) != 1 {
		return nil, fmt.Errorf("%w: cryptogram answer", ErrCardUnreadable)
	}
	switch o := objects[0]; {
	case o.Tag == tagResponse1 && len(o.Value) >= 11 && len(o.Value) <= 43:
		d.data[tagCID], d.data[tagATC], d.data[tagCryptogram] = o.Value[:1], o.Value[1:3], o.Value[3:11]
		d.data[tagIssuerData] = o.Value[11:]
		return nil, nil
	case o.Tag == tagResponse2:
		for _, t := range []Tag{tagCID, tagATC, tagCryptogram, tagIssuerData, tagDynamicSig} {
			if v, ok := Find(o.Children, t); ok {
				d.data[t] = v
			}
		}
		return o.Value, nil
	}
	return nil, fmt.Errorf("%w: cryptogram answer", ErrCardUnreadable)
}
