package gui

import (
	"context"
	"fmt"
	"image/png"
	"os"
	"path/filepath"

	"fyne.io/fyne/v2/test"

	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/gui/screen"
	"tillkeeper/app/pos"
)

// Camera takes pictures of the screens where there is no display: the same
// pages as in the window, painted in software, one pixel a unit.
type Camera struct {
	t    *till
	dir  string
	seen map[checkout.Step]bool // steps of which the customer's window was taken
}

// NewCamera makes a camera that leaves its pictures in a folder.
func NewCamera(ctx context.Context, parts Parts, dir string) (*Camera, error) {
	art, err := look.Load(parts.Files)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	fill(&parts)
	test.NewApp() // the painter asks an app for its settings
	return &Camera{t: newTill(ctx, parts, art, func(f func()) { f() }), dir: dir, seen: map[checkout.Step]bool{}}, nil
}

// Shoot takes the screen as it is now; of the first sale and of the first outcome the customer's window too.
func (c *Camera) Shoot(name string) error {
	c.t.take(c.t.parts.Face.Snapshot())
	if err := c.save(name, c.t.surface.Page()); err != nil {
		return err
	}
	if step := c.t.snap.Step; !screen.Idle(c.t.snap) && !c.seen[step] {
		c.seen[step] = true
		return c.save(name+"-customer", screen.Customer(screen.Ctx{L: c.t.custLook, W: c.t.words, S: c.t.snap, V: c.t.view}))
	}
	return nil
}

// Evening takes the screens that the owner reads at the end of the day, in both
// themes and languages.
func (c *Camera) Evening() error {
	if err := c.t.parts.Face.Next(c.t.ctx); err != nil {
		return err
	}
	c.t.take(c.t.parts.Face.Snapshot())
	for _, page := range []screen.Name{screen.Today, screen.Queue, screen.Records, screen.Receipt, screen.Cards, screen.Settle, screen.Reconcile, screen.Charged} {
		c.show(page)
		if err := c.save("evening-"+string(page), c.t.surface.Page()); err != nil {
			return err
		}
	}
	if err := c.devices(); err != nil {
		return err
	}
	c.t.view.Dark, c.t.words.English = true, true
	c.t.relook()
	c.show(screen.Today)
	return c.save("evening-today-en-dark", c.t.surface.Page())
}

// devices takes the devices page as whoever may change devices sees it. Nobody signs in for that: the page is drawn from
// the last snapshot with an owner's name in it.
func (c *Camera) devices() error {
	if c.t.parts.Equipment == nil {
		return nil
	}
	as := *c.t.snap
	as.Operator.Role = pos.Owner
	for _, o := range c.t.parts.Staff {
		if o.Role == pos.Owner {
			as.Operator = o
		}
	}
	before := c.t.snap
	defer func() { c.t.snap = before }()
	c.t.snap = &as
	c.t.showGear(c.t.parts.Equipment.Devices(), nil)
	c.t.view.Screen = screen.Devices
	c.t.draw()
	return c.save("evening-devices", c.t.surface.Page())
}

// show opens a screen and does at once what it asks the journal for.
func (c *Camera) show(page screen.Name) {
	c.t.goTo(page)
	for {
		select {
		case job := <-c.t.pump.jobs:
			job(c.t.ctx)
		default:
			c.t.draw()
			return
		}
	}
}

func (c *Camera) save(name string, page *kit.Page) (err error) {
	f, err := os.Create(filepath.Join(c.dir, name+".png"))
	if err != nil {
		return err
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	if err := png.Encode(f, kit.Picture(page)); err != nil {
		return fmt.Errorf("picture %s: %w", name, err)
	}
	return nil
}
