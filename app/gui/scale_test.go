package gui

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"fyne.io/fyne/v2"

	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/screen"
	"tillkeeper/app/pos"
)

func TestTheScannersOwnPortDoesWhatAWedgeDoes(t *testing.T) {
	with(t, func(d *desk) {
		scan := func(code string) { d.run(func() { d.ui.deviceScan(code) }) }
		scan("6921168002344\r")
		d.wants("scan 6921168002344 1")
		d.types("3*")
		scan("6921168002344")
		d.wants("scan 6921168002344 3")
		d.act(screen.VerbGo, string(screen.Today))
		scan("6921168002344")
		d.wants("scan 6921168002344 1")
		if d.view().Screen != screen.Home {
			t.Errorf("a scan stayed on %q", d.view().Screen)
		}
		scan("")
		scan("69211\x0068")
		d.run(func() { d.ui.view.Screen = screen.Keys })
		scan("6921168002344")
		d.run(func() { d.ui.view.Screen = screen.Home })
		d.f.set(func(s *checkout.Snapshot) { s.Step = checkout.StepSignIn })
		synctest.Wait()
		scan("6921168002344")
		d.wants()
	})
}

func TestDigitsChooseTheAccount(t *testing.T) {
	with(t, func(d *desk) {
		d.types("2")
		d.f.set(func(s *checkout.Snapshot) {
			s.Step, s.Card = checkout.StepCard, &checkout.CardView{Stage: checkout.CardRead, Choices: []string{"DEBIT", "CREDIT"}}
		})
		synctest.Wait()
		d.types("3") // there is no third
		d.types("2")
		d.act(screen.VerbChoose, "0")
		d.wants("choose 1", "choose 0")
		d.f.set(func(s *checkout.Snapshot) { s.Card = &checkout.CardView{Stage: checkout.CardHost} })
		synctest.Wait()
		d.types("2")
		d.wants()
	})
}

func TestTheScaleGivesTheWeight(t *testing.T) {
	with(t, func(d *desk) {
		grams, fault, hold := int64(1250), error(nil), time.Second
		d.run(func() {
			d.ui.parts.Weigh = func(ctx context.Context) (int64, error) {
				select {
				case <-ctx.Done():
					return 0, ctx.Err()
				case <-time.After(hold):
					return grams, fault
				}
			}
		})
		d.key(fyne.KeyEnd) // no scale is configured: a weight has to be typed first
		if d.view().Screen != screen.Home || d.view().Notice == "" {
			t.Fatalf("without a scale the weigh key leads to %q", d.view().Screen)
		}
		d.f.set(func(s *checkout.Snapshot) { s.Devices = []pos.Condition{{Name: "scale", State: "ok"}} })
		synctest.Wait()
		d.key(fyne.KeyEnd) // the chosen line is not sold by weight: the next article
		if d.view().Screen != screen.Weigh {
			t.Fatalf("the weigh key leads to %q", d.view().Screen)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if d.view().Screen != screen.Home || d.view().Qty != "1.25" {
			t.Fatalf("screen %q, quantity %q", d.view().Screen, d.view().Qty)
		}
		d.act(screen.VerbTile, "100001")
		d.wants("add 100001 1.25")
		d.f.set(func(s *checkout.Snapshot) {
			s.Basket.Lines = []pos.Line{{No: 1, Name: "apples", Unit: "kg", Qty: pos.One}}
		})
		synctest.Wait()
		d.key(fyne.KeyEnd)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		d.wants("qty 1 1.25")

		d.act(screen.VerbTile, "weighed")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		d.wants("add weighed 1.25")

		fault = pos.Errorf("unplugged", "", "gone")
		d.act(screen.VerbTile, "weighed")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if d.view().Screen != screen.Weigh || d.view().Weighing.Code != "unplugged" {
			t.Fatalf("screen %q, reason %q", d.view().Screen, d.view().Weighing.Code)
		}
		d.types("0.75")
		d.key(fyne.KeyReturn)
		d.wants("add weighed 0.75")

		fault, hold = nil, time.Hour
		d.act(screen.VerbTile, "weighed")
		d.scans("6921168002344", 2*time.Millisecond, fyne.KeyReturn) // somebody goes on
		d.wants("scan 6921168002344 1")
		d.act(screen.VerbTile, "weighed")
		d.key(fyne.KeyEscape)
		time.Sleep(2 * weighLimit)
		synctest.Wait()
		d.wants()
	})
}
