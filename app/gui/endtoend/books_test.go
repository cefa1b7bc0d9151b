package endtoend

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// attempt is one payment as the books tell it.
type attempt struct {
	Tender, State string
	Approved      int64
	Offline       bool
}

// record is an attempt with the numbers that the acquirer knows it by.
type record struct {
	attempt
	STAN, Batch string
}

// books are the answers of the scripted face about a folder that the window has left.
type books struct {
	Attempts []record
	Totals   struct {
		Net      int64
		ByTender map[string]struct{ Net int64 } `json:"by_tender"`
		Products []struct{ SKU, Qty string }    `json:"by_product"`
		Pending  int                            `json:"pending_count"`
	}
	Items  []json.RawMessage
	Basket struct {
		Lines []struct{ SKU, Qty string }
	}
}

// questions are asked in one go; nothing in them moves money.
const questions = `{"id":"in","cmd":"signin","staff":"9001","pin":"135790"}
{"id":"find","cmd":"find"}
{"id":"totals","cmd":"totals"}
{"id":"queue","cmd":"queue"}
{"id":"basket","cmd":"basket"}
{"id":"quit","cmd":"quit"}
`

// reads opens the same folder through the scripted face.
func (p *person) reads() (b books) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, binary, "headless", "--data", p.data)
	c.Env = append(os.Environ(), "LANG=zh_CN.UTF-8", "HOME="+filepath.Dir(p.data))
	c.Stdin = strings.NewReader(questions)
	out, err := c.Output()
	if err != nil {
		p.t.Fatalf("headless: %v\n%s", err, out)
	}
	answered := 0
	d := json.NewDecoder(bytes.NewReader(out))
	for {
		var raw json.RawMessage
		if err := d.Decode(&raw); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			p.t.Fatalf("headless says %s: %v", out, err)
		}
		var head struct {
			Re string
			OK bool
		}
		if err := json.Unmarshal(raw, &head); err != nil {
			p.t.Fatal(err)
		}
		into := map[string]any{"find": &b, "totals": &b.Totals, "queue": &b, "basket": &b.Basket}[head.Re]
		if head.Re == "" {
			continue // an event
		}
		if answered++; !head.OK {
			p.t.Fatalf("headless refuses %s: %s", head.Re, raw)
		}
		if into != nil {
			if err := json.Unmarshal(raw, into); err != nil {
				p.t.Fatalf("%s: %v", raw, err)
			}
		}
	}
	if want := strings.Count(questions, "\n"); answered != want {
		p.t.Fatalf("%d answers to %d questions:\n%s", answered, want, out)
	}
	return b
}

// sums compares the day's net and what each tender brought; nothing may be left to send.
func (b books) sums(t *testing.T, net int64, byTender map[string]int64) {
	t.Helper()
	got := map[string]int64{}
	for k, v := range b.Totals.ByTender {
		got[k] = v.Net
	}
	if b.Totals.Net != net || !reflect.DeepEqual(got, byTender) {
		t.Errorf("net %d by %v, want %d by %v", b.Totals.Net, got, net, byTender)
	}
	if len(b.Items) != 0 || b.Totals.Pending != 0 {
		t.Errorf("%d wait to be sent, want none: %s", len(b.Items), b.Items)
	}
}

// attempts compares the payments in the order they were begun.
func (b books) attempts(t *testing.T, want ...attempt) {
	t.Helper()
	var got []attempt
	for i := len(b.Attempts) - 1; i >= 0; i-- { // the newest is told first
		got = append(got, b.Attempts[i].attempt)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("payments %+v, want %+v", got, want)
	}
}

// sold compares how many of each article were paid for.
func (b books) sold(t *testing.T, want map[string]string) {
	t.Helper()
	got := map[string]string{}
	for _, s := range b.Totals.Products {
		got[s.SKU] = s.Qty
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("sold %v, want %v", got, want)
	}
}

// open compares what lies in the open basket.
func (b books) open(t *testing.T, want map[string]string) {
	t.Helper()
	got := map[string]string{}
	for _, l := range b.Basket.Lines {
		got[l.SKU] = l.Qty
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("in the basket %v, want %v", got, want)
	}
}
