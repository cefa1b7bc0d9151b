package wire

import (
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/prefix"

	"tillkeeper/app/pos"
)

// The largest numbers that a profile may name.
const (
	longestMS   = 7 * 24 * 3600 * 1000 // of every wait: a week
	mostWindow  = 32                   // advices outstanding at once; the line holds 64 requests
	mostTries   = 1000
	uploadMost  = 2 + 8*40 // digits of field 48 of a batch upload: a count, eight items
	mostPercent = 200      // of a pre-authorization
	mostNoPIN   = 100_000_000
)

var mtiKind = kind{class: "n", most: 4}

// operations are the rows that a transaction table may have, with those it needs.
var operations = map[string]bool{
	"sign_on": true, "sign_off": true, "echo": true, "sale": true, "reversal": true, "settlement": true,
	"upload": true, "upload_end": true, "upload_end_unbalanced": true,
	"void": false, "refund": false, "balance": false, "preauth": false, "preauth_void": false, "completion": false,
	"completion_void": false, "offline_upload": false, "deferred": false, "code_sale": false, "script_result": false,
}

// neededFields are those without which no message can be worded or matched.
var neededFields = []int{2, 3, 4, 11, 12, 13, 22, 25, 37, 38, 39, 41, 42, 48, 49, 55, 60, 61, 62, 63}

var (
	digits2 = regexp.MustCompile(`^[0-9]{2}$`)
	digits3 = regexp.MustCompile(`^[0-9]{3}$`)
	digits6 = regexp.MustCompile(`^[0-9]{6}$`)
	digitsN = regexp.MustCompile(`^[0-9]{0,19}$`)
	mtiText = regexp.MustCompile(`^0[1-8][0-9]0$`)
	isCode  = regexp.MustCompile(`^[0-9A-Z]{2}$`)
	isTag   = regexp.MustCompile(`^([0-9A-F]{2}){1,3}$`)
	keyPart = regexp.MustCompile(`^(pik|mak|tdk|zero|kcv)([0-9]{1,2})$`)
	plainID = regexp.MustCompile(`^[0-9A-Za-z]+$`)
)

// wrong names a key and what it has to be.
func wrong(key, format string, args ...any) error {
	return fmt.Errorf("%w: %s %s", ErrProfile, key, fmt.Sprintf(format, args...))
}

// checkFile looks at the layout of the daily file; its error names the key and what to write there.
func (p *Profile) checkFile() error {
	err := p.File.Check()
	var e *pos.Error
	if errors.As(err, &e) {
		return fmt.Errorf("%w: %s: %s", ErrProfile, e.Message, e.Remedy)
	}
	return err
}

func (p *Profile) checkFrame() error {
	var err error
	if p.Name == "" {
		return wrong("name", "is empty")
	}
	if p.tpdu, err = hex.DecodeString(p.Frame.TPDU); err != nil || len(p.tpdu) != tpduBytes {
		return wrong("frame.tpdu", "is not %d bytes of hex", tpduBytes)
	}
	if p.head, err = hex.DecodeString(p.Frame.Header); err != nil || len(p.head) != headBytes || !allDigits(p.head) {
		return wrong("frame.header", "is not 12 digits")
	}
	if p.Frame.LengthBytes < 2 || p.Frame.LengthBytes > 4 {
		return wrong("frame.length_bytes", "is not 2, 3 or 4")
	}
	if p.Frame.MaxBytes < LeastBody || p.Frame.MaxBytes > frameLimit {
		return wrong("frame.max_bytes", "is not %d to %d", LeastBody, frameLimit)
	}
	return nil
}

func (p *Profile) buildSpec() error {
	fields := map[int]field.Field{
		0: field.NewString(mtiKind.spec("MTI")),
		1: field.NewBitmap(&field.Spec{
			Length: bitmapBytes, Description: "bitmap", Enc: encoding.Binary,
			Pref: prefix.Binary.Fixed, DisableAutoExpand: true,
		}),
	}
	for key, f := range p.FieldTypes {
		id, err := strconv.Atoi(key)
		if err != nil || id < 2 || id > macField || strconv.Itoa(id) != key {
			return wrong("fields", "has %q, which is not 2 to 64", key)
		}
		k, err := parseKind(f.Type)
		if err != nil {
			return fmt.Errorf("fields.%d.type: %w", id, err)
		}
		if least := leastMask[id]; f.Mask != "all" && f.Mask != least {
			return wrong(fmt.Sprintf("fields.%d.mask", id), "is %q, allowed %q or \"all\"", f.Mask, least)
		}
		p.kinds[id] = k
		fields[id] = field.NewString(k.spec(f.Name))
	}
	if p.kinds[macField] != (kind{class: "b", most: 8}) {
		return wrong("fields.64.type", "is not b8")
	}
	for _, id := range neededFields {
		if !p.has(id) {
			return wrong("fields", "lacks %d", id)
		}
	}
	p.spec = &iso8583.MessageSpec{Name: p.Name, Fields: fields}
	if err := p.spec.Validate(); err != nil {
		return fmt.Errorf("%w: %w", ErrProfile, err)
	}
	return nil
}

func (p *Profile) checkMAC() error {
	if !slices.Contains(Algorithms(), p.MAC.Algorithm) {
		return wrong("mac.algorithm", "is %q, allowed %s", p.MAC.Algorithm, strings.Join(Algorithms(), ", "))
	}
	p.macMTIs = map[string]bool{}
	for _, mti := range p.MAC.MTIs {
		if len(mti) != 4 || !digitsN.MatchString(mti) {
			return wrong("mac.mtis", "has %q, which is no MTI", mti)
		}
		p.macMTIs[mti] = true
	}
	return nil
}

// checkKeys looks at every key layout: each key with its check value, and a MAK that the algorithm takes.
func (p *Profile) checkKeys() error {
	if _, ok := p.Keys.Layouts[p.Keys.Network]; !ok {
		return wrong("keys.network", "is %q, which has no layout", p.Keys.Network)
	}
	for net, text := range p.Keys.Layouts {
		key := "keys.layouts." + net
		if !digits3.MatchString(net) {
			return wrong("keys.layouts", "has %q, which is no network code of three digits", net)
		}
		mak, open := 0, false
		for _, word := range strings.Fields(text) {
			g := keyPart.FindStringSubmatch(word)
			if g == nil {
				return wrong(key, "has %q: a part is pik, mak, tdk, zero or kcv with a number of bytes", word)
			}
			n, err := strconv.Atoi(g[2])
			isKey := g[1] != "zero" && g[1] != "kcv"
			switch {
			case err != nil || n < 1 || g[1] == "kcv" && n != 4 || isKey && n != 8 && n != 16:
				return wrong(key, "has %q: a key has 8 or 16 bytes, a check value 4", word)
			case isKey && open || g[1] == "kcv" && !open:
				return wrong(key, "has %q where a check value and a key have to take turns", word)
			case g[1] == "mak":
				mak = n
			}
			if g[1] != "zero" {
				open = isKey
			}
		}
		if open || mak == 0 {
			return wrong(key, "needs a MAK, and a check value after each key")
		}
		if _, err := MAC(p.MAC.Algorithm, make([]byte, mak), nil); err != nil {
			return wrong(key, "has a MAK of %d bytes, which %s does not take", mak, p.MAC.Algorithm)
		}
	}
	if l, s := p.Keys.Licence, p.Keys.Serial; l+s != "" && (len(l) != 4 || len(s) != 8 || !plainID.MatchString(l+s)) {
		return wrong("keys.licence and keys.serial", "are not 4 and 8 letters or digits, or both empty")
	}
	return nil
}

func (p *Profile) checkNumbers() error {
	t, r := p.Timers, p.Repeat
	for _, c := range []struct {
		key          string
		v, least, to int64
	}{
		{"timers.connect_ms", t.ConnectMS, 1, longestMS},
		{"timers.answer_ms", t.AnswerMS, 1, longestMS},
		{"timers.reversal_repeat_ms", t.ReversalRepeatMS, 1, longestMS},
		{"timers.backoff_first_ms", t.BackoffFirstMS, 1, longestMS},
		{"timers.backoff_most_ms", t.BackoffMostMS, max(1, t.BackoffFirstMS), longestMS},
		{"timers.reversal_give_up_ms", t.ReversalGiveUpMS, 1, longestMS},
		{"timers.deferred_give_up_ms", t.DeferredGiveUpMS, 1, longestMS},
		{"repeat.window", int64(r.Window), 1, mostWindow},
		{"repeat.before_sale", int64(r.BeforeSale), 1, mostTries},
		{"repeat.reversal_tries", int64(r.ReversalTries), 1, mostTries},
		{"repeat.deferred_tries", int64(r.DeferredTries), 1, mostTries},
		{"limits.completion_percent", int64(p.Limits.CompletionPercent), 1, mostPercent},
		{"limits.contactless_no_pin", p.Limits.ContactlessNoPIN, 0, mostNoPIN},
		{"texts.organisation", int64(p.Texts.Organisation), 0, int64(p.kinds[63].most)},
		{"texts.issuer", int64(p.Texts.Issuer), 0, int64(p.kinds[63].most)},
		{"texts.centre", int64(p.Texts.Centre), 0, int64(p.kinds[63].most)},
		{"texts.acquirer", int64(p.Texts.Acquirer), 0, int64(p.kinds[63].most)},
	} {
		if c.v < c.least || c.v > c.to {
			return wrong(c.key, "is %d, allowed %d to %d", c.v, c.least, c.to)
		}
	}
	return nil
}

func (p *Profile) checkCodes() error {
	c := p.Codes
	seen := map[string]string{}
	for _, l := range []struct {
		key   string
		codes []string
		alone bool // no code may be in two of these lists
	}{
		{"codes.success", c.Success, true},
		{"codes.partial", []string{c.Partial}, true},
		{"codes.unknown", c.Unknown, true},
		{"codes.sign_on", c.SignOn, true},
		{"codes.delivered_before", c.DeliveredBefore, true},
		{"codes.original_not_there", c.OriginalNotThere, true},
		{"codes.unknown_reason", []string{c.UnknownReason}, false},
	} {
		for _, code := range l.codes {
			if !isCode.MatchString(code) && (code != "" || l.key != "codes.partial") {
				return wrong(l.key, "has %q, which is no code of two digits or capitals", code)
			}
			if other := seen[code]; l.alone && other != "" {
				return wrong(l.key, "has %s, and so has %s", code, other)
			}
			if l.alone && code != "" {
				seen[code] = l.key
			}
		}
	}
	return p.checkFixed()
}

// checkFixed holds the codes that the till's flows decide by: a profile that
// names others would be believed by the line and not by the flows, and a
// payment that the host took would be shown as refused.
func (p *Profile) checkFixed() error {
	c := p.Codes
	for _, l := range []struct {
		key         string
		codes, have []string
	}{
		{"codes.success", c.Success, []string{"00", "11", "A2", "A4", "A5", "A6"}},
		{"codes.sign_on", c.SignOn, []string{"77", "99", "A0"}},
		{"codes.delivered_before", c.DeliveredBefore, []string{"94"}},
		{"codes.original_not_there", c.OriginalNotThere, []string{"12", "25"}},
		{"codes.unknown_reason", []string{c.UnknownReason}, []string{"06"}},
	} {
		named := slices.Sorted(slices.Values(l.codes))
		if !slices.Equal(named, l.have) {
			return wrong(l.key, "is %s, and this version decides by %s", strings.Join(named, " "), strings.Join(l.have, " "))
		}
	}
	if c.Partial != "" && c.Partial != "10" {
		return wrong("codes.partial", "is %s, and this version decides by 10", c.Partial)
	}
	return nil
}

func (p *Profile) checkReversal() error {
	for _, id := range p.Reversal.Drop {
		if !p.has(id) {
			return wrong("reversal.drop", "has field %d, which is not in fields", id)
		}
		if slices.Contains([]int{3, 4, 11, 39, 41, 42, 60, macField}, id) {
			return wrong("reversal.drop", "has field %d, without which nobody could match the reversal", id)
		}
	}
	for _, tag := range p.Reversal.Tags {
		if !isTag.MatchString(tag) {
			return wrong("reversal.tags", "has %q, which is no tag in upper-case hex", tag)
		}
	}
	return nil
}
