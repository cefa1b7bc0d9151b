package gui

import (
	"context"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"fyne.io/fyne/v2"

	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/screen"
	"tillkeeper/app/pos"
)

func TestTheCameraTakesTheDevicesAndTheCustomersWindow(t *testing.T) {
	f := &fake{fail: map[string]error{}}
	f.snap = checkout.Snapshot{
		Version: 1, Step: checkout.StepSale, Operator: pos.Operator{ID: "1001", Name: "王芳", Role: pos.Cashier}, Selected: 1,
		Basket: pos.Basket{Key: "k", Total: 300, Lines: []pos.Line{{No: 1, Name: "a", Qty: pos.One, Price: 300, Total: 300}}},
		Line:   checkout.LineView{State: "online"}, Refused: map[pos.Tender]string{},
	}
	b := &bag{list: []pos.Device{{Name: "reader", URL: "sim:", Condition: pos.Condition{State: "ok"}}}}
	dir := t.TempDir()
	c, err := NewCamera(context.Background(), Parts{Face: f, Files: os.DirFS("../../assets"), Equipment: b}, dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"01-add", "02-add"} {
		if err := c.Shoot(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.devices(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"01-add": true, "01-add-customer": true, "02-add": true, "02-add-customer": false, "evening-devices": true} {
		file, err := os.Open(filepath.Join(dir, name+".png"))
		if (err == nil) != want {
			t.Errorf("%s: %v, want it to be there: %v", name, err, want)
		}
		if err != nil {
			continue
		}
		if _, err := png.Decode(file); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		file.Close()
	}
	if c.t.snap.Operator.Role != pos.Cashier {
		t.Error("the camera left an owner signed in")
	}
}

func TestAltTakesTilesAndRows(t *testing.T) {
	with(t, func(d *desk) {
		d.run(func() { d.ui.press("Alt+Q") })
		d.wants("add 100001 1")
	})
	withGear(t, func(d *desk, _ *bag) {
		d.run(func() { d.ui.press("Alt+3") })
		if got := d.view().Gear.Chosen; got != "scanner" {
			t.Errorf("Alt and 3 chose %q", got)
		}
		d.key(fyne.KeyUp)
		if got := d.view().Gear.Chosen; got != "printer" {
			t.Errorf("the arrow chose %q", got)
		}
	})
}

func TestThePageOfAccountsTurns(t *testing.T) {
	with(t, func(d *desk) {
		d.run(func() { d.ui.resize(800, 480) })
		d.f.set(func(s *checkout.Snapshot) {
			s.Step = checkout.StepCard
			s.Card = &checkout.CardView{Amount: 300, Stage: checkout.CardRead, Choices: make([]string, 9)}
			for i := range s.Card.Choices {
				s.Card.Choices[i] = "DEBIT " + string(rune('1'+i))
			}
		})
		for _, last := range []bool{false, true, false} {
			if got := d.shows("DEBIT 9"); got != last {
				t.Errorf("the last account is in sight: %v, want %v", got, last)
			}
			d.act(screen.VerbTurn, "choices")
		}
	})
}
