package port_test

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"tillkeeper/drivers/port"
)

// openAs names the path of a terminal that a child opens in each way there is.
const openAs = "TILL_PORT_OPENS"

// TestNoDeviceBecomesTheTillsTerminal: a service has a session and no terminal, and the first one that it opens becomes its
// own unless it says no. It was told to end (SIGHUP) when a line that was configured as a printer was unplugged.
func TestNoDeviceBecomesTheTillsTerminal(t *testing.T) {
	if path := os.Getenv(openAs); path != "" {
		for _, open := range []func() (*port.Line, error){
			func() (*port.Line, error) { return port.OpenLP(path) },
			func() (*port.Line, error) { return port.OpenLine(path, 9600) },
		} {
			l, err := open()
			if err != nil {
				t.Fatal(err)
			}
			if own, err := os.Open("/dev/tty"); !errors.Is(err, syscall.ENXIO) {
				t.Errorf("it is the till's: %v, %v", own, err)
			}
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		}
		return
	}
	_, path := pair(t)
	till := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	till.Env = append(os.Environ(), openAs+"="+path)
	till.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if out, err := till.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
