package drivertest

import (
	"context"
	"errors"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/reader"
	driver "tillkeeper/drivers/reader/pn532"
	"tillkeeper/drivers/sim/card"
	"tillkeeper/drivers/sim/pn532"
)

// wasteful is a reader that computes for nothing before each card.
type wasteful struct {
	reader.Reader
	waste time.Duration // of the processor's time
}

func (w wasteful) Connect(ctx context.Context, p reader.Purchase) (reader.Session, error) {
	start, err := cpuOf(unix.CLOCK_PROCESS_CPUTIME_ID)
	for now := start; err == nil && now-start < w.waste; {
		now, err = cpuOf(unix.CLOCK_PROCESS_CPUTIME_ID)
	}
	if err != nil {
		return nil, err
	}
	return w.Reader.Connect(ctx, p)
}

func TestAPaymentsCPUHasWhatTheDriverWastes(t *testing.T) {
	chip := pn532.New()
	r := driver.New(driver.I2C(chip.I2C().Open), driver.Options{Terminal: card.Terminal()})
	const waste = 20 * time.Millisecond
	each, err := PaymentCPU(wasteful{r, waste}, chip, readerCard(reader.Contactless, card.Good), 2)
	if err != nil || each < waste {
		t.Errorf("%s a payment, %v", each, err)
	}
	if _, err := PaymentCPU(r, chip, readerCard(reader.Contactless, card.Damaged), 1); !errors.Is(err, pos.ErrCardUnreadable) {
		t.Errorf("a damaged card has a figure: %v", err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func TestADamagedCardHasNoTimeToF55(t *testing.T) {
	if _, _, err := FieldToF55(t, readerCard(reader.Contactless, card.Damaged), 0, 0, 1); !errors.Is(err, pos.ErrCardUnreadable) {
		t.Errorf("a damaged card has a figure: %v", err)
	}
}
