package settle

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"tillkeeper/app/pos"
)

// finish closes the batch in the journal: its payments become settled, what
// outlives it is sealed anew, and in one last commit the next batch is open. It
// does again what it finds undone, so a crash costs nothing.
func (d *Desk) finish(ctx context.Context, w work) (Report, error) {
	d.tidying.Lock()
	defer d.tidying.Unlock()
	w.Next = nextBatch(w.Batch)
	events, err := d.closing(w)
	if err != nil {
		return Report{}, err
	}
	for done, of := 0, len(events); len(events) > 0; {
		n := min(len(events), chunk)
		d.show(StageClosing, done, of)
		if _, err := d.o.Journal.Append(ctx, pos.Commit{Events: events[:n]}); err != nil {
			return Report{}, err
		}
		events, done = events[n:], done+n
	}
	holds, err := d.holds(w.Batch)
	if err != nil {
		return Report{}, err
	}
	w.Ended = d.o.Clock.Now()
	settings, err := asText(map[string]any{
		SetClosed: append(d.closed(), closed{Batch: w.Batch, LeftOut: w.LeftOut}), SetHolds: ids(holds), SetLast: w,
	})
	if err != nil {
		return Report{}, err
	}
	settings[pos.SetBatch], settings[pos.SetSettling], settings[SetItems] = w.Next, "", ""
	e := d.dated(pos.Event{Type: pos.EvBatchClosed, Batch: w.Batch, STAN: w.STAN, By: w.By, Next: w.Next, Text: w.says()})
	if _, err := d.o.Journal.Append(ctx, pos.Commit{Events: []pos.Event{e}, Settings: settings}); err != nil {
		return Report{}, err
	}
	d.tidy(ctx)
	return d.report(w)
}

// dated puts the business day on an event of no attempt.
func (d *Desk) dated(e pos.Event) pos.Event {
	if d.o.DayOf != nil {
		e.Day, e.Hour = d.o.DayOf(d.o.Clock.Now())
	}
	return e
}

// closing gives the events that a closed batch still owes its attempts.
func (d *Desk) closing(w work) ([]pos.Event, error) {
	all, err := d.o.Journal.OfBatch(w.Batch)
	if err != nil {
		return nil, err
	}
	var events []pos.Event
	for i := range all {
		if a := &all[i]; a.Batch == w.Batch && settles(a) && !slices.Contains(w.LeftOut, a.ID) {
			events = append(events, settledBy(a, w.By, ""))
		}
	}
	holds, err := d.holds(w.Batch)
	if err != nil {
		return nil, err
	}
	for _, a := range holds {
		if a.Sealed == nil || a.Sealed.Key == pos.BatchKey(w.Next) {
			continue
		}
		card, err := pos.OpenCard(d.o.Vault, a.Sealed, a.ID)
		if err != nil {
			d.o.Log.Error("a pre-authorization loses its card data", "attempt", a.ID, "error", err)
			continue
		}
		box, err := pos.SealCard(d.o.Vault, pos.BatchKey(w.Next), a.ID, card)
		if err != nil {
			return nil, err
		}
		events = append(events, pos.Event{Type: pos.EvResealed, Attempt: a.ID, Basket: a.Basket, By: w.By, Sealed: box})
	}
	return events, nil
}

func settledBy(a *pos.Attempt, by, why string) pos.Event {
	return pos.Event{Type: pos.EvSettled, Attempt: a.ID, Basket: a.Basket, By: by, Text: why}
}

// holds gives the pre-authorizations that still stand: those of a batch and
// those that outlived an earlier one.
func (d *Desk) holds(batch string) ([]pos.Attempt, error) {
	all, err := d.o.Journal.OfBatch(batch)
	if err != nil {
		return nil, err
	}
	for _, id := range d.kept() {
		a, err := d.o.Journal.Attempt(id)
		if err != nil {
			return nil, err
		}
		if a.Batch != batch {
			all = append(all, a)
		}
	}
	var out []pos.Attempt
	for _, a := range all {
		stands, err := d.holdStands(a)
		if err != nil {
			return nil, err
		}
		if stands {
			out = append(out, a)
		}
	}
	return out, nil
}

// holdStands says whether a pre-authorization may still be completed.
func (d *Desk) holdStands(a pos.Attempt) (bool, error) {
	if a.Kind != pos.Preauth || a.State != pos.Approved {
		return false, nil
	}
	if a.Follow == "" {
		return true, nil
	}
	f, err := d.o.Journal.Attempt(a.Follow)
	if err != nil {
		return false, err
	}
	return f.Kind != pos.Completion || !taken(&f) || f.State == pos.Voided, nil
}

// kept gives the pre-authorizations that outlived their batch.
func (d *Desk) kept() []string {
	var list []string
	d.parsed(SetHolds, &list)
	return list
}

// closed is a batch that is closed and not yet forgotten.
type closed struct {
	Batch   string   `json:"batch"`
	LeftOut []string `json:"left_out,omitempty"`
	KeyGone bool     `json:"key_gone,omitempty"`
}

func (d *Desk) closed() []closed {
	var list []closed
	d.parsed(SetClosed, &list)
	return list
}

func (d *Desk) parsed(key string, into any) {
	text := d.o.Journal.Setting(key)
	if text == "" {
		return
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		d.o.Log.Error("a setting cannot be read", "setting", key, "error", err)
	}
}

func asText(values map[string]any) (map[string]string, error) {
	out := map[string]string{}
	for k, v := range values {
		text, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		out[k] = string(text)
	}
	return out, nil
}

// Tidy ends what closed batches left behind: payments that were left out and
// have since reached the host become settled, and a batch's key is destroyed
// when nothing that is open is sealed under it. Run calls it.
func (d *Desk) Tidy(ctx context.Context) {
	d.tidying.Lock()
	defer d.tidying.Unlock()
	d.tidy(ctx)
}

func (d *Desk) tidy(ctx context.Context) {
	list := d.closed()
	if len(list) == 0 {
		return
	}
	needed, err := d.needed()
	if err != nil {
		d.o.Log.Error("closed batches cannot be looked at", "error", err)
		return
	}
	var events []pos.Event
	rest := []closed{}
	changed := false
	for _, c := range list {
		before := len(c.LeftOut)
		c.LeftOut, events = d.stillOut(c, events)
		if key := pos.BatchKey(c.Batch); !c.KeyGone && !needed[key] {
			if err := d.o.Vault.Destroy(key); err != nil {
				d.o.Log.Error("a batch's key was not destroyed", "key", key, "error", err)
			} else {
				c.KeyGone, changed = true, true
			}
		}
		changed = changed || before != len(c.LeftOut)
		if len(c.LeftOut) > 0 || !c.KeyGone {
			rest = append(rest, c)
		}
	}
	if !changed {
		return
	}
	settings, err := asText(map[string]any{SetClosed: rest})
	if err == nil {
		_, err = d.o.Journal.Append(ctx, pos.Commit{Events: events, Settings: settings})
	}
	if err != nil {
		d.o.Log.Error("closed batches were not tidied", "error", err)
	}
}

// stillOut gives the left out payments of a batch that are still open, and the
// events of those that ended.
func (d *Desk) stillOut(c closed, events []pos.Event) ([]string, []pos.Event) {
	var rest []string
	for _, id := range c.LeftOut {
		a, err := d.o.Journal.Attempt(id)
		switch {
		case err != nil:
			d.o.Log.Error("a payment that was left out cannot be read", "attempt", id, "error", err)
			rest = append(rest, id)
		case a.Open():
			rest = append(rest, id)
		case settles(&a):
			events = append(events, settledBy(&a, "", "reached the host after its batch was closed"))
		}
	}
	return rest, events
}

// needed gives the keys of the vault that open attempts and standing
// pre-authorizations are sealed under.
func (d *Desk) needed() (map[string]bool, error) {
	all, err := d.o.Journal.Open()
	if err != nil {
		return nil, err
	}
	holds, err := d.holds(pos.OpenBatch(d.o.Journal))
	if err != nil {
		return nil, err
	}
	keys := map[string]bool{pos.BatchKey(pos.OpenBatch(d.o.Journal)): true}
	for _, a := range append(all, holds...) {
		if a.Sealed != nil {
			keys[a.Sealed.Key] = true
		}
	}
	return keys, nil
}

func ids(list []pos.Attempt) []string {
	out := make([]string, len(list))
	for i := range list {
		out[i] = list[i].ID
	}
	return out
}

// lastBatch is the highest batch number.
const lastBatch = 999999

// nextBatch is one higher; 000001 follows 999999.
func nextBatch(batch string) string {
	n, err := strconv.Atoi(batch)
	if err != nil || n >= lastBatch {
		return pos.FirstBatch
	}
	return fmt.Sprintf("%06d", n+1)
}

// report is what a settlement came to, as the journal keeps it.
func (d *Desk) report(w work) (Report, error) {
	rep := Report{
		Batch: w.Batch, Next: w.Next, Till: w.Totals, Balanced: w.Balanced, Uploaded: w.taken(), By: w.By, Begun: w.Begun, Ended: w.Ended,
	}
	if w.Host != nil {
		rep.Host = *w.Host
	}
	var err error
	if rep.LeftOut, err = d.attempts(w.LeftOut); err == nil {
		rep.Untaken, err = d.attempts(w.Untaken)
	}
	return rep, err
}

func (d *Desk) attempts(ids []string) (list []pos.Attempt, err error) {
	for _, id := range ids {
		a, err := d.o.Journal.Attempt(id)
		if err != nil {
			return list, err
		}
		list = append(list, a)
	}
	return list, nil
}
