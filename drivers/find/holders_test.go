package find_test

import (
	"bufio"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"tillkeeper/drivers/find"
	"tillkeeper/drivers/port"
	"tillkeeper/store/storetest"
)

// inAnotherRoom names the terminal that a child opens in a /dev/pts of its own.
const inAnotherRoom = "TILL_FIND_OPENS"

// mostPtys is how many terminals that takes at the most.
const mostPtys = 4096

// TestATerminalOfAContainerIsNotOurs: a program in a container, whose /dev/pts counts for itself, was said to hold the till's
// line, because its own has the same name.
func TestATerminalOfAContainerIsNotOurs(t *testing.T) {
	if name := os.Getenv(inAnotherRoom); name != "" {
		if err := syscall.Mount("devpts", "/dev/pts", "devpts", 0, "newinstance,ptmxmode=0666"); err != nil {
			t.Fatal(err)
		}
		for range mostPtys {
			far, path, err := port.Pty()
			if err != nil {
				t.Fatal(err)
			}
			defer far.Close()
			if path != name {
				continue
			}
			f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOCTTY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			os.Stdout.WriteString("open\n")
			_, _ = os.Stdin.Read(make([]byte, 1))
			return
		}
		t.Fatalf("no %s", name)
	}
	far, path, err := port.Pty()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), inAnotherRoom+"="+path)
	child.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	storetest.Forbidden(t, child.Start())
	if said, err := bufio.NewReader(out).ReadString('\n'); said != "open\n" {
		t.Fatalf("the child says %q: %v", said, err)
	}
	h := find.New("/")
	if holders, _ := h.Holders(t.Context(), path); len(holders) != 0 {
		t.Errorf("%s is held by %v", path, holders)
	}
	own, err := port.OpenLine(path, 9600)
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	if holders, _ := h.Holders(t.Context(), path); len(holders) != 1 || holders[0].PID != os.Getpid() {
		t.Errorf("%s is held by %v, not by this test alone", path, holders)
	}
	_ = in.Close()
	if err := child.Wait(); err != nil {
		t.Error(err)
	}
}
