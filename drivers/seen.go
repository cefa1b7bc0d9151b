package drivers

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// seenFile remembers, in the till's folder, which device was at a place when it
// worked: its identity by scheme and path. So a device that is in another socket
// now is told from one that is not plugged in. It is a hint: a file that is
// damaged or missing is an empty one.
const seenFile = "devices.seen"

// maxSeen bounds the file, in bytes, and its entries.
const (
	maxSeen   = 64 << 10
	maxPlaces = 64
)

// memory is what stands in the file.
type memory struct {
	path string

	mu sync.Mutex
	at map[string]string
}

func openMemory(dir string) *memory {
	m := &memory{path: filepath.Join(dir, seenFile), at: map[string]string{}}
	f, err := os.Open(m.path)
	if err != nil {
		return m
	}
	defer f.Close()
	if json.NewDecoder(io.LimitReader(f, maxSeen)).Decode(&m.at) != nil || m.at == nil || len(m.at) > maxPlaces {
		m.at = map[string]string{}
	}
	return m
}

// of gives the identity of what was at a place, "" where that is not known.
func (m *memory) of(scheme, path string) string {
	if m == nil {
		return ""
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.at[scheme+":"+path]
}

// keep remembers what is at a place.
func (m *memory) keep(scheme, path, identity string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if identity == "" || m.at[scheme+":"+path] == identity {
		return nil
	}
	now := maps.Clone(m.at)
	if len(now) >= maxPlaces {
		clear(now)
	}
	now[scheme+":"+path] = identity
	b, err := json.Marshal(now)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(m.path), ".seen-*")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), m.path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	m.at = now
	return nil
}

// note remembers what is at the places of the devices that are well.
func (s *Set) note() {
	if s.seen == nil || s.c.Look {
		return
	}
	for _, sl := range s.slots {
		u := sl.now()
		if u == nil || u.state().State != "ok" {
			continue
		}
		for _, a := range u.places() {
			if !strings.HasPrefix(a.path, "/dev/") {
				continue
			}
			if err := s.seen.keep(a.scheme, a.path, s.machine.Identity(a.path)); err != nil && s.c.Log != nil {
				s.c.Log.Warn("what is plugged in could not be remembered", "error", err)
				return
			}
		}
	}
}
