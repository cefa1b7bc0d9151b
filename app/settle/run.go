package settle

import (
	"context"
	"time"

	"tillkeeper/app/pos"
)

// Run goes on with an interrupted settlement, at the start and whenever Wake
// says that the line is back, with pauses of 5 s doubling to 5 min; and tidies
// closed batches. It ends with the context.
func (d *Desk) Run(ctx context.Context) {
	wait := d.waits.first
	for now := true; ctx.Err() == nil; {
		if now {
			wait = d.goOn(ctx, wait)
			d.Tidy(ctx)
		}
		t := time.NewTimer(d.nextLook(wait))
		select {
		case <-ctx.Done():
		case <-d.wake:
			now, wait = true, d.waits.first
		case <-d.begun:
			now, wait = false, d.waits.first
		case <-t.C:
			now = true
		}
		t.Stop()
	}
}

func (d *Desk) nextLook(wait time.Duration) time.Duration {
	if d.o.Journal.Setting(pos.SetSettling) == "" {
		return d.waits.tidy
	}
	return wait
}

// goOn works on an open settlement, if there is one, and gives the wait before
// the next try.
func (d *Desk) goOn(ctx context.Context, wait time.Duration) time.Duration {
	if d.o.Journal.Setting(pos.SetSettling) == "" {
		return d.waits.first
	}
	r, mine := d.enter()
	if !mine {
		select {
		case <-r.done:
		case <-ctx.Done():
		}
		return d.waits.first
	}
	rep, err := d.resume(ctx)
	d.leave(r, rep, err)
	if err != nil {
		d.o.Log.Warn("the settlement waits", "error", err, "wait", wait)
		return min(2*wait, d.waits.most)
	}
	d.ended(rep, nil)
	return d.waits.first
}

func (d *Desk) resume(ctx context.Context) (Report, error) {
	if d.o.Journal.Setting(pos.SetSettling) == "" {
		return Report{Empty: true}, nil // somebody ended it meanwhile
	}
	w, ok := d.load()
	if !ok {
		return Report{}, pos.Errorf("settlement_unreadable", "start the version that began it", "another version of the till began the settlement")
	}
	return d.carry(ctx, w)
}
