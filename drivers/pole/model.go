package pole

import (
	"sort"
	"strings"

	"tillkeeper/app/pos"
)

// Model is what a pole understands: its quirks as data.
type Model struct {
	Name          string
	Columns, Rows int
	Chinese       bool                    // takes GB 2312, two bytes and two columns a character
	Narrow        bool                    // a point has no column of its own: seven segments
	Init          []byte                  // to a known state: characters are overwritten, no cursor
	Clear         []byte                  // all of it
	Row           []string                // what goes before each row
	End           string                  // what goes after a row
	Lamp          func(v pos.View) []byte // what lights the lamp of a view; nil: there is none
}

// The commands of the two families.
const (
	escInit = "\x1b@"

	// CD5220, the command set of Partner Tech's CD5220 manual, section 6.1:
	// ESC DC1 overwrites, ESC _ 0 hides the cursor, ESC Q A and ESC Q B take a
	// row up to CR, CLR is 0C.
	cdInit  = escInit + "\x1b\x11" + "\x1b_\x00"
	cdUpper = "\x1bQA"
	cdLower = "\x1bQB"
	cdEnd   = "\r"

	// Epson's customer displays (DM-D110, ESC/POS): US MD1 overwrites, US C 0
	// hides the cursor, US $ x y goes to a place, CLR is 0C.
	posInit  = escInit + "\x1f\x01" + "\x1fC\x00"
	posUpper = "\x1f$\x01\x01"
	posLower = "\x1f$\x01\x02"

	clearAll = "\x0c"
)

// models are the poles by name.
var models = map[string]Model{
	"cd5220":        {Name: "cd5220", Columns: 20, Rows: 2, Init: []byte(cdInit), Clear: []byte(clearAll), Row: []string{cdUpper, cdLower}, End: cdEnd},
	"cd5220-gb2312": {Name: "cd5220-gb2312", Columns: 20, Rows: 2, Chinese: true, Init: []byte(cdInit), Clear: []byte(clearAll), Row: []string{cdUpper, cdLower}, End: cdEnd},
	"escpos":        {Name: "escpos", Columns: 20, Rows: 2, Init: []byte(posInit), Clear: []byte(clearAll), Row: []string{posUpper, posLower}},
	"escpos-gb2312": {Name: "escpos-gb2312", Columns: 20, Rows: 2, Chinese: true, Init: []byte(posInit), Clear: []byte(clearAll), Row: []string{posUpper, posLower}},
	"led8":          {Name: "led8", Columns: 8, Rows: 1, Narrow: true, Init: []byte(escInit), Clear: []byte(clearAll), Row: []string{cdUpper}, End: cdEnd, Lamp: lamp},
}

// Default is the model that most poles understand.
const Default = "cd5220"

// Models names the models, sorted.
func Models() []string {
	out := make([]string, 0, len(models))
	for name := range models {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}

// Named finds a model; "" is Default.
func Named(name string) (Model, error) {
	if name == "" {
		name = Default
	}
	m, ok := models[name]
	if !ok {
		return m, pos.Errorf("bad_config", "write one of: "+strings.Join(Models(), " "), "%q is no pole of this version", name)
	}
	return m, nil
}

// lamp lights what a figure of eight digits is, ESC s n: 2 the total, 4 the
// change, 0 nothing.
func lamp(v pos.View) []byte {
	n := byte('0')
	switch v.State {
	case pos.ViewSale, pos.ViewPay, pos.ViewQR:
		n = '2'
	case pos.ViewThanks:
		if v.Note != "" {
			n = '4'
		}
	}
	return []byte{0x1b, 's', n}
}
