package printer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
)

// line is one line of a slip as the queue keeps it.
type line struct {
	Kind  string `json:"k"`
	Left  string `json:"l,omitempty"`
	Right string `json:"r,omitempty"`
	Bold  bool   `json:"b,omitempty"`
	Big   bool   `json:"B,omitempty"`
}

// lines is a slip that is kept.
type lines []line

// Each hands the lines out, top to bottom.
func (l lines) Each(each func(kind, left, right string, bold, big bool)) {
	for _, x := range l {
		each(x.Kind, x.Left, x.Right, x.Bold, x.Big)
	}
}

// maxLines bounds a slip.
const maxLines = 2000

// keep takes the lines of a slip.
func keep(s Slip) (lines, error) {
	var l lines
	s.Each(func(kind, left, right string, bold, big bool) {
		if len(l) <= maxLines {
			l = append(l, line{kind, left, right, bold, big})
		}
	})
	if len(l) > maxLines {
		return nil, errors.Join(ErrSlip, fmt.Errorf("more than %d lines", maxLines))
	}
	return l, nil
}

// A record is one line of the queue's file:
//
//	state SP crc32c SP json LF
//
// The state is a word of four letters outside the checksum and is overwritten
// in place: that needs no room on a full disk. Any other word is damage. The
// checksum is of the JSON, eight hexadecimal digits.
const (
	wordWaits   = "wait"
	wordSent    = "sent"
	wordUnknown = "lost"
	wordDone    = "done"
	wordBytes   = 4
	headBytes   = wordBytes + 1 + 8 + 1
)

// maxRecord bounds one record, maxFile the whole file.
const (
	maxRecord = 1 << 20
	maxFile   = 64 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// body is the JSON of a record.
type body struct {
	ID     int    `json:"id"`
	Number string `json:"number,omitempty"`
	Copy   bool   `json:"copy,omitempty"`
	Lines  lines  `json:"lines"`
}

// record makes the line of a job.
func record(word string, j *Job) ([]byte, error) {
	b, err := json.Marshal(body{ID: j.ID, Number: j.Number, Copy: j.Copy, Lines: j.lines})
	if err != nil {
		return nil, err
	}
	if len(b) > maxRecord-headBytes {
		return nil, errors.Join(ErrSlip, fmt.Errorf("more than %d bytes", maxRecord))
	}
	return fmt.Appendf(nil, "%s %08x %s\n", word, crc32.Checksum(b, castagnoli), b), nil
}

// found is a record that was read: its job, where it begins and its length.
type found struct {
	job    *Job
	word   string
	at     int64
	length int64
}

// parse reads the records of a file. damaged is true where something is wrong
// that no power cut explains.
func parse(b []byte) (all []found, damaged bool) {
	at := int64(0)
	for len(b) > 0 {
		end := bytes.IndexByte(b, '\n') + 1
		if end == 0 {
			end = len(b)
		}
		f, err := parseOne(b[:end])
		if err == nil {
			f.at = at
			all = append(all, f)
		} else if f, torn := parseEnd(b[:end]); !torn {
			damaged = true
			if f.job != nil {
				all = append(all, f)
			}
		}
		b = b[end:]
		at += int64(end)
	}
	return all, damaged
}

// parseEnd looks at what is no record. It is torn where a power cut left it: a
// line without its end, of which nothing was acknowledged. A line whose last
// byte alone is wrong was whole once.
func parseEnd(b []byte) (f found, torn bool) {
	if b[len(b)-1] == '\n' {
		return found{}, false
	}
	mended := append(bytes.Clone(b[:len(b)-1]), '\n')
	f, err := parseOne(mended)
	return f, err != nil
}

var errRecord = errors.New("a damaged record of the printer's queue")

func parseOne(b []byte) (found, error) {
	if len(b) < headBytes+2 || len(b) > maxRecord || b[len(b)-1] != '\n' || b[wordBytes] != ' ' || b[headBytes-1] != ' ' {
		return found{}, errRecord
	}
	sum, err := strconv.ParseUint(string(b[wordBytes+1:headBytes-1]), 16, 32)
	text := b[headBytes : len(b)-1]
	if err != nil || crc32.Checksum(text, castagnoli) != uint32(sum) {
		return found{}, errRecord
	}
	var v body
	if err := json.Unmarshal(text, &v); err != nil || v.ID <= 0 {
		return found{}, errRecord
	}
	j := &Job{ID: v.ID, Number: v.Number, Copy: v.Copy, lines: v.Lines}
	return found{job: j, word: string(b[:wordBytes]), length: int64(len(b))}, nil
}
