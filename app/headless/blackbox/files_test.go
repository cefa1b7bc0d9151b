package blackbox

import (
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"tillkeeper/app/headless/blackbox/child"
)

// TestADailyFileOfAnotherLayout: the profile alone says what the acquirer's file looks like, to the acquirer and to the till.
// One in GBK without a header, a stroke between the cells, fen without a sign, is compared from a folder and over HTTPS; a till
// with the usual profile refuses it by name and keeps nothing of it.
func TestADailyFileOfAnotherLayout(t *testing.T) {
	s, err := newShop(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.End)
	const profile = "cup-gbk"
	if s.Acquirer, err = child.Acquirer(s.HostLog, binary, s.Addr, s.Host, "--profile", profile, "--files", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	url, ok := strings.CutPrefix(string(<-s.Acquirer.Lines), "files ")
	if !ok {
		t.Fatalf("the acquirer says %q", url)
	}
	config := func(profile string) string {
		return fmt.Sprintf("[host]\nprofile = %q\nfiles = %q\nfiles_ca = %q\n", profile, url, filepath.Join(s.Host, "files-ca.pem"))
	}
	child.Put(t, s.Config, config(profile))
	s.OpenUp(t)
	boss := cmd{"staff": "2001", "pin": "135790"}
	voided, back := s.Sale(t, "card", "card", "ok"), s.Sale(t, "card", "card", "second")
	s.Sale(t, "card", "card", "ok")
	s.Till.Must(t, cmd{"cmd": "void", "receipt": voided.Receipt, "override": boss})
	s.Till.Must(t, cmd{"cmd": "refund", "receipt": back.Receipt, "amount": 250, "override": boss})

	name := filepath.Join(s.Dir, "file.txt")
	raw, err := exec.Command(binary, "acquirer", "file", "--data", s.Host, "--profile", profile).Output()
	if err != nil {
		t.Fatal(err)
	}
	child.Put(t, name, string(raw))
	text, err := simplifiedchinese.GBK.NewDecoder().Bytes(raw)
	if err != nil || utf8.Valid(raw) || bytes.Count(text, []byte("\n")) != 5 || bytes.Count(text, []byte("|750||")) != 4 ||
		!bytes.Contains(text, []byte("|消费撤销|")) || !bytes.Contains(text, []byte("|退货|")) || bytes.Contains(text, []byte("-")) {
		t.Errorf("%v\n%s", err, text)
	}
	day := time.Now().Format(time.DateOnly)
	for how, c := range map[string]cmd{"imported": {"cmd": "reconcile", "file": name}, "fetched": {"cmd": "reconcile", "day": day}} {
		var got struct {
			Lines, Matched int
			Differences    []any
		}
		if err := child.Into(s.Till.Must(t, c), &got); err != nil || got.Lines != 5 || got.Matched != 5 || len(got.Differences) != 0 {
			t.Errorf("%s: %v %+v", how, err, got)
		}
	}
	if err := s.CloseTill(); err != nil {
		t.Fatal(err)
	}
	child.Put(t, s.Config, config("cup"))
	s.OpenUp(t)
	for _, c := range []cmd{{"cmd": "reconcile", "file": name}, {"cmd": "reconcile", "day": day}} {
		a, err := s.Till.Ask(c)
		if err != nil {
			t.Fatal(err)
		}
		if e, _ := a["error"].(map[string]any); e["code"] != "file_header" || e["remedy"] == "" {
			t.Errorf("%v: %v", c, a)
		}
	}
	s.Cut()
	own := filepath.Join(s.Dir, "own.json")
	child.Put(t, s.Config, fmt.Sprintf("[host]\nprofile = %q\n", own))
	child.Put(t, own, `{"base": "cup", "name": "own", "file": {"unit": "jiao"}}`)
	out, err := exec.Command(binary, "headless", "--demo", "--data", s.Data, "--host", s.Addr, "--config", s.Config).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "file.unit") || !strings.Contains(string(out), "write yuan or fen") {
		t.Errorf("%v %s", err, out)
	}
}
