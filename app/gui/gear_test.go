package gui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fyne.io/fyne/v2"

	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/screen"
	"tillkeeper/app/pos"
)

// bag is a till's equipment that answers when it is told to.
type bag struct {
	mu    sync.Mutex
	list  []pos.Device
	found []pos.Found
	used  []string
	asked []string
	hold  time.Duration // how long a check takes; it ends with its context
	deaf  bool          // a check that does not end with its context
	fail  error         // of Use
	jobs  []pos.Printing
}

func (b *bag) Devices() []pos.Device {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]pos.Device(nil), b.list...)
}

func (b *bag) Find(context.Context) []pos.Found { return b.found }

func (b *bag) Check(ctx context.Context, name string, level pos.Level) pos.Condition {
	b.mu.Lock()
	b.asked = append(b.asked, name+" "+string(level))
	hold, deaf := b.hold, b.deaf
	b.mu.Unlock()
	done := ctx.Done()
	if deaf {
		done = nil
	}
	select {
	case <-done:
		return pos.Condition{Name: name, State: "fault", Code: "offline"}
	case <-time.After(hold):
		return pos.Condition{Name: name, State: "ok", Detail: "came"}
	}
}

func (b *bag) Use(_ context.Context, name, url string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used = append(b.used, name+"="+url)
	if b.fail != nil {
		return b.fail
	}
	for i := range b.list {
		if b.list[i].Name == name {
			b.list[i].URL, b.list[i].Condition = url, pos.Condition{State: "off"}
			if url != "" {
				b.list[i].Condition = pos.Condition{State: "fault", Code: "unplugged"}
			}
		}
	}
	return nil
}

func (b *bag) wants(t *testing.T, got *[]string, want ...string) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(*got) != len(want) {
		t.Fatalf("asked %q, want %q", *got, want)
	}
	for i := range want {
		if (*got)[i] != want[i] {
			t.Fatalf("asked %q, want %q", *got, want)
		}
	}
	*got = nil
}

// withGear runs a test at the devices page of a signed-in owner.
func withGear(t *testing.T, f func(d *desk, b *bag)) {
	t.Helper()
	with(t, func(d *desk) {
		b := &bag{list: []pos.Device{
			{Name: "reader", URL: "sim:", Condition: pos.Condition{State: "ok"}},
			{Name: "printer", URL: "sim:", Condition: pos.Condition{State: "fault", Code: "paper_out"}},
			{Name: "scanner", URL: "serial:/dev/ttyS9", Condition: pos.Condition{State: "ok"}},
		}, found: []pos.Found{{Name: "printer", URL: "lp:/dev/usb/lp0", Label: "POS-80"}}}
		d.run(func() {
			d.ui.parts.Equipment = b
			d.ui.view.Gear.Known = true
		})
		d.f.set(func(s *checkout.Snapshot) { s.Operator.Role = pos.Owner })
		synctest.Wait()
		d.act(screen.VerbGo, string(screen.Devices))
		f(d, b)
	})
}

// view gives what the window shows, as the drawing goroutine has it.
func (d *desk) view() (v screen.View) {
	d.run(func() { v = d.ui.view })
	return v
}

// shows draws the page anew and says whether it has a text.
func (d *desk) shows(text string) bool {
	found := false
	d.run(func() {
		d.ui.draw()
		for _, s := range d.ui.surface.Page().Texts {
			found = found || s == text
		}
	})
	return found
}

func TestDevicesPageLooksAtTheFaultFirst(t *testing.T) {
	withGear(t, func(d *desk, b *bag) {
		if g := d.view().Gear; g.Chosen != "printer" || len(g.List) != 4 || g.List[3].Name != "customer" {
			t.Fatalf("chosen %q of %v", g.Chosen, g.List)
		}
		d.key(fyne.KeyF6)
		b.wants(t, &b.asked, "printer internal")
		if r := d.view().Gear.Result; r.What != "internal" || r.Cond.Detail != "came" {
			t.Fatalf("result %+v", r)
		}
		d.key(fyne.KeyUp)
		if d.view().Gear.Chosen != "reader" {
			t.Fatalf("the arrow chose %q", d.view().Gear.Chosen)
		}
		d.key(fyne.KeyF7)
		b.wants(t, &b.asked, "reader external")
	})
}

func TestACashierMayNotChangeDevices(t *testing.T) {
	withGear(t, func(d *desk, b *bag) {
		d.act(screen.VerbGo, string(screen.Home))
		d.f.set(func(s *checkout.Snapshot) { s.Operator.Role = pos.Cashier })
		synctest.Wait()
		d.act(screen.VerbGo, string(screen.Devices))
		if d.view().Screen != screen.Settings {
			t.Fatalf("a cashier came to %q", d.view().Screen)
		}
		d.run(func() { d.ui.view.Screen = screen.Devices })
		d.act(screen.VerbUnuse, "printer")
		b.wants(t, &b.used)
	})
}

func TestABadDeviceIsTouchedInTheBar(t *testing.T) {
	withGear(t, func(d *desk, b *bag) {
		d.act(screen.VerbGo, string(screen.Home))
		d.f.set(func(s *checkout.Snapshot) {
			s.Devices = []pos.Condition{{Name: "reader", State: "ok"}, {Name: "scanner", State: "fault", Code: "unplugged"}}
		})
		synctest.Wait()
		touched := ""
		d.run(func() {
			d.ui.draw()
			for _, h := range d.ui.surface.Page().Hits {
				if h.Act.Verb == screen.VerbAbout {
					touched += h.Act.Arg
				}
			}
		})
		if touched != "scanner" {
			t.Fatalf("the bar can be touched at %q", touched)
		}
		d.act(screen.VerbAbout, "scanner")
		if v := d.view(); v.Screen != screen.Devices || v.Gear.Chosen != "scanner" {
			t.Fatalf("it leads to %q, %q", v.Screen, v.Gear.Chosen)
		}
		d.act(screen.VerbGo, string(screen.Home))
		d.f.set(func(s *checkout.Snapshot) { s.Operator.Role = pos.Cashier })
		synctest.Wait()
		d.act(screen.VerbAbout, "scanner")
		if v := d.view(); v.Screen != screen.Home || v.Gear.Chosen != "scanner" {
			t.Fatalf("a cashier is led to %q", v.Screen)
		}
	})
}

// TestAFullBatchIsNoDevice: whoever may change devices was led to their page, where there is no batch.
func TestAFullBatchIsNoDevice(t *testing.T) {
	withGear(t, func(d *desk, b *bag) {
		d.act(screen.VerbGo, string(screen.Home))
		d.f.set(func(s *checkout.Snapshot) {
			s.Devices = []pos.Condition{{Name: "reader", State: "ok"}, {Name: "batch", State: "warn", Code: "settle_now"}}
		})
		synctest.Wait()
		d.act(screen.VerbAbout, "batch")
		if v := d.view(); v.Screen == screen.Devices || v.Gear.Chosen == "batch" {
			t.Errorf("it leads to %q, %q", v.Screen, v.Gear.Chosen)
		}
	})
}

func TestASlowDeviceHoldsNothingUp(t *testing.T) {
	withGear(t, func(d *desk, b *bag) {
		b.hold = 10 * time.Second
		d.key(fyne.KeyF7)
		if d.shows("正在试：打印测试页") {
			t.Fatal("the step is named before a second has passed")
		}
		time.Sleep(1500 * time.Millisecond)
		if !d.shows("正在试：打印测试页") {
			t.Fatal("the step is not named after a second")
		}
		d.act(screen.VerbGo, string(screen.Home))
		d.scans("6921168002344", 2*time.Millisecond, fyne.KeyReturn)
		d.wants("scan 6921168002344 1")
		time.Sleep(10 * time.Second)
		synctest.Wait()
		d.act(screen.VerbGo, string(screen.Devices))
		if r := d.view().Gear.Result; r.What != "external" || r.Cond.State != "ok" {
			t.Fatalf("the test that went on meanwhile ended as %+v", r)
		}
	})
}

func TestADeafDeviceIsGivenUp(t *testing.T) {
	withGear(t, func(d *desk, b *bag) {
		b.hold, b.deaf = time.Hour, true
		d.key(fyne.KeyF6)
		time.Sleep(limits["internal"] + 3*time.Second)
		synctest.Wait()
		if g := d.view().Gear; g.Doing.What != "" || g.Result.Cond.Code != "offline" {
			t.Fatalf("still %+v, result %+v", g.Doing, g.Result)
		}
		time.Sleep(time.Hour) // its late answer changes nothing
		synctest.Wait()
		if g := d.view().Gear; g.Result.Cond.Code != "offline" {
			t.Fatalf("the late answer became %+v", g.Result)
		}
	})
}

func TestADeviceIsFoundTakenAndTakenBack(t *testing.T) {
	withGear(t, func(d *desk, b *bag) {
		d.key(fyne.KeyF5)
		if g := d.view().Gear; !g.Looked || len(g.Found) != 1 {
			t.Fatalf("found %+v", g)
		}
		d.types("1")
		b.wants(t, &b.used, "printer=lp:/dev/usb/lp0")
		time.Sleep(comingUp) // this one stays broken
		if g := d.view().Gear; g.Before != "sim:" || g.Result.What != screen.DoUse {
			t.Fatalf("after the change: before %q, result %+v", g.Before, g.Result)
		}
		d.key(fyne.KeyF9)
		time.Sleep(comingUp)
		b.wants(t, &b.used, "printer=sim:")
		d.act(screen.VerbUnuse, "printer")
		b.wants(t, &b.used, "printer=")
		if !d.shows("已停用") {
			t.Error("a device that was switched off is not said to be")
		}
		b.fail = errors.New("the configuration cannot be written")
		d.act(screen.VerbUseBefore, "printer")
		b.wants(t, &b.used, "printer=sim:")
		if d.view().Notice == "" {
			t.Fatal("a device that was not taken is not told")
		}
	})
}

func (b *bag) PrintJobs() []pos.Printing {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]pos.Printing(nil), b.jobs...)
}

func (b *bag) PrintAgain(id int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked = append(b.asked, fmt.Sprint("again ", id))
	return nil
}

func (b *bag) PrintForget(id int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked = append(b.asked, fmt.Sprint("forget ", id))
	b.jobs = slices.DeleteFunc(b.jobs, func(j pos.Printing) bool { return j.ID == id })
	return true
}

func TestSlipsAreTriedPrintedAgainAndForgotten(t *testing.T) {
	withGear(t, func(d *desk, b *bag) {
		b.mu.Lock()
		b.jobs = []pos.Printing{{ID: 1, Number: "000001", State: "printed"}, {ID: 2, Number: "000002", State: "unknown"}, {ID: 3, Number: "000003", State: "queued"}}
		b.mu.Unlock()
		time.Sleep(2 * time.Second)
		if !d.shows("小票 000002") || d.shows("小票 000001") {
			t.Fatal("what is in doubt is not listed, or what was printed is")
		}
		d.act(screen.VerbSlipAgain, "2")
		b.wants(t, &b.asked, "again 2")
		d.act(screen.VerbSlipsClear, "")
		b.wants(t, &b.asked, "forget 3")
		if d.shows("小票 000003") {
			t.Fatal("a forgotten slip is still listed")
		}
	})
}

func TestAnInteractiveTestEndsWithItsPage(t *testing.T) {
	withGear(t, func(d *desk, b *bag) {
		b.hold = time.Hour
		d.act(screen.VerbDevice, "scanner")
		d.key(fyne.KeyF8)
		if !d.shows("请扫一个条码") {
			t.Fatal("nobody is told what to do")
		}
		d.key(fyne.KeyEscape)
		if g := d.view().Gear; g.Doing.What != "" || d.view().Screen != screen.Devices {
			t.Fatalf("escape left %+v on %q", g.Doing, d.view().Screen)
		}
		d.key(fyne.KeyF8)
		d.act(screen.VerbGo, string(screen.Home))
		if g := d.view().Gear; g.Doing.What != "" {
			t.Fatalf("it goes on after the page was left: %+v", g.Doing)
		}
	})
}

// TestAScannedTestCodeIsNotSold: the code that a person scans to try the scanner is shown, from the wedge and from the
// scanner's own port, and never becomes a line.
func TestAScannedTestCodeIsNotSold(t *testing.T) {
	withGear(t, func(d *desk, b *bag) {
		b.hold = time.Hour
		for _, how := range []func(){
			func() { d.scans("6921168002344", 2*time.Millisecond, fyne.KeyReturn) },
			func() { d.run(func() { d.ui.deviceScan("6921168002344") }) },
		} {
			d.act(screen.VerbDevice, "scanner")
			d.key(fyne.KeyF8)
			how()
			if r := d.view().Gear.Result; r.Cond.Detail != "6921168002344" || r.Name != "scanner" {
				t.Fatalf("result %+v", r)
			}
			d.wants()
		}
	})
}

func TestTheCustomersWindowOpensAndCloses(t *testing.T) {
	withGear(t, func(d *desk, b *bag) {
		opened := []bool{}
		d.run(func() {
			d.ui.secondWindow = func(open bool) {
				opened = append(opened, open)
				d.ui.customer = nil
				if open {
					d.ui.customer = kit.NewSurface()
				}
			}
		})
		d.act(screen.VerbDevice, "customer")
		d.key(fyne.KeyF9)
		b.wants(t, &b.used, "customer=window:")
		d.f.set(func(s *checkout.Snapshot) { s.Basket = pos.Basket{} })
		synctest.Wait()
		d.key(fyne.KeyF7)
		texts := func() (out []string) {
			d.run(func() { out = d.ui.customer.Page().Texts })
			return out
		}
		if !slices.Contains(texts(), "这是测试图") {
			t.Fatal("no test picture")
		}
		time.Sleep(testPicture + 2*time.Second)
		synctest.Wait()
		if slices.Contains(texts(), "这是测试图") {
			t.Fatal("the test picture stays")
		}
		d.key(fyne.KeyF9)
		b.wants(t, &b.used, "customer=")
		if len(opened) != 2 || !opened[0] || opened[1] || d.view().Gear.Second {
			t.Fatalf("opened %v", opened)
		}
	})
}
