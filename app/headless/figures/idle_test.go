package figures

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tillkeeper/app/config"
	"tillkeeper/drivers/drivertest"
	simreader "tillkeeper/drivers/sim/pn532"
	simpole "tillkeeper/drivers/sim/pole"
	simprinter "tillkeeper/drivers/sim/printer"
)

// counter is what is plugged into the measured till, outside of its process.
type counter struct {
	urls []string // lines of [devices]
	said []string // what is where, for the table
	ends []func() error
	chip *simreader.Chip
}

func (c *counter) plug(device, url, said string) {
	c.urls = append(c.urls, fmt.Sprintf("%s = %q", device, url))
	c.said = append(c.said, said)
}

func (c *counter) end() (err error) {
	for i := len(c.ends) - 1; i >= 0; i-- {
		err = errors.Join(err, c.ends[i]())
	}
	return err
}

// newCounter plugs in a device of each kind: two card readers, a PIN pad, a
// printer and a pole on wires; the QR panel, the scanner and the scale are the
// till's own simulators, below the same drivers.
func newCounter(b *bench) (c *counter, err error) {
	c = &counter{chip: simreader.New()}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.end())
		}
	}()
	line, err := c.chip.Serve()
	if err != nil {
		return c, err
	}
	c.ends = append(c.ends, line.Close)
	readers, said := "pn532+serial:"+line.Path()+"?baud=115200", "a PN532"
	if slots() == nil {
		d := drivertest.StartPCSCD(b)
		c.ends = append(c.ends, func() error { d.Kill(); return nil })
		readers, said = readers+",pcsc:?socket="+d.Socket, said+", a real pcscd"
	}
	c.plug("reader", readers, said)
	pad, err := launch(b.bin, "pinpad", "--pty", "--data", filepath.Join(b.dir, "pad"), "--tmk", config.Default().Keys.TMK)
	if err != nil {
		return c, err
	}
	c.ends = append(c.ends, func() error { pad.end(); return nil })
	path, err := pad.line()
	if err != nil {
		return c, err
	}
	c.plug("pinpad", "serial:"+path+"?baud=9600", "a PIN pad")
	paper, err := simprinter.New(simprinter.Opts{Dir: filepath.Join(b.dir, "idle paper")})
	if err != nil {
		return c, err
	}
	c.ends = append(c.ends, paper.Close)
	link := filepath.Join(b.dir, "lp")
	if err := paper.Pty(link); err != nil {
		return c, err
	}
	c.plug("printer", "serial:"+link+"?baud=115200&model="+simprinter.Name80, "a printer")
	pole, err := simpole.New(simpole.Opts{})
	if err != nil {
		return c, err
	}
	c.ends = append(c.ends, pole.Close)
	c.plug("pole", "serial:"+pole.Path()+"?baud=9600", "a pole")
	for _, own := range []string{"qr", "scanner", "scale"} {
		c.plug(own, "sim:", "a simulated "+strings.Replace(own, "qr", "panel", 1))
	}
	return c, nil
}

// conditions are what the self-test calls the devices.
var conditions = []string{"reader", "pinpad", "printer", "drawer", "display", "pole", "scanner", "scale"}

// looks is how often the self-test is asked before the measure.
const looks = 20

// devicesWell asks the till's self-test, tries times at most, until each device
// is well.
func devicesWell(till *process, tries int) error {
	var bad []string
	for i := range tries {
		if i > 0 {
			time.Sleep(250 * time.Millisecond)
		}
		var said struct {
			Checks []struct{ Name, State, Code, Detail string }
		}
		if err := till.tell(`{"cmd":"selftest"}`, &said); err != nil {
			return err
		}
		well := map[string]bool{}
		for _, c := range said.Checks {
			well[c.Name] = c.State == "ok"
		}
		bad = nil
		for _, name := range conditions {
			if !well[name] {
				bad = append(bad, name)
			}
		}
		if len(bad) == 0 {
			return nil
		}
	}
	return fmt.Errorf("not well: %s", strings.Join(bad, " "))
}

// idleDevices is what the till takes while every device is seen to and nobody
// does anything.
func idleDevices(b *bench) (err error) {
	if err := need(b); err != nil {
		return err
	}
	c, err := newCounter(b)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.end()) }()
	file := filepath.Join(b.dir, "devices.toml")
	if err := os.WriteFile(file, []byte("[devices]\n"+strings.Join(c.urls, "\n")+"\n"), 0o600); err != nil {
		return err
	}
	till, err := launch(b.bin, "headless", "--demo", "--data", filepath.Join(b.dir, "devices"), "--config", file)
	if err != nil {
		return err
	}
	defer till.end()
	for _, cmd := range []string{`{"cmd":"wait","for":"online","timeout_ms":30000}`, `{"cmd":"signin","staff":"1001","pin":"` + pin + `"}`} {
		if err := till.ask(cmd); err != nil {
			return err
		}
	}
	if err := devicesWell(till, looks); err != nil {
		return err
	}
	time.Sleep(b.idle / 10)
	used, err := b.idleCPU(till.cmd.Process.Pid)
	if err != nil {
		return err
	}
	if err := devicesWell(till, 1); err != nil {
		return fmt.Errorf("after the measure: %w", err)
	}
	if c.chip.Counts().Commands == 0 { // one well reader is enough for the self-test
		return errors.New("nobody spoke to the PN532")
	}
	b.add(row{
		what: "an open till with every device plugged in: idle CPU", yardstick: "a core", ratio: 100 * over(used, b.idle), reach: 1, unit: " %",
		seen: fmt.Sprintf("%s in %s with %s; those simulated and the demo's acquirer and wallet are inside the process", used, b.idle, strings.Join(c.said, ", ")),
	})
	return nil
}

func Test_a_device_that_is_not_well_is_named(t *testing.T) {
	for _, ill := range []string{"", "pole"} {
		var checks []string
		for _, name := range conditions {
			state := "ok"
			if name == ill {
				state = "fault"
			}
			checks = append(checks, fmt.Sprintf(`{"name":%q,"state":%q}`, name, state))
		}
		p, err := launch("sh", "-c", `while read -r line; do echo "$0"; done`, `{"ok":true,"checks":[`+strings.Join(checks, ",")+`]}`)
		if err != nil {
			t.Fatal(err)
		}
		err = devicesWell(p, 1)
		p.end()
		if (err == nil) != (ill == "") || err != nil && !strings.HasSuffix(err.Error(), ": "+ill) {
			t.Errorf("ill %q: %v", ill, err)
		}
	}
}
