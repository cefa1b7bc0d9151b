package endtoend

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// bank is the simulated acquirer in a process of its own, so that it goes wrong as it is told to.
type bank struct {
	t    *testing.T
	dir  string
	addr string
	shop string // the folder of the till that it serves
}

// nobody is an address at which no acquirer listens.
const nobody = "127.0.0.1:9"

// newBank starts an acquirer with a fault plan.
func newBank(t *testing.T, faults string) *bank {
	t.Helper()
	home := t.TempDir()
	b := &bank{t: t, dir: filepath.Join(home, "bank"), shop: filepath.Join(home, "shop")}
	plan := filepath.Join(home, "faults.json")
	if err := os.WriteFile(plan, []byte(faults), 0o600); err != nil {
		t.Fatal(err)
	}
	host := exec.Command(binary, "acquirer", "--listen", "127.0.0.1:0", "--data", b.dir, "--faults", plan)
	out, err := host.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := host.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = host.Process.Kill() //nolint:errcheck // it may have ended by itself
		_ = host.Wait()         //nolint:errcheck // killed on purpose
	})
	said, err := bufio.NewReader(out).ReadString('\n')
	if b.addr = strings.TrimSpace(strings.TrimPrefix(said, "listening ")); err != nil || b.addr == "" {
		t.Fatalf("the acquirer says %q: %v", said, err)
	}
	return b
}

// sells plays a script of the scripted face, with the acquirer at an address; every answer has to be good. It gives what the face said.
func (b *bank) sells(addr string, script ...string) string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, binary, "headless", "--demo", "--data", b.shop, "--host", addr)
	c.Env = append(os.Environ(), "LANG=zh_CN.UTF-8", "HOME="+filepath.Dir(b.shop))
	c.Stdin = strings.NewReader(strings.Join(script, "\n") + "\n" + `{"cmd":"quit"}` + "\n")
	out, err := c.Output()
	if err != nil || strings.Contains(string(out), `"ok":false`) {
		b.t.Fatalf("the script ends with %v:\n%s", err, out)
	}
	return string(out)
}

// file lets the acquirer write its file, with differences planted, into the folder that the till looks in.
func (b *bank) file(name, plant string) {
	b.t.Helper()
	out, err := exec.Command(binary, "acquirer", "file", "--data", b.dir, "--plant", plant).Output()
	if err != nil {
		b.t.Fatal(err)
	}
	dir := filepath.Join(b.shop, "files")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), out, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// charge is what one message of a till charges its card now, fen, as the acquirer's ledger has it.
type charge struct {
	STAN, Batch, Kind string
	Net               int64
}

// ledger reads the acquirer's ledger in its folder, or in a copy of it.
func ledger(t *testing.T, dir string) (all []charge) {
	t.Helper()
	out, err := exec.Command(binary, "acquirer", "ledger", "--data", dir).Output()
	if err != nil {
		t.Fatal(err)
	}
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var c charge
		if err := d.Decode(&c); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

// slips counts what the printer of the demo printed.
func (p *person) slips() int {
	p.t.Helper()
	files, err := filepath.Glob(filepath.Join(p.data, "receipts", "*.png"))
	if err != nil {
		p.t.Fatal(err)
	}
	return len(files)
}

// prints waits until so many slips were printed.
func (p *person) prints(n int) {
	p.t.Helper()
	for end := time.Now().Add(patience); p.slips() < n; time.Sleep(blink) {
		if time.Now().After(end) {
			p.t.Fatalf("%d slips were printed, want %d\n%s", p.slips(), n, p.log)
		}
	}
}
