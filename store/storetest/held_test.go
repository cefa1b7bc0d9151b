package storetest

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestADiskComesBackThoughSomebodyKeepsTheOldOne: a process of another test that had unshared the mount table kept the file
// system that was cut, and what was mounted next was that one, dead: "input/output error" for a disk whose power was back.
func TestADiskComesBackThoughSomebodyKeepsTheOldOne(t *testing.T) {
	d := NewDisk(t, 16)
	kept := filepath.Join(d.Dir, "kept")
	for i, harm := range []func() error{d.Cut, d.ReadOnly, d.Cut} {
		holder := exec.Command("unshare", "--mount", "sh", "-c", "echo; exec cat")
		in, err := holder.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := holder.StdoutPipe()
		if err == nil {
			err = holder.Start()
		}
		if err == nil {
			_, err = out.Read(make([]byte, 1)) // it has its table
		}
		if err != nil {
			t.Fatal(err)
		}
		want := bytes.Repeat([]byte{byte(i)}, 5000)
		if err := write(kept, want, true); err != nil {
			t.Fatal(err)
		}
		if err := write(kept+"-not", want, false); err != nil {
			t.Fatal(err)
		}
		if err := harm(); err != nil {
			t.Fatal(err)
		}
		d.Unmount(t)
		d.Mount(t)
		if got, err := os.ReadFile(kept); err != nil || !bytes.Equal(got, want) {
			t.Errorf("cut %d: what was flushed is not there: %d bytes, %v", i, len(got), err)
		}
		if got, err := os.ReadFile(kept + "-not"); i != 1 && bytes.Equal(got, want) || err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("cut %d: what was not flushed is there: %v", i, err)
		}
		if err := errors.Join(in.Close(), holder.Wait()); err != nil {
			t.Error(err)
		}
	}
	if filepath.Base(d.image) != "image---" {
		t.Errorf("nobody kept anything: the disk is %s", d.image)
	}
}

// write writes a file anew, and flushes it with its folder where it is told to.
func write(name string, b []byte, flush bool) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if flush {
		dir, other := os.Open(filepath.Dir(name))
		err = errors.Join(err, f.Sync(), other)
		if other == nil {
			err = errors.Join(err, dir.Sync(), dir.Close())
		}
	}
	return errors.Join(err, f.Close())
}
