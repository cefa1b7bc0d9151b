package emv

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"tillkeeper/app/pos"
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
	case d.req.Contactless && sw == swUseContact:
		return false, fault(ReasonUseChip, pos.ErrCardUnfit, "GET PROCESSING OPTIONS answered %04X", sw)
	case d.req.Contactless && sw == swSeeDevice:
		return false, fault(ReasonSeePhone, pos.ErrCardUnfit, "GET PROCESSING OPTIONS answered %04X", sw)
	case sw != swOK:
		return false, fmt.Errorf("%w: GET PROCESSING OPTIONS answered %04X", ErrCardUnreadable, sw)
	}
	d.optioned = true
	objects, err := Parse(body)
	if err != nil || len(objects) != 1 {
		return false, fmt.Errorf("%w: processing options", ErrCardUnreadable)
	}
	switch o := objects[0]; {
	case o.Tag == tagResponse1 && len(o.Value) >= 6:
		d.data[tagAIP], d.data[tagAFL] = o.Value[:2], o.Value[2:]
	case o.Tag == tagResponse2:
		if err := d.takeOptions(o.Children); err != nil {
			return false, err
		}
	}
	if len(d.data[tagAIP]) != 2 || len(d.data[tagAFL])%4 != 0 || len(d.data[tagAFL]) == 0 && !d.quick {
		return false, fault(ReasonData, ErrCardUnreadable, "no AIP or AFL")
	}
	return true, nil
}

// quickObjects are what a contactless card answers besides AIP and AFL when it gives its cryptogram at once.
var quickObjects = []Tag{
	tagTrack2, tagSequence, tagCryptogram, tagCID, tagIssuerData, tagATC, tagDynamicSig, tagCardQualifiers, tagCardRelated,
}

// takeOptions takes format 2 of the processing options. With a cryptogram in it, on a contactless card, the dialogue is of
// the quick kind.
func (d *Dialogue) takeOptions(objects []Object) error {
	seen := map[Tag]bool{}
	for _, o := range objects {
		if seen[o.Tag] {
			return fault(ReasonData, ErrCardUnreadable, "object %s twice", o.Tag)
		}
		seen[o.Tag] = true
	}
	d.data[tagAIP], d.data[tagAFL] = mustFind(objects, tagAIP), mustFind(objects, tagAFL)
	if !d.req.Contactless || !seen[tagCryptogram] {
		return nil
	}
	d.quick = true
	for _, t := range quickObjects {
		if v, ok := Find(objects, t); ok {
			d.data[t] = v
		}
	}
	return nil
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
			return fault(ReasonData, ErrCardUnreadable, "bad AFL")
		}
		for r := first; r <= last; r++ {
			if count++; count > maxRecords {
				return fault(ReasonData, ErrCardUnreadable, "AFL of more than %d records", maxRecords)
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
		tagIssuerAuth, tagCertificateHash, tagFloorLimit:
		return true
	}
	return false
}

func (d *Dialogue) keep(objects []Object) error {
	for _, o := range objects {
		if owned(o.Tag) {
			return fault(ReasonData, ErrCardUnreadable, "a record with object %s", o.Tag)
		}
		known, twice := d.data[o.Tag]
		if d.quick && bytes.Equal(known, o.Value) { // said with the processing options already
			continue
		}
		if twice && o.Tag != tagLabel && o.Tag != tagPreferredName && o.Tag != tagCodeTable {
			return fault(ReasonData, ErrCardUnreadable, "object %s twice", o.Tag)
		}
		d.data[o.Tag] = o.Value
	}
	return nil
}

// checkMandatory looks for the objects without which there is no payment (EMV Book 3, 7.2) and at the form of those that
// name the card (7.5). A quick card has no second command, so it needs no lists, and its stripe image may stand for the rest.
func (d *Dialogue) checkMandatory() error {
	wanted := []Tag{tagExpiry, tagPAN, tagCDOL1, tagCDOL2}
	if d.quick {
		wanted = []Tag{tagTrack2, tagATC, tagIssuerData}
	}
	for _, t := range wanted {
		if len(d.data[t]) == 0 {
			return fault(ReasonData, ErrCardUnreadable, "object %s is missing", t)
		}
	}
	pan, expiry := d.identity()
	if len(pan) < 12 || len(pan) > 19 || !digits(pan) {
		return fault(ReasonData, ErrCardUnreadable, "bad PAN")
	}
	if len(expiry) < 4 || !digits(expiry) || len(d.data[tagExpiry]) > 0 && len(expiry) != 6 {
		return fault(ReasonData, ErrCardUnreadable, "bad expiry")
	}
	if t := trackDigits(d.data[tagTrack2]); t != "" {
		if len(t) > 37 || len(t) <= len(pan) || t[:len(pan)] != pan || t[len(pan)] != '=' || !digits(t[len(pan)+1:]) {
			return fault(ReasonData, ErrCardUnreadable, "track 2 is not of this card")
		}
	}
	if s := d.data[tagSequence]; len(s) > 1 || len(s) == 1 && !digits(compressed(s)) {
		return fault(ReasonData, ErrCardUnreadable, "bad sequence number")
	}
	return nil
}

// identity is the card's number and its expiry, YYMMDD, or YYMM where only the stripe image says it.
func (d *Dialogue) identity() (pan, expiry string) {
	pan, expiry = compressed(d.data[tagPAN]), compressed(d.data[tagExpiry])
	left, right, _ := strings.Cut(trackDigits(d.data[tagTrack2]), "=")
	if pan == "" {
		pan = left
	}
	if expiry == "" && len(right) >= 4 {
		expiry = right[:4]
	}
	return pan, expiry
}
