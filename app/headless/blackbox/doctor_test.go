package blackbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"tillkeeper/app/headless/blackbox/child"
	"tillkeeper/drivers/port"
	simprinter "tillkeeper/drivers/sim/printer"
	"tillkeeper/store/storetest"
)

// visit is what the doctor said: as text, and line by line as JSON.
type visit struct {
	text string
	by   map[string]found
	code int
}

// doctor has the doctor look twice, in words and in JSON, which have to agree.
func (s *shop) doctor(t *testing.T, as *syscall.Credential, args ...string) visit {
	t.Helper()
	all := append([]string{"doctor", "--data", s.Data}, args...)
	if _, err := os.Stat(s.Config); err == nil {
		all = append(all, "--config", s.Config)
	}
	program := binary
	if as != nil {
		program = s.forEveryone(t)
	}
	text, code := output(t, as, program, all...)
	lines, code2 := output(t, as, program, append(all, "--json")...)
	v := visit{text: text, by: map[string]found{}, code: code}
	if code != code2 {
		t.Errorf("text ends with %d, JSON with %d", code, code2)
	}
	d := json.NewDecoder(strings.NewReader(lines))
	d.DisallowUnknownFields()
	for {
		var f found
		if err := d.Decode(&f); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("%v in %s", err, lines)
		}
		v.by[f.Device] = f
		for _, bad := range f.lacks(text) {
			t.Errorf("%s: %+v\n%s", bad, f, text)
		}
	}
	return v
}

func output(t *testing.T, as *syscall.Credential, program string, args ...string) (text string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), child.Limit)
	defer cancel()
	c := exec.CommandContext(ctx, program, args...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	c.Dir = os.TempDir()
	if as != nil {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	}
	var exit *exec.ExitError
	if err := c.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if strings.Contains(errs.String(), "goroutine ") {
		t.Fatalf("it broke down: %s", errs.String())
	}
	return out.String(), c.ProcessState.ExitCode()
}

// lacks says what a line of the doctor has to have and has not.
func (f found) lacks(text string) (bad []string) {
	if !strings.Contains(text, fmt.Sprintf("%-8s %-5s", f.Device, f.State)) || !strings.Contains(text, f.Code) || !strings.Contains(text, f.Detail) {
		bad = append(bad, "the text does not say it")
	}
	if f.State == "fault" && (f.Code == "" || f.Remedy == "" || !strings.Contains(text, "-> "+f.Remedy)) {
		bad = append(bad, "a fault without its fix")
	}
	return bad
}

// misses says in what a visit differs from one that finds a device at fault.
func (v visit) misses(device, code string, says ...string) (bad []string) {
	f := v.by[device]
	if v.code != 1 || f.State != "fault" || f.Code != code {
		bad = append(bad, fmt.Sprintf("exit %d, %s: %+v, not %s", v.code, device, f, code))
	}
	for _, s := range says {
		if !strings.Contains(f.Detail+" "+f.Remedy, s) {
			bad = append(bad, fmt.Sprintf("nothing of %q: %+v", s, f))
		}
	}
	return bad
}

// wrong expects a fault with its code and what the line has to say.
func (v visit) wrong(t *testing.T, device, code string, says ...string) {
	t.Helper()
	for _, bad := range v.misses(device, code, says...) {
		t.Errorf("%s\n%s", bad, v.text)
	}
}

// TestTheJudgeOfTheDoctorBites plants what a bad doctor would say.
func TestTheJudgeOfTheDoctorBites(t *testing.T) {
	good := found{"printer", "fault", "busy_elsewhere", "held by sleep (process 7)", "sudo kill 7"}
	text := "printer  fault  busy_elsewhere  held by sleep (process 7)\n               -> sudo kill 7\n"
	v := visit{text: text, by: map[string]found{"printer": good}, code: 1}
	if bad := append(good.lacks(text), v.misses("printer", "busy_elsewhere", "process 7")...); len(bad) > 0 {
		t.Fatalf("a good one is refused: %v", bad)
	}
	nofix, other := good, good
	nofix.Remedy, other.Detail = "", "held by somebody"
	if len(nofix.lacks(text)) == 0 || len(other.lacks(text)) == 0 || len(good.lacks("")) == 0 {
		t.Error("a line without its fix, or another in words than in JSON, passes")
	}
	content, mild := v, v
	content.code = 0
	mild.by = map[string]found{"printer": {Device: "printer", State: "ok"}}
	for _, bad := range [][]string{
		content.misses("printer", "busy_elsewhere"), mild.misses("printer", "busy_elsewhere"), v.misses("printer", "offline"),
		v.misses("scale", "busy_elsewhere"), v.misses("printer", "busy_elsewhere", "process 8"),
	} {
		if len(bad) == 0 {
			t.Error("a bad doctor passes")
		}
	}
}

// forEveryone gives the program to every user and the shop to nobody.
func (s *shop) forEveryone(t *testing.T) string {
	t.Helper()
	program := filepath.Join(s.Dir, "tillkeeper")
	if _, err := os.Stat(program); err == nil {
		return program
	}
	b, err := os.ReadFile(binary)
	if err == nil {
		err = os.WriteFile(program, b, 0o755)
	}
	if err == nil {
		err = os.Chmod(program, 0o755) // whatever the umask is
	}
	if err == nil {
		err = os.Mkdir(s.Data, 0o700)
	}
	if err == nil {
		err = os.Chown(s.Data, nobody, nobody)
	}
	if err == nil {
		err = os.Chmod(s.Config, 0o644)
	}
	storetest.Forbidden(t, err) // it looks as another user
	return program
}

const nobody = 65534

// TestTheDoctorLeavesWaitingSlipsAlone: they are the till's to print, and one
// that the doctor had begun was cut short by his end.
func TestTheDoctorLeavesWaitingSlipsAlone(t *testing.T) {
	b := newBench(t, simprinter.Opts{})
	s := opened(t, config(b.lines()...), "")
	b.pull(t)
	s.become(t, "fault", "unplugged")
	s.Sale(t, "cash", "tendered", 1000)
	if err := s.CloseTill(); err != nil {
		t.Fatal(err)
	}
	b.plug(t)
	if v := s.doctor(t, nil, "--host", s.Addr); v.by["printer"].State != "ok" || v.code != 0 {
		t.Errorf("exit %d\n%s", v.code, v.text)
	}
	if n := b.printer.Slips(); len(n) != 0 {
		t.Fatalf("the doctor printed %v", n)
	}
	s.OpenUp(t)
	child.Until(t, func() bool { return len(b.printer.Slips()) > 0 })
	if err := s.CloseTill(); err != nil {
		t.Fatal(err)
	}
	if n := b.printer.Slips(); len(n) != 1 {
		t.Errorf("printed %v", n)
	}
}

func TestTheDoctorIsContent(t *testing.T) {
	s := world(t)
	b := newBench(t, simprinter.Opts{})
	child.Put(t, s.Config, config(b.lines()...))
	v := s.doctor(t, nil, "--demo")
	if v.code != 0 {
		t.Errorf("exit %d\n%s", v.code, v.text)
	}
	for _, name := range append([]string{"journal", "disk", "clock", "reader", "pinpad", "display", "host"}, onLines...) {
		if v.by[name].State != "ok" {
			t.Errorf("%s: %+v", name, v.by[name])
		}
	}
}

// TestTheDoctorNamesWhoHasThePrinter: another program has locked its line.
func TestTheDoctorNamesWhoHasThePrinter(t *testing.T) {
	s := world(t)
	far, path, err := port.Pty()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	thief := exec.Command("flock", "--no-fork", "--exclusive", path, "sleep", "600")
	if err := thief.Start(); err != nil {
		t.Fatalf("install the Debian package util-linux: %v", err)
	}
	defer func() {
		_ = thief.Process.Kill()
		_ = thief.Wait()
	}()
	child.Put(t, s.Config, config(`printer = "serial:`+path+`"`))
	var v visit
	child.Until(t, func() bool { // the thief has to get there first
		v = s.doctor(t, nil, "--demo")
		return v.by["printer"].Code == "busy_elsewhere"
	})
	v.wrong(t, "printer", "busy_elsewhere", path, "sleep", fmt.Sprint("process ", thief.Process.Pid), fmt.Sprint("sudo kill ", thief.Process.Pid))
}

func TestTheDoctorNamesTheMissingRight(t *testing.T) {
	s := world(t)
	far, path, err := port.Pty()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	child.Put(t, s.Config, config(`printer = "serial:`+path+`"`))
	v := s.doctor(t, &syscall.Credential{Uid: nobody, Gid: nobody}, "--demo")
	v.wrong(t, "printer", "no_permission", path, "70-tillkeeper.rules", "usermod -aG")
}

func TestTheDoctorNamesWhatIsMissing(t *testing.T) {
	s := world(t)
	gone := filepath.Join(s.Dir, "ttyUSB3")
	socket := filepath.Join(s.Dir, "pcscd.comm")
	child.Put(t, s.Config, config(`reader = "pcsc:?socket=`+socket+`"`, `printer = "serial:`+gone+`"`, `qr = "ssd1306+i2c:I2C9"`)+"[host]\naddress = \""+s.Addr+"\"\n")
	v := s.doctor(t, nil)
	v.wrong(t, "reader", "daemon_down", socket, "pcscd")
	v.wrong(t, "printer", "unplugged", gone)
	v.wrong(t, "display", "unplugged", "I2C9")
	v.wrong(t, "host", "no_line", s.Addr)
}

func TestTheDoctorTellsAWrongSpeed(t *testing.T) {
	s := world(t)
	b := newBench(t, simprinter.Opts{Baud: 115200})
	child.Put(t, s.Config, config(b.lines()...))
	s.doctor(t, nil, "--demo").wrong(t, "printer", "wrong_speed", "?baud=")
	child.Put(t, s.Config, config(strings.ReplaceAll(b.lines()[0], "9600", "115200")))
	if v := s.doctor(t, nil, "--demo"); v.by["printer"].State != "ok" || v.code != 0 {
		t.Errorf("at the right speed: exit %d\n%s", v.code, v.text)
	}
}

func TestTheDoctorTellsAPadWithoutItsKey(t *testing.T) {
	s := world(t)
	link := filepath.Join(s.Dir, "pad")
	pad, err := child.Start(&child.Log{}, binary, "pinpad", "--pty", "--link", link, "--data", filepath.Join(s.Dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	defer pad.Kill()
	<-pad.Lines // it says where it is
	child.Put(t, s.Config, config(`pinpad = "serial:`+link+`"`))
	s.doctor(t, nil, "--demo").wrong(t, "pinpad", "no_tmk", "master key")
}

// TestTheDoctorLooksAtATillThatIsOpen: he opens nothing, names the till that has
// the folder, and says of the devices what can be seen.
func TestTheDoctorLooksAtATillThatIsOpen(t *testing.T) {
	b := newBench(t, simprinter.Opts{})
	gone := filepath.Join(b.dir, "ttyUSB5")
	lines := b.lines()
	lines[1] = `scale = "cas:` + gone + `"`
	s := opened(t, config(lines...), "")
	till := fmt.Sprint("process ", s.Till.Cmd.Process.Pid)
	child.Until(t, func() bool { f := s.looks(t); return f["printer"].State == "ok" && f["scanner"].State == "ok" })
	v := s.doctor(t, nil)
	v.wrong(t, "journal", "data_in_use", till)
	v.wrong(t, "scale", "unplugged", gone)
	for _, name := range []string{"printer", "scanner"} {
		if f := v.by[name]; f.State != "ok" || !strings.Contains(f.Detail, till) {
			t.Errorf("%+v", f)
		}
	}
	if a := s.Sale(t, "card", "card", "ok"); a.State != "approved" {
		t.Errorf("after the doctor: %+v", a)
	}
	child.Until(t, func() bool { return len(b.printer.Slips()) == 1 })
}

func TestTheDoctorTellsABadConfiguration(t *testing.T) {
	for _, c := range []struct{ text, chosen, says string }{
		{text: "[devices]\nprintr = \"sim:\"\n", says: "printr"},
		{text: "[devices]\npinpad = \"usb:1\"\n", says: "serial:/dev/ttyS1"},
		{text: "[devices]\npinpad = \"serial:/dev/ttyS1?baud=fast\"\n", says: "300"},
		{text: "[devices\n", says: "toml"},
		{chosen: "[devices]\ntoaster = \"sim:\"\n", says: "devices.toml"},
		{chosen: "[devices]\nprinter = \"si", says: "devices.toml"},
	} {
		s := world(t)
		child.Put(t, s.Config, c.text)
		if c.chosen != "" {
			if err := os.Mkdir(s.Data, 0o700); err != nil {
				t.Fatal(err)
			}
			child.Put(t, filepath.Join(s.Data, "devices.toml"), c.chosen)
		}
		v := s.doctor(t, nil, "--demo")
		v.wrong(t, "config", "bad_config", c.says)
		if len(v.by) != 1 {
			t.Errorf("%q: %v", c.text+c.chosen, v.by)
		}
	}
}

// TestADeviceThatCannotBeOneClosesNoShop: one URL that no device has, in the configuration or chosen under an earlier version, kept
// the till from starting. The doctor names it, open till or not, and the till sells.
func TestADeviceThatCannotBeOneClosesNoShop(t *testing.T) {
	for _, c := range []struct{ text, chosen, says string }{
		{text: `printer = "usb:1"`, says: "lp:/dev/usb/lp0"},
		{text: `printer = "serial:/dev/ttyUSB0?baud=fast"`, says: "300"},
		{chosen: `printer = "serial:/dev//ttyUSB0"`, says: "straight"},
	} {
		s := world(t)
		child.Put(t, s.Config, config(c.text))
		if c.chosen != "" {
			if err := os.Mkdir(s.Data, 0o700); err != nil {
				t.Fatal(err)
			}
			child.Put(t, filepath.Join(s.Data, "devices.toml"), "[devices]\n"+c.chosen+"\n")
		}
		s.doctor(t, nil, "--demo").wrong(t, "printer", "bad_config", c.says)
	}
	s := opened(t, config(`printer = "usb:1"`), "")
	if f := s.looks(t)["printer"]; f.State != "fault" || f.Code != "bad_config" || !strings.Contains(f.Remedy, "lp:/dev/usb/lp0") {
		t.Errorf("the self-test: %+v", f)
	}
	s.doctor(t, nil).wrong(t, "printer", "bad_config", "lp:/dev/usb/lp0")
	if a := s.Sale(t, "card", "card", "ok"); a.State != "approved" {
		t.Errorf("%+v", a)
	}
}
