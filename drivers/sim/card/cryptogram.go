package card

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // EMV Book 2, B2.1 prescribes SHA-1
	"slices"

	"tillkeeper/drivers/reader/emv"
)

// dynamicSignature signs dynamic data with the chip's key, format 05 (EMV Book 2, 6.5).
func dynamicSignature(data, challenge []byte) []byte {
	k := chipKey()
	body := pad(append([]byte{0x05, 0x01, byte(len(data))}, data...), len(k.modulus)-22)
	return k.sign(body, challenge)
}

func (c *chip) internalAuthenticate(challenge []byte) ([]byte, uint16) {
	if c.phase != started {
		return nil, swNotAllowed
	}
	if len(challenge) != 4 {
		return nil, swWrongLength
	}
	signature := c.card.spoilt(WrongSignature, dynamicSignature(append([]byte{8}, c.number()...), challenge))
	if c.card.Entry == "chip" && !c.card.is(Format2) {
		return emv.Append(nil, 0x80, signature), swOK
	}
	return emv.Append(nil, 0x77, emv.Append(nil, 0x9F4B, signature)), swOK
}

// externalAuthenticate takes the issuer's word leniently: any tag 91 of 8 to 16 bytes is good, but for one of zeros only.
func (c *chip) externalAuthenticate(data []byte) ([]byte, uint16) {
	switch {
	case c.phase != wanting:
		return nil, swNotAllowed
	case c.card.State == Torn:
		c.gone = true
		return nil, swBroken
	case len(data) < 8 || len(data) > 16:
		return nil, swWrongLength
	case bytes.Equal(data[:8], make([]byte, 8)):
		c.denied = true
		return nil, swAuthFailed
	}
	return nil, swOK
}

// firstResults is the first byte of the card verification results by the first cryptogram.
var firstResults = map[byte]byte{emv.TC: 0x90, emv.ARQC: 0xA0, emv.AAC: 0x80}

// generate is GENERATE AC, the first or the second.
func (c *chip) generate(p1 byte, data []byte) ([]byte, uint16) {
	asked, combined := p1&0xC0, p1&0x10 != 0
	if asked == 0xC0 {
		return nil, swWrongData
	}
	switch c.phase {
	case started:
		if len(data) != cdolLength {
			return nil, swWrongLength
		}
		c.firstData = bytes.Clone(data)
		got := c.first(asked)
		if c.card.is(PINOnly) && data[verifiedAt]&notVerified != 0 {
			got = emv.AAC
		}
		c.phase = ended
		if got == emv.ARQC {
			c.phase = wanting
		}
		return c.cryptogram(c.reason(got, asked), combined, data, firstResults[got], data), swOK
	case wanting:
		if len(data) != cdolLength+2 {
			return nil, swWrongLength
		}
		unreachable := bytes.Equal(data[:2], []byte("Y3")) || bytes.Equal(data[:2], []byte("Z3"))
		if c.card.State == Torn && !unreachable {
			c.gone = true
			return nil, swBroken
		}
		got := c.second(asked, unreachable)
		c.phase = ended
		if got == emv.TC && !unreachable {
			c.online = c.counter
		}
		signed := append(bytes.Clone(c.firstData), data...)
		return c.cryptogram(got, combined, data, map[byte]byte{emv.TC: 0x60, emv.AAC: 0x20}[got], signed), swOK
	}
	return nil, swNotAllowed
}

// Where the terminal verification results of cdol1 say that the holder was not verified: byte 3, bit 8.
const (
	verifiedAt  = 6 + 6 + 2 + 2
	notVerified = 0x80
)

// first is the chip's own risk management: what it answers to the first request.
func (c *chip) first(asked byte) byte {
	if asked != emv.TC {
		return asked
	}
	switch c.card.Offline {
	case Approve:
		return emv.TC
	case Decline:
		return emv.AAC
	}
	return emv.ARQC
}

// reason is what the low bits of tag 9F27 say of an AAC that was not asked for.
func (c *chip) reason(kind, asked byte) byte {
	if kind == emv.AAC && asked != emv.AAC && c.card.is(PINTries) {
		return kind | 0x02
	}
	return kind
}

func (c *chip) second(asked byte, unreachable bool) byte {
	if asked != emv.TC || c.denied {
		return emv.AAC
	}
	if unreachable && c.card.Offline != Approve && c.card.Offline != ApproveY3 {
		return emv.AAC
	}
	return emv.TC
}

// cryptogram writes the answer to GENERATE AC. input is what goes into the cryptogram, results the first byte of the
// card verification results, signed all CDOL data so far.
func (c *chip) cryptogram(kind byte, combined bool, input []byte, results byte, signed []byte) []byte {
	ac, iad := c.compute(input, results)
	if c.card.Entry == "chip" && !combined && !c.card.is(Format2) {
		body := append([]byte{kind}, twoBytes(c.counter)...)
		return emv.Append(nil, 0x80, append(append(body, ac...), iad...))
	}
	body := emv.Append(nil, 0x9F27, []byte{kind})
	body = emv.Append(body, 0x9F36, twoBytes(c.counter))
	if combined && kind&0xC0 != emv.AAC {
		body = emv.Append(body, 0x9F10, iad)
		body = emv.Append(body, 0x9F4B, c.combinedSignature(kind, ac, body, signed))
		return emv.Append(nil, 0x77, body)
	}
	body = emv.Append(body, 0x9F26, ac)
	return emv.Append(nil, 0x77, emv.Append(body, 0x9F10, iad))
}

// combinedSignature signs cryptogram and all that was exchanged (CDA, EMV Book 2, 6.6.1). The challenge is the
// unpredictable number, the last four bytes of both CDOL.
func (c *chip) combinedSignature(kind byte, ac, said, signed []byte) []byte {
	h := sha1.New() //nolint:gosec // see the import
	for _, part := range [][]byte{c.options, signed, said} {
		h.Write(part)
	}
	data := append([]byte{8}, c.number()...)
	data = append(append(data, kind), ac...)
	return c.card.spoilt(WrongSignature, dynamicSignature(h.Sum(data), signed[len(signed)-4:]))
}

// compute makes the cryptogram over input and the issuer's data with the card verification results.
func (c *chip) compute(input []byte, results byte) (ac, iad []byte) {
	p := c.files()
	cvr := []byte{0x03, results, 0x00, 0x00}
	key := sessionKey(c.key, c.counter)
	message := append(bytes.Clone(input), p.aip...)
	message = append(append(message, twoBytes(c.counter)...), cvr...)
	ac = mac(key, message)

	balance := []byte{0, 0, 0, 0, 0}
	iad = append([]byte{0x07, 0x01, 0x01}, cvr...)
	iad = append(append(iad, 0x01, 0x0A, 0x01), balance...)
	return ac, append(iad, mac(key, append(twoBytes(c.counter), balance...))[:4]...)
}

// quickOptions is the answer of a quick card to GET PROCESSING OPTIONS: the cryptogram itself, and, where it approves, the
// way to the records with its signature over what was exchanged (fDDA version 01, JR/T 0025.12).
func (c *chip) quickOptions(p *profile) []byte {
	wants, exchanged := c.options[:4], c.options[4:]
	kind := byte(emv.ARQC)
	if wants[1]&0x80 == 0 {
		kind = c.first(emv.TC)
	}
	ac, iad := c.compute(exchanged, firstResults[kind])
	own := []byte{0x00, 0x00}
	if c.card.is(OnDevice) {
		own[1] = 0x80
	}
	body := emv.Append(nil, 0x82, p.aip)
	if kind == emv.TC {
		body = emv.Append(body, 0x94, p.afl)
		related := append(append([]byte{0x01}, c.number()[4:]...), own...)
		amount, currency, random := exchanged[:6], exchanged[19:21], exchanged[25:29]
		signature := dynamicSignature(append([]byte{2}, twoBytes(c.counter)...), slices.Concat(random, amount, currency, related))
		p.records[place{3, 1}] = template(0x9F4B, c.card.spoilt(WrongSignature, signature), 0x9F69, related)
		if c.card.is(Static) || c.card.is(Unsigned) {
			p.records[place{3, 1}] = template(0x5F20, []byte("/"))
		}
	}
	body = emv.Append(body, 0x5F34, packDigits(c.card.Sequence[1:]))
	body = emv.Append(emv.Append(body, 0x9F36, twoBytes(c.counter)), 0x57, track(c.card, "201"))
	body = emv.Append(emv.Append(body, 0x9F10, iad), 0x9F26, ac)
	return emv.Append(nil, 0x77, emv.Append(body, 0x9F6C, own))
}
