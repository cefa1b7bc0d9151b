package emv

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // EMV Book 2, B2.1 prescribes SHA-1
	"errors"
	"fmt"
	"maps"
	"math/big"
	"sync"
	"time"
)

// Lengths of RSA moduli that EMV Book 2 allows, in bytes.
const (
	minModulus = 64
	maxModulus = 248
)

// ErrCAKey says that a certification authority's key is not usable.
var ErrCAKey = errors.New("emv: bad CA key")

// CAKey is one certification authority public key of a payment scheme. Modulus is 64 to 248 bytes, Exponent 3 or 65537;
// Expires is its last day, a zero one never comes.
type CAKey struct {
	RID      [5]byte
	Index    byte
	Modulus  []byte
	Exponent []byte
	Expires  time.Time
}

type caID struct {
	rid   [5]byte
	index byte
}

// CATable finds the key a card names by its RID and index (tag 8F), and knows the issuers' certificates that were revoked.
// The zero value holds none.
type CATable struct {
	keys    map[caID]CAKey
	revoked map[Revocation]bool
	issuers *issuers // nil: remembers none
}

// maxIssuers bounds the issuers' certificates that are remembered.
const maxIssuers = 64

// issuers remembers what the last issuers' certificates opened to under the keys
// of a table: a till sees the cards of a few banks all day. Nothing in it is of a
// card, and all that is judged of a certificate is judged anew for each.
type issuers struct {
	mu   sync.Mutex
	seen map[certificate][]byte
}

// certificate is an issuer's certificate and what its hash covers beyond it.
type certificate struct {
	ca           caID
	signed, rest string
}

func newIssuers() *issuers { return &issuers{seen: map[certificate][]byte{}} }

// open is recover with the key of a CA for its certificate of an issuer.
func (t CATable) open(id caID, ca *cardKey, signed, rest, exponent []byte) ([]byte, bool) {
	if t.issuers == nil {
		return ca.recover(signed, 0x02, rest, exponent)
	}
	t.issuers.mu.Lock()
	defer t.issuers.mu.Unlock()
	c := certificate{id, string(signed), string(rest) + string(exponent)}
	if body, ok := t.issuers.seen[c]; ok {
		return body, true
	}
	body, ok := ca.recover(signed, 0x02, rest, exponent)
	if ok {
		if len(t.issuers.seen) >= maxIssuers {
			clear(t.issuers.seen)
		}
		t.issuers.seen[c] = body
	}
	return body, ok
}

// NewCATable checks keys and makes a table of them; the same RID and index twice is an error.
func NewCATable(keys ...CAKey) (CATable, error) {
	t := CATable{keys: map[caID]CAKey{}, revoked: map[Revocation]bool{}, issuers: newIssuers()}
	for _, k := range keys {
		if err := t.add(k); err != nil {
			return CATable{}, err
		}
	}
	return t, nil
}

func (t CATable) add(k CAKey) error {
	id := caID{k.RID, k.Index}
	e := new(big.Int).SetBytes(k.Exponent)
	switch {
	case len(k.Modulus) < minModulus || len(k.Modulus) > maxModulus || k.Modulus[0]&0x80 == 0:
		return fmt.Errorf("%w: %X index %02X: modulus of %d bytes", ErrCAKey, k.RID, k.Index, len(k.Modulus))
	case e.Cmp(big.NewInt(3)) != 0 && e.Cmp(big.NewInt(65537)) != 0:
		return fmt.Errorf("%w: %X index %02X: exponent", ErrCAKey, k.RID, k.Index)
	}
	if _, twice := t.keys[id]; twice {
		return fmt.Errorf("%w: %X index %02X", ErrCATwice, k.RID, k.Index)
	}
	t.keys[id] = k
	return nil
}

// Len is how many keys there are.
func (t CATable) Len() int { return len(t.keys) }

// With is the table with more keys; t itself stays as it is. Errors are those of NewCATable.
func (t CATable) With(keys ...CAKey) (CATable, error) {
	out := CATable{keys: maps.Clone(t.keys), revoked: t.revoked, issuers: newIssuers()}
	if out.keys == nil {
		out.keys = map[caID]CAKey{}
	}
	for _, k := range keys {
		if err := out.add(k); err != nil {
			return CATable{}, err
		}
	}
	return out, nil
}

// Revoke is the table with an issuer's certificate revoked; t itself stays as it is.
func (t CATable) Revoke(r Revocation) CATable {
	out := CATable{keys: t.keys, revoked: map[Revocation]bool{r: true}, issuers: t.issuers}
	for k := range t.revoked {
		out.revoked[k] = true
	}
	return out
}

func (t CATable) find(aid []byte, index byte, now time.Time) (*cardKey, bool) {
	if len(aid) < 5 {
		return nil, false
	}
	k, ok := t.keys[caID{[5]byte(aid[:5]), index}]
	if !ok || !k.Expires.IsZero() && now.Format("20060102") > k.Expires.Format("20060102") {
		return nil, false
	}
	return newCardKey(k.Modulus, k.Exponent), true
}

// cardKey is an RSA public key, of the CA, the issuer or the card.
type cardKey struct{ n, e *big.Int }

func newCardKey(modulus, exponent []byte) *cardKey {
	return &cardKey{n: new(big.Int).SetBytes(modulus), e: new(big.Int).SetBytes(exponent)}
}

func (k *cardKey) size() int { return (k.n.BitLen() + 7) / 8 }

// recover opens a signature with message recovery (EMV Book 2, A2.1) and checks its header 6A, format and trailer BC and
// its hash over the recovered part and rest. It returns what is between header and hash, format byte first.
func (k *cardKey) recover(signature []byte, format byte, rest ...[]byte) ([]byte, bool) {
	size := k.size()
	s := new(big.Int).SetBytes(signature)
	if size < 24 || len(signature) != size || k.n.Sign() <= 0 || k.n.Bit(0) == 0 || s.Cmp(k.n) >= 0 {
		return nil, false
	}
	out := s.Exp(s, k.e, k.n).FillBytes(make([]byte, size))
	if out[0] != 0x6A || out[1] != format || out[size-1] != 0xBC {
		return nil, false
	}
	body, want := out[1:size-21], out[size-21:size-1]
	return body, bytes.Equal(hash(append([][]byte{body}, rest...)...), want)
}

func hash(parts ...[]byte) []byte {
	h := sha1.New() //nolint:gosec // see the import
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}
