package acquirer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/acquirer/wire"
)

// first is the sale of the known answers, as a follow-up names it.
var first = pos.Origin{Batch: "000001", STAN: "000123", Date: "0301", RRN: "030110153001", AuthCode: "A12345"}

// keyed is a card that is known from an earlier payment and was not read again.
func keyed() pos.CardData {
	return pos.CardData{PAN: pan, Expiry: "2806", Sequence: "001", ShortF55: unhexed("950500000000009F36020157"), Entry: "keyed", PIN: true}
}

func follow(op pos.Operation, stan string, amount pos.Amount) pos.Request {
	return pos.Request{Op: op, STAN: stan, Batch: "000001", Amount: amount, Card: keyed(), Org: "CUP", Origin: first}
}

func codeSale(stan string) pos.Request {
	return pos.Request{
		Op: pos.OpCodeSale, STAN: stan, Batch: "000001", Amount: 100, Card: pos.CardData{Entry: "code", Code: "6224242900000113000"},
	}
}

// undo makes the reversal that a flow asks for, of the data it still has.
func undo(r pos.Request) pos.Request {
	r.Original, r.Op, r.Reason = r.Op, pos.OpReversal, "98"
	r.Card.Track2, r.Card.PINBlock = "", nil
	return r
}

// sent words a request, lets it go and gives what arrived, answered 00.
func sent(t *testing.T, r pos.Request, edit ...func(*Options)) (*wire.Message, []byte) {
	t.Helper()
	l, h := begin(t, edit...)
	out := start(l, r)
	m := h.next()
	h.send(h.answerTo(m, "00"))
	if r := <-out; r.err != nil || r.reply.Code != "00" || !r.reply.Signed {
		t.Errorf("%+v", r)
	}
	return m, h.raw
}

// fields wants exactly these fields, field 64 apart.
func fields(t *testing.T, m *wire.Message, mti string, want map[int]string) {
	t.Helper()
	want = maps.Clone(want)
	if want[41], want[42] = tid, mid; m.Has(64) {
		want[64] = m.Get(64)
	}
	if m.MTI != mti || !maps.Equal(m.Fields, want) {
		for id := range 65 {
			if m.Get(id) != want[id] || m.Has(id) != (want[id] != "") {
				t.Errorf("field %d is %q, want %q", id, m.Get(id), want[id])
			}
		}
		t.Errorf("MTI %s, want %s", m.MTI, mti)
	}
}

func TestVoidIsV9(t *testing.T) {
	if _, raw := sent(t, follow(pos.OpVoid, "000125", 100)); !bytes.Equal(raw, vector(t, "V9")) {
		t.Errorf("sent\n%X\nwant\n%X", raw, vector(t, "V9"))
	}
}

func TestRefundIsV10(t *testing.T) {
	r := follow(pos.OpRefund, "000126", 50)
	r.Advice = true // the identical one again is the same bytes
	for range 2 {
		if _, raw := sent(t, r); !bytes.Equal(raw, vector(t, "V10")) {
			t.Errorf("sent\n%X\nwant\n%X", raw, vector(t, "V10"))
		}
	}
}

func TestVoidWithoutAuthorizationCode(t *testing.T) {
	r := follow(pos.OpVoid, "000125", 100)
	r.Origin.AuthCode = "" // an offline approval has none
	if m, _ := sent(t, r); m.Has(38) || m.Get(37) != first.RRN {
		t.Errorf("%v", m.Fields)
	}
}

func TestVoidOfACodeSale(t *testing.T) {
	r := follow(pos.OpVoid, "000125", 100)
	r.Card = pos.CardData{Entry: "code"}
	m, _ := sent(t, r)
	fields(t, m, "0200", map[int]string{
		3: "200000", 4: "000000000100", 11: "000125", 22: "032", 25: "00", 37: first.RRN, 38: first.AuthCode, 49: "156",
		60: "2300000100060", 61: "000001000123",
	})
}

func TestRefundWithTheCardReadAgain(t *testing.T) {
	r := follow(pos.OpRefund, "000126", 50)
	r.Card = contactless("").Card
	r.Org = ""
	m, _ := sent(t, r)
	fields(t, m, "0220", map[int]string{
		2: pan, 3: "200000", 4: "000000000050", 11: "000126", 14: "2806", 22: "072", 23: "001", 25: "00", 35: track,
		37: first.RRN, 49: "156", 55: chip, 60: "2500000100060", 61: "0000010001230301", 63: "CUP",
	})
}

func TestBalanceInquiry(t *testing.T) {
	r := contactless("000127")
	r.Op, r.Card.PINBlock, r.Card.PIN = pos.OpBalance, unhexed("5F1A4D2B657B4016"), true
	m, _ := sent(t, r)
	fields(t, m, "0200", map[int]string{
		2: pan, 3: "310000", 11: "000127", 14: "2806", 22: "071", 23: "001", 25: "00", 26: "12", 35: track, 49: "156",
		52: "5F1A4D2B657B4016", 53: "2600000000000000", 55: chip, 60: "0100000100060",
	})
}

func TestBalanceAnswers(t *testing.T) {
	for f54, want := range map[string]string{
		"0002156C000000123456":                        "1234.56",
		"1002156D000000000050":                        "-0.50",
		"0001156C0000000009990002156C000000000007":    "0.07", // ledger, then available
		"0001156C000000000999":                        "9.99", // nothing else is there
		"0002840C000000000999":                        "nil",
		"0002156X000000000999":                        "nil",
		"0002156C00000000099":                         "nil",
		"0002156C0000000-0999":                        "nil",
		"":                                            "nil",
		"0002840C0000000009990002156C000000000100":    "1.00",
		"0002156C0000000001000001156C000000000900xyz": "1.00",
	} {
		got := "nil"
		if a := available(f54, "02"); a != nil {
			got = a.String()
		}
		if got != want {
			t.Errorf("%q: %s, want %s", f54, got, want)
		}
	}
	l, h := begin(t)
	r := contactless("000127")
	r.Op, r.Card.PINBlock = pos.OpBalance, unhexed("5F1A4D2B657B4016")
	out := start(l, r)
	a := h.answerTo(h.next(), "00")
	a.Fields[54] = "0002156C000000123456"
	h.sign(a)
	h.send(a)
	if r := <-out; r.err != nil || r.reply.Balance == nil || *r.reply.Balance != 123456 {
		t.Errorf("%+v", r)
	}
}

func TestPreauthorization(t *testing.T) {
	r := contactless("000140")
	r.Op, r.Card.Entry, r.Card.PINBlock = pos.OpPreauth, "chip", unhexed("5F1A4D2B657B4016")
	m, _ := sent(t, r)
	fields(t, m, "0100", map[int]string{
		2: pan, 3: "030000", 4: "000000000100", 11: "000140", 14: "2806", 22: "051", 23: "001", 25: "06", 26: "12", 35: track,
		49: "156", 52: "5F1A4D2B657B4016", 53: "2600000000000000", 55: chip, 60: "1000000100050",
	})
}

func TestPreauthorizationVoid(t *testing.T) {
	m, _ := sent(t, follow(pos.OpPreauthVoid, "000141", 100))
	fields(t, m, "0100", follower("200000", "06", "11", "000141", "000000000100"))
}

func TestCompletion(t *testing.T) {
	m, _ := sent(t, follow(pos.OpCompletion, "000142", 80))
	fields(t, m, "0200", follower("000000", "06", "20", "000142", "000000000080"))
}

func TestCompletionVoid(t *testing.T) {
	m, _ := sent(t, follow(pos.OpCompletionVoid, "000143", 80))
	fields(t, m, "0200", follower("200000", "06", "21", "000143", "000000000080"))
}

func follower(proc, cond, kind, stan, amount string) map[int]string {
	return map[int]string{
		2: pan, 3: proc, 4: amount, 11: stan, 14: "2806", 22: "012", 25: cond, 38: first.AuthCode, 49: "156",
		60: kind + "00000100050", 61: "000001000123",
	}
}

func TestCodeSale(t *testing.T) {
	m, _ := sent(t, codeSale("000144"))
	fields(t, m, "0200", map[int]string{
		3: "000000", 4: "000000000100", 11: "000144", 22: "032", 25: "00", 49: "156", 59: "A30196224242900000113000", 60: "2200000100060",
	})
}

func TestKeyedSale(t *testing.T) {
	r := contactless("000145")
	r.Card.Entry = "keyed"
	m, _ := sent(t, r)
	fields(t, m, "0200", map[int]string{
		2: pan, 3: "000000", 4: "000000000100", 11: "000145", 14: "2806", 22: "012", 25: "00", 49: "156", 60: "2200000100050",
	})
}

// TestReversalsOfEveryOperation: as the original, same F11, with F39, without what the profile drops.
func TestReversalsOfEveryOperation(t *testing.T) {
	deferred := contactless("000150")
	deferred.Op, deferred.Advice = pos.OpDeferred, true
	preauth := contactless("000151")
	preauth.Op, preauth.Card.Entry, preauth.Card.PINBlock, preauth.Card.PIN = pos.OpPreauth, "chip", make([]byte, 8), true
	for _, r := range []pos.Request{
		contactless("000149"), deferred, preauth, follow(pos.OpVoid, "000152", 100), follow(pos.OpPreauthVoid, "000153", 100),
		follow(pos.OpCompletion, "000154", 80), follow(pos.OpCompletionVoid, "000155", 80), codeSale("000156"),
	} {
		t.Run(string(r.Op), func(t *testing.T) {
			of, _ := sent(t, r)
			m, _ := sent(t, undo(r))
			want := maps.Clone(of.Fields)
			maps.DeleteFunc(want, func(id int, _ string) bool { return slices.Contains([]int{26, 35, 36, 37, 52, 53}, id) })
			want[39] = "98"
			if of.Has(55) {
				want[55] = "950500000000009F1E0831323334353637389F101307010103A00000010A010000000000ED538FE49F36020157"
			}
			fields(t, m, "0400", want)
		})
	}
}

// TestReversalOfACodeSaleWhoseCodeIsGone goes out all the same.
func TestReversalOfACodeSaleWhoseCodeIsGone(t *testing.T) {
	r := undo(codeSale("000156"))
	r.Card.Code = ""
	if m, _ := sent(t, r); m.Has(59) || m.Has(2) || m.Get(22) != "032" {
		t.Errorf("%v", m.Fields)
	}
}

func TestReversalDropsWhatTheProfileSays(t *testing.T) {
	m, _ := sent(t, undo(follow(pos.OpVoid, "000152", 100)), func(o *Options) { o.Profile.Reversal.Drop = []int{14, 37, 38, 61} })
	if m.Has(14) || m.Has(37) || m.Has(38) || m.Has(61) || !m.Has(2) {
		t.Errorf("%v", m.Fields)
	}
}

func TestOperationsThatCannotBeWorded(t *testing.T) {
	l, _ := begin(t)
	for name, r := range map[string]pos.Request{
		"void without original":           {Op: pos.OpVoid, Card: keyed(), Origin: pos.Origin{RRN: first.RRN, AuthCode: "A12345"}},
		"refund without date":             {Op: pos.OpRefund, Card: keyed(), Origin: pos.Origin{Batch: "000001", STAN: "000123", RRN: first.RRN}},
		"completion without code":         {Op: pos.OpCompletion, Card: keyed(), Origin: pos.Origin{Batch: "000001", STAN: "000123"}},
		"balance without PIN":             {Op: pos.OpBalance, Card: contactless("").Card},
		"sale by code":                    {Op: pos.OpSale, Card: codeSale("").Card},
		"code sale with a card":           {Op: pos.OpCodeSale, Card: contactless("").Card},
		"code sale without code":          {Op: pos.OpCodeSale, Card: pos.CardData{Entry: "code"}},
		"code with a blank":               {Op: pos.OpCodeSale, Card: pos.CardData{Entry: "code", Code: "62 4"}},
		"code too long":                   {Op: pos.OpCodeSale, Card: pos.CardData{Entry: "code", Code: strings.Repeat("1", 513)}},
		"sale without number":             {Op: pos.OpSale, Card: pos.CardData{Entry: "keyed"}},
		"reversal of a refund":            {Op: pos.OpReversal, Original: pos.OpRefund, Card: keyed(), Origin: first, Reason: "98"},
		"reversal of an upload":           {Op: pos.OpReversal, Original: pos.OpOfflineUpload, Card: contactless("").Card, Reason: "98"},
		"reversal of a balance":           {Op: pos.OpReversal, Original: pos.OpBalance, Card: contactless("").Card, Reason: "98"},
		"reversal without reason":         {Op: pos.OpReversal, Original: pos.OpSale, Card: keyed()},
		"an operation that is no payment": {Op: "settlement", Card: keyed()},
	} {
		if r.Batch, r.STAN, r.Amount = "000001", "000199", 100; r.Batch == "" {
			t.Fatal(name)
		}
		if _, err := l.Exchange(context.Background(), r); !errors.Is(err, pos.ErrNotSent) || !errors.Is(err, errRequest) {
			t.Errorf("%s: %v", name, err)
		}
	}
	short := contactless("000199")
	short.Batch = "1"
	if _, err := l.Exchange(context.Background(), short); !errors.Is(err, pos.ErrNotSent) {
		t.Errorf("batch of one digit: %v", err)
	}
}

// TestEveryOperationNeedsAGoodMAC: an approval or an acknowledgement without one, or with a wrong one, is no answer.
func TestEveryOperationNeedsAGoodMAC(t *testing.T) {
	balance := contactless("000127")
	balance.Op, balance.Card.PINBlock = pos.OpBalance, make([]byte, 8)
	preauth := contactless("000128")
	preauth.Op = pos.OpPreauth
	all := []pos.Request{
		contactless("000126"), balance, preauth, advice("000129"), codeSale("000130"), follow(pos.OpVoid, "000131", 100),
		follow(pos.OpRefund, "000132", 100), follow(pos.OpPreauthVoid, "000133", 100), follow(pos.OpCompletion, "000134", 100),
		follow(pos.OpCompletionVoid, "000135", 100),
	}
	for _, r := range all[2:] {
		if r.Op != pos.OpRefund && r.Op != pos.OpOfflineUpload {
			all = append(all, undo(r))
		}
	}
	l, h := begin(t)
	for i, r := range all {
		for j, mac := range []string{"", "3030303030303030"} {
			r.STAN = fmt.Sprintf("%06d", 1000+10*i+j)
			out := start(l, r)
			a := h.answerTo(h.next(), []string{"00", "11", "A6"}[i%3])
			if a.Fields[64] = mac; mac == "" {
				delete(a.Fields, 64)
			}
			h.send(a)
			if got := <-out; !errors.Is(got.err, pos.ErrBadMAC) {
				t.Errorf("%s of %q, MAC %q: %+v", r.Op, r.Original, mac, got)
			}
			l.setReady(true, "") // wrong ones in a row want a sign-on
		}
	}
}

func TestNoticeBySMS(t *testing.T) {
	yes, no := "SMS1", "SMS0"
	for name, c := range map[string]struct {
		f63  string
		want *string
	}{
		"yes":            {"CUP" + strings.Repeat(" ", 20) + pad(yes), &yes},
		"no":             {"CUP" + strings.Repeat(" ", 20) + pad(no) + pad(""), &no},
		"not said":       {"CUP" + strings.Repeat(" ", 60), nil},
		"another text":   {"CUP" + pad("") + pad("OK"), nil},
		"issuer's text":  {"CUP" + pad(yes) + pad(""), nil},
		"organisation":   {"CUP", nil},
		"cut in between": {"CUP" + pad("") + "SMS", nil},
		"short but said": {"CUP" + pad("") + "SMS1", &yes},
	} {
		l, h := begin(t)
		out := start(l, contactless("000123"))
		a := h.answerTo(h.next(), "00")
		a.Fields[63] = c.f63
		h.sign(a)
		h.send(a)
		r := <-out
		got := "nil"
		if n := r.reply.Notify; n != nil {
			got = map[bool]string{true: yes, false: no}[*n]
		}
		if r.err != nil || c.want == nil && got != "nil" || c.want != nil && got != *c.want {
			t.Errorf("%s: %s, %v", name, got, r.err)
		}
	}
}

func pad(s string) string { return fmt.Sprintf("%-20s", s) }

// TestLateAnswersOfEveryOperation: what comes after its time comes out of Late with its batch; a late refund too.
func TestLateAnswersOfEveryOperation(t *testing.T) {
	preauth := contactless("000141")
	preauth.Op = pos.OpPreauth
	all := []pos.Request{
		follow(pos.OpRefund, "000142", 50), follow(pos.OpVoid, "000143", 100), codeSale("000144"), preauth,
		follow(pos.OpCompletion, "000145", 100), follow(pos.OpCompletionVoid, "000146", 100), follow(pos.OpPreauthVoid, "000147", 100),
	}
	l, h := begin(t)
	for _, r := range all {
		out := start(l, r)
		a := h.answerTo(h.next(), "00")
		h.send(a)
		if r := <-out; r.err != nil {
			t.Fatal(r.err)
		}
		h.send(a) // again, when nobody waits
		late := <-l.Late()
		if late.STAN != r.STAN || late.Batch != "000001" || late.Reply.Code != "00" || !late.Reply.Signed {
			t.Errorf("%s: %+v", r.Op, late)
		}
	}
}

// TestAnswersOfAnotherClass: what fits in everything but its class is not ours.
func TestAnswersOfAnotherClass(t *testing.T) {
	l, h := begin(t)
	r := contactless("000141")
	r.Op = pos.OpPreauth
	out := start(l, r)
	m := h.next()
	for _, mti := range []string{"0210", "0230", "0410", "0810"} {
		a := h.answerTo(m, "00")
		a.MTI = mti
		h.sign(a)
		h.send(a)
	}
	a := h.answerTo(m, "11")
	h.send(a)
	if r := <-out; r.err != nil || r.reply.Code != "11" {
		t.Errorf("%+v", r)
	}
}
