// Package receipt says what a slip says: a Document of lines that knows neither
// the printer nor its width. It is pure: the same sale and options give the
// same lines. It never prints a clear card number, and it never does arithmetic
// but sums and differences of fen that its facts already hold.
//
// A printer reads a Document through Each, which uses only basic types, so that
// drivers need not know this package. Money is shown in yuan with two decimals;
// the sign is always ￥ (U+FFE5), which GB18030 holds in two bytes.
package receipt

import "time"

// Kind says what a line of a slip is.
type Kind string

// The kinds of lines.
const (
	Text   Kind = "text"   // Left at the left edge, Right at the right edge
	Centre Kind = "centre" // Left in the middle
	Rule   Kind = "rule"   // a dashed line over the whole width
	Blank  Kind = "blank"  // an empty line
	QR     Kind = "qr"     // Left as a QR code, in the middle
	Cut    Kind = "cut"    // feed and cut
)

// Line is one line of a slip; a printer breaks it where it is too long.
type Line struct {
	Kind      Kind
	Left      string
	Right     string
	Bold, Big bool
}

// Document is a slip: its lines from top to bottom. Number names it: the
// receipt number, or the attempt of a slip that belongs to no finished sale.
type Document struct {
	Number string
	Copy   bool
	Lines  []Line
}

// Each hands the lines out one by one, top to bottom.
func (d Document) Each(line func(kind, left, right string, bold, big bool)) {
	for _, l := range d.Lines {
		line(string(l.Kind), l.Left, l.Right, l.Bold, l.Big)
	}
}

// Shop is what the head of a slip says of the shop and its terminal.
type Shop struct {
	Name     string
	Address  string
	Phone    string
	TaxID    string
	Terminal string // 8 characters, DE 41
	Merchant string // 15 characters, DE 42
}

// Options is what a slip depends on besides the sale.
type Options struct {
	Lang     string // "zh" or "en"; anything else is zh
	Copy     bool   // a reprint: marked 重印 COPY
	Demo     bool   // the keys lie in a plain file: said on every slip
	Training bool   // no money moved: said on every slip
	Operator string // name of the cashier
	Time     time.Time
}

// timeLayout is how a slip writes a time.
const timeLayout = "2006-01-02 15:04:05"

// page collects the lines of one slip.
type page struct {
	doc  Document
	say  words
	zone *time.Location // of every time on the slip
}

func newPage(number string, o Options) *page {
	return &page{doc: Document{Number: number, Copy: o.Copy}, say: wordsOf(o.Lang), zone: o.Time.Location()}
}

// time writes a time as the shop's clock shows it, "" where there is none.
func (p *page) time(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(p.zone).Format(timeLayout)
}

func (p *page) add(l Line)              { p.doc.Lines = append(p.doc.Lines, l) }
func (p *page) pair(left, right string) { p.add(Line{Kind: Text, Left: left, Right: right}) }
func (p *page) bold(left, right string) {
	p.add(Line{Kind: Text, Left: left, Right: right, Bold: true})
}
func (p *page) text(left string)         { p.add(Line{Kind: Text, Left: left}) }
func (p *page) centre(text string)       { p.add(Line{Kind: Centre, Left: text}) }
func (p *page) title(text string)        { p.add(Line{Kind: Centre, Left: text, Bold: true, Big: true}) }
func (p *page) strong(text string)       { p.add(Line{Kind: Centre, Left: text, Bold: true}) }
func (p *page) rule()                    { p.add(Line{Kind: Rule}) }
func (p *page) known(label, fact string) { p.maybe(label, fact, fact != "") }

func (p *page) maybeBold(label, fact string) {
	if fact != "" {
		p.bold(label, fact)
	}
}

func (p *page) maybe(label, fact string, shown bool) {
	if shown {
		p.pair(label, fact)
	}
}

// head prints the shop, the marks and who, where and when.
func (p *page) head(s Shop, o Options) {
	if s.Name != "" {
		p.title(s.Name)
	}
	for _, t := range []string{s.Address, s.Phone} {
		if t != "" {
			p.centre(t)
		}
	}
	if o.Copy {
		p.title(p.say["copy"])
	}
	if o.Training {
		p.strong(p.say["training"])
	}
	p.rule()
}

// where prints the numbers of the terminal, the cashier and the time.
func (p *page) where(s Shop, o Options) {
	p.pair(p.say["time"], o.Time.Format(timeLayout))
	p.known(p.say["terminal"], s.Terminal)
	p.known(p.say["merchant"], s.Merchant)
	p.known(p.say["cashier"], o.Operator)
}

// foot prints what every slip ends with: QR of its number, demo mark, cut.
func (p *page) foot(o Options, thanks bool) Document {
	if thanks {
		p.centre(p.say["thanks"])
	}
	if p.doc.Number != "" {
		p.add(Line{Kind: QR, Left: p.doc.Number})
		p.centre(p.doc.Number)
	}
	if o.Demo {
		p.strong(p.say["demo"])
	}
	if o.Copy {
		p.strong(p.say["copy"])
	}
	p.add(Line{Kind: Cut})
	return p.doc
}
