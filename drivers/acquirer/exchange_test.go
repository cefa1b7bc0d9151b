package acquirer

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"maps"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/acquirer/wire"
)

func TestKnownAnswersLeave(t *testing.T) {
	withPIN := contactless("000124")
	withPIN.Card.Entry, withPIN.Card.PINBlock = "chip", unhexed("5F1A4D2B657B4016")
	full := contactless("000123") // the driver shortens field 55 itself
	full.Op, full.Original, full.Reason = pos.OpReversal, pos.OpSale, "98"
	for _, c := range []struct {
		name   string
		vector string
		r      pos.Request
	}{
		{"contactless", "V3", contactless("000123")},
		{"chip and PIN", "V8", withPIN},
		{"reversal", "V6", reversal("000123")},
		{"reversal of a deferred sale", "V6", func() pos.Request { r := reversal("000123"); r.Original = pos.OpDeferred; return r }()},
		{"reversal with whole chip data", "V6", full},
		{"deferred", "V3", func() pos.Request { r := contactless("000123"); r.Op = pos.OpDeferred; r.Advice = true; return r }()},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, h := begin(t)
			out := start(l, c.r)
			h.send(h.answerTo(h.next(), "00"))
			if r := <-out; r.err != nil || r.reply.Code != "00" || !r.reply.Signed {
				t.Errorf("%+v", r)
			}
			if want := vector(t, c.vector); !bytes.Equal(h.raw, want) {
				t.Errorf("sent\n%X\nwant\n%X", h.raw, want)
			}
		})
	}
}

// TestKnownAnswersArrive takes the approval, the decline and the acknowledgement of the list as they are.
func TestKnownAnswersArrive(t *testing.T) {
	declined := contactless("000123")
	for vec, want := range map[string]struct {
		r     pos.Request
		reply pos.Reply
	}{
		"V4": {
			contactless("000123"),
			pos.Reply{Code: "00", Amount: 100, RRN: "030110153001", AuthCode: "A12345", HostTime: "101530", HostDate: "0301", Org: "CUP", Signed: true},
		},
		"V5": {declined, pos.Reply{Code: "51", Amount: 100, RRN: "030110153001", HostTime: "101530", HostDate: "0301"}},
		"V7": {reversal("000123"), pos.Reply{Code: "00", Amount: 100, RRN: "030110162001", HostTime: "101620", HostDate: "0301", Signed: true}},
	} {
		l, h := begin(t)
		out := start(l, want.r)
		h.next()
		h.write(vector(t, vec))
		r := <-out
		if r.err != nil || r.reply.Code != want.reply.Code || r.reply.F55 != nil {
			t.Errorf("%s: %+v", vec, r)
		}
		if got := r.reply; got.Amount != want.reply.Amount || got.RRN != want.reply.RRN || got.AuthCode != want.reply.AuthCode ||
			got.HostTime != want.reply.HostTime || got.HostDate != want.reply.HostDate || got.Org != want.reply.Org || got.Signed != want.reply.Signed {
			t.Errorf("%s: %+v", vec, got)
		}
		if s := l.Link(); s.State != online || s.Cause != "" {
			t.Errorf("%s: the line is %+v", vec, s)
		}
	}
}

func TestUploadAndSwipe(t *testing.T) {
	swipe := contactless("000125")
	swipe.Card = pos.CardData{PAN: pan, Expiry: "2806", Track2: strings.Replace(track, "=", "D", 1) + "F", Entry: "swipe"}
	damaged := swipe
	damaged.Card.Fallback = true
	had := advice("000126")
	had.Card.F55 = append(bytes.Clone(had.Card.F55), unhexed("8A025933")...)
	up := advice("000127")
	up.Card.PINBlock, up.Org = make([]byte, 8), ""
	for name, c := range map[string]struct {
		r    pos.Request
		want map[int]string // empty: absent
	}{
		"damaged chip": {damaged, map[int]string{22: "022", 35: track, 60: "2200000100052"}},
		"swipe":        {swipe, map[int]string{22: "022", 23: "", 35: track, 55: "", 60: "2200000100050", 26: "", 63: ""}},
		"upload": {
			up, map[int]string{3: "000000", 22: "072", 26: "", 52: "", 53: "", 55: chip + "8A025931", 60: "3600000100060", 63: "CUP"},
		},
		"upload with ARC": {had, map[int]string{55: chip + "8A025933", 35: track, 63: "CUP"}},
	} {
		l, h := begin(t)
		out := start(l, c.r)
		m := h.next()
		h.send(h.answerTo(m, "00"))
		if r := <-out; r.err != nil {
			t.Errorf("%s: %v", name, r.err)
		}
		for id, v := range c.want {
			if m.Get(id) != v || m.Has(id) != (v != "") {
				t.Errorf("%s: field %d is %q, want %q", name, id, m.Get(id), v)
			}
		}
	}
}

func TestRequestsThatCannotBeWorded(t *testing.T) {
	l, _ := begin(t)
	for name, edit := range map[string]func(*pos.Request){
		"entry":          func(r *pos.Request) { r.Card.Entry = "barcode" },
		"negative":       func(r *pos.Request) { r.Amount = -1 },
		"operation":      func(r *pos.Request) { r.Op = "loan" },
		"needs more":     func(r *pos.Request) { r.Op = "void" },
		"STAN":           func(r *pos.Request) { r.STAN = "12" },
		"no chip data":   func(r *pos.Request) { r.Op = pos.OpOfflineUpload; r.Card.F55 = nil },
		"chip data lies": func(r *pos.Request) { r.Op = pos.OpOfflineUpload; r.Card.F55 = []byte{0x9F} },
	} {
		r := contactless("000123")
		edit(&r)
		if _, err := l.Exchange(context.Background(), r); !errors.Is(err, pos.ErrNotSent) || strings.Contains(err.Error(), pan) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestJudgement sends answers that are ours and looks at what the MAC rules make of them.
func TestJudgement(t *testing.T) {
	unsigned := func(m *wire.Message) { delete(m.Fields, 64) }
	wrong := func(m *wire.Message) { m.Fields[64] = "3030303030303030" }
	asIs := func(*wire.Message) {}
	strict := func(o *Options) { o.Profile.MAC.DeclineMayOmit = false }
	for _, c := range []struct {
		name string
		r    pos.Request
		code string
		edit func(*wire.Message)
		opt  func(*Options)
		err  error
	}{
		{"approval", contactless("000123"), "00", asIs, nil, nil},
		{"approval without MAC", contactless("000123"), "00", unsigned, nil, pos.ErrBadMAC},
		{"approval with a bad MAC", contactless("000123"), "00", wrong, nil, pos.ErrBadMAC},
		{"another success without MAC", contactless("000123"), "A2", unsigned, nil, pos.ErrBadMAC},
		{"partial without MAC", contactless("000123"), "10", unsigned, nil, pos.ErrBadMAC},
		{"decline without MAC", contactless("000123"), "51", unsigned, nil, nil},
		{"decline with a bad MAC", contactless("000123"), "51", wrong, nil, pos.ErrBadMAC},
		{"decline without MAC, not allowed", contactless("000123"), "51", unsigned, strict, pos.ErrBadMAC},
		{"acknowledged without MAC", reversal("000123"), "00", unsigned, nil, pos.ErrBadMAC},
		{"acknowledged with a bad MAC", reversal("000123"), "00", wrong, nil, pos.ErrBadMAC},
		{"reversal 25 without MAC", reversal("000123"), "25", unsigned, nil, pos.ErrBadMAC},
		{"reversal 25", reversal("000123"), "25", asIs, nil, nil},
		{"reversal wants a sign-on", reversal("000123"), "77", unsigned, nil, nil},
		{"upload there already", advice("000123"), "94", unsigned, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.opt == nil {
				c.opt = func(*Options) {}
			}
			l, h := begin(t, c.opt)
			out := start(l, c.r)
			a := h.answerTo(h.next(), c.code)
			c.edit(a)
			h.send(a)
			r := <-out
			if !errors.Is(r.err, c.err) || c.err == nil && r.reply.Code != c.code {
				t.Errorf("%+v", r)
			}
			if errors.Is(r.err, pos.ErrNotSent) {
				t.Error("it looks as if it had not been sent")
			}
		})
	}
}

// TestDeclineWithoutMACFromAfar is a decline over a plain line that is not loopback.
func TestDeclineWithoutMACFromAfar(t *testing.T) {
	l, h := begin(t, func(o *Options) {
		o.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
			return afar{c}, err
		}
	})
	out := start(l, contactless("000123"))
	a := h.answerTo(h.next(), "51")
	delete(a.Fields, 64)
	h.send(a)
	if r := <-out; !errors.Is(r.err, pos.ErrBadMAC) {
		t.Errorf("%+v", r)
	}
}

type afar struct{ net.Conn }

func (afar) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 9} }

// TestKeysLostBeforeTheAnswer must not look like a request that was not sent.
func TestKeysLostBeforeTheAnswer(t *testing.T) {
	l, h := begin(t)
	out := start(l, contactless("000123"))
	a := h.answerTo(h.next(), "00")
	h.keys.set(pos.ErrNoKeys)
	h.send(a)
	if r := <-out; !errors.Is(r.err, pos.ErrBadMAC) || errors.Is(r.err, pos.ErrNoKeys) || errors.Is(r.err, pos.ErrNotSent) {
		t.Errorf("%+v", r)
	}
	if _, err := l.Exchange(context.Background(), contactless("000124")); !errors.Is(err, pos.ErrNoKeys) {
		t.Errorf("without keys: %v", err)
	}
	if s := l.Link(); l.Ready() || s.State != offline || s.Cause != causeKeys {
		t.Errorf("ready %v, %+v", l.Ready(), s)
	}
}

func TestPartialAnswersAnotherAmount(t *testing.T) {
	l, h := begin(t)
	out := start(l, contactless("000123"))
	a := h.answerTo(h.next(), "10")
	a.Fields[4] = "000000000060"
	h.sign(a)
	h.send(a)
	if r := <-out; r.err != nil || r.reply.Amount != 60 {
		t.Errorf("%+v", r)
	}
}

// TestForeignMessagesAreSkipped sends everything that is not the answer, then the answer.
func TestForeignMessagesAreSkipped(t *testing.T) {
	var text lockedBuffer
	l, h := begin(t, logged(&text))
	out := start(l, contactless("000123"))
	m := h.next()
	for id, v := range map[int]string{3: "200000", 4: "000000000101", 11: "000999", 41: "87654321", 42: "999999999999999", 39: ""} {
		a := h.answerTo(m, "00")
		if a.Fields[id] = v; v == "" {
			delete(a.Fields, id)
		}
		h.sign(a)
		h.send(a)
	}
	for _, mti := range []string{"0230", "0410", "0200", "0110"} {
		a := h.answerTo(m, "00")
		a.MTI = mti
		h.sign(a)
		h.send(a)
	}
	lied := h.frame(h.answerTo(m, "00"), 0)
	lied[2+11+2] ^= 0x10 // the bitmap lies: refused, the frame is sound
	h.write(lied)
	good := h.answerTo(m, "00")
	good.Fields[63] = "CUP" + gbk(t, "余额不足", 20) + strings.Repeat(" ", 20)
	good.Fields[55] = "910AA1B2"
	h.sign(good)
	h.write(h.frame(good, 3))
	r := <-out
	if r.err != nil || r.reply.Text != "余额不足" || r.reply.Org != "CUP" || !r.reply.SignOn || hex.EncodeToString(r.reply.F55) != "910aa1b2" {
		t.Errorf("%+v", r)
	}
	if s := text.String(); strings.Contains(s, pan) || strings.Contains(s, track[17:]) || !strings.Contains(s, "does not fit") {
		t.Errorf("log: %s", s)
	}
}

func gbk(t *testing.T, s string, n int) string {
	t.Helper()
	b, err := simplifiedchinese.GBK.NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return b + strings.Repeat(" ", n-len(b))
}

// TestDuplicatesAndLateAnswers: the second answer and one after its time come out of Late, with their batch and judged.
func TestDuplicatesAndLateAnswers(t *testing.T) {
	l, h := begin(t)
	out := start(l, contactless("000123"))
	a := h.answerTo(h.next(), "00")
	a.Fields[38] = "A12345"
	h.sign(a)
	h.send(a)
	h.send(a)
	unsigned := a.Clone()
	delete(unsigned.Fields, 64)
	h.send(unsigned)
	foreign := a.Clone()
	foreign.Fields[41] = "87654321"
	h.send(foreign)
	reversed := h.answerTo(&wire.Message{MTI: "0400", Fields: maps.Clone(a.Fields)}, "00")
	h.send(reversed)
	if r := <-out; r.err != nil {
		t.Fatal(r.err)
	}
	for _, signed := range []bool{true, false} {
		late := <-l.Late()
		if late.STAN != "000123" || late.Batch != "000001" || late.Reply.Code != "00" || late.Reply.AuthCode != "A12345" || late.Reply.Signed != signed || late.Note == "" {
			t.Errorf("signed %v: %+v", signed, late)
		}
	}
	h.send(h.answerTo(&wire.Message{MTI: "0200", Fields: map[int]string{11: "000777", 41: tid, 42: mid}}, "51"))
	if late := <-l.Late(); late.STAN != "000777" || late.Batch != "" {
		t.Errorf("a foreign terminal or a reversal came through: %+v", late)
	}
}

func TestLateDropsTheOldest(t *testing.T) {
	l, _ := begin(t)
	for i := range maxLate + 3 {
		l.pass(pos.LateReply{STAN: string(rune('0' + i%10)), Note: "n", Reply: pos.Reply{Amount: pos.Amount(i)}})
	}
	if got := <-l.Late(); got.Reply.Amount != 3 {
		t.Errorf("the oldest is %d", got.Reply.Amount)
	}
}

// TestTheHourThatComesTwiceIsTheOneThatIsNow: when summer time ends an hour comes twice, and a host that was right was taken
// to be an hour off in one of the two.
func TestTheHourThatComesTwiceIsTheOneThatIsNow(t *testing.T) {
	zone, err := time.LoadLocation("America/St_Johns")
	if err != nil {
		t.Fatal(err)
	}
	first := time.Date(2026, 11, 1, 3, 35, 0, 0, time.UTC) // 01:05 of summer; 02:00 becomes 01:00 at 04:30
	for _, now := range []time.Time{first, first.Add(time.Hour), first.Add(2 * time.Hour), first.Add(-time.Hour)} {
		host := now.Add(2 * time.Second).In(zone)
		if got := hostTime(now.In(zone), host.Format("0102"), host.Format("150405")); !got.Equal(host) {
			t.Errorf("at %s the host says %s: %s", now.In(zone), host, got)
		}
	}
}

func TestHostTimeNearestYear(t *testing.T) {
	zone := time.FixedZone("shop", 8*3600)
	for _, c := range []struct{ now, date, clock, want string }{
		{"2026-03-01 10:00:00", "0301", "101500", "2026-03-01 10:15:00"},
		{"2025-12-31 23:59:50", "0101", "000010", "2026-01-01 00:00:10"},
		{"2026-01-01 00:00:05", "1231", "235955", "2025-12-31 23:59:55"},
		{"2027-03-01 00:00:00", "0229", "120000", "2028-02-29 12:00:00"},
		{"2026-03-01 10:00:00", "1332", "101500", ""},
		{"2026-03-01 10:00:00", "", "", ""},
	} {
		now, err := time.ParseInLocation(time.DateTime, c.now, zone)
		if err != nil {
			t.Fatal(err)
		}
		got := hostTime(now, c.date, c.clock)
		if c.want == "" && !got.IsZero() || c.want != "" && got.Format(time.DateTime) != c.want {
			t.Errorf("%s %s at %s: %v", c.date, c.clock, c.now, got)
		}
	}
}
