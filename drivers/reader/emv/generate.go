package emv

import (
	"context"
	"fmt"
)

const askCombined = 0x10 // P1 of GENERATE AC: with a signature (CDA)

// analyse is terminal action analysis (EMV Book 3, 10.7): which cryptogram to ask for in the first GENERATE AC.
func (d *Dialogue) analyse() byte {
	t := d.terminal.Actions
	if d.hit(t.Denial, d.issuerAction(tagIACDenial, 0x00)) {
		return AAC
	}
	if d.req.Offline {
		if d.req.Kind != KindPurchase {
			return AAC // nothing else is done without the host
		}
		return d.analyseDefault()
	}
	if d.req.ForceOnline || d.req.Kind != KindPurchase || d.hit(t.Online, d.issuerAction(tagIACOnline, 0xFF)) {
		return ARQC
	}
	return TC
}

// analyseDefault decides when the host cannot be reached: approved unless a default action code says no.
func (d *Dialogue) analyseDefault() byte {
	if d.hit(d.terminal.Actions.Default, d.issuerAction(tagIACDefault, 0xFF)) {
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

func (d *Dialogue) hit(terminal, issuer [5]byte) bool {
	for i, v := range d.tvr {
		if v&(terminal[i]|issuer[i]) != 0 {
			return true
		}
	}
	return false
}

func (d *Dialogue) firstCryptogram(ctx context.Context) error {
	list, err := ParseDOL(d.data[tagCDOL1])
	if err != nil {
		return fmt.Errorf("%w: CDOL1: %w", ErrCardUnreadable, err)
	}
	asked := d.analyse()
	d.cdol1Data = Fill(list, d.value)
	d.cryptogram, err = d.generate(ctx, asked, d.cdol1Data, d.cdol1Data)
	if err != nil {
		return err
	}
	d.tsi[0] |= tsiCardRisk
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
		d.authentic = false
		got = AAC // EMV Book 2, 6.6.2: the terminal declines
	}
	if len(d.data[tagCryptogram]) != 8 || len(d.data[tagIssuerData]) > 32 {
		return AAC, fmt.Errorf("%w: incomplete cryptogram", ErrCardUnreadable)
	}
	return got, nil
}

// cryptogramAnswer takes format 1 (80) or format 2 (77) apart and returns the objects of the latter.
func (d *Dialogue) cryptogramAnswer(body []byte) ([]Object, error) {
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
		return o.Children, nil
	}
	return nil, fmt.Errorf("%w: cryptogram answer", ErrCardUnreadable)
}
