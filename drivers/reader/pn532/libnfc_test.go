package pn532_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"tillkeeper/drivers/reader/pn532"
	"tillkeeper/drivers/sim/card"
	sim "tillkeeper/drivers/sim/pn532"
)

// libnfc and the driver use the same simulated chip, one after the other: what one leaves behind the other must undo.
func TestDriverAndLibnfcTakeTurnsAtOneChip(t *testing.T) {
	tool, err := exec.LookPath("nfc-list")
	if err != nil {
		t.Fatal("install Debian's libnfc-bin")
	}
	c := sim.New()
	h, err := c.Serve()
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	c.Put(payment())
	for range 2 {
		cmd := exec.Command(tool)
		cmd.Env = append(os.Environ(), "LIBNFC_DEFAULT_DEVICE=pn532_uart:"+h.Path(), "LIBNFC_AUTO_SCAN=false", "HOME="+t.TempDir())
		cmd.WaitDelay = 30 * time.Second
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "1 ISO14443A passive target(s) found") {
			t.Fatalf("nfc-list: %v\n%s", err, out)
		}
		r := pn532.New(pn532.SerialPort(h.Path(), pn532.DefaultBaud), pn532.Options{Terminal: card.Terminal()})
		if err := pay(r, good().PAN); err != nil {
			t.Error(err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}
