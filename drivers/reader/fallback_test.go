package reader

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/reader/emv"
)

var day = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// Stripes by service code: 201 and 620 say that the card has a chip.
var (
	withChip    = track(";6224242900000113=28062013949031013?")
	homeChip    = track(";6224242900000113=28066203949031013?")
	withoutChip = track(";6224242900000113=28061013949031013?")
)

// TestFallbackRule: which failures of a chip let its stripe pass.
func TestFallbackRule(t *testing.T) {
	damaged := fmt.Errorf("%w: no answer to reset", ErrChip)
	rule := FallbackRule{Tries: 2, Within: time.Minute}
	for name, test := range map[string]struct {
		rule  FallbackRule
		chips []error
		after time.Duration
		taken bool
	}{
		"never read":                {rule, nil, 0, false},
		"failed once of two":        {rule, []error{damaged}, 0, false},
		"failed twice":              {rule, []error{damaged, damaged}, 0, true},
		"a good one in between":     {rule, []error{damaged, nil, damaged}, 0, false},
		"read at last":              {rule, []error{damaged, damaged, nil}, 0, false},
		"too late":                  {rule, []error{damaged, damaged}, 61 * time.Second, false},
		"just in time":              {rule, []error{damaged, damaged}, time.Minute, true},
		"the clock went back":       {rule, []error{damaged, damaged}, -time.Hour, false},
		"without an end":            {FallbackRule{Tries: 1}, []error{damaged}, time.Hour, true},
		"no rule":                   {FallbackRule{}, []error{damaged, damaged, damaged}, 0, false},
		"taken away":                {FallbackRule{Tries: 1}, []error{ErrCardRemoved}, 0, false},
		"no application":            {FallbackRule{Tries: 1}, []error{ErrNoApplication}, 0, false},
		"unreadable over the field": {FallbackRule{Tries: 1}, []error{ErrCardUnreadable}, 0, false},
		"expired":                   {FallbackRule{Tries: 1}, []error{&pos.Error{Code: emv.ReasonExpired}}, 0, false},
	} {
		f := NewFallback(test.rule)
		for _, err := range test.chips {
			f.Chip(err, day)
		}
		for _, raw := range [][]byte{withChip, homeChip} {
			g := &Fallback{rule: f.rule, failed: f.failed, last: f.last}
			got, err := g.Swipe(raw, day.Add(test.after)).Read(context.Background(), Purchase{Time: day})
			if test.taken != (err == nil) || got.Fallback != test.taken || !test.taken && pos.WhyNot(err, "") != emv.ReasonUseChip {
				t.Errorf("%s: %+v %v", name, got.Fallback, err)
			}
			if err == nil && (!got.HasChip || got.Entry != Swipe) {
				t.Errorf("%s: %+v", name, got)
			}
			if err == nil { // once is once
				if _, err := g.Swipe(raw, day).Read(context.Background(), Purchase{Time: day}); pos.WhyNot(err, "") != emv.ReasonUseChip {
					t.Errorf("%s: taken twice: %v", name, err)
				}
			}
		}
		if got, err := f.Swipe(withoutChip, day).Read(context.Background(), Purchase{Time: day}); err != nil || got.Fallback || got.HasChip || !got.Signature {
			t.Errorf("%s: a card without a chip: %+v %v", name, got, err)
		}
		if got, err := f.Swipe(withChip, day).Read(context.Background(), Purchase{Time: day, ReadOnly: true}); err != nil || got.Fallback || got.Signature {
			t.Errorf("%s: the number only: %+v %v", name, got, err)
		}
	}
	if f := NewFallback(rule); f.Chip(damaged, day) || !f.Chip(damaged, day) {
		t.Error("Chip says the wrong thing")
	}
}

// scripted answers one command after the other.
type scripted struct{ answers [][]byte }

func (s *scripted) Transmit(context.Context, []byte) ([]byte, error) {
	if len(s.answers) == 0 {
		return nil, nil
	}
	a := s.answers[0]
	s.answers = s.answers[1:]
	return a, nil
}

// TestOnlyAChipFallsBack: the dialogue says ErrChip where a contact chip failed before an application began, and nowhere else.
func TestOnlyAChipFallsBack(t *testing.T) {
	broken := []byte{0x6F, 0x00}
	for name, test := range map[string]struct {
		entry   Entry
		answers [][]byte
		chip    bool
		code    string
	}{
		"damaged chip":           {Chip, [][]byte{broken}, true, emv.ReasonUnreadable},
		"nonsense":               {Chip, [][]byte{{0x6A, 0x82}, {0x6F, 0x81, 0x90, 0x00}}, true, emv.ReasonUnreadable},
		"damaged, contactless":   {Contactless, [][]byte{broken}, false, emv.ReasonUnreadable},
		"blocked":                {Chip, [][]byte{{0x6A, 0x81}}, false, emv.ReasonCardBlocked},
		"another kind of card":   {Chip, [][]byte{{0x6D, 0}, {0x6D, 0}, {0x6D, 0}, {0x6D, 0}}, false, emv.ReasonUnsupported},
		"taken away":             {Chip, nil, false, emv.ReasonRemoved},
		"bad record, after that": {Chip, started(), false, emv.ReasonUnreadable},
	} {
		s := NewSession(emv.DefaultTerminal(), Card{Entry: test.entry, Wire: &scripted{test.answers}})
		_, err := s.Read(context.Background(), Purchase{Amount: 1, TID: "12345678", STAN: "1", Time: day})
		if errors.Is(err, ErrChip) != test.chip || pos.WhyNot(err, "") != test.code {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// started are the answers of a card up to its first record, which it cannot read any more.
func started() [][]byte {
	fci := emv.Append(nil, 0x6F, emv.Append(emv.Append(nil, 0x84, []byte{0xA0, 0, 0, 0x03, 0x33, 1, 1, 1}), 0xA5, emv.Append(nil, 0x50, []byte("X"))))
	ok := func(b []byte) []byte { return append(bytes.Clone(b), 0x90, 0x00) }
	none := []byte{0x6A, 0x82}
	options := ok([]byte{0x80, 6, 0x7C, 0, 0x08, 1, 1, 0})
	return [][]byte{none, ok(fci), none, none, ok(fci), options, {0x65, 0x81}}
}

// device is a certified reader that says what it is told to.
type device struct {
	start, complete string
	err             error
	asked           []Answer
	purchases       []Purchase
	closed          int
}

func (d *device) Start(_ context.Context, p Purchase) ([]byte, error) {
	d.purchases = append(d.purchases, p)
	return unhexed(d.start), d.err
}

func (d *device) Complete(_ context.Context, a Answer) ([]byte, error) {
	d.asked = append(d.asked, a)
	return unhexed(d.complete), d.err
}
func (d *device) Close() error { d.closed++; return nil }

func unhexed(s string) []byte {
	var out []byte
	for i := 0; i+1 < len(s); i += 2 {
		var b byte
		if _, err := fmt.Sscanf(s[i:i+2], "%02X", &b); err != nil {
			panic(err)
		}
		out = append(out, b)
	}
	return out
}

const (
	referenceSale = "9F260895BBE372271DDA7C9F2701809F101307010103A00000010A010000000000ED538FE49F37047F9F349E9F3602015795" +
		"0500000000009A032603019C01009F02060000000001005F2A02015682027C009F1A0201569F03060000000000009F3303E0E1C8" +
		"9F34031F00009F3501229F1E0831323334353637388408A0000003330101019F090200209F410400000123"
	referenceReversal = "950500000000009F1E0831323334353637389F101307010103A00000010A010000000000ED538FE49F36020157"
)

// TestCertifiedReader: a reader with a kernel of its own hands over its objects, in any order, and the same field 55 comes
// out of the same port.
func TestCertifiedReader(t *testing.T) {
	d := &device{
		start:    "7081" + "00", // replaced below
		complete: "9F270140" + "9F2608" + "0102030405060708" + "DF3105" + "2000000001",
	}
	objects, err := emv.Parse(unhexed(referenceSale))
	if err != nil {
		t.Fatal(err)
	}
	var shuffled []byte
	for i := range objects {
		o := objects[len(objects)-1-i]
		shuffled = emv.Append(shuffled, o.Tag, o.Value)
	}
	shuffled = append(shuffled, unhexed("57106224242900000113D280620139490310"+"5F340101"+"500A556E696F6E5061792044")...)
	d.start = fmt.Sprintf("%X", emv.Append(nil, 0x77, shuffled))
	s := NewCertified(Contactless, d)
	got, err := s.Read(context.Background(), Purchase{Amount: 100})
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprintf("%X", got.F55) != referenceSale || fmt.Sprintf("%X", got.ShortF55) != referenceReversal {
		t.Errorf("%X\n%X", got.F55, got.ShortF55)
	}
	if got.PAN != "6224242900000113" || got.Expiry != "2806" || got.Sequence != "001" || got.Cryptogram != ARQC || got.NeedPIN ||
		!got.ODA || got.Expired || got.Entry != Contactless || got.AID != "A000000333010101" || got.AIDName != "UnionPay D" || len(d.purchases) != 1 {
		t.Errorf("%+v", got)
	}
	final, err := s.Finish(context.Background(), Answer{Approved: true, Code: "00"})
	if err != nil || final.Cryptogram != TC || fmt.Sprintf("%X", final.Scripts) != "2000000001" || len(d.asked) != 1 ||
		!bytes.HasSuffix(final.ShortF55, unhexed("DF31052000000001")) || !bytes.Contains(final.F55, unhexed("9F26080102030405060708")) {
		t.Errorf("%+v %v", final, err)
	}
	if _, err := s.Finish(context.Background(), Answer{}); err == nil {
		t.Error("finished twice")
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil || d.closed != 1 {
		t.Errorf("closed %d times %v", d.closed, err)
	}
}

// TestCertifiedReaderNamesTheApplication by whatever it says of it: the acquirer's limits go by that name.
func TestCertifiedReaderNamesTheApplication(t *testing.T) {
	const rest = "57106224242900000113D280620139490310" + "9F270140" + "95050000000000"
	for tlv, want := range map[string]string{
		"8408A000000333010102": "A000000333010102", "4F08A000000333010103": "A000000333010103", "9F0607A0000003330101": "A0000003330101",
		"8408A000000333010102" + "9F0607A0000003330101": "A000000333010102", "": "",
	} {
		if got, err := NewCertified(Chip, &device{start: tlv + rest}).Read(context.Background(), Purchase{}); err != nil || got.AID != want {
			t.Errorf("%s: %q, want %q %v", tlv, got.AID, want, err)
		}
	}
}

// TestCertifiedReaderWords: what its objects mean, and what is refused.
func TestCertifiedReaderWords(t *testing.T) {
	const id = "57106224242900000113D280620139490310"
	for name, test := range map[string]struct {
		tlv       string
		only      bool
		crypto    byte
		pin, sign bool
		oda, over bool
		code      string
		reason    string
	}{
		"TC":                  {tlv: id + "9F270140" + "95050000000000" + "9F34031F0302", crypto: TC, oda: true},
		"online PIN":          {tlv: id + "9F270180" + "95050000048000" + "9F3403420300", crypto: ARQC, pin: true, oda: true},
		"signature":           {tlv: id + "9F270180" + "95050000000000" + "9F34031E0300", crypto: ARQC, sign: true, oda: true},
		"signature failed":    {tlv: id + "9F270180" + "95050000800000" + "9F34031E0301", crypto: ARQC, oda: true},
		"expired, no ODA":     {tlv: id + "9F270100" + "95058040000000", crypto: AAC, over: true, reason: emv.ReasonDeclined},
		"PIN tries":           {tlv: id + "9F270102" + "95050000000000", crypto: AAC, oda: true, reason: emv.ReasonPINTries},
		"the number only":     {tlv: id + "9F270100" + "95050000000000" + "9F3403420300", only: true, crypto: ARQC, oda: true},
		"PAN and date":        {tlv: "5A086224242900000113" + "5F2403280630" + "9F270140" + "95050000000000", crypto: TC, oda: true},
		"no cryptogram":       {tlv: id + "95050000000000", code: emv.ReasonData},
		"no TVR":              {tlv: id + "9F270140", code: emv.ReasonData},
		"a short TVR":         {tlv: id + "9F270140" + "950400000000", code: emv.ReasonData},
		"no number":           {tlv: "9F270140" + "95050000000000", code: emv.ReasonData},
		"two numbers":         {tlv: id + "5A086224242900000121" + "9F270140" + "95050000000000", code: emv.ReasonData},
		"one object, 2 words": {tlv: id + "9F270140" + "9F270180" + "95050000000000", code: emv.ReasonData},
		"no TLV":              {tlv: "9F27", code: emv.ReasonData},
		"nothing":             {tlv: "", code: emv.ReasonData},
	} {
		s := NewCertified(Chip, &device{start: test.tlv})
		got, err := s.Read(context.Background(), Purchase{ReadOnly: test.only})
		if pos.WhyNot(err, "") != test.code {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err == nil && (got.Cryptogram != test.crypto || got.NeedPIN != test.pin || got.Signature != test.sign ||
			got.ODA != test.oda || got.Expired != test.over || got.Reason != test.reason || got.PAN != "6224242900000113" ||
			got.Expiry != "2806" || test.only != (len(got.F55) == 0)) {
			t.Errorf("%s: %+v", name, got)
		}
		final, ferr := s.Finish(context.Background(), Answer{Unreachable: true})
		switch {
		case err != nil && ferr == nil:
			t.Errorf("%s: finished without a card", name)
		case test.code == "" && test.crypto == TC && (final.Cryptogram != TC || !bytes.HasSuffix(final.F55, []byte("\x8A\x02Y1"))):
			t.Errorf("%s: %+v", name, final)
		}
	}
	for cause, want := range map[error]string{
		ErrCardRemoved: emv.ReasonRemoved, pos.ErrCardUnfit: emv.ReasonUnsupported, errors.New("cable"): emv.ReasonUnreadable,
		&pos.Error{Code: "see_phone", Message: "x"}: emv.ReasonSeePhone,
	} {
		_, err := NewCertified(Chip, &device{err: cause}).Read(context.Background(), Purchase{})
		if !errors.Is(err, cause) || pos.WhyNot(err, "") != want {
			t.Errorf("%v: %v", cause, err)
		}
	}
}

// TestACertifiedReadersRefusalHasItsReason: at the end the cashier was told of an AAC and not why.
func TestACertifiedReadersRefusalHasItsReason(t *testing.T) {
	const id, tvr = "57106224242900000113D280620139490310", "95050000000000"
	for name, test := range map[string]struct {
		start, complete string
		answer          Answer
		want            string
	}{
		"refused at once":              {"9F270102", "", Answer{}, emv.ReasonPINTries},
		"the issuer is not recognised": {"9F270180", "9F270103", Answer{Approved: true, Code: "00"}, emv.ReasonIssuerUnknown},
		"no host":                      {"9F270180", "9F270100", Answer{Unreachable: true}, emv.ReasonOffline},
		"the host refused":             {"9F270180", "9F270100", Answer{Code: "51"}, ""},
		"approved":                     {"9F270180", "9F270140", Answer{Approved: true, Code: "00"}, ""},
	} {
		s := NewCertified(Chip, &device{start: id + tvr + test.start, complete: test.complete})
		if _, err := s.Read(context.Background(), Purchase{}); err != nil {
			t.Fatal(name, err)
		}
		if final, err := s.Finish(context.Background(), test.answer); err != nil || final.Reason != test.want {
			t.Errorf("%s: %q %v", name, final.Reason, err)
		}
	}
}
