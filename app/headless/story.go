package headless

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"tillkeeper/app/pos"
)

// Hands are what a story does beside the commands: what a hand would do at the
// shop's cable and camera.
type Hands struct {
	Line    func(up bool) error
	Picture func(name string) error // of the screen as it is; nil for none
}

// Play runs a script of commands and tells what happens as a readable story: a
// line "# 中文 | English" is a heading, an object with "cmd" a command, one with
// "bench" something done by hand. It ends at the first command that the till
// refuses to understand.
func Play(ctx context.Context, script io.Reader, out io.Writer, o Options, hands Hands) error {
	f := &face{Options: o}
	sc := bufio.NewScanner(script)
	scene := 0
	for n := 1; sc.Scan(); n++ {
		line := bytes.TrimSpace(sc.Bytes())
		switch {
		case len(line) == 0:
		case line[0] == '#':
			scene++
			zh, en, _ := strings.Cut(string(line[1:]), "|")
			if o.Lang == "en" {
				zh = en
			}
			fmt.Fprintf(out, "\n%2d. %s\n", scene, strings.TrimSpace(zh))
		default:
			if err := f.play(ctx, line, out, hands, scene); err != nil {
				return fmt.Errorf("line %d of the story: %w", n, err)
			}
		}
	}
	return sc.Err()
}

func (f *face) play(ctx context.Context, line []byte, out io.Writer, hands Hands, scene int) error {
	var b struct {
		Bench string `json:"bench"`
		Up    bool   `json:"up"`
		MS    int    `json:"ms"`
	}
	if err := json.Unmarshal(line, &b); err != nil {
		return err
	}
	switch b.Bench {
	case "":
	case "line":
		return hands.Line(b.Up)
	case "pause":
		time.Sleep(time.Duration(b.MS) * time.Millisecond)
		return nil
	default:
		return fmt.Errorf("there is no bench switch %q", b.Bench)
	}
	a, err := f.one(ctx, line)
	if err != nil {
		return err
	}
	var h head
	if err := json.Unmarshal(line, &h); err != nil {
		return err
	}
	tell(out, f, h.Cmd, a)
	if hands.Picture != nil && (h.Cmd == "add" || h.Cmd == "pay" || h.Cmd == "totals") {
		return hands.Picture(fmt.Sprintf("%02d-%s", scene, h.Cmd))
	}
	return nil
}

// tell writes one answer as a sentence.
func tell(out io.Writer, f *face, cmd string, a answer) {
	say := func(format string, args ...any) { fmt.Fprintf(out, "    "+format+"\n", args...) }
	word := words[f.Lang == "en"]
	if a["ok"] != true {
		raw, err := json.Marshal(a["error"])
		if err != nil {
			raw = []byte(err.Error())
		}
		var e struct{ Code, Message string }
		if json.Unmarshal(raw, &e) == nil {
			say("✗ %s (%s)", f.Codes.Lookup(e.Code).Text(f.Lang), e.Code)
		}
		return
	}
	switch cmd {
	case "signin":
		say("%s %v (%v)", word["in"], a["name"], a["role"])
	case "scan", "add":
		l := a["line"].(lineJSON)
		say("+ %s × %s = %s", l.Name, l.Qty, l.Total)
	case "pay":
		tellPayment(say, word, f, a)
	case "status":
		say("%s: %v %v", word["line"], a["link"], a["cause"])
	case "queue":
		say("%s: %d", word["queue"], len(a["items"].([]answer)))
		for _, it := range a["items"].([]answer) {
			say("  · %v %v %v %s", it["kind"], it["state"], it["masked_pan"], it["amount"])
		}
	case "selftest":
		say("%s: %d, %s %v", word["parts"], len(a["checks"].([]answer)), word["faults"], a["faults"])
	case "hold":
		say("%s %v", word["ticket"], a["ticket"])
	case "totals":
		tellTotals(say, word, a)
	}
}

func tellPayment(say func(string, ...any), word map[string]string, f *face, a answer) {
	at := a["attempt"].(answer)
	mark := "?"
	switch at["state"].(pos.State) {
	case pos.Approved, pos.Delivered, pos.Settled, pos.OfflineApproved, pos.Deferred:
		mark = "✓"
	case pos.Declined, pos.Cancelled:
		mark = "✗"
	}
	say("%s %v %s → %v %v", mark, at["tender"], at["amount"], at["state"], at["answer_text"])
	if pan := at["masked_pan"]; pan != "" {
		say("  %v %v  STAN %v  RRN %v", pan, at["entry_mode"], at["stan"], at["rrn"])
	}
	if at["remedy"] != "" && mark != "✓" {
		say("  %v", at["remedy"])
	}
	if r, ok := a["receipt"]; ok {
		say("  %s %v, %s %s", word["receipt"], r, word["change"], a["change"])
	} else if due := a["due"].(pos.Amount); due > 0 {
		say("  %s %s", word["due"], due)
	}
}

func tellTotals(say func(string, ...any), word map[string]string, a answer) {
	say("%v  %s %s  (%v)", a["day"], word["net"], a["net"], a["count"])
	by := a["by_tender"].(map[pos.Tender]pos.Sums)
	for _, t := range []pos.Tender{pos.Cash, pos.Card, pos.QR} {
		say("  %-5s %10s  (%d)", t, by[t].Net, by[t].Count)
	}
	for _, p := range a["by_product"].([]answer) {
		say("  %v × %v = %s", p["name"], p["qty"], p["amount"])
	}
}

// words are the few that a story needs, by whether it is English.
var words = map[bool]map[string]string{
	false: {
		"in": "登录", "line": "线路", "queue": "待上送", "parts": "检查项", "faults": "异常", "ticket": "挂单号",
		"receipt": "小票", "change": "找零", "due": "还差", "net": "净额",
	},
	true: {
		"in": "signed in:", "line": "line", "queue": "waiting", "parts": "parts looked at", "faults": "faults", "ticket": "ticket",
		"receipt": "receipt", "change": "change", "due": "still due", "net": "net",
	},
}
