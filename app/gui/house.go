package gui

import (
	"context"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/screen"
	"tillkeeper/app/pos"
)

// house does what concerns people, the machine and the back office.
func (t *till) house(a kit.Act) {
	v, face := &t.view, t.parts.Face
	switch a.Verb {
	case screen.VerbStaff:
		v.Who, t.pin, v.PIN, v.Notice = a.Arg, "", 0, ""
	case screen.VerbSignIn:
		t.signIn()
	case screen.VerbSignOut:
		t.do(func(ctx context.Context) error { return face.SignOut(ctx) }, nil)
	case screen.VerbSelfTest:
		t.selfTest()
	case screen.VerbDark:
		v.Dark = !v.Dark
		t.relook()
	case screen.VerbLang:
		t.words.English = !t.words.English
		v.Notice = "" // it was said in the other language
		t.draw()
	case screen.VerbLineCut:
		t.cutLine()
	case screen.VerbPresent, screen.VerbPIN, screen.VerbBypass, screen.VerbWallet, screen.VerbPaper:
		t.bench(a)
	case screen.VerbSend:
		t.send(a.Arg)
	case screen.VerbAttempt:
		t.open(a.Arg)
	}
}

// cutLine pulls the line or puts it back.
func (t *till) cutLine() {
	b := &t.view.Bench
	if !b.On {
		return
	}
	b.Cut = !b.Cut
	cut := b.Cut
	t.do(func(context.Context) error {
		if t.parts.Bench != nil {
			return t.parts.Bench.Line(!cut)
		}
		t.parts.CutLine(cut)
		return nil
	}, nil)
}

// bench does what the demo's hands do at the simulated devices.
func (t *till) bench(a kit.Act) {
	hands, b := t.parts.Bench, &t.view.Bench
	if hands == nil {
		return
	}
	switch a.Verb {
	case screen.VerbPresent:
		t.do(func(context.Context) error { return hands.Present(a.Arg) }, nil)
	case screen.VerbPIN:
		hands.PIN(a.Arg)
	case screen.VerbBypass:
		hands.Bypass()
	case screen.VerbPaper:
		b.Empty = !b.Empty
		hands.Paper(!b.Empty)
	case screen.VerbWallet:
		i := slices.Index(screen.Wallets, b.Wallet)
		b.Wallet = screen.Wallets[(max(i, 0)+1)%len(screen.Wallets)]
		how := b.Wallet
		t.do(func(context.Context) error { return hands.Wallet(how) }, nil)
	}
}

func (t *till) signIn() {
	face, who, pin := t.parts.Face, t.view.Who, t.pin
	t.pin, t.view.PIN = "", 0
	if who == "" || pin == "" {
		return
	}
	t.do(func(ctx context.Context) error {
		_, err := face.SignIn(ctx, who, pin)
		debug.FreeOSMemory() // checking a PIN takes tens of megabytes on purpose; give them back before the day's work
		return err
	}, nil)
}

func (t *till) selfTest() {
	if t.parts.SelfTest == nil || t.view.Testing {
		return
	}
	t.view.Testing = true
	var found []pos.Condition
	t.do(func(ctx context.Context) error {
		found = t.parts.SelfTest(ctx)
		return nil
	}, func() { t.view.Tests, t.view.Testing = found, false })
}

// send tries to deliver what is owed now, then shows what is left.
func (t *till) send(attempt string) {
	if t.parts.Send == nil {
		return
	}
	t.do(func(ctx context.Context) error { return t.parts.Send(ctx, attempt) }, t.loadQueue)
}

// goTo opens a screen and reads what it shows.
func (t *till) goTo(name screen.Name) {
	v := &t.view
	if v.Screen == screen.Keys && v.Keying.Busy && !(v.Keying.AtPad && v.Keying.Step == screen.KeyType) {
		return
	}
	t.leaveKeys()
	if name != screen.Devices {
		t.leaveGear()
	}
	t.stopScale()
	v.Notice = ""
	if !keepsTyped[v.Screen] || !keepsTyped[name] {
		v.Entry, v.Qty, v.Tendered = "", "", ""
	}
	if name == screen.Search { // there the letters are the entry
		v.Entry = ""
	}
	v.Screen = name
	switch name {
	case screen.SelfTest:
		t.selfTest()
	case screen.Search:
		t.letters("")
	case screen.Held:
		t.loadHeld()
	case screen.Today:
		t.loadToday()
	case screen.Records:
		t.loadRecords()
	case screen.Queue:
		t.loadQueue()
	case screen.Catalogue:
		t.tiles()
		v.First["found"] = 0
	case screen.Keys:
		t.beginKeys("")
	case screen.Devices:
		t.openGear()
	default:
		t.goToMoney(name)
	}
	if name != screen.Home {
		t.next(nil)
	}
}

// keepsTyped are the screens of a sale on which what was typed is still used: a quantity for the next article, a price.
var keepsTyped = map[screen.Name]bool{screen.Home: true, screen.Quick: true, screen.More: true, screen.Search: true}

// leaveMore goes back from the functions of a small panel to the order, where one sees what came of them.
func (t *till) leaveMore() {
	if t.view.Screen == screen.More {
		t.view.Screen = screen.Home
	}
}

func (t *till) loadHeld() {
	var list []pos.Basket
	t.do(func(context.Context) (err error) {
		list, err = t.parts.Face.Held()
		return err
	}, func() { t.view.HeldList = list })
}

const week = 7 * 24 * time.Hour

func (t *till) loadToday() {
	now := t.now()
	journal := t.parts.Face.Journal()
	var today, last pos.Totals
	t.do(func(context.Context) (err error) {
		if today, err = journal.Totals(t.parts.Day(now)); err != nil {
			return err
		}
		last, err = journal.Totals(t.parts.Day(now.Add(-week)))
		return err
	}, func() {
		t.view.Totals, t.view.LastWeek, t.view.SameTime = today, last, until(last, now)
	})
}

// until sums a day's net up to the hour and minute of a moment; the running hour counts by its minutes.
func until(day pos.Totals, now time.Time) pos.Amount {
	var sum pos.Amount
	for h, s := range day.ByHour {
		if h < now.Hour() {
			sum += s.Net
		}
	}
	return sum + day.ByHour[now.Hour()].Net*pos.Amount(now.Minute())/60
}

func (t *till) loadQueue() {
	var list []pos.Attempt
	t.do(func(context.Context) (err error) {
		list, err = t.parts.Face.Journal().Open()
		return err
	}, func() { t.view.Waiting = list })
}

// recordLimit bounds the rows of the record list.
const recordLimit = 500

func (t *till) loadRecords() {
	q := query(t.view.Entry)
	t.find(q, "records")
}

// query reads a typed or scanned text as what people look for: four digits are a card's last, a long number stands on a
// slip, the rest is a sum.
func query(s string) pos.Query {
	q := pos.Query{Limit: recordLimit}
	switch a, err := pos.ParseAmount(s); {
	case s == "":
	case len(s) == last4Digits && err == nil && !strings.Contains(s, "."):
		q.Last4 = s
	case len(s) >= numberDigits || err != nil:
		q.Text = s
	default:
		q.Amount = a
	}
	return q
}

// numberDigits is the length of the numbers on a slip.
const numberDigits = 6

// find reads what a query selects into the list of a screen.
func (t *till) find(q pos.Query, list string) {
	var found []pos.Attempt
	t.do(func(context.Context) (err error) {
		found, err = t.parts.Face.Journal().Find(q)
		return err
	}, func() { t.view.Found2, t.view.First[list] = found, 0 })
}

// open shows one attempt with its events.
func (t *till) open(id string) {
	t.next(nil)
	journal := t.parts.Face.Journal()
	var a pos.Attempt
	var events []pos.Event
	t.do(func(context.Context) (err error) {
		if a, err = journal.Attempt(id); err != nil {
			return err
		}
		events, err = journal.Events(id)
		return err
	}, func() {
		t.view.Attempt, t.view.Events, t.view.Screen = a, events, screen.Record
		t.view.First["events"] = 0
	})
}

// categories takes the categories of the quick keys first, then the catalogue's others.
func (t *till) categories() {
	seen := map[string]bool{}
	for _, q := range t.parts.Quick {
		if !seen[q.Category] {
			seen[q.Category] = true
			t.view.Categories = append(t.view.Categories, q.Category)
		}
	}
	for _, c := range t.parts.Face.Catalogue().Categories() {
		if !seen[c] {
			seen[c] = true
			t.view.Categories = append(t.view.Categories, c)
		}
	}
	if len(t.view.Categories) > 0 {
		t.view.Category = t.view.Categories[0]
	}
	t.tiles()
}

// tiles fills the quick keys of the chosen category, from the catalogue where none were given.
func (t *till) tiles() {
	t.view.Tiles = nil
	catalogue := t.parts.Face.Catalogue()
	for _, q := range t.parts.Quick {
		if q.Category != t.view.Category {
			continue
		}
		if p, ok := catalogue.BySKU(q.SKU); ok {
			t.view.Tiles = append(t.view.Tiles, screen.Tile{SKU: q.SKU, Name: q.Name, Spec: q.Spec, Price: p.Price})
		}
	}
	list := catalogue.InCategory(t.view.Category)
	if len(t.view.Tiles) == 0 {
		for _, p := range list[:min(12, len(list))] {
			t.view.Tiles = append(t.view.Tiles, screen.Tile{SKU: p.SKU, Name: p.Name, Spec: p.Unit, Price: p.Price})
		}
	}
	if t.view.Screen == screen.Catalogue {
		t.view.Found = list
	}
}
