package forward

import (
	"context"
	"encoding/json"
	"fmt"
	"sort"
	"sync"
	"time"

	"tillkeeper/app/pos"
)

// memJournal keeps everything in memory and lets pos.Apply say what may be.
type memJournal struct {
	mu       sync.Mutex
	attempts map[string]pos.Attempt
	events   map[string][]pos.Event
	order    []string
	baskets  map[string]pos.Basket
	settings map[string]string
	traces   map[string]string // batch/STAN -> attempt
	seq      uint64
	next     [4]int
	now      func() time.Time
	refuse   int // commits that will not be kept
	skip     int // commits that are kept before them
	tell     func(string, ...any)
	faults   []string
}

func newMemJournal(now func() time.Time, tell func(string, ...any)) *memJournal {
	return &memJournal{
		attempts: map[string]pos.Attempt{}, events: map[string][]pos.Event{}, baskets: map[string]pos.Basket{},
		settings: map[string]string{pos.SetBatch: "000001"}, traces: map[string]string{}, now: now, tell: tell,
	}
}

func (j *memJournal) Append(_ context.Context, c pos.Commit) ([]pos.Event, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.skip > 0 {
		j.skip--
	} else if j.refuse > 0 {
		j.refuse--
		j.tell("the journal does not keep %s", types(c.Events))
		return nil, pos.ErrNotCommitted
	}
	changed := map[string]pos.Attempt{}
	out := make([]pos.Event, len(c.Events))
	for i, e := range c.Events {
		e.Seq, e.Time = j.seq+uint64(i)+1, j.now()
		out[i] = e
		if e.Attempt == "" {
			continue
		}
		a, ok := changed[e.Attempt]
		if !ok {
			a = j.attempts[e.Attempt]
		}
		a, err := pos.Apply(a, e)
		if err != nil {
			j.faults = append(j.faults, "refused by the table: "+err.Error())
			return nil, err
		}
		changed[e.Attempt] = a
	}
	j.keep(out, changed, c)
	return out, nil
}

func (j *memJournal) keep(out []pos.Event, changed map[string]pos.Attempt, c pos.Commit) {
	j.seq += uint64(len(out))
	for _, e := range out {
		if e.Attempt == "" {
			continue
		}
		if e.Type == pos.EvCreated {
			j.order = append(j.order, e.Attempt)
			if key := e.Batch + "/" + e.STAN; e.STAN != "" {
				if other, twice := j.traces[key]; twice {
					j.faults = append(j.faults, fmt.Sprintf("STAN %s of %s was used by %s", key, e.Attempt, other))
				}
				j.traces[key] = e.Attempt
			}
		}
		j.events[e.Attempt] = append(j.events[e.Attempt], e)
		j.tell("journal %s: %s %s%s -> %s", e.Attempt, e.Type, e.Code, e.Reason, changed[e.Attempt].State)
	}
	for id, a := range changed {
		j.attempts[id] = a
	}
	for _, b := range c.Baskets {
		j.baskets[b.Key] = *b.Clone()
	}
	for k, v := range c.Settings {
		j.settings[k] = v
	}
}

func types(events []pos.Event) string {
	s := ""
	for _, e := range events {
		s += e.Attempt + " " + string(e.Type) + " "
	}
	return s
}

func (j *memJournal) Attempt(id string) (pos.Attempt, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	a, ok := j.attempts[id]
	if !ok {
		return a, pos.ErrNotFound
	}
	return a, nil
}

func (j *memJournal) Events(id string) ([]pos.Event, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]pos.Event(nil), j.events[id]...), nil
}

func (j *memJournal) list(keep func(pos.Attempt) bool) ([]pos.Attempt, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	var out []pos.Attempt
	for _, id := range j.order {
		if a := j.attempts[id]; keep(a) {
			out = append(out, a)
		}
	}
	return out, nil
}

func (j *memJournal) all() []pos.Attempt {
	l, _ := j.list(func(pos.Attempt) bool { return true })
	return l
}

func (j *memJournal) OfBasket(key string) ([]pos.Attempt, error) {
	return j.list(func(a pos.Attempt) bool { return a.Basket == key })
}

func (j *memJournal) OfReceipt(r string) ([]pos.Attempt, error) {
	return j.list(func(a pos.Attempt) bool { return a.Receipt == r })
}
func (j *memJournal) Find(pos.Query) ([]pos.Attempt, error) { return j.all(), nil }
func (j *memJournal) Open() ([]pos.Attempt, error) {
	return j.list(func(a pos.Attempt) bool { return a.Open() })
}

func (j *memJournal) ByTrace(batch, stan string) (pos.Attempt, error) {
	j.mu.Lock()
	id, ok := j.traces[batch+"/"+stan]
	j.mu.Unlock()
	if !ok {
		return pos.Attempt{}, pos.ErrNotFound
	}
	return j.Attempt(id)
}

func (j *memJournal) BatchUsed(batch string) (bool, error) {
	l, err := j.list(func(a pos.Attempt) bool { return a.Batch == batch })
	return len(l) > 0, err
}

func (j *memJournal) OfBatch(batch string) ([]pos.Attempt, error) {
	return j.list(func(a pos.Attempt) bool { return a.Batch == batch })
}

func (j *memJournal) Differences(bool) ([]pos.Difference, error) { return nil, nil }

func (j *memJournal) Basket(key string) (pos.Basket, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	b, ok := j.baskets[key]
	if !ok {
		return b, pos.ErrNotFound
	}
	return *b.Clone(), nil
}

func (j *memJournal) Baskets(s pos.BasketState) ([]pos.Basket, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	var out []pos.Basket
	for _, b := range j.baskets {
		if b.State == s {
			out = append(out, *b.Clone())
		}
	}
	sort.Slice(out, func(i, k int) bool { return out[i].Key < out[k].Key })
	return out, nil
}
func (j *memJournal) Totals(day string) (pos.Totals, error) { return pos.Totals{Day: day}, nil }
func (j *memJournal) Setting(k string) string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.settings[k]
}

func (j *memJournal) number(i int, format string) string {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.next[i]++
	return fmt.Sprintf(format, j.next[i])
}
func (j *memJournal) NextAttempt() string { return j.number(0, "A%03d") }
func (j *memJournal) NextBasket() string  { return j.number(1, "B%03d") }
func (j *memJournal) NextReceipt() string { return j.number(2, "%06d") }
func (j *memJournal) NextSTAN() string    { return j.number(3, "%06d") }

// memVault seals nothing; a destroyed key stays destroyed.
type memVault struct {
	mu   sync.Mutex
	gone map[string]bool
}

func (v *memVault) Seal(_ string, _, plain []byte) ([]byte, error) {
	return append([]byte(nil), plain...), nil
}

func (v *memVault) Open(key string, _, box []byte) ([]byte, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.gone[key] {
		return nil, fmt.Errorf("%w: the key was destroyed", pos.ErrBoxLost)
	}
	return append([]byte(nil), box...), nil
}

func (v *memVault) Destroy(key string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.gone == nil {
		v.gone = map[string]bool{}
	}
	v.gone[key] = true
	return nil
}
func (v *memVault) CardHash(pan string) string { return "hash-" + pan }

func boxOf(key string) *pos.Box {
	plain, err := json.Marshal(pos.CardData{PAN: "6222020000001234"})
	if err != nil {
		panic(err)
	}
	return &pos.Box{Key: key, Data: plain}
}

// plan is the fate of a history: each choice takes one byte; when it is used up
// everything goes well.
type plan struct {
	mu    sync.Mutex
	bytes []byte
	at    int
}

func (p *plan) pick(n int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.at >= len(p.bytes) {
		return 0
	}
	p.at++
	return int(p.bytes[p.at-1]) % n
}

func (p *plan) over() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.at >= len(p.bytes)
}

func (p *plan) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at = len(p.bytes)
}

// memClock is a clock that a test moves.
type memClock struct{ t time.Time }

func (c *memClock) Now() time.Time { return c.t }
