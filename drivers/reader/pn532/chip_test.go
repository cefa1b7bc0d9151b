package pn532

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/port"
	"tillkeeper/drivers/reader/emv"
	sim "tillkeeper/drivers/sim/pn532"
)

// opened is a chip that was set up, over I2C.
func opened(t *testing.T, c *sim.Chip) *chip {
	t.Helper()
	b, err := c.I2C().Open()
	if err != nil {
		t.Fatal(err)
	}
	got := &chip{bus: newI2C(b)}
	if err := got.start(context.Background()); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestLongAnswersAndCommandsAreCarriedWhole(t *testing.T) {
	model := sim.New()
	var asked []byte
	size := 0
	model.Put(sim.Payment([]byte{4, 2, 3, 4}, func(apdu []byte) []byte {
		asked = bytes.Clone(apdu)
		out := make([]byte, size)
		for i := range out {
			out[i] = byte(i * 7)
		}
		return out
	}))
	c := opened(t, model)
	target, err := c.search(context.Background())
	if err != nil || target == nil || !target.payment {
		t.Fatal(target, err)
	}
	apdu := bytes.Repeat([]byte{0x5A}, 261) // the longest short APDU
	for _, size = range []int{2, 60, 250, 258, 262, 263, 1000, maxAnswer} {
		got, err := c.exchange(context.Background(), target.number, apdu)
		if err != nil || len(got) != size || got[size-1] != byte((size-1)*7) || !bytes.Equal(asked, apdu) {
			t.Errorf("%d bytes: %d, asked %d, %v", size, len(got), len(asked), err)
		}
	}
	if model.Counts().Extended == 0 {
		t.Error("no extended frame")
	}
	size = maxAnswer + 1
	if _, err := c.exchange(context.Background(), target.number, apdu); !errors.Is(err, emv.ErrCardUnreadable) {
		t.Errorf("an answer without end: %v", err)
	}
}

func TestCardThatTellsNonsenseOfItselfIsUnreadable(t *testing.T) {
	for name, b := range map[string][]byte{
		"nothing": {}, "half": {1, 0, 4}, "no number": {1, 0, 4, 0x20, 0}, "long number": {1, 0, 4, 0x08, 11, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11},
		"short number": {1, 0, 4, 0x08, 4, 1, 2}, "payment without ATS": {1, 0, 4, 0x20, 4, 1, 2, 3, 4}, "ATS of nothing": {1, 0, 4, 0x20, 4, 1, 2, 3, 4, 0},
		"ATS too short": {1, 0, 4, 0x20, 4, 1, 2, 3, 4, 5, 0x78},
	} {
		if _, err := parseTarget(typeA, b); !errors.Is(err, pos.ErrCardUnreadable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, b := range map[string][]byte{"nothing": {}, "short": make([]byte, 13), "answer too short": append(make([]byte, 13), 3, 1, 2)} {
		if _, err := parseTarget(typeB, b); !errors.Is(err, pos.ErrCardUnreadable) {
			t.Errorf("B, %s: %v", name, err)
		}
	}
}

// A device that talks without end keeps nobody from closing the reader.
func TestNoiseWithoutEndIsNoReader(t *testing.T) {
	for name, noise := range map[string][]byte{
		"zeros": make([]byte, 64), "false starts": bytes.Repeat([]byte{0x00, 0xFF}, 32), "ACKs": bytes.Repeat(ackFrame, 16),
		"heads": bytes.Repeat([]byte{0x00, 0xFF, 0xFF, 0xFF, 0x01, 0x09, 0xF6}, 9), "answers": bytes.Repeat(back(t, []byte{0x41, 0x00}), 8),
	} {
		far, path, err := port.Pty()
		if err != nil {
			t.Fatal(err)
		}
		stop, done := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(done)
			for {
				select {
				case <-stop:
					return
				default:
				}
				_ = far.SetWriteDeadline(time.Now().Add(5 * time.Millisecond))
				_, _ = far.Write(noise)
			}
		}()
		r := New(SerialPort(path, DefaultBaud), Options{})
		if s := r.State(); s != "offline" && s != "device_fault" {
			t.Errorf("%s: state %q", name, s)
		}
		if err := r.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		close(stop)
		<-done
		_ = far.Close()
	}
}
