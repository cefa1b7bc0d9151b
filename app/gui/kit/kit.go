// Package kit is the till's own set of widgets: keys, pad, sums, pills, panels, lists, charts, the countdown, the steps
// and the code that a customer scans.
//
// A screen draws itself on a Page: a list of plain, comparable Items at explicit rectangles and a list of Hits, what may
// be touched. A Page holds no function and no canvas object, so drawing is pure and two pages can be compared. A
// Surface is the one Fyne widget that shows a Page: it keeps the canvas objects of items that did not change, so a new
// digit costs one text, and it answers a finger at once, on the way down.
//
// It promises: no focus, no endless animation, no text entry, nothing laid out by Fyne; text stands on its optical
// middle; text that does not fit is reported (Page.Misfits). It never knows what a sale is.
//
// Units: Fyne units, pixels at scale 1, from the page's left upper corner.
package kit

import "tillkeeper/app/gui/look"

// Rect is a rectangle in units.
type Rect struct{ X, Y, W, H float32 }

// Right gives the x of the right side.
func (r Rect) Right() float32 { return r.X + r.W }

// Bottom gives the y of the lower side.
func (r Rect) Bottom() float32 { return r.Y + r.H }

// Mid gives the y of the middle.
func (r Rect) Mid() float32 { return r.Y + r.H/2 }

// Has says whether a point lies in the rectangle.
func (r Rect) Has(x, y float32) bool {
	return x >= r.X && x < r.Right() && y >= r.Y && y < r.Bottom()
}

// In gives the rectangle made smaller by dx on both sides and dy above and below.
func (r Rect) In(dx, dy float32) Rect { return Rect{r.X + dx, r.Y + dy, r.W - 2*dx, r.H - 2*dy} }

// Top cuts h units from above, gap apart from the rest.
func (r Rect) Top(h, gap float32) (cut, rest Rect) {
	return Rect{r.X, r.Y, r.W, h}, Rect{r.X, r.Y + h + gap, r.W, r.H - h - gap}
}

// Foot cuts h units from below, gap apart from the rest.
func (r Rect) Foot(h, gap float32) (cut, rest Rect) {
	return Rect{r.X, r.Bottom() - h, r.W, h}, Rect{r.X, r.Y, r.W, r.H - h - gap}
}

// Left cuts w units from the left, gap apart from the rest.
func (r Rect) Left(w, gap float32) (cut, rest Rect) {
	return Rect{r.X, r.Y, w, r.H}, Rect{r.X + w + gap, r.Y, r.W - w - gap, r.H}
}

// Far cuts w units from the right, gap apart from the rest.
func (r Rect) Far(w, gap float32) (cut, rest Rect) {
	return Rect{r.Right() - w, r.Y, w, r.H}, Rect{r.X, r.Y, r.W - w - gap, r.H}
}

// Cols splits the rectangle into n equal columns, gap apart.
func (r Rect) Cols(n int, gap float32) []Rect {
	w := (r.W - gap*float32(n-1)) / float32(n)
	out := make([]Rect, n)
	for i := range out {
		out[i] = Rect{r.X + float32(i)*(w+gap), r.Y, w, r.H}
	}
	return out
}

// Rows splits the rectangle into n equal rows, gap apart.
func (r Rect) Rows(n int, gap float32) []Rect {
	h := (r.H - gap*float32(n-1)) / float32(n)
	out := make([]Rect, n)
	for i := range out {
		out[i] = Rect{r.X, r.Y + float32(i)*(h+gap), r.W, h}
	}
	return out
}

// Shape says what an Item is.
type Shape uint8

// The shapes.
const (
	Box   Shape = iota // rectangle with Fill, Rim, RimW, Radius
	Label              // text with Fill as its ink
	Icon               // named drawing in Fill
	Disc               // ellipse with Fill, Rim, RimW
	Arc                // ring from From to To degrees clockwise from the top, RimW thick, in Fill
	Code               // black and white modules, Text rows of '0' and '1' apart by '\n', in Rim on Fill
)

// Item is one thing painted. Items are compared with ==.
type Item struct {
	Shape     Shape
	R         Rect
	Fill, Rim look.Token
	RimW      float32 // also the line width of an icon, 0 for the usual
	Radius    float32
	Text      string
	Size      float32
	Bold      bool
	From, To  float32
	CutTop    bool // no round corners above
	CutBottom bool // no round corners below
}

// Act is what a touch or a key asks for: a verb of the trade and what it is about. The zero Act asks for nothing.
type Act struct{ Verb, Arg string }

// Hit is what may be touched.
type Hit struct {
	R     Rect
	Act   Act
	Late  bool       // answers when the finger leaves, unless it dragged: rows of a list
	Body  int        // index of the item that shows the finger, -1 for none
	Down  look.Token // its fill while the finger is on it
	Drag  string     // the list that is dragged from here, "" for none
	Rows  float32    // height of a row of that list
	First int        // its first row shown
	Last  int        // the largest first row that makes sense
}

// Misfit is a text that was wider than its box even after shrinking.
type Misfit struct {
	Text string
	Want float32 // units it needs
	Has  float32 // units it has
}

// Page is a drawing in the making.
type Page struct {
	L       *look.Look
	Items   []Item
	Hits    []Hit
	Keys    map[string]Act // printed shortcut to what it asks for
	Misfits []Misfit
	Texts   []string // every text drawn, for the test of the faces

	row int // which row of a list is drawn, from 1; 0 outside of lists
}

// NewPage begins an empty drawing of a look, with the ground painted.
func NewPage(l *look.Look) *Page {
	p := &Page{L: l, Keys: map[string]Act{}}
	p.Fill(Rect{0, 0, l.M.W, l.M.H}, look.Ground)
	return p
}

// grounded says whether the page begins with a ground that fills it. A canvas is cleared in that colour already, and to
// paint all of a window once more takes the processor of a till without a graphics card as long as half of the rest.
func (p *Page) grounded() bool {
	return len(p.Items) > 0 && p.Items[0] == Item{Shape: Box, R: Rect{0, 0, p.L.M.W, p.L.M.H}, Fill: look.Ground}
}

// Add appends an item and gives its index.
func (p *Page) Add(i Item) int {
	p.Items = append(p.Items, i)
	return len(p.Items) - 1
}

// Fill paints a plain rectangle.
func (p *Page) Fill(r Rect, t look.Token) int { return p.Add(Item{Shape: Box, R: r, Fill: t}) }

// Box paints a round-cornered rectangle with a rim.
func (p *Page) Box(r Rect, fill, rim look.Token, rimW, radius float32) int {
	return p.Add(Item{Shape: Box, R: r, Fill: fill, Rim: rim, RimW: rimW, Radius: radius})
}

// Rule paints a horizontal divider of one unit.
func (p *Page) Rule(x, y, w float32) { p.Fill(Rect{x, y, w, 1}, look.Line) }

// Wall paints a vertical divider of one unit.
func (p *Page) Wall(x, y, h float32) { p.Fill(Rect{x, y, 1, h}, look.Line) }

// Disc paints a disc about a middle.
func (p *Page) Disc(x, y, d float32, fill look.Token) {
	p.Add(Item{Shape: Disc, R: Rect{x - d/2, y - d/2, d, d}, Fill: fill})
}

// Hole paints an open ring about a middle.
func (p *Page) Hole(x, y, d, rimW float32, fill, rim look.Token) {
	p.Add(Item{Shape: Disc, R: Rect{x - d/2, y - d/2, d, d}, Fill: fill, Rim: rim, RimW: rimW})
}

// Icon paints a named drawing of a size about a middle.
func (p *Page) Icon(name string, x, y, size float32, t look.Token) {
	if name == "" {
		return
	}
	p.Add(Item{Shape: Icon, R: Rect{snap(x - size/2), snap(y - size/2), size, size}, Fill: t, Text: name})
}

// Touch lets a rectangle be touched; body is the item that shows the finger.
func (p *Page) Touch(r Rect, a Act, body int, down look.Token) {
	p.Hits = append(p.Hits, Hit{R: r, Act: a, Body: body, Down: down})
}

// Panel paints a white panel with its rim.
func (p *Page) Panel(r Rect) int { return p.Box(r, look.Surface, look.Line, 1, p.L.M.U(14)) }

// Well paints a sunken field.
func (p *Page) Well(r Rect) int { return p.Box(r, look.Sunken, look.None, 0, p.L.M.U(10)) }
