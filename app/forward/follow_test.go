package forward

import (
	"context"
	"testing"

	"tillkeeper/app/pos"
)

// commits counts what the journal was asked to keep.
type commits struct {
	pos.Journal
	n int
}

func (c *commits) Append(ctx context.Context, m pos.Commit) ([]pos.Event, error) {
	c.n++
	return c.Journal.Append(ctx, m)
}

// queued is a till with n offline approvals that wait and a line that is well.
func queued(n int) (*world, *commits) {
	w := newWorld(nil, "")
	w.plan.end()
	for range n {
		w.offline(pos.EvOfflineApproved)
	}
	w.w.reload()
	c := &commits{Journal: w.j}
	w.w.f.o.Journal = c
	return w, c
}

func TestTheNextItemLeavesWithTheCommitOfTheLast(t *testing.T) {
	w, c := queued(5)
	w.deliver(context.Background())
	if left := w.due(); left != 0 {
		t.Fatalf("%d items are left", left)
	}
	if c.n != 6 {
		t.Errorf("%d commits for 5 items, one before the first and one after each", c.n)
	}
	for _, a := range w.j.all() {
		if a.State != pos.Delivered || a.Tries != 0 {
			t.Errorf("%s is %s after %d tries in vain", a.ID, a.State, a.Tries)
		}
	}
}

func TestCommitsOfTwoItemsThatAreRefusedTogetherAreMadeApart(t *testing.T) {
	w, c := queued(3)
	w.j.skip, w.j.refuse = 1, 1
	w.deliver(context.Background())
	if left := w.due(); left != 0 {
		t.Fatalf("%d items are left", left)
	}
	if c.n != 6 { // leaves, refused, delivered, leaves, both, delivered
		t.Errorf("%d commits", c.n)
	}
}

func TestAReversalLeavesBeforeTheNextItem(t *testing.T) {
	w, _ := queued(2)
	ctx := context.Background()
	w.w.dispatch(ctx)
	w.offline(pos.EvDeferred)
	w.w.reload()
	var late *item
	for _, it := range w.w.items {
		if it.a.Deferred {
			late = it
		}
	}
	if !w.keep(on(late.a, pos.EvDelivering), reversing(late.a, "98", "no_answer")) {
		t.Fatal("the journal did not keep it")
	}
	w.w.reload()
	w.w.follow(ctx, []outcome{<-w.w.results})
	if w.w.flying != 0 {
		t.Error("an upload left while a reversal was due")
	}
	if w.w.dispatch(ctx); !w.w.reversal {
		t.Error("the reversal did not leave")
	}
	<-w.w.results
}
