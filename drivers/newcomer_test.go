package drivers

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/port"
)

// TestADeviceThatWasNeverThereIsNotWell: the doctor called a panel well at which nothing had been shown yet, and a reader at a bus
// that the board does not have a broken device.
func TestADeviceThatWasNeverThereIsNotWell(t *testing.T) {
	s := bare(t)
	for _, c := range []struct {
		name, url string
		open      func(context.Context, string) (*unit, error)
	}{
		{QR, "st7789+spi:SPI97.0?dc=GPIO25", s.openPanel},
		{QR, "ssd1306+i2c:I2C97", s.openPanel},
		{Reader, "pn532+i2c:I2C97", s.openReaders},
		{Reader, "pn532+spi:SPI97.0", s.openReaders},
		{Pole, "serial:" + filepath.Join(t.TempDir(), "none"), s.openPole},
	} {
		u, err := c.open(t.Context(), c.url)
		if err != nil {
			t.Errorf("%s: %v", c.url, err)
			continue
		}
		if got := u.check(t.Context(), pos.CheckInternal); got.State != "fault" || got.Code != "unplugged" {
			t.Errorf("%s: %+v", c.url, got)
		}
		if err := u.close(); err != nil {
			t.Errorf("%s: %v", c.url, err)
		}
	}
}

// TestTheSimulatedPoleThatIsProposedOpens: the till proposed "sim:" for the pole and then looked for a line without a name.
func TestTheSimulatedPoleThatIsProposedOpens(t *testing.T) {
	s := bare(t)
	u, err := s.openPole(t.Context(), "sim:")
	if err != nil {
		t.Fatal(err)
	}
	if got := u.check(t.Context(), pos.CheckInternal); got.State != "ok" {
		t.Errorf("%+v", got)
	}
	if err := u.port.(pos.Display).Show(pos.View{State: pos.ViewPay, Title: "合计", Total: 1250}); err != nil {
		t.Error(err)
	}
	var rows []byte
	for end := time.Now().Add(time.Minute); !strings.Contains(string(rows), "12.50"); time.Sleep(time.Millisecond) {
		if rows, err = os.ReadFile(filepath.Join(s.c.Dir, "pole.txt")); err != nil || time.Now().After(end) {
			t.Errorf("it shows %q, %v", rows, err)
			break
		}
	}
	if err := u.close(); err != nil {
		t.Error(err)
	}
}

// TestNoNameIsNotTheFirstBusOfTheBoard: periph takes an empty name for the first bus that it knows.
func TestNoNameIsNotTheFirstBusOfTheBoard(t *testing.T) {
	for _, open := range []func(name string) (string, error){
		func(string) (string, error) { return "a bus", nil },
		func(string) (string, error) { return "", errors.New("spireg: no port found") },
	} {
		if got, err := bus("", open); got != "" || pos.WhyNot(err, "") != port.Unplugged {
			t.Errorf("opened %q, %v", got, err)
		}
	}
	if got, err := bus("SPI0.0", func(name string) (string, error) { return name, nil }); got != "SPI0.0" || err != nil {
		t.Errorf("opened %q, %v", got, err)
	}
}
