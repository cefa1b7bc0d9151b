package emv

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"tillkeeper/app/pos"
)

// The field 55 of the profile's reference messages: a contactless sale and the reversal of it.
const (
	saleF55 = "9F260895BBE372271DDA7C9F2701809F101307010103A00000010A010000000000ED538FE49F37047F9F349E9F3602015795" +
		"0500000000009A032603019C01009F02060000000001005F2A02015682027C009F1A0201569F03060000000000009F3303E0E1C8" +
		"9F34031F00009F3501229F1E0831323334353637388408A0000003330101019F090200209F410400000123"
	reversalF55 = "9505" + "0000000000" + "9F1E083132333435363738" + "9F101307010103A00000010A010000000000ED538FE4" + "9F36020157"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func bytesOf(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestField55 reproduces both from the same objects, handed over in no order.
func TestField55(t *testing.T) {
	objects, err := Parse(bytesOf(t, saleF55))
	if err != nil {
		t.Fatal(err)
	}
	values := map[Tag][]byte{tagTSI: {1, 2}, tagPAN: {0x62}, tagAuthCode: []byte("00")}
	for _, o := range objects {
		values[o.Tag] = o.Value
	}
	value := func(t Tag) []byte { return values[t] }
	if got := BuildField55(value); !bytes.Equal(got, bytesOf(t, saleF55)) || len(got) != 145 {
		t.Errorf("field 55 %X", got)
	}
	if got := BuildShortField55(value); !bytes.Equal(got, bytesOf(t, reversalF55)) || len(got) != 45 {
		t.Errorf("short field 55 %X", got)
	}
}

// TestTerminalData: what the terminal itself puts into field 55 is what the reference has.
func TestTerminalData(t *testing.T) {
	terminal := DefaultTerminal()
	terminal.Random = bytes.NewReader([]byte{0x7F, 0x9F, 0x34, 0x9E})
	d := New(terminal, nil)
	d.req = Request{Amount: 100, Time: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), STAN: "000123", TID: "12345678", PINLimit: 100000, Contactless: true}
	if err := d.terminalData(); err != nil {
		t.Fatal(err)
	}
	if err := d.verifyCardholder(t.Context()); err != nil {
		t.Fatal(err)
	}
	for tag, v := range map[Tag]string{
		tagCryptogram: "95BBE372271DDA7C", tagCID: "80", tagIssuerData: "07010103A00000010A010000000000ED538FE4",
		tagATC: "0157", tagAIP: "7C00", tagDFName: "A000000333010101",
	} {
		d.data[tag] = bytesOf(t, v)
	}
	want := bytesOf(t, saleF55)
	if got, err := d.field55(); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%X\n%X %v", got, want, err)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, s := range map[string]string{
		"tag cut off":     "9F",
		"tag too long":    "9F81818101" + "00",
		"no length":       "9F26",
		"length past end": "9F260895",
		"indefinite":      "70800000",
		"three bytes":     "9F2683000001AA",
		"inside cut off":  "70039F2608",
		"length cut off":  "9F2682",
		"leading zero":    "9F800100",
		"left over":       "5A01625A",
		"too deep":        "70 12 70 10 70 0E 70 0C 70 0A 70 08 70 06 70 04 70 02 70 00",
	} {
		b := bytesOf(t, string(bytes.ReplaceAll([]byte(s), []byte(" "), nil)))
		if o, err := Parse(b); !errors.Is(err, ErrTLV) {
			t.Errorf("%s: %v %v", name, o, err)
		}
	}
	if _, err := Parse(bytes.Repeat([]byte{0x5A, 0}, maxTLVObjects+1)); !errors.Is(err, ErrTLV) {
		t.Error("too many objects")
	}
	if _, err := Parse(make([]byte, maxTLVInput+1)); !errors.Is(err, ErrTLV) {
		t.Error("too many bytes")
	}
}

func TestParseAndFind(t *testing.T) {
	b := bytesOf(t, "00"+"6F128407A0000000031010A5075005554E494F4E"+"00")
	objects, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	if v, ok := Find(objects, tagFCI, tagFCIProprietary, tagLabel); !ok || string(v) != "UNION" {
		t.Errorf("%q %v", v, ok)
	}
	if _, ok := Find(objects, tagFCI, tagLabel); ok {
		t.Error("found where it is not")
	}
	if got := Encode(objects...); !bytes.Equal(got, b[1:len(b)-1]) {
		t.Errorf("%X", got)
	}
	for _, n := range []int{0, 127, 128, 255, 256, 65529} {
		o, err := Parse(Append(nil, 0xDF8129, make([]byte, n)))
		if err != nil || len(o) != 1 || len(o[0].Value) != n || o[0].Tag != 0xDF8129 {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

func TestFill(t *testing.T) {
	list, err := ParseDOL(bytesOf(t, "9F02069F0204"+"9F0208"+"5A045A0A"+"9F6604"+"A502"))
	if err != nil {
		t.Fatal(err)
	}
	got := Fill(list, func(tag Tag) []byte {
		return map[Tag][]byte{tagAmount: {0, 0, 0, 0, 1, 0x23}, tagPAN: {0x62, 0x24, 0x24, 0x29, 0x99}, 0xA5: {1, 2}}[tag]
	})
	want := bytesOf(t, "000000000123"+"00000123"+"0000000000000123"+"62242429"+"6224242999FFFFFFFFFF"+"00000000"+"0000")
	if !bytes.Equal(got, want) {
		t.Errorf("%X\n%X", got, want)
	}
	for _, bad := range []string{"9F", "9F02", "9F0281"} {
		if _, err := ParseDOL(bytesOf(t, bad)); !errors.Is(err, ErrTLV) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// TestCVM walks cardholder verification lists (EMV Book 3, 10.5) of a contact card.
func TestCVM(t *testing.T) {
	for name, test := range map[string]struct {
		list     string
		amount   int64 // negative: without a host
		pin, sig bool
		tvr      byte
		result   string
	}{
		"online PIN":               {"00000000000000004203", 1, true, false, 0x04, "420300"},
		"signature":                {"00000000000000001E00", 1, false, true, 0, "1E0000"},
		"none":                     {"00000000000000001F00", 1, false, false, 0, "1F0002"},
		"under X none":             {"00000064000000001F064203", 99, false, false, 0, "1F0602"},
		"at X online PIN":          {"00000064000000001F064203", 100, true, false, 0x04, "420300"},
		"over Y":                   {"00000000000000640209" + "1F00", 101, true, false, 0x04, "020900"},
		"fail":                     {"000000000000000000001F00", 1, false, false, 0x80, "000001"},
		"offline PIN, then none":   {"000000000000000041001F03", 1, false, false, 0x10, "1F0302"},
		"offline PIN if supported": {"000000000000000041031F03", 1, false, false, 0, "1F0302"},
		"offline PIN and no more":  {"000000000000000001001F03", 1, false, false, 0x90, "010001"},
		"unknown, then none":       {"000000000000000060001F03", 1, false, false, 0x40, "1F0302"},
		"online PIN, no host":      {"000000000000000042031E03", -1, false, true, 0, "1E0300"},
		"always PIN, no host":      {"000000000000000042001E03", -1, false, true, 0x10, "1E0300"},
		"only PIN, no host":        {"00000000000000000200", -1, false, false, 0x90, "020001"},
		"no rule holds":            {"00000000000000000201", 1, false, false, 0x80, "3F0001"},
		"unattended cash":          {"00000000000000000201" + "1F04", 1, false, false, 0x80, "3F0001"},
		"no cash here":             {"00000000000000001F02", 1, false, false, 0, "1F0202"},
		"at X none":                {"00000064000000001F061E03", 100, false, true, 0, "1E0300"},
		"at Y is not over":         {"00000000000000640209" + "1F00", 100, false, false, 0, "1F0002"},
		"over X PIN":               {"00000064000000000207" + "1F00", 101, true, false, 0x04, "020700"},
		"under Y":                  {"00000000000000641F081E03", 99, false, false, 0, "1F0802"},
		"at Y signature":           {"00000000000000641F081E03", 100, false, true, 0, "1E0300"},
		"condition of the future":  {"000000000000000002801F00", 1, false, false, 0, "1F0002"},
		"PIN and signature":        {"000000000000000043001E03", 1, false, true, 0x10, "1E0300"},
		"sealed PIN and signature": {"000000000000000045031E03", 1, false, true, 0, "1E0300"},
		"fail does not go on":      {"000000000000000040001F00", 1, false, false, 0x80, "400001"},
		"unknown and no more":      {"000000000000000020001F00", 1, false, false, 0xC0, "200001"},
		"cash only":                {"000000000000000002041F05", 1, false, false, 0x80, "3F0001"},
	} {
		d := New(DefaultTerminal(), nil)
		d.req.Amount, d.req.Offline = max(test.amount, -test.amount), test.amount < 0
		d.data[tagAIP] = []byte{0x7C, 0}
		d.data[tagCurrency], d.data[tagCardCurrency] = []byte{1, 0x56}, []byte{1, 0x56}
		d.data[tagCVMList] = bytesOf(t, test.list)
		if err := d.verifyCardholder(t.Context()); err != nil {
			t.Fatal(err)
		}
		if d.needPIN != test.pin || d.signature != test.sig || d.tvr[2] != test.tvr ||
			!bytes.Equal(d.data[tagCVMResults], bytesOf(t, test.result)) {
			t.Errorf("%s: PIN %v signature %v TVR %02X result %X", name, d.needPIN, d.signature, d.tvr[2], d.data[tagCVMResults])
		}
	}
}

// TestCVMListOfTheWrongForm: rules cut in half end the payment, none at all are a missing object (EMV Book 3, 7.5, 10.5); a
// card that knows no verification is asked for none, and amounts in another currency say nothing.
func TestCVMListOfTheWrongForm(t *testing.T) {
	for name, test := range map[string]struct {
		list, aip, currency, result string
		tvr                         [5]byte
		tsi                         byte
		bad                         bool
	}{
		"half a rule":          {"00000000000000001F", "7C00", "0156", "3F0000", [5]byte{}, 0, true},
		"rule and a half":      {"00000000000000001F0002", "7C00", "0156", "3F0000", [5]byte{}, 0, true},
		"no rules":             {"0000000000000000", "7C00", "0156", "3F0000", [5]byte{0x20}, 0, false},
		"missing":              {"", "7C00", "0156", "3F0000", [5]byte{0x20}, 0, false},
		"not supported":        {"00000000000000001F00", "6C00", "0156", "3F0000", [5]byte{}, 0, false},
		"in dollars":           {"00000064000000001F061E03", "7C00", "0840", "1E0300", [5]byte{}, tsiVerified, false},
		"in no currency":       {"00000064000000001F061E03", "7C00", "", "1E0300", [5]byte{}, tsiVerified, false},
		"in our own currency":  {"00000064000000001F061E03", "7C00", "0156", "1F0602", [5]byte{}, tsiVerified, false},
		"nothing is fulfilled": {"00000064000000001F071E09", "7C00", "0840", "3F0001", [5]byte{2: 0x80}, tsiVerified, false},
	} {
		d := New(DefaultTerminal(), nil)
		d.req = Request{Amount: 1, TID: "12345678", Time: noon}
		if err := d.terminalData(); err != nil {
			t.Fatal(err)
		}
		d.data[tagAIP], d.data[tagCVMList], d.data[tagCardCurrency] = bytesOf(t, test.aip), bytesOf(t, test.list), bytesOf(t, test.currency)
		err := d.verifyCardholder(t.Context())
		if (pos.WhyNot(err, "") == ReasonData) != test.bad || d.tvr != test.tvr || d.tsi[0] != test.tsi ||
			!bytes.Equal(d.data[tagCVMResults], bytesOf(t, test.result)) {
			t.Errorf("%s: TVR %X TSI %X result %X %v", name, d.tvr, d.tsi, d.data[tagCVMResults], err)
		}
	}
}

// TestHashOfTheTransaction is the TC hash value (98): over what the card's TDOL asks for, else over nothing, with its bit.
func TestHashOfTheTransaction(t *testing.T) {
	list, err := ParseDOL(bytesOf(t, "9814"+"9F0206"))
	if err != nil {
		t.Fatal(err)
	}
	for tdol, want := range map[string]struct {
		over string
		tvr  byte
	}{"9F0206": {"000000000123", 0}, "": {"", 0x80}, "9F": {"", 0x80}} {
		d := New(DefaultTerminal(), nil)
		d.data[tagAmount], d.data[tagTDOL] = bytesOf(t, "000000000123"), bytesOf(t, tdol)
		if got := d.fill(list); !bytes.Equal(got, append(hash(bytesOf(t, want.over)), bytesOf(t, "000000000123")...)) || d.tvr[4] != want.tvr {
			t.Errorf("%q: %X TVR %X", tdol, got, d.tvr)
		}
	}
}

// TestReasonsAreWhole: every reason has a text and what to do about it, and an error without one gets the right one.
func TestReasonsAreWhole(t *testing.T) {
	for code, text := range Reasons() {
		if text[0] == "" || text[1] == "" || strings.ToLower(code) != code || strings.Contains(code, " ") {
			t.Errorf("%q: %q", code, text)
		}
	}
	for _, test := range []struct {
		err  error
		want string
	}{
		{ErrCardRemoved, ReasonRemoved},
		{ErrCardUnreadable, ReasonUnreadable},
		{ErrChip, ReasonUnreadable},
		{ErrNoApplication, ReasonUnsupported},
		{ErrUnsupported, ReasonRequest},
		{ErrCancelled, ReasonCancelled},
		{fmt.Errorf("%w: %w", ErrCancelled, context.DeadlineExceeded), ReasonTimeout},
		{fault(ReasonExpired, ErrCardUnreadable, "x"), ReasonExpired},
	} {
		got := Coded(test.err)
		if pos.WhyNot(got, "") != test.want || !errors.Is(got, errors.Unwrap(test.err)) && !errors.Is(got, test.err) {
			t.Errorf("%v: %q", test.err, pos.WhyNot(got, ""))
		}
	}
	if Coded(nil) != nil {
		t.Error("a reason for nothing")
	}
}

// TestActionAnalysis is the table of EMV Book 3, 10.7.
func TestActionAnalysis(t *testing.T) {
	for name, test := range map[string]struct {
		tvr  [5]byte
		req  Request
		want byte
	}{
		"clean":                 {want: TC},
		"clean, forced":         {req: Request{ForceOnline: true}, want: ARQC},
		"floor limit":           {tvr: [5]byte{3: 0x80}, want: ARQC},
		"floor limit, no host":  {tvr: [5]byte{3: 0x80}, req: Request{Offline: true}, want: AAC},
		"not allowed":           {tvr: [5]byte{1: 0x10}, req: Request{ForceOnline: true}, want: AAC},
		"expired":               {tvr: [5]byte{1: 0x40}, want: ARQC},
		"expired, no host":      {tvr: [5]byte{1: 0x40}, req: Request{Offline: true}, want: AAC},
		"versions, no host":     {tvr: [5]byte{1: 0x80}, req: Request{Offline: true}, want: TC},
		"random":                {tvr: [5]byte{3: 0x10}, want: ARQC},
		"random, no host":       {tvr: [5]byte{3: 0x10}, req: Request{Offline: true}, want: TC},
		"online PIN, no host":   {tvr: [5]byte{2: 0x04}, req: Request{Offline: true}, want: AAC},
		"pad missing, no host":  {tvr: [5]byte{2: 0x10}, req: Request{Offline: true}, want: AAC},
		"not authenticated":     {tvr: [5]byte{0: 0x80}, want: ARQC},
		"none of it, no host":   {tvr: [5]byte{0: 0x80}, req: Request{Offline: true}, want: AAC},
		"dynamic failed":        {tvr: [5]byte{0: 0x08}, want: ARQC},
		"not allowed, no force": {tvr: [5]byte{1: 0x10}, want: AAC},
	} {
		d := New(DefaultTerminal(), nil)
		d.tvr, d.req = test.tvr, test.req
		for _, tag := range []Tag{tagIACOnline, tagIACDefault, tagIACDenial} {
			d.data[tag] = make([]byte, 5)
		}
		if got := d.analyse(); got != test.want {
			t.Errorf("%s: %02X, want %02X", name, got, test.want)
		}
	}
	d := New(DefaultTerminal(), nil)
	d.tvr[4] = 0x01 // the card's codes are missing: any bit goes online, and is refused without the host
	if got := d.analyse(); got != ARQC {
		t.Errorf("missing online code: %02X", got)
	}
	d.req.Offline = true
	if got := d.analyse(); got != AAC {
		t.Errorf("missing default code: %02X", got)
	}
}

func TestCATable(t *testing.T) {
	good := CAKey{RID: [5]byte{0xA0}, Index: 1, Modulus: bytes.Repeat([]byte{0xFF}, 64), Exponent: []byte{3}}
	short, even := good, good
	short.Modulus, even.Exponent = good.Modulus[1:], []byte{4}
	for _, keys := range [][]CAKey{{short}, {even}, {good, good}} {
		if _, err := NewCATable(keys...); !errors.Is(err, ErrCAKey) {
			t.Errorf("%v: %v", keys, err)
		}
	}
	good.Expires = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	table, err := NewCATable(good)
	if err != nil {
		t.Fatal(err)
	}
	for year, want := range map[int]bool{2025: true, 2027: false} {
		if _, ok := table.find([]byte{0xA0, 0, 0, 0, 0, 1}, 1, time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)); ok != want {
			t.Errorf("%d: %v", year, ok)
		}
	}
}
