package gui

import (
	"context"
	"time"

	"fyne.io/fyne/v2"

	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/screen"
	"tillkeeper/app/pos"
)

// customerName is the customer's window on the devices page, and its URL when it is open.
const (
	customerName = "customer"
	customerURL  = "window:"
)

// testPicture is how long the customer's window shows its test picture.
const testPicture = 8 * time.Second

// second opens the customer's window or closes it, and asks for it to be so at the next start.
func (t *till) second(open bool) {
	if t.secondWindow == nil || open == (t.customer != nil) {
		return
	}
	t.secondWindow(open)
	equipment := t.parts.Equipment
	t.showGear(t.view.Gear.List, t.view.Gear.Slips)
	t.draw()
	if equipment == nil {
		return
	}
	url := ""
	if open {
		url = customerURL
	}
	t.beside(func(ctx context.Context) error { return equipment.Use(ctx, customerName, url) }, func(error) { t.loadGear() })
}

// testCustomer looks at the customer's window: it is there, or shows a test picture for a while when nobody is served.
func (t *till) testCustomer(level pos.Level) {
	if t.customer == nil {
		return
	}
	if level == pos.CheckExternal {
		if !screen.Idle(t.snap) {
			t.say(t.words.T("正在接待顾客，收完这一单再试"))
			return
		}
		t.view.CustomerTest = t.now().Add(testPicture)
	}
	t.tested(level, customerName, pos.Condition{Name: customerName, State: "ok"})
}

// customerWindow gives what opens and closes the second window. It belongs to the drawing goroutine.
func (t *till) customerWindow(l *loop) func(open bool) {
	var win fyne.Window
	t.secondFull = func() bool {
		if win == nil {
			return false
		}
		win.SetFullScreen(!win.FullScreen())
		return win.FullScreen()
	}
	return func(open bool) {
		if !open {
			if win != nil {
				win.Close()
			}
			return
		}
		if win != nil {
			return
		}
		win = l.NewWindow("Tillkeeper 2")
		win.SetPadded(false)
		win.Resize(fyne.NewSize(t.parts.Width, t.parts.Height))
		t.customer = kit.NewSurface()
		t.customer.OnSize = t.resizeCustomer
		win.SetContent(t.customer)
		t.listen(win.Canvas())
		l.bounds.add(win, t.customer)
		win.SetOnClosed(func() { // nothing is drawn here: Fyne may be closing all of it
			l.bounds.remove(win)
			win, t.customer = nil, nil
		})
		win.Show()
		t.draw()
	}
}

// drawCustomer shows the customer the present state.
func (t *till) drawCustomer(c screen.Ctx) {
	if t.customer == nil {
		return
	}
	c.L = t.custLook
	t.customer.Draw(screen.Customer(c))
}
