package pn532_test

import (
	"bytes"
	"testing"

	"tillkeeper/drivers/sim/pn532"
)

// FuzzHost: whatever a host sends, the chip goes on, holds little of it and still answers afterwards.
func FuzzHost(f *testing.F) {
	f.Add([]byte{0x00, 0x00, 0xFF, 0x02, 0xFE, 0xD4, 0x02, 0x2A, 0x00})
	f.Add([]byte{0x00, 0xFF, 0xFF, 0xFF, 0x01, 0x09, 0xF6, 0xD4})
	f.Add([]byte{0x00, 0xFF, 0x04, 0xFC, 0xD4, 0x4A, 0x02, 0x00, 0xE0, 0x00, 0x00, 0xFF, 0x00, 0xFF})
	f.Add([]byte{0x00, 0xFF, 0x05, 0xFB, 0xD4, 0x40, 0x41, 0x00, 0xA4, 0x07, 0x00})
	f.Fuzz(func(t *testing.T, b []byte) {
		c := pn532.New()
		c.Put(pn532.Payment([]byte{4, 2, 3, 4}, func(apdu []byte) []byte { return append([]byte(nil), apdu...) }))
		bus := c.I2C()
		for range 100 { // until it is awake
			if bus.Tx(pn532.Address, []byte{0x00, 0xFF, 0x03, 0xFD, 0xD4, 0x14, 0x01, 0x17, 0x00}, nil) == nil {
				break
			}
		}
		_ = bus.Tx(pn532.Address, b, nil)
		// A command of the fuzzer may have sent it to sleep, or left half a frame: it is reset.
		c.Reset()
		for range 100_000 {
			if bus.Tx(pn532.Address, []byte{0x00, 0xFF, 0x02, 0xFE, 0xD4, 0x02, 0x2A, 0x00}, nil) == nil {
				break
			}
		}
		got := make([]byte, 7)
		if err := bus.Tx(pn532.Address, nil, got); err != nil || !bytes.Equal(got[1:], []byte{0x00, 0x00, 0xFF, 0x00, 0xFF, 0x00}) {
			t.Fatalf("% x, %v", got, err)
		}
	})
}
