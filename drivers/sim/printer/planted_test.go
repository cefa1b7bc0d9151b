package printer_test

import (
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"tillkeeper/drivers/drivertest"
	driver "tillkeeper/drivers/printer"
	sim "tillkeeper/drivers/sim/printer"
)

// plantEnv names the bug that TestPlanted runs the suite with.
const plantEnv = "TILL_PRINTER_PLANT"

// plants are bugs of a driver, put between it and the wire.
var plants = map[string]struct {
	between func(io.ReadWriteCloser) io.ReadWriteCloser
	caught  string // the rule that has to fail
}{
	"prints twice": {func(c io.ReadWriteCloser) io.ReadWriteCloser { return &twice{ReadWriteCloser: c} }, "jobs_in_order"},
	"sees nothing": {func(c io.ReadWriteCloser) io.ReadWriteCloser { return &content{ReadWriteCloser: c} }, "a_fault_before_a_job"},
}

// twice sends every job two times.
type twice struct {
	io.ReadWriteCloser
	job []byte
}

func (w *twice) Write(b []byte) (int, error) {
	if len(b) < 20 { // a question
		return w.ReadWriteCloser.Write(b)
	}
	if w.job = append(w.job, b...); len(b) == 512 { // there is more of it
		return len(b), nil
	}
	all := slices.Concat(w.job, w.job)
	w.job = nil
	if _, err := w.ReadWriteCloser.Write(all); err != nil {
		return 0, err
	}
	return len(b), nil
}

// content hears that all is well, whatever the printer says.
type content struct{ io.ReadWriteCloser }

func (w *content) Read(b []byte) (int, error) {
	n, err := w.ReadWriteCloser.Read(b)
	for i := range n {
		if driver.ValidStatus(b[i]) {
			b[i] = 0x12
		}
	}
	return n, err
}

// TestPlanted runs the suite with the bug that the environment names; without
// one it runs the same bench, which has to pass.
func TestPlanted(t *testing.T) {
	plant := plants[os.Getenv(plantEnv)]
	o := sim.Opts{Narrow: true, NoCut: true, NoASB: true, NoProcess: true, NoName: true}
	drivertest.Printer(t, func(t *testing.T) drivertest.PrinterBench {
		b := bench("XP-58", o, onPty)(t)
		open := b.Open
		if plant.between != nil {
			b.Wait = 3 * time.Second
		}
		b.Open = func() (io.ReadWriteCloser, error) {
			c, err := open()
			if err == nil && plant.between != nil {
				c = plant.between(c)
			}
			return c, err
		}
		return b
	})
}

// TestSuiteCatchesPlantedBugs runs the suite in processes of its own, in which
// it has to fail.
func TestSuiteCatchesPlantedBugs(t *testing.T) {
	for name, p := range plants {
		cmd := exec.Command(os.Args[0], "-test.run=^TestPlanted$/^"+p.caught)
		cmd.Env = append(os.Environ(), plantEnv+"="+name)
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), "--- FAIL: TestPlanted/"+p.caught) {
			t.Errorf("%s: not caught: %v\n%s", name, err, out)
		}
	}
}
