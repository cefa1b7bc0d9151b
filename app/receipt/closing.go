package receipt

import (
	"strconv"

	"tillkeeper/app/pos"
)

// Settlement is the slip of a closed batch: the till's totals beside the
// host's, whether they agree, and each payment that was left out, with why, or
// that the host would not take.
func Settlement(s Shop, f pos.BatchReport, o Options) Document {
	p := newPage("BATCH-"+f.Batch, o)
	p.head(s, o)
	p.title(p.say["title_settlement"])
	p.bold(p.say["batch"], f.Batch)
	p.known(p.say["next_batch"], f.Next)
	if !f.Ended.IsZero() {
		o.Time = f.Ended
	}
	p.where(s, o)
	p.rule()
	if f.Empty {
		p.strong(p.say["settle_empty"])
		p.leftOut(f.LeftOut)
		p.rule()
		return p.foot(o, false)
	}
	p.totals(p.say["side_till"], f.Till)
	p.totals(p.say["side_host"], f.Host)
	p.rule()
	if f.Balanced {
		p.strong(p.say["balanced"])
	} else {
		p.strong(p.say["not_balanced"])
		p.pair(p.say["differs_debit"], yuan(f.Till.Debit-f.Host.Debit))
		p.pair(p.say["differs_credit"], yuan(f.Till.Credit-f.Host.Credit))
		p.text(p.say["uploaded_each"])
	}
	p.leftOut(f.LeftOut)
	p.untaken(f.Untaken)
	p.rule()
	return p.foot(o, false)
}

func (p *page) totals(side string, t pos.BatchTotals) {
	p.bold(side, "")
	p.pair("  "+p.say["debit"]+" x "+strconv.Itoa(t.DebitCount), yuan(t.Debit))
	p.pair("  "+p.say["credit"]+" x "+strconv.Itoa(t.CreditCount), yuan(t.Credit))
	p.pair("  "+p.say["net"], yuan(t.Debit-t.Credit))
}

// maxNamed bounds the items that a slip names one by one; the rest is counted.
const maxNamed = 50

func (p *page) leftOut(items []pos.Attempt) {
	if len(items) == 0 {
		return
	}
	p.rule()
	p.bold(p.say["left_out"]+" x "+strconv.Itoa(len(items)), "")
	p.named(items, func(a *pos.Attempt) { p.text("  " + p.say["left_"+string(a.State)]) })
	p.text(p.say["left_out_what"])
}

// untaken names payments that the host approved and whose upload it refused.
func (p *page) untaken(items []pos.Attempt) {
	if len(items) == 0 {
		return
	}
	p.rule()
	p.bold(p.say["untaken"]+" x "+strconv.Itoa(len(items)), "")
	p.named(items, func(a *pos.Attempt) { p.known("  "+p.say["rrn"], a.RRN) })
	p.text(p.say["untaken_what"])
}

// named names payments one by one, each with a word of its own.
func (p *page) named(items []pos.Attempt, word func(a *pos.Attempt)) {
	for i := range items[:min(len(items), maxNamed)] {
		a := &items[i]
		p.pair(p.kindName(a.Kind)+" "+a.STAN, yuan(a.Amount))
		word(a)
		p.known("  "+p.say["pan"], a.MaskedPAN)
	}
	if more := len(items) - maxNamed; more > 0 {
		p.pair(p.say["and_more"], strconv.Itoa(more))
	}
}

// ReconcileFacts is what the slip of a reconciliation says. Ours and Theirs are
// fen, debits above zero.
type ReconcileFacts struct {
	File                                                          string
	First, Last                                                   string // dates that the file covers
	Lines, Matched                                                int
	OursOnly, TheirsOnly, AmountDiffers, ReversedInFile, Resolved int
	Ours, Theirs                                                  pos.Amount
	Differences                                                   []pos.Difference
}

// Reconciled is the slip of a reconciliation: counts, sums, and each difference
// with what to do. Advise gives the sentence of a proposal, or is nil.
func Reconciled(s Shop, f ReconcileFacts, advise func(code, lang string) string, o Options) Document {
	p := newPage("RECON-"+f.First, o)
	p.head(s, o)
	p.title(p.say["title_recon"])
	p.known(p.say["file"], f.File)
	if f.First == f.Last {
		p.known(p.say["file_days"], f.First)
	} else {
		p.known(p.say["file_days"], f.First+" - "+f.Last)
	}
	p.where(s, o)
	p.rule()
	p.pair(p.say["file_lines"], strconv.Itoa(f.Lines))
	for _, c := range []struct {
		class pos.DifferenceClass
		count int
	}{
		{pos.Matched, f.Matched},
		{pos.OursOnly, f.OursOnly},
		{pos.TheirsOnly, f.TheirsOnly},
		{pos.AmountDiffers, f.AmountDiffers},
		{pos.ReversedInFile, f.ReversedInFile},
	} {
		p.pair("  "+p.say["class_"+string(c.class)], strconv.Itoa(c.count))
	}
	p.pair(p.say["sum_ours"], yuan(f.Ours))
	p.pair(p.say["sum_theirs"], yuan(f.Theirs))
	p.bold(p.say["sum_differs"], yuan(f.Theirs-f.Ours))
	for i := range f.Differences[:min(len(f.Differences), maxNamed)] {
		p.difference(&f.Differences[i], advise, o)
	}
	if more := len(f.Differences) - maxNamed; more > 0 {
		p.pair(p.say["and_more"], strconv.Itoa(more))
	}
	p.rule()
	return p.foot(o, false)
}

func (p *page) difference(d *pos.Difference, advise func(code, lang string) string, o Options) {
	p.rule()
	p.bold(p.say["class_"+string(d.Class)], "")
	p.known("  "+p.say["stan"], d.STAN)
	p.known("  "+p.say["batch"], d.Batch)
	p.known("  "+p.say["rrn"], d.RRN)
	p.known("  "+p.say["pan"], d.PAN)
	p.pair("  "+p.say["time"], p.time(d.Time))
	p.pair("  "+p.say["ours"], yuan(d.Ours))
	p.pair("  "+p.say["theirs"], yuan(d.Theirs))
	if advise != nil {
		if t := advise(d.Proposal, o.Lang); t != "" {
			p.text(p.say["remedy"] + ": " + t)
		}
	}
	if !d.Resolved.IsZero() {
		p.text(p.resolved(d))
	}
}
