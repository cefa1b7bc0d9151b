package settle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"tillkeeper/app/decline"
	"tillkeeper/app/pos"
)

// work is the settlement that runs, as pos.SetSettling keeps it.
type work struct {
	Batch    string           `json:"batch"`
	Next     string           `json:"next,omitempty"` // once it is closed
	STAN     string           `json:"stan"`           // of the 0500, the same until it is answered
	Operator string           `json:"operator"`
	By       string           `json:"by"`
	Begun    time.Time        `json:"begun"`
	Ended    time.Time        `json:"ended,omitzero"`
	Totals   pos.BatchTotals  `json:"totals"`
	Host     *pos.BatchTotals `json:"host,omitempty"` // as the 0510 said
	Balanced bool             `json:"balanced,omitempty"`
	Stage    string           `json:"stage"`
	Count    int              `json:"count"`             // payments to upload where the totals differ
	Uploaded int              `json:"uploaded"`          // of them acknowledged
	Message  string           `json:"message,omitempty"` // STAN of the upload that leaves next
	Tries    int              `json:"tries,omitempty"`   // unanswered so far, of the present message
	Code     string           `json:"code,omitempty"`    // the host's last refusal
	LeftOut  []string         `json:"left_out,omitempty"`
	LeftBy   string           `json:"left_by,omitempty"`  // who answers for them
	Refusals int              `json:"refusals,omitempty"` // of the payments that are next, one message after the other
	Single   int              `json:"single,omitempty"`   // up to here each payment has a message of its own
	Untaken  []string         `json:"untaken,omitempty"`  // payments whose upload the host refused to the end

	// sent: the present message may have left before. Not kept: after a restart
	// it may have.
	sent bool
}

// says is the totals in words for the journal.
func (w work) says() string {
	text := fmt.Sprintf("debit %s in %d, credit %s in %d", w.Totals.Debit, w.Totals.DebitCount, w.Totals.Credit, w.Totals.CreditCount)
	if len(w.LeftOut) > 0 {
		text += fmt.Sprintf(", %d left out by %s", len(w.LeftOut), w.LeftBy)
	}
	return text
}

func parse(text string) (work, bool) {
	if text == "" {
		return work{}, false
	}
	var w work
	if err := json.Unmarshal([]byte(text), &w); err != nil {
		return work{}, false // the journal checks every record; another version wrote it
	}
	w.sent = true
	return w, true
}

func (d *Desk) load() (work, bool) { return parse(d.o.Journal.Setting(pos.SetSettling)) }

// keep makes where the settlement stands durable, with what happened.
func (d *Desk) keep(ctx context.Context, w work, events []pos.Event, more map[string]string) error {
	text, err := json.Marshal(w)
	if err != nil {
		return err
	}
	settings := map[string]string{pos.SetSettling: string(text)}
	for k, v := range more {
		settings[k] = v
	}
	_, err = d.o.Journal.Append(ctx, pos.Commit{Events: events, Settings: settings})
	return err
}

// try is the event of a message that was answered, or was not.
func (w work) try(stan, code, text string) pos.Event {
	return pos.Event{Type: pos.EvSettlementTry, Batch: w.Batch, STAN: stan, By: w.By, Code: code, Text: text}
}

// carry goes on with a settlement until the batch is closed, the host refuses,
// or a message stays unanswered maxTries times.
func (d *Desk) carry(ctx context.Context, w work) (Report, error) {
	for tries := 0; w.Stage != StageClosing; {
		d.show(w.Stage, w.Uploaded, w.Count)
		next, err := d.exchange(ctx, w)
		if err == nil {
			w, tries = next, 0
			continue
		}
		if errors.Is(err, pos.ErrRefused) {
			return Report{}, &pos.Error{
				Code: "settlement_refused", Message: "the host refused the totals", Remedy: "it is tried again; call the acquirer if it stays", Err: err,
			}
		}
		if !unanswered(err) {
			return Report{}, err
		}
		w, tries = next, tries+1
		if ctx.Err() != nil || tries >= maxTries || !pause(ctx, d.waits.try) {
			return Report{}, running(err)
		}
	}
	return d.finish(ctx, w)
}

// unanswered says that the host has not had its word: the identical message
// goes again.
func unanswered(err error) bool {
	for _, e := range []error{pos.ErrNotSent, pos.ErrNoAnswer, pos.ErrLineBusy, pos.ErrBadMAC, pos.ErrNoKeys, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// exchange sends the present message and makes durable what it came to.
func (d *Desk) exchange(ctx context.Context, w work) (work, error) {
	if w.Stage == StageTotals {
		r, err := d.o.Host.Settle(ctx, w.STAN, w.Batch, w.Operator, w.Totals)
		if err != nil {
			return d.missed(ctx, w, w.STAN, "the totals", err)
		}
		return d.totalsAnswered(ctx, w, r)
	}
	if w.Message == "" { // the one before was refused: a message of its own
		if w.Message = d.o.Journal.NextSTAN(); w.Message == "" {
			return w, noTrace(w.Batch)
		}
		w.sent = false
		if err := d.keep(ctx, w, nil, nil); err != nil {
			return w, err
		}
	}
	var code, what string
	var err error
	n := w.together()
	if w.Stage == StageUpload {
		what = fmt.Sprintf("payments %d to %d", w.Uploaded+1, w.Uploaded+n)
		var items []pos.UploadItem
		if items, err = d.items(w, n); err == nil {
			code, err = d.o.Host.Upload(ctx, w.Message, w.Batch, items)
		}
	} else {
		what = fmt.Sprintf("the end after %d payments", w.taken())
		code, err = d.o.Host.UploadEnd(ctx, w.Message, w.Batch, min(w.taken(), mostSaid), false)
	}
	if err != nil {
		return d.missed(ctx, w, w.Message, what, err)
	}
	return d.uploadAnswered(ctx, w, what, code, n)
}

// missed remembers a message without an answer; it stays the same message.
func (d *Desk) missed(ctx context.Context, w work, stan, what string, cause error) (work, error) {
	w.Tries++
	w.sent = w.sent || !errors.Is(cause, pos.ErrNotSent) && !errors.Is(cause, pos.ErrLineBusy)
	if ctx.Err() != nil {
		return w, cause // nothing more can be kept
	}
	if err := d.keep(ctx, w, []pos.Event{w.try(stan, "", what+": "+cause.Error())}, nil); err != nil {
		return w, err
	}
	return w, cause
}

// totalsAnswered is the 0510: both flags 1 close the batch, else the payments
// are uploaded.
func (d *Desk) totalsAnswered(ctx context.Context, w work, r pos.SettlementReply) (work, error) {
	w.Host, w.Balanced, w.Tries, w.Code = &r.Host, r.Balanced, 0, ""
	text := "balanced"
	switch {
	case r.Balanced:
		w.Stage = StageClosing
	case w.Count > 0:
		w.Stage = StageUpload
	default:
		w.Stage = StageEnd
	}
	if !r.Balanced {
		text = fmt.Sprintf("not balanced: the host has debit %s in %d, credit %s in %d", r.Host.Debit, r.Host.DebitCount, r.Host.Credit, r.Host.CreditCount)
	}
	w, err := d.nextMessage(w)
	if err != nil {
		return w, err
	}
	return w, d.keep(ctx, w, []pos.Event{w.try(w.STAN, "", text)}, nil)
}

// nextMessage takes the trace number of the message that leaves next.
func (d *Desk) nextMessage(w work) (work, error) {
	w.Message, w.sent = "", false
	if w.Stage != StageUpload && w.Stage != StageEnd {
		return w, nil
	}
	if w.Message = d.o.Journal.NextSTAN(); w.Message == "" {
		return w, noTrace(w.Batch)
	}
	return w, nil
}

// mostSaid is the highest count that the end of an upload has room for.
const mostSaid = 9999

// duplicate is the answer to a message that the host has already: it says yes
// where this message may have left before.
const duplicate = "94"

// uploadAnswered is the 0330.
func (d *Desk) uploadAnswered(ctx context.Context, w work, what, code string, n int) (work, error) {
	stan := w.Message
	if d.o.Codes != nil && d.o.Codes.Lookup(code).Class == decline.Resign && d.o.SignOn != nil {
		w.Tries++ // it says nothing about the message: sign on, the same one again
		if err := d.keep(ctx, w, []pos.Event{w.try(stan, code, what+": sign on again")}, nil); err != nil {
			return w, err
		}
		if err := d.o.SignOn(ctx); err != nil {
			return w, err
		}
		return w, fmt.Errorf("%w: the host answered %s", pos.ErrNoKeys, code)
	}
	if code != "00" && (code != duplicate || !w.sent) {
		return d.uploadRefused(ctx, w, what, code, n)
	}
	w.Code, w.Tries, w.Refusals = "", 0, 0
	switch {
	case w.Stage == StageEnd:
		w.Stage = StageClosing
	default:
		if w.Uploaded += n; w.Uploaded == w.Count {
			w.Stage = StageEnd
		}
	}
	w, err := d.nextMessage(w)
	if err != nil {
		return w, err
	}
	return w, d.keep(ctx, w, []pos.Event{w.try(stan, code, what+": taken")}, nil)
}

// item gives payment i of the upload.
func (d *Desk) item(w work, i int) (pos.Attempt, error) {
	stans := d.o.Journal.Setting(SetItems)
	if (i+1)*stanWidth > len(stans) {
		return pos.Attempt{}, fmt.Errorf("%w: payment %d of the upload", pos.ErrNotFound, i+1)
	}
	return d.o.Journal.ByTrace(w.Batch, stans[i*stanWidth:(i+1)*stanWidth])
}

// items gives the next n payments of the upload, the same ones at each try.
func (d *Desk) items(w work, n int) ([]pos.UploadItem, error) {
	out := make([]pos.UploadItem, 0, n)
	for i := w.Uploaded; i < w.Uploaded+n; i++ {
		a, err := d.item(w, i)
		if err != nil {
			return nil, err
		}
		c, err := pos.OpenCard(d.o.Vault, a.Sealed, a.ID)
		if err != nil {
			d.o.Log.Warn("a payment is uploaded without its card number", "attempt", a.ID, "error", err)
		}
		out = append(out, pos.UploadItem{STAN: a.STAN, PAN: c.PAN, Amount: a.Approved})
	}
	return out, nil
}
