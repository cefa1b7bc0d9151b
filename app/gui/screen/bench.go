package screen

import (
	"slices"
	"unicode"
	"unicode/utf8"

	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
)

// Bench is what the demo's hands can do: the simulated devices' switches.
type Bench struct {
	On     bool
	Real   map[string]bool // by device, reader pinpad printer wallet host, that it is not simulated
	Cards  []string        // names of the deck
	Wallet string          // what the customer's phone does with the next code
	Cut    bool            // the line is pulled
	Empty  bool            // the printer has no paper
}

// The bench's verbs.
const (
	VerbPresent = "present" // argument: a card of the deck
	VerbPIN     = "pin"     // argument: a PIN, "" cancels
	VerbBypass  = "bypass"  // OK without a PIN
	VerbWallet  = "wallet"  // the next of Wallets
	VerbPaper   = "paper"
)

// Wallets are what the customer's phone can do, in the order of the switch.
var Wallets = []string{"pay", "refuse", "ignore", "password", "late"}

var walletWords = map[string]string{"": "付款", "pay": "付款", "refuse": "拒付", "ignore": "不理", "password": "要密码", "late": "晚付"}

// benchCards are the cards of the deck that the bench offers, with their words.
var benchCards = [...]struct{ name, word string }{
	{"ok", "挥卡"}, {"chip", "插卡"}, {"offline-approve", "可脱机卡"}, {"funds-51", "余额不足"}, {"timeout-68", "银行超时"}, {"torn", "提前拔卡"},
}

// demoPIN is the PIN of every card of the demo's deck.
const (
	demoPIN  = "123456"
	wrongPIN = "000000"
)

// benchKeys are what the demo's customer can do in this step of a card payment.
func (c *Ctx) benchKeys() []kit.Key {
	if !c.V.Bench.On || c.S.Step != checkout.StepCard || c.S.Card == nil {
		return nil
	}
	var out []kit.Key
	switch c.S.Card.Stage {
	case checkout.CardPresent:
		for _, b := range benchCards {
			if slices.Contains(c.V.Bench.Cards, b.name) {
				out = append(out, kit.Key{Label: begin(c.t(b.word)), Size: 18, Act: act(VerbPresent, b.name)})
			}
		}
	case checkout.CardPIN:
		if c.V.Bench.Real["pinpad"] { // its keys are the customer's own
			return nil
		}
		out = []kit.Key{
			{Label: demoPIN, Size: 18, Act: act(VerbPIN, demoPIN)},
			{Label: c.t("输错"), Size: 18, Act: act(VerbPIN, wrongPIN)},
			{Label: c.t("不输了"), Size: 18, Act: act(VerbPIN, "")},
		}
		if c.S.Card.Bypass {
			out = append(out, kit.Key{Label: c.t("没有密码"), Size: 18, Act: act(VerbBypass, "")})
		}
	case checkout.CardPrepare, checkout.CardRead, checkout.CardHost, checkout.CardFinish:
	}
	return out
}

// begin writes a word as one begins a sentence or a key with it.
func begin(s string) string {
	first, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(first))[:n] + s[n:]
}

// bench draws the demo's hands at the foot of the order and gives what is left above it.
func (c *Ctx) bench(r kit.Rect) kit.Rect {
	keys := c.benchKeys()
	if len(keys) == 0 {
		return r
	}
	u, p, gap := c.u, c.p, c.L.M.Gap()
	cols := 3
	if len(keys) == 4 {
		cols = 4 // one row: what a customer does at the PIN pad
	}
	rows := (len(keys) + cols - 1) / cols
	keyH := c.L.M.KeyH()
	well, rest := r.Foot(u(42)+float32(rows)*(keyH+gap), 0)
	well = kit.Rect{X: r.X + u(10), Y: well.Y - u(4), W: r.W - u(20), H: well.H}
	p.Well(well)
	p.Line(well.X+u(14), well.Y+u(20), well.W-u(28), c.t("演示：替顾客做"), kit.Style{Size: 16, Ink: look.Soft})
	grid := kit.Rect{X: well.X + u(8), Y: well.Y + u(38), W: well.W - u(16), H: float32(rows)*(keyH+gap) - gap}
	words := make([]string, len(keys))
	for i, k := range keys {
		words[i] = k.Label
	}
	for i, k := range keys {
		place := grid.Rows(rows, gap)[i/cols].Cols(cols, gap)[i%cols]
		k.Cap = leftKey(i/cols, i%cols)
		p.Key(place, c.capped(place, k, words...))
	}
	return kit.Rect{X: rest.X, Y: rest.Y, W: rest.W, H: rest.H - u(6)}
}
