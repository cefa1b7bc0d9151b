package acquirer

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSMSRules asks for one thing after the other and reads the outbox: subscription, threshold, silent inquiries, the warning of a wrong PIN.
func TestSMSRules(t *testing.T) {
	h, c, _ := ready(t, nil)
	stan := 100
	for name, s := range map[string]struct {
		change string
		says   string // of the sale, "" where it does not say
		kinds  string // in the outbox, in order
	}{
		"subscribed":     {`{}`, "SMS1", "sale wrong_pin reversal"},
		"not subscribed": {`{"sms":false}`, "SMS0", ""},
		"below":          {`{"sms_from":1001}`, "SMS0", "wrong_pin"},
		"at threshold":   {`{"sms_from":1000}`, "SMS1", "sale wrong_pin reversal"},
		"asked":          {`{"sms_balance":true}`, "SMS1", "sale balance wrong_pin reversal"},
	} {
		t.Run(name, func(t *testing.T) {
			reset := `{"sms":true,"sms_from":0,"sms_balance":false}`
			for _, change := range []string{reset, s.change} {
				if err := h.Control([]byte(`{"accounts":{"` + testPAN + `":` + change + `}}`)); err != nil {
					t.Fatal(err)
				}
			}
			outbox := filepath.Join(h.cfg.Dir, outboxName)
			if err := os.RemoveAll(outbox); err != nil {
				t.Fatal(err)
			}
			next := func() string { stan++; return fmt.Sprintf("%06d", stan) }
			sale := c.sale(next(), testPAN, 1000)
			if got := strings.TrimSpace(c.code("00", sale).Get(63)[23:43]); got != s.says {
				t.Errorf("the answer says %q", got)
			}
			asked := "SMS0"
			if name == "asked" {
				asked = "SMS1"
			}
			if got := strings.TrimSpace(c.code("00", c.balance(t, next(), "123456")).Get(63)[23:43]); got != asked {
				t.Errorf("the answer to the inquiry says %q", got)
			}
			c.code("55", c.balance(t, next(), "111111"))
			c.code("00", reversal(sale))
			all, err := Outbox(h.cfg.Dir)
			if err != nil {
				t.Fatal(err)
			}
			var kinds []string
			for _, m := range all {
				kinds = append(kinds, m.Kind)
				if m.PAN != "622424******0113" || !strings.Contains(m.Text, "0113") {
					t.Errorf("%+v", m)
				}
			}
			if got := strings.Join(kinds, " "); got != s.kinds {
				t.Errorf("%q, want %q", got, s.kinds)
			}
		})
	}
}

func TestOutboxOfAnEmptyFolderAndOfADamagedOne(t *testing.T) {
	dir := t.TempDir()
	if all, err := Outbox(dir); err != nil || len(all) != 0 {
		t.Error(all, err)
	}
	name := filepath.Join(dir, outboxName)
	for text, n := range map[string]int{`{"kind":"sale"}` + "\n" + `{"ki`: 1, "{}\n{}\n": 2} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if all, err := Outbox(dir); err != nil || len(all) != n {
			t.Error(text, all, err)
		}
	}
	if err := os.WriteFile(name, []byte("nonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Outbox(dir); err == nil {
		t.Error("nonsense was read")
	}
}

// TestScriptAndItsResult: the issuer's script comes with the approval of a chip, its result is taken once.
func TestScriptAndItsResult(t *testing.T) {
	h, c, _ := ready(t, nil)
	const script = "720F9F1804000000018606842400000100"
	if err := h.Control([]byte(`{"accounts":{"` + testPAN + `":{"script":"` + script + `"}}}`)); err != nil {
		t.Fatal(err)
	}
	s := c.sale("000010", testPAN, 100)
	s.Fields[23], s.Fields[55] = "001", "9F260895BBE372271DDA7C9F36020157"
	if got := c.code("00", s).Get(55); !strings.HasPrefix(got, "910A") || !strings.HasSuffix(got, script) {
		t.Error(got)
	}
	result := c.msg("0620", "000011", map[int]string{
		2: testPAN, 3: "000000", 4: fen(100), 55: "DF31052000000001", 60: "00000001951", 61: "000001000010",
	})
	c.code("00", result)
	c.code("00", result)
	other := result.Clone()
	other.Fields[61] = "000001000099"
	other.Fields[11] = "000012"
	c.code("25", other)
	other.Fields[55] = "9F36020157"
	c.code("30", other)
	entries, err := Ledger(h.cfg.Dir)
	if err != nil || len(entries) != 2 || entries[1].Kind != KindScript || entries[1].Script != "2000000001" || entries[1].Original != 1 {
		t.Errorf("%v %+v", err, entries)
	}
	if charges(t, h)[key("000010")] != 100 {
		t.Error("the result moved money")
	}
}
