package find_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"tillkeeper/drivers/find"
	"tillkeeper/drivers/hotplug"
	"tillkeeper/drivers/port"
)

// cupsUSB is the part of CUPS that talks to printers at USB, where the rig has it.
const cupsUSB = "/usr/lib/cups/backend/usb"

// TestCUPSItselfIsNamed: CUPS' own program takes a printer out of the kernel's hands, as it does with a queue for it. The till
// names the program and how to end that; when it has gone and left the printer without a driver, it says that, and the kernel's
// driver brings the printer back.
func TestCUPSItselfIsNamed(t *testing.T) {
	if _, err := os.Stat(cupsUSB); err != nil || !inRig(t) {
		t.Logf("NOT PROVED HERE with CUPS itself (%v): drivers/drivertest/rig.sh ./drivers/find 'Gadget|CUPS' does it", err)
		TestPrinterThatWasStolenNamesTheThief(t)
		return
	}
	w, h := hotplug.New(nil), find.New("/")
	defer w.Close()
	unplug := gadget(t, "printer.g0", "0416", "5011", "TILL1", map[string]string{"pnp_string": "MFG:EPSON;CMD:ESC/POS;MDL:TM-T20II;CLS:PRINTER;"})
	defer unplug()
	heard(t, w, hotplug.Add, "usb/lp0")
	paper, err := os.OpenFile("/dev/g_printer0", os.O_RDWR, 0) // somebody has to be at the printer's end
	if err != nil {
		t.Fatal(err)
	}
	defer paper.Close()
	cups, words, ended := cupsTakes(t)
	defer func() { _ = cups.Process.Kill() }()
	gone := func(within time.Duration) error {
		for end := time.Now().Add(within); ; time.Sleep(10 * time.Millisecond) {
			_, err := port.OpenLP("/dev/usb/lp0")
			if port.Reason(err) == port.Unplugged {
				return err
			}
			if time.Now().After(end) {
				why, _ := os.ReadFile(words.Name())
				t.Fatalf("CUPS does not take the printer: %v\n%s", err, why)
			}
		}
	}
	missing := gone(patience)
	c := find.Case{Scheme: "lp", Path: "/dev/usb/lp0", Identity: "0416:5011 TILL1", Err: missing}
	has(t, h, c, port.BusyElsewhere, "taken from the kernel's driver", fmt.Sprintf("usb (process %d)", cups.Process.Pid), "systemctl disable --now cups")
	_ = cups.Process.Kill()
	<-ended
	_, command := said(h.Why(t.Context(), c), missing)
	bind := regexp.MustCompile(`echo [0-9.:-]+ \| sudo tee /sys/bus/usb/drivers/usblp/bind`).FindString(command)
	if bind == "" {
		t.Fatal(command)
	}
	if out, err := exec.Command("sh", "-c", strings.Replace(bind, "sudo ", "", 1)).CombinedOutput(); err != nil { // as root already
		t.Fatalf("%s: %v: %s", bind, err, out)
	}
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		l, err := port.OpenLP("/dev/usb/lp0")
		if err == nil {
			_ = l.Close()
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s does not bring the printer back: %v", bind, err)
		}
	}
}

// cupsTakes starts CUPS' program on the printer with a job that does not end.
func cupsTakes(t *testing.T) (cups *exec.Cmd, said *os.File, ended <-chan error) {
	t.Helper()
	words, err := os.Create(filepath.Join(t.TempDir(), "said"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { words.Close() })
	cups = exec.Command(cupsUSB, "1", "root", "job", "1", "")
	cups.Env = append(os.Environ(), "DEVICE_URI=usb://EPSON/TM-T20II?serial=TILL1")
	cups.Stdout, cups.Stderr = words, words
	job, err := cups.StdinPipe() // a job that does not end
	if err != nil {
		t.Fatal(err)
	}
	if err := cups.Start(); err != nil {
		t.Fatal(err)
	}
	end := make(chan error, 1)
	go func() { end <- cups.Wait() }()
	if _, err := job.Write([]byte("a slip\n")); err != nil {
		t.Fatal(err)
	}
	return cups, words, end
}
