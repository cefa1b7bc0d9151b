package acquirer

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/acquirer/wire"
)

var sums = pos.BatchTotals{Debit: 200, DebitCount: 2, Credit: 50, CreditCount: 1}

type settled struct {
	r   pos.SettlementReply
	err error
}

func settle(l *Link, t pos.BatchTotals) <-chan settled {
	out := make(chan settled, 1)
	go func() {
		r, err := l.Settle(context.Background(), "000128", "000001", "001", t)
		out <- settled{r, err}
	}()
	return out
}

type coded struct {
	code string
	err  error
}

func goUpload(f func() (string, error)) <-chan coded {
	out := make(chan coded, 1)
	go func() {
		code, err := f()
		out <- coded{code, err}
	}()
	return out
}

// closing is an answer to a message about a batch: no MAC, no code unless given.
func closing(m *wire.Message, code string) *wire.Message {
	a := &wire.Message{
		MTI: wire.AnswerMTI(m.MTI), Fields: map[int]string{12: "101530", 13: "0301", 15: "0302", 32: "00000001", 37: "030110153001"},
	}
	for _, id := range []int{11, 41, 42, 48, 49, 60} {
		if m.Has(id) {
			a.Fields[id] = m.Get(id)
		}
	}
	if code != "" {
		a.Fields[39] = code
	}
	return a
}

func unkeyed(o *Options) { o.Keys.(*testKeys).loaded = false }

// TestSettlementIsV12 leaves without working keys, byte for byte, and again the same.
func TestSettlementIsV12(t *testing.T) {
	l, h := begin(t, unkeyed)
	for range 2 {
		out := settle(l, sums)
		m := h.next()
		if want := vector(t, "V12"); !bytes.Equal(h.raw, want) {
			t.Errorf("sent\n%X\nwant\n%X", h.raw, want)
		}
		a := closing(m, "")
		a.Fields[48] = m.Get(48)[:30] + "1" + m.Get(48)[31:61] + "1"
		h.send(a)
		if r := <-out; r.err != nil || !r.r.Balanced || r.r.Host != sums || r.r.Date != "0302" {
			t.Errorf("%+v", r)
		}
	}
}

// TestSettlementFlags: balanced means both.
func TestSettlementFlags(t *testing.T) {
	own, none := "000000000200002000000000050001", strings.Repeat("0", 30)
	abroad := "000000000007001000000000003002"
	for f48, want := range map[string]settled{
		own + "1" + none + "1": {r: pos.SettlementReply{Balanced: true, Host: sums}},
		own + "2" + none + "1": {r: pos.SettlementReply{Host: sums}},
		own + "1" + none + "2": {r: pos.SettlementReply{Host: sums}},
		own + "0" + none + "0": {r: pos.SettlementReply{Host: sums}},
		own + "1" + abroad + "1": {r: pos.SettlementReply{
			Balanced: true, Host: pos.BatchTotals{Debit: 207, DebitCount: 3, Credit: 53, CreditCount: 3},
		}},
	} {
		l, h := begin(t)
		out := settle(l, sums)
		a := closing(h.next(), "")
		a.Fields[48] = f48
		delete(a.Fields, 15)
		h.send(a)
		if r := <-out; r != want {
			t.Errorf("%s: %+v, want %+v", f48, r, want)
		}
	}
}

// TestSettlementSkipsWhatIsNotItsAnswer: another STAN, terminal, class, or totals cut short; then a refusal.
func TestSettlementSkipsWhatIsNotItsAnswer(t *testing.T) {
	l, h := begin(t)
	out := settle(l, sums)
	m := h.next()
	for id, v := range map[int]string{11: "000999", 41: "87654321", 42: "999999999999999", 48: "00"} {
		a := closing(m, "")
		a.Fields[id] = v
		h.send(a)
	}
	other := closing(m, "")
	other.MTI = "0330"
	h.send(other)
	short := closing(m, "00")
	delete(short.Fields, 48)
	h.send(short)
	h.send(closing(m, "30"))
	r := <-out
	if !errors.Is(r.err, pos.ErrRefused) || !strings.Contains(r.err.Error(), "settlement: code 30") || errors.Is(r.err, pos.ErrNotSent) {
		t.Errorf("%+v", r)
	}
}

func TestSettlementOfMoreThanTheMessageCounts(t *testing.T) {
	l, h := begin(t)
	out := settle(l, pos.BatchTotals{Debit: 5, DebitCount: 1000, CreditCount: 1234})
	m := h.next()
	if got := m.Get(48); got != "000000000005999"+"000000000000999"+strings.Repeat("0", 32) {
		t.Error(got)
	}
	h.send(closing(m, ""))
	if r := <-out; r.err != nil || r.r.Balanced {
		t.Errorf("%+v", r)
	}
	huge := pos.BatchTotals{Debit: maxAmount + 1}
	if _, err := l.Settle(context.Background(), "000128", "000001", "001", huge); !errors.Is(err, pos.ErrNotSent) {
		t.Errorf("%v", err)
	}
	if _, err := l.Settle(context.Background(), "000128", "1", "001", sums); !errors.Is(err, pos.ErrNotSent) {
		t.Errorf("%v", err)
	}
	if _, err := l.Settle(context.Background(), "000128", "000001", "", sums); !errors.Is(err, pos.ErrNotSent) {
		t.Errorf("without an operator: %v", err)
	}
	if _, err := l.Settle(context.Background(), "000128", "000001", "2001", sums); !errors.Is(err, pos.ErrNotSent) {
		t.Errorf("an operator of four: %v", err)
	}
}

func TestBatchUpload(t *testing.T) {
	l, h := begin(t, unkeyed)
	items := []pos.UploadItem{{STAN: "000123", PAN: pan, Amount: 100}, {STAN: "000144", Amount: 12345}}
	out := goUpload(func() (string, error) { return l.Upload(context.Background(), "000130", "000001", items) })
	m := h.next()
	fields(t, m, "0320", map[int]string{
		11: "000130", 60: "00000001201",
		48: "02" + "00" + "000123" + "0000" + pan + "000000000100" + "00" + "000144" + strings.Repeat("0", 20) + "000000012345",
	})
	h.send(closing(m, "")) // an answer without a code says nothing
	h.send(closing(m, "00"))
	if r := <-out; r.err != nil || r.code != "00" {
		t.Errorf("%+v", r)
	}
	eight := slices.Repeat(items, 4)
	out = goUpload(func() (string, error) { return l.Upload(context.Background(), "000131", "000001", eight) })
	if m := h.next(); len(m.Get(48)) != 322 || m.Get(48)[:2] != "08" {
		t.Error(m.Get(48))
	} else {
		h.send(closing(m, "94"))
	}
	if r := <-out; r.err != nil || r.code != "94" {
		t.Errorf("%+v", r)
	}
	for name, bad := range map[string][]pos.UploadItem{
		"none": nil, "nine": slices.Repeat(items, 5), "STAN": {{STAN: "1", Amount: 1}}, "PAN": {{STAN: "000001", PAN: "62X"}},
		"long PAN": {{STAN: "000001", PAN: strings.Repeat("6", 21)}}, "amount": {{STAN: "000001", Amount: -1}},
	} {
		_, err := l.Upload(context.Background(), "000132", "000001", bad)
		if !errors.Is(err, pos.ErrNotSent) || strings.Contains(err.Error(), pan) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestBatchUploadEndIsV13: not balanced is 202, byte for byte; balanced is 207.
func TestBatchUploadEndIsV13(t *testing.T) {
	l, h := begin(t, unkeyed)
	for balanced, net := range map[bool]string{false: "202", true: "207"} {
		out := goUpload(func() (string, error) { return l.UploadEnd(context.Background(), "000129", "000001", 3, balanced) })
		m := h.next()
		fields(t, m, "0320", map[int]string{11: "000129", 48: "0003", 60: "00000001" + net})
		if want := vector(t, "V13"); !balanced && !bytes.Equal(h.raw, want) {
			t.Errorf("sent\n%X\nwant\n%X", h.raw, want)
		}
		h.send(closing(m, "00"))
		if r := <-out; r.err != nil || r.code != "00" {
			t.Errorf("%+v", r)
		}
	}
	if _, err := l.UploadEnd(context.Background(), "000129", "000001", 10000, false); !errors.Is(err, pos.ErrNotSent) {
		t.Errorf("%v", err)
	}
}

func TestSignOff(t *testing.T) {
	l, h := begin(t)
	for _, code := range []string{"12", "00"} {
		out := make(chan error, 1)
		go func() { out <- l.SignOff(context.Background(), "000131", "000001") }()
		m := h.next()
		fields(t, m, "0820", map[int]string{11: "000131", 60: "00000001002"})
		h.send(closing(m, code))
		err := <-out
		if code == "00" && (err != nil || l.Ready()) || code != "00" && (!errors.Is(err, pos.ErrRefused) || !l.Ready()) {
			t.Errorf("%s: %v, ready %v", code, err, l.Ready())
		}
	}
	if _, err := l.Exchange(context.Background(), contactless("000140")); !errors.Is(err, pos.ErrNoKeys) {
		t.Errorf("%v", err)
	}
	if s := l.Link(); s.Cause != causeKeys || s.Detail != "signed off" {
		t.Errorf("%+v", s)
	}
}

// TestSettlementTakesTheOnePlace: it waits for the sale, and the sale that comes meanwhile waits for it.
func TestSettlementTakesTheOnePlace(t *testing.T) {
	l, h := begin(t)
	sale := start(l, contactless("000127"))
	m := h.next()
	out := settle(l, sums)
	until(t, "the settlement waits", func() bool { return l.waiting(false) == 1 })
	h.send(h.answerTo(m, "00"))
	if r := <-sale; r.err != nil {
		t.Error(r.err)
	}
	m = h.next()
	if m.MTI != "0500" {
		t.Fatal(m.MTI)
	}
	sale = start(l, contactless("000129"))
	until(t, "the sale waits", func() bool { return l.waiting(false) == 1 })
	h.send(closing(m, ""))
	if r := <-out; r.err != nil {
		t.Error(r.err)
	}
	h.send(h.answerTo(h.next(), "00"))
	if r := <-sale; r.err != nil {
		t.Error(r.err)
	}
}

// TestSettlementWithoutALine: nothing left, or the answer is due.
func TestSettlementWithoutALine(t *testing.T) {
	l, h := begin(t, timeout(short))
	out := settle(l, sums)
	h.next()
	if r := <-out; !errors.Is(r.err, pos.ErrNoAnswer) || errors.Is(r.err, pos.ErrNotSent) {
		t.Errorf("%+v", r)
	}
	gone, h := begin(t, timeout(short))
	h.ln.Close()
	if r := <-settle(gone, sums); !errors.Is(r.err, pos.ErrNotSent) {
		t.Errorf("%+v", r)
	}
	if _, err := gone.Upload(context.Background(), "000130", "000001", []pos.UploadItem{{STAN: "000001"}}); !errors.Is(err, pos.ErrNotSent) {
		t.Errorf("%v", err)
	}
	if err := gone.SignOff(context.Background(), "000130", "000001"); !errors.Is(err, pos.ErrNotSent) {
		t.Errorf("%v", err)
	}
}

// TestSettlementWithAMAC is a profile whose settlement carries one.
func TestSettlementWithAMAC(t *testing.T) {
	p := variant(
		t, `"0620", "0630"]`, `"0620", "0630", "0500", "0510"]`,
		`"net": "201", "repeat": "same", "extra": [48, 49, 63]`, `"net": "201", "mac": true, "extra": [48, 49, 63]`,
	)
	for _, good := range []bool{true, false} {
		l, h := begin(t, func(o *Options) { o.Profile = p })
		h.p = p
		out := settle(l, sums)
		m := h.next()
		a := closing(m, "")
		h.sign(a)
		if !good {
			a.Fields[64] = "3030303030303030"
		}
		h.send(a)
		if r := <-out; !m.Has(64) || good != (r.err == nil) || !good && !errors.Is(r.err, pos.ErrBadMAC) {
			t.Errorf("good %v: %+v", good, r)
		}
	}
}

// TestProcessingRequirements: 3 in any answer's header ends the trade until a sign-on, the others are told.
func TestProcessingRequirements(t *testing.T) {
	var told []string
	l, h := begin(t, func(o *Options) { o.Asked = func(what string) { told = append(told, what) } })
	ask := func(need int) {
		t.Helper()
		out := settle(l, sums)
		m := h.next()
		h.write(h.frame(closing(m, ""), need))
		if r := <-out; r.err != nil {
			t.Error(r.err)
		}
	}
	for _, need := range []int{7, 1, 5, 4, 0, 2, 7} {
		ask(need)
	}
	if want := []string{"blacklist", "parameters", "card_parameters", "ca_keys", "blacklist"}; !slices.Equal(told, want) || !l.Ready() {
		t.Errorf("%v, ready %v", told, l.Ready())
	}
	ask(3)
	if l.Ready() {
		t.Error("still ready")
	}
	coded, h := begin(t)
	again := goUpload(func() (string, error) { return coded.UploadEnd(context.Background(), "000129", "000001", 3, false) })
	h.send(closing(h.next(), "77"))
	if r := <-again; r.err != nil || r.code != "77" || coded.Ready() {
		t.Errorf("%+v, ready %v", r, coded.Ready())
	}
	echoed, h := begin(t)
	out := make(chan error, 1)
	go func() { out <- echoed.Echo(context.Background(), "000130", "000001") }()
	h.write(h.frame(h.answerTo(h.next(), "00"), 3))
	if err := <-out; err != nil || echoed.Ready() {
		t.Errorf("%v, ready %v", err, echoed.Ready())
	}
}

// variant is the default profile with some of its text replaced.
func variant(t *testing.T, pairs ...string) *wire.Profile {
	t.Helper()
	raw := string(readFile(t, "../../assets/profiles/cup.json"))
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(raw, pairs[i]) {
			t.Fatalf("no %s", pairs[i])
		}
		raw = strings.Replace(raw, pairs[i], pairs[i+1], 1)
	}
	p, err := wire.Parse([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestSignOnAskedForInAnAnswerToASale holds whatever the MAC is: keys that do not agree are the reason to ask.
func TestSignOnAskedForInAnAnswerToASale(t *testing.T) {
	for _, mac := range []string{"good", "bad"} {
		l, h := begin(t)
		out := start(l, contactless("000123"))
		a := h.answerTo(h.next(), "A0")
		if mac == "bad" {
			a.Fields[64] = "3030303030303030"
		}
		h.write(h.frame(a, 3))
		r := <-out
		if (mac == "good") != (r.err == nil && r.reply.SignOn) || l.Ready() {
			t.Errorf("%s: %+v, ready %v", mac, r, l.Ready())
		}
		if s := l.Link(); s.Cause != causeKeys || !s.SignOn {
			t.Errorf("%+v", s)
		}
		if err := signOnWith(l, h, "003", bytes.Repeat(unhexed("0494F897"), 10)); err != nil || l.Link().SignOn {
			t.Errorf("after it %v, %+v", err, l.Link())
		}
	}
}
