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

	"tillkeeper/app/i18n"
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
	w := i18n.In(f.Lang, f.Codes)
	if a["ok"] != true {
		raw, err := json.Marshal(a["error"])
		if err != nil {
			raw = []byte(err.Error())
		}
		var e struct{ Code, Message string }
		if json.Unmarshal(raw, &e) == nil {
			say("✗ %s (%s)", w.Reason(e.Code), e.Code)
		}
		return
	}
	switch cmd {
	case "signin":
		say("%s", w.T("登录 %s (%s)", a["name"], w.Role(a["role"].(pos.Role))))
	case "scan", "add":
		l := a["line"].(lineJSON)
		say("+ %s × %s = %s", l.Name, l.Qty, l.Total)
	case "pay":
		tellPayment(say, w, a)
	case "status":
		say("%s", w.T("线路: %s", w.Line(a["link"].(string))))
		if a["link"] != "online" {
			say("  %s", w.Cause(a["cause"].(string)))
		}
	case "queue":
		say("%s", w.T("待上送: %d", len(a["items"].([]answer))))
		for _, it := range a["items"].([]answer) {
			say("  · %s %s %s", w.State(it["state"].(pos.State)), it["masked_pan"], it["amount"])
		}
	case "selftest":
		say("%s", w.T("检查项: %d, 异常 %d", len(a["checks"].([]answer)), a["faults"]))
	case "hold":
		say("%s", w.T("挂单号 %s", a["ticket"]))
	case "totals":
		tellTotals(say, w, a)
	}
}

func tellPayment(say func(string, ...any), w i18n.Words, a answer) {
	at := a["attempt"].(answer)
	mark := "?"
	switch at["state"].(pos.State) {
	case pos.Approved, pos.Delivered, pos.Settled, pos.OfflineApproved, pos.Deferred:
		mark = "✓"
	case pos.Declined, pos.Cancelled:
		mark = "✗"
	}
	text := w.State(at["state"].(pos.State))
	if mark != "✓" {
		text += " " + fmt.Sprint(at["answer_text"])
	}
	say("%s %s %s → %s", mark, w.Tender(at["tender"].(pos.Tender)), at["amount"], text)
	if pan := at["masked_pan"]; pan != "" {
		say("  %v %s  STAN %v  RRN %v", pan, w.Entry(at["entry_mode"].(string)), at["stan"], at["rrn"])
	}
	if at["remedy"] != "" && mark != "✓" {
		say("  %v", at["remedy"])
	}
	if r, ok := a["receipt"]; ok {
		say("  %s", w.T("小票 %s, 找零 %s", r, a["change"]))
	} else if due := a["due"].(pos.Amount); due > 0 {
		say("  %s", w.T("还差 %s", due))
	}
}

func tellTotals(say func(string, ...any), w i18n.Words, a answer) {
	say("%v  %s  (%v)", a["day"], w.T("净额 %s", a["net"]), a["count"])
	by := a["by_tender"].(map[pos.Tender]pos.Sums)
	for _, t := range []pos.Tender{pos.Cash, pos.Card, pos.QR} {
		say("  %-5s %10s  (%d)", w.Tender(t), by[t].Net, by[t].Count)
	}
	for _, p := range a["by_product"].([]answer) {
		say("  %v × %v = %s", p["name"], p["qty"], p["amount"])
	}
}
