package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/moov-io/iso8583"

	"tillkeeper/app/pos"
)

const (
	profileLimit = 1 << 20 // bytes of a profile file
	frameLimit   = 65535   // bytes of a body, whatever a profile says
)

// leastMask is what Decode hides at least, by field; a profile may hide a field whole, never less than this.
var leastMask = map[int]string{
	2: "pan", 14: "all", 35: "all", 36: "all", 48: "upload", 52: "all", 55: "tlv", 59: "all", 62: "all",
}

// Profile is how one acquirer's host wants to be spoken to; read only after Load.
type Profile struct {
	Base         string                  `json:"base"` // a built-in profile that this one changes, "" for none
	Name         string                  `json:"name"`
	Title        string                  `json:"title"`
	Frame        Frame                   `json:"frame"`
	FieldTypes   map[string]FieldType    `json:"fields"`
	MAC          MACRule                 `json:"mac"`
	Keys         KeyRule                 `json:"keys"`
	PIN          PINRule                 `json:"pin"`
	Timers       Timers                  `json:"timers"`
	Repeat       Repeat                  `json:"repeat"`
	Codes        Codes                   `json:"codes"`
	Reversal     Reversal                `json:"reversal"`
	Texts        Texts                   `json:"texts"`
	Balance      BalanceRule             `json:"balance"`
	Settlement   SettlementRule          `json:"settlement"`
	Upload       UploadRule              `json:"upload"`
	Limits       Limits                  `json:"limits"`
	Risk         RiskRule                `json:"risk"`
	Applications map[string]*Application `json:"applications,omitempty"` // by AID; none: the terminal's own
	Transactions map[string]Transaction  `json:"transactions"`
	File         pos.FileLayout          `json:"file"`

	tpdu, head []byte
	kinds      [macField + 1]kind // no class: not in the profile
	spec       *iso8583.MessageSpec
	macMTIs    map[string]bool
}

// Frame says what stands around a message and how the line is used; lengths in bytes, TPDU and header in hex.
type Frame struct {
	LengthBytes             int    `json:"length_bytes"`
	MaxBytes                int    `json:"max_bytes"`
	TPDU                    string `json:"tpdu"`
	Header                  string `json:"header"`
	OneRequestPerConnection bool   `json:"one_request_per_connection"`
	MutualTLS               bool   `json:"mutual_tls"`
}

// FieldType is one field: its name, its type ("n6", "n3 left", "z..37", "b...255") and how Decode masks it ("", "pan", "all", "tlv", "upload").
type FieldType struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Mask string `json:"mask,omitempty"`
}

// MACRule names the algorithm of field 64, the MTIs that carry it, and whether a decline may come without it (over TLS or loopback only).
type MACRule struct {
	Algorithm      string   `json:"algorithm"`
	MTIs           []string `json:"mtis"`
	DeclineMayOmit bool     `json:"decline_may_omit"`
}

// KeyRule names the network code of a sign-on and, by network code (F60.3), how field 62 of its answer is laid out; lengths in bytes.
// Licence (4 characters) and Serial (8) go into field 62 of the request; both empty: the request has none.
type KeyRule struct {
	Network string            `json:"network"`
	Layouts map[string]string `json:"layouts"`
	Licence string            `json:"licence,omitempty"`
	Serial  string            `json:"serial,omitempty"`
}

// AnswerSize is how many bytes field 62 of a sign-on answer has under a network code; 0 where that has no layout.
func (k KeyRule) AnswerSize(network string) (total int) {
	for _, word := range strings.Fields(k.Layouts[network]) {
		if g := keyPart.FindStringSubmatch(word); g != nil {
			n, _ := strconv.Atoi(g[2]) //nolint:errcheck // two digits
			total += n
		}
	}
	return total
}

// RequestF62 answers field 62 of a sign-on request (hex), empty where the profile wants none.
func (k KeyRule) RequestF62() string {
	if k.Licence == "" {
		return ""
	}
	return hexText([]byte("Sequence No12" + k.Licence + k.Serial))
}

// Texts is how field 63 of an answer is divided, in bytes, and what the centre's text says of a notice (SMS) by the issuer.
type Texts struct {
	Organisation int    `json:"organisation"`
	Issuer       int    `json:"issuer"`
	Centre       int    `json:"centre"`
	Acquirer     int    `json:"acquirer"`
	NotifyYes    string `json:"notify_yes"`
	NotifyNo     string `json:"notify_no"`
}

// BalanceRule names the amount type of field 54 (8583:1987, two digits) that is the money a cardholder may spend.
type BalanceRule struct {
	Available string `json:"available"`
}

// SettlementRule names the operations that count as debit and as credit in field 48 of a settlement: of those that the profile has, the ones that the till counts so.
type SettlementRule struct {
	Debit  []string `json:"debit"`
	Credit []string `json:"credit"`
}

// UploadRule is how an item of a batch upload names the card organisation, two digits.
type UploadRule struct {
	Organisation string `json:"organisation"`
}

// Limits are rules about money: how much of a pre-authorization a completion may take, in percent, and up to which amount (fen) a contactless card needs no PIN.
type Limits struct {
	CompletionPercent int   `json:"completion_percent"`
	ContactlessNoPIN  int64 `json:"contactless_no_pin"`
}

// Timers are the waits of the line in milliseconds, all monotonic.
type Timers struct {
	ConnectMS        int64 `json:"connect_ms"`
	AnswerMS         int64 `json:"answer_ms"`
	ReversalRepeatMS int64 `json:"reversal_repeat_ms"`
	BackoffFirstMS   int64 `json:"backoff_first_ms"`
	BackoffMostMS    int64 `json:"backoff_most_ms"`
	ReversalGiveUpMS int64 `json:"reversal_give_up_ms"`
	DeferredGiveUpMS int64 `json:"deferred_give_up_ms"`
	IdleEchoMS       int64 `json:"idle_echo_ms,omitempty"` // earlier versions wanted it; nothing reads it
}

// Connect is how long a connection may take to open.
func (t Timers) Connect() time.Duration { return time.Duration(t.ConnectMS) * time.Millisecond }

// Answer is how long one answer is waited for.
func (t Timers) Answer() time.Duration { return time.Duration(t.AnswerMS) * time.Millisecond }

// Repeat holds the limits on sending again and the number of advices that may be outstanding at once.
type Repeat struct {
	Window                    int  `json:"window"`
	BeforeSale                int  `json:"before_sale"`
	ReversalTries             int  `json:"reversal_tries"`
	DeferredTries             int  `json:"deferred_tries"`
	SaleMayPassUnacknowledged bool `json:"sale_may_pass_unacknowledged"`
}

// Codes sorts the answer codes (8583:1987 DE 39) that decide what the till does next. Unknown is the acquirer's to choose, and whether there is a Partial;
// the others have to be those that the till's flows decide by.
type Codes struct {
	Success          []string `json:"success"`
	Partial          string   `json:"partial"`
	Unknown          []string `json:"unknown"`
	UnknownReason    string   `json:"unknown_reason"`
	SignOn           []string `json:"sign_on"`
	DeliveredBefore  []string `json:"delivered_before"`
	OriginalNotThere []string `json:"original_not_there"`
}

// IsSuccess tells whether a code is a whole success; the partial code is not.
func (c Codes) IsSuccess(code string) bool { return slices.Contains(c.Success, code) }

// IsPartial tells whether a code approves a part of the amount.
func (c Codes) IsPartial(code string) bool { return code != "" && code == c.Partial }

// IsUnknown tells whether a code leaves the outcome unknown.
func (c Codes) IsUnknown(code string) bool { return slices.Contains(c.Unknown, code) }

// WantsSignOn tells whether a code asks for a new sign-on.
func (c Codes) WantsSignOn(code string) bool { return slices.Contains(c.SignOn, code) }

// Reversal says what a reversal leaves out of its original and which tags its short field 55 keeps.
type Reversal struct {
	Drop []int    `json:"drop"`
	Tags []string `json:"tags"`
}

// Transaction is one row of the transaction table: MTI, F3, F25, and of F60 the type, the network code and what follows it.
type Transaction struct {
	MTI        string `json:"mti"`
	Proc       string `json:"proc,omitempty"`
	Cond       string `json:"cond,omitempty"`
	Type       string `json:"type,omitempty"`
	Net        string `json:"net,omitempty"`
	Tail       string `json:"tail,omitempty"`
	MAC        bool   `json:"mac,omitempty"`
	Reversible bool   `json:"reversible,omitempty"`
	Repeat     string `json:"repeat,omitempty"`   // "same": sent again as it is until delivered
	Extra      []int  `json:"extra,omitempty"`    // fields this operation brings beyond the common ones
	Optional   []int  `json:"optional,omitempty"` // of these, those that may be unknown
	Without    []int  `json:"without,omitempty"`  // common fields that it leaves out
	Original   string `json:"original,omitempty"` // F61: "batch stan" or "batch stan date"
}

// F60 answers field 60 of this operation: type, batch (6 digits), network code, and what follows it (terminal capability and fallback) unless the table has that itself.
func (t Transaction) F60(batch, tail string) string {
	if t.Tail != "" {
		tail = t.Tail
	}
	return t.Type + batch + t.Net + tail
}

// Load reads a profile: a name under profiles/ in fsys, or a file of the system when the name contains a '/' or ends in .json.
func Load(fsys fs.FS, name string) (*Profile, error) {
	var raw []byte
	var err error
	if strings.Contains(name, "/") || strings.HasSuffix(name, ".json") {
		raw, err = os.ReadFile(name)
	} else {
		raw, err = fs.ReadFile(fsys, path.Join("profiles", name+".json"))
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProfile, err)
	}
	var on struct{ Base string }
	if json.Unmarshal(raw, &on) != nil || on.Base == "" { // what is wrong with it, Parse says
		return Parse(raw)
	}
	base, err := fs.ReadFile(fsys, path.Join("profiles", on.Base+".json"))
	if err != nil {
		return nil, fmt.Errorf("%w: base: %w", ErrProfile, err)
	}
	return read(base, raw)
}

// Parse reads a profile that stands alone from JSON; an unknown key is an error
// that names it.
func Parse(raw []byte) (*Profile, error) { return read(raw) }

// read reads a profile and what changes it: what a later text names takes the
// place of what an earlier one says, a key of a table at a time.
func read(texts ...[]byte) (*Profile, error) {
	p := &Profile{}
	for i, raw := range texts {
		if len(raw) > profileLimit {
			return nil, fmt.Errorf("%w: larger than %d bytes", ErrProfile, profileLimit)
		}
		d := json.NewDecoder(bytes.NewReader(raw))
		d.DisallowUnknownFields()
		if err := d.Decode(p); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrProfile, err)
		}
		if _, err := d.Token(); err != io.EOF {
			return nil, fmt.Errorf("%w: something follows the object", ErrProfile)
		}
		if i == 0 && p.Base != "" {
			return nil, fmt.Errorf("%w: base %q: a base has none of its own", ErrProfile, p.Base)
		}
	}
	for _, step := range []func() error{
		p.checkFrame, p.buildSpec, p.checkMAC, p.checkKeys, p.checkPIN, p.checkNumbers, p.checkCodes, p.checkReversal, p.checkTransactions, p.checkRules, p.checkRisk, p.checkApplications, p.checkFile,
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return p, nil
}
