package keys

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// tempSuffix ends the pattern of files not yet complete: "." + the file's name + tempSuffix; swept at the next opening.
const tempSuffix = ".new-*"

// replaceFile writes data 0600 under another name in the same folder, flushes it, renames it over path and flushes the folder.
func replaceFile(path string, data []byte) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+tempSuffix)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreAbsent(os.Remove(f.Name())))
		}
	}()
	if err = writeSynced(f, data); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncFolder(dir)
}

func writeSynced(f *os.File, data []byte) error {
	_, err := f.Write(data)
	if err == nil {
		err = f.Chmod(0o600)
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// removeFile overwrites a file, removes it and flushes the folder; an absent one is removed already.
func removeFile(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return syncFolder(filepath.Dir(path))
	}
	if err != nil {
		return err
	}
	st, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	if err := writeSynced(f, make([]byte, st.Size())); err != nil {
		return err
	}
	if err := ignoreAbsent(os.Remove(path)); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// sweep removes what an interrupted replaceFile of path (its last part may be a pattern) left.
func sweep(path string) error {
	dir, pattern := filepath.Dir(path), "."+filepath.Base(path)+tempSuffix
	files, err := os.ReadDir(dir)
	if err != nil {
		return ignoreAbsent(err)
	}
	for _, f := range files {
		left, err := filepath.Match(pattern, f.Name())
		if left {
			err = removeFile(filepath.Join(dir, f.Name()))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func ignoreAbsent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
