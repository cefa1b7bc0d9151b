package printer_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/printer"
	"tillkeeper/store/storetest"
)

// nowhere is a way to no printer.
func nowhere() (io.ReadWriteCloser, error) { return nil, syscall.ENODEV }

func queuePath(dir string) string { return filepath.Join(dir, "printer.queue") }

// queueOf gives the bytes of a queue with three jobs: waiting, sent, waiting.
func queueOf(t *testing.T) []byte {
	t.Helper()
	dir := t.TempDir()
	p := printer.New(nowhere, printer.Opts{Dir: dir})
	queue(t, p, 1, 2, 3)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(queuePath(dir))
	if err != nil || bytes.Count(b, []byte("wait ")) != 3 {
		t.Fatalf("%q, %v", b, err)
	}
	second := bytes.Index(b, []byte("\nwait ")) + 1
	copy(b[second:], "sent")
	return b
}

// reopen opens a queue of these bytes.
func reopen(t *testing.T, b []byte, open printer.Opener) (*printer.Printer, string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(queuePath(dir), b, 0o600); err != nil {
		t.Fatal(err)
	}
	p := printer.New(open, printer.Opts{Dir: dir, Model: "full", Poll: 2 * time.Millisecond})
	t.Cleanup(func() { _ = p.Close() })
	return p, dir
}

func TestWhatWasSentIsUnknownAfterARestartAndWaitingJobsGoOut(t *testing.T) {
	d := &desk{}
	p, _ := reopen(t, queueOf(t), d.open)
	drain(t, p)
	j := p.Jobs()
	if len(j) != 3 || j[0].State != printer.Printed || j[1].State != printer.Unknown || j[1].Reason != printer.Interrupted || j[2].State != printer.Printed {
		t.Fatalf("%+v", j)
	}
	d.set(func(d *desk) {
		if bytes.Contains(d.got.Bytes(), []byte("slip 2")) {
			t.Error("the sent job went out again")
		}
	})
	if err := p.Reprint(j[1].ID); err != nil {
		t.Fatal(err)
	}
	if err := p.Reprint(j[1].ID); err == nil {
		t.Error("reprinted twice")
	}
	drain(t, p)
	d.set(func(d *desk) {
		at := bytes.Index(d.got.Bytes(), []byte("COPY"))
		if at < 0 || bytes.Index(d.got.Bytes(), []byte("slip 2")) < at {
			t.Errorf("no copy: %q", d.got.Bytes())
		}
	})
}

// TestEveryFlippedByteOfTheQueueIsNoticed: nothing that was damaged goes out by
// itself, and the file is set aside.
func TestEveryFlippedByteOfTheQueueIsNoticed(t *testing.T) {
	good := queueOf(t)
	for i := range good {
		b := bytes.Clone(good)
		b[i] ^= 0x01
		p, dir := reopen(t, b, nowhere)
		for _, j := range p.Jobs() {
			if j.State != printer.Unknown {
				t.Errorf("byte %d (%q): %+v", i, good[i], j)
			}
		}
		if aside, err := os.ReadFile(filepath.Join(dir, "printer.queue.damaged")); err != nil || !bytes.Equal(aside, b) {
			t.Errorf("byte %d (%q): set aside: %v", i, good[i], err)
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDamagedQueueIsSaidUntilSomebodyKnows(t *testing.T) {
	b := queueOf(t)
	b[20] ^= 0x20
	p, _ := reopen(t, b, (&desk{}).open)
	until(t, "said", func() bool { s := p.State(); return s.State == "warn" && s.Code == printer.QueueDamaged })
	if j := p.Jobs(); len(j) != 2 {
		t.Errorf("%d of the two whole jobs are left", len(j))
	}
	p.Retry()
	until(t, "no longer said", func() bool { return p.State().State == "ok" })
}

// TestTornEndOfTheQueueIsNoDamage: a power cut within Print leaves the head of a
// record that nobody was told of.
func TestTornEndOfTheQueueIsNoDamage(t *testing.T) {
	good := queueOf(t)
	last := bytes.LastIndex(good[:len(good)-1], []byte("\n")) + 1
	for _, c := range []struct {
		end  int
		tail string
	}{{last + 1, ""}, {last + 4, ""}, {last + 30, ""}, {len(good) - 2, ""}, {last + 10, strings.Repeat("\x00", 500)}} {
		p, dir := reopen(t, append(bytes.Clone(good[:c.end]), c.tail...), (&desk{}).open)
		drain(t, p)
		if j := p.Jobs(); len(j) != 2 || j[0].State != printer.Printed || p.State().Code == printer.QueueDamaged {
			t.Errorf("%d bytes: %+v %+v", c.end, j, p.State())
		}
		queue(t, p, 9)
		drain(t, p)
		if _, err := os.Stat(filepath.Join(dir, "printer.queue.damaged")); err == nil {
			t.Error("set aside")
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestEveryPrefixOfTheQueueIsAQueue: wherever a power cut ends the file, the
// whole records before that are there, in their states, and it is no damage.
func TestEveryPrefixOfTheQueueIsAQueue(t *testing.T) {
	good := queueOf(t)
	for end := 0; end < len(good); end += 3 {
		p, _ := reopen(t, good[:end], nowhere)
		j := p.Jobs()
		if want := bytes.Count(good[:end], []byte("\n")); len(j) != want || p.State().Code == printer.QueueDamaged {
			t.Errorf("%d bytes: %+v", end, j)
		}
		for i := range j {
			if (i == 1) != (j[i].State == printer.Unknown) {
				t.Errorf("%d bytes: %+v", end, j[i])
			}
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRubbishIsNoQueue(t *testing.T) {
	for _, rubbish := range []string{"\n", "\n\n\n", "x", "wait 00000000 {}\n", strings.Repeat("wait ", 1000), "wait 00000000 \n", "\x00\n"} {
		p, _ := reopen(t, []byte(rubbish), nowhere)
		if n := len(p.Jobs()); n != 0 {
			t.Errorf("%q: %d jobs", rubbish, n)
		}
		queue(t, p, 1)
		_ = p.Close()
	}
}

// TestSentIsOnDiskBeforeTheFirstByte looks into the file when the job is told to
// be sent, which is before its first byte.
func TestSentIsOnDiskBeforeTheFirstByte(t *testing.T) {
	dir := t.TempDir()
	var wrong atomic.Int64
	p := fast(t, (&desk{}).open, func(o *printer.Opts) {
		o.Dir = dir
		o.OnJob = func(j printer.Job) {
			b, _ := os.ReadFile(queuePath(dir))
			if n := bytes.Count(b, []byte("sent ")); j.State == printer.Sent && n != 1 {
				wrong.Add(1)
			}
		}
	})
	queue(t, p, 1, 2, 3, 4)
	drain(t, p)
	if wrong.Load() > 0 {
		t.Errorf("%d jobs left before the disk knew", wrong.Load())
	}
}

// TestPrintedSlipsLeaveTheDisk: no more than a few of them stay. Nobody but the
// owner may read the file.
func TestPrintedSlipsLeaveTheDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	d := &desk{}
	p := fast(t, d.open, func(o *printer.Opts) { o.Dir = dir })
	for i := range 40 {
		queue(t, p, i)
	}
	drain(t, p)
	until(t, "small", func() bool {
		b, err := os.ReadFile(queuePath(dir))
		return err == nil && bytes.Count(b, []byte("done ")) <= 16 && !bytes.Contains(b, []byte("slip 20"))
	})
	for _, name := range []string{"printer.queue", "printer.lock"} {
		if i, err := os.Stat(filepath.Join(dir, name)); err != nil || i.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", name, i.Mode(), err)
		}
	}
	if i, err := os.Stat(dir); err != nil || i.Mode().Perm() != 0o700 {
		t.Errorf("%v %v", i.Mode(), err)
	}
	d.set(func(d *desk) { d.statuses[2] = 0x04 })
	until(t, "cover", func() bool { return p.State().Code == printer.CoverOpen })
	queue(t, p, 50)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(queuePath(dir))
	if err != nil || bytes.Contains(b, []byte("slip 20")) || !bytes.Contains(b, []byte("slip 50")) {
		t.Errorf("%q, %v", b, err)
	}
}

// smallDisk is a file system of 64 KiB.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	storetest.Forbidden(t, syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k,mode=0700"))
	t.Cleanup(func() { _ = syscall.Unmount(dir, 0) })
	return dir
}

// fill takes the room of a file system.
func fill(t *testing.T, dir string) (free func()) {
	t.Helper()
	name := filepath.Join(dir, "ballast")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	return func() { _ = os.Remove(name) }
}

// bigJob takes more than a page of the disk.
func bigJob(number string) pos.PrintJob {
	s := slip{}
	for range 100 {
		s = append(s, testLine{kind: "text", left: strings.Repeat(number+" ", 10)})
	}
	return pos.PrintJob{Number: number, Slip: s}
}

// TestFullDiskPrintsFromMemoryAndSaysSo: what is on disk is still marked in
// place, so nothing is printed twice; with room again everything is on disk.
func TestFullDiskPrintsFromMemoryAndSaysSo(t *testing.T) {
	dir := smallDisk(t)
	d := &desk{}
	d.statuses[2] = 0x04
	var said atomic.Bool
	p := fast(t, d.open, func(o *printer.Opts) {
		o.Dir = dir
		o.OnState = func(c pos.Condition) {
			if c.State == "warn" && c.Code == printer.QueueMemory {
				said.Store(true)
			}
		}
	})
	until(t, "cover", func() bool { return p.State().Code == printer.CoverOpen })
	queue(t, p, 1)
	free := fill(t, dir)
	if err := p.Print(bigJob("memory")); err != nil {
		t.Fatalf("a full disk is no reason not to print: %v", err)
	}
	d.set(func(d *desk) { d.statuses[2] = 0 })
	drain(t, p)
	if !said.Load() {
		t.Error("nobody was told that the disk is full")
	}
	if j := p.Jobs(); len(j) != 2 || j[0].State != printer.Printed || j[1].State != printer.Printed {
		t.Fatalf("%+v", j)
	}
	if b, _ := os.ReadFile(queuePath(dir)); bytes.Contains(b, []byte("wait ")) {
		t.Errorf("a printed job waits on disk: %.60q", b)
	}
	d.set(func(d *desk) { d.statuses[2] = 0x04 })
	until(t, "cover", func() bool { return p.State().Code == printer.CoverOpen })
	if err := p.Print(bigJob("later")); err != nil {
		t.Fatal(err)
	}
	free()
	until(t, "on disk", func() bool { b, _ := os.ReadFile(queuePath(dir)); return bytes.Contains(b, []byte("later")) })
	d.set(func(d *desk) { d.statuses[2] = 0 })
	until(t, "fine", func() bool { return p.State().State == "ok" })
	drain(t, p)
}

// TestFolderThatCannotBe: a file stands where the folder should be.
func TestFolderThatCannotBe(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	p := fast(t, (&desk{}).open, func(o *printer.Opts) { o.Dir = filepath.Join(name, "queue") })
	queue(t, p, 1)
	drain(t, p)
	until(t, "said", func() bool { return p.State().Code == printer.QueueMemory })
}

// TestTwoTillsDoNotShareAQueue: the second prints from memory, and takes over
// when the first ends.
func TestTwoTillsDoNotShareAQueue(t *testing.T) {
	dir := t.TempDir()
	first := printer.New(nowhere, printer.Opts{Dir: dir})
	queue(t, first, 1, 2)
	d := &desk{}
	d.statuses[2] = 0x04
	second := fast(t, d.open, func(o *printer.Opts) { o.Dir = dir })
	queue(t, second, 7)
	if n := len(second.Jobs()); n != 1 {
		t.Fatalf("%d jobs: another till's were taken", n)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	until(t, "all three", func() bool { return len(second.Jobs()) == 3 })
	until(t, "on disk", func() bool { b, _ := os.ReadFile(queuePath(dir)); return bytes.Count(b, []byte("wait ")) == 3 })
	d.set(func(d *desk) { d.statuses[2] = 0 })
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := second.Drain(ctx); err != nil {
		t.Fatal(err)
	}
	ids := map[int]bool{}
	for _, j := range second.Jobs() {
		ids[j.ID] = true
	}
	if len(ids) != 3 {
		t.Errorf("%+v", second.Jobs())
	}
}

// FuzzQueueFile: whatever is in the file, nothing but whole records comes out.
func FuzzQueueFile(f *testing.F) {
	f.Add([]byte("wait 00000000 {\"id\":1}\n"))
	f.Add([]byte("sent 12345678 {}\nlost"))
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(queuePath(dir), b, 0o600); err != nil {
			t.Fatal(err)
		}
		p := printer.New(nowhere, printer.Opts{Dir: dir})
		for _, j := range p.Jobs() {
			if j.ID <= 0 {
				t.Errorf("%+v", j)
			}
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
}
