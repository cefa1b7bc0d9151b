package receipt

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"tillkeeper/app/pos"
)

// Speech gives the sentences that are data elsewhere, in the language of the
// slip; either may be nil. Reason says what an answer code means, Advise what a
// proposal of the reconciliation asks for.
type Speech struct {
	Reason func(code string) string
	Advise func(code, lang string) string
}

// Case is everything that is known of one payment: the attempt, those linked
// with it, the events of all in the order of the journal, and what the
// acquirer's files said.
type Case struct {
	Attempt     pos.Attempt
	Linked      []pos.Attempt
	Events      []pos.Event
	Differences []pos.Difference
}

// Tell gives the story of a payment as plain sentences, oldest first: what
// happened and when, what was done with it elsewhere, what the acquirer's files
// say, and what happens next.
func Tell(c Case, o Options, s Speech) []string {
	t := newTeller(c, o, s)
	var out []string
	for _, m := range t.moments() {
		out = append(out, strings.TrimSpace(m.when+" "+m.text))
	}
	return append(append(out, t.files()...), t.next()...)
}

// Story is the slip for the customer who was charged for a sale that failed:
// the numbers that a bank asks for, the whole story, and what happens next.
func Story(shop Shop, c Case, o Options, s Speech) Document {
	a := &c.Attempt
	t := newTeller(c, o, s)
	p := t.page
	p.head(shop, o)
	p.title(p.say["title_story"])
	p.where(shop, o)
	p.rule()
	p.bold(p.tenderName(a)+" "+p.kindName(a.Kind), yuan(a.Amount))
	p.pair("  "+p.say["taken_at"], p.time(a.Created))
	p.known("  "+p.say["host_date"], dashed(a.HostDate))
	p.pair("  "+p.say["attempt"], a.ID)
	p.known("  "+p.say["receipt"], a.Receipt)
	p.known("  "+p.say["order"], a.Order)
	p.trace(a)
	p.known("  "+p.say["answer"], a.Code)
	p.known("  "+p.say["reversal_reason"], a.Reason)
	p.rule()
	p.bold(p.say["told_what"], "")
	last := ""
	for _, m := range t.moments() {
		if m.when != last && m.when != "" {
			p.bold(m.when, "")
		}
		p.text(m.text)
		last = m.when
	}
	p.rule()
	p.bold(p.say["told_files"], "")
	for _, s := range t.files() {
		p.text(s)
	}
	p.rule()
	p.bold(p.say["told_next"], "")
	for _, s := range t.next() {
		p.text(s)
	}
	p.rule()
	return p.foot(o, false)
}

// maxMoments bounds a story: the first and last ones are told.
const maxMoments = 60

// moment is one sentence of a story and when it was, as the slip writes it.
type moment struct {
	at         time.Time
	when, text string
}

type teller struct {
	*page
	c      Case
	o      Options
	speech Speech
}

func newTeller(c Case, o Options, s Speech) *teller {
	return &teller{page: newPage(c.Attempt.ID, o), c: c, o: o, speech: s}
}

// fill sets facts into a sentence: pairs of a name in braces and its text.
func (t *teller) fill(word string, facts ...string) string {
	return strings.NewReplacer(facts...).Replace(t.say[word])
}

// moments tells what happened to the attempt, and in a sentence each, where its
// time puts it, what was linked with it.
func (t *teller) moments() []moment {
	var out []moment
	repeats := map[string]int{}
	for i := range t.c.Events {
		e := &t.c.Events[i]
		if e.Attempt != t.c.Attempt.ID {
			continue
		}
		word, counted := t.word(e)
		if word == "" {
			continue
		}
		if counted { // told once, with its number
			if repeats[word]++; repeats[word] > 1 && len(out) > 0 {
				out = out[:len(out)-1]
			}
		} else {
			clear(repeats)
		}
		out = append(out, moment{e.Time, t.time(e.Time), t.fill(word, t.facts(e, repeats[word])...)})
	}
	if more := len(out) - maxMoments; more > 0 {
		gap := moment{time.Time{}, "", t.say["and_more"] + " " + strconv.Itoa(more)}
		out = append(append(out[:maxMoments/2:maxMoments/2], gap), out[len(out)-maxMoments/2:]...)
	}
	for i := range t.c.Linked[:min(len(t.c.Linked), maxNamed)] {
		if l := &t.c.Linked[i]; l.ID != t.c.Attempt.ID {
			at := slices.IndexFunc(out, func(m moment) bool { return m.at.After(l.Created) })
			if at < 0 {
				at = len(out)
			}
			out = slices.Insert(out, at, moment{l.Created, t.time(l.Created), t.linked(l)})
		}
	}
	return out
}

// word names the sentence of an event, "" if it has none; counted events in a
// row are told as one.
func (t *teller) word(e *pos.Event) (word string, counted bool) {
	word = "told_" + string(e.Type)
	switch e.Type {
	case pos.EvReversalTry, pos.EvDelivering, pos.EvDeliveryTry, pos.EvRefundTry:
		counted = true
	case pos.EvReversed:
		if e.Flag {
			word += "_unseen"
		}
	case pos.EvApproved, pos.EvSending:
		if t.c.Attempt.Tender == pos.Cash || t.c.Attempt.Tender == pos.QR && t.c.Attempt.STAN == "" {
			word += "_" + string(t.c.Attempt.Tender)
		}
	case pos.EvDeclined:
		if t.c.Attempt.Tender == pos.QR && t.c.Attempt.STAN == "" || len(e.Code) != codeLen {
			word += "_here"
		}
	}
	if _, ok := t.say[word]; !ok {
		return "", false
	}
	if e.Type == pos.EvDeliveryTry { // it belongs to the delivery before it
		return "", false
	}
	return word, counted
}

// codeLen is the length of an answer code of a host (DE 39).
const codeLen = 2

// facts gives what a sentence of an event may name.
func (t *teller) facts(e *pos.Event, n int) []string {
	amount := e.Approved
	if amount == 0 {
		amount = e.Amount
	}
	if amount == 0 {
		amount = t.c.Attempt.Amount
	}
	return []string{
		"{amount}", yuan(amount), "{tender}", t.tenderName(&t.c.Attempt), "{kind}", t.kindName(t.c.Attempt.Kind),
		"{n}", strconv.Itoa(n), "{times}", t.times(n), "{code}", t.code(e.Code), "{answer}", e.Text, "{reason}", t.first(e.Reason, t.c.Attempt.Reason),
		"{by}", e.By, "{how}", t.how(e.How), "{why}", t.first(e.Text, e.Reason),
		"{numbers}", t.numbers(e.STAN, e.Batch, e.RRN, e.AuthCode),
	}
}

func (t *teller) times(n int) string {
	if n == 1 {
		return t.say["told_once"]
	}
	return strings.ReplaceAll(t.say["told_times"], "{n}", strconv.Itoa(n))
}

func (t *teller) first(facts ...string) string {
	for _, f := range facts {
		if f != "" {
			return f
		}
	}
	return ""
}

// code gives an answer code with what it means.
func (t *teller) code(code string) string {
	if code == "" || t.speech.Reason == nil {
		return code
	}
	reason := t.speech.Reason(code)
	switch {
	case reason == "":
		return code
	case len(code) != codeLen:
		return reason
	}
	return t.fill("told_code", "{code}", code, "{reason}", reason)
}

func (t *teller) how(how string) string {
	if w, ok := t.say["how_"+how]; ok {
		return w
	}
	return how
}

// numbers lists those that are known, between brackets.
func (t *teller) numbers(stan, batch, rrn, auth string) string {
	var out []string
	for _, n := range []struct{ word, fact string }{{"stan", stan}, {"batch", batch}, {"rrn", rrn}, {"auth", auth}} {
		if n.fact != "" {
			out = append(out, t.say[n.word]+" "+n.fact)
		}
	}
	if len(out) == 0 {
		return ""
	}
	return t.fill("told_numbers", "{list}", strings.Join(out, t.say["told_comma"]))
}

func (t *teller) linked(a *pos.Attempt) string {
	return t.fill("told_linked", "{tender}", t.tenderName(a), "{kind}", t.kindName(a.Kind), "{amount}", yuan(moved(a)),
		"{state}", t.say["state_"+string(a.State)], "{numbers}", t.numbers(a.STAN, a.Batch, a.RRN, a.AuthCode))
}

// files tells what the acquirer's files say.
func (t *teller) files() []string {
	if len(t.c.Differences) == 0 {
		return []string{t.say["told_no_difference"]}
	}
	var out []string
	for i := range t.c.Differences[:min(len(t.c.Differences), maxNamed)] {
		d := &t.c.Differences[i]
		out = append(out, t.fill("told_class_"+string(d.Class),
			"{file}", t.first(d.File, d.Time.In(t.zone).Format(time.DateOnly)), "{ours}", yuan(d.Ours), "{theirs}", yuan(d.Theirs),
			"{numbers}", t.numbers(d.STAN, d.Batch, d.RRN, "")))
		switch {
		case !d.Resolved.IsZero():
			out = append(out, t.resolved(d))
		case t.speech.Advise != nil:
			if s := t.speech.Advise(d.Proposal, t.o.Lang); s != "" {
				out = append(out, t.say["remedy"]+": "+s)
			}
		}
	}
	return out
}

// resolved tells who ended a difference, when and how.
func (p *page) resolved(d *pos.Difference) string {
	how := d.How
	if w, ok := p.say["how_"+how]; ok {
		how = w
	}
	return strings.NewReplacer("{by}", d.By, "{time}", p.time(d.Resolved), "{how}", how, "{why}", d.Reason).Replace(p.say["told_cleared"])
}

// next tells what happens from here on.
func (t *teller) next() []string {
	a := &t.c.Attempt
	word := "next_" + string(a.State)
	for i := range t.c.Differences {
		d := &t.c.Differences[i]
		if charged := d.Class == pos.TheirsOnly || d.Class == pos.ReversedInFile; charged && d.Resolved.IsZero() && d.Theirs > 0 {
			word = "next_charged"
		}
	}
	if a.Kind == pos.Refund && a.State == pos.Approved || a.Kind == pos.Refund && a.State == pos.Settled {
		word = "next_refund_done"
	}
	if _, ok := t.say[word]; !ok {
		word = "next_open"
	}
	return []string{t.say[word], t.say["next_keep"]}
}
