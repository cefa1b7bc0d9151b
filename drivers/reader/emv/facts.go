package emv

// Facts are what a kernel elsewhere says of a card, read from its data objects.
type Facts struct {
	Result
	Scripts []byte // value of DF31

	data map[Tag][]byte
}

// ReadFacts reads the data objects of a kernel that is not this one, BER-TLV, templates 70 and 77 opened. Those of before
// stand where the new ones say nothing. The result is checked like a card's own word: number, stripe image, expiry,
// cryptogram 9F27 and TVR have to be there and of the right form; else it is an error of ReasonData.
func ReadFacts(before *Facts, tlv []byte) (Facts, error) {
	d := New(Terminal{}, nil)
	if before != nil {
		for t, v := range before.data {
			d.data[t] = v
		}
	}
	objects, err := Parse(tlv)
	if err != nil {
		return Facts{}, fault(ReasonData, ErrCardUnreadable, "objects of the reader")
	}
	fresh := map[Tag]bool{}
	for _, o := range flat(objects) {
		if fresh[o.Tag] && string(d.data[o.Tag]) != string(o.Value) {
			return Facts{}, fault(ReasonData, ErrCardUnreadable, "object %s twice", o.Tag)
		}
		fresh[o.Tag] = true
		d.data[o.Tag] = append([]byte(nil), o.Value...)
	}
	for _, t := range []Tag{tagCDOL1, tagCDOL2} { // the kernel's own business
		if len(d.data[t]) == 0 {
			d.data[t] = []byte{0}
		}
	}
	if e := trackDigits(d.data[tagTrack2]); len(d.data[tagPAN]) == 0 && e == "" {
		return Facts{}, fault(ReasonData, ErrCardUnreadable, "no number")
	}
	pan, expiry := d.identity()
	d.data[tagPAN] = packed(pan)
	if len(d.data[tagExpiry]) == 0 && len(expiry) == 4 && digits(expiry) {
		d.data[tagExpiry] = bcd(expiry + "01")
	}
	if err := d.checkMandatory(); err != nil {
		return Facts{}, err
	}
	cid, tvr := d.data[tagCID], d.data[tagTVR]
	if len(cid) != 1 || cid[0]&0xC0 == 0xC0 || len(tvr) != 5 {
		return Facts{}, fault(ReasonData, ErrCardUnreadable, "no cryptogram (9F27) or TVR (95)")
	}
	d.factsOf(cid[0], tvr)
	f := Facts{Result: d.result(), Scripts: d.data[tagScriptResults], data: d.data}
	if f.F55, err = d.field55(); err != nil {
		return Facts{}, err
	}
	f.ShortF55 = d.shortField55(f.Scripts)
	return f, nil
}

// factsOf sets what the objects mean: cryptogram, cardholder verification, authentication.
func (d *Dialogue) factsOf(cid byte, tvr []byte) {
	copy(d.tvr[:], tvr)
	copy(d.tsi[:], d.data[tagTSI])
	d.cryptogram = cid & 0xC0
	if d.cryptogram == AAC {
		d.reason = whyCard(cid)
	}
	d.authentic = tvr[0]&(tvrNotAuthenticated|tvrStaticFailed|tvrDynamicFailed|tvrCombinedFailed) == 0
	if v := d.data[tagCVMResults]; len(v) == 3 && v[2] != 0x01 {
		switch v[0] & 0x3F {
		case cvmOnlinePIN:
			d.needPIN = true
		case cvmSignature, cvmPlainAndSignature, cvmSealedAndSignature:
			d.signature = true
		}
	}
}

// flat opens the templates that a kernel may wrap its objects in.
func flat(objects []Object) []Object {
	var out []Object
	for _, o := range objects {
		if o.Tag == tagRecord || o.Tag == tagResponse2 {
			out = append(out, flat(o.Children)...)
		} else {
			out = append(out, o)
		}
	}
	return out
}

// packed writes digits in format cn: two a byte, filled up with F.
func packed(s string) []byte {
	out := make([]byte, 0, (len(s)+1)/2)
	for i := 0; i < len(s); i += 2 {
		low := byte(0x0F)
		if i+1 < len(s) {
			low = s[i+1] & 0x0F
		}
		out = append(out, s[i]<<4|low)
	}
	return out
}
