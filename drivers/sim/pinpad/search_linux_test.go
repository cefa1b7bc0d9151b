package pinpad

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tillkeeper/drivers/acquirer/wire"
	"tillkeeper/drivers/keys"
	pad "tillkeeper/drivers/pinpad"
	simhost "tillkeeper/drivers/sim/acquirer"
)

const (
	assetsDir = "../../../assets"
	testTID   = "12345678"
	testMID   = "123456789012345"
)

const (
	chunk      = 1 << 20
	overlap    = 64
	mostMapped = 8 << 30 // a larger mapping is an address range held by the race detector, not memory
)

// searchMemory answers the names of the patterns that stand in the memory of a process, and how many bytes were read.
func searchMemory(t *testing.T, pid int, patterns map[string][]byte) (found []string, read int) {
	t.Helper()
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		t.Fatal(err)
	}
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		t.Fatal(err)
	}
	defer mem.Close()
	seen := map[string]bool{}
	buffer := make([]byte, chunk+overlap)
	empty := make([]byte, chunk+overlap)
	for line := range strings.Lines(string(maps)) {
		var from, to int64
		var mode string
		if _, err := fmt.Sscanf(line, "%x-%x %s", &from, &to, &mode); err != nil || mode[0] != 'r' || to-from > mostMapped || strings.Contains(line, "[v") {
			continue
		}
		for at := from; at < to; at += chunk {
			n, _ := mem.ReadAt(buffer[:min(int64(len(buffer)), to-at)], at) //nolint:errcheck // what cannot be read, such as a page that is gone, is not there
			read += n
			if bytes.Equal(buffer[:n], empty[:n]) {
				continue
			}
			for name, p := range patterns {
				if !seen[name] && bytes.Contains(buffer[:n], p) {
					seen[name] = true
					found = append(found, name)
				}
			}
		}
	}
	slices.Sort(found)
	return found, read
}

// world is one run: what is secret in it, and its processes.
type world struct {
	tmk, pik, mak []byte
	a, b          []byte // components
	pin, pan      string
	pad, till     *process
}

// trade has two people key in a TMK, a sign-on, two MACs and a PIN, and checks what the host would get.
func trade(t *testing.T, role, line string) *world {
	t.Helper()
	w := &world{a: random(16), b: random(16), pik: random(16), mak: random(8), pin: number(12), pan: "62242429" + number(8)}
	w.tmk = bytes.Clone(w.a)
	xor(w.tmk, w.b)
	f62, err := keys.Wrap(w.tmk, keys.Working{PIK: w.pik, MAK: w.mak}, "003")
	if err != nil {
		t.Fatal(err)
	}
	w.wire(t, role, line)
	if strings.HasPrefix(role, "twin") {
		masked := bytes.Clone(w.tmk)
		xor(masked, bytes.Repeat([]byte{mask}, 16))
		w.till.ask("plant %x", masked)
	}
	w.keyIn(t)
	w.till.ask("load %X", f62)
	for _, text := range []string{"one", "two"} {
		want, err := keys.MAC(keys.MACECB, w.mak, []byte(text))
		if got := w.till.ask("mac %s", text); err != nil || got != string(want) {
			t.Fatalf("%v: MAC %s, want %s", err, got, want)
		}
	}
	w.pad.ask("enter %s", w.pin)
	block := unhex(t, w.till.ask("pin %s", w.pan))
	if got, err := Decipher(pad.Format0, Key{Bytes: w.pik}, block, w.pan); err != nil || string(got) != w.pin {
		t.Fatalf("%v: the host finds another PIN", err)
	}
	return w
}

// wire starts the pad and the till and joins them by a line.
func (w *world) wire(t *testing.T, role, line string) {
	t.Helper()
	flags := "--listen 127.0.0.1:0"
	if line == "serial" {
		flags = "--pty"
	}
	w.pad = start(t, "pad "+flags+" --data "+t.TempDir())
	where := w.pad.line()
	w.till = start(t, role)
	w.till.answer()
	w.till.ask("%s %s", line, where)
}

// keyIn has two people key the TMK in at the pad.
func (w *world) keyIn(t *testing.T) {
	t.Helper()
	w.pad.ask("type %x", w.a)
	w.till.ask("component 1")
	w.pad.ask("type %X", w.b)
	kcv, err := keys.KCV(w.tmk)
	if got := w.till.ask("component 2"); err != nil || got != fmt.Sprintf("%X", kcv) {
		t.Fatalf("%v: check value %s, want %X", err, got, kcv)
	}
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) //nolint:errcheck // never fails: the program ends instead
	return b
}

func number(n int) string {
	out := ""
	for _, b := range random(n) {
		out += strconv.Itoa(int(b) % 10)
	}
	return out
}

// secrets are the patterns that must not stand in the till's memory: keys whole and by halves, the PIN in digits and packed, its clear block, in every form.
func (w *world) secrets(t *testing.T) map[string][]byte {
	t.Helper()
	clearBlock, err := Block0(w.pin, w.pan)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for name, b := range map[string][]byte{
		"TMK": w.tmk, "TMK left": w.tmk[:8], "TMK right": w.tmk[8:], "PIK": w.pik, "PIK left": w.pik[:8], "PIK right": w.pik[8:],
		"component 1": w.a, "component 2": w.b, "PIN": []byte(w.pin), "PIN packed": bcd(w.pin), "PIN block": clearBlock[:],
	} {
		for form, p := range forms(b) {
			out[name+" "+form] = p
		}
	}
	return out
}

// TestTillNeverHoldsPINOrKeys runs the pad and the till as two processes, joined by TCP and by a serial line, and searches the till's memory.
func TestTillNeverHoldsPINOrKeys(t *testing.T) {
	for _, line := range []string{"tcp", "serial"} {
		t.Run(line, func(t *testing.T) { searchTill(t, trade(t, "till", line)) })
	}
}

func searchTill(t *testing.T, w *world) {
	t.Helper()
	patterns := w.secrets(t)
	patterns["card number"] = []byte(w.pan) // what the till does hold
	found, read := searchMemory(t, w.till.pid, patterns)
	if !slices.Equal(found, []string{"card number"}) {
		t.Errorf("in the till's memory: %v", found)
	}
	t.Logf("%d patterns in %d MiB", len(patterns), read>>20)
	// The pad holds them: there the search finds the TMK and the PIK.
	found, _ = searchMemory(t, w.pad.pid, patterns)
	if !slices.Contains(found, "TMK raw") || !slices.Contains(found, "PIK raw") {
		t.Errorf("the pad's memory: %v", found)
	}
}

// TestWholeSaleWithThePadOnASerialLine has the pad on a pseudo terminal, the host on TCP and the till between them, each with keys of its own: field 62 of the sign-on passes through the till, a PIN is paid with, and the till's memory holds neither PIN nor TMK nor PIK.
func TestWholeSaleWithThePadOnASerialLine(t *testing.T) {
	w := &world{a: random(16), b: random(16), pin: number(12), pan: "62242429" + number(8)}
	w.tmk = bytes.Clone(w.a)
	xor(w.tmk, w.b)
	address, dir := w.host(t)
	w.wire(t, "till", "serial")
	w.keyIn(t)
	w.till.ask("signon %s", address)
	w.unwrap(t, dir)
	w.pad.ask("enter %s", w.pin)
	if code := w.till.ask("sale %s", w.pan); code != "00" {
		t.Fatalf("the host answers %s", code)
	}
	patterns := w.secrets(t)
	patterns["card number"] = []byte(w.pan)
	if found, _ := searchMemory(t, w.till.pid, patterns); !slices.Equal(found, []string{"card number"}) {
		t.Errorf("in the till's memory: %v", found)
	}
	if found, _ := searchMemory(t, w.pad.pid, patterns); !slices.Contains(found, "TMK raw") || !slices.Contains(found, "PIK raw") {
		t.Errorf("the pad's memory: %v", found)
	}
}

// host starts the simulated acquirer, which knows the TMK and the PIN.
func (w *world) host(t *testing.T) (address, dir string) {
	t.Helper()
	profile, err := wire.Load(os.DirFS(assetsDir), "cup")
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	h, err := simhost.New(simhost.Config{Dir: dir, Profile: profile, TMK: fmt.Sprintf("%X", w.tmk), Accounts: map[string]simhost.Account{
		w.pan: {Balance: 1000, State: "good", PIN: w.pin},
	}})
	if err != nil {
		t.Fatal(err)
	}
	addr, err := h.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- h.Serve(bg) }()
	t.Cleanup(func() {
		if err := errors.Join(h.Close(), <-served); err != nil {
			t.Error(err)
		}
	})
	return addr.String(), dir
}

// unwrap reads the working keys that the host gave out.
func (w *world) unwrap(t *testing.T, dir string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "terminals.json"))
	if err != nil {
		t.Fatal(err)
	}
	var terminals map[string]struct{ F62 string }
	if err := json.Unmarshal(raw, &terminals); err != nil {
		t.Fatal(err)
	}
	keys, err := keys.Unwrap(w.tmk, unhex(t, terminals[testTID+"/"+testMID].F62), "003")
	if err != nil {
		t.Fatal(err)
	}
	w.pik, w.mak = keys.PIK, keys.MAK
}

// TestMemorySearchFindsPlantedTwin has a till that unwraps keys and deciphers the PIN, and keeps them in each form: the search finds all three.
func TestMemorySearchFindsPlantedTwin(t *testing.T) {
	for _, form := range []string{"raw", "reversed", "hex", "lower hex", "reversed hex", "reversed lower hex", "base64"} {
		t.Run(form, func(t *testing.T) {
			w := trade(t, "twin "+form, "serial")
			found, _ := searchMemory(t, w.till.pid, w.secrets(t))
			for _, secret := range []string{"TMK", "PIK", "PIN"} {
				if !slices.Contains(found, secret+" "+form) {
					t.Errorf("%s kept as %s was not found, only %v", secret, form, found)
				}
			}
		})
	}
}
