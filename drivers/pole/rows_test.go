package pole_test

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/pole"
	"tillkeeper/drivers/port"
	sim "tillkeeper/drivers/sim/pole"
)

func TestLampSaysWhatTheFigureIs(t *testing.T) {
	r := open(t, "led8")
	for _, c := range []struct {
		v    pos.View
		want byte
	}{
		{pos.View{State: pos.ViewSale, Total: 100}, '2'},
		{pos.View{State: pos.ViewThanks, Total: 50, Note: "找零"}, '4'},
		{pos.View{State: pos.ViewThanks, Total: 50}, '0'},
		{pos.View{}, '0'},
	} {
		r.shows(t, c.v)
		if got := r.sim.Lamp(); got != c.want {
			t.Errorf("%+v: lamp %c, want %c", c.v, got, c.want)
		}
	}
}

// whole is what must hold of the rows of any view: their width, no half of a
// character, and every digit of its sums, or dashes.
func whole(rows []string, width int, sums ...pos.Amount) error {
	all := strings.Join(rows, "|")
	if strings.Contains(all, "■") {
		return fmt.Errorf("half a character in %q", all)
	}
	for _, row := range rows {
		n := 0
		for _, c := range row {
			if n++; c > 0x7f {
				n++
			}
		}
		if n != width {
			return fmt.Errorf("%q has %d columns", row, n)
		}
	}
	for _, a := range sums {
		text := a.String()
		if len(text) > width {
			text = strings.Repeat("-", width)
		}
		found := false
		for _, row := range rows {
			found = found || strings.HasSuffix(row, " "+text) || row == text
		}
		if !found {
			return fmt.Errorf("%s is not to be read in %q", text, all)
		}
	}
	return nil
}

// TestNoCharacterIsCutAndNoSum: whatever the words are.
func TestNoCharacterIsCutAndNoSum(t *testing.T) {
	rigs := map[string]*rig{}
	names := pole.Models()
	for _, m := range names {
		rigs[m] = open(t, m)
	}
	text := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.SampledFrom([]rune("蒙牛纯牛奶abc 12，、。￥×x\x1b\r\n\x0c鑫喆"))))
	rapid.Check(t, func(rt *rapid.T) {
		model := rapid.SampledFrom(names).Draw(rt, "model")
		v := pos.View{
			State: rapid.SampledFrom([]string{pos.ViewSale, pos.ViewPay, pos.ViewThanks, pos.ViewWait, pos.ViewIdle}).Draw(rt, "state"),
			Title: text.Draw(rt, "title"), Line: text.Draw(rt, "line"), Note: text.Draw(rt, "note"),
			Price: pos.Amount(rapid.Int64Range(-1e11, 1e11).Draw(rt, "price")),
			Total: pos.Amount(rapid.OneOf(rapid.Int64(), rapid.Int64Range(-1e11, 1e11)).Draw(rt, "total")),
		}
		r := rigs[model]
		rows := r.shows(t, v)
		if unknown, spilled := r.sim.Faults(); unknown != 0 || spilled != 0 {
			rt.Fatalf("%d commands unknown, %d characters fell off", unknown, spilled)
		}
		if model == "led8" {
			return // its row is checked by its own tests
		}
		var sums []pos.Amount
		switch {
		case v.State == pos.ViewSale:
			sums = append(sums, v.Total)
			if v.Line != "" {
				sums = append(sums, v.Price)
			}
		case v.State != pos.ViewIdle && v.Total != 0:
			sums = append(sums, v.Total)
		}
		if err := whole(rows, 20, sums...); err != nil {
			rt.Fatal(err)
		}
	})
}

// TestAPoleThatCutsBytesIsCaught plants the fault that every pole driver has
// at first: it counts bytes, cuts there, and lets the sum fall off.
func TestAPoleThatCutsBytesIsCaught(t *testing.T) {
	r := open(t, "cd5220-gb2312")
	naive := func(text []byte) {
		l, err := port.OpenLine(r.sim.Path(), sim.Baud)
		if err != nil {
			t.Fatal(err)
		}
		n, err := l.Write(append(append([]byte("\x1b@\x1bQA"), text[:20]...), '\r'))
		r.sent.Add(int64(n))
		r.settle()
		if err := errors.Join(err, l.Close()); err != nil {
			t.Fatal(err)
		}
	}
	han := bytes.Repeat([]byte{0xc5, 0xa3}, 11)
	naive(append([]byte("1"), han...))
	if whole(r.sim.Rows(), 20) == nil {
		t.Error("half a character was not caught")
	}
	naive(append(han[:18], " 185.40"...))
	if whole(r.sim.Rows(), 20, 18540) == nil {
		t.Error("a part of a sum was not caught")
	}
}

// TestIconvReadsTheRows has a judge that is not ours decode the bytes.
func TestIconvReadsTheRows(t *testing.T) {
	r := open(t, "cd5220-gb2312")
	r.shows(t, pos.View{State: pos.ViewSale, Title: "合计", Line: "农夫山泉（大）、5ｋｇ", Price: 200, Total: 200})
	_, rest, _ := strings.Cut(r.copy.String(), "\x1bQA")
	row, _, _ := strings.Cut(rest, "\r")
	if _, err := exec.LookPath("iconv"); err != nil {
		t.Fatal("iconv is missing: install the Debian package libc-bin")
	}
	c := exec.Command("iconv", "-f", "GB2312", "-t", "UTF-8")
	c.Stdin = strings.NewReader(row)
	out, err := c.Output()
	if err != nil || string(out) != "农夫山泉(大)、5 2.00" {
		t.Errorf("%q, %v", out, err)
	}
}

// TestWhatGB2312HasUnderAnotherNameIsNoQuestionMark: the sign of a sum in a product's name was one, and so was what has no width.
func TestWhatGB2312HasUnderAnotherNameIsNoQuestionMark(t *testing.T) {
	v := pos.View{State: pos.ViewSale, Title: "合计", Line: "满¥9\u200b减\ufe0f喆\u00a0瓶", Price: 200, Total: 200}
	for model, want := range map[string]string{"cd5220-gb2312": "满￥9减?瓶", "cd5220": "9"} {
		row := open(t, model).shows(t, v)[0]
		if got := strings.ReplaceAll(strings.TrimSuffix(row, "2.00"), " ", ""); got != want {
			t.Errorf("%s: %q", model, row)
		}
	}
}
