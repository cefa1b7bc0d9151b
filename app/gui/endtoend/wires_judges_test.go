package endtoend

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	simprinter "tillkeeper/drivers/sim/printer"
)

// differences compares the till's card payments with what the acquirer has charged, payment by payment, and names each
// that is not alike.
func differences(till []record, bank []charge) (all []string) {
	charged := map[[2]string]int64{}
	for _, c := range bank {
		charged[[2]string{c.Batch, c.STAN}] += c.Net
	}
	for _, r := range till {
		if r.Tender != "card" {
			continue
		}
		key, want := [2]string{r.Batch, r.STAN}, int64(0)
		switch r.State {
		case "approved":
			want = r.Approved
		case "declined", "cancelled", "reversed":
		default:
			all = append(all, fmt.Sprintf("payment %v is still %s", key, r.State))
		}
		if charged[key] != want {
			all = append(all, fmt.Sprintf("payment %v is %s: %d taken, %d charged", key, r.State, want, charged[key]))
		}
		delete(charged, key)
	}
	for key, net := range charged {
		if net != 0 {
			all = append(all, fmt.Sprintf("%d charged by %v, which the till does not know", net, key))
		}
	}
	return all
}

// forged copies an acquirer's folder with its ledger changed, and reads that.
func forged(t *testing.T, dir string, change func(entries []map[string]any) []map[string]any) []charge {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "ledger.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var entries []map[string]any
	for d := json.NewDecoder(bytes.NewReader(raw)); d.More(); {
		var e map[string]any
		if err := d.Decode(&e); err != nil {
			t.Fatal(err)
		}
		entries = append(entries, e)
	}
	var out bytes.Buffer
	for _, e := range change(entries) {
		if err := json.NewEncoder(&out).Encode(e); err != nil {
			t.Fatal(err)
		}
	}
	copied := t.TempDir()
	if err := os.WriteFile(filepath.Join(copied, "ledger.jsonl"), out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return ledger(t, copied)
}

// nobodyPaidTwice compares the books with the acquirer's, then sees to it that the comparison finds a charge that was not
// reversed, and a charge that stands there twice.
func (w wires) nobodyPaidTwice(b books) {
	w.t.Helper()
	bank := ledger(w.t, w.bank.dir)
	if all := differences(b.Attempts, bank); len(all) > 0 {
		w.t.Errorf("till and acquirer differ: %q\n%+v\n%+v", all, b.Attempts, bank)
	}
	unreversed := forged(w.t, w.bank.dir, func(entries []map[string]any) []map[string]any {
		for _, e := range entries {
			if e["kind"] == "reversal" {
				e["kind"] = "upload" // moves nothing
			}
		}
		return entries
	})
	twice := forged(w.t, w.bank.dir, func(entries []map[string]any) []map[string]any {
		again := map[string]any{}
		for k, v := range entries[0] {
			again[k] = v
		}
		again["seq"], again["stan"] = len(entries)+1, "999999"
		return append(entries, again)
	})
	for name, twin := range map[string][]charge{"a charge that was not reversed": unreversed, "a charge twice": twice} {
		if all := differences(b.Attempts, twin); len(all) != 1 {
			w.t.Errorf("the comparison says %q of %s", all, name)
		}
	}
}

// slip is what a slip of paper says of itself.
type slip struct {
	number string // of its code
	trace  string // of the card payment, empty where there is none
	copied bool   // marked COPY
}

// onPaper reads all the paper that came out of the printer so far.
func (w wires) onPaper() (all []slip) {
	w.t.Helper()
	raw, err := os.ReadFile(w.rolls)
	if err != nil {
		w.t.Fatal(err)
	}
	var s slip
	for _, row := range simprinter.Read(raw) {
		words := strings.Fields(row.Text)
		switch {
		case row.Kind == "cut":
			all = append(all, s)
			s = slip{}
		case row.Kind == "qr":
			s.number = row.Text
		case len(words) == 2 && words[0] == "凭证号":
			s.trace = words[1]
		case strings.Contains(row.Text, "COPY"):
			s.copied = true
		}
	}
	return all
}

// repeated names the slips that are not the first and only ones of what they are about.
func repeated(all []slip) (faults []string) {
	for i, s := range all {
		same := func(o slip) bool { return o.number == s.number || o.trace == s.trace && s.trace != "" }
		switch {
		case s.copied:
			faults = append(faults, fmt.Sprintf("slip %d is a copy: %+v", i+1, s))
		case s.number == "":
			faults = append(faults, fmt.Sprintf("slip %d has no number: %+v", i+1, s))
		case slices.ContainsFunc(all[:i], same):
			faults = append(faults, fmt.Sprintf("slip %d was printed before: %+v", i+1, s))
		}
	}
	return faults
}
