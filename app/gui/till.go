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
	"tillkeeper/app/pos"
)

// till is the state of the window. It belongs to the drawing goroutine.
type till struct {
	ctx      context.Context
	parts    Parts
	art      *look.Art
	look     *look.Look
	words    screen.Words
	surface  *kit.Surface
	customer *kit.Surface
	custLook *look.Look
	setTheme func(*look.Look)
	snap     *checkout.Snapshot
	view     screen.View
	pin      string
	burst    burst
	pump     pump
	acted    time.Time                                       // when a touch or a key was last taken
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
		words: screen.Words{English: parts.English, Table: parts.Table},
		pump:  pump{post: post, jobs: make(chan func(context.Context), jobLimit)},
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
	if b.Cards = nil; b.On && t.snap.Step == checkout.StepCard {
		b.Cards = hands.Cards()
	}
}

// counts says whether seconds are on the screen, or something on it is read again every second.
func (t *till) counts() bool {
	v := &t.view
	return t.snap.Step == checkout.StepCard || t.snap.Step == checkout.StepQR || t.snap.Line.State == "offline" || v.Closing.Running || v.Closing.Open ||
		v.Screen == screen.Devices || v.Screen == screen.Weigh || v.Gear.Doing.What != "" || v.CustomerTest.After(v.Now)
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
	t.refresh(old, s)
	t.draw()
}

// refresh reads again what an open back-office screen shows when the journal has moved on.
func (t *till) refresh(old, s *checkout.Snapshot) {
	if t.view.Screen == screen.Settle {
		t.loadClosing()
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
	t.leaving = false
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

// explain words an error in the face's language.
func (t *till) explain(err error) string {
	var e *pos.Error
	if !errors.As(err, &e) {
		return t.words.T("没有做成，请再试一次")
	}
	if t.words.KnowsWhy(e.Code) {
		return t.words.Why(e.Code)
	}
	if zh, ok := errorWords[e.Code]; ok {
		return t.words.T(zh)
	}
	if t.words.English {
		return e.Message
	}
	return t.words.T("没有做成，请再试一次") + " · " + e.Code
}

// errorWords are the sentences of refusals that are not about a payment.
var errorWords = map[string]string{
	"unknown_barcode": "没有这个条码，可按拼音查找", "unknown_sku": "没有这个货号", "needs_weight": "称重商品：先输入重量，再按“数量”",
	"payment_running": "付款还没有结果，请等一下", "not_signed_in": "请先登录", "bad_pin": "密码不对，请重输", "wrong_pin": "密码不对，请重输",
	"unknown_staff": "没有这个工号", "component_length": "一份密钥是 32 位，请照纸再输一次", "component_parity": "有一位输错了，请照纸再输一次",
	"component_weak": "这份密钥太弱，不能用；请向银行要新的两份", "component_same": "两份是一样的；从头再来，各用各的纸",
	"component_person": "两份要由两个人输入，请换另一个人", "component_order": "第一份等得太久，已作废；请从头再来",
	"component_cancelled": "密码键盘上取消了，请从头再来", "component_timeout": "密码键盘上没有输入，请从头再来", "component_at_pad": "请到密码键盘上输入",
	"locked": "输错太多次，请稍后再试", "locked_out": "输错太多次，请稍后再试", "needs_supervisor": "需要店长授权", "forbidden": "需要店长授权",
	"empty_basket": "订单里还没有商品", "part_paid": "这一单已收了一部分，先付清", "too_many_held": "挂起的订单太多，先取回一单",
	"basket_open": "先付清、挂起或清空现在的订单", "unknown_ticket": "没有这张挂单", "unknown_receipt": "没有这张小票", "not_paid": "这一单还没有付清",
	"bad_amount": "金额不对", "bad_rounding": "抹零太多", "too_little": "收的钱不够", "bad_quantity": "数量不对", "bad_line": "数量、价格或折扣不对",
	"unknown_line": "先选一行", "safe_mode": "流水打不开，先不要收款", "no_outcome": "没有可离开的结果",
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
