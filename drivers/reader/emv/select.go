package emv

import (
	"bytes"
	"context"
	"fmt"
	"sort"
)

const (
	maxCandidates     = 16 // applications of one card
	maxDirectoryLines = 16 // records of the PSE
)

var (
	contactDirectory     = []byte("1PAY.SYS.DDF01")
	contactlessDirectory = []byte("2PAY.SYS.DDF01")
)

type candidate struct {
	aid      []byte
	priority byte // 1 is first, 15 last; 0 behind all
}

// selectAndStart selects an application and starts it; one that will not start gives way to the next (EMV Book 3, 10.1).
func (d *Dialogue) selectAndStart(ctx context.Context) error {
	list, err := d.candidates(ctx)
	if err != nil {
		return err
	}
	for _, c := range list {
		ok, err := d.selectApplication(ctx, c.aid)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if ok, err = d.processingOptions(ctx); err != nil || ok {
			return err
		}
	}
	return ErrNoApplication
}

func (d *Dialogue) candidates(ctx context.Context) ([]candidate, error) {
	var list []candidate
	var err error
	if d.req.Contactless {
		list, err = d.proximityDirectory(ctx)
	} else {
		list, err = d.contactEnvironment(ctx)
	}
	if err != nil {
		return nil, err
	}
	if len(list) == 0 && !d.req.Contactless { // EMV Book 1, 12.3.3: the terminal's own list
		for _, aid := range d.terminal.AIDs {
			list = append(list, candidate{aid: aid})
		}
	}
	if len(list) == 0 {
		return nil, ErrNoApplication
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

// selectName sends SELECT by name and returns the FCI's proprietary template; nil when the card does not have it.
func (d *Dialogue) selectName(ctx context.Context, name []byte) ([]Object, error) {
	body, sw, err := d.send(ctx, command{cla: 0x00, ins: 0xA4, p1: 0x04, data: name})
	switch {
	case err != nil:
		return nil, err
	case sw == 0x6A81:
		return nil, fmt.Errorf("%w: the card is blocked", ErrNoApplication)
	case sw>>8 == 0x6F:
		return nil, fmt.Errorf("%w: SELECT answered %04X", ErrCardUnreadable, sw)
	case sw != swOK:
		return nil, nil
	}
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
	fci, err := d.selectName(ctx, contactlessDirectory)
	if err != nil || fci == nil {
		return nil, err
	}
	inside := findObject(fci, tagFCIDiscretion)
	if inside == nil {
		return nil, nil
	}
	return d.matching(nil, inside.Children), nil
}

func (d *Dialogue) contactEnvironment(ctx context.Context) ([]candidate, error) {
	fci, err := d.selectName(ctx, contactDirectory)
	if err != nil || fci == nil {
		return nil, err
	}
	sfi := mustFind(fci, tagSFI)
	if len(sfi) != 1 || sfi[0] < 1 || sfi[0] > 10 {
		return nil, nil
	}
	var list []candidate
	for record := byte(1); record <= maxDirectoryLines; record++ {
		body, sw, err := d.readRecord(ctx, sfi[0], record)
		if err != nil {
			return nil, err
		}
		if sw != swOK {
			break
		}
		t, err := template(body, tagRecord)
		if err != nil {
			return nil, err
		}
		list = d.matching(list, t.Children)
	}
	return list, nil
}

// matching adds the directory entries whose name begins with one of the terminal's (partial selection).
func (d *Dialogue) matching(list []candidate, entries []Object) []candidate {
	for _, e := range entries {
		aid := mustFind(e.Children, tagAID)
		if e.Tag != tagDirectoryEntry || len(aid) < 5 || len(aid) > 16 || len(list) == maxCandidates {
			continue
		}
		for _, own := range d.terminal.AIDs {
			if !bytes.HasPrefix(aid, own) {
				continue
			}
			c := candidate{aid: aid}
			if p := mustFind(e.Children, tagPriority); len(p) == 1 {
				c.priority = p[0] & 0x0F
			}
			list = append(list, c)
			break
		}
	}
	return list
}

func (d *Dialogue) selectApplication(ctx context.Context, aid []byte) (bool, error) {
	fci, err := d.selectName(ctx, aid)
	if err != nil || fci == nil {
		return false, err
	}
	if name := fci[0].Value; len(name) < 5 || len(name) > 16 {
		return false, fmt.Errorf("%w: DF name of %d bytes", ErrCardUnreadable, len(name))
	}
	for _, t := range []Tag{tagDFName, tagLabel, tagPDOL, tagPreferredName, tagCodeTable} {
		delete(d.data, t)
		if v, ok := Find(fci, t); ok {
			d.data[t] = v
		}
	}
	d.data[tagTerminalAID] = d.data[tagDFName]
	return true, nil
}
