package forward

import (
	"time"

	"tillkeeper/app/decline"
	"tillkeeper/app/pos"
)

// judgeResult says what telling the host of script results came to. The try was
// journaled before it left. The host's word ends it whatever it is: nobody can
// do anything about a result that is not wanted, and it is no money. Without
// one, and where the host wants a sign-on each time, the identical message goes
// out again as long as a reversal would.
func judgeResult(u pos.Repeats, a pos.Attempt, o outcome, class decline.Class, now time.Time) verdict {
	again := u.Pause(max(1, a.Tries))
	e := on(a, pos.EvTold)
	switch {
	case o.fatal != "":
		e.Code = o.fatal
		return verdict{events: []pos.Event{e}}
	case (o.err != nil || class == decline.Unknown || class == decline.Resign) && (a.Tries >= u.Tries || now.Sub(a.Since) >= u.GiveUp):
		e.Code = "no_answer"
		return verdict{events: []pos.Event{e}}
	case o.err != nil:
		return verdict{again: again}
	case class == decline.Resign:
		return verdict{resign: true, answered: true, again: again}
	case class == decline.Unknown:
		return verdict{answered: true, again: again}
	}
	e.Code = o.reply.Code
	return verdict{events: []pos.Event{e}, answered: true}
}
