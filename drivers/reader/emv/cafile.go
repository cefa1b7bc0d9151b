package emv

import (
	"bufio"
	"bytes"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"sync/atomic"
	"time"
)

// Limits of a file of CA keys.
const (
	maxCAFile  = 1 << 20 // bytes
	maxCALine  = 4096    // characters
	maxCAKeys  = 500
	maxRevoked = 10_000
)

// What is wrong with a file of CA keys; each wraps ErrCAKey, and the text names the line.
var (
	ErrCAFormat   = fmt.Errorf("%w: not in the acquirer's form", ErrCAKey)
	ErrCAChecksum = fmt.Errorf("%w: wrong checksum", ErrCAKey)
	ErrCATwice    = fmt.Errorf("%w: RID and index there twice", ErrCAKey)
	ErrCATooMany  = fmt.Errorf("%w: too many", ErrCAKey)
)

// The objects of a key as UnionPay acquirers hand them out (parameter download, network code 370).
const (
	tagCAKeyIndex Tag = 0x9F22
	tagCAModulus  Tag = 0xDF02
	tagCAChecksum Tag = 0xDF03
	tagCAExponent Tag = 0xDF04
	tagCAExpiry   Tag = 0xDF05
	tagCAHash     Tag = 0xDF06
	tagCAKind     Tag = 0xDF07
)

// Revocation names an issuer's certificate that is not to be trusted any more (EMV Book 2, 5.1.2).
type Revocation struct {
	RID    [5]byte
	Index  byte // of the CA key that signed it
	Serial [3]byte
}

// LoadCA reads CA keys in the form that UnionPay acquirers download to terminals: one key a line in hexadecimal, TLV with
// 9F06 RID, 9F22 index, DF05 last day (YYYYMMDD as four BCD or eight ASCII bytes; without one the key never ends), DF06
// hash algorithm (01 SHA-1), DF07 kind of key (01 RSA), DF02 modulus, DF04 exponent and DF03 checksum: SHA-1 over RID,
// index, modulus and exponent (EMV Book 2, table 2 of annex B). The checksum is needed and must agree. Keys of another
// kind (SM2) are passed over. A line "revoked RID INDEX SERIAL" in hexadecimal revokes an issuer's certificate; empty lines
// and those that begin with # mean nothing. One bad line refuses the whole file: ErrCAFormat, ErrCAChecksum, ErrCATwice,
// ErrCATooMany or ErrCAKey.
func LoadCA(r io.Reader) (CATable, error) {
	scan := bufio.NewScanner(io.LimitReader(r, maxCAFile+1))
	scan.Buffer(make([]byte, 0, maxCALine), maxCALine)
	table := CATable{keys: map[caID]CAKey{}, revoked: map[Revocation]bool{}, issuers: newIssuers()}
	read := 0
	for line := 1; scan.Scan(); line++ {
		if read += len(scan.Bytes()) + 1; read > maxCAFile {
			return CATable{}, fmt.Errorf("%w: more than %d bytes", ErrCATooMany, maxCAFile)
		}
		text := strings.TrimSpace(scan.Text())
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		if err := table.line(text); err != nil {
			return CATable{}, fmt.Errorf("line %d: %w", line, err)
		}
	}
	if err := scan.Err(); err != nil {
		return CATable{}, fmt.Errorf("%w: %w", ErrCAFormat, err)
	}
	return table, nil
}

func (t CATable) line(text string) error {
	if rest, ok := strings.CutPrefix(text, "revoked "); ok {
		raw, err := hex.DecodeString(strings.Join(strings.Fields(rest), ""))
		if err != nil || len(raw) != 9 {
			return fmt.Errorf("%w: RID, index and serial number of a revoked certificate", ErrCAFormat)
		}
		if len(t.revoked) == maxRevoked {
			return fmt.Errorf("%w: more than %d revoked certificates", ErrCATooMany, maxRevoked)
		}
		t.revoked[Revocation{[5]byte(raw[:5]), raw[5], [3]byte(raw[6:])}] = true
		return nil
	}
	raw, err := hex.DecodeString(text)
	if err != nil {
		return fmt.Errorf("%w: not hexadecimal", ErrCAFormat)
	}
	key, known, err := parseCA(raw)
	if err != nil || !known {
		return err
	}
	if len(t.keys) == maxCAKeys {
		return fmt.Errorf("%w: more than %d keys", ErrCATooMany, maxCAKeys)
	}
	return t.add(key)
}

// parseCA takes one key apart; false is a key of a kind that this terminal does not use.
func parseCA(raw []byte) (CAKey, bool, error) {
	objects, err := Parse(raw)
	if err != nil {
		return CAKey{}, false, fmt.Errorf("%w: %w", ErrCAFormat, err)
	}
	rid, index := mustFind(objects, tagTerminalAID), mustFind(objects, tagCAKeyIndex)
	if len(rid) != 5 || len(index) != 1 {
		return CAKey{}, false, fmt.Errorf("%w: RID (9F06) or index (9F22)", ErrCAFormat)
	}
	for _, t := range []Tag{tagCAHash, tagCAKind} {
		if v, ok := Find(objects, t); ok && (len(v) != 1 || v[0] != 1) {
			return CAKey{}, false, nil
		}
	}
	k := CAKey{
		RID: [5]byte(rid), Index: index[0], Modulus: mustFind(objects, tagCAModulus), Exponent: mustFind(objects, tagCAExponent),
	}
	if k.Expires, err = lastDay(mustFind(objects, tagCAExpiry)); err != nil {
		return CAKey{}, false, err
	}
	sum := mustFind(objects, tagCAChecksum)
	if len(k.Modulus) == 0 || len(k.Exponent) == 0 || len(sum) == 0 {
		return CAKey{}, false, fmt.Errorf("%w: modulus (DF02), exponent (DF04) or checksum (DF03) is missing", ErrCAFormat)
	}
	if subtle.ConstantTimeCompare(sum, k.Checksum()) != 1 {
		return CAKey{}, false, fmt.Errorf("%w: %X index %02X", ErrCAChecksum, k.RID, k.Index)
	}
	return k, true, nil
}

// WriteCA writes keys in the form that LoadCA reads, a line each, with their checksums.
func WriteCA(w io.Writer, keys ...CAKey) error {
	for _, k := range keys {
		objects := []Object{{Tag: tagTerminalAID, Value: k.RID[:]}, {Tag: tagCAKeyIndex, Value: []byte{k.Index}}}
		if !k.Expires.IsZero() {
			objects = append(objects, Object{Tag: tagCAExpiry, Value: []byte(k.Expires.Format("20060102"))})
		}
		objects = append(objects, Object{Tag: tagCAHash, Value: []byte{1}}, Object{Tag: tagCAKind, Value: []byte{1}},
			Object{Tag: tagCAModulus, Value: k.Modulus}, Object{Tag: tagCAExponent, Value: k.Exponent}, Object{Tag: tagCAChecksum, Value: k.Checksum()})
		if _, err := fmt.Fprintf(w, "%X\n", Encode(objects...)); err != nil {
			return err
		}
	}
	return nil
}

// Over is the table with what base has and it has not: keys of another RID and index, and revoked certificates. Neither
// changes.
func (t CATable) Over(base CATable) CATable {
	out := CATable{keys: maps.Clone(base.keys), revoked: maps.Clone(base.revoked), issuers: newIssuers()}
	if out.keys == nil {
		out.keys = map[caID]CAKey{}
	}
	if out.revoked == nil {
		out.revoked = map[Revocation]bool{}
	}
	maps.Copy(out.keys, t.keys)
	maps.Copy(out.revoked, t.revoked)
	return out
}

// lastDay is the day that an expiry names; none and zeros are the zero time.
func lastDay(v []byte) (time.Time, error) {
	text := ""
	switch len(v) {
	case 0:
		return time.Time{}, nil
	case 4:
		text = compressed(v)
	case 8:
		text = string(v)
	}
	if text == "00000000" {
		return time.Time{}, nil
	}
	day, err := time.Parse("20060102", text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%w: expiry (DF05)", ErrCAFormat)
	}
	return day, nil
}

// Checksum is the SHA-1 by which a CA key is published: over RID, index, modulus and exponent (EMV Book 2, annex B).
func (k CAKey) Checksum() []byte {
	return hash(k.RID[:], []byte{k.Index}, k.Modulus, k.Exponent)
}

// ErrNoTable says that a KeyStore was given nothing to hold.
var ErrNoTable = errors.New("emv: no CA table")

// KeyStore holds the CA keys that are in force. It is read by dialogues and replaced whole, from any goroutine; a
// dialogue keeps the table with which it began. The zero value holds none.
type KeyStore struct{ table atomic.Pointer[CATable] }

// Load reads a file as LoadCA does and puts it in force; with an error the keys before it stay.
func (s *KeyStore) Load(r io.Reader) error {
	if r == nil {
		return ErrNoTable
	}
	t, err := LoadCA(r)
	if err != nil {
		return err
	}
	s.Replace(t)
	return nil
}

// MostCAFile is the length of the longest file of CA keys, bytes.
const MostCAFile = maxCAFile

// Check reads a whole file as LoadCA does and gives what puts it in force over the keys of base. A file without a key is an
// error too (ErrCAFormat): it would turn every card's authentication off. Until put is called nothing changes.
func (s *KeyStore) Check(file []byte, base CATable) (put func(), err error) {
	t, err := LoadCA(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	if t.Len() == 0 {
		return nil, fmt.Errorf("%w: no key in it", ErrCAFormat)
	}
	t = t.Over(base)
	return func() { s.Replace(t) }, nil
}

// Replace puts a table in force.
func (s *KeyStore) Replace(t CATable) { s.table.Store(&t) }

// Table is what is in force now.
func (s *KeyStore) Table() CATable {
	if t := s.table.Load(); t != nil {
		return *t
	}
	return CATable{}
}
