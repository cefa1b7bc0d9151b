package printer_test

import (
	"bytes"
	"os"
	"testing"
	"time"

	"tillkeeper/drivers/printer"
)

// TestKilledTwiceBeforeTheCutCommandIsEnded: the till that started after the
// crash was killed too, before it had printed anything; the third has to know
// that the printer may still be within a command.
func TestKilledTwiceBeforeTheCutCommandIsEnded(t *testing.T) {
	first, dir := reopen(t, queueOf(t), nowhere)
	if err := first.Close(); err != nil { // as good as killed: it had no printer
		t.Fatal(err)
	}
	d := &desk{}
	p := fast(t, d.open, func(o *printer.Opts) { o.Dir = dir })
	drain(t, p)
	d.set(func(d *desk) {
		zeros, slip := bytes.Index(d.got.Bytes(), make([]byte, 9000)), bytes.Index(d.got.Bytes(), []byte("slip 1"))
		if zeros < 0 || zeros > slip {
			t.Error("the command was not ended before the next slip")
		}
		d.got.Reset()
	})
	queue(t, p, 9)
	drain(t, p)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	third := fast(t, d.open, func(o *printer.Opts) { o.Dir = dir })
	queue(t, third, 10)
	drain(t, third)
	d.set(func(d *desk) {
		if bytes.Contains(d.got.Bytes(), make([]byte, 100)) {
			t.Error("and again, although it was ended")
		}
	})
}

// TestFenceOfTheJobThatWasCutIsNotTakenForTheNext: a printer without GS ( H may
// answer for what it held when the till was killed.
func TestFenceOfTheJobThatWasCutIsNotTakenForTheNext(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(queuePath(dir), queueOf(t), 0o600); err != nil {
		t.Fatal(err)
	}
	d := &desk{owes: true}
	p := fast(t, d.open, func(o *printer.Opts) { o.Dir, o.Model, o.Finish = dir, "XP-80C", 20*time.Millisecond })
	drain(t, p)
	if j := p.Jobs(); len(j) != 3 || j[0].State != printer.Unknown || j[0].Reason != printer.NotConfirmed {
		t.Errorf("%+v", j)
	}
}
