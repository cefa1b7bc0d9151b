package health_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"
	"sync"
	"testing"

	"tillkeeper/app/decline"
	"tillkeeper/app/health"
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
	{Name: "printer", State: "fault", Code: "busy_elsewhere", Detail: "/dev/usb/lp0: ipp-usb (713)", Remedy: "systemctl disable --now ipp-usb"},
	{Name: "reader", State: "fault", Code: "daemon_down"},
	{Name: "scanner", State: "off", Code: "not_configured"},
}

func TestTheDoctorNamesTheFix(t *testing.T) {
	var out bytes.Buffer
	if err := (health.Doctor{Codes: codes(t), Lang: "en"}).Print(&out, morning); !errors.Is(err, health.ErrFound) {
		t.Errorf("with a fault: %v", err)
	}
	for _, want := range []string{"ipp-usb (713)", "-> systemctl disable --now ipp-usb", "The card service (pcscd) is not running", "-> Start pcscd"} {
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
		if len(got) != 5 || got["device"] != c.Name || got["state"] != c.State || got["code"] != c.Code || got["detail"] != c.Detail {
			t.Errorf("got %v for %+v", got, c)
		}
		if fault := c.State == "fault"; fault != (got["remedy"] != "") {
			t.Errorf("%s: remedy %q", c.Name, got["remedy"])
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
		Journal: func() (uint64, error) { return 1, nil }, Room: func() error { return nil }, Ready: func() bool { return true },
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
