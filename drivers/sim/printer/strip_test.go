package printer_test

import (
	"bytes"
	"net"
	"os"
	"strings"
	"testing"

	sim "tillkeeper/drivers/sim/printer"
)

// pictured gives the picture of the last one of some slips, printed one after
// the other by a printer of its own.
func pictured(t *testing.T, slips ...string) []byte {
	t.Helper()
	drawn := make(chan string, len(slips))
	p, err := sim.New(sim.Opts{Dir: t.TempDir(), Font: font(t), OnSlip: func(_, file string) { drawn <- file }})
	if err != nil {
		t.Fatal(err)
	}
	near, far := net.Pipe()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.Serve(far)
	}()
	var file string
	for _, slip := range slips {
		if _, err := near.Write([]byte(slip + "\x1dV\x00")); err != nil {
			t.Fatal(err)
		}
		file = <-drawn
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	near.Close()
	<-ended
	return b
}

// TestASlipShowsNothingOfTheOneBefore: slips are drawn on one strip, with one
// encoder.
func TestASlipShowsNothingOfTheOneBefore(t *testing.T) {
	long, short := strings.Repeat("\x1b!\x30MMMMMMMMMMMM\n", 60), "m\n"
	alone := pictured(t, short)
	if !bytes.Equal(pictured(t, long, short), alone) {
		t.Error("the short slip behind a long one looks different")
	}
	if bytes.Equal(pictured(t, short, long), alone) {
		t.Error("a long slip looks like a short one")
	}
}
