package recon

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"tillkeeper/app/pos"
)

// MaxDifferences ends a reconciliation with "file_not_ours": so much does not
// fit only where the file is not this terminal's, or the layout is wrong.
const MaxDifferences = 100_000

// Sum is what a class comes to.
type Sum struct {
	Count  int        `json:"count"`
	Ours   pos.Amount `json:"ours"`
	Theirs pos.Amount `json:"theirs"`
}

// Report is what a reconciliation came to. Every line of this terminal is in
// exactly one of matched, theirs only, amount differs and reversed in file.
type Report struct {
	Lines          int `json:"lines"` // of this terminal
	Matched        int `json:"matched"`
	OursOnly       int `json:"ours_only"`
	TheirsOnly     int `json:"theirs_only"`
	AmountDiffers  int `json:"amount_differs"`
	ReversedInFile int `json:"reversed_in_file"`
	Others         int `json:"others"`  // lines of other terminals
	Ignored        int `json:"ignored"` // fees and the like

	ByClass map[pos.DifferenceClass]Sum `json:"by_class"`
	Ours    pos.Amount                  `json:"ours"`   // of the payments that are expected in the file or were found in it
	Theirs  pos.Amount                  `json:"theirs"` // of the lines of this terminal
	First   string                      `json:"first"`  // dates that the file covers, "2006-01-02"
	Last    string                      `json:"last"`
	Cleared []string                    `json:"cleared,omitempty"` // ids of open differences whose line came after all
}

// Matcher reconciles one file. It is not for two goroutines, nor for two files.
type Matcher struct {
	tid, mid    string
	layout      Layout
	ours        books
	open        map[uint64]pos.Difference
	from, to    int32 // the dates that the caller says the file covers
	covered     bool
	blind       bool // planted fault: the amounts are not compared
	report      Report
	names       map[string]int
	emit        func(pos.Difference) error
	merchant    int // lines of our merchant
	differences int
}

// New makes a matcher for the terminal (8 characters) of a merchant (15) and
// files of a layout.
func New(tid, mid string, l Layout) *Matcher {
	return &Matcher{
		tid: strings.TrimSpace(tid), mid: strings.TrimSpace(mid), layout: l, ours: books{zone: l.zone()},
		open: map[uint64]pos.Difference{}, names: map[string]int{},
		report: Report{ByClass: map[pos.DifferenceClass]Sum{}},
	}
}

// AddOurs takes an attempt of the journal; those that never were with the
// acquirer are left out. It keeps 64 bytes of it. Add a day more on either side
// of the file's dates than it covers.
func (m *Matcher) AddOurs(a pos.Attempt) { m.ours.add(&a) }

// AddOpen takes an unresolved difference of an earlier file: an ours_only one
// whose line is in this file is named in Report.Cleared.
func (m *Matcher) AddOpen(d pos.Difference) {
	if d.Class == pos.OursOnly && d.Resolved.IsZero() {
		m.open[keyOf(&pos.Attempt{Batch: d.Batch, STAN: d.STAN})] = d
	}
}

// Cover says which dates the file is of, both included, in the file's zone.
// Without it they are those from its first to its last line: an empty file then
// covers none.
func (m *Matcher) Cover(from, to time.Time) {
	m.from, m.to, m.covered = dayOf(from), dayOf(to), true
}

// Run reads the file and hands out each difference once, in the order of the
// file and then of our side. Keep nothing of what was handed out where Run ends
// with an error: those of Decode, "file_not_ours", or the one of emit.
//
// The id of a difference is made of day, class, batch and trace number, so that
// the same file imported twice gives the same ids. File and Found are for the
// caller to fill.
func (m *Matcher) Run(file io.Reader, emit func(pos.Difference) error) (Report, error) {
	m.emit = emit
	d, err := newDecoder(file, m.layout)
	if err != nil {
		return m.report, err
	}
	m.ours.index()
	for {
		r, err := d.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = m.take(r)
		}
		if err != nil {
			return m.report, err
		}
	}
	if m.merchant == 0 && m.report.Others > 0 {
		return m.report, pos.Errorf("file_not_ours", "fetch the file of this shop's merchant number",
			"every line of the file is of another merchant than %s", m.mid)
	}
	if m.covered {
		m.report.First, m.report.Last = dayText(m.from), dayText(m.to)
	}
	err = m.rest()
	return m.report, err
}

// take finds what a line of the file stands for.
func (m *Matcher) take(r *row) error {
	if r.kind == ignore {
		m.report.Ignored++
		return nil
	}
	if other(r.cell[atMID], m.mid) {
		m.report.Others++
		return nil
	}
	m.merchant++
	if other(r.cell[atTID], m.tid) {
		m.report.Others++
		return nil
	}
	m.report.Lines++
	m.report.Theirs += pos.Amount(r.amount)
	m.cover(r.day)
	o := m.find(r)
	class := m.class(o, r)
	if o != nil && o.flags&isSeen == 0 {
		o.flags |= isSeen
		if o.stands == stands || o.stands == waits {
			m.report.Ours += pos.Amount(o.amount)
		}
		m.clear(r.key)
	} else if o != nil {
		return m.differ(class, o, true, r)
	}
	if class == pos.Matched {
		m.sum(class, o.amount, r.amount)
		return nil
	}
	return m.differ(class, o, false, r)
}

// other says whether a cell of the file names another terminal or merchant.
func other(cell []byte, ours string) bool { return len(cell) > 0 && string(cell) != ours }

func (m *Matcher) cover(day int32) {
	if m.covered {
		return
	}
	if m.report.First == "" || day < m.from {
		m.from, m.report.First = day, dayText(day)
	}
	if m.report.Last == "" || day > m.to {
		m.to, m.report.Last = day, dayText(day)
	}
}

// find gives the attempt of a line: the one of its batch and trace number that
// no other line stands for, best with the same reference number, then with the
// nearest date. One that a line stands for already is given where there is no
// other: the line then is one too many.
func (m *Matcher) find(r *row) *record {
	var best *record
	score := -1
	mask := uint64(len(m.ours.table) - 1)
	for slot := spread(r.key, m.ours.shift); m.ours.table[slot] != 0; slot = (slot + 1) & mask {
		o := m.ours.at(int(m.ours.table[slot] - 1))
		if o.key != r.key {
			continue
		}
		ok, same := agree(o, r.cell[atRRN])
		if !ok {
			continue
		}
		s := 0
		if o.flags&isSeen == 0 {
			s += 4
		}
		if same {
			s += 2
		}
		if o.day == r.day {
			s++
		}
		if s > score || s == score && distance(o.day, r.day) < distance(best.day, r.day) {
			best, score = o, s
		}
	}
	return best
}

// agree says whether the reference numbers allow that a line is of an attempt,
// and whether both have the same.
func agree(o *record, rrn []byte) (ok, same bool) {
	mine := bytes.TrimLeft(bytes.TrimRight(o.rrn[:], "\x00 "), "0")
	theirs := bytes.TrimLeft(rrn, "0")
	if len(mine) == 0 || len(theirs) == 0 {
		return true, false
	}
	same = bytes.Equal(mine, theirs)
	return same, same
}

// class says what a line is to the attempt that was found.
func (m *Matcher) class(o *record, r *row) pos.DifferenceClass {
	if o == nil || o.flags&isSeen != 0 {
		return pos.TheirsOnly
	}
	switch o.stands {
	case stands, waits:
		if o.amount != r.amount && !m.blind {
			return pos.AmountDiffers
		}
		return pos.Matched
	case undone:
		return pos.ReversedInFile
	}
	return pos.TheirsOnly
}

// rest names what has to be in the file and is not.
func (m *Matcher) rest() error {
	if m.report.First == "" {
		return nil
	}
	for i := range m.ours.n {
		o := m.ours.at(i)
		if o.stands != stands || o.flags&isSeen != 0 || o.day < m.from || o.day > m.to {
			continue
		}
		m.report.Ours += pos.Amount(o.amount)
		if err := m.differ(pos.OursOnly, o, false, nil); err != nil {
			return err
		}
	}
	return nil
}

func (m *Matcher) clear(key uint64) {
	if d, ok := m.open[key]; ok {
		m.report.Cleared = append(m.report.Cleared, d.ID)
		delete(m.open, key)
	}
}

// sum counts what was found.
func (m *Matcher) sum(class pos.DifferenceClass, ours, theirs int64) {
	s := m.report.ByClass[class]
	s.Count++
	s.Ours += pos.Amount(ours)
	s.Theirs += pos.Amount(theirs)
	m.report.ByClass[class] = s
	switch class {
	case pos.Matched:
		m.report.Matched++
	case pos.OursOnly:
		m.report.OursOnly++
	case pos.TheirsOnly:
		m.report.TheirsOnly++
	case pos.AmountDiffers:
		m.report.AmountDiffers++
	case pos.ReversedInFile:
		m.report.ReversedInFile++
	}
}

// differ hands out a difference. Again says that another line of the file
// stands for the attempt already.
func (m *Matcher) differ(class pos.DifferenceClass, o *record, again bool, r *row) error {
	if m.differences++; m.differences > MaxDifferences {
		return pos.Errorf("file_not_ours", "check that this is the file of this terminal and of these days",
			"more than %d differences", MaxDifferences)
	}
	d := pos.Difference{Class: class}
	f := facts{again: again}
	var day int32
	if o != nil {
		f.ours(o)
		f.late = f.late && o.day == m.to
		day = o.day
		m.fill(&d, o)
		if !again && (o.stands == stands || o.stands == waits) {
			d.Ours = pos.Amount(o.amount)
		}
	}
	if r != nil {
		day = r.day
		overlay(&d, r.line(m.layout.zone()))
	}
	f.mine, f.theirs = int64(d.Ours), int64(d.Theirs)
	d.Proposal = f.propose(class)
	d.ID = m.name(dayText(day), &d)
	m.sum(class, int64(d.Ours), int64(d.Theirs))
	return m.emit(d)
}

// fill says what our side knows.
func (m *Matcher) fill(d *pos.Difference, o *record) {
	d.Attempt, d.PAN, d.Kind = m.ours.idOf(o), m.ours.panOf(o), string(kinds[o.kind])
	d.RRN = string(bytes.TrimRight(o.rrn[:], "\x00"))
	d.Time = time.Unix(o.created, 0).In(m.layout.zone())
	if o.key != noKey {
		d.Batch, d.STAN = pad(o.key/traces, 6), pad(o.key%traces, 6)
	}
}

// overlay says what the file knows, where it knows it.
func overlay(d *pos.Difference, l *Line) {
	d.Batch, d.STAN, d.Time, d.Theirs = l.Batch, l.STAN, l.Time, l.Amount
	if l.RRN != "" {
		d.RRN = l.RRN
	}
	if l.PAN != "" {
		d.PAN = l.PAN
	}
	if l.Word != "" {
		d.Kind = l.Word
	}
}

// name makes an id that this file has not had yet.
func (m *Matcher) name(day string, d *pos.Difference) string {
	id := fmt.Sprintf("%s-%s-%s-%s", day, d.Class, d.Batch, d.STAN)
	if d.STAN == "" {
		id = fmt.Sprintf("%s-%s-%s", day, d.Class, d.Attempt)
	}
	m.names[id]++
	if n := m.names[id]; n > 1 {
		return fmt.Sprintf("%s-%d", id, n)
	}
	return id
}
