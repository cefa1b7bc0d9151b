// Package download brings what the acquirer asks a terminal to load: the
// processing requirement of an answer names it, the acquirer's file service has
// it, a file each. The package promises that a payment never waits for it, that
// a file is checked whole before it is kept and kept before it is in force, and
// that one that is bad or cannot be had changes nothing. What no service brings
// is only remembered, with what a person has to do. It opens no line itself and
// knows nothing of what is in a file.
//
// A file lies under its own name in the till's folder, replaced whole. Sizes are
// bytes.
package download

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"tillkeeper/app/pos"
)

// The limits of loading.
const (
	fetchLimit = 2 * time.Minute  // of one try
	firstWait  = 30 * time.Second // after a failed try, doubled
	mostWait   = 30 * time.Minute
	keepFor    = time.Hour // a host that goes on asking for what was just loaded is not served again
	maxAsked   = 16        // things asked for that are remembered
)

// ErrTooLong says that a file is longer than it may be.
var ErrTooLong = errors.New("download: the file is too long")

// Item is one thing that can be loaded. Check looks at a whole file and gives what puts it in force; its error leaves
// everything as it was.
type Item struct {
	File  string // its name at the service and in the folder
	Most  int64  // bytes
	Check func(file []byte) (put func(), err error)
}

// Options are what a Loader works with. Fetch opens a file of the service by its name; nil: there is no service.
type Options struct {
	Dir     string
	Fetch   func(ctx context.Context, name string) (io.ReadCloser, error)
	Items   map[string]Item       // by what the host calls them
	Mend    map[string]pos.Remark // what a person does where the thing is not brought, by the same names
	Changed func()                // told, from a goroutine of the Loader's, when Condition changed; may be nil
	Log     *slog.Logger          // nil: nothing is logged
}

// Loader loads what is asked for; its methods may be called by many goroutines.
type Loader struct {
	o     Options
	nudge chan struct{}
	end   context.CancelFunc
	ended chan struct{}

	mu    sync.Mutex
	asked map[string]*want
}

// want is what was asked for and what became of it.
type want struct {
	due  bool
	good time.Time // of the last loading
	err  error     // of the last try
}

// New begins to wait for what is asked; nothing is fetched before that.
func New(o Options) *Loader {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Changed == nil {
		o.Changed = func() {}
	}
	ctx, end := context.WithCancel(context.Background())
	l := &Loader{o: o, nudge: make(chan struct{}, 1), end: end, ended: make(chan struct{}), asked: map[string]*want{}}
	go func() {
		defer close(l.ended)
		l.run(ctx)
	}()
	return l
}

// Close ends what is being fetched and waits until it has.
func (l *Loader) Close() error {
	l.end()
	<-l.ended
	return nil
}

// Asked takes what the host asks for; it returns at once. The same again changes nothing while it is being fetched, and for
// an hour after.
func (l *Loader) Asked(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.asked[what]
	if w == nil {
		if len(l.asked) == maxAsked {
			return
		}
		w = &want{}
		l.asked[what] = w
	}
	if w.due || !w.good.IsZero() && time.Since(w.good) < keepFor {
		return
	}
	w.due = true
	select {
	case l.nudge <- struct{}{}:
	default:
	}
}

// Kept opens what an earlier run loaded and puts it in force; false where there is nothing. A file that is not good any more
// is an error and changes nothing.
func (l *Loader) Kept(what string) (bool, error) {
	item, known := l.o.Items[what]
	if !known {
		return false, nil
	}
	f, err := os.Open(filepath.Join(l.o.Dir, item.File))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close() //nolint:errcheck // read only
	put, _, err := item.read(f)
	if err != nil {
		return false, fmt.Errorf("%s: %w", item.File, err)
	}
	put()
	return true, nil
}

// Condition is ok while nothing is owed; else a warning with what the host waits for, why it was not loaded, and what to do.
func (l *Loader) Condition() pos.Condition {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := pos.Condition{Name: "downloads", State: "ok"}
	for _, what := range slices.Sorted(maps.Keys(l.asked)) {
		w := l.asked[what]
		if !w.due {
			continue
		}
		c.State, c.Code = "warn", "download_wanted"
		if w.err == nil {
			c.Found = append(c.Found, pos.Say("host_wants", what))
		} else {
			c.Found = append(c.Found, pos.Say("host_wants_failed", what, w.err.Error()))
		}
		if m := l.o.Mend[what]; m.Code != "" && (w.err != nil || !l.brings(what)) {
			c.Mend = append(c.Mend, m)
		}
	}
	return c
}

// brings tells whether the service has a thing.
func (l *Loader) brings(what string) bool {
	_, known := l.o.Items[what]
	return known && l.o.Fetch != nil
}

func (l *Loader) run(ctx context.Context) {
	wait := firstWait
	var again <-chan time.Time // nil: nothing failed
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.nudge:
		case <-again:
		}
		if l.round(ctx) {
			again, wait = nil, firstWait
		} else {
			again, wait = time.After(wait), min(2*wait, mostWait)
		}
		if ctx.Err() == nil {
			l.o.Changed()
		}
	}
}

// round tries everything that is due; false where something failed.
func (l *Loader) round(ctx context.Context) bool {
	good := true
	for _, what := range l.due() {
		err := l.load(ctx, l.o.Items[what])
		l.mu.Lock()
		w := l.asked[what]
		if w.err = err; err == nil {
			w.due, w.good = false, time.Now()
		}
		l.mu.Unlock()
		if err != nil {
			good = false
			l.o.Log.Warn("what the host asks for was not loaded; all stays as it was", "what", what, "error", err)
			continue
		}
		l.o.Log.Info("loaded what the host asked for", "what", what)
	}
	return good
}

// due are the things to be fetched now.
func (l *Loader) due() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []string
	for what, w := range l.asked {
		if w.due && l.brings(what) {
			out = append(out, what)
		}
	}
	slices.Sort(out)
	return out
}

// load fetches one thing, checks it, keeps it and puts it in force.
func (l *Loader) load(ctx context.Context, item Item) error {
	ctx, cancel := context.WithTimeout(ctx, fetchLimit)
	defer cancel()
	body, err := l.o.Fetch(ctx, item.File)
	if err != nil {
		return err
	}
	put, raw, err := item.read(body)
	if err := errors.Join(err, body.Close()); err != nil {
		return err
	}
	if err := Keep(l.o.Dir, item.File, raw); err != nil {
		return err
	}
	put()
	return nil
}

// read takes a whole file and has it checked.
func (i Item) read(r io.Reader) (put func(), raw []byte, err error) {
	raw, err = io.ReadAll(io.LimitReader(r, i.Most+1))
	if err != nil {
		return nil, nil, err
	}
	if int64(len(raw)) > i.Most {
		return nil, nil, fmt.Errorf("%w: more than %d bytes", ErrTooLong, i.Most)
	}
	put, err = i.Check(raw)
	return put, raw, err
}

// Keep replaces a file of a folder whole: temporary name, sync, rename, sync of the folder. It is durable when it returns.
func Keep(dir, name string, raw []byte) error {
	tmp, err := os.CreateTemp(dir, name+".*.tmp")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) //nolint:errcheck // gone after the rename
	_, err = tmp.Write(raw)
	if err == nil {
		err = tmp.Sync()
	}
	if err := errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), filepath.Join(dir, name)); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
