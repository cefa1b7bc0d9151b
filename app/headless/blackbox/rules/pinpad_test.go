package rules

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tillkeeper/app/headless/blackbox/child"
	"tillkeeper/drivers/acquirer/wire"
	"tillkeeper/drivers/keys"
	"tillkeeper/drivers/keys/dukpt"
	simhost "tillkeeper/drivers/sim/acquirer"
	simpad "tillkeeper/drivers/sim/pinpad"
)

// demoCard is the card "ok" of the demo's deck.
const demoCard = "6224242900000113"

// padded is a shop whose PIN pad is a device of its own on a serial line, in a process that is not the till's; every tap wants a PIN.
type padded struct {
	*shop
	sim   *simpad.Sim
	cable *simpad.Cable
	link  string
	asked chan int64 // amounts that the pad's display showed
	tmk   []byte     // random: no program knows it
	pin   string     // of the card, the same
}

// withPad opens the shop; the pad holds the master key, or none, and a DUKPT device, or none. edits are of the profile.
func withPad(t *testing.T, loaded bool, device dukpt.Device, edits ...string) *padded {
	t.Helper()
	dir := t.TempDir()
	p := &padded{link: filepath.Join(dir, "by-id"), asked: make(chan int64, 16), tmk: make([]byte, 16)}
	if _, err := rand.Read(p.tmk); err != nil {
		t.Fatal(err)
	}
	for _, b := range p.tmk[:12] {
		p.pin += strconv.Itoa(int(b) % 10)
	}
	tmk := ""
	if loaded {
		tmk = hex.EncodeToString(p.tmk)
	}
	store, err := keys.OpenPad(filepath.Join(dir, "pad.key"), tmk)
	if err != nil {
		t.Fatal(err)
	}
	if device != nil {
		if err := store.SetDUKPT(device); err != nil {
			t.Fatal(err)
		}
	}
	p.sim = simpad.New(store)
	p.sim.Shown = func(s simpad.Screen) {
		if s.Asks == simpad.AsksPIN {
			p.asked <- s.Amount
		}
	}
	p.cable = p.sim.SerialCable(p.link, 19200)
	p.plug(t)
	t.Cleanup(p.cable.Pull)
	var profile string
	p.shop, profile = ownProfile(t, "timeout = \"20s\"\n[devices]\npinpad = \"serial:"+p.link+"?baud=19200\"\n",
		append(edits, `"contactless_no_pin": 100000`, `"contactless_no_pin": 0`)...)
	p.bank(t, profile)
	if err := p.Open("--demo"); err != nil {
		t.Fatal(err)
	}
	p.Till.Must(t, cmd{"cmd": "signin", "staff": "1001", "pin": "135790"})
	return p
}

// bank starts the acquirer, which knows the master key and the PIN, in the process of the test.
func (p *padded) bank(t *testing.T, profile string) {
	t.Helper()
	own, err := wire.Load(nil, profile)
	if err != nil {
		t.Fatal(err)
	}
	h, err := simhost.New(simhost.Config{Dir: p.Host, Profile: own, TMK: hex.EncodeToString(p.tmk), Accounts: map[string]simhost.Account{
		demoCard: {Balance: 1_000_000, State: "good", PIN: p.pin},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Listen(p.Addr); err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- h.Serve(context.Background()) }()
	t.Cleanup(func() {
		if err := errors.Join(h.Close(), <-served); err != nil {
			t.Error(err)
		}
	})
}

func (p *padded) plug(t *testing.T) {
	t.Helper()
	if _, err := p.cable.Plug(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// tap pays 7.50 by card; act is what happens while the pad asks for the PIN.
func (p *padded) tap(t *testing.T, act func()) attempt {
	t.Helper()
	p.Till.Must(t, cmd{"cmd": "add", "sku": "100003", "qty": "1"})
	return p.tapAgain(t, act)
}

func (p *padded) tapAgain(t *testing.T, act func()) attempt {
	t.Helper()
	if err := p.Till.Send(`{"cmd":"pay","tender":"card","card":"ok"}`); err != nil {
		t.Fatal(err)
	}
	if act != nil {
		if amount := <-p.asked; amount <= 0 {
			t.Errorf("the pad shows %d", amount)
		}
		act()
	}
	answer, err := p.Till.Answer()
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Attempt attempt }
	if err := child.Into(answer, &got); err != nil {
		t.Fatal(err)
	}
	return got.Attempt
}

// TestPINPadOnItsOwnWire has the whole program pay with a PIN that it never sees: typed at a pad of its own, wrong, cancelled,
// unplugged in the middle and back again. Its memory then holds the card's number and neither PIN nor TMK.
func TestPINPadOnItsOwnWire(t *testing.T) {
	p := withPad(t, true, nil)
	enter := func(pin string) func() { return func() { p.sim.Enter(pin) } }
	if a := p.tap(t, enter(p.pin)); a.State != "approved" {
		t.Fatalf("%s %s", a.State, a.AnswerCode)
	}
	if a := p.tap(t, enter("6543")); a.State != "declined" || a.AnswerCode != "55" {
		t.Errorf("a wrong PIN: %s %s", a.State, a.AnswerCode)
	}
	if a := p.tapAgain(t, p.sim.Cancel); a.State != "declined" || a.AnswerCode != "pin_cancelled" {
		t.Errorf("the customer cancels: %s %s", a.State, a.AnswerCode)
	}
	if a := p.tapAgain(t, p.cable.Pull); a.State != "declined" || a.AnswerCode != "unplugged" {
		t.Errorf("unplugged: %s %s", a.State, a.AnswerCode)
	}
	p.plug(t)
	if a := p.tapAgain(t, enter(p.pin)); a.State != "approved" {
		t.Errorf("back again: %s %s", a.State, a.AnswerCode)
	}
	p.agree(t)
	pik := p.pik(t)
	secrets := map[string][]byte{"card number": []byte(demoCard)} // which the till does hold
	for name, b := range map[string][]byte{
		"PIN": []byte(p.pin), "PIN packed": bytesOf(t, p.pin), "TMK": p.tmk, "TMK left": p.tmk[:8], "TMK right": p.tmk[8:],
		"PIK": pik, "PIK left": pik[:8], "PIK right": pik[8:],
	} {
		text := hex.EncodeToString(b)
		secrets[name], secrets[name+" in hex"], secrets[name+" in HEX"] = b, []byte(text), []byte(strings.ToUpper(text))
	}
	if found := p.memory(t, secrets); !slices.Equal(found, []string{"card number"}) {
		t.Errorf("in the till's memory: %v", found)
	}
}

// TestPINUnderDUKPT has the whole program pay with a PIN in format 4 under a key of AES that is used once: a profile says so, the pad counts, the host follows.
func TestPINUnderDUKPT(t *testing.T) {
	id := bytesOf(t, "1234567890123456")
	initial, err := dukpt.AESInitialKey(bytesOf(t, "FEDCBA9876543210F1F1F1F1F1F1F1F1"), id)
	if err != nil {
		t.Fatal(err)
	}
	device, err := dukpt.NewAES(initial, id, dukpt.AES128)
	if err != nil {
		t.Fatal(err)
	}
	p := withPad(t, true, device,
		`"pin": {"format": 0, "keys": "session", "bypass": true}`, `"pin": {"format": 4, "keys": "dukpt-aes", "ksn_field": 53}`,
		`"name": "PIN block", "type": "b8"`, `"name": "PIN block", "type": "b16"`,
		`"name": "security control", "type": "n16"`, `"name": "security control", "type": "b12"`)
	for _, try := range []struct{ pin, state, code string }{{p.pin, "approved", "00"}, {"6543", "declined", "55"}, {p.pin, "approved", "00"}} {
		a := p.tap(t, func() { p.sim.Enter(try.pin) })
		if a.State != try.state || a.AnswerCode != try.code {
			t.Errorf("%s %s, want %s", a.State, a.AnswerCode, try.code)
		}
		if a.State == "declined" {
			p.Till.Must(t, cmd{"cmd": "clear"})
		}
	}
	p.agree(t)
}

// TestPINPadWithoutAMasterKey says so, whatever is tried; with its key the till signs on by itself.
func TestPINPadWithoutAMasterKey(t *testing.T) {
	p := withPad(t, false, nil)
	if a := p.tap(t, nil); a.State != "declined" || a.AnswerCode != "no_tmk" {
		t.Errorf("%s %s", a.State, a.AnswerCode)
	}
}

func bytesOf(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// pik is the PIN key that the acquirer handed out last.
func (p *padded) pik(t *testing.T) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(p.Host, "terminals.json"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(raw), `"f62": "`)
	f62, _, _ := strings.Cut(rest, `"`)
	w, err := keys.Unwrap(p.tmk, bytesOf(t, f62), "003")
	if err != nil {
		t.Fatal(err)
	}
	return w.PIK
}

// memory names the patterns that stand in the till's memory.
func (p *padded) memory(t *testing.T, patterns map[string][]byte) (found []string) {
	t.Helper()
	pid := p.Till.Cmd.Process.Pid
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		t.Fatal(err)
	}
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		t.Fatal(err)
	}
	defer mem.Close()
	const chunk, overlap = 1 << 20, 64
	buffer := make([]byte, chunk+overlap)
	for line := range strings.Lines(string(maps)) {
		var from, to int64
		var mode string
		if _, err := fmt.Sscanf(line, "%x-%x %s", &from, &to, &mode); err != nil || mode[0] != 'r' || strings.Contains(line, "[v") {
			continue
		}
		for at := from; at < to; at += chunk {
			n, _ := mem.ReadAt(buffer[:min(int64(len(buffer)), to-at)], at) //nolint:errcheck // what cannot be read is not there
			for name, b := range patterns {
				if !slices.Contains(found, name) && bytes.Contains(buffer[:n], b) {
					found = append(found, name)
				}
			}
		}
	}
	return found
}
