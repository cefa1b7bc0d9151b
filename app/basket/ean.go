package basket

import "tillkeeper/app/pos"

// CheckDigit gives the check digit of an article number without it (GS1
// General Specifications 7.9), and false if it is not all digits.
func CheckDigit(body string) (byte, bool) {
	sum := 0
	for i := range len(body) {
		c := body[len(body)-1-i]
		if c < '0' || c > '9' {
			return 0, false
		}
		w := 1
		if i%2 == 0 {
			w = 3
		}
		sum += int(c-'0') * w
	}
	return byte('0' + (10-sum%10)%10), len(body) > 0
}

// ValidEAN says whether a text is an EAN-8, UPC-A or EAN-13 with its right
// check digit.
func ValidEAN(code string) bool {
	if len(code) != 8 && len(code) != 12 && len(code) != 13 {
		return false
	}
	d, ok := CheckDigit(code[:len(code)-1])
	return ok && d == code[len(code)-1]
}

// Embedded is what the shop's own scale printed into an EAN-13 from 20 to 29:
// two digits prefix, five of the PLU, five of the value, one check digit. One
// of Price (fen) and Weight (thousandths of a kg) is set by the prefix.
type Embedded struct {
	PLU    string
	Price  pos.Amount
	Weight pos.Qty
}

// firstWeight is the second digit from which on a prefix carries the weight:
// 20 to 24 the price in fen, 25 to 29 the weight in grams.
const firstWeight = '5'

// pluLen is prefix and PLU: what the catalogue's barcode of a weighed article
// holds.
const pluLen = 7

// DecodeEmbedded reads a scale's EAN-13 and says whether it is one.
func DecodeEmbedded(code string) (Embedded, bool) {
	if len(code) != 13 || code[0] != '2' || !ValidEAN(code) {
		return Embedded{}, false
	}
	value := int64(0)
	for _, c := range []byte(code[pluLen : len(code)-1]) {
		value = value*10 + int64(c-'0')
	}
	e := Embedded{PLU: code[2:pluLen]}
	if code[1] >= firstWeight {
		e.Weight = pos.Qty(value)
	} else {
		e.Price = pos.Amount(value)
	}
	return e, true
}
