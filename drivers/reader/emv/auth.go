package emv

import (
	"bytes"
	"context"
	"errors"
)

// Bits of the application interchange profile, byte 1 (EMV Book 3, annex C1).
const (
	aipStatic     = 0x40
	aipDynamic    = 0x20
	aipIssuerAuth = 0x04
	aipCombined   = 0x01
)

// Heads of certificates and signatures: bytes before the key or the data, and all bytes but these.
const (
	issuerHead, issuerFixed = 14, 36 // format 02: from the format byte
	cardHead, cardFixed     = 20, 42 // format 04
)

// errDataMissing says that the card has not the objects its authentication needs.
var errDataMissing = errors.New("emv: authentication data missing")

// Methods of offline data authentication that a terminal declares, byte 3 of tag 9F33.
const (
	canStatic   = 0x80
	canDynamic  = 0x40
	canCombined = 0x08
)

// authenticate is offline data authentication (EMV Book 2, 5 and 6; Book 3, 10.3): the best method that card and terminal
// share. Whether it fails is a matter of the TVR and of the action codes, so only a lost card is an error here.
func (d *Dialogue) authenticate(ctx context.Context) error {
	profile, able := d.data[tagAIP][0], d.terminal.Capabilities[2]
	switch {
	case profile&aipCombined != 0 && able&canCombined != 0:
		d.tsi[0] |= tsiAuthenticated
		key, err := d.recoverCardKey()
		d.markMissing(err)
		if key == nil {
			d.tvr[0] |= tvrCombinedFailed
			return nil
		}
		d.cda, d.authentic = key, true // held until the cryptogram proves it
	case profile&aipDynamic != 0 && able&canDynamic != 0:
		d.tsi[0] |= tsiAuthenticated
		ok, err := d.dynamic(ctx)
		if err != nil {
			return err
		}
		if d.authentic = ok; !ok {
			d.tvr[0] |= tvrDynamicFailed
		}
	case profile&aipStatic != 0 && able&canStatic != 0:
		d.tsi[0] |= tsiAuthenticated
		d.tvr[0] |= tvrStaticSelected
		if d.authentic = d.staticOK(); !d.authentic {
			d.tvr[0] |= tvrStaticFailed
		}
	default:
		d.tvr[0] |= tvrNotAuthenticated
	}
	return nil
}

func (d *Dialogue) markMissing(err error) {
	if errors.Is(err, errDataMissing) {
		d.tvr[0] |= tvrDataMissing
	}
}

func (d *Dialogue) missing(tags ...Tag) bool {
	for _, t := range tags {
		if len(d.data[t]) == 0 {
			return true
		}
	}
	return false
}

var errCertificate = errors.New("emv: certificate does not verify")

// recoverIssuerKey opens the issuer's certificate with the CA key the card names (EMV Book 2, 6.3).
func (d *Dialogue) recoverIssuerKey() (*cardKey, error) {
	if d.missing(tagCAIndex, tagIssuerCert, tagIssuerExponent) {
		return nil, errDataMissing
	}
	ca, ok := d.terminal.Keys.find(d.data[tagDFName], d.data[tagCAIndex][0], d.req.Time)
	if !ok {
		return nil, errCertificate
	}
	rest, exponent := d.data[tagIssuerRemainder], d.data[tagIssuerExponent]
	id := caID{[5]byte(d.data[tagDFName][:5]), d.data[tagCAIndex][0]}
	body, ok := d.terminal.Keys.open(id, ca, d.data[tagIssuerCert], rest, exponent)
	if !ok || len(body) < issuerHead+1 || body[10] != 0x01 || body[11] != 0x01 || int(body[13]) != len(exponent) {
		return nil, errCertificate
	}
	pan, _ := d.identity()
	issuer := compressed(body[1:5])
	if d.terminal.Keys.revoked[Revocation{id.rid, id.index, [3]byte(body[7:10])}] {
		return nil, errCertificate
	}
	if len(issuer) < 3 || len(issuer) > len(pan) || pan[:len(issuer)] != issuer || d.certificateOver(body[5:7]) {
		return nil, errCertificate
	}
	return certifiedKey(body[issuerHead:], ca.size()-issuerFixed, int(body[12]), rest, exponent)
}

// recoverCardKey opens the card's certificate with the issuer's key (EMV Book 2, 6.4); it covers the static data.
func (d *Dialogue) recoverCardKey() (*cardKey, error) {
	issuer, err := d.recoverIssuerKey()
	if err != nil {
		return nil, err
	}
	if d.missing(tagCardCert, tagCardExponent) {
		return nil, errDataMissing
	}
	static, ok := d.staticData()
	if !ok {
		return nil, errCertificate
	}
	rest, exponent := d.data[tagCardRemainder], d.data[tagCardExponent]
	body, ok := issuer.recover(d.data[tagCardCert], 0x04, rest, exponent, static)
	if !ok || len(body) < cardHead+1 || body[16] != 0x01 || body[17] != 0x01 || int(body[19]) != len(exponent) {
		return nil, errCertificate
	}
	if pan, _ := d.identity(); compressed(body[1:11]) != pan || d.certificateOver(body[11:13]) {
		return nil, errCertificate
	}
	return certifiedKey(body[cardHead:], issuer.size()-cardFixed, int(body[18]), rest, exponent)
}

// certifiedKey puts a modulus together from its part in the certificate (room bytes, padded with BB) and the remainder.
func certifiedKey(part []byte, room, length int, rest, exponent []byte) (*cardKey, error) {
	if length < 24 || length > maxModulus || len(part) != room || len(exponent) == 0 || len(exponent) > 3 {
		return nil, errCertificate
	}
	if length <= room {
		if len(rest) != 0 || bytes.Count(part[length:], []byte{0xBB}) != room-length {
			return nil, errCertificate
		}
		part = part[:length]
	}
	modulus := append(append([]byte(nil), part...), rest...)
	if len(modulus) != length || modulus[0]&0x80 == 0 {
		return nil, errCertificate
	}
	return newCardKey(modulus, exponent), nil
}

// certificateOver judges a certificate's MMYY; a month that is none is over.
func (d *Dialogue) certificateOver(mmyy []byte) bool {
	s := compressed(mmyy)
	if len(s) != 4 || !calendar(s[2:]+s[:2]+"01") {
		return true
	}
	return century(d.req.Time.Format("0601")+"00") > century(s[2:]+s[:2]+"00")
}

// staticData is the static data to be authenticated: the signed records, and the AIP when 9F4A says so (Book 3, 10.3).
func (d *Dialogue) staticData() ([]byte, bool) {
	if d.staticBad {
		return nil, false
	}
	list := d.data[tagStaticTags]
	if len(list) == 0 {
		return d.static, true
	}
	if len(list) != 1 || Tag(list[0]) != tagAIP {
		return nil, false
	}
	return append(append([]byte(nil), d.static...), d.data[tagAIP]...), true
}

func (d *Dialogue) staticOK() bool {
	issuer, err := d.recoverIssuerKey()
	if err == nil && d.missing(tagStaticSignature) {
		err = errDataMissing
	}
	d.markMissing(err)
	if err != nil {
		return false
	}
	static, ok := d.staticData()
	if !ok {
		return false
	}
	body, ok := issuer.recover(d.data[tagStaticSignature], 0x03, static)
	if !ok || len(body) < 4 || body[1] != 0x01 {
		return false
	}
	d.data[tagAuthData] = body[2:4] // Book 2, 5.4: a later list may ask for it
	return true
}

// dynamic is DDA: the card signs the unpredictable number (EMV Book 2, 6.5).
func (d *Dialogue) dynamic(ctx context.Context) (bool, error) {
	key, err := d.recoverCardKey()
	d.markMissing(err)
	if err != nil {
		return false, nil
	}
	list, err := ParseDOL(d.ddol())
	if err != nil || !asksRandom(list) {
		return false, nil
	}
	challenge := Fill(list, d.value)
	body, sw, err := d.send(ctx, command{cla: 0x00, ins: 0x88, data: challenge})
	if err != nil {
		return false, err
	}
	if sw != swOK {
		return false, nil
	}
	objects, err := Parse(body)
	if err != nil || len(objects) != 1 {
		return false, nil
	}
	signature := objects[0].Value
	if objects[0].Tag == tagResponse2 {
		signature = mustFind(objects[0].Children, tagDynamicSig)
	} else if objects[0].Tag != tagResponse1 {
		return false, nil
	}
	recovered, ok := key.recover(signature, 0x05, challenge)
	return ok && d.keepNumber(recovered), nil
}

// keepNumber takes the card's dynamic number out of a recovered signature of format 05, for the lists to come; false when
// there is none.
func (d *Dialogue) keepNumber(recovered []byte) bool {
	inside := dynamicData(recovered)
	if recovered[1] != 0x01 || len(inside) == 0 {
		return false
	}
	n := int(inside[0])
	if n < 2 || n > 8 || len(inside) < 1+n {
		return false
	}
	d.data[tagDynamicNumber] = inside[1 : 1+n]
	return true
}

func asksRandom(list []Field) bool {
	for _, f := range list {
		if f.Tag == tagUnpredictable && f.Length == 4 {
			return true
		}
	}
	return false
}

// dynamicData is the ICC dynamic data of a recovered signature of format 05, nil when its length does not fit.
func dynamicData(body []byte) []byte {
	if len(body) < 4 || int(body[2]) > len(body)-3 || body[2] < 3 {
		return nil
	}
	return body[3 : 3+int(body[2])]
}

// checkCombined opens the signature of a GENERATE AC (CDA, EMV Book 2, 6.6.2): it must cover the cryptogram and all that
// was exchanged, answer being what the card wrote into its template 77, byte for byte. The cryptogram inside is the one
// that counts.
func (d *Dialogue) checkCombined(answer, signed []byte) bool {
	body, ok := d.cda.recover(d.data[tagDynamicSig], 0x05, d.data[tagUnpredictable])
	if !ok || !d.keepNumber(body) {
		return false
	}
	inside := dynamicData(body)
	n := int(inside[0])
	if len(inside) < 1+n+1+8+20 {
		return false
	}
	inside = inside[1+n:]
	if inside[0] != d.data[tagCID][0] {
		return false
	}
	if !bytes.Equal(inside[9:29], hash(d.pdolData, signed, without(answer, tagDynamicSig))) {
		return false
	}
	d.data[tagCryptogram] = inside[1:9]
	return true
}

// without is what stands in a template besides one object, as it was written: a card may write a length longer than needed.
func without(template []byte, t Tag) []byte {
	var out []byte
	for rest := template; len(rest) > 0; {
		if rest[0] == 0 { // between objects, of no meaning
			rest = rest[1:]
			continue
		}
		tag, behind, err := cutTag(rest)
		if err != nil {
			return nil
		}
		n, behind, err := cutLength(behind)
		if err != nil || n > len(behind) {
			return nil
		}
		if tag != t {
			out = append(out, rest[:len(rest)-len(behind)+n]...)
		}
		rest = behind[n:]
	}
	return out
}
