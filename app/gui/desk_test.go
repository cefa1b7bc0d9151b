package gui

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"tillkeeper/app/basket"
	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/pos"
)

// fake is a checkout that writes down what it was asked and answers from a script.
type fake struct {
	checkout.Face
	mu     sync.Mutex
	calls  []string
	snap   checkout.Snapshot
	push   func(*checkout.Snapshot)
	fail   map[string]error
	onNext func()

	onReprint func()        // before the answer; nil: nothing
	hold      chan struct{} // a payment waits for it

	onCancel func() // once; nil: nothing

	standing checkout.Standing
	closing  *closing
	records  records
}

func (f *fake) note(format string, args ...any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := fmt.Sprintf(format, args...)
	f.calls = append(f.calls, s)
	return f.fail[s]
}

func (f *fake) set(change func(*checkout.Snapshot)) {
	f.mu.Lock()
	s := f.snap
	change(&s)
	s.Version++
	f.snap = s
	push := f.push
	f.mu.Unlock()
	push(&s)
}

func (f *fake) Look() *checkout.Snapshot { return f.Snapshot() }

func (f *fake) Snapshot() *checkout.Snapshot {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.snap
	return &s
}

func (f *fake) Subscribe(push func(*checkout.Snapshot)) func() {
	f.push = push
	return func() {}
}

func (f *fake) SignIn(_ context.Context, staff, pin string) (pos.Operator, error) {
	return pos.Operator{}, f.note("signin %s %s", staff, pin)
}

func (f *fake) Scan(_ context.Context, code string, qty pos.Qty) (pos.Line, error) {
	return pos.Line{}, f.note("scan %s %s", code, qty)
}

func (f *fake) Add(_ context.Context, sku string, qty pos.Qty) (pos.Line, error) {
	return pos.Line{}, f.note("add %s %s", sku, qty)
}

func (f *fake) Edit(_ context.Context, e checkout.Edit) (pos.Line, error) {
	by := ""
	if e.Override != nil {
		by = " by " + e.Override.Staff + " " + e.Override.PIN
	}
	switch {
	case e.Price != nil:
		return pos.Line{}, f.note("price %d %s%s", e.Line, *e.Price, by)
	case e.Discount != nil:
		return pos.Line{}, f.note("discount %d %s%s", e.Line, *e.Discount, by)
	}
	return pos.Line{}, f.note("qty %d %s", e.Line, *e.Qty)
}

func (f *fake) Remove(_ context.Context, line int, _ string) error { return f.note("remove %d", line) }

func (f *fake) Hold(context.Context, string) (string, error) { return "1", f.note("hold") }

func (f *fake) Recall(_ context.Context, ticket string) error { return f.note("recall %s", ticket) }

func (f *fake) Held() ([]pos.Basket, error) { return []pos.Basket{{Ticket: "7"}}, f.note("held") }

func (f *fake) Pay(_ context.Context, p checkout.Pay) (checkout.Paid, error) {
	if f.hold != nil {
		<-f.hold
	}
	return checkout.Paid{}, f.note("pay %s amount %s tendered %s rounding %s code %s", p.Tender, p.Amount, p.Tendered, p.Rounding, p.Code)
}

func (f *fake) Cancel() {
	_ = f.note("cancel")
	f.mu.Lock()
	then := f.onCancel
	f.onCancel = nil
	f.mu.Unlock()
	if then != nil {
		then()
	}
}

func (f *fake) CheckQR() { _ = f.note("check") }

func (f *fake) Choose(_ context.Context, index int) error { return f.note("choose %d", index) }

func (f *fake) Next(context.Context) error {
	err := f.note("next")
	if err == nil && f.onNext != nil {
		f.onNext()
	}
	return err
}

func (f *fake) Reprint(_ context.Context, r string) error {
	if f.onReprint != nil {
		f.onReprint()
	}
	return f.note("reprint %s", r)
}
func (f *fake) Catalogue() checkout.Catalogue { return goods{} }

func (f *fake) Journal() checkout.Reader {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.records
}

type goods struct{ checkout.Catalogue }

func (goods) ByBarcode(code string) (pos.Product, bool) {
	return pos.Product{Name: "农夫山泉"}, code == "6921168002344"
}

func (goods) BySKU(sku string) (pos.Product, bool) {
	p := pos.Product{SKU: sku, Name: sku, Price: 300}
	if sku == "weighed" {
		p.Unit = "kg"
	}
	return p, true
}
func (goods) Categories() []string { return []string{"饮料"} }
func (goods) InCategory(string) []pos.Product {
	return []pos.Product{{SKU: "100001", Name: "可口可乐", Price: 300}}
}

func (goods) Search(q string, _ int) []pos.Product {
	if q == "nfsq" {
		return []pos.Product{{SKU: "100013", Name: "农夫山泉", Price: 200}}
	}
	return nil
}

type records struct {
	checkout.Reader
	state pos.State // of every attempt
}

func (records) Totals(day string) (pos.Totals, error) {
	return pos.Totals{Day: day, ByHour: map[int]pos.Sums{8: {Net: 600}, 9: {Net: 6000}}}, nil
}
func (records) Open() ([]pos.Attempt, error) { return []pos.Attempt{{ID: "1"}}, nil }

func (records) Find(q pos.Query) ([]pos.Attempt, error) {
	return []pos.Attempt{{ID: "1", Kind: pos.Sale, Amount: q.Amount, Reason: q.Last4 + q.Text, Created: q.From}}, nil
}

func (r records) Attempt(id string) (pos.Attempt, error) {
	return pos.Attempt{ID: id, State: r.state}, nil
}
func (records) Events(string) ([]pos.Event, error) { return []pos.Event{{Type: pos.EvCreated}}, nil }

// deskOpens is when a desk opens.
var deskOpens = time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)

// desk is a window without a window: every step runs as Fyne would run it, one at a time.
type desk struct {
	t  *testing.T
	f  *fake
	ui *till
	do chan func()
	at time.Time // of the key that is pressed

	stood time.Duration // how long the till stood still so far
	blind bool          // nothing that is drawn is painted

	stop func() // ends the window
}

// with runs a test at a signed-in till with one line in the basket.
func with(t *testing.T, f func(d *desk)) {
	t.Helper()
	test.NewTempApp(t)
	art, err := look.Load(os.DirFS("../../assets"))
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		d := &desk{t: t, do: make(chan func(), 64), at: deskOpens, f: &fake{fail: map[string]error{}}}
		d.f.closing = &closing{Closing: nil, f: d.f}
		d.f.snap = checkout.Snapshot{
			Version: 1, Step: checkout.StepSale, Operator: pos.Operator{ID: "1001", Name: "王芳"}, Selected: 1,
			Basket: pos.Basket{Key: "k", Total: 18540, Lines: []pos.Line{{No: 1, Name: "a", Qty: pos.One, Price: 18540, Total: 18540}}},
			Line:   checkout.LineView{State: "online"}, Refused: map[pos.Tender]string{},
		}
		parts := Parts{
			Face: d.f, Zone: time.UTC, Staff: []pos.Operator{{ID: "1001", Name: "王芳", Role: pos.Cashier}, {ID: "2001", Name: "赵敏", Role: pos.Supervisor}},
			Quick: []basket.QuickKey{{Category: "常用", Position: 1, SKU: "100001", Name: "可口可乐", Spec: "330ml"}},
		}
		if f := d.f; f.closing != nil {
			parts.Closing = f.closing
		}
		fill(&parts)
		ctx, cancel := context.WithCancel(context.Background())
		d.ui = newTill(ctx, parts, art, func(f func()) { d.do <- f })
		end := make(chan struct{})
		go func() {
			for {
				select {
				case f := <-d.do:
					f()
					if !d.blind {
						d.ui.paints()
						d.ui.painted()
					}
				case <-end:
					return
				}
			}
		}()
		d.stop = sync.OnceFunc(d.ui.start())
		synctest.Wait()
		defer func() {
			cancel()
			d.stop()
			synctest.Wait()
			close(end)
		}()
		f(d)
	})
}

func (d *desk) run(f func()) {
	d.do <- f
	synctest.Wait()
}

// now is the moment of a key of a till that slept while nothing happened, but for what it stood still.
func (d *desk) now() moment { return moment{d.at, d.at.Sub(deskOpens) - d.stood} }

// act touches a key, calmly.
func (d *desk) act(verb, arg string) {
	time.Sleep(trembling)
	d.run(func() { d.ui.act(kit.Act{Verb: verb, Arg: arg}) })
}

// key presses a key of the keyboard, as a finger does.
func (d *desk) key(name fyne.KeyName) {
	time.Sleep(trembling)
	d.at = d.at.Add(trembling)
	d.run(func() { d.ui.keyAt(name, d.now()) })
}

// types enters characters as fingers do.
func (d *desk) types(s string) {
	for _, r := range s {
		d.at = d.at.Add(120 * time.Millisecond)
		d.run(func() { d.ui.runeAt(r, d.now()) })
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
	}
}

// scans enters characters as a scanner does, ended by a key.
func (d *desk) scans(s string, gap time.Duration, end fyne.KeyName) {
	d.at = d.at.Add(time.Second)
	for _, r := range s {
		d.at = d.at.Add(gap)
		d.run(func() { d.ui.runeAt(r, d.now()) })
	}
	d.at = d.at.Add(gap)
	d.run(func() { d.ui.keyAt(end, d.now()) })
}

func (d *desk) wants(calls ...string) {
	d.t.Helper()
	d.f.mu.Lock()
	defer d.f.mu.Unlock()
	if fmt.Sprint(d.f.calls) != fmt.Sprint(calls) {
		d.t.Fatalf("the checkout was asked %q, want %q", d.f.calls, calls)
	}
	d.f.calls = nil
}
