package acquirer

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const childDir = "ACQUIRER_TEST_DIR"

// TestMain turns the test binary into the host when it is asked to be one.
func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		os.Exit(Main(context.Background(), []string{"--listen", "127.0.0.1:0", "--data", dir}, os.DirFS("../../../assets"), os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// child is a host in a process of its own.
func child(t *testing.T, dir string) (*exec.Cmd, string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	addr, ok := strings.CutPrefix(strings.TrimSpace(line), "listening ")
	if err != nil || !ok {
		t.Fatalf("%v: %q", err, line)
	}
	return cmd, addr
}

func TestKilledHostKeepsItsLedger(t *testing.T) {
	dir := t.TempDir()
	acknowledged := map[string]bool{}
	var mak []byte
	stan := 0
	for round := range 4 {
		cmd, addr := child(t, dir)
		c := dial(t, addr)
		if round == 0 {
			mak = clearMAK(t, c.signOn().Get(62))
		}
		c.mak = mak // the keys of the first process serve all the others
		const window = 16
		for range window {
			stan++
			c.send(c.sale(fmt.Sprintf("%06d", stan), testPAN, 100))
		}
		for n := range 60 {
			if n == 40 {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
			a, err := c.get(patient)
			if err != nil {
				break
			}
			if a.Get(39) != "00" {
				t.Fatalf("round %d: %s", round, a.Get(39))
			}
			acknowledged[a.Get(11)] = true
			stan++
			if body, err := c.p.Pack(c.p.NewHeader(), c.signed(c.sale(fmt.Sprintf("%06d", stan), testPAN, 100))); err == nil {
				_, _ = c.conn.Write(c.p.Framed(body)) // may meet the dead process
			}
		}
		_ = cmd.Wait() // killed: an error by design
		entries, err := Ledger(dir)
		if err != nil {
			t.Fatal(err)
		}
		got := Charges(entries)
		for s := range acknowledged {
			if got[key(s)] != 100 {
				t.Fatalf("round %d: sale %s was acknowledged and is gone", round, s)
			}
		}
	}
	if len(acknowledged) < 120 {
		t.Fatalf("only %d sales were acknowledged", len(acknowledged))
	}
}

// clearMAK unwraps the MAK of a sign-on's F62 (layout 003).
func clearMAK(t *testing.T, f62 string) []byte {
	t.Helper()
	tmk, err := hex.DecodeString(DefaultTMK)
	if err != nil {
		t.Fatal(err)
	}
	h := &Host{tmk: tmk}
	h.cfg.Profile = profile(t)
	term := &terminal{Network: "003", F62: f62}
	if err := h.unwrap(term); err != nil {
		t.Fatal(err)
	}
	check, err := kcv(term.mak)
	if err != nil || !strings.HasSuffix(f62, strings.ToUpper(hex.EncodeToString(check))) {
		t.Fatalf("check value of the MAK: %v %x", err, check)
	}
	return term.mak
}

func TestTornLineIsCut(t *testing.T) {
	dir := t.TempDir()
	open := func() *Host {
		h, err := New(Config{Dir: dir, Profile: profile(t), Random: &known{}})
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	h := open()
	f, err := h.enter(dialless(t).sale("000001", testPAN, 100), Entry{Kind: KindSale, Amount: 100, Card: h.cardHash(testPAN), Code: "00", State: "approved"})
	if err := errors.Join(err, f.wait(), h.Close()); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, ledgerName)
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, append(bytes.Clone(whole), whole[:len(whole)/2]...), 0o600); err != nil {
		t.Fatal(err)
	}
	if e, err := Ledger(dir); err != nil || len(e) != 1 {
		t.Fatalf("%v: %d entries beside a torn line", err, len(e))
	}
	h = open()
	f, err = h.enter(dialless(t).sale("000002", testPAN, 200), Entry{Kind: KindSale, Amount: 200, Card: h.cardHash(testPAN), Code: "00", State: "approved"})
	if err := errors.Join(err, f.wait(), h.Close()); err != nil {
		t.Fatal(err)
	}
	if e, err := Ledger(dir); err != nil || len(e) != 2 || e[1].Amount != 200 {
		t.Fatalf("%v: %v", err, e)
	}
	if err := os.WriteFile(name, append([]byte("{\n"), whole...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(Config{Dir: dir, Profile: profile(t)}); !errors.Is(err, ErrLedger) {
		t.Errorf("a damaged ledger was opened: %v", err)
	}
}

// dialless is a till that only words messages.
func dialless(t *testing.T) *till {
	t.Helper()
	return &till{t: t, p: profile(t), tid: "12345678"}
}

func TestManyTerminalsOneAccount(t *testing.T) {
	h, addr := start(t, nil)
	first := h.Balance(testPAN)
	const terminals, sales = 8, 40
	var all sync.WaitGroup
	for n := range terminals {
		c := dial(t, addr)
		c.tid = fmt.Sprintf("%08d", n)
		c.mak = clearMAK(t, c.signOn().Get(62))
		all.Add(1)
		go func() {
			defer all.Done()
			for i := range sales { // pipelined: all leave before an answer is read
				body, err := c.p.Pack(c.p.NewHeader(), c.signed(c.sale(fmt.Sprintf("%06d", i+1), testPAN, 7)))
				if err == nil {
					_, err = c.conn.Write(c.p.Framed(body))
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
			for range sales {
				if a, err := c.get(patient); err != nil || a.Get(39) != "00" {
					t.Error(err, a)
					return
				}
			}
		}()
	}
	all.Wait()
	if got := first - h.Balance(testPAN); got != terminals*sales*7 {
		t.Errorf("%d fen moved, want %d", got, terminals*sales*7)
	}
	entries, err := Ledger(h.cfg.Dir)
	if err != nil {
		t.Fatal(err)
	}
	numbers := map[string]bool{}
	for _, e := range entries {
		numbers[e.RRN] = true
	}
	if len(numbers) != terminals*sales {
		t.Errorf("%d reference numbers", len(numbers))
	}
}

func TestMainCommand(t *testing.T) {
	dir := t.TempDir()
	faults := filepath.Join(dir, "faults.json")
	if err := os.WriteFile(faults, []byte(`{"seed":1,"rules":[{"fault":"drop_answer","mti":"0200","nth":1,"probability":1}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "host")
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	status := make(chan int, 1)
	go func() {
		status <- Main(ctx, []string{"--listen", "127.0.0.1:0", "--data", data, "--faults", faults, "--latency", "1ms"}, os.DirFS("../../../assets"), w, io.Discard)
	}()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	c := dial(t, strings.TrimSpace(strings.TrimPrefix(line, "listening ")))
	c.mak = clearMAK(t, c.signOn().Get(62))
	s := c.sale("000001", testPAN, 300)
	c.send(s)
	c.silence()
	show := func() string {
		var out, errs bytes.Buffer
		if Main(ctx, []string{"ledger", "--data", data}, nil, &out, &errs) != 0 {
			t.Fatal(errs.String())
		}
		return out.String()
	}
	running := show()
	var e Entry
	if err := json.Unmarshal([]byte(running), &e); err != nil || e.Net != 300 || e.Time.IsZero() || e.PAN != "622424******0113" {
		t.Fatalf("%v %s", err, running)
	}
	c.code("00", reversal(s))
	cancel()
	select {
	case got := <-status:
		if got != 0 {
			t.Errorf("status %d", got)
		}
	case <-time.After(patient):
		t.Fatal("the host does not end")
	}
	if strings.Count(show(), "\n") != 2 {
		t.Error("stopped:", show())
	}
	for _, args := range [][]string{{}, {"--listen", ":0"}, {"--nonsense"}, {"ledger"}, {"--listen", ":0", "--data", data, "more"}} {
		if got := Main(t.Context(), args, nil, io.Discard, io.Discard); got != 2 {
			t.Errorf("%q: status %d", args, got)
		}
	}
	if err := os.WriteFile(faults, []byte(`{"rules":[{"fault":"nonsense"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	if got := Main(t.Context(), []string{"--listen", ":0", "--data", data, "--faults", faults}, nil, io.Discard, &errs); got != 1 || !strings.Contains(errs.String(), "nonsense") {
		t.Errorf("status %d, %s", got, errs.String())
	}
}

func TestKeysOutliveTheHost(t *testing.T) {
	dir := t.TempDir()
	h, err := New(Config{Dir: dir, Profile: profile(t), Random: &known{}})
	if err != nil {
		t.Fatal(err)
	}
	c := dialless(t)
	if _, err := h.signOn(c.msg("0800", "000001", map[int]string{60: "00000007003"})); err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	other, addr := start(t, func(cfg *Config) { cfg.Dir = dir })
	d := dial(t, addr)
	d.code("00", d.sale("000002", testPAN, 100))
	if got := other.Batch(d.tid, "123456789012345"); got != "000007" {
		t.Error(got)
	}
}

// BenchmarkWindow32 is sales pipelined 32 deep on one connection, flush included.
func BenchmarkWindow32(b *testing.B) {
	_, addr := start(b, nil)
	c := dial(b, addr)
	c.signOn()
	const window = 32
	sent := 0
	stan := 0
	for b.Loop() {
		for sent < window {
			sent++
			stan++
			c.send(c.sale(fmt.Sprintf("%06d", stan), testPAN, 1))
		}
		c.must()
		sent--
	}
}
