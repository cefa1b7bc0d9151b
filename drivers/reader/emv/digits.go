package emv

// bcd packs digits two a byte; an odd count gets a leading zero. The input is digits only.
func bcd(s string) []byte {
	if len(s)%2 == 1 {
		s = "0" + s
	}
	out := make([]byte, len(s)/2)
	for i := range out {
		out[i] = (s[2*i]-'0')<<4 | (s[2*i+1]-'0')&0x0F
	}
	return out
}

func digits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

const nibbles = "0123456789ABCDEF"

// compressed unpacks format cn and n: the nibbles, without the F that fill it up on the right.
func compressed(b []byte) string {
	out := make([]byte, 0, 2*len(b))
	for _, c := range b {
		out = append(out, nibbles[c>>4], nibbles[c&0x0F])
	}
	for len(out) > 0 && out[len(out)-1] == 'F' {
		out = out[:len(out)-1]
	}
	return string(out)
}

// trackDigits unpacks track 2 equivalent data, its separator D written as =.
func trackDigits(b []byte) string {
	out := []byte(compressed(b))
	for i, c := range out {
		if c == 'D' {
			out[i] = '='
		}
	}
	return string(out)
}
