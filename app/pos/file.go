package pos

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// FileColumn names what a column of the acquirer's daily file holds.
type FileColumn string

// The columns. Date, batch, stan and amount have to be there.
const (
	FileDate          FileColumn = "date"
	FileTime          FileColumn = "time"
	FileTID           FileColumn = "tid"
	FileMID           FileColumn = "mid"
	FileBatch         FileColumn = "batch"
	FileSTAN          FileColumn = "stan"
	FileRRN           FileColumn = "rrn"
	FileAuth          FileColumn = "auth"
	FileKind          FileColumn = "kind"
	FilePAN           FileColumn = "pan"
	FileAmount        FileColumn = "amount"
	FileOriginalBatch FileColumn = "original_batch"
	FileOriginalSTAN  FileColumn = "original_stan"
)

// FileColumns holds every column in the order of a file with a header.
var FileColumns = [...]FileColumn{
	FileDate, FileTime, FileTID, FileMID, FileBatch, FileSTAN, FileRRN, FileAuth, FileKind, FilePAN, FileAmount,
	FileOriginalBatch, FileOriginalSTAN,
}

// The units of an amount.
const (
	FileYuan = "yuan" // "12.50": up to two decimals
	FileFen  = "fen"  // "1250"
)

// The ways in which a file tells a debit from a credit.
const (
	FileSigned = "signed" // by the sign of the amount: refunds and voids below zero
	FileByKind = "kind"   // by the kind of the line; every amount is 0 or more
)

// The letters that a file is written in.
const (
	FileUTF8   = "utf-8"
	FileGBK    = "gbk"
	FileEither = "either" // a line that is no UTF-8 is taken for GBK
)

// FileCells is how many cells a line may have.
const FileCells = 256

// FileLayout says what the acquirer's daily file looks like: data of its
// profile, under the key "file".
type FileLayout struct {
	Separator string `json:"separator"` // one character between the cells
	Encoding  string `json:"encoding"`  // utf-8 gbk either
	// Header names each column as the first line does; several names may be
	// given, none says that the file has no such column. Case and blanks around
	// a name do not count.
	Header map[FileColumn][]string `json:"header"`
	// Place gives the columns of a file without a header: 1 is the first.
	Place map[FileColumn]int `json:"place"`
	Dates []string           `json:"dates"` // layouts of package time; the first that fits
	Times []string           `json:"times"`
	Unit  string             `json:"unit"` // yuan fen
	Sign  string             `json:"sign"` // signed kind
	// Kinds holds the file's words for each kind. A word that is neither here
	// nor in Ignore is an error, so that nothing new is passed over in silence.
	Kinds  map[Kind][]string `json:"kinds"`
	Ignore []string          `json:"ignore"` // words of lines that are no payment of a customer: a fee, a sum
}

// fileKinds are the kinds that move a merchant's money.
var fileKinds = []Kind{Sale, Void, Refund, Completion, CompletionVoid}

// Has says whether the file has a column.
func (l FileLayout) Has(c FileColumn) bool { return len(l.Header[c]) > 0 || l.Place[c] > 0 }

// Words gives the meaning of each of the file's words for a kind; those that
// are left out mean ignore.
func (l FileLayout) Words(ignore Kind) map[string]Kind {
	out := map[string]Kind{}
	for kind, words := range l.Kinds {
		for _, w := range words {
			out[w] = kind
		}
	}
	for _, w := range l.Ignore {
		out[w] = ignore
	}
	return out
}

// wrongLayout is what is wrong with a key of the layout, and what to write.
func wrongLayout(key, remedy, format string, args ...any) error {
	return Errorf("layout_bad", remedy, "file."+key+" "+format, args...)
}

// Check says what is wrong with a layout: Error "layout_bad" that names the key
// and what to write there, or nil.
func (l FileLayout) Check() error {
	switch {
	case len(l.Separator) != 1 || l.Separator[0] >= utf8.RuneSelf || strings.ContainsAny(l.Separator, "\"\r\n0123456789."):
		return wrongLayout("separator", `write one character, as "," or "|"`, "is %q", l.Separator)
	case !slices.Contains([]string{FileUTF8, FileGBK, FileEither}, l.Encoding):
		return wrongLayout("encoding", "write utf-8, gbk or either", "is %q", l.Encoding)
	case l.Unit != FileYuan && l.Unit != FileFen:
		return wrongLayout("unit", "write yuan or fen", "is %q", l.Unit)
	case l.Sign != FileSigned && l.Sign != FileByKind:
		return wrongLayout("sign", "write signed or kind", "is %q", l.Sign)
	case len(l.Place) > 0 && len(l.Header) > 0:
		return wrongLayout("place", `give one of the two; over a base that has the other write "header": null or "place": null`,
			"is given beside file.header")
	}
	if err := l.checkColumns(); err != nil {
		return err
	}
	if err := l.checkClock(); err != nil {
		return err
	}
	return l.checkKinds()
}

// checkColumns looks at the names and places of the columns.
func (l FileLayout) checkColumns() error {
	key, taken := "header", map[string]FileColumn{}
	if len(l.Place) > 0 {
		key = "place"
	}
	take := func(c FileColumn, name string) error {
		other, twice := taken[name]
		taken[name] = c
		if twice && other != c && !(c == FileTime && other == FileDate) { // one cell may hold both
			return wrongLayout(key+"."+string(c), "give each column its own", "is %q, and so is %s", name, other)
		}
		return nil
	}
	for _, c := range FileColumns {
		if p, given := l.Place[c]; given {
			if p < 1 || p > FileCells {
				return wrongLayout("place."+string(c), "count the columns from 1 to "+strconv.Itoa(FileCells), "is %d", p)
			}
			if err := take(c, strconv.Itoa(p)); err != nil {
				return err
			}
		}
		for _, name := range l.Header[c] {
			if strings.TrimSpace(name) == "" || !utf8.ValidString(name) {
				return wrongLayout("header."+string(c), "write the name as the file's first line has it", "has the name %q", name)
			}
			if err := take(c, strings.ToLower(strings.TrimSpace(name))); err != nil {
				return err
			}
		}
	}
	for _, c := range []FileColumn{FileDate, FileBatch, FileSTAN, FileAmount} {
		if !l.Has(c) {
			return wrongLayout(key, "say which column holds it", "has no column %s", c)
		}
	}
	return unknownColumns(l)
}

// unknownColumns refuses what is no column.
func unknownColumns(l FileLayout) error {
	for c := range l.Header {
		if !slices.Contains(FileColumns[:], c) {
			return wrongLayout("header", "name one of "+columnNames(), "has %q", c)
		}
	}
	for c := range l.Place {
		if !slices.Contains(FileColumns[:], c) {
			return wrongLayout("place", "name one of "+columnNames(), "has %q", c)
		}
	}
	return nil
}

func columnNames() string {
	names := make([]string, len(FileColumns))
	for i, c := range FileColumns {
		names[i] = string(c)
	}
	return strings.Join(names, " ")
}

// checkClock wants layouts that tell a day, and an hour and minute.
func (l FileLayout) checkClock() error {
	at := time.Date(2031, 11, 23, 14, 57, 0, 0, time.UTC)
	reads := func(layout, as string) bool {
		t, err := time.Parse(layout, at.Format(layout))
		return err == nil && t.Format(as) == at.Format(as)
	}
	if len(l.Dates) == 0 {
		return wrongLayout("dates", `write how the file writes 2 January 2006, as ["2006-01-02"]`, "is empty")
	}
	for _, d := range l.Dates {
		if !reads(d, time.DateOnly) {
			return wrongLayout("dates", "write how the file writes 2 January 2006, as 2006-01-02 or 20060102",
				"has %q, which does not tell year, month and day", d)
		}
	}
	if l.Has(FileTime) && len(l.Times) == 0 {
		return wrongLayout("times", `write how the file writes 15:04:05, as ["15:04:05"]`, "is empty")
	}
	for _, t := range l.Times {
		if !reads(t, "15:04") {
			return wrongLayout("times", "write how the file writes 15:04:05, as 15:04:05 or 150405",
				"has %q, which does not tell hour and minute", t)
		}
	}
	return nil
}

// checkKinds looks at the file's words.
func (l FileLayout) checkKinds() error {
	if l.Sign == FileByKind && !l.Has(FileKind) {
		return wrongLayout("sign", "write signed, or say which column holds the kind", "is kind, and the file has no column kind")
	}
	seen := map[string]string{}
	take := func(key string, words []string) error {
		for _, w := range words {
			if w == "" || !utf8.ValidString(w) || seen[w] != "" {
				return wrongLayout(key, "write each word once, as the file has it", "has the word %q (%s)", w, seen[w])
			}
			seen[w] = key
		}
		return nil
	}
	for _, k := range fileKinds {
		if l.Has(FileKind) && len(l.Kinds[k]) == 0 {
			return wrongLayout("kinds."+string(k), "write the file's word for it", "is missing")
		}
		if err := take("kinds."+string(k), l.Kinds[k]); err != nil {
			return err
		}
	}
	for k := range l.Kinds {
		if !slices.Contains(fileKinds, k) {
			return wrongLayout("kinds", "name sale, void, refund, completion or completion_void", "has %q", k)
		}
	}
	return take("ignore", l.Ignore)
}
