package acquirer

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// catalogue reads the codes of the answer code table.
func catalogue(t *testing.T) []string {
	t.Helper()
	f, err := os.Open("../../../assets/codes/answer-codes.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // read only
	var out []string
	for in := bufio.NewScanner(f); in.Scan(); {
		if code, _, _ := strings.Cut(in.Text(), "\t"); len(code) == 2 {
			out = append(out, code)
		}
	}
	return out
}

func deckPANs(t *testing.T) map[string]string {
	t.Helper()
	raw, err := os.ReadFile("../../../assets/demo/deck.json")
	if err != nil {
		t.Fatal(err)
	}
	var deck []struct{ Name, PAN string }
	if err := json.Unmarshal(raw, &deck); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, c := range deck {
		out[c.Name] = c.PAN
	}
	return out
}

func TestEveryAnswerCodeHasAWay(t *testing.T) {
	all := catalogue(t)
	if len(all) != 50 || len(all) != len(Ways()) {
		t.Fatalf("%d codes, %d ways", len(all), len(Ways()))
	}
	for _, code := range all {
		if w, ok := Producing(code); !ok || w.Code != code || w.Switch == "" || !strings.Contains(w.How(), w.Switch) {
			t.Errorf("%s: %v %+v", code, ok, w)
		}
	}
	if w, ok := Producing("zz"); ok {
		t.Error(w)
	}
}

// TestEveryAnswerCodeByItsSwitch sends a real sale after each switch and sees the code come, once and with the money where it belongs.
func TestEveryAnswerCodeByItsSwitch(t *testing.T) {
	for _, w := range Ways() {
		t.Run(w.Code, func(t *testing.T) {
			t.Parallel()
			h, c, first := ready(t, nil)
			if err := h.Control([]byte(w.Switch)); err != nil {
				t.Fatal(err)
			}
			s := c.sale("000010", testPAN, 200)
			a := c.code(w.Code, s)
			moved := success(w.Code) || upstream(w.Code)
			if got, ok := charges(t, h)[key("000010")]; ok != moved || moved && w.Code != "10" && got != 200 {
				t.Errorf("%d fen, charged %v", got, ok)
			}
			if w.Code == "10" && (amountOf(a) <= 0 || amountOf(a) >= 200) {
				t.Error("a part of", a.Get(4))
			}
			if sign := w.Code == "77" || w.Code == "99" || w.Code == "A0"; sign != (c.head.Requirement() == 3) {
				t.Errorf("requirement %d", c.head.Requirement())
			}
			if !strings.HasPrefix(w.Switch, `{"answer"`) {
				return // such a switch stays
			}
			c.code("00", c.sale("000011", testPAN, 100))
			want := first - 100
			if moved {
				want -= 200
			}
			if h.Balance(testPAN) != want {
				t.Errorf("%d fen left, want %d", h.Balance(testPAN), want)
			}
		})
	}
}

// TestEveryAnswerCodeByItsCard sends a sale with each card of the deck that a way names.
func TestEveryAnswerCodeByItsCard(t *testing.T) {
	h, c, _ := ready(t, nil)
	pans, n := deckPANs(t), int64(1000)
	for _, w := range Ways() {
		if w.Card == "" {
			continue
		}
		n++
		pan, amount := pans[w.Card], int64(200)
		if w.Code == "10" {
			amount = 10001
		}
		s := c.sale(fen(n)[6:], pan, amount)
		if w.Code == "55" {
			s.Fields[22], s.Fields[26], s.Fields[52], s.Fields[53] = "071", "12", pinBlock(t, "123456", pan), "2600000000000000"
		}
		before := h.Balance(pan)
		c.code(w.Code, s)
		c.code("00", reversal(s))
		if h.Balance(pan) != before {
			t.Errorf("%s: %d fen less after the reversal", w.Card, before-h.Balance(pan))
		}
	}
	if n < 1035 {
		t.Errorf("only %d codes have a card", n-1000)
	}
}

// TestEveryAnswerCodeByWhatIsDoneAtTheTill does what the ways say for the codes that no card brings.
func TestEveryAnswerCodeByWhatIsDoneAtTheTill(t *testing.T) {
	h, c, _ := ready(t, nil)
	s := c.sale("000010", testPAN, 200)
	a := c.code("00", s)
	c.code("94", s)
	c.code("64", c.about("0200", "000011", "23", s, a, 199))
	c.code("14", c.codeSale("000012", "990000000000000001", 100))
	other := c.about("0200", "000013", "23", s, a, 200)
	other.Fields[61] = "000001000099"
	c.code("25", other)
	for i, want := range []string{"55", "55", "55", "75"} {
		c.code(want, c.balance(t, fen(int64(20 + i))[6:], "111111"))
	}
	bad := c.balance(t, "000030", "123456")
	bad.Fields[52] = "0000000000000000"
	c.code("99", bad)
	signed := c.signed(c.sale("000031", testPAN, 100))
	signed.Fields[64] = "0011223344556677"
	c.put(signed)
	if a := c.must(); a.Get(39) != "A0" {
		t.Error(a.Get(39))
	}
	c.code("00", c.msg("0820", "000032", map[int]string{60: "00000001002"}))
	c.code("77", c.sale("000033", testPAN, 100))
	c.signOn()
	if got := c.ask(c.totals("000034", 200, 1, 0, 0)).Get(48); got[30] != '1' {
		t.Fatal(got)
	}
	c.code("22", c.about("0200", "000035", "23", s, a, 200))
	if h.Batch(c.tid, "123456789012345") != "000002" {
		t.Error("not settled")
	}
}
