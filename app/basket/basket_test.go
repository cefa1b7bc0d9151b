package basket_test

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"tillkeeper/app/basket"
	"tillkeeper/app/pos"
)

// picture is the basket of the demo: 185.40 after a discount of 0.80.
func picture(t testing.TB) *pos.Basket {
	t.Helper()
	c := demo(t)
	b := &pos.Basket{Mode: pos.TaxIncluded}
	for i, row := range []struct{ name, qty string }{
		{"农夫山泉 550ml", "2"}, {"康师傅红烧牛肉面", "3"}, {"蒙牛纯牛奶 250ml×12", "1"}, {"金龙鱼大米 5kg", "1"}, {"红富士苹果 称重", "1.250"},
	} {
		p := c.Search(row.name, 1)[0]
		q, err := basket.ParseQty(row.qty)
		if err != nil || p.Name != row.name {
			t.Fatal(p, err)
		}
		l, err := basket.NewLine(p, q, b.Mode)
		if err != nil {
			t.Fatal(err)
		}
		l.No = i + 1
		b.Lines = append(b.Lines, l)
	}
	return b
}

func TestBasketOfThePicture(t *testing.T) {
	b := picture(t)
	shares, err := basket.Spread(b.Lines, 80)
	if err != nil {
		t.Fatal(err)
	}
	for i := range b.Lines {
		b.Lines[i].Discount += shares[i]
	}
	if err := basket.Refresh(b); err != nil {
		t.Fatal(err)
	}
	s := basket.Totals(b.Lines, b.Mode)
	if b.Total != 18540 || s.Total != 18540 || s.Gross != 18620 || s.Discount != 80 || s.Items != 8 || s.Kinds != 5 {
		t.Errorf("total %s, %+v", b.Total, s)
	}
	if i := basket.Find(b.Lines, 3); i != 2 || basket.Find(b.Lines, 9) != -1 {
		t.Errorf("line 3 at %d", i)
	}
}

func TestGrossRoundsHalfUp(t *testing.T) {
	for _, r := range []struct {
		price pos.Amount
		qty   string
		want  pos.Amount
	}{{1592, "1.250", 1990}, {1, "0.499", 0}, {1, "0.5", 1}, {333, "0.350", 117}, {300, "2", 600}, {0, "1", 0}, {99_999_999, "9999.999", 999_999_890_000}} {
		q, err := basket.ParseQty(r.qty)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := basket.Gross(r.price, q); err != nil || got != r.want {
			t.Errorf("%s x %s = %s, %v; want %s", r.price, r.qty, got, err, r.want)
		}
	}
	for _, bad := range []string{"0", "-1", "10000", "1.2345", "", "x", "0.000"} {
		if q, err := basket.ParseQty(bad); err == nil {
			t.Errorf("%q is taken as %s", bad, q)
		}
	}
	if _, err := basket.Gross(-1, 1000); !errors.Is(err, basket.ErrTooLarge) {
		t.Error(err)
	}
	if _, err := basket.Gross(basket.MaxPrice+1, 1000); !errors.Is(err, basket.ErrTooLarge) {
		t.Error(err)
	}
	if _, err := basket.NewLine(pos.Product{Unit: "瓶", Price: 100}, 500, pos.TaxIncluded); !errors.Is(err, basket.ErrQty) {
		t.Error("half a bottle:", err)
	}
}

func TestGrossIsExactRounding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.Int64Range(0, int64(basket.MaxPrice)).Draw(t, "price")
		q := rapid.Int64Range(1, int64(basket.MaxQty)).Draw(t, "qty")
		got, err := basket.Gross(pos.Amount(p), pos.Qty(q))
		want := new(big.Int).Mul(big.NewInt(p), big.NewInt(q))
		want.Add(want, big.NewInt(500)).Div(want, big.NewInt(1000))
		if err != nil || int64(got) != want.Int64() {
			t.Errorf("%d, %v, want %s", got, err, want)
		}
	})
}

func TestTax(t *testing.T) {
	for _, r := range []struct {
		total pos.Amount
		rate  int
		mode  pos.TaxMode
		want  pos.Amount
	}{
		{11300, 1300, pos.TaxIncluded, 1300},
		{10000, 1300, pos.TaxAdded, 1300},
		{10900, 900, pos.TaxIncluded, 900},
		{300, 1300, pos.TaxIncluded, 35},
		{300, 0, pos.TaxIncluded, 0},
		{-11300, 1300, pos.TaxIncluded, -1300},
		{50, 100, pos.TaxAdded, 1},
		{49, 100, pos.TaxAdded, 0},
	} {
		if got := basket.Tax(r.total, r.rate, r.mode); got != r.want {
			t.Errorf("%s at %d %s: %s, want %s", r.total, r.rate, r.mode, got, r.want)
		}
	}
}

func TestTaxAddedIsOnTop(t *testing.T) {
	b := &pos.Basket{Mode: pos.TaxAdded, Lines: []pos.Line{
		{No: 1, Qty: 1000, Price: 1000, Tax: 1300, Unit: "瓶"}, {No: 2, Qty: 3000, Price: 333, Discount: 99, Tax: 900, Unit: "瓶"},
	}}
	if err := basket.Refresh(b); err != nil || b.Tax != 130+81 || b.Total != 1900+211 {
		t.Errorf("total %s tax %s, %v", b.Total, b.Tax, err)
	}
}

func TestRefreshLeavesABadBasketAlone(t *testing.T) {
	b := &pos.Basket{Total: 7, Lines: []pos.Line{{No: 1, Qty: 1000, Price: 100, Discount: 101}}}
	if err := basket.Refresh(b); !errors.Is(err, basket.ErrDiscount) || b.Total != 7 {
		t.Errorf("%v, total %s", err, b.Total)
	}
	b.Lines = []pos.Line{{No: 1, Qty: basket.MaxQty, Price: basket.MaxPrice}}
	if err := basket.Refresh(b); !errors.Is(err, basket.ErrTooLarge) {
		t.Error(err)
	}
	b.Lines = make([]pos.Line, basket.MaxLines+1)
	if err := basket.Refresh(b); !errors.Is(err, basket.ErrTooLarge) {
		t.Error(err)
	}
	b.Lines = []pos.Line{{No: 1, Qty: 1000, Price: 1, Tax: 10_001}}
	if err := basket.Refresh(b); !errors.Is(err, basket.ErrTooLarge) {
		t.Error(err)
	}
}

var lineGen = rapid.Custom(func(t *rapid.T) pos.Line {
	l := pos.Line{
		Qty: pos.Qty(rapid.Int64Range(1, 99_999).Draw(t, "qty")), Price: pos.Amount(rapid.Int64Range(0, 100_000).Draw(t, "price")),
		Tax: rapid.SampledFrom([]int{0, 300, 900, 1300}).Draw(t, "tax"),
	}
	l, err := basket.Price(l, pos.TaxIncluded)
	if err != nil {
		t.Fatal(err)
	}
	return l
})

func TestSpreadAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOfN(lineGen, 1, 30).Draw(t, "lines")
		var sum pos.Amount
		for _, l := range lines {
			sum += l.Total
		}
		off := pos.Amount(rapid.Int64Range(0, int64(sum)).Draw(t, "off"))
		shares, err := basket.Spread(lines, off)
		if err != nil {
			t.Fatal(err)
		}
		var given pos.Amount
		for i, s := range shares {
			if s < 0 || s > lines[i].Total {
				t.Errorf("%s off %s", s, lines[i].Total)
			}
			given += s
		}
		if given != off {
			t.Errorf("shares add up to %s, want %s", given, off)
		}
	})
	if _, err := basket.Spread(nil, 1); !errors.Is(err, basket.ErrDiscount) {
		t.Error(err)
	}
}

// 15: the same receipt refunded twice. Parts add up to the whole, and no more
// than is left comes back.
func TestRefundsAddUpToTheLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := lineGen.Draw(t, "line")
		mode := rapid.SampledFrom([]pos.TaxMode{pos.TaxIncluded, pos.TaxAdded}).Draw(t, "mode")
		l, _ = basket.Price(l, mode)
		want := l.Total
		if mode == pos.TaxAdded {
			want += l.TaxSum
		}
		l.No = 1
		paid := pos.Basket{Lines: []pos.Line{l}, Mode: mode, Total: want}
		var back, tax pos.Amount
		for l := &paid.Lines[0]; l.Returned < l.Qty; {
			if mode == pos.TaxIncluded && l.Total > l.ReturnedSum && rapid.Bool().Draw(t, "money alone") {
				sum := pos.Amount(rapid.Int64Range(1, int64(l.Total-l.ReturnedSum)).Draw(t, "sum"))
				lines, err := basket.ReturnSum(paid, sum)
				if err != nil || len(lines) != 1 || lines[0].Total != -sum || lines[0].Qty != 0 {
					t.Fatal(lines, err)
				}
				basket.Book(&paid, pos.Basket{Lines: lines})
				back, tax = back+sum, tax+lines[0].TaxSum
			}
			q := pos.Qty(rapid.Int64Range(1, int64(l.Qty-l.Returned)).Draw(t, "part"))
			line, sum, err := basket.RefundOf(*l, q, mode)
			if err != nil || sum < 0 || line.Qty != -q {
				t.Fatal(line, sum, err)
			}
			basket.Book(&paid, pos.Basket{Lines: []pos.Line{line}})
			back, tax = back+sum, tax+line.TaxSum
		}
		if back != want || tax != -l.TaxSum {
			t.Errorf("refunds of %s with %s tax, paid %s with %s", back, tax, want, l.TaxSum)
		}
		if _, _, err := basket.RefundOf(paid.Lines[0], 1, mode); !errors.Is(err, basket.ErrLeft) {
			t.Errorf("one more: %v", err)
		}
	})
}

func TestChangeAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sum := pos.Amount(rapid.Int64Range(0, 10_000_000).Draw(t, "sum"))
		ps, rest := basket.Change(sum)
		if basket.Counted(ps)+rest != sum || rest < 0 || rest >= 10 {
			t.Errorf("%s: %v and %s", sum, ps, rest)
		}
	})
	ps, rest := basket.Change(1460)
	if want := []basket.Pieces{{1000, 1}, {100, 4}, {50, 1}, {10, 1}}; !slices.Equal(ps, want) || rest != 0 {
		t.Errorf("14.60: %v and %s", ps, rest)
	}
	if ps, rest := basket.Change(-5); len(ps) != 0 || rest != 0 {
		t.Error("a negative change")
	}
}

// 11: cash rounding wrong.
func TestRounding(t *testing.T) {
	for _, r := range []struct {
		due  pos.Amount
		step basket.Step
		want pos.Amount
	}{
		{18540, basket.RoundYuan, -40},
		{18540, basket.RoundJiao, 0},
		{18547, basket.RoundJiao, -7},
		{18547, basket.RoundNone, 0},
		{30, basket.RoundYuan, 0},
		{5, basket.RoundJiao, 0},
		{0, basket.RoundYuan, 0},
		{-550, basket.RoundYuan, 0},
		{199, 0, 0},
	} {
		if got := basket.Rounding(r.due, r.step); got != r.want {
			t.Errorf("%s by %d: %s, want %s", r.due, r.step, got, r.want)
		}
	}
}

func TestQuickAmounts(t *testing.T) {
	for _, r := range []struct {
		due  pos.Amount
		step basket.Step
		want []pos.Amount
	}{
		{18540, basket.RoundYuan, []pos.Amount{18540, 18500, 19000, 20000, 30000}},
		{300, basket.RoundYuan, []pos.Amount{300, 500, 1000, 2000, 5000}},
		{10000, basket.RoundYuan, []pos.Amount{10000, 20000, 30000}},
		{5890, basket.RoundJiao, []pos.Amount{5890, 6000, 10000, 20000, 30000}},
		{0, basket.RoundYuan, nil},
	} {
		var got []pos.Amount
		for _, q := range basket.QuickAmounts(r.due, r.step) {
			got = append(got, q.Amount)
		}
		if !slices.Equal(got, r.want) {
			t.Errorf("%s: %v, want %v", r.due, got, r.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		due := pos.Amount(rapid.Int64Range(1, 10_000_000).Draw(t, "due"))
		qs := basket.QuickAmounts(due, rapid.SampledFrom([]basket.Step{1, 10, 100}).Draw(t, "step"))
		if len(qs) < 2 || len(qs) > basket.QuickCount || qs[0].Amount != due {
			t.Errorf("%s: %v", due, qs)
		}
		last := due
		for _, q := range qs {
			if q.Kind == basket.QuickNotes && (q.Amount <= last || q.Amount%500 != 0) {
				t.Errorf("%s: %v", due, qs)
			}
			last = max(last, q.Amount)
		}
	})
}

func TestEAN(t *testing.T) {
	for code, want := range map[string]bool{
		"6901234567892": true, "6901234567893": false, "96385074": true, "036000291452": true, "": false, "69012345678921": false, "690123456789x": false, "4006381333931": true,
	} {
		if basket.ValidEAN(code) != want {
			t.Errorf("%q: %v", code, !want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		plu := rapid.StringMatching(`2[0-9]{6}`).Draw(t, "plu")
		value := rapid.IntRange(0, 99_999).Draw(t, "value")
		code := scaleLabel(plu, value)
		e, good := basket.DecodeEmbedded(code)
		other := int(e.Price) // of the two only one is on the label
		if plu[1] < '5' {
			other = int(e.Weight)
		}
		if !good || e.PLU != plu[2:] || int(e.Price)+int(e.Weight) != value || other != 0 {
			t.Errorf("%s: %+v", code, e)
		}
		i := rapid.IntRange(0, 12).Draw(t, "at")
		wrong := []byte(code)
		wrong[i] = '0' + (wrong[i]-'0'+byte(rapid.IntRange(1, 9).Draw(t, "by")))%10
		if _, good := basket.DecodeEmbedded(string(wrong)); good {
			t.Errorf("%s misread as %s is taken", code, wrong)
		}
	})
}

// scaleLabel is the EAN-13 that a scale prints: prefix and PLU of seven digits,
// a value of five (fen or grams), the check digit.
func scaleLabel(plu string, value int) string {
	body := fmt.Sprintf("%s%05d", plu, value)
	check, _ := basket.CheckDigit(body)
	return body + string(check)
}
