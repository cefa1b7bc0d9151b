package printer_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/port"
	"tillkeeper/drivers/printer"
)

// receipt40 is a receipt of 40 lines with a QR code.
func receipt40() slip {
	s := slip{{kind: "centre", left: "惠民便利店", bold: true, big: true}, {kind: "rule"}}
	for i := range 33 {
		s = append(s, testLine{kind: "text", left: fmt.Sprintf("%02d 农夫山泉天然饮用水 550ml", i), right: "2.00"})
	}
	return append(s, testLine{kind: "text", left: "合计", right: "￥66.00", bold: true, big: true}, testLine{kind: "rule"},
		testLine{kind: "centre", left: "谢谢惠顾"}, testLine{kind: "qr", left: "000123"}, testLine{kind: "cut"})
}

// BenchmarkReceipt40 makes the bytes of a receipt of 40 lines: the goal is 1 ms.
func BenchmarkReceipt40(b *testing.B) {
	font := notoSans(b)
	drawn := printer.Plain
	for _, c := range []struct {
		name string
		m    printer.Model
		more slip
	}{
		{"native codes", printer.Full, nil},
		{"drawn codes", drawn, nil},
		{"with a drawn line", printer.Full, slip{{kind: "text", left: "Crème ñ œ", right: "1.00"}}},
	} {
		b.Run(c.name, func(b *testing.B) {
			f := printer.NewForm(c.m, 0, font)
			s := append(c.more, receipt40()...)
			if _, err := f.Encode(s); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := f.Encode(s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// attend is a printer on a line that answers at once and says when a slip begins.
func attend(far io.ReadWriter, begun chan<- time.Time) {
	var tail []byte
	buf := make([]byte, 4096)
	for {
		n, err := far.Read(buf)
		if err != nil {
			return
		}
		now := time.Now()
		for _, c := range buf[:n] {
			if tail = append(tail, c); len(tail) > 11 {
				tail = tail[len(tail)-11:]
			}
			switch n := len(tail); {
			case bytes.HasSuffix(tail, []byte{0x1b, '@'}):
				begun <- now
			case n >= 3 && tail[n-3] == 0x10 && tail[n-2] == 0x04:
				_, _ = far.Write([]byte{0x12})
			case n == 11 && bytes.Equal(tail[:7], []byte{0x1d, '(', 'H', 6, 0, 48, 48}):
				_, _ = far.Write(append(append([]byte{0x37, 0x22}, tail[7:]...), 0))
			}
		}
	}
}

// BenchmarkFirstByte measures from Print to the first byte of the slip at the
// printer, which includes the question whether it is ready, and with a queue on
// disk two flushes of it.
func BenchmarkFirstByte(b *testing.B) {
	for _, onDisk := range []bool{false, true} {
		b.Run(fmt.Sprintf("on disk %v", onDisk), func(b *testing.B) {
			far, path, err := port.Pty()
			if err != nil {
				b.Fatal(err)
			}
			begun := make(chan time.Time, 1)
			go attend(far, begun)
			o := printer.Opts{Model: "TM-T82III"}
			if onDisk {
				o.Dir = b.TempDir()
			}
			p := printer.New(func() (io.ReadWriteCloser, error) { return port.OpenLine(path, 115200) }, o)
			s := receipt40()
			var total time.Duration
			for b.Loop() {
				start := time.Now()
				if err := p.Print(pos.PrintJob{Slip: s}); err != nil {
					b.Fatal(err)
				}
				total += (<-begun).Sub(start)
				if err := p.Drain(context.Background()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(total.Microseconds())/float64(b.N), "µs/first-byte")
			_ = p.Close()
			_ = far.Close()
		})
	}
}
