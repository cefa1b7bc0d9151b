package acquirer

import (
	"fmt"
	"slices"
	"testing"

	"tillkeeper/drivers/acquirer/wire"
)

// operation is one message of the protocol: what comes before it, itself, and how a till makes good that its answer was lost.
type operation struct {
	kind   string
	make   func(t *testing.T, c *till) *wire.Message
	repair func(m *wire.Message) *wire.Message
	good   []string // codes of the repair
	left   int64    // fen that the card is charged or held then
}

// What the repair of an operation may be answered.
var (
	undone = []string{"00", "25"}
	once   = []string{"00", "94"}
	plain  = []string{"00"}
)

func again(m *wire.Message) *wire.Message { return m }

// operations are all of them.
func operations() []operation {
	sold := func(t *testing.T, c *till) (*wire.Message, *wire.Message) {
		t.Helper()
		s := c.sale("000010", testPAN, 1000)
		return s, c.code("00", s)
	}
	held := func(c *till) (*wire.Message, *wire.Message) {
		p := c.preauth("000010", 1000)
		return p, c.code("00", p)
	}
	return append(noMoney(sold), []operation{
		{KindSale, func(_ *testing.T, c *till) *wire.Message { return c.sale("000020", testPAN, 1000) }, reversal, undone, 0},
		{KindCodeSale, func(_ *testing.T, c *till) *wire.Message { return c.codeSale("000020", "130000000000000018", 1000) }, reversal, undone, 0},
		{KindOfflineSale, func(_ *testing.T, c *till) *wire.Message { return c.offline("000020", 1000) }, again, once, 1000},
		{KindVoid, func(t *testing.T, c *till) *wire.Message {
			s, a := sold(t, c)
			return c.about("0200", "000020", "23", s, a, 1000)
		}, reversal, undone, 1000},
		{KindRefund, func(t *testing.T, c *till) *wire.Message {
			s, a := sold(t, c)
			return c.about("0220", "000020", "25", s, a, 400)
		}, again, once, 600},
		{KindBalance, func(t *testing.T, c *till) *wire.Message { return c.balance(t, "000020", "123456") }, again, plain, 0},
		{KindPreauth, func(_ *testing.T, c *till) *wire.Message { return c.preauth("000020", 1000) }, reversal, undone, 0},
		{KindPreauthVoid, func(_ *testing.T, c *till) *wire.Message {
			p, a := held(c)
			return c.about("0100", "000020", "11", p, a, 1000)
		}, reversal, undone, 1000},
		{KindCompletion, func(_ *testing.T, c *till) *wire.Message {
			p, a := held(c)
			return c.about("0200", "000020", "20", p, a, 700)
		}, reversal, undone, 1000},
		{KindCompletionVoid, func(_ *testing.T, c *till) *wire.Message {
			p, a := held(c)
			done := c.about("0200", "000011", "20", p, a, 700)
			return c.about("0200", "000020", "21", done, c.code("00", done), 700)
		}, reversal, undone, 700},
	}...)
}

// noMoney are the operations that move none by themselves.
func noMoney(sold func(*testing.T, *till) (*wire.Message, *wire.Message)) []operation {
	return []operation{
		{KindReversal, func(t *testing.T, c *till) *wire.Message { s, _ := sold(t, c); return reversal(s) }, again, plain, 0},
		{KindSettlement, func(t *testing.T, c *till) *wire.Message { sold(t, c); return c.totals("000020", 1000, 1, 0, 0) }, again, []string{""}, 1000},
		{KindUpload, func(t *testing.T, c *till) *wire.Message { sold(t, c); return c.items("000020", item("000010", 1000)) }, again, plain, 1000},
		{"upload_end", func(t *testing.T, c *till) *wire.Message {
			sold(t, c)
			c.code("00", c.items("000019", item("000010", 1000)))
			return c.end("000020", "202", 1)
		}, again, plain, 1000},
		{"sign_on", func(_ *testing.T, c *till) *wire.Message {
			return c.msg("0800", "000020", map[int]string{60: "00000001003", 63: "001"})
		}, again, plain, 0},
		{"echo", func(_ *testing.T, c *till) *wire.Message {
			return c.msg("0820", "000020", map[int]string{60: "00000001301"})
		}, again, plain, 0},
		{"sign_off", func(_ *testing.T, c *till) *wire.Message {
			return c.msg("0820", "000020", map[int]string{60: "00000001002"})
		}, again, plain, 0},
	}
}

var matrixFaults = []Rule{
	{Fault: DropRequest},
	{Fault: DropAnswer},
	{Fault: Delay, Delay: 1},
	{Fault: AnswerTwice},
	{Fault: AnswerLate, Delay: 1},
	{Fault: ForeignSTAN, Answer: true},
	{Fault: ForeignSTAN},
	{Fault: Corrupt},
	{Fault: BadMAC},
	{Fault: NoMAC},
	{Fault: Reset},
	{Fault: Reset, Before: true},
	{Fault: HalfFrame},
	{Fault: SlowBytes, Delay: 1},
	{Fault: Refuse, Delay: 1},
	{Fault: Restart},
	{Fault: Restart, Before: true},
	{Fault: Code, Code: "96"},
	{Fault: Code, Code: "96", Taken: true},
}

// TestEveryFaultAtEveryOperation strikes each operation with each fault; the repair that the protocol has for it leaves the card charged as it should be.
func TestEveryFaultAtEveryOperation(t *testing.T) {
	for _, op := range operations() {
		t.Run(op.kind, func(t *testing.T) {
			t.Parallel()
			h, addr := start(t, nil)
			for i, f := range matrixFaults { // each at a terminal of its own
				t.Run(fmt.Sprintf("%s-%d", f.Fault, i), func(t *testing.T) {
					c := dial(t, addr)
					c.tid = fmt.Sprintf("%08d", i+1)
					c.signOn()
					strike(t, h, c, op, f)
				})
			}
		})
	}
}

func strike(t *testing.T, h *Host, c *till, op operation, f Rule) {
	t.Helper()
	first := h.Balance(testPAN) + h.Balance("130000000000000018")
	m := op.make(t, c)
	f.Kind, f.Times = op.kind, 1
	plan := &Plan{Seed: 5, Rules: []Rule{f}}
	if err := h.SetFaults(plan); err != nil {
		t.Fatal(err)
	}
	c.send(m)
	if f.Fault == DropRequest || f.Fault == DropAnswer { // the answer behind it says that it was decided
		c.code("00", c.msg("0820", "000098", map[int]string{60: "00000001301"}))
	} else if a, err := c.get(patient); err == nil && f.Fault == Code && a.Get(39) != "96" {
		t.Errorf("code %q", a.Get(39))
	}
	plan.mu.Lock()
	fired := plan.fired[0]
	plan.mu.Unlock()
	if fired != 1 {
		t.Fatalf("struck %d times", fired)
	}
	c.redial()
	if op.kind == "sign_off" && c.ask(c.sale("000097", testPAN, 1)).Get(39) == "00" { // it never came
		c.code("00", reversal(c.sale("000097", testPAN, 1)))
	}
	a := c.ask(op.repair(m))
	if !slices.Contains(op.good, a.Get(39)) {
		t.Errorf("the repair was answered %q", a.Get(39))
	}
	if left := h.Balance(testPAN) + h.Balance("130000000000000018"); first-left != op.left {
		t.Errorf("%d fen charged, want %d", first-left, op.left)
	}
	wantBatch := "000001"
	if op.kind == KindSettlement || op.kind == "upload_end" {
		wantBatch = "000002"
	}
	if got := h.Batch(c.tid, "123456789012345"); got != wantBatch {
		t.Errorf("batch %s, want %s", got, wantBatch)
	}
}
