package pn532_test

import (
	"context"
	"syscall"
	"testing"
	"time"

	"tillkeeper/drivers/drivertest"
	"tillkeeper/drivers/reader/pn532"
	"tillkeeper/drivers/sim/card"
	sim "tillkeeper/drivers/sim/pn532"
)

// spent is the processor time of this process so far.
func spent(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkContactlessPayment is a whole payment: card found, read, first and second cryptogram, field off. It reports the
// processor time of all that is not the card: dialogue, driver, and the model of the bus and the chip.
func BenchmarkContactlessPayment(b *testing.B) {
	for _, w := range ways {
		b.Run(w.name, func(b *testing.B) {
			c := sim.New()
			o, end := w.open(b, c)
			r := pn532.New(o, pn532.Options{Terminal: card.Terminal()})
			each, err := drivertest.PaymentCPU(r, c, good(), b.N)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(each)/1e6, "cpu-ms/payment")
			if err := r.Close(); err != nil {
				b.Fatal(err)
			}
			end()
		})
	}
}

// BenchmarkWaiting is one second of waiting for a card.
func BenchmarkWaiting(b *testing.B) {
	for _, w := range ways {
		b.Run(w.name, func(b *testing.B) {
			c := sim.New()
			o, end := w.open(b, c)
			r := pn532.New(o, pn532.Options{Terminal: card.Terminal()})
			before := spent(b)
			for b.Loop() {
				ctx, cancel := context.WithTimeout(context.Background(), time.Second)
				if _, err := r.Connect(ctx, drivertest.ReaderPurchase()); err == nil {
					b.Fatal("a card from nowhere")
				}
				cancel()
			}
			b.ReportMetric(float64(spent(b)-before)/float64(b.N)/1e6, "cpu-ms/s")
			if err := r.Close(); err != nil {
				b.Fatal(err)
			}
			end()
		})
	}
}
