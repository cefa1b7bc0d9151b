package pcsc_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/drivertest"
	"tillkeeper/drivers/reader/pcsc"
	"tillkeeper/drivers/sim/card"
	"tillkeeper/drivers/sim/vpcd"
)

const (
	acr122      = "ACS ACR122U PICC Interface"
	acr122first = acr122 + " 00 00"
	mute        = " ifdDriverOptions 0x0001 /etc/libccid_Info.plist" // what the remark names to have it heard
)

// taps is a contactless chip in a slot.
func taps(t *testing.T, addr string) *vpcd.Card {
	t.Helper()
	c, err := vpcd.Insert(t.Context(), addr, card.NewChip(card.Card{
		Name: "c", PAN: "6224242900000113", Expiry: "3506", Entry: "contactless", Offline: card.Online, State: card.Good,
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Remove)
	return c
}

// sees waits until the reader knows of a card in its first slot.
func sees(t *testing.T, r *pcsc.Reader) {
	t.Helper()
	for ctx := within(t); ; time.Sleep(time.Millisecond) {
		if all := r.Readers(); len(all) > 0 && all[0].Present {
			return
		}
		if ctx.Err() != nil {
			t.Fatal("the card is not seen")
		}
	}
}

// codes are the remarks of a condition.
func codes(c pos.Condition) string {
	var out []string
	for _, r := range c.Found {
		out = append(out, r.Code+" "+strings.Join(r.Args, " "))
	}
	return strings.Join(out, ", ")
}

// TestTheReaderBeepsThroughPCSCD: a reader by the name of an ACR122 behind the real pcscd. vpcd keeps escapes back, as libccid
// does unless it is told otherwise: without a card the reader is mute and well all the same, with one the command goes where
// the card's commands go. A card that a session has is not disturbed, and a session after the beep takes the card as ever.
func TestTheReaderBeepsThroughPCSCD(t *testing.T) {
	t.Parallel()
	d := drivertest.PCSCDCalled(t, acr122)
	r := open(t, pcsc.Opts{Socket: d.Socket, Name: acr122first, Terminal: terminal})
	becomes(t, r, "")
	if c := r.Check(within(t), pos.CheckExternal); c.State != "ok" || codes(c) != "reader_mute "+acr122first+mute {
		t.Errorf("without a card: %+v", c)
	}
	in := taps(t, d.VPCD[0])
	sees(t, r)
	for i := range 3 {
		if c := r.Check(within(t), pos.CheckInternal); c.State != "ok" || len(c.Found) != 0 || in.Beeps() != i {
			t.Errorf("internal: %+v, %d beeps", c, in.Beeps())
		}
		if c := r.Check(within(t), pos.CheckExternal); c.State != "ok" || codes(c) != "reader_beeps "+acr122first || in.Beeps() != i+1 {
			t.Errorf("external: %+v, %d beeps", c, in.Beeps())
		}
	}
	s, err := r.Connect(within(t), drivertest.ReaderPurchase())
	if err != nil {
		t.Fatal(err)
	}
	if c := r.Check(within(t), pos.CheckExternal); c.State != "ok" || len(c.Found) != 0 || in.Beeps() != 3 {
		t.Errorf("while a session has the card: %+v, %d beeps", c, in.Beeps())
	}
	if got, err := s.Read(within(t), drivertest.ReaderPurchase()); err != nil || got.PAN != "6224242900000113" {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	d.Kill()
	becomes(t, r, "daemon_down")
	if c := r.Check(within(t), pos.CheckExternal); c.State != "fault" || c.Code != "daemon_down" || c.Detail == "" {
		t.Errorf("without the daemon: %+v", c)
	}
}

// TestAReaderWithoutAKnownBuzzerIsLeftAlone, whatever lies on it: to another reader the command would be one for the card.
func TestAReaderWithoutAKnownBuzzerIsLeftAlone(t *testing.T) {
	t.Parallel()
	d := drivertest.StartPCSCD(t)
	r := open(t, pcsc.Opts{Socket: d.Socket, Terminal: terminal})
	becomes(t, r, "")
	in := taps(t, d.VPCD[0])
	sees(t, r)
	if c := r.Check(within(t), pos.CheckExternal); c.State != "ok" || len(c.Found) != 0 || in.Beeps() != 0 {
		t.Errorf("%+v, %d beeps", c, in.Beeps())
	}
}

// TestTheEscapeOfTheBuzzer byte by byte: direct, without a card, by the control code that the driver names for its maker's
// commands, else by libccid's usual one; and what a reader says that makes nothing of it.
func TestTheEscapeOfTheBuzzer(t *testing.T) {
	t.Parallel()
	const other = 0x42000DAC
	for name, c := range map[string]struct {
		features, answer []byte
		result           pcsc.Code
		at               uint32
		want             string
	}{
		"it beeps":              {nil, []byte{0x90, 0x00}, pcsc.Success, pcsc.ControlEscape, "reader_beeps"},
		"with its lamps on":     {nil, []byte{0x90, 0x03}, pcsc.Success, pcsc.ControlEscape, "reader_beeps"},
		"by another code":       {[]byte{0x12, 4, 0, 0, 0, 1, 0x13, 4, 0x42, 0, 0x0D, 0xAC}, []byte{0x90, 0x00}, pcsc.Success, other, "reader_beeps"},
		"its firmware does not": {nil, []byte{0x63, 0x00}, pcsc.Success, pcsc.ControlEscape, "reader_mute"},
		"it says nothing":       {nil, nil, pcsc.Success, pcsc.ControlEscape, "reader_mute"},
		"its driver does not":   {nil, nil, pcsc.NotTransacted, pcsc.ControlEscape, "reader_mute"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			var sent []byte
			var at uint32
			f := play(t, func(f *fake, conn net.Conn, command uint32, body []byte) []byte {
				switch command {
				case 0x04: // connect
					result := pcsc.Success
					if binary.NativeEndian.Uint32(body[4+128:]) != uint32(pcsc.Direct) {
						result = pcsc.NoSmartCard
					}
					return append(body[:140], numbers(5, 0, uint32(result))...)
				case 0x06: // disconnect
					return numbers(5, 0, 0)
				case 0x0A: // control
				default:
					return obeys(4)(f, conn, command, body)
				}
				code, data := binary.NativeEndian.Uint32(body[4:]), make([]byte, binary.NativeEndian.Uint32(body[8:]))
				if _, err := io.ReadFull(conn, data); err != nil {
					return nil
				}
				out, result := c.answer, c.result
				if code == pcsc.ControlFeatures {
					if out, result = c.features, pcsc.Success; out == nil {
						result = pcsc.NotTransacted
					}
				} else {
					mu.Lock()
					sent, at = data, code
					mu.Unlock()
				}
				return append(numbers(5, code, uint32(len(data)), 4098, uint32(len(out)), uint32(result)), out...)
			})
			f.plug(acr122first)
			r := open(t, pcsc.Opts{Socket: f.socket})
			becomes(t, r, "")
			got := r.Check(within(t), pos.CheckExternal)
			mu.Lock()
			defer mu.Unlock()
			if want := []byte{0xFF, 0, 0x40, 0, 4, 2, 0, 1, 1}; !bytes.Equal(sent, want) || at != c.at {
				t.Errorf("sent % X by %08X", sent, at)
			}
			if got.State != "ok" || !strings.HasPrefix(codes(got), c.want+" "+acr122first) {
				t.Errorf("%+v, want %s", got, c.want)
			}
		})
	}
}
