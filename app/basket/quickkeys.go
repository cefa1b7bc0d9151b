package basket

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// QuickKeyHeader is the first line of a file of quick keys.
const QuickKeyHeader = "category,position,sku,name,spec"

// maxQuickKeys bounds the tiles of all categories.
const maxQuickKeys = 500

// QuickKey is a tile of the sale screen: a short name and a line that tells the
// size. Position counts from 1 within its category.
type QuickKey struct {
	Category string
	Position int
	SKU      string
	Name     string
	Spec     string
}

// LoadQuickKeys reads a CSV file with QuickKeyHeader; an error names the line
// and the column. A key whose article the catalogue does not have is left out:
// the keys are the program's, the goods are the shop's.
func LoadQuickKeys(r io.Reader, c *Catalogue) ([]QuickKey, error) {
	rows, err := csv.NewReader(io.LimitReader(r, maxQuickKeys*maxCell)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCatalogue, err)
	}
	if len(rows) == 0 || strings.Join(rows[0], ",") != QuickKeyHeader {
		return nil, fmt.Errorf("%w: line 1 has to be %q", ErrCatalogue, QuickKeyHeader)
	}
	var out []QuickKey
	for i, row := range rows[1:] {
		line := i + 2
		n, err := strconv.Atoi(row[1])
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%w: line %d, column position: %q", ErrCatalogue, line, row[1])
		}
		if _, ok := c.BySKU(row[2]); !ok {
			continue
		}
		out = append(out, QuickKey{Category: row[0], Position: n, SKU: row[2], Name: row[3], Spec: row[4]})
	}
	return out, nil
}
