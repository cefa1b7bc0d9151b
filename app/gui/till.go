package gui

import (
	"context"
	"errors"
	"maps"
	"time"

	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/gui/screen"
	"tillkeeper/app/i18n"
	"tillkeeper/app/pos"
)

// till is the state of the window. It belongs to the drawing goroutine.
type till struct {
	ctx      context.Context
	parts    Parts
	art      *look.Art
	look     *look.Look
	words    i18n.Words
	surface  *kit.Surface
	customer *kit.Surface
	custLook *look.Look
	setTheme func(*look.Look)
	snap     *checkout.Snapshot
	view     screen.View
	pin      string
	burst    burst
	pump     pump
	moment   func() moment                                   // of the key that is handled now
	acted    time.Time                                       // when a touch or a key was last taken
	shown    shown                                           // of the outcome
	retry    func(context.Context, *checkout.Override) error // the command that wants approval
	after    func()                                          // what follows when it was done
	granted  func(*checkout.Override)                        // what a settlement does with an approval
	leaving  bool                                            // the outcome was told to go and has not gone yet
	approval string                                          // digits of the supervisor's PIN
	keying   keying                                          // what is typed of a master key
	gear     gear                                            // of the devices page
	weighing weighing                                        // what lies on the scale

	secondWindow func(open bool) // opens and closes the customer's window; nil without windows
	secondFull   func() bool     // lets it fill the panel that it is on, or not; says which
}

func newTill(ctx context.Context, parts Parts, art *look.Art, post func(func())) *till {
	t := &till{
		ctx: ctx, parts: parts, art: art, surface: kit.NewSurface(), setTheme: func(*look.Look) {},
		words: words(parts),
		pump:  pump{post: post, jobs: make(chan func(context.Context), jobLimit)},
	}
	began := time.Now()
	t.moment = func() moment { // until there is a loop that knows when it sleeps
		now := time.Now()
		return moment{now, now.Sub(began)}
	}
	t.look = look.New(parts.Dark, look.Fit(parts.Width, parts.Height, parts.MM), art)
	t.resizeCustomer(parts.Width, parts.Height)
	t.surface.OnAct = t.act
	t.surface.OnScroll = func(list string, first int) {
		t.view.First[list] = first
		t.draw()
	}
	t.snap = parts.Face.Snapshot()
	t.view = screen.View{
		First: map[string]int{}, Version: parts.Version, Dark: parts.Dark, Products: parts.Products,
		Names: map[string]string{},
	}
	for _, s := range parts.Staff {
		t.view.Names[s.ID] = s.Name
		t.view.Staff = append(t.view.Staff, screen.Staff{ID: s.ID, Name: s.Name, Role: s.Role})
	}
	t.view.Claim = screen.Claim{Field: screen.FieldAmount, Hour: screen.AnyHour}
	t.view.Keying.Known = parts.Keys != nil && parts.Approve != nil && parts.Note != nil
	t.view.Gear.Known = parts.Equipment != nil
	t.view.Closing.Known, t.view.Closing.Fetches = parts.Closing != nil, parts.Fetches
	t.categories()
	return t
}

// opened shows the first screen: the self-test, or the sign-in where there is none.
func (t *till) opened() {
	if t.parts.SelfTest != nil && t.snap.Step == checkout.StepSignIn {
		t.view.Screen = screen.SelfTest
		t.selfTest()
	}
	t.draw()
}

// resize fits the look to another size of the window.
func (t *till) resize(w, h float32) {
	if w < 1 || h < 1 {
		return
	}
	m := look.Fit(w, h, t.parts.MM)
	if m != t.look.M {
		t.look = look.New(t.look.Dark, m, t.art)
	}
	t.draw()
}

func (t *till) resizeCustomer(w, h float32) {
	t.custLook = look.New(t.look.Dark, look.Fit(w, h, t.parts.MM), t.art)
	if t.customer != nil {
		t.draw()
	}
}

// draw shows the present state; what did not change is not painted again.
func (t *till) draw() {
	t.view.Now = t.parts.Clock.Now().In(t.parts.Zone)
	t.view.Gear.Second, t.view.Weighing.Scale = t.customer != nil, t.hasScale()
	t.seeBench()
	v := t.view
	v.First = maps.Clone(v.First)
	c := screen.Ctx{L: t.look, W: t.words, S: t.snap, V: v}
	t.pump.counting.Store(t.counts())
	t.surface.Draw(screen.Draw(c))
	t.drawCustomer(c)
}

// seeBench looks which of the demo's hands there are: a device may have been changed for a real one.
func (t *till) seeBench() {
	b, hands := &t.view.Bench, t.parts.Bench
	if hands == nil {
		b.On = t.parts.CutLine != nil
		return
	}
	b.On = true
	if some, ok := hands.(interface{ Any() bool }); ok {
		b.On = some.Any()
	}
	if all, ok := hands.(interface{ Real() map[string]bool }); ok {
		b.Real = all.Real()
	}
	if b.Cards = nil; b.On && t.snap.Step == checkout.StepCard {
		b.Cards = hands.Cards()
	}
}

// counts says whether seconds are on the screen, or something on it is read again every second.
func (t *till) counts() bool {
	v := &t.view
	return t.snap.Step == checkout.StepCard || t.snap.Step == checkout.StepQR || t.snap.Line.State == "offline" || v.Closing.Running || v.Closing.Open ||
		t.follows() || v.Screen == screen.Devices || v.Screen == screen.Weigh || v.Gear.Doing.What != "" || v.CustomerTest.After(v.Now)
}

// take shows a newer snapshot.
func (t *till) take(s *checkout.Snapshot) {
	if s == nil || t.snap != nil && s.Version < t.snap.Version {
		return
	}
	old := t.snap
	t.snap = s
	if len(old.Basket.Lines) != len(s.Basket.Lines) || old.Basket.Key != s.Basket.Key {
		delete(t.view.First, "order")
	}
	if old.Step != s.Step {
		t.stepped(s.Step)
	}
	if !sameOutcome(old, s) {
		t.shown, t.view.Followed = shown{}, screen.Followed{}
	}
	t.refresh(old, s)
	t.follow()
	t.draw()
}

// refresh reads again what an open back-office screen shows when the journal has moved on.
func (t *till) refresh(old, s *checkout.Snapshot) {
	if t.view.Screen == screen.Settle || old.Settling && !s.Settling {
		t.loadClosing() // one that ended behind the sale is told in the bar
	}
	if old.Line.Queued == s.Line.Queued && old.Line.Reversing == s.Line.Reversing && old.Line.Persons == s.Line.Persons {
		return
	}
	switch t.view.Screen {
	case screen.Queue:
		t.loadQueue()
	case screen.Today:
		t.loadToday()
	}
}

// stepped leaves behind what belonged to the step before.
func (t *till) stepped(to checkout.Step) {
	t.leaving, t.view.Followed = false, screen.Followed{}
	delete(t.view.First, "choices")
	switch to {
	case checkout.StepOutcome, checkout.StepCard, checkout.StepQR:
		t.view.Tendered, t.view.Rounding, t.view.Entry, t.view.Qty, t.view.Notice = "", false, "", "", ""
		if to == checkout.StepOutcome {
			t.view.Part = 0
		}
		t.view.Screen, t.view.Ask = screen.Home, screen.AskNothing
	case checkout.StepSignIn:
		t.leaveKeys()
		t.view.Screen, t.view.Ask, t.view.Who, t.view.PIN, t.pin = screen.Home, screen.AskNothing, "", 0, ""
	case checkout.StepSale:
		if hands, ok := t.parts.Bench.(interface{ Shut() }); ok { // nobody stands at the demo's drawer
			hands.Shut()
		}
	}
}

// done ends a command: its error becomes a notice.
func (t *till) done(err error, then func()) {
	if err != nil {
		t.leaving = false
		if t.wantsApproval(err) {
			return
		}
		t.say(t.explain(err))
		return
	}
	t.view.Notice, t.retry = "", nil
	t.view.Sheet = screen.Sheet{}
	if then != nil {
		then()
	}
	t.draw()
}

// say shows a sentence where the cashier looks.
func (t *till) say(text string) {
	t.view.Notice = text
	t.draw()
}

// words are the texts of the window; a till without a table knows no codes.
func words(parts Parts) i18n.Words {
	w := i18n.Words{English: parts.English}
	if parts.Table != nil {
		w.Codes = parts.Table
	}
	return w
}

// explain words an error in the face's language.
func (t *till) explain(err error) string {
	var e *pos.Error
	if !errors.As(err, &e) {
		return t.words.T("没有做成，请再试一次")
	}
	if t.words.KnowsWhy(e.Code) {
		return t.words.Why(e.Code)
	}
	if t.words.English {
		return e.Message
	}
	return t.words.T("没有做成，请再试一次") + " · " + e.Code
}

// relook applies another palette or language to what is shown.
func (t *till) relook() {
	t.look = look.New(t.view.Dark, t.look.M, t.art)
	t.custLook = look.New(t.view.Dark, t.custLook.M, t.art)
	t.setTheme(t.look)
	t.draw()
}

// now is the shop's time.
func (t *till) now() time.Time { return t.parts.Clock.Now().In(t.parts.Zone) }
