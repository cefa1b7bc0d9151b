package acquirer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"tillkeeper/drivers/acquirer/wire"
)

// ErrPlan means that a fault plan is unusable; the text names the key or fault at fault.
var ErrPlan = errors.New("acquirer: bad fault plan")

// Fault is what a rule does to a request or its answer.
type Fault string

// The faults, as a plan names them; see the package comment for what each does.
const (
	DropRequest Fault = "drop_request"
	DropAnswer  Fault = "drop_answer"
	Delay       Fault = "delay"
	AnswerTwice Fault = "answer_twice"
	AnswerLate  Fault = "answer_late"
	ForeignSTAN Fault = "foreign_stan"
	Corrupt     Fault = "corrupt"
	BadMAC      Fault = "bad_mac"
	NoMAC       Fault = "no_mac"
	Reset       Fault = "reset"
	HalfFrame   Fault = "half_frame"
	SlowBytes   Fault = "slow_bytes"
	Refuse      Fault = "refuse"
	Restart     Fault = "restart"
	Code        Fault = "code"
)

// defaultWait is what a fault waits when its rule names no delay.
var defaultWait = map[Fault]time.Duration{
	DropRequest: 0, DropAnswer: 0, Delay: 3 * time.Second, AnswerTwice: 0, AnswerLate: 3 * time.Second,
	ForeignSTAN: 0, Corrupt: 0, BadMAC: 0, NoMAC: 0, Reset: 0, HalfFrame: 0, SlowBytes: 10 * time.Millisecond,
	Refuse: time.Second, Restart: 0, Code: 0,
}

const (
	ruleLimit = 1000           // rules of one plan
	waitLimit = 24 * time.Hour // delay of one rule
	planLimit = 1 << 20        // bytes of a plan file
)

// Rule says when a fault happens. Without Probability, Nth and Every it happens to each matching request.
type Rule struct {
	Fault       Fault    // what happens
	MTI         string   // of the request, "" for any
	Kind        string   // of the request, "" for any: see kindName
	Type        string   // first two digits of F60, "" for any
	STAN        string   // F11, "" for any
	Probability *float64 // 0..1; not money
	Nth         int      // only the nth matching request, from 1
	Every       int      // each one whose number divides by it
	Times       int      // at most so often, 0 without limit
	Delay       time.Duration
	Code        string // of fault "code": what F39 says
	Taken       bool   // of fault "code": the money moves all the same
	Answer      bool   // of fault "foreign_stan": the true answer follows
	Before      bool   // of faults "reset" and "restart": before the request is taken
	MaxAmount   int64  // only requests up to this many fen, 0 without limit
}

// Plan is a list of rules; the first that is due to a request decides. Seed makes its dice repeatable.
type Plan struct {
	Seed  uint64
	Rules []Rule

	mu    sync.Mutex
	dice  *rand.Rand
	seen  []int
	fired []int
}

type planFile struct {
	Seed  uint64     `json:"seed"`
	Rules []ruleFile `json:"rules"`
}

type ruleFile struct {
	Fault       string          `json:"fault"`
	MTI         string          `json:"mti"`
	Kind        string          `json:"kind"`
	Type        string          `json:"type"`
	STAN        string          `json:"stan"`
	Probability json.RawMessage `json:"probability"`
	Nth         int             `json:"nth"`
	Every       int             `json:"every"`
	Times       int             `json:"times"`
	Delay       string          `json:"delay"`
	Code        string          `json:"code"`
	Taken       bool            `json:"taken"`
	Answer      json.RawMessage `json:"answer"`
	Before      bool            `json:"before"`
	MaxAmount   int64           `json:"max_amount"`
}

// LoadPlan reads a fault plan from a file.
func LoadPlan(file string) (*Plan, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPlan, err)
	}
	defer f.Close() //nolint:errcheck // read only
	raw, err := io.ReadAll(io.LimitReader(f, planLimit))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPlan, err)
	}
	return ParsePlan(raw)
}

// ParsePlan reads the JSON of a fault plan; an unknown key or fault is an error that names it.
func ParsePlan(raw []byte) (*Plan, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	var in planFile
	if err := dec.Decode(&in); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPlan, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: something follows the plan", ErrPlan)
	}
	p := &Plan{Seed: in.Seed}
	for i, r := range in.Rules {
		rule, err := r.rule()
		if err != nil {
			return nil, fmt.Errorf("%w: rule %d: %s", ErrPlan, i+1, err.Error())
		}
		p.Rules = append(p.Rules, rule)
	}
	return p, p.check()
}

func (r ruleFile) rule() (Rule, error) {
	out := Rule{
		Fault: Fault(r.Fault), MTI: r.MTI, Kind: r.Kind, Type: r.Type, STAN: r.STAN, Nth: r.Nth, Every: r.Every, Times: r.Times,
		Code: r.Code, Taken: r.Taken, Before: r.Before, MaxAmount: r.MaxAmount,
	}
	if err := r.answer(&out); err != nil {
		return out, err
	}
	if r.Delay != "" {
		d, err := time.ParseDuration(r.Delay)
		if err != nil {
			return out, fmt.Errorf("delay %q", r.Delay)
		}
		out.Delay = d
	}
	if len(r.Probability) > 0 {
		text := string(bytes.Trim(r.Probability, `"`))
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return out, fmt.Errorf("probability %q", text)
		}
		out.Probability = &v
	}
	return out, nil
}

// answer reads the key of that name: true is the true answer behind a foreign one, a code is what the next payment, void or refund is answered, once.
func (r ruleFile) answer(out *Rule) error {
	if len(r.Answer) == 0 || json.Unmarshal(r.Answer, &out.Answer) == nil {
		return nil
	}
	var code string
	if err := json.Unmarshal(r.Answer, &code); err != nil || r.Fault != "" || r.Code != "" {
		return fmt.Errorf("answer %s", r.Answer)
	}
	once := ForcedAnswer(code)
	out.Fault, out.Code, out.Taken = once.Fault, once.Code, r.Taken || once.Taken
	if r.Times == 0 && r.Nth == 0 && r.Every == 0 {
		out.Times = once.Times
	}
	if r.Kind == "" && r.MTI == "" {
		out.Kind = once.Kind
	}
	return nil
}

// kindMoney is any request that moves money, reversals and uploads after the fact apart.
const kindMoney = "money"

// ForcedAnswer is the rule that the next payment, void or refund gets this code, once: approvals and time-outs behind the host move the money, the others do not.
func ForcedAnswer(code string) Rule {
	return Rule{Fault: Code, Code: code, Taken: success(code) || upstream(code), Kind: kindMoney, Times: 1}
}

// kindNames are what "kind" of a rule may say.
var kindNames = []string{
	kindMoney, KindSale, KindCodeSale, KindOfflineSale, KindVoid, KindRefund, KindBalance, KindPreauth, KindPreauthVoid,
	KindCompletion, KindCompletionVoid, KindReversal, KindSettlement, KindScript, KindUpload, "upload_end", "sign_on", "sign_off", "echo",
}

// kindName names any request, money or not, as a rule does; empty when the host has no such function.
func kindName(m *wire.Message) string {
	switch m.MTI + networkOf(m) {
	case "0320201":
		return KindUpload
	case "0320202", "0320207":
		return "upload_end"
	case "0820002":
		return "sign_off"
	case "0820301":
		return "echo"
	}
	switch m.MTI {
	case "0400":
		return KindReversal
	case "0500":
		return KindSettlement
	case "0620":
		return KindScript
	case "0800":
		return "sign_on"
	}
	return kindOf(m)
}

func (p *Plan) check() error {
	if len(p.Rules) > ruleLimit {
		return fmt.Errorf("%w: more than %d rules", ErrPlan, ruleLimit)
	}
	for i, r := range p.Rules {
		if err := r.check(); err != nil {
			return fmt.Errorf("%w: rule %d: %s", ErrPlan, i+1, err.Error())
		}
	}
	return nil
}

func (r Rule) check() error {
	if _, ok := defaultWait[r.Fault]; !ok {
		return fmt.Errorf("unknown fault %q", r.Fault)
	}
	if r.Probability != nil && (*r.Probability < 0 || *r.Probability > 1) {
		return errors.New("probability is not 0 to 1")
	}
	if r.MTI != "" && (len(r.MTI) != 4 || !digits(r.MTI)) {
		return fmt.Errorf("mti %q", r.MTI)
	}
	if r.Kind != "" && !slices.Contains(kindNames, r.Kind) {
		return fmt.Errorf("kind %q", r.Kind)
	}
	if r.Fault == Code && len(r.Code) != 2 {
		return fmt.Errorf("code %q has to be two characters", r.Code)
	}
	if r.Nth < 0 || r.Every < 0 || r.Times < 0 || r.MaxAmount < 0 || r.Delay < 0 || r.Delay > waitLimit {
		return errors.New("a number is out of range")
	}
	return nil
}

// due answers the rule that strikes this request, nil when none does; every matching rule counts it.
func (p *Plan) due(m *wire.Message) *Rule {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dice == nil {
		p.dice = rand.New(rand.NewPCG(p.Seed, 0x7469_6c6c)) //nolint:gosec // repeatable on purpose
		p.seen, p.fired = make([]int, len(p.Rules)), make([]int, len(p.Rules))
	}
	var hit *Rule
	for i := range p.Rules {
		r := &p.Rules[i]
		if !r.matches(m) {
			continue
		}
		p.seen[i]++
		if hit != nil || !p.strikes(r, i) {
			continue
		}
		p.fired[i]++
		hit = r
	}
	return hit
}

// before is a plan with one more rule in front; what the others counted stays.
func (p *Plan) before(r Rule) *Plan {
	out := &Plan{Rules: []Rule{r}}
	if p == nil {
		return out
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	out.Seed, out.Rules = p.Seed, append(out.Rules, p.Rules...)
	if p.dice != nil {
		out.dice, out.seen, out.fired = p.dice, append([]int{0}, p.seen...), append([]int{0}, p.fired...)
	}
	return out
}

func (p *Plan) strikes(r *Rule, i int) bool {
	switch {
	case r.Times > 0 && p.fired[i] >= r.Times:
		return false
	case r.Nth > 0 && p.seen[i] != r.Nth:
		return false
	case r.Every > 0 && p.seen[i]%r.Every != 0:
		return false
	}
	return r.Probability == nil || p.dice.Float64() < *r.Probability
}

// index answers a number below n off the plan's dice.
func (p *Plan) index(n int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dice.IntN(n)
}

func (r *Rule) matches(m *wire.Message) bool {
	if r.MTI != "" && r.MTI != m.MTI || r.STAN != "" && r.STAN != m.Get(11) {
		return false
	}
	switch kind := kindName(m); r.Kind {
	case "", kind:
	case kindMoney:
		if kind == KindOfflineSale || kind == KindBalance || shapes[kind].kind == "" {
			return false
		}
	default:
		return false
	}
	if r.Type != "" && prefix(m.Get(60), 2) != r.Type {
		return false
	}
	return r.MaxAmount == 0 || amountOf(m) <= r.MaxAmount
}

func (r *Rule) is(f Fault) bool { return r != nil && r.Fault == f }

func (r *Rule) wait() time.Duration {
	if r.Delay > 0 {
		return r.Delay
	}
	return defaultWait[r.Fault]
}
