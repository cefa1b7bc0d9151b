package recon

import (
	"bytes"
	"math"
	"time"

	"tillkeeper/app/pos"
)

const (
	secondsADay = 24 * 60 * 60
	traces      = 1_000_000           // trace numbers of a batch
	noKey       = math.MaxUint64      // of a payment without a usable batch and trace number
	maxFen      = 999_999_999_999_999 // of one line: no sum of a file overflows
)

// understand makes numbers of the cells of a row.
func (d *decoder) understand() error {
	r := &d.row
	var err error
	if r.day, err = d.date(r.cell[atDate]); err != nil {
		return err
	}
	if r.seconds, err = d.clock(r.cell[atTime]); err != nil {
		return err
	}
	if r.kind, err = d.kind(r.cell[atKind]); err != nil {
		return err
	}
	if r.kind == ignore {
		return nil
	}
	batch, ok := six(r.cell[atBatch])
	if !ok {
		return d.bad("the batch %q is not a number of six digits", clip(r.cell[atBatch]))
	}
	stan, ok := six(r.cell[atSTAN])
	if !ok || stan == 0 {
		return d.bad("the trace number %q is not a number of six digits above zero", clip(r.cell[atSTAN]))
	}
	r.key = batch*traces + stan
	r.amount, err = d.amount(r.cell[atAmount], r.kind)
	return err
}

// clip bounds what an error repeats of a cell.
func clip(cell []byte) []byte { return cell[:min(len(cell), 40)] }

// six reads a number of at most six digits.
func six(cell []byte) (uint64, bool) {
	if len(cell) == 0 || len(cell) > 6 {
		return 0, false
	}
	var n uint64
	for _, c := range cell {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, true
}

// amount reads a sum of money as fen with the merchant's sign.
func (d *decoder) amount(cell []byte, kind pos.Kind) (int64, error) {
	fen, ok := money(cell, d.layout.Unit == pos.FileYuan)
	if !ok {
		return 0, d.bad("the amount %q is not a sum in %s", clip(cell), d.layout.Unit)
	}
	if d.layout.Sign == pos.FileSigned {
		return fen, nil
	}
	if fen < 0 {
		return 0, d.bad("the amount %q has a sign, but the kind says which way it goes", clip(cell))
	}
	if credit(kind) {
		return -fen, nil
	}
	return fen, nil
}

// money reads "-1,234.50" as fen, or a whole number where yuan is not set. At
// most two decimals; a comma only where thousands are.
func money(cell []byte, yuan bool) (int64, bool) {
	cell = bytes.TrimPrefix(cell, []byte("￥"))
	neg := false
	if len(cell) > 0 && (cell[0] == '-' || cell[0] == '+') {
		neg, cell = cell[0] == '-', cell[1:]
	}
	var n int64
	digits, decimals, point := 0, 0, false
	for i, c := range cell {
		switch {
		case c >= '0' && c <= '9':
			if n = n*10 + int64(c-'0'); n > maxFen {
				return 0, false
			}
			digits++
			if point {
				decimals++
			}
		case c == '.' && yuan && !point && digits > 0:
			point = true
		case c == ',' && !point && digits > 0 && thousands(cell[i+1:]):
		default:
			return 0, false
		}
	}
	if digits == 0 || decimals > 2 || point && decimals == 0 {
		return 0, false
	}
	for ; yuan && decimals < 2; decimals++ {
		n *= 10
	}
	if neg {
		n = -n
	}
	return n, n <= maxFen && n >= -maxFen
}

// thousands says whether three digits stand there, and then no more of them.
func thousands(rest []byte) bool {
	n := 0
	for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
		n++
	}
	return n == 3
}

func (d *decoder) kind(cell []byte) (pos.Kind, error) {
	if len(cell) == 0 {
		if d.layout.Sign == pos.FileByKind {
			return "", d.bad("it has no kind, and only the kind says which way its amount goes")
		}
		return "", nil
	}
	k, ok := d.words[string(cell)]
	if !ok {
		return "", d.bad("the kind %q is not in the profile: say there, under file.kinds or file.ignore, what it means", clip([]byte(text(cell))))
	}
	return k, nil
}

// date reads a day as days since 1970.
func (d *decoder) date(cell []byte) (int32, error) {
	if string(cell) == d.lastDay && len(cell) > 0 {
		return d.lastNum, nil
	}
	n, ok := d.dates[string(cell)]
	if !ok {
		t, fits := parse(cell, d.layout.Dates)
		if !fits || t.Year() < firstYear || t.Year() > lastYear {
			return 0, d.bad("the date %q is not written as %q", clip(cell), d.layout.Dates)
		}
		n = dayOf(t)
		if len(d.dates) < maxCached {
			d.dates[string(cell)] = n
		}
	}
	d.lastDay, d.lastNum = string(cell), n
	return n, nil
}

// clock reads a time as seconds of the day; a file may have none.
func (d *decoder) clock(cell []byte) (int32, error) {
	if len(cell) == 0 {
		return 0, nil
	}
	if s, ok := hms(cell); ok && len(d.layout.Times) > 0 && d.layout.Times[0] == time.TimeOnly {
		return s, nil
	}
	if s, ok := d.times[string(cell)]; ok {
		return s, nil
	}
	t, fits := parse(cell, d.layout.Times)
	if !fits {
		return 0, d.bad("the time %q is not written as %q", clip(cell), d.layout.Times)
	}
	s := int32(t.Hour()*3600 + t.Minute()*60 + t.Second())
	if len(d.times) < maxCached {
		d.times[string(cell)] = s
	}
	return s, nil
}

// hms reads "15:04:05", the usual layout, without the cost of package time.
func hms(c []byte) (int32, bool) {
	if len(c) != 8 || c[2] != ':' || c[5] != ':' {
		return 0, false
	}
	var n [3]int32
	for i := range n {
		a, b := c[3*i]-'0', c[3*i+1]-'0'
		if a > 9 || b > 9 {
			return 0, false
		}
		n[i] = int32(a)*10 + int32(b)
	}
	return n[0]*3600 + n[1]*60 + n[2], n[0] < 24 && n[1] < 60 && n[2] < 60
}

func parse(cell []byte, layouts []string) (time.Time, bool) {
	for _, l := range layouts {
		if t, err := time.Parse(l, string(cell)); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// dayOf counts the days from 1970 to the date that t shows in its own zone.
func dayOf(t time.Time) int32 {
	return int32(time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC).Unix() / secondsADay)
}

// dayText writes a day as "2006-01-02".
func dayText(day int32) string {
	return time.Unix(int64(day)*secondsADay, 0).UTC().Format(time.DateOnly)
}
