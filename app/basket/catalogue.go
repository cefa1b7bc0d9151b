package basket

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"tillkeeper/app/pos"
)

// The limits of a catalogue.
const (
	MaxProducts = 300_000
	maxCell     = 200 // bytes of a name
	maxCode     = 32  // bytes of a SKU or barcode
)

// CatalogueHeader is the first line of a catalogue file.
const CatalogueHeader = "sku,barcode,name,price,tax,category,unit"

// The failures of a catalogue.
var (
	ErrCatalogue   = errors.New("not a catalogue")
	ErrNoProduct   = errors.New("no such article")
	ErrCheckDigit  = errors.New("article number with a wrong check digit")
	ErrNeedsWeight = errors.New("a weighed article needs its weight")
)

// Catalogue holds articles and the indexes to find them by. It does not change
// once made and may be read from many goroutines.
type Catalogue struct {
	all        []pos.Product
	bySKU      map[string]int32
	byBarcode  map[string]int32
	byPLU      map[string]int32
	categories []string
	words      searchIndex
}

// LoadCatalogue reads a CSV file with CatalogueHeader: price in yuan ("12.50"),
// tax in percent ("13"), unit "kg" for weighed goods, whose barcode is the
// scale's prefix and PLU of 7 digits. An error names the line and the column.
func LoadCatalogue(r io.Reader) (*Catalogue, error) {
	buf := bufio.NewReader(r)
	if bom, err := buf.Peek(3); err == nil && string(bom) == "\ufeff" {
		if _, err := buf.Discard(3); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrCatalogue, err)
		}
	}
	c := csv.NewReader(buf)
	c.FieldsPerRecord = -1
	c.ReuseRecord = true
	head, err := c.Read()
	if err != nil {
		return nil, fmt.Errorf("%w: header: %w", ErrCatalogue, err)
	}
	if strings.Join(head, ",") != CatalogueHeader {
		return nil, fmt.Errorf("%w: line 1 has to be %q", ErrCatalogue, CatalogueHeader)
	}
	names := slices.Clone(head)
	var all []pos.Product
	var lines []int
	for {
		rec, err := c.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrCatalogue, err)
		}
		line, _ := c.FieldPos(0)
		if len(rec) != len(names) {
			return nil, fmt.Errorf("%w: line %d has %d columns, want %d", ErrCatalogue, line, len(rec), len(names))
		}
		p, col, err := product(rec)
		if err != nil {
			return nil, fmt.Errorf("%w: line %d, column %s: %w", ErrCatalogue, line, names[col], err)
		}
		all, lines = append(all, p), append(lines, line)
		if len(all) > MaxProducts {
			return nil, fmt.Errorf("%w: more than %d articles", ErrCatalogue, MaxProducts)
		}
	}
	return build(all, lines)
}

// product reads one record; on an error it names the column by its index.
func product(rec []string) (pos.Product, int, error) {
	cell := func(i int) string { return strings.Clone(strings.TrimSpace(rec[i])) }
	p := pos.Product{SKU: cell(0), Barcode: cell(1), Name: cell(2), Category: cell(5), Unit: cell(6)}
	for i, s := range rec {
		if !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
			return p, i, fmt.Errorf("%q is not plain UTF-8 text", s)
		}
		if len(s) > maxCell {
			return p, i, fmt.Errorf("longer than %d bytes", maxCell)
		}
	}
	if p.SKU == "" || len(p.SKU) > maxCode {
		return p, 0, fmt.Errorf("%q has to have 1 to %d bytes", p.SKU, maxCode)
	}
	if len(p.Barcode) > maxCode || strings.ContainsFunc(p.Barcode, notCode) {
		return p, 1, fmt.Errorf("%q has to be letters, digits and dashes", p.Barcode)
	}
	if p.Name == "" {
		return p, 2, errors.New("empty")
	}
	var err error
	if p.Price, err = pos.ParseAmount(cell(3)); err != nil {
		return p, 3, err
	}
	if p.Price < 0 || p.Price > MaxPrice {
		return p, 3, fmt.Errorf("%w: %s", ErrTooLarge, p.Price)
	}
	rate, err := pos.ParseAmount(cell(4)) // percent with two decimals is basis points
	if err != nil {
		return p, 4, err
	}
	if rate < 0 || rate > MaxTaxRate {
		return p, 4, fmt.Errorf("%w: %s %%", ErrTooLarge, rate)
	}
	p.Tax = int(rate)
	if p.Unit == "" {
		return p, 6, errors.New("empty")
	}
	return p, 0, nil
}

func notCode(r rune) bool {
	return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '-'
}

// NewCatalogue makes a catalogue of articles; a SKU or barcode may stand in it
// only once.
func NewCatalogue(all []pos.Product) (*Catalogue, error) {
	if len(all) > MaxProducts {
		return nil, fmt.Errorf("%w: more than %d articles", ErrCatalogue, MaxProducts)
	}
	return build(slices.Clone(all), nil)
}

func build(all []pos.Product, lines []int) (*Catalogue, error) {
	c := &Catalogue{
		all: all, bySKU: make(map[string]int32, len(all)),
		byBarcode: make(map[string]int32, len(all)), byPLU: map[string]int32{},
	}
	at := func(i int) int {
		if lines != nil {
			return lines[i]
		}
		return i + 1
	}
	seen := map[string]bool{}
	for i, p := range all {
		if j, twice := c.bySKU[p.SKU]; twice {
			return nil, fmt.Errorf("%w: line %d, column sku: %s stands on line %d already", ErrCatalogue, at(i), p.SKU, at(int(j)))
		}
		c.bySKU[p.SKU] = int32(i)
		if p.Barcode != "" {
			if j, twice := c.byBarcode[p.Barcode]; twice {
				return nil, fmt.Errorf("%w: line %d, column barcode: %s stands on line %d already", ErrCatalogue, at(i), p.Barcode, at(int(j)))
			}
			c.byBarcode[p.Barcode] = int32(i)
			if p.Weighed() && len(p.Barcode) == pluLen && p.Barcode[0] == '2' {
				c.byPLU[p.Barcode[2:]] = int32(i)
			}
		}
		if p.Category != "" && !seen[p.Category] {
			seen[p.Category] = true
			c.categories = append(c.categories, p.Category)
		}
	}
	c.words = newSearchIndex(all)
	return c, nil
}

// Len is the number of articles.
func (c *Catalogue) Len() int { return len(c.all) }

// All gives a copy of the articles in the order of the file.
func (c *Catalogue) All() []pos.Product { return slices.Clone(c.all) }

// Categories lists the categories in the order in which the file names them.
func (c *Catalogue) Categories() []string { return slices.Clone(c.categories) }

// InCategory lists the articles of a category in the order of the file.
func (c *Catalogue) InCategory(name string) []pos.Product {
	var out []pos.Product
	for _, p := range c.all {
		if p.Category == name {
			out = append(out, p)
		}
	}
	return out
}

// BySKU finds an article by the shop's own number.
func (c *Catalogue) BySKU(sku string) (pos.Product, bool) {
	i, ok := c.bySKU[sku]
	if !ok {
		return pos.Product{}, false
	}
	return c.all[i], true
}

// ByBarcode finds an article by its whole barcode. A UPC-A of 12 digits is the
// EAN-13 with a leading zero, either way round.
func (c *Catalogue) ByBarcode(code string) (pos.Product, bool) {
	i, ok := c.byBarcode[code]
	if !ok && len(code) == 12 {
		i, ok = c.byBarcode["0"+code]
	}
	if !ok && len(code) == 13 && code[0] == '0' {
		i, ok = c.byBarcode[code[1:]]
	}
	if !ok {
		return pos.Product{}, false
	}
	return c.all[i], true
}

// Scan turns what a scanner read into a priced line of quantity 1, or of the
// weight in a scale's label. A label's price is kept to the fen: where no whole
// gram gives it, the line carries the difference as a discount with the reason
// ReasonPriceLabel.
func (c *Catalogue) Scan(code string, mode pos.TaxMode) (pos.Line, error) {
	code = strings.TrimSpace(code)
	if p, ok := c.ByBarcode(code); ok {
		if p.Weighed() {
			return pos.Line{}, fmt.Errorf("%w: %s", ErrNeedsWeight, p.Name)
		}
		return NewLine(p, pos.One, mode)
	}
	if e, ok := DecodeEmbedded(code); ok {
		if i, ok := c.byPLU[e.PLU]; ok {
			return labelLine(c.all[i], e, mode)
		}
	}
	if p, ok := c.BySKU(code); ok && !p.Weighed() {
		return NewLine(p, pos.One, mode)
	}
	if len(code) == 13 && !ValidEAN(code) && !strings.ContainsFunc(code, notDigit) {
		return pos.Line{}, fmt.Errorf("%w: %s", ErrCheckDigit, code)
	}
	return pos.Line{}, fmt.Errorf("%w: %q", ErrNoProduct, code)
}

func notDigit(r rune) bool { return r < '0' || r > '9' }

// labelLine prices a weighed article by its label.
func labelLine(p pos.Product, e Embedded, mode pos.TaxMode) (pos.Line, error) {
	if e.Weight > 0 {
		return NewLine(p, e.Weight, mode)
	}
	if e.Price <= 0 || p.Price <= 0 {
		return pos.Line{}, fmt.Errorf("%w: label of %s for %s", ErrQty, e.Price, p.Name)
	}
	qty := max(1, pos.Qty(mulDiv(int64(e.Price), int64(pos.One), int64(p.Price))))
	l, err := NewLine(p, qty, mode)
	if err == nil && l.Total < e.Price {
		l, err = NewLine(p, qty+1, mode)
	}
	if err != nil {
		return pos.Line{}, err
	}
	if l.Total > e.Price {
		l.Discount, l.Reason = l.Total-e.Price, ReasonPriceLabel
	}
	return Price(l, mode)
}
