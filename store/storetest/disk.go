package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const (
	shutdown     = 0x8004587D // EXT4_IOC_SHUTDOWN, _IOR('X', 125, __u32)
	noLogFlush   = 2          // EXT4_GOING_FLAGS_NOLOGFLUSH: what is not on the disk is gone
	ballast      = "ballast"  // a file of Fill
	unmountTries = 3000       // for a file system that a dying process still holds
	unmountPause = 20 * time.Millisecond
)

// Disk is a file system of its own on a loop device, whose power can be cut.
type Disk struct {
	Dir    string // where it is mounted
	image  string // the file behind the loop device
	device string
	up     bool
}

// LoudEnv names a file to which a line is added for each test that had to be
// left out: go test keeps quiet about those of a package that passes.
const LoudEnv = "TILLKEEPER_LOUD"

// Forbidden leaves a test out where its user may not do what only root may, or
// what nobody may in a container; any other error fails it.
func Forbidden(t testing.TB, err error) {
	t.Helper()
	switch {
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EROFS), errors.Is(err, unix.EACCES) && os.Geteuid() != 0:
		leaveOut(t, fmt.Sprintf("WHAT NEEDS ROOT IS NOT TESTED HERE: %v", err))
	case err != nil:
		t.Fatal(err)
	}
}

// noDisk begins the reason why a test has no disk of its own.
const noDisk = "POWER CUTS AND FULL DISKS ARE NOT TESTED HERE: "

// leaveOut skips a test that this machine cannot run, and sees to it that whoever
// started the tests hears of it.
func leaveOut(t testing.TB, why string) {
	t.Helper()
	why = fmt.Sprintf("%s WAS NOT RUN: %s", t.Name(), why)
	fmt.Fprintln(os.Stderr, why)
	if name := os.Getenv(LoudEnv); name != "" {
		f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(why, err)
		}
		if _, err := fmt.Fprintln(f, why); err != nil {
			t.Fatal(why, err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(why, err)
		}
	}
	t.Skip(why)
}

// NewDisk makes and mounts an empty ext4 of some MiB. Where that cannot be done
// the test is left out, loudly, with what is missing; see LoudEnv.
func NewDisk(t testing.TB, mib int) *Disk {
	t.Helper()
	if lacks := missing(); len(lacks) > 0 {
		leaveOut(t, noDisk+"this machine has no "+strings.Join(lacks, ", no "))
	}
	dir := t.TempDir()
	image := filepath.Join(dir, "image")
	f, err := os.Create(image)
	if err == nil {
		err = errors.Join(f.Truncate(int64(mib)<<20), f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tool("mkfs.ext4", "-q", "-F", "-m", "0", "-E", "lazy_itable_init=0,lazy_journal_init=0,nodiscard", image); err != nil {
		t.Fatal(err)
	}
	d := &Disk{Dir: filepath.Join(dir, "disk"), image: image}
	if err := os.Mkdir(d.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := d.attach(t); err != nil {
		leaveOut(t, fmt.Sprintf(noDisk+"no loop device can be set up: %v", err))
	}
	t.Cleanup(func() { d.Unmount(t) })
	if err := d.mount(); err != nil {
		leaveOut(t, fmt.Sprintf(noDisk+"no ext4 can be mounted: %v", err))
	}
	return d
}

// missing names what a loop-mounted file system needs and this machine lacks.
func missing() (lacks []string) {
	if os.Geteuid() != 0 {
		lacks = append(lacks, "root")
	}
	if _, err := os.Stat("/dev/loop-control"); err != nil {
		lacks = append(lacks, "/dev/loop-control")
	}
	for _, name := range []string{"mkfs.ext4", "losetup", "mount", "umount"} {
		if _, err := exec.LookPath(name); err != nil {
			lacks = append(lacks, name)
		}
	}
	return lacks
}

// tool runs a program and gives what it printed, trimmed.
func tool(name string, args ...string) (string, error) {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, bytes.TrimSpace(out))
	}
	return string(bytes.TrimSpace(out)), nil
}

// Left gives the bytes that are free.
func (d *Disk) Left() (int64, error) {
	var s unix.Statfs_t
	err := unix.Statfs(d.Dir, &s)
	return int64(s.Bavail) * s.Bsize, err
}

// Fill writes a file that leaves no more than some bytes free; Empty takes it
// away.
func (d *Disk) Fill(leave int64) error {
	left, err := d.Left()
	if err != nil || left <= leave {
		return err
	}
	f, err := os.OpenFile(filepath.Join(d.Dir, ballast), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	block := make([]byte, 4096)
	for ; left > leave && err == nil; left, _ = d.Left() {
		_, err = f.Write(block)
		if left < leave+1<<20 { // what is delayed does not count as used
			err = errors.Join(err, f.Sync())
		}
	}
	if leave == 0 && errors.Is(err, unix.ENOSPC) {
		err = nil
	}
	return errors.Join(err, f.Close())
}

// Empty takes away what Fill wrote.
func (d *Disk) Empty() error { return os.Remove(filepath.Join(d.Dir, ballast)) }

// attach puts the image behind a loop device until the test ends.
func (d *Disk) attach(t testing.TB) error {
	device, err := tool("losetup", "-f", "--show", d.image)
	if err != nil {
		return err
	}
	d.device = device
	t.Cleanup(func() {
		if _, err := tool("losetup", "-d", device); err != nil {
			t.Error(err)
		}
	})
	return nil
}

// Mount brings the disk back; after a cut the file system replays its log. A
// process that was started with a copy of the mount table, of whatever program,
// keeps the file system that was broken for as long as it lives: then the disk goes
// on as a copy of what is on it.
func (d *Disk) Mount(t testing.TB) {
	t.Helper()
	d.mounted(t)
	if !d.dead() {
		return
	}
	d.Unmount(t)
	again := d.image + "-"
	_, err := tool("cp", "--sparse=always", d.image, again)
	if d.image = again; err == nil {
		err = d.attach(t)
	}
	if err != nil {
		t.Fatal(err)
	}
	d.mounted(t)
}

// dead says whether what is mounted is still the file system that was cut, or
// turned read-only.
func (d *Disk) dead() bool {
	probe := filepath.Join(d.Dir, ".mounted")
	err := os.Mkdir(probe, 0o700)
	if err == nil {
		err = os.Remove(probe)
	}
	return errors.Is(err, unix.EIO) || errors.Is(err, unix.EROFS)
}

func (d *Disk) mounted(t testing.TB) {
	t.Helper()
	if err := d.mount(); err != nil {
		t.Fatal(err)
	}
}

func (d *Disk) mount() error {
	_, err := tool("mount", "-t", "ext4", "-o", "errors=remount-ro", d.device, d.Dir)
	d.up = err == nil
	return err
}

// ReadOnly turns the file system read-only under whoever uses it, as the kernel
// does after an error of the disk; Unmount and Mount make it writable again.
func (d *Disk) ReadOnly() error {
	return os.WriteFile("/sys/fs/ext4/"+filepath.Base(d.device)+"/trigger_fs_error", []byte("storetest"), 0)
}

// Cut takes the power away: nothing is written any more, not even the log of the
// file system. Processes get errors from then on; Unmount and Mount follow.
func (d *Disk) Cut() error {
	f, err := os.Open(d.Dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return unix.IoctlSetPointerInt(int(f.Fd()), shutdown, noLogFlush)
}

// Unmount takes the disk away once nobody holds it.
func (d *Disk) Unmount(t testing.TB) {
	t.Helper()
	if !d.up {
		return
	}
	var err error
	for range unmountTries {
		if err = unix.Unmount(d.Dir, 0); err == nil {
			d.up = false
			return
		}
		time.Sleep(unmountPause)
	}
	t.Errorf("unmounting %s: %v", d.Dir, err)
}
