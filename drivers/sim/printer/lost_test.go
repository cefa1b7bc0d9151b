package printer_test

import (
	"image"
	"io"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/port"
	driver "tillkeeper/drivers/printer"
	sim "tillkeeper/drivers/sim/printer"
)

// mute answers every status request with "well" and confirms nothing; so many
// bytes after the beginning of a slip it hangs up, unless that is 0.
func mute(t *testing.T, hangUpAfter int) driver.Opener {
	t.Helper()
	opened := false
	return func() (io.ReadWriteCloser, error) {
		if opened {
			return nil, port.ErrHangup
		}
		opened = true
		far, path, err := port.Pty()
		if err != nil {
			return nil, err
		}
		near, err := port.OpenLine(path, 9600)
		if err != nil {
			return nil, err
		}
		t.Cleanup(func() { _ = far.Close() })
		go answer(far, hangUpAfter)
		return near, nil
	}
}

func answer(far io.ReadWriteCloser, hangUpAfter int) {
	last, total, begun := [2]byte{}, 0, false
	b := make([]byte, 1)
	for {
		if _, err := io.ReadFull(far, b); err != nil {
			return
		}
		if last == [2]byte{0x10, 0x04} {
			if _, err := far.Write([]byte{0x12}); err != nil {
				return
			}
		}
		last = [2]byte{last[1], b[0]}
		begun = begun || last == [2]byte{0x1b, '@'}
		if begun {
			total++
		}
		if begun && total == hangUpAfter {
			_ = far.Close()
			return
		}
	}
}

func TestJobThatNobodyConfirmsIsUnknownAndIsNotRepeated(t *testing.T) {
	for name, c := range map[string]struct {
		hangUpAfter int
		reason      string
	}{"no confirmation": {0, "not confirmed"}, "hung up within the job": {60, driver.Unplugged}} {
		var states []driver.JobState
		d := driver.New(mute(t, c.hangUpAfter), driver.Opts{
			Model: "TM-T82III", Poll: 2 * time.Millisecond, Finish: 20 * time.Millisecond,
			OnJob: func(j driver.Job) { states = append(states, j.State) },
		})
		if err := d.Print(pos.PrintJob{Number: "000001", Slip: sale("000001")}); err != nil {
			t.Fatal(err)
		}
		drain(t, d)
		j := d.Jobs()
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		if len(j) != 1 || j[0].State != driver.Unknown || j[0].Reason != c.reason {
			t.Errorf("%s: jobs %+v", name, j)
		}
		if len(states) != 2 || states[0] != driver.Sent || states[1] != driver.Unknown {
			t.Errorf("%s: states %v", name, states)
		}
	}
}

func TestPaperThatEndsWithinAJobHoldsIt(t *testing.T) {
	s, err := sim.New(sim.Opts{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	sent := make(chan driver.Job, 8)
	d := driver.New(s.Open, driver.Opts{Poll: 2 * time.Millisecond, Finish: 10 * time.Millisecond, OnJob: func(j driver.Job) {
		if j.State == driver.Sent {
			s.SetPaper(false) // before the first byte of it leaves
		}
		sent <- j
	}})
	defer func() {
		_ = d.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := d.Print(pos.PrintJob{Number: "000002", Slip: sale("000002")}); err != nil {
		t.Fatal(err)
	}
	<-sent
	until(t, "paper_out", func() bool { return d.State().Code == driver.PaperOut })
	if j := d.Jobs()[0]; j.State != driver.Sent || len(s.Slips()) != 0 {
		t.Fatalf("job %+v, slips %v", j, s.Slips())
	}
	s.SetPaper(true)
	drain(t, d)
	if j := <-sent; j.State != driver.Printed || len(s.Slips()) != 1 {
		t.Fatalf("job %+v, slips %v", j, s.Slips())
	}
}

func TestQueueIsBoundedAndCanBeCleared(t *testing.T) {
	d := driver.New(func() (io.ReadWriteCloser, error) { return nil, port.ErrHangup }, driver.Opts{})
	defer d.Close()
	n := 0
	for ; n < 10000; n++ {
		if err := d.Print(pos.PrintJob{Slip: sale("000003")}); err != nil {
			break
		}
	}
	if n != 256 {
		t.Fatalf("%d slips were taken", n)
	}
	if got := d.Clear(); got != n || len(d.Jobs()) != 0 {
		t.Fatalf("%d cleared, %d left", got, len(d.Jobs()))
	}
}

// TestWideLettersStayWhole looks for all three stems of an m in its column.
func TestWideLettersStayWhole(t *testing.T) {
	img, err := sim.Render([]byte("m\n"), font(t))
	if err != nil {
		t.Fatal(err)
	}
	if got := stems(img); got != 3 {
		t.Fatalf("an m of %d stems", got)
	}
}

// stems gives the largest number of dark runs in a row of the first column.
func stems(img image.Image) int {
	most := 0
	for y := img.Bounds().Min.Y; y < img.Bounds().Max.Y; y++ {
		runs, before := 0, false
		for x := 24; x < 36; x++ {
			r, _, _, _ := img.At(x, y).RGBA()
			dark := r < 0xb000
			if dark && !before {
				runs++
			}
			before = dark
		}
		most = max(most, runs)
	}
	return most
}
