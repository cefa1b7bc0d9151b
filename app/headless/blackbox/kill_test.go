package blackbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"tillkeeper/app/headless/blackbox/child"
	"tillkeeper/assets"
)

// The kill loop: rounds of kill -9 over the real binary.
const (
	defaultRounds = 100
	wireRounds    = 200 // of the loop with a bad wire between the two
	lastForwards  = 20  // of the last opening, until nothing is owed
	paysPerRound  = 1000
	killed        = -1 // the exit code of a process that a signal ended
)

// loop is one run of the kill loop.
type loop struct {
	*shop
	t      testing.TB
	dice   *rand.Rand
	seen   map[string]string
	totals map[string]basket
	later  later
	plans  int
	count  map[string]int
	began  time.Time
	power  time.Duration // the longest time before it goes

	weather *weather // on the line; nil where the acquirer's fault plan makes it
}

type fault struct {
	Fault       string `json:"fault"`
	MTI         string `json:"mti,omitempty"`
	Probability string `json:"probability"`
	Delay       string `json:"delay,omitempty"`
	Code        string `json:"code,omitempty"`
	Taken       bool   `json:"taken,omitempty"`
	Answer      bool   `json:"answer,omitempty"`
	Before      bool   `json:"before,omitempty"`
}

// badLine is the weather of the loop: about one message in three is hit.
var badLine = []fault{
	{Fault: "drop_request", Probability: "0.03"},
	{Fault: "drop_answer", Probability: "0.05"},
	{Fault: "delay", Probability: "0.03", Delay: "400ms"},
	{Fault: "answer_twice", Probability: "0.04"},
	{Fault: "answer_late", Probability: "0.04", Delay: "300ms"},
	{Fault: "foreign_stan", Probability: "0.02", Answer: true},
	{Fault: "foreign_stan", Probability: "0.02"},
	{Fault: "corrupt", Probability: "0.03"},
	{Fault: "bad_mac", Probability: "0.03"},
	{Fault: "no_mac", Probability: "0.02"},
	{Fault: "reset", Probability: "0.03"},
	{Fault: "reset", Probability: "0.02", Before: true},
	{Fault: "half_frame", Probability: "0.03"},
	{Fault: "slow_bytes", Probability: "0.01"},
	{Fault: "code", Probability: "0.02", MTI: "0200", Code: "96", Taken: true},
	{Fault: "code", Probability: "0.01", MTI: "0200", Code: "77"},
}

// plan writes the next fault plan: the same weather with other dice.
func (l *loop) plan() string {
	l.plans++
	raw, err := json.Marshal(map[string]any{"seed": l.dice.Uint64() >> 1, "rules": badLine})
	if err != nil {
		l.t.Fatal(err)
	}
	name := filepath.Join(l.Dir, "faults-"+strconv.Itoa(l.plans)+".json")
	l.write(filepath.Base(name), string(raw))
	return name
}

func (l *loop) write(name, text string) {
	if err := os.WriteFile(filepath.Join(l.Dir, name), []byte(text), 0o600); err != nil {
		l.t.Fatal(err)
	}
}

func rounds(t testing.TB, normal int) int {
	if s := os.Getenv("TILLKEEPER_ROUNDS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			t.Fatalf("TILLKEEPER_ROUNDS=%q is no number of rounds", s)
		}
		return n
	}
	return normal
}

func seed(t testing.TB) uint64 {
	if s := os.Getenv("TILLKEEPER_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatalf("TILLKEEPER_SEED=%q is no seed", s)
		}
		return n
	}
	return rand.Uint64() >> 1
}

// Test_kill_loop cuts the power of the till a hundred times while the line is
// bad and the acquirer itself goes away now and then. Afterwards the books of
// both sides agree to the fen, and whatever was answered is found again.
func Test_kill_loop(t *testing.T) {
	t.Parallel()
	n, s := rounds(t, defaultRounds), seed(t)
	l := newLoop(t, s)
	l.run(n)
	l.CloseHost()
	l.evening()
}

func newLoop(t *testing.T, s uint64) *loop {
	t.Helper()
	sh, err := newShop(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sh.End)
	return &loop{
		shop: sh, t: t, dice: rand.New(rand.NewPCG(s, 1)), seen: map[string]string{}, totals: map[string]basket{},
		later: later{}, count: map[string]int{}, began: time.Now(),
	}
}

// run opens the shop and plays the rounds.
func (l *loop) run(n int) {
	l.t.Helper()
	l.setUp()
	answer := l.morning()
	l.waits(answer)
	began := time.Now()
	for i := range n {
		if err := l.round(); err != nil {
			l.t.Fatalf("round %d: %v\n%s", i, err, child.Tail(l.TillLog.String()))
		}
	}
	l.t.Logf("%d rounds in %s, no answer after %s, no power after %s; answers seen: %v", n, time.Since(began).Round(time.Millisecond), answer, l.power, l.count)
}

// setUp writes the shop's own files. They lie outside the till's folder, so
// that the search for clear card data may search all of that.
func (l *loop) setUp() {
	l.waits(patient)
	l.write("products.csv", "sku,barcode,name,price,tax,category,unit\nA,6928804002348,可乐,3.00,13,饮料,罐\nB,6928804002683,大米,45.50,9,粮油,袋\n")
	pin := `"` + hashed("135790") + `"` // such a text has commas
	l.write("staff.csv", "id,name,role,pin\n1001,王芳,cashier,"+pin+"\n2001,赵敏,supervisor,"+pin+"\n")
	deck, err := assets.FS.ReadFile("demo/deck.json")
	if err != nil {
		l.t.Fatal(err)
	}
	l.write("deck.json", string(deck))
}

// facing opens the acquirer for a round, or leaves it away.
func (l *loop) facing() error {
	if l.weather != nil {
		if l.Acquirer == nil {
			return l.OpenHost("")
		}
		return nil
	}
	if l.Acquirer == nil || l.dice.IntN(8) == 0 {
		l.CloseHost()
		if l.dice.IntN(3) > 0 {
			return l.OpenHost(l.plan())
		}
	}
	return nil
}

// round opens the till, pays until the power goes, and says what was promised.
func (l *loop) round() error {
	if err := l.facing(); err != nil {
		return err
	}
	if err := l.Open(); err != nil {
		return err
	}
	till := l.Till
	if l.weather != nil {
		l.weather.begin(till)
	}
	power := time.AfterFunc(time.Duration(l.dice.Int64N(int64(l.power))), func() {
		_ = till.Cmd.Process.Kill() //nolint:errcheck // it may have ended by itself
	})
	defer power.Stop()
	err := l.sell()
	l.Cut()
	if l.weather != nil {
		if err := l.weather.end(); err != nil {
			return err
		}
	}
	if errors.Is(err, child.ErrGone) {
		err = nil
	}
	if code := till.Cmd.ProcessState.ExitCode(); code != killed {
		return fmt.Errorf("the till ended by itself with %d", code)
	}
	return err
}

// sell sells until the power goes.
func (l *loop) sell() error {
	if _, err := l.Till.Ask(cmd{"cmd": "signin", "staff": "1001", "pin": "135790"}); err != nil {
		return err
	}
	for range paysPerRound {
		next := l.one
		if l.dice.IntN(3) == 0 {
			next = l.afterwards
		}
		if err := next(); err != nil {
			return err
		}
	}
	return nil
}

// one is one payment, of a new basket or of one that is open still.
func (l *loop) one() error {
	b, err := l.Till.Ask(cmd{"cmd": "basket"})
	if err != nil {
		return err
	}
	var open struct {
		Key        string
		Total, Due int64
	}
	if err := child.Into(b, &open); err != nil {
		return err
	}
	if open.Due == 0 || l.dice.IntN(6) == 0 {
		sku := []string{"A", "B"}[l.dice.IntN(2)]
		if _, err := l.Till.Ask(cmd{"cmd": "add", "sku": sku, "qty": strconv.Itoa(1 + l.dice.IntN(3))}); err != nil {
			return err
		}
		if b, err = l.Till.Ask(cmd{"cmd": "basket"}); err != nil {
			return err
		}
		if err := child.Into(b, &open); err != nil {
			return err
		}
	}
	l.totals[open.Key] = basket{total: open.Total}
	ask := l.tender()
	if open.Due > 200 && l.dice.IntN(4) == 0 {
		ask["amount"] = 1 + l.dice.Int64N(open.Due-1)
	}
	a, err := l.Till.Ask(ask)
	if err != nil {
		return err
	}
	if a["ok"] != true {
		e, _ := a["error"].(map[string]any) //nolint:errcheck // shown as it is
		return l.refusal(fmt.Sprint(e["code"]), a)
	}
	var got struct{ Attempt attempt }
	if err := child.Into(a, &got); err != nil {
		return err
	}
	card, _ := ask["card"].(string) //nolint:errcheck // cash has none
	l.remember(got.Attempt, card)
	l.count[got.Attempt.State]++
	return nil
}

// refusal accepts the errors that a bad line, or a settlement on it, may bring.
func (l *loop) refusal(code string, a map[string]any) error {
	l.count["error "+code]++
	if code == "qr_offline" || code == "settlement_running" {
		return nil
	}
	return fmt.Errorf("pay was refused: %v", a["error"])
}

// cards is the deck of the loop; names that come twice come more often.
var cards = []string{
	"ok", "ok", "second", "chip", "chip", "swipe", "silent", "offline-approve", "offline-approve-2", "offline-approve-tap", "late-decline",
	"torn", "funds-51", "partial-10", "timeout-68", "pin-55", "damaged", "offline-decline", "confirm-a2",
}

func (l *loop) tender() cmd {
	switch n := l.dice.IntN(10); {
	case n < 2:
		return cmd{"cmd": "pay", "tender": "cash"}
	case n < 3:
		return cmd{"cmd": "pay", "tender": "qr", "wallet": []string{"pay", "pay", "late", "refuse", "password"}[l.dice.IntN(5)]}
	}
	return cmd{"cmd": "pay", "tender": "card", "card": cards[l.dice.IntN(len(cards))], "pin": "123456"}
}

// evening mends the line, lets everything go out, and compares the books.
func (l *loop) evening() {
	t := l.t
	l.CloseHost()
	l.waits(patient)
	if err := l.OpenHost(""); err != nil {
		t.Fatal(err)
	}
	if err := l.Open(); err != nil {
		t.Fatal(err)
	}
	l.Till.Must(t, cmd{"cmd": "wait", "for": "online", "timeout_ms": 30000})
	left := json.Number("-")
	for range lastForwards {
		a := l.Till.Must(t, cmd{"cmd": "forward", "timeout_ms": 20000})
		if left, _ = a["left"].(json.Number); left == "0" {
			break
		}
	}
	if left != "0" {
		t.Errorf("%s items are left: %v", left, l.Till.Must(t, cmd{"cmd": "queue"}))
	}
	l.quietDay()
	b, err := l.read()
	if err != nil {
		t.Fatal(err)
	}
	b.seen, b.baskets = l.seen, l.totals
	if len(b.attempts) < len(l.seen) || len(b.ledger) == 0 {
		t.Errorf("%d attempts found, %d were answered; %d lines of the ledger", len(b.attempts), len(l.seen), len(b.ledger))
	}
	states := map[string]int{}
	for _, a := range b.attempts {
		states[a.Tender+" "+a.State]++
	}
	t.Logf("%d attempts, %d lines of the ledger: %v", len(b.attempts), len(b.ledger), states)
	for _, f := range b.faults() {
		t.Error(f)
	}
	if rounds(t, defaultRounds) >= defaultRounds { // fewer may have nothing to falsify
		for _, f := range twins(b) {
			t.Error(f)
		}
	}
	if err := l.CloseTill(); err != nil {
		t.Error(err)
	}
	l.search()
	if t.Failed() {
		l.keep()
		return
	}
	if err := l.forge(b); err != nil && rounds(t, defaultRounds) >= defaultRounds {
		t.Error(err)
	}
}

// keep leaves the evidence of a failed run where TILLKEEPER_KEEP says.
func (l *loop) keep() {
	to := os.Getenv("TILLKEEPER_KEEP")
	if to == "" {
		return
	}
	l.write("till.log", l.TillLog.String())
	l.write("host.log", l.HostLog.String())
	if err := os.CopyFS(filepath.Join(to, l.t.Name()), os.DirFS(l.Dir)); err != nil {
		l.t.Error(err)
	}
}
