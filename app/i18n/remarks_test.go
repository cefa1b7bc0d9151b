package i18n

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"tillkeeper/app/pos"
)

// said lists the remarks that are made anywhere in the till, by their codes, with the number of things that stand in each.
func said(t *testing.T) map[string][]int {
	t.Helper()
	out := map[string][]int{}
	for _, root := range []string{"../../drivers", "../../app", "../../store"} {
		err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			tree, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(tree, func(n ast.Node) bool {
				if code, args, ok := says(n); ok {
					out[code] = append(out[code], args)
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// says reads a call of pos.Say.
func says(n ast.Node) (code string, args int, ok bool) {
	call, ok := n.(*ast.CallExpr)
	if !ok || len(call.Args) == 0 {
		return "", 0, false
	}
	switch f := call.Fun.(type) {
	case *ast.SelectorExpr:
		if of, ok := f.X.(*ast.Ident); !ok || of.Name != "pos" || f.Sel.Name != "Say" {
			return "", 0, false
		}
	case *ast.Ident: // in pos itself
		if f.Name != "Say" {
			return "", 0, false
		}
	default:
		return "", 0, false
	}
	lit, ok := call.Args[0].(*ast.BasicLit)
	if !ok {
		return "a remark whose code is not written out", 0, true
	}
	code, err := strconv.Unquote(lit.Value)
	return code, len(call.Args) - 1, err == nil
}

// TestEveryRemarkHasItsSentences: each that is made has both, with room for what stands in it, and none is left over.
func TestEveryRemarkHasItsSentences(t *testing.T) {
	made := said(t)
	for code, calls := range made {
		r, ok := remarks[code]
		if !ok {
			t.Errorf("%s has no sentence", code)
			continue
		}
		for _, args := range calls {
			if n := len(verbs(r.en)); n != args {
				t.Errorf("%s is said with %d things and has room for %d", code, args, n)
			}
		}
	}
	for code, r := range remarks {
		if len(made[code]) == 0 {
			t.Errorf("nobody says %s", code)
		}
		for _, fault := range wordless(r) {
			t.Errorf("%s: %s", code, fault)
		}
	}
	if len(made) < 60 {
		t.Errorf("only %d remarks were found", len(made))
	}
}

// names are what a Chinese sentence may say in Latin letters: what a person types, and programs by their names.
var names = regexp.MustCompile(`%(\[\d+\])?s|sudo|fuser|ping|pcscd?|polkit|gpg|snap|flatpak|AppArmor|systemd|DevicePolicy|CUPS|ipp-usb|baud|config\.txt|devices\.seen|USB|TLS|profile|-v`)

// wordless says what is wrong with a remark's two sentences.
func wordless(r remark) (bad []string) {
	left := names.ReplaceAllString(r.zh, "")
	switch {
	case r.zh == "%s" && r.en == "%s": // a command
	case !han(r.zh) || han(r.en):
		bad = append(bad, "not in both languages")
	case regexp.MustCompile(`[A-Za-z]{3,}`).MatchString(left):
		bad = append(bad, strconv.Quote(r.zh)+" has English in it")
	}
	if strings.Join(verbs(r.zh), " ") != strings.Join(verbs(r.en), " ") {
		bad = append(bad, strconv.Quote(r.zh)+" has other verbs than "+strconv.Quote(r.en))
	}
	return bad
}

func TestTheJudgeOfRemarksBites(t *testing.T) {
	for _, r := range []remark{{"没有 printer", "no printer"}, {"没有", "没有"}, {"no", "no"}, {"没有 %s", "none"}} {
		if len(wordless(r)) == 0 {
			t.Errorf("%v passes", r)
		}
	}
}

// table knows two reasons, as the shop's table does.
type table struct{}

func (table) Sentence(code, lang string) (reason, remedy string, known bool) {
	all := map[string][2]string{"zh daemon_down": {"读卡服务没有运行", "请店长启动"}, "en daemon_down": {"no card service", "start it"}, "zh device_fault": {"设备故障", "自检"}, "zh bad_config": {"配置有错", "改配置"}, "en bad_config": {"bad", "correct it"}}
	s, ok := all[lang+" "+code]
	if !ok {
		return "?", "??", false
	}
	return s[0], s[1], true
}

func TestAConditionIsSaidInThePersonsLanguage(t *testing.T) {
	zh, en := Words{Codes: table{}}, Words{English: true, Codes: table{}}
	down := pos.Condition{
		State: "fault", Code: "daemon_down", Detail: "dial unix: connection refused by somebody",
		Found: []pos.Remark{pos.Say("pcscd_down", "/run/pcscd/pcscd.comm")}, Mend: []pos.Remark{pos.Say("run", "sudo systemctl enable --now pcscd.socket")},
	}
	raw := pos.Condition{State: "fault", Code: "device_fault", Detail: "read /dev/ttyUSB0: the end is not there"}
	bare := raw
	bare.Code = "daemon_down"
	two := pos.Condition{State: "warn", Code: "daemon_down", Found: []pos.Remark{{At: "pcsc:", Code: "daemon_down"}, {At: "lp:/x", Code: "never_heard_of", Args: []string{"7"}}}}
	for _, c := range []struct {
		cond     pos.Condition
		zh, en   [2]string // detail, mend
		both, bo string    // technical
	}{
		{
			down,
			[2]string{"pcscd 没有运行（没有 /run/pcscd/pcscd.comm）", "sudo systemctl enable --now pcscd.socket"},
			[2]string{"pcscd does not run (there is no /run/pcscd/pcscd.comm)", "sudo systemctl enable --now pcscd.socket"},
			"pcscd 没有运行（没有 /run/pcscd/pcscd.comm）：sudo systemctl enable --now pcscd.socket",
			"pcscd does not run (there is no /run/pcscd/pcscd.comm): sudo systemctl enable --now pcscd.socket",
		},
		{raw, [2]string{"原文：" + raw.Detail, ""}, [2]string{raw.Detail, ""}, "原文：" + raw.Detail, raw.Detail},
		{bare, [2]string{"", ""}, [2]string{raw.Detail, ""}, "", raw.Detail},
		{
			pos.Condition{State: "fault", Code: "bad_config", Detail: "devices.printer", Remedy: "write lp:/dev/usb/lp0"},
			[2]string{"devices.printer", "改配置（原文：write lp:/dev/usb/lp0）"},
			[2]string{"devices.printer", "write lp:/dev/usb/lp0"},
			"devices.printer：改配置（原文：write lp:/dev/usb/lp0）", "devices.printer: write lp:/dev/usb/lp0",
		},
		{ // a wrong address in the configuration was shown in English on a Chinese screen
			pos.Condition{
				State: "fault", Code: "bad_config", Detail: `devices.scale: "fax:1" is no device of this version`, Remedy: `write "cas:/dev/ttyUSB2" or ""`,
				Found: []pos.Remark{pos.Say("url_unknown", "fax:1")}, Mend: []pos.Remark{pos.Say("url_write", `"cas:/dev/ttyUSB2", ""`)},
			},
			[2]string{"配置里的 fax:1 不是这个版本认得的设备", `可以写："cas:/dev/ttyUSB2", ""`},
			[2]string{"fax:1 of the configuration is no device of this version", `write one of: "cas:/dev/ttyUSB2", ""`},
			`配置里的 fax:1 不是这个版本认得的设备：可以写："cas:/dev/ttyUSB2", ""`,
			`fax:1 of the configuration is no device of this version: write one of: "cas:/dev/ttyUSB2", ""`,
		},
		{pos.Condition{State: "ok", Detail: "PN532 firmware 1.6"}, [2]string{"PN532 firmware 1.6", ""}, [2]string{"PN532 firmware 1.6", ""}, "", ""},
		{
			pos.Condition{State: "ok", Detail: "350 g", Found: []pos.Remark{pos.Say("simulated")}},
			[2]string{"350 g；模拟设备，在收银程序内", ""},
			[2]string{"350 g; simulated, inside the till", ""},
			"350 g；模拟设备，在收银程序内", "350 g; simulated, inside the till",
		},
		{two, [2]string{"pcsc: 读卡服务没有运行；lp:/x never_heard_of 7", ""}, [2]string{"pcsc: no card service; lp:/x never_heard_of 7", ""}, "pcsc: 读卡服务没有运行；lp:/x never_heard_of 7", "pcsc: no card service; lp:/x never_heard_of 7"},
	} {
		if got := [2]string{zh.Detail(c.cond), zh.Mend(c.cond)}; got != c.zh {
			t.Errorf("Chinese %q, want %q", got, c.zh)
		}
		if got := [2]string{en.Detail(c.cond), en.Mend(c.cond)}; got != c.en {
			t.Errorf("English %q, want %q", got, c.en)
		}
		if got := zh.Technical(c.cond); got != c.both {
			t.Errorf("technical %q, want %q", got, c.both)
		}
		if got := en.Technical(c.cond); got != c.bo {
			t.Errorf("technical %q, want %q", got, c.bo)
		}
	}
}
