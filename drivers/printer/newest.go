package printer

import "strings"

// A receipt whose number the queue never took was lost between the journal and the queue: the till may print it. So the
// file keeps the number of the newest receipt, also when everything in it is printed.

// taken remembers the number of a receipt: digits alone, and not of a copy. The caller has mu.
func (d *disk) taken(j *Job) {
	notDigit := func(r rune) bool { return r < '0' || r > '9' }
	if j.Number != "" && !j.Copy && !strings.ContainsFunc(j.Number, notDigit) {
		d.last = j.Number
	}
}

// marker is the record of a printed slip that keeps the number. The caller has mu.
func (d *disk) marker() []*Job {
	if d.last == "" {
		return nil
	}
	return []*Job{{ID: 1, Number: d.last, State: Printed}}
}

// Newest gives the number of the newest receipt that the queue has taken, before a restart too; "" where the disk does
// not know.
func (p *Printer) Newest() string {
	p.disk.mu.Lock()
	defer p.disk.mu.Unlock()
	return p.disk.last
}
