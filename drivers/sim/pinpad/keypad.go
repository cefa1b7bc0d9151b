package pinpad

import (
	"context"
	"sync"
	"time"

	pad "tillkeeper/drivers/pinpad"
)

// entry is one action of a person: what was typed and OK, or the cancel key.
type entry struct {
	typed     []byte
	cancelled bool
}

// keypad hands what a person does to the command that waits for it; it holds at most one entry.
type keypad struct {
	mu      sync.Mutex
	entry   *entry        // what the person will do or has done
	entered chan struct{} // closed and made anew when entry is set
	waiting bool
	amount  int64
}

func (k *keypad) put(e *entry) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.forget()
	k.entry = e
	close(k.entered)
	k.entered = make(chan struct{})
}

// forget overwrites an entry that was not used.
func (k *keypad) forget() {
	if k.entry != nil {
		clear(k.entry.typed)
	}
	k.entry = nil
}

func (k *keypad) clear() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.forget()
}

func (k *keypad) state() (amount int64, waiting bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.amount, k.waiting
}

// expect says that a wait begins: what is pressed once the display asks is meant for it.
func (k *keypad) expect(amount int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.waiting, k.amount = k.entry == nil, amount
}

// wait takes the entry, or waits for one: patience long, zero until ctx ends.
func (k *keypad) wait(ctx context.Context, patience time.Duration, amount int64) (*entry, byte) {
	var late <-chan time.Time
	if patience > 0 {
		t := time.NewTimer(patience)
		defer t.Stop()
		late = t.C
	}
	for {
		k.mu.Lock()
		e, entered := k.entry, k.entered
		k.entry, k.waiting, k.amount = nil, e == nil, amount
		k.mu.Unlock()
		if e != nil {
			return e, pad.StatusOK
		}
		status := byte(pad.StatusOK)
		select {
		case <-entered:
			continue
		case <-late:
			status = pad.StatusTimeout
		case <-ctx.Done():
			status = pad.StatusCancelled
		}
		k.mu.Lock()
		k.waiting = false
		k.mu.Unlock()
		return nil, status
	}
}
