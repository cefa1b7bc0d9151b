package forward

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"tillkeeper/app/pos"
)

// strike is what a case under test wants of one exchange.
type strike struct {
	name  string
	line  int    // as transport counts: 3 not sent, 4 lost, 5 answer lost, 6 held back, 7 bad MAC, 8 late
	code  string // the host's answer, "" for a good one
	taken bool   // the money moves all the same
}

// inTransit is a request that the line holds back.
type inTransit struct {
	at time.Time
	r  pos.Request
}

type lateAt struct {
	at time.Time
	l  pos.LateReply
}

// memHost counts the charges, answers as the plan says, and checks that the
// journal knew of whatever arrives.
type memHost struct {
	mu      sync.Mutex
	plan    *plan
	j       *memJournal
	now     func() time.Time
	sleep   func(time.Duration) // what an answer that never comes costs
	books   map[string]*booking
	transit []inTransit
	lates   []lateAt
	mute    map[string]bool // its late answer was lost too
	handed  []string        // whose late answer this life of the till was given
	late    chan pos.LateReply
	ready   bool
	tell    func(string, ...any)
	faults  []string
	bug     string
	sent    map[string]int
	signOn  func()
	window  int
	took    time.Duration // a good exchange
	line    chan struct{} // one at a time
	clash   bool          // the next refund has another till's trace number
	down    bool          // no line
	strike  func(pos.Request) *strike
	force   *strike
	closed  map[string]bool              // batches
	said    map[string]bool              // a reversal was answered
	frozen  map[string]string            // batch -> STAN and totals of its 0500
	loaded  map[string]map[string]string // batch -> uploaded STAN -> its message
	refused map[string]string
	alien   string
	told    map[string]string // payment -> the message that told of its scripts
}

func newMemHost(p *plan, j *memJournal, now func() time.Time, tell func(string, ...any)) *memHost {
	return &memHost{
		plan: p, j: j, now: now, tell: tell, books: map[string]*booking{}, late: make(chan pos.LateReply, 64),
		mute: map[string]bool{}, sent: map[string]int{}, ready: true, window: 1, line: make(chan struct{}, 1), sleep: func(time.Duration) {},
		closed: map[string]bool{}, said: map[string]bool{}, frozen: map[string]string{}, loaded: map[string]map[string]string{},
		refused: map[string]string{}, told: map[string]string{},
	}
}

func keyOf(r pos.Request) string { return r.Batch + "/" + r.STAN }

// may says in which states a request may leave.
var may = map[pos.Operation]map[pos.State]bool{
	pos.OpSale:           {pos.Sending: true},
	pos.OpCodeSale:       {pos.Sending: true},
	pos.OpBalance:        {pos.Sending: true},
	pos.OpVoid:           {pos.Sending: true},
	pos.OpPreauth:        {pos.Sending: true},
	pos.OpPreauthVoid:    {pos.Sending: true},
	pos.OpCompletion:     {pos.Sending: true},
	pos.OpCompletionVoid: {pos.Sending: true},
	pos.OpRefund:         {pos.Sending: true, pos.RefundUnknown: true},
	pos.OpReversal:       {pos.Reversing: true, pos.Manual: true},
	pos.OpOfflineUpload:  {pos.Delivering: true},
	pos.OpDeferred:       {pos.Delivering: true},
	pos.OpScriptResult:   {pos.ResultDue: true},
}

// Exchange sends one request through a line that obeys the plan, one at a time.
func (h *memHost) Exchange(_ context.Context, r pos.Request) (pos.Reply, error) {
	return h.carry(r, func() bool { return true })
}

// carry is Exchange for a till that may have lost its power while it waited for
// its place on the line: nothing of it leaves then.
func (h *memHost) carry(r pos.Request, powered func() bool) (pos.Reply, error) {
	h.line <- struct{}{}
	if !powered() {
		<-h.line
		return pos.Reply{}, pos.ErrNotSent
	}
	reply, wait, err := h.exchange(r)
	if wait > 0 {
		h.sleep(wait)
	}
	<-h.line
	return reply, err
}

func (h *memHost) exchange(r pos.Request) (pos.Reply, time.Duration, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.down {
		h.tell("%s %s: no line", r.Op, keyOf(r))
		return pos.Reply{}, 0, pos.ErrNotSent
	}
	h.mind(r)
	if h.bug == "new STAN per retry" && h.sent[keyOf(r)] > 0 && r.Op != pos.OpReversal {
		r.STAN = fmt.Sprintf("9%05d", h.sent[keyOf(r)])
	}
	if h.bug == "a new STAN for a repeated refund" && h.sent[keyOf(r)] > 0 && r.Op == pos.OpRefund {
		r.STAN = fmt.Sprintf("9%05d", len(h.books))
	}
	h.sent[keyOf(r)]++
	if h.bug == "reversal forgotten" && r.Op == pos.OpReversal {
		return pos.Reply{Code: "00", Signed: true}, 0, nil
	}
	fate := h.plan.pick(10)
	if !h.ready {
		h.tell("%s %s: no keys", r.Op, keyOf(r))
		return pos.Reply{}, 0, pos.ErrNoKeys
	}
	if h.strike != nil {
		if h.force = h.strike(r); h.force != nil {
			fate = h.force.line
		}
		defer func() { h.force = nil }()
	}
	return h.transport(r, fate)
}

// mind checks that the journal knew of what arrives, and that it may leave now.
func (h *memHost) mind(r pos.Request) {
	say := func(format string, args ...any) { h.faults = append(h.faults, fmt.Sprintf(format, args...)) }
	a, err := h.j.ByTrace(r.Batch, r.STAN)
	if err == nil && r.Advice && !a.Open() {
		return // a late answer decided it while it waited for its place on the line: the host answers 94
	}
	if err != nil || !may[r.Op][a.State] {
		say("%s %s was sent while the journal says %q", r.Op, keyOf(r), a.State)
	}
	if h.j.Setting(pos.SetSettling) != "" {
		say("%s %s was sent while the batch is being settled", r.Op, keyOf(r))
	}
	if of, _ := h.j.OfBasket(a.Basket); r.Op == pos.OpSale && a.Basket != "" {
		for _, o := range of {
			if o.ID != a.ID && pos.StateRules[o.State].Due == pos.DueFlow {
				say("%s was sent while %s of the same basket is %s", a.ID, o.ID, o.State)
			}
		}
	}
	if a.Original == "" || a.State != pos.Sending {
		return
	}
	for _, o := range h.j.all() {
		if o.ID != a.ID && o.Original == a.Original && o.Kind != pos.ScriptResult && o.Open() && o.State != pos.LateDeclined && !o.LateApproved {
			say("%s %s was sent while %s %s of the same original is %s", a.Kind, a.ID, o.Kind, o.ID, o.State)
		}
	}
}

// patience is how long the till waits for an answer.
const patience = 45 * time.Second

// transport is the line with its faults.
func (h *memHost) transport(r pos.Request, fate int) (pos.Reply, time.Duration, error) {
	say := func(s string) { h.tell("%s %s: %s", r.Op, keyOf(r), s) }
	switch fate {
	case 3:
		say("not sent")
		return pos.Reply{}, 0, pos.ErrNotSent
	case 4:
		say("the request is lost")
		return pos.Reply{}, patience, pos.ErrNoAnswer
	case 5:
		say("the answer is lost: " + h.receive(r).Code)
		return pos.Reply{}, patience, pos.ErrNoAnswer
	case 6:
		wait := []time.Duration{50, 90, 200, 4000}[h.plan.pick(4)] * time.Second
		say("the request is held back " + wait.String())
		h.transit = append(h.transit, inTransit{h.now().Add(wait), r})
		return pos.Reply{}, patience, pos.ErrNoAnswer
	case 7:
		say("bad MAC: " + h.receive(r).Code)
		return pos.Reply{}, 0, pos.ErrBadMAC
	case 8:
		reply := h.receive(r)
		say("the answer comes late: " + reply.Code)
		h.answerLate(r, reply, time.Minute)
		return pos.Reply{}, patience, pos.ErrNoAnswer
	}
	reply := h.receive(r)
	say("answer " + reply.Code)
	return reply, h.took, nil
}

// answerLate puts an answer on its way; late answers to reversals go nowhere.
func (h *memHost) answerLate(r pos.Request, reply pos.Reply, after time.Duration) {
	if r.Op != pos.OpReversal {
		h.lates = append(h.lates, lateAt{h.now().Add(after), pos.LateReply{STAN: r.STAN, Batch: r.Batch, Reply: reply}})
	}
}

// given notes whose late answer the till is given.
func (h *memHost) given(l pos.LateReply) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.handed = append(h.handed, l.Batch+"/"+l.STAN)
}

// forgotten: what a till was given in the life that ended, and did not act
// upon, may have gone with its power.
func (h *memHost) forgotten() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, key := range h.handed {
		batch, stan, _ := strings.Cut(key, "/")
		if a, err := h.j.ByTrace(batch, stan); err == nil && !a.Open() {
			h.mute[key] = true
		}
	}
	h.handed = nil
}

// arrive lets through what the line held back, and gives the answers that are
// due by now.
func (h *memHost) arrive() []pos.LateReply {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	var rest []inTransit
	for _, t := range h.transit {
		if t.at.After(now) {
			rest = append(rest, t)
			continue
		}
		reply := h.receive(t.r)
		h.tell("%s %s arrives now: %s", t.r.Op, keyOf(t.r), reply.Code)
		if h.plan.pick(4) == 3 {
			h.mute[keyOf(t.r)] = true
			continue
		}
		h.answerLate(t.r, reply, time.Second)
	}
	h.transit = rest
	var due []pos.LateReply
	var later []lateAt
	for _, l := range h.lates {
		if l.at.After(now) {
			later = append(later, l)
			continue
		}
		due = append(due, l.l)
	}
	h.lates = later
	return due
}

func (h *memHost) pending() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.transit)+len(h.lates) > 0
}

// SignOn loads keys.
func (h *memHost) SignOn(context.Context, string, string, string) (pos.SignOnReply, error) {
	h.mu.Lock()
	if h.signOn != nil {
		h.mu.Unlock()
		h.signOn()
		h.mu.Lock()
	}
	defer h.mu.Unlock()
	if h.down {
		return pos.SignOnReply{}, pos.ErrNotSent
	}
	h.ready = true
	return pos.SignOnReply{Batch: h.j.Setting(pos.SetBatch)}, nil
}

// Echo answers when the line is there.
func (h *memHost) Echo(context.Context, string, string) error {
	if h.Link().State != "online" {
		return pos.ErrNotSent
	}
	return nil
}

// Ready says whether keys are loaded.
func (h *memHost) Ready() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.ready
}

// Link is the state of the line.
func (h *memHost) Link() pos.Link {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.down {
		return pos.Link{State: "offline", Cause: "network"}
	}
	return pos.Link{State: "online"}
}

func (h *memHost) Window() int                   { return h.window }
func (h *memHost) Late() <-chan pos.LateReply    { return h.late }
func (h *memHost) Timeout() time.Duration        { return 45 * time.Second }
func (h *memHost) ReversalRepeat() time.Duration { return time.Minute }
func (h *memHost) Repeats() pos.Repeats          { return usual }

func (h *memHost) Terms() pos.Terms {
	t := pos.DefaultTerms()
	t.ScriptResults = true
	return t
}

var usual = pos.DefaultRepeats()

func (h *memHost) Reversible(code string) bool { return code == "68" || code == "96" || code == "98" }
