package wire

import (
	"testing"
	"time"

	"github.com/moov-io/iso8583"
)

// BenchmarkFull0200 packs and unpacks a sale by chip and PIN, strictly (what goes
// over the line: header, and packed again to be compared) and with the bare
// library on the same spec. One iteration does both, taking turns, so that the
// ratio is not a matter of what else the machine does. The strictness may add
// 40 percent: ratio at most 1.4.
func BenchmarkFull0200(b *testing.B) {
	p := cup(b)
	frames, _ := vectors(b)
	body := frames["V8"][2:]
	head, m, err := p.Unpack(body)
	if err != nil {
		b.Fatal(err)
	}
	strict := func() {
		out, err := p.Pack(head, m)
		if err != nil {
			b.Fatal(err)
		}
		if _, _, err := p.Unpack(out); err != nil {
			b.Fatal(err)
		}
	}
	bare := func() {
		im := iso8583.NewMessage(p.spec)
		im.MTI(m.MTI)
		for id, v := range m.Fields {
			if err := im.Field(id, v); err != nil {
				b.Fatal(err)
			}
		}
		out, err := im.Pack()
		if err != nil {
			b.Fatal(err)
		}
		if err := iso8583.NewMessage(p.spec).Unpack(out); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("strict", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			strict()
		}
	})
	b.Run("bare", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			bare()
		}
	})
	b.Run("ratio", func(b *testing.B) {
		var ours, theirs time.Duration
		n := 0
		for b.Loop() {
			start := time.Now()
			strict()
			middle := time.Now()
			bare()
			ours += middle.Sub(start)
			theirs += time.Since(middle)
			n++
		}
		b.ReportMetric(float64(ours.Nanoseconds())/float64(n), "strict-ns")
		b.ReportMetric(float64(theirs.Nanoseconds())/float64(n), "bare-ns")
		b.ReportMetric(float64(ours)/float64(theirs), "ratio")
	})
}
