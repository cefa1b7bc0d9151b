package forward

import (
	"context"
	"fmt"
	"strings"

	"tillkeeper/app/pos"
)

// batchLine lets a message about the batch through a line that obeys the plan;
// it gives the error of the till's side and whether the host had the message.
func (h *memHost) batchLine(what string) (arrives bool, err error) {
	fate := h.plan.pick(8)
	if h.strike != nil {
		if s := h.strike(pos.Request{Op: pos.Operation(what)}); s != nil {
			fate = s.line
		}
	}
	switch {
	case h.down, fate == 3:
		h.tell("%s: not sent", what)
		return false, pos.ErrNotSent
	case fate == 4:
		h.tell("%s: the request is lost", what)
		return false, pos.ErrNoAnswer
	case fate == 5:
		h.tell("%s: the answer is lost", what)
		return true, pos.ErrNoAnswer
	}
	h.tell("%s", what)
	return true, nil
}

// Settle is the 0500.
func (h *memHost) Settle(_ context.Context, stan, batch, _ string, t pos.BatchTotals) (pos.SettlementReply, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	say := func(format string, args ...any) { h.faults = append(h.faults, fmt.Sprintf(format, args...)) }
	if h.j.Setting(pos.SetSettling) == "" {
		say("a 0500 of batch %s left and the journal did not know", batch)
	}
	text := fmt.Sprintf("STAN %s %v", stan, t)
	if was := h.frozen[batch]; was != "" && was != text {
		say("the 0500 of batch %s was %s and is now %s", batch, was, text)
	}
	h.frozen[batch] = text
	for _, a := range h.j.all() {
		if a.STAN != "" && pos.StateRules[a.State].Due == pos.DueFlow {
			say("a 0500 left while %s is %s", a.ID, a.State)
		}
	}
	arrives, err := h.batchLine("0500")
	var r pos.SettlementReply
	if arrives {
		r.Host = h.totals(batch)
		r.Balanced = r.Host == t
		if r.Balanced {
			h.closed[batch] = true
		} else if why := h.unsure(batch); why == "" {
			say("batch %s: the till has %v, the host %v, and nothing is open", batch, t, r.Host)
		} else {
			h.tell("batch %s differs: %s", batch, why)
		}
	}
	return r, err
}

// unsure says why the totals of both sides may differ: something of the batch is
// not decided yet, or was ended on the word that the host knows nothing of it.
func (h *memHost) unsure(batch string) string {
	begun := h.j.Setting(pos.SetSettling)
	for _, a := range h.j.all() {
		if a.Batch == batch && (strings.Contains(begun, `"`+a.ID+`"`) || a.Open() || a.Flagged || a.How != "" || h.blind(a)) {
			return a.ID + " is " + string(a.State)
		}
	}
	if b := h.alien; b == batch {
		return "a payment that the till knows nothing of"
	}
	return ""
}

// Upload is a 0320 with payments.
func (h *memHost) Upload(_ context.Context, stan, batch string, items []pos.UploadItem) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	arrives, err := h.batchLine("0320 " + stan)
	if !arrives {
		return "", err
	}
	if h.loaded[batch] == nil {
		h.loaded[batch] = map[string]string{}
	}
	for _, it := range items {
		if was := h.loaded[batch][it.STAN]; was != "" && was != stan {
			h.faults = append(h.faults, fmt.Sprintf("payment %s of batch %s was uploaded in two messages", it.STAN, batch))
		}
		h.loaded[batch][it.STAN] = stan
	}
	return "00", err
}

// UploadEnd is the 0320 with the count, which closes the batch.
func (h *memHost) UploadEnd(_ context.Context, stan, batch string, count int, _ bool) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	arrives, err := h.batchLine("0320 end " + stan)
	if !arrives {
		return "", err
	}
	if n := len(h.loaded[batch]); n != count {
		h.faults = append(h.faults, fmt.Sprintf("the end of batch %s says %d payments, %d were uploaded", batch, count, n))
	}
	h.closed[batch] = true
	return "00", err
}

// SignOff ends the day.
func (h *memHost) SignOff(context.Context, string, string) error { return nil }

// FileLayout is none: these shops get no file.
func (h *memHost) FileLayout() pos.FileLayout { return pos.FileLayout{} }
