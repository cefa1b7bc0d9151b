package drivers

import (
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"sync"

	"tillkeeper/drivers/download"
)

// seenFile remembers, in the till's folder, which device was at a place when it
// worked: its identity by scheme and path. So a device that is in another socket
// now is followed, and another one in its place is not taken for it. A file that
// is damaged or missing is an empty one: then the path is all that counts.
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

// others are the identities at the places of devices (by their names, URLs) but
// one place.
func (m *memory) others(devices map[string]string, but address) []string {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []string
	for name, url := range devices {
		for _, one := range each(name, url) {
			a, err := parse(name, one)
			if err != nil || a.scheme == but.scheme && a.path == but.path {
				continue
			}
			if identity := m.at[a.scheme+":"+a.path]; identity != "" {
				out = append(out, identity)
			}
		}
	}
	return out
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
	return m.write(now)
}

// forget lets a place have any device.
func (m *memory) forget(scheme, path string) error {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.at[scheme+":"+path] == "" {
		return nil
	}
	now := maps.Clone(m.at)
	delete(now, scheme+":"+path)
	return m.write(now)
}

// write makes it the file. The caller has the lock.
func (m *memory) write(now map[string]string) error {
	b, err := json.Marshal(now)
	if err == nil {
		err = download.Keep(filepath.Dir(m.path), filepath.Base(m.path), b)
	}
	if err == nil {
		m.at = now
	}
	return err
}

// note remembers what is at the places of the devices that are well: what was
// there when they were opened.
func (s *Set) note() {
	if s.seen == nil || s.c.Look {
		return
	}
	for _, sl := range s.slots {
		u := sl.now()
		if u == nil || u.state().State != "ok" {
			continue
		}
		for _, a := range u.at {
			if a.way == nil || a.way.class == "" {
				continue
			}
			_, identity := a.way.at()
			if err := s.seen.keep(a.scheme, a.path, identity); err != nil && s.c.Log != nil {
				s.c.Log.Warn("what is plugged in could not be remembered", "error", err)
				return
			}
		}
	}
}
