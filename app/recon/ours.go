package recon

import (
	"strings"
	"time"

	"tillkeeper/app/pos"
)

// standing is what an attempt says about the acquirer's books.
type standing uint8

const (
	never   standing = iota // it is no money in any state: a hold, an inquiry
	stands                  // has to be in the file
	waits                   // may be in the file, need not
	running                 // not decided yet
	owed                    // a reversal that nobody acknowledged
	parked                  // an upload or a refund that a person decides about
	undone                  // the acquirer acknowledged its reversal
	failed                  // nothing was bought
)

// credit says whether a kind gives money back to the customer.
func credit(k pos.Kind) bool {
	return k == pos.Void || k == pos.CompletionVoid || k == pos.Refund
}

// standingOf says what an attempt says about the acquirer's books.
func standingOf(a *pos.Attempt) standing {
	if a.Kind == pos.Preauth || a.Kind == pos.PreauthVoid || a.Kind == pos.Balance || a.Kind == pos.ScriptResult {
		return never
	}
	switch a.State {
	case pos.Approved, pos.Delivered, pos.Settled, pos.Refunded, pos.Voided:
		return stands
	case pos.OfflineApproved, pos.Deferred, pos.Delivering, pos.RefundUnknown:
		return waits
	case pos.Unknown, pos.Reversing:
		return owed
	case pos.Manual:
		if a.Kind == pos.Refund || a.Approved > 0 {
			return parked
		}
		return owed
	case pos.LateDeclined:
		return parked
	case pos.Reversed:
		return undone
	case pos.Declined, pos.Cancelled:
		return failed
	}
	return running
}

// booked is what an attempt is in the acquirer's books, debits above zero.
func booked(a *pos.Attempt) int64 {
	n := int64(a.Approved)
	if n == 0 {
		n = int64(a.Amount)
	}
	if credit(a.Kind) {
		return -n
	}
	return n
}

// record is what the matching keeps of an attempt: 64 bytes without a pointer.
type record struct {
	key     uint64
	id      uint64 // its number, or place in odd
	pan     uint64 // packed, or place in odd
	amount  int64  // as booked
	created int64  // Unix seconds
	rrn     [12]byte
	day     int32 // that its line is expected under
	kind    uint8 // place in kinds
	stands  standing
	flags   uint8
	how     uint8 // place in hows
}

const (
	isSeen    uint8 = 1 << iota // a line of the file stands for it
	isOffline                   // the card approved it, or the shop took the risk
	isLate                      // created close to the change of day
	isOddID
	isOddPAN
)

var kinds = []pos.Kind{
	"", pos.Sale, pos.Void, pos.Refund, pos.Completion, pos.CompletionVoid, pos.Preauth, pos.PreauthVoid, pos.Balance,
}

// The ways in which a person ends an open item, as the flows name them.
var hows = []string{"", "send_again", "written_off", "paid_otherwise", "refunded", "as_in_file"}

func place[T comparable](all []T, one T) uint8 {
	for i, v := range all {
		if v == one {
			return uint8(i)
		}
	}
	return 0
}

// chunkLen is how many records lie together: room grows without copying.
const chunkLen = 1 << 13

// books holds the records of our side.
type books struct {
	chunks [][]record
	n      int
	odd    []string // ids and card numbers that are not written as usual
	zone   *time.Location
	table  []uint32 // by key: place + 1, 0 is free
	shift  uint
}

func (b *books) at(i int) *record { return &b.chunks[i/chunkLen][i%chunkLen] }

// add keeps an attempt that took a trace number with the acquirer.
func (b *books) add(a *pos.Attempt) {
	if a.Tender != pos.Card && a.Tender != pos.QR || a.STAN == "" {
		return
	}
	r := record{
		key: keyOf(a), amount: booked(a), created: a.Created.Unix(), day: hostDay(a, b.zone), kind: place(kinds, a.Kind),
		stands: standingOf(a), how: place(hows, a.How),
	}
	copy(r.rrn[:], a.RRN)
	if a.Offline {
		r.flags |= isOffline
	}
	if a.Created.In(b.zone).Hour() >= lateHour {
		r.flags |= isLate
	}
	var ok bool
	if r.id, ok = number(a.ID); !ok {
		r.id, r.flags = b.strange(a.ID), r.flags|isOddID
	}
	if r.pan, ok = packPAN(a.MaskedPAN); !ok {
		r.pan, r.flags = b.strange(a.MaskedPAN), r.flags|isOddPAN
	}
	if b.n%chunkLen == 0 {
		b.chunks = append(b.chunks, make([]record, 0, chunkLen))
	}
	last := &b.chunks[len(b.chunks)-1]
	*last = append(*last, r)
	b.n++
}

func (b *books) strange(s string) uint64 {
	b.odd = append(b.odd, s)
	return uint64(len(b.odd) - 1)
}

func (b *books) idOf(r *record) string {
	if r.flags&isOddID != 0 {
		return b.odd[r.id]
	}
	return pad(r.id, idDigits)
}

func (b *books) panOf(r *record) string {
	if r.flags&isOddPAN != 0 {
		return b.odd[r.pan]
	}
	return unpackPAN(r.pan)
}

// keyOf makes one number of batch and trace number.
func keyOf(a *pos.Attempt) uint64 {
	batch, ok := six([]byte(a.Batch))
	stan, fits := six([]byte(a.STAN))
	if !ok || !fits {
		return noKey
	}
	return batch*traces + stan
}

// idDigits is how the journal writes the number of an attempt.
const idDigits = 12

func number(id string) (uint64, bool) {
	if len(id) != idDigits {
		return 0, false
	}
	var n uint64
	for i := range len(id) {
		c := id[i] - '0'
		if c > 9 {
			return 0, false
		}
		n = n*10 + uint64(c)
	}
	return n, true
}

func pad(n uint64, digits int) string {
	b := make([]byte, digits)
	for i := digits - 1; i >= 0; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
	return string(b)
}

// packPAN keeps "622424******0113" as its ten digits and the number of stars.
func packPAN(s string) (uint64, bool) {
	if s == "" {
		return 0, true
	}
	if len(s) < 12 || len(s) > 19 || strings.Count(s, "*") != len(s)-10 || strings.Trim(s[6:len(s)-4], "*") != "" {
		return 0, false
	}
	n, ok := number("00" + s[:6] + s[len(s)-4:])
	return n<<5 | uint64(len(s)-10), ok
}

func unpackPAN(p uint64) string {
	if p == 0 {
		return ""
	}
	d := pad(p>>5, 10)
	return d[:6] + strings.Repeat("*", int(p&31)) + d[6:]
}

// hostDay is the date under which the acquirer books an attempt: the host's
// where it is known, with the year that lies nearest, else the shop's. An
// upload without a host's date is booked when it was delivered.
func hostDay(a *pos.Attempt, zone *time.Location) int32 {
	t := a.Created
	if a.HostDate == "" && a.Offline && a.State == pos.Delivered && !a.Since.IsZero() {
		t = a.Since
	}
	t = t.In(zone)
	day := dayOf(t)
	if len(a.HostDate) != 4 {
		return day
	}
	n, ok := six([]byte(a.HostDate))
	month, date := time.Month(n/100), int(n%100)
	if !ok || month < 1 || month > 12 || date < 1 || date > 31 {
		return day
	}
	if month == t.Month() && date == t.Day() {
		return day
	}
	best := day
	for i, year := range [...]int{t.Year(), t.Year() - 1, t.Year() + 1} {
		d := dayOf(time.Date(year, month, date, 0, 0, 0, 0, time.UTC))
		if i == 0 || distance(d, day) < distance(best, day) {
			best = d
		}
	}
	return best
}

func distance(a, b int32) int32 { return max(a-b, b-a) }

// index lays out the table of keys; it costs four to eight bytes a record.
func (b *books) index() {
	bits := uint(1)
	for 1<<bits < 2*b.n {
		bits++
	}
	b.table, b.shift = make([]uint32, 1<<bits), 64-bits
	mask := uint64(len(b.table) - 1)
	for i := range b.n {
		key := b.at(i).key
		if key == noKey {
			continue
		}
		slot := spread(key, b.shift)
		for b.table[slot] != 0 {
			slot = (slot + 1) & mask
		}
		b.table[slot] = uint32(i + 1)
	}
}

func spread(key uint64, shift uint) uint64 { return key * 0x9e3779b97f4a7c15 >> shift }
