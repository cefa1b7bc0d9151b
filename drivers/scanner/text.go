package scanner

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"tillkeeper/drivers/port"
)

// The bytes that mean something to a serial scanner.
const (
	etx = 0x03
	eot = 0x04 // ends an ISO/IEC 15434 message, part of the code
	gs  = 0x1d // separates the fields of a GS1 code, part of it
	rs  = 0x1e // ISO/IEC 15434
)

// Serial is a scanner on a serial line, 8 data bits, no parity; a scanner that
// is a modem at USB (CDC) takes any speed. baud is in bits a second.
func Serial(path string, baud int) Source {
	return Source{open: func() (Wire, error) {
		l, err := port.OpenLine(path, baud)
		if err != nil {
			return nil, err
		}
		return l, nil
	}}
}

// bytesOf makes codes of bytes.
type bytesOf struct{}

func (*bytesOf) feed(b []byte, to *assembly) {
	for _, c := range b {
		switch {
		case c == '\r', c == '\n', c == '\t', c == etx:
			to.end()
		case c >= ' ' && c != 0x7f, c == gs, c == rs, c == eot:
			to.add(c)
		}
	}
}

// asText makes valid UTF-8 of a code.
func asText(code string) string {
	if utf8.ValidString(code) {
		return code
	}
	if s, err := simplifiedchinese.GB18030.NewDecoder().String(code); err == nil && !strings.ContainsRune(s, utf8.RuneError) {
		return s
	}
	return strings.ToValidUTF8(code, "")
}
