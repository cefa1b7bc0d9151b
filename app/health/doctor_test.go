package health_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"tillkeeper/app/decline"
	"tillkeeper/app/health"
	"tillkeeper/app/i18n"
	"tillkeeper/app/pos"
)

func codes(t *testing.T) *decline.Table {
	t.Helper()
	b, err := os.ReadFile("../../assets/codes/till-reasons.tsv")
	if err != nil {
		t.Fatal(err)
	}
	table, err := decline.Parse(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return table
}

var morning = []pos.Condition{
	{Name: "journal", State: "ok", Detail: "12"},
	{
		Name: "printer", State: "fault", Code: "busy_elsewhere",
		Found: []pos.Remark{pos.Say("held_by", "/dev/usb/lp0", "ipp-usb", "713")}, Mend: []pos.Remark{pos.Say("run", "systemctl disable --now ipp-usb")},
	},
	{Name: "reader", State: "fault", Code: "daemon_down"},
	{Name: "scanner", State: "off", Code: "not_configured"},
}

func TestTheDoctorNamesTheFix(t *testing.T) {
	var out bytes.Buffer
	if err := (health.Doctor{Codes: codes(t), Lang: "en"}).Print(&out, morning); !errors.Is(err, health.ErrFound) {
		t.Errorf("with a fault: %v", err)
	}
	for _, want := range []string{"/dev/usb/lp0 is held by ipp-usb (process 713)", "-> systemctl disable --now ipp-usb", "The card service (pcscd) is not running", "-> Start pcscd"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing from\n%s", want, out.String())
		}
	}
	if n := strings.Count(out.String(), "->"); n != 2 {
		t.Errorf("%d remedies for two faults:\n%s", n, out.String())
	}
}

func TestTheDoctorSaysTheSameInJSON(t *testing.T) {
	var out bytes.Buffer
	if err := (health.Doctor{Codes: codes(t), Lang: "zh-Hans", JSON: true}).Print(&out, morning); !errors.Is(err, health.ErrFound) {
		t.Errorf("with a fault: %v", err)
	}
	d := json.NewDecoder(&out)
	for _, c := range morning {
		var got map[string]string
		if err := d.Decode(&got); err != nil {
			t.Fatal(err)
		}
		if len(got) != 5 || got["device"] != c.Name || got["state"] != c.State || got["code"] != c.Code || got["detail"] != i18n.In("zh", codes(t)).Detail(c) {
			t.Errorf("got %v for %+v", got, c)
		}
		if fault := c.State == "fault"; fault != (got["remedy"] != "") {
			t.Errorf("%s: remedy %q", c.Name, got["remedy"])
		}
	}
}

// awayHost is what the line says of a host that is not there.
type awayHost struct{}

func (awayHost) Error() string      { return "dial tcp 127.0.0.1:8583: connect: connection refused" }
func (awayHost) Remark() pos.Remark { return pos.Say("host_unreached", "127.0.0.1:8583") }

// TestTheDoctorNamesTheHost: in Chinese, where what the line says itself is English.
func TestTheDoctorNamesTheHost(t *testing.T) {
	c := health.Of("host", fmt.Errorf("nothing was sent: %w", awayHost{}))
	c.Code = "no_line"
	for lang, want := range map[string]string{"zh": "网络不通  连不上银行主机 127.0.0.1:8583", "en": "the host 127.0.0.1:8583 cannot be reached"} {
		var out bytes.Buffer
		if err := (health.Doctor{Codes: codes(t), Lang: lang}).Print(&out, []pos.Condition{c}); !errors.Is(err, health.ErrFound) || !strings.Contains(out.String(), want) {
			t.Errorf("%v: %s", err, out.String())
		}
	}
}

// TestTheDoctorSpeaksChinese: what a shop meets most, without a word of English but names, paths and commands.
func TestTheDoctorSpeaksChinese(t *testing.T) {
	for _, c := range []struct {
		cond pos.Condition
		want string
	}{
		{pos.Condition{Code: "unplugged", Found: []pos.Remark{pos.Say("absent", "/dev/ttyUSB0")}}, "设备没有接上  /dev/ttyUSB0 不存在，也没有插着同类设备"},
		{
			pos.Condition{Code: "no_permission", Found: []pos.Remark{pos.Say("not_in_group", "/dev/ttyUSB0", "dialout", "till")}, Mend: []pos.Remark{pos.Say("run_sign_in", "sudo usermod -aG dialout till")}},
			"-> sudo usermod -aG dialout till，然后注销并重新登录",
		},
		{pos.Condition{Code: "daemon_down", Found: []pos.Remark{pos.Say("pcscd_missing")}, Mend: []pos.Remark{pos.Say("run", "sudo apt install pcscd")}}, "没有安装 pcscd\n               -> sudo apt install pcscd"},
		{pos.Condition{Code: "no_reader", Found: []pos.Remark{pos.Say("reader_none")}}, "pcscd 在运行，但没有插读卡器"},
		{pos.Condition{Code: "wrong_speed", Found: []pos.Remark{pos.Say("other_speed", "/dev/ttyS0")}, Mend: []pos.Remark{pos.Say("speed_in_url")}}, "-> 从设备自检页读出速率"},
		{pos.Condition{Code: "paper_out", Detail: "the printer says that there is no paper", Remedy: "put in paper"}, "-> 装好纸"},
	} {
		var out bytes.Buffer
		c.cond.Name, c.cond.State = "reader", "fault"
		if err := (health.Doctor{Codes: codes(t), Lang: "zh"}).Print(&out, []pos.Condition{c.cond}); !errors.Is(err, health.ErrFound) {
			t.Error(err)
		}
		known := regexp.MustCompile(`reader|fault|` + c.cond.Code + `|/dev/\w+|dialout|pcscd|sudo [a-z]+( -aG)?|install|till|baud`)
		if s := out.String(); !strings.Contains(s, c.want) || regexp.MustCompile(`[a-z]{2,}`).MatchString(known.ReplaceAllString(s, "")) {
			t.Errorf("%s", s)
		}
	}
}

func TestTheDoctorIsContentWhereNothingIsWrong(t *testing.T) {
	var out bytes.Buffer
	well := []pos.Condition{{Name: "host", State: "ok"}, {Name: "printer", State: "warn", Code: "paper_low"}}
	if err := (health.Doctor{Codes: codes(t), Lang: "en"}).Print(&out, well); err != nil {
		t.Error(err)
	}
	c := health.Of("journal", &pos.Error{Code: "data_in_use", Message: "another till", Remedy: "close it", Err: fs.ErrExist})
	if c.State != "fault" || c.Code != "data_in_use" || c.Remedy != "close it" {
		t.Errorf("%+v", c)
	}
}

// TestTheDoctorHasNoWordsForACodeThatHasNone: it said of a bad configuration that
// an answer code is unknown and nothing was approved.
func TestTheDoctorHasNoWordsForACodeThatHasNone(t *testing.T) {
	var out bytes.Buffer
	c := health.Of("journal", &pos.Error{Code: "bad_config", Message: "devices.printer: no", Remedy: "write lp:", Err: fs.ErrInvalid})
	if c.Name != "config" {
		t.Errorf("a bad configuration is the fault of the %s", c.Name)
	}
	c.Code = "nobody_knows"
	if err := (health.Doctor{Codes: codes(t)}).In("en").Print(&out, []pos.Condition{c}); !errors.Is(err, health.ErrFound) {
		t.Error(err)
	}
	if s := out.String(); strings.Contains(s, "approved") || !strings.Contains(s, "nobody_knows  devices.printer: no") || !strings.Contains(s, "-> write lp:") {
		t.Errorf("%s", s)
	}
}

// TestTheHostAndTheDevicesAreLookedAtTogether: each waits for the other to begin.
func TestTheHostAndTheDevicesAreLookedAtTogether(t *testing.T) {
	var both sync.WaitGroup
	both.Add(2)
	meet := func() { both.Done(); both.Wait() }
	all := health.SelfTest(t.Context(), health.Parts{
		Journal: func() (uint64, error) { return 1, nil }, Room: func() (pos.Room, error) { return pos.Room{}, nil }, Ready: func() bool { return true },
		Probe: func(context.Context) error { meet(); return nil }, Batch: func() string { return "000001" }, Skew: func() int64 { return 0 },
		Devices: func(context.Context) []pos.Condition { meet(); return []pos.Condition{{Name: "printer", State: "ok"}} },
	})
	var names []string
	for _, c := range all {
		names = append(names, c.Name)
	}
	if got := strings.Join(names, " "); got != "journal disk clock keys printer host" {
		t.Error(got)
	}
}

// TestWhatRunsOutIsSaidBefore: little room and a batch that is nearly full are no faults yet, and are said in the shop's
// language with what is left and what to do.
func TestWhatRunsOutIsSaidBefore(t *testing.T) {
	words := codes(t)
	found := health.SelfTest(t.Context(), health.Parts{
		Journal: func() (uint64, error) { return 1, nil }, Ready: func() bool { return true },
		Room:  func() (pos.Room, error) { return pos.Room{Left: 900 << 20, Low: true, Disk: true}, nil },
		Probe: func(context.Context) error { return nil }, Batch: func() string { return "000001" }, Skew: func() int64 { return 0 },
		Filling: func() pos.Condition {
			return pos.Condition{Name: "batch", State: "warn", Code: "settle_now", Found: []pos.Remark{pos.Say("batch_count", "000001", "912", "45,600.00")}}
		},
		Devices: func(context.Context) []pos.Condition { return nil },
	})
	for lang, want := range map[string][]string{
		"en":      {"journal_nearly_full", "900 MB are left", "some 230400 sales", "free space on the disk", "settle_now", "912 card payments", "45,600.00"},
		"zh-Hans": {"journal_nearly_full", "还能写 900 MB", "清理收银机的硬盘", "settle_now", "已有 912 笔", "结算"},
	} {
		var out strings.Builder
		if err := (health.Doctor{Codes: words, Lang: lang}).Print(&out, found); err != nil {
			t.Errorf("%s: %v", lang, err)
		}
		for _, w := range want {
			if !strings.Contains(out.String(), w) {
				t.Errorf("%s: %q is not said:\n%s", lang, w, out.String())
			}
		}
	}
}
