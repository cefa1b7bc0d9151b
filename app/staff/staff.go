// Package staff knows who works at the till and what each may do. PINs are kept
// as Argon2id texts (RFC 9106: 64 MiB, 3 passes), never in clear. Ten wrong
// tries lock an operator for half an hour. It does no I/O but what its callers
// hand it, and takes the time as an argument.
package staff

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/argon2"

	"tillkeeper/app/pos"
)

// Permission is something that not everybody may do.
type Permission string

// The permissions.
const (
	PriceOverride     Permission = "price_override"
	DiscountOverLimit Permission = "discount_over_limit"
	SameCardAgain     Permission = "same_card_again"
	VoidSale          Permission = "void"
	RefundSale        Permission = "refund"
	LeaveOut          Permission = "leave_out" // settle although something is left out
	SeeTotals         Permission = "see_totals"
	Resolve           Permission = "resolve"
	EnterKeys         Permission = "enter_keys"
	Settings          Permission = "settings"
)

var rank = map[pos.Role]int{pos.Cashier: 1, pos.Supervisor: 2, pos.Owner: 3}

var needs = map[Permission]pos.Role{
	PriceOverride: pos.Supervisor, DiscountOverLimit: pos.Supervisor, SameCardAgain: pos.Supervisor,
	VoidSale: pos.Supervisor, RefundSale: pos.Supervisor, LeaveOut: pos.Supervisor,
	SeeTotals: pos.Supervisor, Resolve: pos.Supervisor, EnterKeys: pos.Supervisor, Settings: pos.Owner,
}

// Can says whether a role includes a permission.
func Can(r pos.Role, p Permission) bool {
	need, ok := needs[p]
	return ok && rank[r] >= rank[need]
}

// Cost is the price of one hash.
type Cost struct {
	Passes  uint32
	KiB     uint32
	Threads uint8
}

// Strong is the cost that shops use.
var Strong = Cost{Passes: 3, KiB: 64 << 10, Threads: 2}

// The limits of wrong tries and of secrets.
const (
	maxTries  = 10
	lockedFor = 30 * time.Minute
	minPIN    = 6
	maxSecret = 128
	maxStaff  = 500
)

// Hash makes the Argon2id text of a PIN or password.
func Hash(secret string, c Cost) (string, error) {
	if len(secret) < minPIN || len(secret) > maxSecret {
		return "", pos.Errorf("bad_pin", "choose six digits or more", "a PIN has at least %d digits", minPIN)
	}
	salt := make([]byte, 16)
	if _, err := rand.Read(salt); err != nil {
		return "", err
	}
	key := argon2.IDKey([]byte(secret), salt, c.Passes, c.KiB, c.Threads, 32)
	b := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", c.KiB, c.Passes, c.Threads, b(salt), b(key)), nil
}

var errHash = errors.New("not an Argon2id text")

// These bound what a text may cost to check.
const (
	maxKiB    = 1 << 20
	maxPasses = 16
)

func (c Cost) fits() bool {
	return c.KiB > 0 && c.KiB <= maxKiB && c.Passes > 0 && c.Passes <= maxPasses && c.Threads > 0
}

func matches(text, secret string) (bool, error) {
	var c Cost
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != "v=19" {
		return false, errHash
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.KiB, &c.Passes, &c.Threads); err != nil || !c.fits() {
		return false, errHash
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	want, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(want) != 32 {
		return false, errHash
	}
	got := argon2.IDKey([]byte(secret), salt, c.Passes, c.KiB, c.Threads, 32)
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}

// List is the staff of a shop. It is safe for concurrent use.
type List struct {
	mu    sync.Mutex
	by    map[string]pos.Operator
	tries map[string]int
	until map[string]time.Time
}

// NewList makes a list; operators carry their hashed secrets.
func NewList(ops []pos.Operator) (*List, error) {
	l := &List{by: map[string]pos.Operator{}, tries: map[string]int{}, until: map[string]time.Time{}}
	for _, o := range ops {
		if _, twice := l.by[o.ID]; twice || o.ID == "" {
			return nil, pos.Errorf("bad_staff", "give each person a number of their own", "staff number %q is missing or there twice", o.ID)
		}
		if _, ok := rank[o.Role]; !ok {
			return nil, pos.Errorf("bad_staff", "use cashier, supervisor or owner", "staff %s has the role %q", o.ID, o.Role)
		}
		l.by[o.ID] = o
	}
	return l, nil
}

// Operators gives everybody, without secrets, cashiers first.
func (l *List) Operators() []pos.Operator {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []pos.Operator
	for _, o := range l.by {
		o.Secret = ""
		out = append(out, o)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].ID < out[j].ID })
	return out
}

// SignIn checks a PIN. Its error is a *pos.Error: unknown_staff, wrong_pin or
// locked.
func (l *List) SignIn(id, secret string, now time.Time) (pos.Operator, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	o, ok := l.by[id]
	if !ok {
		return pos.Operator{}, pos.Errorf("unknown_staff", "check the staff number", "nobody has the staff number %q", id)
	}
	if until := l.until[id]; now.Before(until) {
		return pos.Operator{}, pos.Errorf("locked", "wait until then, or ask a supervisor", "staff %s is locked until %s", id, until.Format(time.TimeOnly))
	}
	good, err := matches(o.Secret, secret)
	if err != nil {
		return pos.Operator{}, &pos.Error{Code: "bad_staff", Message: "the PIN of staff " + id + " cannot be checked", Remedy: "import the staff again", Err: err}
	}
	if !good {
		l.tries[id]++
		if l.tries[id] >= maxTries {
			l.tries[id], l.until[id] = 0, now.Add(lockedFor)
		}
		return pos.Operator{}, pos.Errorf("wrong_pin", "enter the PIN again", "the PIN of staff %s is wrong", id)
	}
	l.tries[id] = 0
	return o, nil
}

// Approve checks the PIN of somebody who may do something.
func (l *List) Approve(id, secret string, p Permission, now time.Time) (pos.Operator, error) {
	o, err := l.SignIn(id, secret, now)
	if err == nil && !Can(o.Role, p) {
		err = pos.Errorf("needs_supervisor", "ask a supervisor or the owner", "staff %s may not approve this", id)
	}
	return o, err
}

// ReadCSV reads one's own file: id,name,role,pin. A pin that is an Argon2id
// text is taken as it is.
func ReadCSV(r io.Reader, c Cost) ([]pos.Operator, error) {
	rows, err := csv.NewReader(r).ReadAll()
	if err != nil {
		return nil, pos.Errorf("bad_staff", "save it as CSV with id,name,role,pin", "the staff file cannot be read: %v", err)
	}
	if len(rows) == 0 || strings.TrimPrefix(strings.Join(rows[0], ","), "\ufeff") != "id,name,role,pin" {
		return nil, pos.Errorf("bad_staff", "begin the file with id,name,role,pin", "the first line of the staff file does not name its columns")
	}
	if len(rows)-1 > maxStaff {
		return nil, pos.Errorf("bad_staff", "split the file", "more than %d people", maxStaff)
	}
	known := map[string]string{} // the same PIN in a demo is hashed once
	var out []pos.Operator
	for i, row := range rows[1:] {
		o := pos.Operator{ID: row[0], Name: row[1], Role: pos.Role(row[2]), Secret: row[3]}
		if !strings.HasPrefix(o.Secret, "$argon2id$") {
			if _, ok := known[row[3]]; !ok {
				if known[row[3]], err = Hash(row[3], c); err != nil {
					return nil, fmt.Errorf("line %d, staff %s: %w", i+2, o.ID, err)
				}
			}
			o.Secret = known[row[3]]
		}
		out = append(out, o)
	}
	_, err = NewList(out)
	return out, err
}

// saved is the file of hashed operators and what it was made from.
type saved struct {
	Source    string         `json:"source"` // SHA-256 of the CSV
	Operators []pos.Operator `json:"operators"`
}

// Load gives the operators of a CSV from a file of hashed ones that was made
// from it, so that a start costs no hashing; false if it was made from another.
func Load(r io.Reader, csv []byte) ([]pos.Operator, bool) {
	var s saved
	if err := json.NewDecoder(r).Decode(&s); err != nil || s.Source != source(csv) {
		return nil, false
	}
	return s.Operators, true
}

// Stored gives the operators of such a file, whatever it was made from.
func Stored(r io.Reader) ([]pos.Operator, error) {
	var s saved
	err := json.NewDecoder(r).Decode(&s)
	return s.Operators, err
}

// Save writes the file that Load reads.
func Save(w io.Writer, csv []byte, ops []pos.Operator) error {
	return json.NewEncoder(w).Encode(saved{Source: source(csv), Operators: ops})
}

func source(csv []byte) string {
	sum := sha256.Sum256(csv)
	return hex.EncodeToString(sum[:])
}
