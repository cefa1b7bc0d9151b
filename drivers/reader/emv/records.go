package emv

import (
	"context"
	"fmt"
)

const maxRecords = 64 // records an application file locator may name

// processingOptions starts the selected application; false means that the card will not do it (6985).
func (d *Dialogue) processingOptions(ctx context.Context) (bool, error) {
	list, err := ParseDOL(d.data[tagPDOL])
	if err != nil {
		return false, fmt.Errorf("%w: PDOL: %w", ErrCardUnreadable, err)
	}
	d.pdolData = Fill(list, d.value)
	if len(d.pdolData) > 250 {
		return false, fmt.Errorf("%w: PDOL of %d bytes", ErrCardUnreadable, len(d.pdolData))
	}
	body, sw, err := d.send(ctx, command{cla: 0x80, ins: 0xA8, data: Append(nil, tagCommandTemplate, d.pdolData)})
	switch {
	case err != nil:
		return false, err
	case sw == swNotSatisfied:
		return false, nil
	case sw != swOK:
		return false, fmt.Errorf("%w: GET PROCESSING OPTIONS answered %04X", ErrCardUnreadable, sw)
	}
	objects, err := Parse(body)
	if err != nil || len(objects) != 1 {
		return false, fmt.Errorf("%w: processing options", ErrCardUnreadable)
	}
	switch o := objects[0]; {
	case o.Tag == tagResponse1 && len(o.Value) >= 6:
		d.data[tagAIP], d.data[tagAFL] = o.Value[:2], o.Value[2:]
	case o.Tag == tagResponse2:
		d.data[tagAIP], d.data[tagAFL] = mustFind(o.Children, tagAIP), mustFind(o.Children, tagAFL)
	}
	if len(d.data[tagAIP]) != 2 || len(d.data[tagAFL]) == 0 || len(d.data[tagAFL])%4 != 0 {
		return false, fmt.Errorf("%w: no AIP or AFL", ErrCardUnreadable)
	}
	return true, nil
}

func (d *Dialogue) readRecord(ctx context.Context, sfi, record byte) ([]byte, uint16, error) {
	return d.send(ctx, command{cla: 0x00, ins: 0xB2, p1: record, p2: sfi<<3 | 0x04})
}

// readRecords reads what the AFL names and keeps the objects; one that comes twice ends the dialogue (EMV Book 3, 10.2).
func (d *Dialogue) readRecords(ctx context.Context) error {
	count := 0
	for afl := d.data[tagAFL]; len(afl) >= 4; afl = afl[4:] {
		sfi, first, last, signed := afl[0]>>3, int(afl[1]), int(afl[2]), int(afl[3])
		if afl[0]&7 != 0 || sfi < 1 || sfi > 30 || first < 1 || last < first || signed > last-first+1 {
			return fmt.Errorf("%w: bad AFL", ErrCardUnreadable)
		}
		for r := first; r <= last; r++ {
			if count++; count > maxRecords {
				return fmt.Errorf("%w: AFL of more than %d records", ErrCardUnreadable, maxRecords)
			}
			if err := d.takeRecord(ctx, sfi, byte(r), r < first+signed); err != nil {
				return err
			}
		}
	}
	return d.checkMandatory()
}

func (d *Dialogue) takeRecord(ctx context.Context, sfi, record byte, signed bool) error {
	body, sw, err := d.readRecord(ctx, sfi, record)
	if err != nil {
		return err
	}
	if sw != swOK {
		return fmt.Errorf("%w: READ RECORD %d of file %d answered %04X", ErrCardUnreadable, record, sfi, sw)
	}
	if sfi > 10 { // the issuer's own files: signed as they are, understood only as a template
		if signed {
			d.static = append(d.static, body...)
		}
		if t, err := template(body, tagRecord); err == nil {
			return d.keep(t.Children)
		}
		d.staticBad = d.staticBad || signed
		return nil
	}
	t, err := template(body, tagRecord)
	if err != nil {
		return err
	}
	if signed {
		d.static = append(d.static, t.Value...)
	}
	return d.keep(t.Children)
}

// owned are objects that only the terminal or another command may set; a record that brings one is not to be trusted.
func owned(t Tag) bool {
	switch t {
	case tagAIP, tagAFL, tagTVR, tagTSI, tagAmount, tagAmountOther, tagCountry, tagCurrency, tagDate, tagKind, tagTime,
		tagUnpredictable, tagCapabilities, tagMoreCapability, tagTerminalType, tagSerial, tagVersion, tagTTQ, tagCounter,
		tagCVMResults, tagEntryMode, tagTerminalAID, tagDFName, tagCID, tagCryptogram, tagATC, tagIssuerData, tagAuthCode,
		tagIssuerAuth:
		return true
	}
	return false
}

func (d *Dialogue) keep(objects []Object) error {
	for _, o := range objects {
		if owned(o.Tag) {
			return fmt.Errorf("%w: a record with object %s", ErrCardUnreadable, o.Tag)
		}
		if _, twice := d.data[o.Tag]; twice && o.Tag != tagLabel && o.Tag != tagPreferredName && o.Tag != tagCodeTable {
			return fmt.Errorf("%w: object %s twice", ErrCardUnreadable, o.Tag)
		}
		d.data[o.Tag] = o.Value
	}
	return nil
}

func (d *Dialogue) checkMandatory() error {
	for _, t := range []Tag{tagExpiry, tagPAN, tagCDOL1, tagCDOL2} {
		if len(d.data[t]) == 0 {
			return fmt.Errorf("%w: object %s is missing", ErrCardUnreadable, t)
		}
	}
	pan := compressed(d.data[tagPAN])
	if len(pan) < 12 || len(pan) > 19 || !digits(pan) {
		return fmt.Errorf("%w: bad PAN", ErrCardUnreadable)
	}
	if e := compressed(d.data[tagExpiry]); len(e) != 6 || !digits(e) {
		return fmt.Errorf("%w: bad expiry", ErrCardUnreadable)
	}
	if t := trackDigits(d.data[tagTrack2]); t != "" {
		if len(t) > 37 || len(t) <= len(pan) || t[:len(pan)] != pan || t[len(pan)] != '=' || !digits(t[len(pan)+1:]) {
			return fmt.Errorf("%w: track 2 is not of this card", ErrCardUnreadable)
		}
	}
	if s := d.data[tagSequence]; len(s) > 1 || len(s) == 1 && !digits(compressed(s)) {
		return fmt.Errorf("%w: bad sequence number", ErrCardUnreadable)
	}
	return nil
}
