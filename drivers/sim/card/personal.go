package card

import (
	"bytes"
	"encoding/binary"
	"time"

	"tillkeeper/drivers/reader/emv"
)

// The applications of a simulated chip, debit and credit, and the directories of contact and contactless.
var (
	debitAID    = []byte{0xA0, 0, 0, 0x03, 0x33, 1, 1, 1}
	creditAID   = []byte{0xA0, 0, 0, 0x03, 0x33, 1, 1, 2}
	contactDir  = []byte("1PAY.SYS.DDF01")
	contactless = []byte("2PAY.SYS.DDF01")
)

// certificateEnd is the MMYY of the simulated certificates.
var certificateEnd = []byte{0x12, 0x49}

const discretionary = "3949031013" // behind the service code in track 2 of every simulated card

// The data objects lists of a simulated chip: PDOL of contactless, and what both GENERATE AC get.
var (
	pdol  = []byte{0x9F, 0x66, 4, 0x9F, 0x02, 6, 0x9F, 0x37, 4, 0x5F, 0x2A, 2}
	cdol1 = []byte{0x9F, 0x02, 6, 0x9F, 0x03, 6, 0x9F, 0x1A, 2, 0x95, 5, 0x5F, 0x2A, 2, 0x9A, 3, 0x9C, 1, 0x9F, 0x37, 4}
	cdol2 = append([]byte{0x8A, 2}, cdol1...)
	ddol  = []byte{0x9F, 0x37, 4}
)

const cdolLength = 29 // bytes that cdol1 asks for

// place is a record: file and number.
type place struct{ sfi, record byte }

// Data object lists of the traits LongPDOL and Quick: the latter begins with the reader's qualifiers and goes on like cdol1.
var (
	longPDOL = append([]byte{
		0x9F, 0x66, 4, 0x9F, 0x7A, 1, 0x9F, 0x7B, 6, 0xDF, 0x60, 1, 0xDF, 0x69, 1, 0x9F, 0x4E, 40, 0x9F, 0x1E, 8, 0x9F, 0x35, 1,
		0x9F, 0x33, 3, 0x9F, 0x40, 5, 0x9F, 0x21, 3, 0x9F, 0x41, 4, 0x9F, 0x1C, 8, 0x9F, 0x16, 15, 0x9F, 0x01, 6, 0x9F, 0x15, 2,
	}, cdol1...)
	quickPDOL = append([]byte{0x9F, 0x66, 4}, cdol1...)
)

// profile is what is written into a chip before it is given out.
type profile struct {
	aid     []byte
	label   string
	rank    byte // tag 87
	refuses bool // GET PROCESSING OPTIONS answers 6985
	aip     []byte
	afl     []byte
	pdol    []byte
	records map[place][]byte
}

// applications are all that a chip holds, in the order of its directory.
func applications(c Card, combined bool) []*profile {
	p := personalise(c, combined)
	list := []*profile{&p}
	if c.is(Two) {
		q := p
		q.aid, q.label, q.rank = creditAID, "UnionPay Credit", 2
		if bytes.Equal(p.aid, creditAID) {
			q.aid, q.label = debitAID, "UnionPay Debit"
		}
		list = append(list, &q)
	}
	list[0].refuses = c.is(RefusesFirst)
	for _, p := range list {
		if c.is(Confirm) {
			p.rank |= 0x80
		}
	}
	var entries []byte
	for _, p := range list {
		entries = append(entries, p.entry()...)
	}
	p.records[place{10, 1}] = emv.Append(nil, 0x70, entries) // of the contact directory
	return list
}

// personalise writes a chip's files: identity, rules, and the certificates that bind them to the scheme's key.
func personalise(c Card, combined bool) profile {
	p := profile{
		aid: debitAID, label: "UnionPay Debit", rank: 1, aip: []byte{0x7C, 0x00},
		afl: []byte{0x08, 1, 1, 0, 0x10, 1, 3, 1}, records: map[place][]byte{},
	}
	if c.PAN[:3] == "625" || c.PAN[:3] == "628" {
		p.aid, p.label = creditAID, "UnionPay Credit"
	}
	switch {
	case c.is(Unsigned):
		p.aip[0] = 0x1C
	case c.is(Static):
		p.aip[0] = 0x5C
	case combined || c.is(Combined):
		p.aip[0] |= 0x01
	}
	switch {
	case c.is(Quick):
		p.pdol = quickPDOL
		p.afl = []byte{0x10, 1, 3, 1, 0x18, 1, 1, 0}
	case c.is(LongPDOL):
		p.pdol = longPDOL
	case c.Entry == "contactless":
		p.pdol = pdol
	}
	service := "201"
	static := identity(c)
	p.records[place{1, 1}] = emv.Append(nil, 0x70, emv.Append(nil, 0x57, track(c, service)))
	p.records[place{2, 1}] = emv.Append(nil, 0x70, static)
	p.certificates(c, static)
	p.records[place{10, 1}] = emv.Append(nil, 0x70, p.entry()) // of the contact directory
	return p
}

// certificates writes the chain from the scheme's key to the card's, or to the signature over its data.
func (p *profile) certificates(c Card, static []byte) {
	ca, issuer, chip := authorityKey(), issuerKey(), chipKey()
	serial := []byte{0, 0, 1}
	if c.is(Revoked) {
		serial = RevokedSerial[:]
	}
	head := append([]byte{0x02}, append(packDigits(c.PAN[:6]), 0xFF)...)
	head = append(append(head, certificateEnd...), serial...)
	head = append(head, 1, 1, byte(len(issuer.modulus)), 1)
	certificate, rest := ca.certify(head, issuer)
	p.records[place{2, 2}] = template(
		0x8F, []byte{AuthorityIndex}, 0x90, certificate, 0x92, rest, 0x9F32, exponent)

	if c.is(Static) {
		signed := issuer.sign(pad([]byte{0x03, 0x01, 0xDA, 0xC0}, len(issuer.modulus)-22), static, p.aip)
		p.records[place{2, 3}] = template(0x93, c.spoilt(WrongSignature, signed))
		return
	}
	head = append([]byte{0x04}, packDigits(c.PAN)...)
	for len(head) < 11 {
		head = append(head, 0xFF)
	}
	head = append(append(head, certificateEnd...), 0, 0, 2, 1, 1, byte(len(chip.modulus)), 1)
	certificate, rest = issuer.certify(head, chip, static, p.aip)
	p.records[place{2, 3}] = template(
		0x9F46, c.spoilt(WrongCertificate, certificate), 0x9F47, exponent, 0x9F48, rest, 0x9F49, ddol)
}

// template writes a record from tags and values in turn.
func template(pairs ...any) []byte {
	var out []byte
	for i := 0; i+1 < len(pairs); i += 2 {
		tag, _ := pairs[i].(int)
		value, _ := pairs[i+1].([]byte)
		out = emv.Append(out, emv.Tag(tag), value)
	}
	return emv.Append(nil, 0x70, out)
}

// identity is the signed record: who the card is, until when, and by what rules.
func identity(c Card) []byte {
	rules := []byte{0, 0, 0, 0, 0, 0, 0, 0, 0x1F, 0x03}
	switch {
	case c.is(PINOnly):
		rules = []byte{0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x03}
	case c.asks():
		rules = []byte{0, 0, 0, 0, 0, 0, 0, 0, 0x42, 0x03, 0x1E, 0x03, 0x1F, 0x03}
	}
	from, usage := []byte{0x15, 0x01, 0x01}, []byte{0xFF, 0x00}
	if c.is(NotYetValid) {
		from = []byte{0x49, 0x01, 0x01}
	}
	if c.is(NotHere) {
		usage = []byte{0xFE, 0x00}
	}
	var out []byte
	if c.is(Velocity) {
		out = emv.Append(emv.Append(nil, 0x9F14, []byte{LowerLimit}), 0x9F23, []byte{UpperLimit})
	}
	for _, o := range []emv.Object{
		{Tag: 0x5A, Value: packDigits(c.PAN)},
		{Tag: 0x5F24, Value: lastDay(c.Expiry)},
		{Tag: 0x5F25, Value: from},
		{Tag: 0x5F28, Value: []byte{0x01, 0x56}},
		{Tag: 0x5F34, Value: packDigits(c.Sequence[1:])},
		{Tag: 0x8C, Value: cdol1},
		{Tag: 0x8D, Value: cdol2},
		{Tag: 0x8E, Value: rules},
		{Tag: 0x9F07, Value: usage},
		{Tag: 0x9F08, Value: []byte{0x00, 0x20}},
		{Tag: 0x9F0D, Value: []byte{0xFC, 0x40, 0x00, 0x80, 0x00}},
		{Tag: 0x9F0E, Value: []byte{0x00, 0x10, 0x00, 0x00, 0x00}},
		{Tag: 0x9F0F, Value: []byte{0xFC, 0x68, 0x04, 0xF8, 0x00}},
		{Tag: 0x9F42, Value: []byte{0x01, 0x56}},
		{Tag: 0x9F4A, Value: []byte{0x82}},
	} {
		out = emv.Append(out, o.Tag, o.Value)
	}
	return out
}

// lastDay is the day until which a card of expiry YYMM is good, as YYMMDD in BCD.
func lastDay(yymm string) []byte {
	t, err := time.Parse("060102", yymm+"01")
	if err != nil {
		return nil
	}
	return packDigits(t.AddDate(0, 1, -1).Format("060102"))
}

// track is track 2 equivalent data, tag 57.
func track(c Card, service string) []byte {
	return packDigits(c.PAN + "=" + c.Expiry + service + discretionary) // = is 3D: its low half is the D wanted
}

// entry is the directory entry of the application.
func (p profile) entry() []byte {
	out := emv.Append(nil, 0x4F, p.aid)
	out = emv.Append(out, 0x50, []byte(p.label))
	return emv.Append(nil, 0x61, emv.Append(out, 0x87, []byte{p.rank}))
}

// fci is the answer to SELECT: the file's name and the proprietary template.
func fci(name, proprietary []byte) []byte {
	return emv.Append(nil, 0x6F, emv.Append(emv.Append(nil, 0x84, name), 0xA5, proprietary))
}

func twoBytes(v uint16) []byte { return binary.BigEndian.AppendUint16(nil, v) }
