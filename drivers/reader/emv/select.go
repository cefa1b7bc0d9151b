package emv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"

	"tillkeeper/app/pos"
)

const (
	maxCandidates     = 16 // applications of one card
	maxDirectoryLines = 16 // records of the PSE
)

var (
	contactDirectory     = []byte("1PAY.SYS.DDF01")
	contactlessDirectory = []byte("2PAY.SYS.DDF01")
)

// Status words of SELECT and GET PROCESSING OPTIONS.
const (
	swBlocked      = 0x6A81 // the card
	swInvalidated  = 0x6283 // the selected file
	swNoRecord     = 0x6A83
	swUseContact   = 0x6984 // contactless: another interface
	swSeeDevice    = 0x6986 // contactless: the holder confirms on the device
	confirmationOf = 0x80   // bit 8 of tag 87
)

type candidate struct {
	aid      []byte
	name     string
	priority byte // 1 is first, 15 last; 0 behind all
	confirm  bool // only with the cardholder's word
}

// selectAndStart selects an application and starts it; one that will not start gives way to the next (EMV Book 1, 12.4,
// Book 3, 10.1).
func (d *Dialogue) selectAndStart(ctx context.Context) error {
	list, err := d.candidates(ctx)
	if err != nil {
		return err
	}
	for len(list) > 0 {
		i, err := d.choose(ctx, list)
		if err != nil {
			return err
		}
		c := list[i]
		list = slices.Delete(list, i, i+1)
		ok, err := d.selectApplication(ctx, c)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if ok, err = d.processingOptions(ctx); err != nil || ok {
			return err
		}
		d.refused = true
	}
	return d.none()
}

// none says why no application is left.
func (d *Dialogue) none() error {
	switch {
	case d.refused:
		return fault(ReasonRefusedStart, ErrNoApplication, "none of them started")
	case d.blocked:
		return fault(ReasonBlocked, ErrNoApplication, "blocked")
	case d.limited:
		return fault(ReasonUseChip, pos.ErrCardUnfit, "over the limit for taps")
	}
	return fault(ReasonUnsupported, ErrNoApplication, "no candidate")
}

// choose says which candidate is next. Contactless takes the card's preference. A contact card asks the customer where
// there is a choice or the card wants a word (bit 8 of tag 87); with nobody to ask, the card's preference among those that
// want none.
func (d *Dialogue) choose(ctx context.Context, list []candidate) (int, error) {
	if d.req.Contactless || len(list) == 1 && !list[0].confirm {
		return 0, nil
	}
	if d.req.Choose == nil {
		for i, c := range list {
			if !c.confirm {
				return i, nil
			}
		}
		return 0, fault(ReasonChoice, pos.ErrCardUnfit, "nobody to ask")
	}
	names := make([]string, len(list))
	for i, c := range list {
		names[i] = c.name
	}
	i, err := d.req.Choose(ctx, names)
	switch {
	case err != nil && ctx.Err() != nil:
		return 0, fmt.Errorf("%w: %w", ErrCancelled, ctx.Err())
	case err != nil:
		return 0, fault(pos.WhyNot(err, ReasonCancelled), errors.Join(ErrCancelled, err), "no application was chosen")
	case i < 0 || i >= len(list):
		return 0, fault(ReasonCancelled, ErrCancelled, "choice %d of %d", i, len(list))
	}
	return i, nil
}

func (d *Dialogue) candidates(ctx context.Context) ([]candidate, error) {
	var list []candidate
	var err error
	if d.req.Contactless {
		list, err = d.proximityDirectory(ctx)
	} else {
		list, err = d.contactEnvironment(ctx)
		if err == nil && len(list) == 0 {
			list, err = d.ownList(ctx)
		}
	}
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, d.none()
	}
	sort.SliceStable(list, func(i, j int) bool { return rank(list[i].priority) < rank(list[j].priority) })
	return list, nil
}

func rank(priority byte) byte {
	if priority == 0 {
		return 16
	}
	return priority
}

// selectName sends SELECT by name and returns the FCI's proprietary template behind the DF name; nil when the card does not
// have it. A blocked file has an FCI too, and the status word says so.
func (d *Dialogue) selectName(ctx context.Context, name []byte, next bool) ([]Object, uint16, error) {
	c := command{cla: 0x00, ins: 0xA4, p1: 0x04, data: name}
	if next {
		c.p2 = 0x02
	}
	body, sw, err := d.send(ctx, c)
	switch {
	case err != nil:
		return nil, sw, err
	case sw == swBlocked && !next:
		return nil, sw, fault(ReasonCardBlocked, ErrNoApplication, "SELECT answered %04X", sw)
	case sw>>8 == 0x6F:
		return nil, sw, fmt.Errorf("%w: SELECT answered %04X", ErrCardUnreadable, sw)
	case sw != swOK && sw != swInvalidated:
		return nil, sw, nil
	}
	fci, err := applicationFCI(body)
	if err != nil && sw == swInvalidated { // blocked, whatever else it says
		return []Object{{Tag: tagDFName, Value: name}}, sw, nil
	}
	return fci, sw, err
}

// applicationFCI takes an FCI apart: the DF name, and what the proprietary template holds behind it.
func applicationFCI(body []byte) ([]Object, error) {
	fci, err := template(body, tagFCI)
	if err != nil {
		return nil, err
	}
	inside := findObject(fci.Children, tagFCIProprietary)
	if inside == nil || len(inside.Children) == 0 {
		return nil, fmt.Errorf("%w: no proprietary template in the FCI", ErrCardUnreadable)
	}
	return append([]Object{{Tag: tagDFName, Value: mustFind(fci.Children, tagDFName)}}, inside.Children...), nil
}

func mustFind(objects []Object, t Tag) []byte {
	v, _ := Find(objects, t)
	return v
}

func (d *Dialogue) proximityDirectory(ctx context.Context) ([]candidate, error) {
	fci, sw, err := d.selectName(ctx, contactlessDirectory, false)
	if err != nil || fci == nil || sw != swOK {
		return nil, err
	}
	inside := findObject(fci, tagFCIDiscretion)
	if inside == nil {
		return nil, nil
	}
	return d.matching(nil, inside.Children), nil
}

// contactEnvironment reads the payment directory (EMV Book 1, 12.3.2). One that is missing, blocked or makes no sense is
// no error: the terminal's own list is next.
func (d *Dialogue) contactEnvironment(ctx context.Context) ([]candidate, error) {
	fci, sw, err := d.selectName(ctx, contactDirectory, false)
	switch {
	case err != nil && sw != swOK:
		return nil, err
	case err != nil, fci == nil, sw != swOK:
		return nil, nil //nolint:nilerr // with 9000 the error is of what the card wrote
	}
	sfi := mustFind(fci, tagSFI)
	if len(sfi) != 1 || sfi[0] < 1 || sfi[0] > 10 {
		return nil, nil
	}
	var list []candidate
	for record := byte(1); record <= maxDirectoryLines; record++ {
		body, sw, err := d.readRecord(ctx, sfi[0], record)
		switch {
		case err != nil:
			return nil, err
		case sw == swNoRecord:
			return list, nil
		case sw != swOK:
			return nil, nil
		}
		t, err := template(body, tagRecord)
		if err != nil {
			return nil, nil //nolint:nilerr // EMV Book 1, 12.3.2: the directory is left alone
		}
		list = d.matching(list, t.Children)
	}
	return list, nil
}

// matching adds the directory entries whose name begins with one of the terminal's (partial selection).
func (d *Dialogue) matching(list []candidate, entries []Object) []candidate {
	for _, e := range entries {
		aid := mustFind(e.Children, tagAID)
		if e.Tag != tagDirectoryEntry || len(aid) < 5 || len(aid) > 16 || len(list) == maxCandidates || has(list, aid) {
			continue
		}
		switch {
		case !d.terminal.takes(aid):
		case d.tooMuch(aid):
			d.limited = true
		default:
			list = append(list, newCandidate(aid, e.Children))
		}
	}
	return list
}

func has(list []candidate, aid []byte) bool {
	return slices.ContainsFunc(list, func(c candidate) bool { return bytes.Equal(c.aid, aid) })
}

func newCandidate(aid []byte, said []Object) candidate {
	c := candidate{aid: aid, name: applicationName(
		mustFind(said, tagPreferredName), mustFind(said, tagCodeTable), mustFind(said, tagLabel))}
	if c.name == "" {
		c.name = fmt.Sprintf("%X", aid)
	}
	if p := mustFind(said, tagPriority); len(p) == 1 {
		c.priority, c.confirm = p[0]&0x0F, p[0]&confirmationOf != 0
	}
	return c
}

// ownList tries the terminal's own names, and goes on with SELECT NEXT while the card has more that begin so (EMV Book 1,
// 12.3.3).
func (d *Dialogue) ownList(ctx context.Context) ([]candidate, error) {
	var list []candidate
	for _, aid := range d.terminal.names() {
		for next := 0; next < maxCandidates && len(list) < maxCandidates; next++ {
			fci, sw, err := d.selectName(ctx, aid, next > 0)
			if err != nil {
				return nil, err
			}
			if fci == nil {
				break
			}
			name := fci[0].Value
			d.blocked = d.blocked || sw == swInvalidated
			if len(name) > 16 || !bytes.HasPrefix(name, aid) || has(list, name) {
				break
			}
			if sw == swOK && d.terminal.takes(name) {
				list = append(list, newCandidate(name, fci))
			}
			if len(name) == len(aid) { // the very one: there is no other of this name
				break
			}
		}
	}
	return list, nil
}

func (d *Dialogue) selectApplication(ctx context.Context, c candidate) (bool, error) {
	fci, sw, err := d.selectName(ctx, c.aid, false)
	if sw == swInvalidated {
		d.blocked = true
		return false, err
	}
	if err != nil || fci == nil {
		return false, err
	}
	if name := fci[0].Value; len(name) < 5 || len(name) > 16 {
		return false, fmt.Errorf("%w: DF name of %d bytes", ErrCardUnreadable, len(name))
	} else if !bytes.HasPrefix(name, c.aid) {
		return false, nil // another application answers; a longer name is partial selection
	}
	for _, t := range []Tag{tagDFName, tagLabel, tagPDOL, tagPreferredName, tagCodeTable} {
		delete(d.data, t)
		if v, ok := Find(fci, t); ok {
			d.data[t] = v
		}
	}
	d.data[tagTerminalAID] = d.data[tagDFName]
	d.apply(d.data[tagDFName])
	return true, d.qualify()
}

// applicationName is what the customer reads: the issuer's preferred name where this terminal has its code table (1: ISO
// 8859-1), else the label; "" for neither. Characters that cannot be shown are left out.
func applicationName(preferred, table, label []byte) string {
	v, latin := label, false
	if len(preferred) > 0 && len(table) == 1 && table[0] == 1 {
		v, latin = preferred, true
	}
	out := make([]rune, 0, len(v))
	for _, c := range v {
		if c >= 0x20 && c < 0x7F || latin && c >= 0xA0 {
			out = append(out, rune(c))
		}
	}
	return string(out)
}
