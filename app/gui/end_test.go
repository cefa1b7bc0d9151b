package gui

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fyne.io/fyne/v2"
)

// TestTheEndGivesUpAPaymentThatWaitsForAPerson: a card that nobody presents held the till for a minute after its window was
// gone.
func TestTheEndGivesUpAPaymentThatWaitsForAPerson(t *testing.T) {
	with(t, func(d *desk) {
		d.f.hold = make(chan struct{})
		d.f.onCancel = func() { close(d.f.hold) }
		d.key(fyne.KeyF1)
		began := time.Now()
		d.stop()
		if took := time.Since(began); took != 0 {
			t.Errorf("the end took %s", took)
		}
		d.f.mu.Lock()
		defer d.f.mu.Unlock()
		if !slices.Contains(d.f.calls, "cancel") {
			t.Errorf("the checkout was asked %q", d.f.calls)
		}
	})
}

// TestWhatDoesNotEndIsNamedAndLeftBehind: a command that heeds nothing does not hold the till.
func TestWhatDoesNotEndIsNamedAndLeftBehind(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(before)
	with(t, func(d *desk) {
		d.f.hold = make(chan struct{})
		endsAtItsLimit(t, d)
	})
	if !strings.Contains(log.String(), "app/gui.(*fake).Pay") {
		t.Errorf("the log does not say where it hangs: %s", log.String())
	}
}

// TestADiskThatDoesNotAnswerDoesNotHoldTheEnd: the checkout is locked while it commits, so giving up a payment hangs too.
func TestADiskThatDoesNotAnswerDoesNotHoldTheEnd(t *testing.T) {
	with(t, func(d *desk) {
		d.f.hold = make(chan struct{})
		d.f.onCancel = func() { <-d.f.hold }
		endsAtItsLimit(t, d)
	})
}

// endsAtItsLimit ends a till whose payment hangs until hold is closed.
func endsAtItsLimit(t *testing.T, d *desk) {
	t.Helper()
	d.key(fyne.KeyF1)
	began := time.Now()
	d.stop()
	if took := time.Since(began); took != endLimit {
		t.Errorf("the end took %s, want %s", took, endLimit)
	}
	close(d.f.hold)
	synctest.Wait()
}
