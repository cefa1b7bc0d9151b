package emv

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

var visa = []byte{0xA0, 0, 0, 0, 0x03, 0x10, 0x10}

// TestPublishedKeys: the checksums that the schemes publish are those that the loader computes.
func TestPublishedKeys(t *testing.T) {
	table := published(t)
	if table.Len() != 9 {
		t.Errorf("%d keys", table.Len())
	}
	union := []byte{0xA0, 0, 0, 0x03, 0x33}
	for _, test := range []struct {
		aid   []byte
		index byte
		day   string
		want  int // bytes of the modulus; 0: as if absent
	}{
		{union, 0x0B, "2026-11-22", 248},
		{union, 0x09, "2026-11-22", 176},
		{union, 0x08, "2026-11-22", 144},
		{union, 0x0A, "2030-12-31", 128},
		{union, 0x0A, "2031-01-01", 0}, // its last day, and the day after
		{union, 0x08, "2031-01-01", 0}, // BCD
		{union, 0x01, "2026-11-22", 0}, // over
		{union, 0x02, "2026-11-22", 0}, // unknown
		{visa, 0x95, "2025-06-01", 144},
		{visa, 0x08, "2025-06-01", 0},
	} {
		day, err := time.Parse("2006-01-02", test.day)
		if err != nil {
			t.Fatal(err)
		}
		key, ok := table.find(test.aid, test.index, day)
		if ok != (test.want > 0) || ok && key.size() != test.want {
			t.Errorf("%X index %02X on %s: %v", test.aid, test.index, test.day, ok)
		}
	}
}

func publishedLine(t testing.TB, index string) string {
	t.Helper()
	raw, err := os.ReadFile("testdata/ca-published.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		if strings.HasPrefix(line, "9F0605A0000003339F2201"+index) {
			return strings.TrimSpace(line)
		}
	}
	t.Fatal("no key " + index)
	return ""
}

// TestLoadCARefuses: one bad line refuses the file, with its own error and the number of the line.
func TestLoadCARefuses(t *testing.T) {
	good := publishedLine(t, "08")
	swapped := func(old, replacement string) string {
		if !strings.Contains(good, old) {
			t.Fatal("test data: " + old)
		}
		return strings.Replace(good, old, replacement, 1)
	}
	for name, test := range map[string]struct {
		file string
		want error
	}{
		"one bit of the modulus":  {swapped("B61645ED", "B61645EC"), ErrCAChecksum},
		"the checksum":            {swapped("DF0314EE", "DF0314EF"), ErrCAChecksum},
		"another index":           {swapped("9F220108", "9F220109"), ErrCAChecksum},
		"another RID":             {swapped("A000000333", "A000000334"), ErrCAChecksum},
		"the exponent":            {swapped("DF040103", "DF040105"), ErrCAChecksum},
		"no checksum":             {swapped("DF0314EE23B616C95C02652AD18860E48787C079E8E85A", ""), ErrCAFormat},
		"a short checksum":        {swapped("DF0314EE23B616C95C02652AD18860E48787C079E8E85A", "DF0301EE"), ErrCAChecksum},
		"no index":                {swapped("9F220108", ""), ErrCAFormat},
		"month 13":                {swapped("20301231", "20301331"), ErrCAFormat},
		"not TLV":                 {good + "9F", ErrCAFormat},
		"not hexadecimal":         {good + "GG", ErrCAFormat},
		"twice":                   {good + "\n" + good, ErrCATwice},
		"revoked without serial":  {"revoked A000000333 08", ErrCAFormat},
		"revoked with too much":   {"revoked A000000333 08 00000001", ErrCAFormat},
		"a line without end":      {strings.Repeat("A", maxCALine+1), ErrCAFormat},
		"a file without end":      {strings.Repeat(strings.Repeat("#", 1000)+"\n", maxCAFile/1000+1), ErrCATooMany},
		"revoked without end":     {manyRevoked(), ErrCATooMany},
		"a modulus of seven bits": {sealed(CAKey{RID: [5]byte{0xA0}, Index: 1, Modulus: bytes.Repeat([]byte{0x7F}, 64), Exponent: []byte{3}}), ErrCAKey},
		"an even exponent":        {sealed(CAKey{RID: [5]byte{0xA0}, Index: 1, Modulus: bytes.Repeat([]byte{0xFF}, 64), Exponent: []byte{4}}), ErrCAKey},
	} {
		table, err := LoadCA(strings.NewReader("# a comment\n\n" + test.file + "\n"))
		if !errors.Is(err, test.want) || !errors.Is(err, ErrCAKey) || table.Len() != 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := LoadCA(strings.NewReader("# a comment\n" + swapped("DF0314EE", "DF0314EF")))
	if err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("which line? %v", err)
	}
}

func manyRevoked() string {
	var b strings.Builder
	for i := range maxRevoked + 1 {
		b.WriteString("revoked A00000033308 " + hex.EncodeToString([]byte{byte(i >> 16), byte(i >> 8), byte(i)}) + "\n")
	}
	return b.String()
}

// sealed writes a key as an acquirer does, with the checksum that belongs to it.
func sealed(k CAKey) string {
	out := Append(nil, tagTerminalAID, k.RID[:])
	out = Append(out, tagCAKeyIndex, []byte{k.Index})
	out = Append(Append(out, tagCAModulus, k.Modulus), tagCAExponent, k.Exponent)
	return hex.EncodeToString(Append(out, tagCAChecksum, k.Checksum()))
}

// TestLoadCAPassesOver: keys for another algorithm are no fault of the file; a revoked certificate and a key without an end
// are taken.
func TestLoadCAPassesOver(t *testing.T) {
	sm2 := strings.Replace(publishedLine(t, "09"), "DF070101", "DF070104", 1)
	table, err := LoadCA(strings.NewReader(sm2 + "\r\n" + publishedLine(t, "08") + "\r\nrevoked a000000333 08 000009\n" +
		sealed(CAKey{RID: [5]byte{0xA0}, Index: 1, Modulus: bytes.Repeat([]byte{0xFF}, 64), Exponent: []byte{1, 0, 1}})))
	if err != nil || table.Len() != 2 {
		t.Fatalf("%d keys %v", table.Len(), err)
	}
	if !table.revoked[Revocation{[5]byte{0xA0, 0, 0, 3, 0x33}, 8, [3]byte{0, 0, 9}}] {
		t.Error("nothing is revoked")
	}
	if _, ok := table.find([]byte{0xA0, 0, 0, 0, 0, 1}, 1, time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)); !ok {
		t.Error("a key without an end is over")
	}
}

// TestTablesStayAsTheyAre: a table that was handed out does not change with what is made of it.
func TestTablesStayAsTheyAre(t *testing.T) {
	one := CAKey{RID: [5]byte{0xA0}, Index: 1, Modulus: bytes.Repeat([]byte{0xFF}, 64), Exponent: []byte{3}}
	two := one
	two.Index = 2
	first, err := CATable{}.With(one)
	if err != nil {
		t.Fatal(err)
	}
	second, err := first.Revoke(Revocation{Index: 1}).With(two)
	if err != nil || first.Len() != 1 || second.Len() != 2 || len(first.revoked) != 0 || len(second.revoked) != 1 {
		t.Errorf("%d and %d keys: %v", first.Len(), second.Len(), err)
	}
	if _, err := second.With(one); !errors.Is(err, ErrCATwice) {
		t.Error(err)
	}
}

// TestKeyStore: a bad file changes nothing, a good one everything at once, and a dialogue keeps what it began with.
func TestKeyStore(t *testing.T) {
	var store KeyStore
	if store.Table().Len() != 0 {
		t.Error("keys from nowhere")
	}
	if err := store.Load(nil); !errors.Is(err, ErrNoTable) {
		t.Error(err)
	}
	if err := store.Load(strings.NewReader(publishedLine(t, "08"))); err != nil {
		t.Fatal(err)
	}
	terminal := DefaultTerminal()
	terminal.Store = &store
	before := New(terminal, nil)
	if err := store.Load(strings.NewReader(publishedLine(t, "09") + "\nzz")); !errors.Is(err, ErrCAFormat) || store.Table().Len() != 1 {
		t.Errorf("a bad file was taken: %v", err)
	}
	if err := store.Load(strings.NewReader(publishedLine(t, "09"))); err != nil {
		t.Fatal(err)
	}
	union := []byte{0xA0, 0, 0, 0x03, 0x33}
	for index, want := range map[byte][2]bool{8: {true, false}, 9: {false, true}} {
		_, old := before.terminal.Keys.find(union, index, noon)
		_, now := New(terminal, nil).terminal.Keys.find(union, index, noon)
		if [2]bool{old, now} != want {
			t.Errorf("index %d: before %v, now %v", index, old, now)
		}
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 50 {
				store.Replace(CATable{})
				store.Table().find(union, 8, noon)
			}
		})
	}
	all.Wait()
}

// FuzzLoadCA: no file panics, and no key gets in whose checksum is not its own.
func FuzzLoadCA(f *testing.F) {
	f.Add(publishedLine(f, "08"))
	f.Add("revoked A000000333 08 000009\n#\n9F0605")
	f.Fuzz(func(t *testing.T, file string) {
		table, err := LoadCA(strings.NewReader(file))
		if err != nil && !errors.Is(err, ErrCAKey) {
			t.Error(err)
		}
		for id, k := range table.keys {
			if !strings.Contains(strings.ToLower(file), hex.EncodeToString(k.Checksum())) {
				t.Errorf("%X: a key without its checksum", id.rid)
			}
		}
	})
}

// TestWrittenKeysAreReadAgain: what WriteCA writes LoadCA reads, whole.
func TestWrittenKeysAreReadAgain(t *testing.T) {
	table := published(t)
	var all []CAKey
	for _, k := range table.keys {
		all = append(all, k)
	}
	var file bytes.Buffer
	if err := WriteCA(&file, all...); err != nil {
		t.Fatal(err)
	}
	back, err := LoadCA(&file)
	if err != nil || back.Len() != table.Len() {
		t.Fatalf("%v, %d keys", err, back.Len())
	}
	for id, k := range table.keys {
		if got := back.keys[id]; !bytes.Equal(got.Modulus, k.Modulus) || !bytes.Equal(got.Exponent, k.Exponent) || !got.Expires.Equal(k.Expires) {
			t.Errorf("%X %02X: %+v", id.rid, id.index, got)
		}
	}
}

// TestTheUpperTableWins: its keys stand over those of the base, which keep what it has not; neither table changes.
func TestTheUpperTableWins(t *testing.T) {
	key := func(index, first byte) CAKey {
		m := bytes.Repeat([]byte{first}, minModulus)
		return CAKey{RID: [5]byte{0xA0}, Index: index, Modulus: m, Exponent: []byte{3}}
	}
	upper, err := NewCATable(key(1, 0xC1), key(2, 0xC2))
	if err != nil {
		t.Fatal(err)
	}
	base, err := NewCATable(key(2, 0xD2), key(3, 0xD3))
	if err != nil {
		t.Fatal(err)
	}
	gone := Revocation{RID: [5]byte{0xA0}, Index: 3, Serial: [3]byte{1, 2, 3}}
	base = base.Revoke(gone)
	both := upper.Over(base)
	for index, want := range map[byte]byte{1: 0xC1, 2: 0xC2, 3: 0xD3} {
		if k := both.keys[caID{[5]byte{0xA0}, index}]; len(k.Modulus) == 0 || k.Modulus[0] != want {
			t.Errorf("index %d: %X", index, k.Modulus)
		}
	}
	if both.Len() != 3 || !both.revoked[gone] || upper.Len() != 2 || base.Len() != 2 || upper.revoked[gone] {
		t.Errorf("%d keys over %d and %d", both.Len(), upper.Len(), base.Len())
	}
	if n := (CATable{}).Over(CATable{}).Len(); n != 0 {
		t.Errorf("%d keys of nothing", n)
	}
}
