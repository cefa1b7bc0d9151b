package drivers

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/find"
	"tillkeeper/drivers/port"
)

// trail leads to a device that has a place in /dev: to the configured one while
// the device is there that is remembered to have worked there, and otherwise to
// the one place where that device is plugged in now. It never leads to a device
// of another kind or serial number, and never guesses between several.
type trail struct {
	class   string // of the place, "" where it is none of /dev: then it is the only one
	scheme  string
	path    string // as configured
	machine *find.Host
	seen    *memory
	others  func() []string // identities that are remembered of the till's other devices

	mu       sync.Mutex
	now      string // where it was opened last, "" before
	identity string // of what was there
}

// trail gives the way to what an address names.
func (s *Set) trail(a address) *trail {
	t := &trail{scheme: a.scheme, path: a.path, machine: s.machine, seen: s.seen, others: func() []string { return s.others(a) }}
	if strings.HasPrefix(a.path, "/dev/") {
		t.class = find.ClassOf(a.scheme)
	}
	return t
}

// others are the identities that are remembered at the till's places but one.
func (s *Set) others(but address) []string {
	urls := map[string]string{}
	for name, url := range s.c.Devices {
		urls[name] = url
	}
	for name, sl := range s.slots {
		if url, known := sl.chosen(); known || url != "" {
			urls[name] = url
		}
	}
	return append(s.seen.others(urls, but), s.never(urls, but)...)
}

// never gives what is plugged in at places of other devices that have not worked
// there yet: it is theirs all the same.
func (s *Set) never(urls map[string]string, but address) (out []string) {
	mine := s.seen.of(but.scheme, but.path)
	for name, url := range urls {
		for _, one := range each(name, url) {
			a, err := parse(name, one)
			if err != nil || find.ClassOf(a.scheme) == "" || a.scheme == but.scheme && a.path == but.path || s.seen.of(a.scheme, a.path) != "" {
				continue
			}
			if id := s.machine.Identity(a.path); id != "" && id != mine {
				out = append(out, id)
			}
		}
	}
	return out
}

// place gives the path to open now. A pos.Error with the reason unplugged, which
// is fs.ErrNotExist too, says that there is none.
func (t *trail) place() (string, error) {
	if t.class == "" {
		return t.path, nil
	}
	now, identity, err := t.machine.Locate(t.class, t.path, t.seen.of(t.scheme, t.path), t.others()...)
	if err != nil {
		return "", &pos.Error{Code: port.Unplugged, Message: t.path, Err: fmt.Errorf("%w: %w", fs.ErrNotExist, err)}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.now, t.identity = now, identity
	return t.machine.Real(now), nil
}

// at gives where the device was opened last and the identity of what was there;
// before that the configured place and "".
func (t *trail) at() (path, identity string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.now == "" {
		return t.path, ""
	}
	return t.now, t.identity
}

// moved says that the device is used at another place than the configured one.
func (t *trail) moved() (said pos.Remark, is bool) {
	now, identity := t.at()
	if now == t.path {
		return said, false
	}
	return pos.Say("moved", identity, now, t.path), true
}

// along has an opener open what the trail leads to.
func along[L any](t *trail, open func(path string) (L, error)) (L, error) {
	path, err := t.place()
	if err != nil {
		var none L
		return none, err
	}
	return open(path)
}

// followed adds to the condition of a unit that works which of its devices are
// used at other places than the configured ones.
func followed(u *unit, c pos.Condition) pos.Condition {
	if u == nil || c.State == "fault" || c.State == "busy" {
		return c
	}
	for _, a := range u.at {
		if a.way == nil {
			continue
		}
		if said, is := a.way.moved(); is {
			c.Found = append(c.Found[:len(c.Found):len(c.Found)], said)
		}
	}
	return c
}

// forget lets the places of a URL have any device: a person has chosen it.
func (s *Set) forget(name, url string) error {
	var errs []error
	for _, one := range each(name, url) {
		if a, err := parse(name, one); err == nil && a.path != "" {
			errs = append(errs, s.seen.forget(a.scheme, a.path))
		}
	}
	return errors.Join(errs...)
}
