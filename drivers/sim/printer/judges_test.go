package printer_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// nposVersion is the splitter that judges our bytes.
const nposVersion = "0.1.19"

// tool gives the path of a program, or fails naming its Debian package.
func tool(t *testing.T, name, pkg string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is missing: apt-get install %s", name, pkg)
	}
	return path
}

// nposDir gives the folder of npos, which it installs where it is not yet.
func nposDir(t *testing.T) string {
	t.Helper()
	npm := tool(t, "npm", "npm")
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, "tillkeeper-test", "npos-"+nposVersion)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	lock, err := os.Create(filepath.Join(dir, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "installed")); err == nil {
		return dir
	}
	out, err := exec.Command(npm, "install", "--no-audit", "--no-fund", "--omit=optional", "--ignore-scripts", "--prefix", dir, "npos@"+nposVersion).CombinedOutput()
	if err != nil {
		t.Fatalf("npm install npos@%s: %v\n%s", nposVersion, err, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "installed"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// node is one command, or run of text, as npos splits it.
type node struct {
	Cmd, Hex, Dots string
	Width, Height  int
}

func (n node) bytes(t *testing.T) []byte {
	t.Helper()
	b, err := hex.DecodeString(n.Hex)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func split(t *testing.T, b []byte) []node {
	t.Helper()
	cmd := exec.Command(tool(t, "node", "nodejs"), "--no-deprecation", "testdata/npos.js", nposDir(t))
	cmd.Stdin = bytes.NewReader(b)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var nodes []node
	if err := json.Unmarshal(out, &nodes); err != nil {
		t.Fatal(err)
	}
	return nodes
}

// iconv turns GB18030 into UTF-8.
func iconv(t *testing.T, b []byte) string {
	t.Helper()
	cmd := exec.Command(tool(t, "iconv", "libc-bin"), "-f", "GB18030", "-t", "UTF-8")
	cmd.Stdin = bytes.NewReader(b)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("% x: %v", b, err)
	}
	return string(out)
}

func load(t *testing.T, file string) image.Image {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// differ counts the dots in which two pictures differ, all of them where their
// sizes do.
func differ(a, b image.Image) (dots int) {
	if a.Bounds().Size() != b.Bounds().Size() {
		return a.Bounds().Dx() * a.Bounds().Dy()
	}
	at, bt := a.Bounds().Min, b.Bounds().Min
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			ar, _, _, _ := a.At(at.X+x, at.Y+y).RGBA()
			br, _, _, _ := b.At(bt.X+x, bt.Y+y).RGBA()
			if ar != br {
				dots++
			}
		}
	}
	return dots
}

// codes fails unless zbarimg reads exactly these codes from a picture.
func codes(t *testing.T, file string, want ...string) {
	t.Helper()
	out, err := exec.Command(tool(t, "zbarimg", "zbar-tools"), "-q", file).Output()
	if err != nil {
		t.Fatalf("%s: zbarimg reads nothing: %v", file, err)
	}
	got := map[string]bool{}
	for _, l := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		got[l] = true
	}
	if len(got) != len(want) {
		t.Errorf("zbarimg reads %q, want %q", out, want)
	}
	for _, w := range want {
		if !got[w] {
			t.Errorf("zbarimg reads %q, want %q", out, w)
		}
	}
}
