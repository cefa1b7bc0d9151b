package pinpad

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tillkeeper/drivers/keys"
	pad "tillkeeper/drivers/pinpad"
)

// roleVariable makes this test binary one of the other processes: "pad DIR", "till" or, the planted twin, "twin FORM".
const roleVariable = "PINPAD_TEST_ROLE"

func TestMain(m *testing.M) {
	role, rest, _ := strings.Cut(os.Getenv(roleVariable), " ")
	switch role {
	case "":
		os.Exit(m.Run())
	case "pad":
		must(padProcess(rest))
	case "till":
		must(tillProcess(""))
	case "twin":
		must(tillProcess(rest))
	}
}

func must(err error) {
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
}

// padProcess is the simulated pad as a device of its own. Its keypad is standard input: "type COMPONENT", "enter PIN".
func padProcess(dir string) error {
	store, err := keys.OpenDemo(filepath.Join(dir, "pad.key"), hex.EncodeToString(random(16)))
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	sim := New(store)
	go sim.Listen(bg, l) //nolint:errcheck // ends with the process
	fmt.Println("ready", l.Addr())
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		switch verb, what, _ := strings.Cut(in.Text(), " "); verb {
		case "type":
			sim.Type(what)
		case "enter":
			sim.Enter(what)
		}
		fmt.Println("ready")
	}
	return in.Err()
}

// kept holds what a planted twin keeps, so that it stays in its memory.
var kept [][]byte

// tillProcess is the till's side: the driver of the pad over TCP. Standard input tells it what to do. A twin gets the TMK as well (masked, so that the pipe does not plant it) and keeps it, the PIK and the PIN in a form.
func tillProcess(form string) error {
	t := &till{form: form}
	fmt.Println("ready")
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		f := strings.Fields(in.Text())
		out, err := t.do(f[0], f[1:])
		if err != nil {
			return err
		}
		fmt.Println("ready", out)
	}
	return in.Err()
}

type till struct {
	pad      *pad.Pad
	form     string
	tmk, f62 []byte
}

func (t *till) do(verb string, args []string) (string, error) {
	ctx, stop := context.WithTimeout(bg, time.Minute)
	defer stop()
	switch verb {
	case "dial":
		t.pad = pad.New(func(context.Context) (io.ReadWriteCloser, error) { return net.Dial("tcp", args[0]) })
		return "", nil
	case "component":
		n, err := strconv.Atoi(args[0])
		if err != nil {
			return "", err
		}
		_, whole, err := t.pad.Component(ctx, n, "person "+args[0])
		return fmt.Sprintf("%X", whole), err
	case "load":
		f62, err := hex.DecodeString(args[0])
		if err != nil {
			return "", err
		}
		t.f62 = f62
		return "", t.pad.LoadKeys(ctx, f62, "003")
	case "mac":
		mac, err := t.pad.MAC(ctx, keys.MACECB, []byte(args[0]))
		return string(mac[:]), err
	case "pin":
		block, err := t.pad.PINBlock(ctx, args[0], 100)
		if err == nil && t.tmk != nil {
			err = t.plant(block[:], args[0])
		}
		return fmt.Sprintf("%X", block), err
	case "plant":
		masked, err := hex.DecodeString(args[0])
		xor(masked, bytes.Repeat([]byte{mask}, len(masked)))
		t.tmk = masked
		return "", err
	}
	return "", fmt.Errorf("what is %q", verb)
}

const mask = 0x5A

// plant is the bug that must be found: the till unwraps F62 and deciphers the PIN block, and keeps what it got.
func (t *till) plant(block []byte, of string) error {
	w, err := keys.Unwrap(t.tmk, t.f62, "003")
	if err != nil {
		return err
	}
	pin, err := Decipher(pad.Format0, Key{Bytes: w.PIK}, block, of)
	if err != nil {
		return err
	}
	for _, secret := range [][]byte{t.tmk, w.PIK, pin} {
		kept = append(kept, forms(secret)[t.form])
	}
	clear(t.tmk)
	clear(w.PIK)
	clear(pin)
	return nil
}

// forms are the ways in which a secret may stand in memory.
func forms(b []byte) map[string][]byte {
	reversed := bytes.Clone(b)
	slices.Reverse(reversed)
	upper := []byte(strings.ToUpper(hex.EncodeToString(b)))
	lower := []byte(hex.EncodeToString(b))
	out := map[string][]byte{
		"raw": bytes.Clone(b), "reversed": reversed, "hex": upper, "lower hex": lower,
		"base64": []byte(base64.StdEncoding.EncodeToString(b)),
	}
	for _, n := range []string{"hex", "lower hex"} {
		back := bytes.Clone(out[n])
		slices.Reverse(back)
		out["reversed "+n] = back
	}
	return out
}

// process is another process of this test; ask sends a line and waits for the answer.
type process struct {
	t   *testing.T
	pid int
	in  io.Writer
	out *bufio.Scanner
}

func start(t *testing.T, role string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(bg, 2*time.Minute)
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), roleVariable+"="+role)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Wait() //nolint:errcheck // ended by the end of its input, or by the context
		stop()
	})
	return &process{t, cmd.Process.Pid, in, bufio.NewScanner(out)}
}

func (p *process) answer() string {
	p.t.Helper()
	if !p.out.Scan() {
		p.t.Fatalf("the process ended: %v", p.out.Err())
	}
	what, ok := strings.CutPrefix(p.out.Text(), "ready")
	if !ok {
		p.t.Fatal(p.out.Text())
	}
	return strings.TrimSpace(what)
}

func (p *process) ask(format string, args ...any) string {
	p.t.Helper()
	if _, err := fmt.Fprintf(p.in, format+"\n", args...); err != nil {
		p.t.Fatal(err)
	}
	return p.answer()
}

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
func trade(t *testing.T, role string) *world {
	t.Helper()
	w := &world{a: random(16), b: random(16), pik: random(16), mak: random(8), pin: number(12), pan: "62242429" + number(8)}
	w.tmk = bytes.Clone(w.a)
	xor(w.tmk, w.b)
	f62, err := keys.Wrap(w.tmk, keys.Working{PIK: w.pik, MAK: w.mak}, "003")
	if err != nil {
		t.Fatal(err)
	}
	w.pad = start(t, "pad "+t.TempDir())
	address := w.pad.answer()
	w.till = start(t, role)
	w.till.answer()
	w.till.ask("dial %s", address)
	if strings.HasPrefix(role, "twin") {
		masked := bytes.Clone(w.tmk)
		xor(masked, bytes.Repeat([]byte{mask}, 16))
		w.till.ask("plant %x", masked)
	}
	w.pad.ask("type %x", w.a)
	w.till.ask("component 1")
	w.pad.ask("type %X", w.b)
	kcv, err := keys.KCV(w.tmk)
	if got := w.till.ask("component 2"); err != nil || got != fmt.Sprintf("%X", kcv) {
		t.Fatalf("%v: check value %s, want %X", err, got, kcv)
	}
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

// TestTillNeverHoldsPINOrKeys runs the pad and the till as two processes and searches the till's memory.
func TestTillNeverHoldsPINOrKeys(t *testing.T) {
	w := trade(t, "till")
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

// TestMemorySearchFindsPlantedTwin has a till that unwraps keys and deciphers the PIN, and keeps them in each form: the search finds all three.
func TestMemorySearchFindsPlantedTwin(t *testing.T) {
	for _, form := range []string{"raw", "reversed", "hex", "lower hex", "reversed hex", "reversed lower hex", "base64"} {
		t.Run(form, func(t *testing.T) {
			w := trade(t, "twin "+form)
			found, _ := searchMemory(t, w.till.pid, w.secrets(t))
			for _, secret := range []string{"TMK", "PIK", "PIN"} {
				if !slices.Contains(found, secret+" "+form) {
					t.Errorf("%s kept as %s was not found, only %v", secret, form, found)
				}
			}
		})
	}
}
