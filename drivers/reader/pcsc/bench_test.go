package pcsc_test

import (
	"testing"
	"time"

	"tillkeeper/drivers/drivertest"
	"tillkeeper/drivers/sim/card"
)

// BenchmarkFieldToF55 measures, over pcscd and vpcd, the time from pcscd's word that a card is there to its field 55, and the
// bare sum of the same APDUs over the same pcscd. Their ratio is the till's share and wants to be within 1.1. Cards: one that
// answers at once, one contactless at 106 kbit/s, one with contacts at 9600 baud (1 ms a byte).
func BenchmarkFieldToF55(b *testing.B) {
	for _, test := range []struct {
		name           string
		card           card.Card
		command, octet time.Duration
	}{
		{"contactless/at-once", contactless, 0, 0},
		{"contactless/106kbit", contactless, 5 * time.Millisecond, 85 * time.Microsecond},
		{"chip/at-once", chip, 0, 0},
		{"chip/9600baud", chip, 2 * time.Millisecond, time.Millisecond},
	} {
		b.Run(test.name, func(b *testing.B) {
			whole, bare, err := drivertest.FieldToF55(b, test.card, test.command, test.octet, b.N)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(whole.Microseconds())/1000, "ms-to-F55")
			b.ReportMetric(float64(bare.Microseconds())/1000, "ms-bare")
			b.ReportMetric(float64(whole)/float64(bare), "ratio")
		})
	}
}
