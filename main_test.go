package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// world is a run of the program: what it said and how it ended.
type world struct {
	code      int
	out, errs string
}

func play(t *testing.T, in string, args ...string) world {
	t.Helper()
	var out, errs bytes.Buffer
	code := run(t.Context(), args, strings.NewReader(in), &out, &errs)
	return world{code, out.String(), errs.String()}
}

func put(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Test_usage: 0 is good, 1 refused, 2 wrongly called, and each says why on
// standard error; standard output stays clean.
func Test_usage(t *testing.T) {
	dir := t.TempDir()
	plan := put(t, dir, "plan.json", `{"rules":[{"fault":"boom"}]}`)
	for name, c := range map[string]struct {
		args []string
		code int
		errs string
	}{
		"nothing":             {nil, 2, "tillkeeper headless"},
		"an unknown command":  {[]string{"fly"}, 2, `"fly"`},
		"no folder":           {[]string{"headless"}, 2, "--data"},
		"an unknown flag":     {[]string{"headless", "--dta", "x"}, 2, "dta"},
		"one word too many":   {[]string{"headless", "--data", dir, "again"}, 2, `"again"`},
		"a missing file":      {[]string{"headless", "--data", dir, "--config", "nope.toml"}, 1, "configuration"},
		"a host far away":     {[]string{"headless", "--data", dir, "--host", "10.0.0.1:8583"}, 1, "host.tls"},
		"a window, no folder": {[]string{"window"}, 2, "--data"},
		"decode nothing":      {[]string{"decode"}, 2, "decode HEX"},
		"acquirer, no folder": {[]string{"acquirer", "--listen", "127.0.0.1:0"}, 2, "--data"},
		"ledger, no folder":   {[]string{"acquirer", "ledger"}, 2, "--data"},
		"a bad fault plan":    {[]string{"acquirer", "--listen", "127.0.0.1:0", "--data", filepath.Join(dir, "host"), "--faults", plan}, 1, `"boom"`},
	} {
		t.Run(name, func(t *testing.T) {
			w := play(t, "", c.args...)
			if w.code != c.code || !strings.Contains(w.errs, c.errs) || w.out != "" {
				t.Errorf("ended with %d (not %d), said %q, wrote %q", w.code, c.code, w.errs, w.out)
			}
		})
	}
}

func Test_version_and_help(t *testing.T) {
	if w := play(t, "", "version"); w.code != 0 || !strings.Contains(w.out, version) {
		t.Errorf("%+v", w)
	}
	w := play(t, "", "help")
	for _, cmd := range []string{"window", "headless", "acquirer", "decode"} {
		if w.code != 0 || !strings.Contains(w.out, cmd) {
			t.Errorf("help without %s: %+v", cmd, w)
		}
	}
}

// The two messages are a sign-on and a contactless sale.
const (
	signOn = "003C600003000060310031000008000020000000C00012000122313233343536373831323334353637383930313233343500110000000100300003303031"
	sale   = "0101600003000060310031000002007024068020C0821116622424290000011300000000000000010000012328060720000100346224242900000113D28062013949031013313233343536373831323334353637383930313233343531353601459F260895BBE372271DDA7C9F2701809F101307010103A00000010A010000000000ED538FE49F37047F9F349E9F36020157950500000000009A032603019C01009F02060000000001005F2A02015682027C009F1A0201569F03060000000000009F3303E0E1C89F34031F00009F3501229F1E0831323334353637388408A0000003330101019F090200209F4104000001230013220000010006004533303346313432"
)

func Test_decode(t *testing.T) {
	w := play(t, "", "decode", sale)
	for _, want := range []string{"0200", "622424******0113", "000123", "000000000100", "9F26"} {
		if w.code != 0 || !strings.Contains(w.out, want) {
			t.Errorf("%s is missing: %+v", want, w)
		}
	}
	for _, secret := range []string{"6224242900000113", "28062013949031013", "D2806"} {
		if strings.Contains(w.out+w.errs, secret) {
			t.Errorf("%s is shown in clear", secret)
		}
	}
	if w := play(t, "", "decode", signOn); w.code != 0 || !strings.Contains(w.out, "0800") {
		t.Errorf("%+v", w)
	}
	for name, hex := range map[string]string{
		"not hexadecimal": "zz", "half a byte": signOn[:len(signOn)-1], "a byte too many": signOn + "00",
		"a byte too few": signOn[:len(signOn)-2], "empty": "", "a bad BCD nibble": strings.Replace(signOn, "000122", "00012A", 1),
	} {
		if w := play(t, "", "decode", hex); w.code != 1 || w.errs == "" || w.out != "" {
			t.Errorf("%s: %+v", name, w)
		}
	}
}

// Test_configuration: what is wrong is named by its key, and the program ends
// with a reason, never with a crash.
func Test_configuration(t *testing.T) {
	for name, c := range map[string]struct{ text, says string }{
		"an unknown key":      {"[host]\nadress = \"127.0.0.1:1\"\n", "host.adress"},
		"an unknown table":    {"[hots]\naddress = \"127.0.0.1:1\"\n", "hots"},
		"a wrong type":        {"[devices]\nprinter = 7\n", "devices.printer"},
		"no duration":         {"[host]\ntimeout = \"soon\"\n", "host.timeout"},
		"a short terminal":    {"[terminal]\ntid = \"12\"\n", "terminal.tid"},
		"a negative count":    {"[offline]\ncount = -1\n", "offline.count"},
		"no TOML":             {"[host\n", "line 2"},
		"no TLS, far away":    {"[host]\naddress = \"192.168.1.5:8583\"\n", "host.tls"},
		"an unknown PIN pad":  {"[devices]\npinpad = \"abacus:\"\n", "devices.pinpad"},
		"an unknown gateway":  {"[wallet]\ngateway = \"http://pay.example\"\n", "wallet.gateway"},
		"an unknown profile":  {"[host]\nprofile = \"nope\"\n", "nope"},
		"no staff file":       {"[import]\nstaff = \"nope.csv\"\n", "nope.csv"},
		"no catalogue":        {"[import]\ncatalogue = \"nope.csv\"\n", "nope.csv"},
		"a catalogue of junk": {"[import]\ncatalogue = \"till.toml\"\n", "sku"},
		"staff of junk":       {"[import]\nstaff = \"till.toml\"\n", "id,name,role,pin"},
		"a deck of junk":      {"[import]\ndeck = \"till.toml\"\n", "deck"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, dir, "till.toml", c.text)
			w := play(t, "", "headless", "--demo", "--data", filepath.Join(dir, "data"), "--config", filepath.Join(dir, "till.toml"))
			if w.code != 1 || !strings.Contains(w.errs, c.says) || w.out != "" {
				t.Errorf("ended with %d, said %q, wrote %q", w.code, w.errs, w.out)
			}
		})
	}
}

// Test_secrets_of_the_configuration_are_not_shown: a wrong key is named, its
// value is not.
func Test_secrets_of_the_configuration_are_not_shown(t *testing.T) {
	dir := t.TempDir()
	const key = "0123456789ABCDEFFEDCBA98765432"
	file := put(t, dir, "till.toml", "[keys]\ntmk = \""+key+"\"\n")
	w := play(t, "", "headless", "--data", dir, "--config", file)
	if w.code != 1 || !strings.Contains(w.errs, "keys.tmk") || strings.Contains(w.errs, key) {
		t.Errorf("%+v", w)
	}
}

// Test_an_empty_folder_opens: every key has a default, so a till without a
// configuration, a deck, goods or people comes up and says what is missing.
func Test_an_empty_folder_opens(t *testing.T) {
	w := play(t, `{"cmd":"signin","staff":"1001","pin":"135790"}
{"cmd":"status"}
{"cmd":"quit"}
`, "headless", "--data", t.TempDir(), "--host", "127.0.0.1:1")
	a := answers(t, w.out)
	if w.code != 0 || len(a) != 3 || a[0]["ok"] != false || a[1]["ok"] != true || a[2]["ok"] != true {
		t.Errorf("%+v", w)
	}
}

func answers(t *testing.T, out string) []map[string]any {
	t.Helper()
	var all []map[string]any
	for line := range strings.Lines(out) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("standard output carries something else: %q", line)
		}
		all = append(all, m)
	}
	return all
}

// Test_the_demo_sells: one command, one process: acquirer and wallet inside.
func Test_the_demo_sells(t *testing.T) {
	dir := t.TempDir()
	w := play(t, `{"cmd":"wait","for":"online","timeout_ms":30000,"id":1}
{"cmd":"signin","staff":"1001","pin":"135790","id":2}
{"cmd":"scan","code":"6928804002348","id":3}
{"cmd":"pay","tender":"card","card":"ok","id":4}
{"cmd":"add","sku":"100002","id":5}
{"cmd":"pay","tender":"qr","id":6}
{"cmd":"selftest","id":7}
{"cmd":"quit","id":8}
`, "headless", "--demo", "--data", dir)
	if w.code != 0 {
		t.Fatalf("%+v", w)
	}
	for i, a := range answers(t, w.out) {
		if a["ok"] != true || fmt.Sprint(a["re"]) != fmt.Sprint(i+1) {
			t.Errorf("answer %d: %v", i+1, a)
		}
	}
	// The day is still there for the next opening.
	w = play(t, `{"cmd":"totals"}`, "headless", "--demo", "--data", dir)
	if a := answers(t, w.out); w.code != 0 || len(a) != 1 || fmt.Sprint(a[0]["gross"]) != "650" {
		t.Errorf("%+v", w)
	}
}

// Test_a_second_till_on_the_folder_is_refused while the first one goes on.
func Test_a_second_till_on_the_folder_is_refused(t *testing.T) {
	dir := t.TempDir()
	in, feed := io.Pipe()
	read, out := io.Pipe()
	ended := make(chan int, 1)
	var errs bytes.Buffer
	go func() {
		code := run(context.Background(), []string{"headless", "--demo", "--data", dir}, in, out, &errs)
		ended <- code
		_ = out.Close() //nolint:errcheck // of a pipe
	}()
	lines := json.NewDecoder(read)
	ask := func(cmd string) map[string]any {
		if _, err := io.WriteString(feed, cmd+"\n"); err != nil {
			t.Fatal(err)
		}
		var m map[string]any
		if err := lines.Decode(&m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	ask(`{"cmd":"status"}`)
	w := play(t, `{"cmd":"status"}`, "headless", "--demo", "--data", dir)
	if w.code != 1 || w.out != "" || w.errs == "" {
		t.Errorf("the second: %+v", w)
	}
	if a := ask(`{"cmd":"status"}`); a["ok"] != true {
		t.Errorf("the first: %v", a)
	}
	ask(`{"cmd":"quit"}`)
	if code := <-ended; code != 0 {
		t.Errorf("the first ended with %d: %s", code, errs.String())
	}
}
