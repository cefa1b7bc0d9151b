package wire

import "slices"

// PINRule says how a PIN travels. Everything may be left out: format 0 under the PIK of the sign-on, field 53
// as usual, no payment without a PIN that is wanted.
type PINRule struct {
	Format   int    `json:"format"`              // of ISO 9564-1: 0, 3 or 4
	Keys     string `json:"keys"`                // "session", "dukpt-tdes" or "dukpt-aes"; "" is "session"
	Security string `json:"security,omitempty"`  // field 53 with a PIN; "" is the usual one for the length of the PIK
	KSNField int    `json:"ksn_field,omitempty"` // under DUKPT: the binary field that carries the key's serial number
	Bypass   bool   `json:"bypass"`              // a customer whose card has no PIN presses OK without one; the issuer decides
}

// The keys under which a PIN block may be encrypted.
const (
	PINSession   = "session"
	PINDUKPTTDES = "dukpt-tdes"
	PINDUKPTAES  = "dukpt-aes"
)

// ksnBytes is the length of a key serial number by the keys; none under a session key.
var ksnBytes = map[string]int{PINSession: 0, PINDUKPTTDES: 10, PINDUKPTAES: 12}

// ksnFields are the fields that may carry a key serial number: those that a request with a PIN has no other use for.
var ksnFields = []int{53, 58, 62}

// KeysOrSession answers Keys, with its default.
func (r PINRule) KeysOrSession() string {
	if r.Keys == "" {
		return PINSession
	}
	return r.Keys
}

// KSNBytes answers how long the key serial number of a PIN block is, 0 where there is none.
func (r PINRule) KSNBytes() int { return ksnBytes[r.KeysOrSession()] }

// BlockBytes answers how long an encrypted PIN block is: one block of its cipher.
func (r PINRule) BlockBytes() int {
	if r.Format == 4 {
		return 16
	}
	return 8
}

// checkPIN holds format, keys and fields against each other.
func (p *Profile) checkPIN() error {
	r := p.PIN
	n, known := ksnBytes[r.KeysOrSession()]
	ksn := p.kinds[max(0, min(r.KSNField, macField))]
	block := p.kinds[52]
	switch {
	case !slices.Contains([]int{0, 3, 4}, r.Format):
		return wrong("pin.format", "is %d, allowed 0, 3 or 4", r.Format)
	case !known:
		return wrong("pin.keys", "is %q, allowed %s, %s or %s", r.Keys, PINSession, PINDUKPTTDES, PINDUKPTAES)
	case r.Format == 4 && r.Keys != PINDUKPTAES:
		return wrong("pin.format", "is 4, which needs a key of AES: pin.keys %s", PINDUKPTAES)
	case p.has(52) && (block.class != "b" || block.dots == 0 && block.most != r.BlockBytes() || block.most < r.BlockBytes()):
		return wrong("fields.52.type", "does not hold a PIN block of %d bytes: pin.format is %d", r.BlockBytes(), r.Format)
	case n == 0 && r.KSNField != 0:
		return wrong("pin.ksn_field", "goes with pin.keys %s or %s", PINDUKPTTDES, PINDUKPTAES)
	case n > 0 && (!slices.Contains(ksnFields, r.KSNField) || !p.has(r.KSNField)):
		return wrong("pin.ksn_field", "is %d, allowed one of %v that is in fields", r.KSNField, ksnFields)
	case n > 0 && (ksn.class != "b" || ksn.dots == 0 && ksn.most != n || ksn.most < n):
		return wrong("pin.ksn_field", "is %d, which does not hold the %d bytes of a key serial number", r.KSNField, n)
	case r.Security != "" && (r.KSNField == 53 || !digitsN.MatchString(r.Security) || p.kinds[53] != kind{class: "n", most: len(r.Security)}):
		return wrong("pin.security", "is not the digits of field 53")
	}
	return nil
}
