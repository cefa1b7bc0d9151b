package acquirer

import (
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"tillkeeper/app/pos"
)

// sheet writes rows as a profile's layout has them.
type sheet struct {
	layout pos.FileLayout
	at     []int // place of each column of a row, from 1; 0 where the file has it not
	wide   int
}

func newSheet(l pos.FileLayout) sheet {
	s := sheet{layout: l, at: make([]int, len(pos.FileColumns))}
	for i, c := range pos.FileColumns {
		switch {
		case l.Place[c] > 0:
			s.at[i] = l.Place[c]
			s.wide = max(s.wide, s.at[i])
		case len(l.Header[c]) > 0:
			s.wide++
			s.at[i] = s.wide
		}
	}
	return s
}

// writeRows writes a whole file.
func writeRows(rows [][]string, l pos.FileLayout, w io.Writer) error {
	end := func() error { return nil }
	if l.Encoding == pos.FileGBK {
		gbk := simplifiedchinese.GBK.NewEncoder().Writer(w)
		if c, ok := gbk.(io.Closer); ok {
			end = c.Close // writes what it holds back
		}
		w = gbk
	}
	s, out := newSheet(l), csv.NewWriter(w)
	out.Comma = rune(l.Separator[0])
	if len(l.Place) == 0 {
		if err := out.Write(s.header()); err != nil {
			return err
		}
	}
	for _, row := range rows {
		line, err := s.line(row)
		if err != nil {
			return err
		}
		if err := out.Write(line); err != nil {
			return err
		}
	}
	out.Flush()
	return errors.Join(out.Error(), end())
}

// header names each column by the first of its names.
func (s sheet) header() []string {
	out := make([]string, s.wide)
	for i, c := range pos.FileColumns {
		if s.at[i] > 0 {
			out[s.at[i]-1] = s.layout.Header[c][0]
		}
	}
	return out
}

// line is a row in the layout's words.
func (s sheet) line(row []string) ([]string, error) {
	at, err := time.Parse(dayLayout+" 15:04:05", row[colDate]+" "+row[colTime])
	if err != nil {
		return nil, err
	}
	value := slices.Clone(row)
	value[colDate] = at.Format(s.layout.Dates[0])
	if len(s.layout.Times) > 0 {
		value[colTime] = at.Format(s.layout.Times[0])
	}
	value[colKind] = s.word(row[colKind])
	if value[colAmount], err = s.sum(row[colAmount]); err != nil {
		return nil, err
	}
	out := make([]string, s.wide)
	for i, p := range s.at {
		if p > 0 {
			out[p-1] = value[i]
		}
	}
	return out, nil
}

// word is what the file calls a kind: the ledger's own word where the layout has it, else the first that it has.
func (s sheet) word(kind string) string {
	of := pos.Kind(kind)
	if kind == KindCodeSale || kind == KindOfflineSale {
		of = pos.Sale
	}
	words := s.layout.Kinds[of]
	if len(words) == 0 || slices.Contains(words, kind) {
		return kind
	}
	return words[0]
}

// sum writes an amount in the layout's unit and with its sign.
func (s sheet) sum(text string) (string, error) {
	fen, err := strconv.ParseInt(strings.Replace(text, ".", "", 1), 10, 64)
	if err != nil {
		return "", err
	}
	if s.layout.Sign == pos.FileByKind {
		fen = max(fen, -fen)
	}
	if s.layout.Unit == pos.FileFen {
		return strconv.FormatInt(fen, 10), nil
	}
	return yuan(fen), nil
}
