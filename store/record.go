package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"tillkeeper/app/pos"
)

// The buckets.
const (
	bLog     = "log"
	bAttempt = "attempt"
	bOpen    = "open"
	bBasket  = "basket"
	bLive    = "live"
	bReceipt = "receipt"
	bSale    = "sale"
	bTrace   = "trace"
	bDay     = "day"
	bTotal   = "total"
	bProduct = "product"
	bSetting = "setting"
	bMeta    = "meta"
	bDiffer  = "difference"
)

// buckets in the order of their numbers in a hot value.
var buckets = []string{
	bLog, bAttempt, bOpen, bBasket, bLive, bReceipt, bSale, bTrace, bDay, bTotal, bProduct, bSetting, bMeta, bDiffer,
}

var bucketNumber = func() map[string]byte {
	m := map[string]byte{}
	for n, name := range buckets {
		m[name] = byte(n)
	}
	return m
}()

// rising holds the buckets whose keys only rise: their pages are filled whole.
var rising = map[string]bool{
	bHot: true, bLog: true, bAttempt: true, bBasket: true, bReceipt: true, bSale: true, bTrace: true, bDay: true, bTotal: true,
}

var errBucketGone = errors.New("the bucket is gone")

const (
	checkLen = 8
	chainLen = sha256.Size
	seqLen   = 8 // of a key that is a number
)

// skipChecks turns the verification of record checks off; only the planted-bug
// twin of a test sets it.
var skipChecks = false

func check(bucket string, key, rest []byte) [checkLen]byte {
	var room [1024]byte
	sum := sha256.Sum256(appendChecked(room[:0], bucket, key, rest))
	return [checkLen]byte(sum[:checkLen])
}

// appendChecked writes what a check is made over: which bucket and key, then the
// rest of the value.
func appendChecked(b []byte, bucket string, key, rest []byte) []byte {
	b = append(append(b, byte(len(bucket))), bucket...)
	b = append(binary.BigEndian.AppendUint32(b, uint32(len(key))), key...)
	return append(b, rest...)
}

// sealed puts the check before a value. It takes the place of the end of the key
// that it was made over, so that the value is written once.
func sealed(bucket string, key, rest []byte) []byte {
	ahead := 1 + len(bucket) + 4 + len(key) // checkLen at least: no bucket has a name of two letters
	b := appendChecked(make([]byte, 0, ahead+len(rest)), bucket, key, rest)
	sum := sha256.Sum256(b)
	value := b[ahead-checkLen:]
	copy(value, sum[:checkLen])
	return value
}

// unseal verifies a value and gives what follows its check.
func unseal(bucket string, key, value []byte) ([]byte, error) {
	if len(value) < checkLen {
		return nil, damaged(bucket, key, nil)
	}
	rest := value[checkLen:]
	if c := check(bucket, key, rest); !skipChecks && !bytes.Equal(c[:], value[:checkLen]) {
		return nil, damaged(bucket, key, nil)
	}
	return rest, nil
}

// damaged names the record that cannot be shown.
func damaged(bucket string, key []byte, cause error) error {
	name := string(key)
	if (bucket == bLog || bucket == bOpen || bucket == bHot) && len(key) == 8 {
		name = fmt.Sprint(binary.BigEndian.Uint64(key))
	}
	return &pos.Error{
		Code: "record_damaged", Remedy: "restore a backup; do not rely on this entry",
		Message: fmt.Sprintf("the record %s/%q is damaged", bucket, name), Err: cause,
	}
}

func seqKey(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

// pair joins two parts of a key.
func pair(a, b string) []byte {
	k := make([]byte, 0, len(a)+1+len(b))
	return append(append(append(k, a...), 0), b...)
}

func dayKey(day string, seq uint64) []byte {
	return binary.BigEndian.AppendUint64(append(append(make([]byte, 0, len(day)+9), day...), 0), seq)
}

// entry is one record of the log.
type entry struct {
	chain [chainLen]byte
	body  []byte
}

func (e entry) rest() []byte { return append(e.chain[:len(e.chain):len(e.chain)], e.body...) }

// link chains a body to the record before it.
func link(prev [chainLen]byte, body []byte) [chainLen]byte {
	h := sha256.New()
	h.Write(prev[:])
	h.Write(body)
	return [chainLen]byte(h.Sum(nil))
}

func decodeEntry(key, rest []byte) (entry, pos.Event, error) {
	var e entry
	var ev pos.Event
	if len(rest) < chainLen {
		return e, ev, damaged(bLog, key, nil)
	}
	e.chain = [chainLen]byte(rest[:chainLen])
	e.body = rest[chainLen:]
	if err := json.Unmarshal(e.body, &ev); err != nil {
		return e, ev, damaged(bLog, key, err)
	}
	if !bytes.Equal(key, seqKey(ev.Seq)) {
		return e, ev, damaged(bLog, key, nil)
	}
	return e, ev, nil
}

// folded is an attempt and what of it the host refused late, in fen.
type folded struct {
	pos.Attempt
	late pos.Amount
}

// encodeAttempt writes what was refused late and the attempt, without fields
// that are zero.
func encodeAttempt(a *folded) ([]byte, error) {
	return appendAttempt(binary.AppendVarint(make([]byte, 0, 1<<10), int64(a.late)), &a.Attempt)
}

func decodeAttempt(key, rest []byte) (folded, error) {
	var a folded
	late, n := binary.Varint(rest)
	if n <= 0 {
		return a, damaged(bAttempt, key, nil)
	}
	a.late = pos.Amount(late)
	if err := json.Unmarshal(rest[n:], &a.Attempt); err != nil {
		return a, damaged(bAttempt, key, err)
	}
	if a.ID != string(key) {
		return a, damaged(bAttempt, key, nil)
	}
	return a, nil
}

// paidBasket is a basket, the day it was paid on, "" if it never was, and the
// money of its attempts, in fen: what it was paid with and what of that still
// counts. weighed is false where nobody wrote these down: then all counts.
type paidBasket struct {
	pos.Basket
	day           string
	weighed       bool
	paid, counted pos.Amount
}

// encodeBasket writes day, 0, JSON, or day, 1, paid and counted (varints), JSON.
func encodeBasket(b *paidBasket) ([]byte, error) {
	rest := append(make([]byte, 0, 1<<10), b.day...)
	if !b.weighed {
		return appendBasket(append(rest, 0), &b.Basket)
	}
	rest = binary.AppendVarint(append(rest, 1), int64(b.paid))
	return appendBasket(binary.AppendVarint(rest, int64(b.counted)), &b.Basket)
}

func decodeBasket(key, rest []byte) (paidBasket, error) {
	var b paidBasket
	end := bytes.IndexAny(rest, "\x00\x01")
	if end < 0 {
		return b, damaged(bBasket, key, nil)
	}
	body := rest[end+1:]
	b.day, b.weighed = string(rest[:end]), rest[end] == 1
	for _, to := range []*pos.Amount{&b.paid, &b.counted} {
		if !b.weighed {
			break
		}
		v, n := binary.Varint(body)
		if n <= 0 {
			return b, damaged(bBasket, key, nil)
		}
		*to, body = pos.Amount(v), body[n:]
	}
	if err := json.Unmarshal(body, &b.Basket); err != nil {
		return b, damaged(bBasket, key, err)
	}
	if b.Key != string(key) {
		return b, damaged(bBasket, key, nil)
	}
	return b, nil
}

// readAttempt gives a verified attempt, or ErrNotFound.
func readAttempt(tx *snap, id string) (folded, error) {
	rest, err := tx.get(bAttempt, []byte(id))
	if err != nil {
		return folded{}, err
	}
	if rest == nil {
		return folded{}, fmt.Errorf("attempt %s: %w", id, pos.ErrNotFound)
	}
	return decodeAttempt([]byte(id), rest)
}

// readBasket gives a verified basket, or ErrNotFound.
func readBasket(tx *snap, key string) (paidBasket, error) {
	rest, err := tx.get(bBasket, []byte(key))
	if err != nil {
		return paidBasket{}, err
	}
	if rest == nil {
		return paidBasket{}, fmt.Errorf("basket %s: %w", key, pos.ErrNotFound)
	}
	return decodeBasket([]byte(key), rest)
}
