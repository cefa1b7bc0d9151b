package pinpad

import (
	"bytes"
	"testing"

	pad "tillkeeper/drivers/pinpad"
)

// FuzzCommand looks for commands of a till that make the pad panic, answer more than a frame holds, or answer keys.
func FuzzCommand(f *testing.F) {
	f.Add(byte(pad.CmdInfo), []byte{})
	f.Add(byte(pad.CmdLoad), append([]byte("\x03003"), unhex(f, f62Hex)...))
	f.Add(byte(pad.CmdMAC), []byte("\x03ecbtext"))
	f.Add(byte(pad.CmdPIN), append([]byte{0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 100}, pan...))
	f.Add(byte(pad.CmdPIN), append([]byte{4, 1, 0, 0, 0, 0, 0, 0, 0, 0, 100}, pan...))
	f.Add(byte(pad.CmdComponent), []byte("\x01Wang"))
	f.Add(byte(pad.CmdData), []byte("4012345678909D987"))
	f.Add(byte(0xFF), []byte{0xFF})
	store := demo(f, f.TempDir())
	sim := New(store)
	secrets := [][]byte{unhex(f, tmkHex)[:8], unhex(f, tmkHex)[8:], unhex(f, makHex), unhex(f, componentA)[:8]}
	f.Fuzz(func(t *testing.T, cmd byte, data []byte) {
		if len(data) > pad.MaxData {
			return
		}
		if store.DUKPTKind() == 0 {
			if err := store.SetDUKPT(tdesDevice(t)); err != nil {
				t.Fatal(err)
			}
		}
		sim.Enter("1234")
		sim.Type(componentA)
		var status byte
		var out []byte
		switch cmd {
		case pad.CmdPIN:
			status, out = sim.pin(bg, data)
		case pad.CmdComponent:
			status, out = sim.component(bg, data)
		default:
			status, out = sim.do(bg, pad.Frame{Cmd: cmd, Data: data})
		}
		if len(out) > pad.MaxData-1 || status > pad.StatusEntry {
			t.Fatalf("status %d with %d bytes", status, len(out))
		}
		for _, secret := range secrets {
			if bytes.Contains(out, secret) {
				t.Fatalf("command %d answered a key", cmd)
			}
		}
	})
}
