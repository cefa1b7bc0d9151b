package acquirer

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestControlTurnsSwitches(t *testing.T) {
	h, c, first := ready(t, nil)
	do := func(text string) {
		t.Helper()
		if err := h.Control([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	do(`{"accounts":{"` + testPAN + `":{"state":"lost"}}}`)
	c.code("41", c.sale("000010", testPAN, 100))
	do(`{"accounts":{"` + testPAN + `":{"state":"good","day_limit":150}}}`)
	if a := h.Account(testPAN); a.Balance != first || a.PIN != "123456" || a.DayLimit != 150 {
		t.Errorf("the other keys did not stay: %+v", a)
	}
	c.code("00", c.sale("000011", testPAN, 100))
	c.code("61", c.sale("000012", testPAN, 51))
	do(`{"faults":{"rules":[{"fault":"code","code":"92","kind":"sale","times":2}]},"latency":"1ms"}`)
	c.code("92", c.sale("000013", testPAN, 1))
	do(`{"answer":"57"}`)
	c.code("57", c.sale("000014", testPAN, 1)) // before the plan, once
	c.code("92", c.sale("000015", testPAN, 1))
	c.code("00", c.sale("000018", testPAN, 1)) // the plan went on counting
	do(`{"faults":null}`)
	c.code("00", c.sale("000016", testPAN, 1))
	for i, want := range []string{"55", "55", "55", "75"} {
		c.code(want, c.balance(t, fen(int64(30 + i))[6:], "111111"))
	}
	do(`{"accounts":{"` + testPAN + `":{}}}`) // whoever touches an account clears its PIN tries
	c.code("00", c.balance(t, "000040", "123456"))
	do(`{"line":false}`)
	c.gone()
	do(`{"line":true}`)
	c.redial()
	for _, ask := range []int{1, 4, 5, 7, 0} {
		do(fmt.Sprintf(`{"ask":%d}`, ask))
		for range 2 { // until somebody says otherwise
			if c.code("94", c.sale("000016", testPAN, 1)); c.head.Requirement() != ask {
				t.Errorf("ask %d: processing requirement %d", ask, c.head.Requirement())
			}
		}
	}
	do(`{"ask":4}`)
	do(`{"forget_keys":true}`)
	c.code("77", c.sale("000017", testPAN, 1))
	if c.head.Requirement() != 3 {
		t.Errorf("processing requirement %d: the sign-on goes first", c.head.Requirement())
	}
	c.signOn()
	c.code("00", c.sale("000017", testPAN, 1))
}

func TestControlRefusesWhole(t *testing.T) {
	h, c, _ := ready(t, nil)
	for text, name := range map[string]string{
		`{"lign":true}`:                        "lign",
		`{"latency":"soon"}`:                   "soon",
		`{"shop":{"closed":true}}`:             "closed",
		`{"shop":{"hours":{"from":"8"}}}`:      "8",
		`{"shop":{"forbidden":{"sail":true}}}`: "sail",
		`{"accounts":{"6222":{"state":"odd"}},"shop":{"maintenance":true}}`: "odd",
		`{"accounts":{"6222":{"colour":"odd"}}}`:                            "colour",
		`{"accounts":{"62X2":{}}}`:                                          "digits",
		`{"faults":{"rules":[{"fault":"explode"}]}}`:                        "explode",
		`{"faults":{"rules":[{"fault":"reset","kind":"sail"}]}}`:            "sail",
		`{"faults":{"rules":[{"fault":"reset","answer":"55"}]}}`:            "answer",
		`{"answer":"555"}`: "555",
		`{"ask":3}`:        "3",
		`{"ask":"4"}`:      "ask",
		`{} {}`:            "follows",
	} {
		if err := h.Control([]byte(text)); !errors.Is(err, ErrControl) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", text, err)
		}
	}
	c.code("00", c.sale("000010", testPAN, 100)) // nothing of it was done
}

func TestAnswerOfAPlanIsForTheNextPayment(t *testing.T) {
	plan, err := ParsePlan([]byte(`{"rules":[{"answer":"55"},{"answer":"A4","kind":"refund"},{"answer":"91","mti":"0800","nth":2}]}`))
	if err != nil {
		t.Fatal(err)
	}
	h, c, first := ready(t, nil)
	if err := h.SetFaults(plan); err != nil {
		t.Fatal(err)
	}
	c.signOn() // no payment: not struck
	if got := c.ask(c.msg("0800", "000001", map[int]string{60: "00000001003"})).Get(39); got != "91" {
		t.Error(got)
	}
	c.code("00", c.balance(t, "000010", "123456"))
	c.code("55", c.sale("000011", testPAN, 100))
	s := c.sale("000012", testPAN, 100)
	a := c.code("00", s)
	c.code("A4", c.about("0220", "000013", "25", s, a, 40))
	if h.Balance(testPAN) != first-60 {
		t.Errorf("%d fen", first-h.Balance(testPAN))
	}
}

// TestCommandServesEverything runs the command with all that may run beside the line.
func TestCommandServesEverything(t *testing.T) {
	dir := t.TempDir()
	data, control := filepath.Join(dir, "host"), filepath.Join(dir, "control.json")
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	status := make(chan int, 1)
	go func() {
		status <- Main(ctx, []string{"--listen", "127.0.0.1:0", "--data", data, "--control", control, "--files", "127.0.0.1:0", "--plant", "1,double"}, os.DirFS("../../../assets"), w, io.Discard)
	}()
	in := bufio.NewReader(r)
	line := func(start string) string {
		t.Helper()
		text, err := in.ReadString('\n')
		rest, ok := strings.CutPrefix(strings.TrimSpace(text), start+" ")
		if err != nil || !ok {
			t.Fatalf("%q %v", text, err)
		}
		return rest
	}
	c := dial(t, line("listening"))
	url := line("files")
	c.mak = clearMAK(t, c.signOn().Get(62))
	c.code("00", c.sale("000001", testPAN, 300))
	turn := func(text string, want ControlState) {
		t.Helper()
		if err := os.WriteFile(control+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(control+".new", control); err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(patient); ; time.Sleep(5 * time.Millisecond) {
			var got ControlState
			if raw, err := os.ReadFile(control + stateSuffix); err == nil && json.Unmarshal(raw, &got) == nil &&
				got.Applied == want.Applied && strings.Contains(got.Error, want.Error) && (got.Error == "") == (want.Error == "") {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("%s: never %+v", text, want)
			}
		}
	}
	turn(`{"shop":{"maintenance":true}}`, ControlState{Applied: 1})
	c.code("91", c.sale("000002", testPAN, 300))
	turn(`{"shop":{"maintenence":true}}`, ControlState{Applied: 1, Error: "maintenence"})
	c.code("91", c.sale("000003", testPAN, 300))
	turn(`{"shop":{}}`, ControlState{Applied: 2})
	c.code("00", c.sale("000004", testPAN, 300))
	if got := strings.Count(fetch(t, data, url+time.Now().Format(dayLayout)+".csv", 200), "\n"); got != 4 {
		t.Errorf("%d lines in the file", got)
	}
	readers(t, data)
	cancel()
	if got := <-status; got != 0 {
		t.Errorf("status %d", got)
	}
}

// readers runs the commands that read a folder while its host runs.
func readers(t *testing.T, data string) {
	t.Helper()
	ctx := t.Context()
	var out, errs bytes.Buffer
	if Main(ctx, []string{"sms", "--data", data}, nil, &out, &errs) != 0 || strings.Count(out.String(), "消费3.00元") != 2 {
		t.Errorf("%s%s", out.String(), errs.String())
	}
	out.Reset()
	if Main(ctx, []string{"file", "--data", data, "--plant", "1,drop,amount"}, os.DirFS("../../../assets"), &out, &errs) != 0 || strings.Count(errs.String(), "planted ") != 2 || strings.Count(out.String(), "\n") != 2 {
		t.Errorf("%s%s", out.String(), errs.String())
	}
	out.Reset()
	if Main(ctx, []string{"codes"}, nil, &out, &errs) != 0 || strings.Count(out.String(), "\n") != len(Ways()) {
		t.Error(out.String())
	}
	for _, args := range [][]string{{"file", "--data", data, "--plant", "0"}, {"sms"}, {"codes", "more"}, {"--listen", ":0", "--data", data, "--plant", "x"}} {
		if got := Main(ctx, args, nil, io.Discard, io.Discard); got != 2 {
			t.Errorf("%q: status %d", args, got)
		}
	}
}
