package emv

import "fmt"

const maxField55 = 255 // ISO 8583:1987 DE 55 of the profile, bytes

// fullOrder is the order of a request's field 55; shortOrder that of a reversal.
var (
	fullOrder = []Tag{
		tagCryptogram, tagCID, tagIssuerData, tagUnpredictable, tagATC, tagTVR, tagDate, tagKind, tagAmount, tagCurrency,
		tagAIP, tagCountry, tagAmountOther, tagCapabilities, tagCVMResults, tagTerminalType, tagSerial, tagDFName,
		tagVersion, tagCounter,
	}
	shortOrder = []Tag{tagTVR, tagSerial, tagIssuerData, tagATC}
)

// BuildField55 writes the objects of a request's field 55 in the profile's order; an object without a value is left out.
func BuildField55(value func(Tag) []byte) []byte { return build(fullOrder, value) }

// BuildShortField55 writes the objects of a reversal's field 55 in the profile's order.
func BuildShortField55(value func(Tag) []byte) []byte { return build(shortOrder, value) }

func build(order []Tag, value func(Tag) []byte) []byte {
	var out []byte
	for _, t := range order {
		if v := value(t); len(v) > 0 {
			out = Append(out, t, v)
		}
	}
	return out
}

func (d *Dialogue) field55() ([]byte, error) {
	out := BuildField55(d.value)
	if len(out) > maxField55 {
		return nil, fmt.Errorf("%w: field 55 of %d bytes", ErrUnsupported, len(out))
	}
	return out, nil
}

func (d *Dialogue) shortField55(scripts []byte) []byte {
	out := BuildShortField55(d.value)
	if len(scripts) > 0 {
		out = Append(out, tagScriptResults, scripts)
	}
	return out
}
