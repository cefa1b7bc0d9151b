package settle

import (
	"context"

	"tillkeeper/app/pos"
)

// maxRefusals is how often the host may refuse the same payments of an upload,
// each time in a message of its own, before they go one by one.
const maxRefusals = 3

// together is how many payments the next message of the upload carries.
func (w work) together() int {
	if w.Uploaded < w.Single {
		return 1
	}
	return min(w.Count-w.Uploaded, pos.UploadLimit)
}

// taken counts the payments of the upload that the host took.
func (w work) taken() int { return w.Uploaded - len(w.Untaken) }

// uploadRefused is a 0330 that says no. A payment that the host never takes may
// not keep the batch open for ever, with card and wallet shut: after
// maxRefusals the payments of a message go one by one, and one that is refused
// alone is passed over and named in the report. The host said yes to it when it
// was made, so it stands; the acquirer's file tells whether it is paid. The end
// is asked for until it is given, and so is whatever the host is only unable to
// do just now.
func (d *Desk) uploadRefused(ctx context.Context, w work, what, code string, n int) (work, error) {
	stan, say := w.Message, what+": refused"
	w.Code, w.Tries, w.Message, w.sent = code, 0, "", false
	alone := w.Stage == StageUpload && w.Uploaded < w.Single
	if w.Stage == StageUpload && forGood(code) {
		w.Refusals++
	}
	switch {
	case alone && w.Refusals > 0:
		a, err := d.item(w, w.Uploaded)
		if err != nil {
			return w, err
		}
		w.Untaken, w.Refusals, say = append(w.Untaken, a.ID), 0, say+" alone, passed over"
		if w.Uploaded++; w.Uploaded == w.Count {
			w.Stage = StageEnd
		}
	case w.Refusals >= maxRefusals:
		w.Single, w.Refusals, say = w.Uploaded+n, 0, say+", from here one by one"
	default:
		if err := d.keep(ctx, w, []pos.Event{w.try(stan, code, say)}, nil); err != nil {
			return w, err
		}
		return w, d.refused(what, code)
	}
	w, err := d.nextMessage(w)
	if err != nil {
		return w, err
	}
	return w, d.keep(ctx, w, []pos.Event{w.try(stan, code, say)}, nil)
}

// forGood says whether an answer is a no that stays one: not that of a host that
// changes its day, waits for another one or is at fault.
func forGood(code string) bool {
	switch code {
	case "68", "90", "91", "92", "96", "98":
		return false
	}
	return true
}
