package wire

import (
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// Application is what the acquirer sets for one application of chips, under its AID in upper-case hex (tag 9F06): the
// parameters that terminals of UnionPay download (0800 with network code 380), their tags beside them. Version and action
// codes it must have; a limit that it leaves out is that of risk or limits. Amounts are fen, shares in a hundred.
type Application struct {
	Source     string `json:"source,omitempty"` // where the values are from, for people
	Exact      bool   `json:"exact,omitempty"`  // DF01: only this very AID; else longer ones that begin with it too
	Version    string `json:"version"`          // 9F08, 9F09: four digits of hex
	TACDenial  string `json:"tac_denial"`       // DF13: ten digits of hex, as DF12 and DF11
	TACOnline  string `json:"tac_online"`
	TACDefault string `json:"tac_default"`
	DDOL       string `json:"ddol,omitempty"` // DF14, hex: what a card signs that does not say itself; it names 9F37

	FloorLimit    *int64 `json:"floor_limit,omitempty"`    // 9F1B
	Threshold     *int64 `json:"threshold,omitempty"`      // DF15
	MostPercent   *int   `json:"most_percent,omitempty"`   // DF16
	TargetPercent *int   `json:"target_percent,omitempty"` // DF17

	ContactlessFloor *int64 `json:"contactless_floor,omitempty"`  // DF19; else floor_limit
	ContactlessLimit *int64 `json:"contactless_limit,omitempty"`  // DF20: from it on a tap is refused and the chip inserted; else there is none
	ContactlessNoPIN *int64 `json:"contactless_no_pin,omitempty"` // DF21: up to it a tap needs no PIN
}

const (
	mostApplications = 32
	mostContactless  = 999_999_999_999 // DF20 of nines: no limit
	randomObject     = "9F3704"        // in a list of data objects: the unpredictable number
)

var (
	isAID     = regexp.MustCompile(`^([0-9A-F]{2}){5,16}$`)
	isVersion = regexp.MustCompile(`^[0-9A-F]{4}$`)
	isTAC     = regexp.MustCompile(`^[0-9A-F]{10}$`)
	isDDOL    = regexp.MustCompile(`^([0-9A-F]{2}){3,60}$`)
)

// checkApplications drops the applications that a profile took out with null and looks at those that stay.
func (p *Profile) checkApplications() error {
	if p.Applications == nil { // of a profile that does not name them
		return nil
	}
	maps.DeleteFunc(p.Applications, func(_ string, a *Application) bool { return a == nil })
	if n := len(p.Applications); n == 0 || n > mostApplications {
		return wrong("applications", "are %d, allowed 1 to %d: write those of the acquirer's parameters", n, mostApplications)
	}
	for _, aid := range slices.Sorted(maps.Keys(p.Applications)) {
		if !isAID.MatchString(aid) {
			return wrong("applications", "has %q, which is no AID: write 10 to 32 digits of upper-case hex (tag 9F06)", aid)
		}
		if err := p.checkApplication("applications."+aid, p.Applications[aid]); err != nil {
			return err
		}
	}
	return nil
}

func (p *Profile) checkApplication(key string, a *Application) error {
	for _, c := range []struct {
		name, v, write string
		is             *regexp.Regexp
	}{
		{"version", a.Version, "four digits of upper-case hex (tag 9F08)", isVersion},
		{"tac_denial", a.TACDenial, "ten digits of upper-case hex (tag DF13)", isTAC},
		{"tac_online", a.TACOnline, "ten digits of upper-case hex (tag DF12)", isTAC},
		{"tac_default", a.TACDefault, "ten digits of upper-case hex (tag DF11)", isTAC},
	} {
		if !c.is.MatchString(c.v) {
			return wrong(key+"."+c.name, "is %q: write %s", c.v, c.write)
		}
	}
	if a.DDOL != "" && (!isDDOL.MatchString(a.DDOL) || !namesRandom(a.DDOL)) {
		return wrong(key+".ddol", "is %q: write a list of tags and lengths in upper-case hex that names %s (tag DF14)", a.DDOL, randomObject)
	}
	target, most, _ := p.Shares(a)
	for _, c := range []struct {
		name  string
		v     *int64
		least int64
		to    int64
	}{
		{"floor_limit", a.FloorLimit, 0, mostAlone},
		{"threshold", a.Threshold, 0, mostAlone},
		{"target_percent", wide(target), 0, mostDrawn},
		{"most_percent", wide(most), int64(target), mostDrawn},
		{"contactless_floor", a.ContactlessFloor, 0, mostAlone},
		{"contactless_limit", a.ContactlessLimit, 1, mostContactless},
		{"contactless_no_pin", a.ContactlessNoPIN, 0, mostContactless},
	} {
		if c.v != nil && (*c.v < c.least || *c.v > c.to) {
			return wrong(key+"."+c.name, "is %d, allowed %d to %d", *c.v, c.least, c.to)
		}
	}
	if _, ok := p.Transactions[withoutHost]; !ok && (above(a.FloorLimit) || above(a.ContactlessFloor)) {
		return wrong(key+".floor_limit", "goes with the transaction %s", withoutHost)
	}
	return nil
}

func wide(n int) *int64 { v := int64(n); return &v }

func above(v *int64) bool { return v != nil && *v > 0 }

// namesRandom walks a list of tags and lengths and says whether the unpredictable number is in it, in full.
func namesRandom(ddol string) bool {
	b, err := hex.DecodeString(ddol)
	found := false
	for err == nil && len(b) > 0 {
		n := 1
		if b[0]&0x1F == 0x1F {
			for n < len(b) && b[n]&0x80 != 0 {
				n++
			}
			n++
		}
		if n >= len(b) {
			return false
		}
		found = found || fmt.Sprintf("%X", b[:n+1]) == randomObject
		b = b[n+1:]
	}
	return found
}

// Shares are how many payments below the floor limit of an application are sent all the same, in a hundred, and from which
// amount on (fen) more with the amount: its own, else those of risk.
func (p *Profile) Shares(a *Application) (target, most int, threshold int64) {
	target, most, threshold = p.Risk.TargetPercent, p.Risk.MostPercent, p.Risk.Threshold
	if a.TargetPercent != nil {
		target = *a.TargetPercent
		most = max(most, target)
	}
	if a.MostPercent != nil {
		most = *a.MostPercent
	}
	if a.Threshold != nil {
		threshold = *a.Threshold
	}
	return target, most, threshold
}

// Floors are the floor limits of one application, fen: of an inserted card and of a tap.
type Floors struct{ Chip, Tap int64 }

// Floors gives the floor limits of an application where any application has one of its own; false where risk.floor_limit is
// that of all.
func (p *Profile) Floors(a *Application) (Floors, bool) {
	own := false
	for _, other := range p.Applications {
		own = own || other.FloorLimit != nil || other.ContactlessFloor != nil
	}
	f := Floors{Chip: p.Risk.FloorLimit}
	if a.FloorLimit != nil {
		f.Chip = *a.FloorLimit
	}
	if f.Tap = f.Chip; a.ContactlessFloor != nil {
		f.Tap = *a.ContactlessFloor
	}
	return f, own
}
