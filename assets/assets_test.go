package assets

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/image/font/sfnt"
)

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := FS.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func rows(t *testing.T, name, header string) [][]string {
	t.Helper()
	all, err := csv.NewReader(strings.NewReader(string(read(t, name)))).ReadAll()
	if err != nil {
		t.Fatal(name, err)
	}
	if got := strings.Join(all[0], ","); got != header {
		t.Fatalf("%s: header %q, want %q", name, got, header)
	}
	return all[1:]
}

func checkDigit(body string, weight func(fromRight int) int) int {
	sum := 0
	for i := range len(body) {
		n := int(body[len(body)-1-i]-'0') * weight(i)
		sum += n
	}
	return (10 - sum%10) % 10
}

func eanOK(code string) bool {
	body, last := code[:len(code)-1], int(code[len(code)-1]-'0')
	return checkDigit(body, func(i int) int {
		if i%2 == 0 {
			return 3
		}
		return 1
	}) == last
}

func luhnOK(pan string) bool {
	sum := 0
	for i := range len(pan) {
		n := int(pan[len(pan)-1-i] - '0')
		if i%2 == 1 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum%10 == 0
}

const productHeader = "sku,barcode,name,price,tax,category,unit"

func TestProducts(t *testing.T) {
	goods := rows(t, "demo/products.csv", productHeader)
	if len(goods) < 300 {
		t.Fatalf("only %d goods", len(goods))
	}
	weighed, sku, code, price := 0, map[string]bool{}, map[string]bool{}, map[string]string{}
	for _, g := range goods {
		if sku[g[0]] || code[g[1]] {
			t.Errorf("%v: sku or barcode twice", g)
		}
		sku[g[0]], code[g[1]], price[g[2]] = true, true, g[3]
		if whole, frac, ok := strings.Cut(g[3], "."); !ok || whole == "" || len(frac) != 2 {
			t.Errorf("%v: price", g)
		}
		if g[4] != "13" && g[4] != "9" {
			t.Errorf("%v: tax", g)
		}
		switch {
		case g[6] == "kg":
			weighed++
			if len(g[1]) != 7 || !strings.HasPrefix(g[1], "21") {
				t.Errorf("%v: a weighed article has 21 and its PLU", g)
			}
		case len(g[1]) != 13 || g[1][:2] != "69" || !eanOK(g[1]):
			t.Errorf("%v: not a valid EAN-13 from 690 to 699", g)
		}
	}
	if weighed < 12 {
		t.Errorf("only %d weighed goods", weighed)
	}
	for name, want := range map[string]string{
		"可口可乐 330ml": "3.00", "农夫山泉 550ml": "2.00", "康师傅红烧牛肉面": "4.50",
		"蒙牛纯牛奶 250ml×12": "58.90", "金龙鱼大米 5kg": "89.90", "红富士苹果 称重": "15.92",
	} {
		if price[name] != want {
			t.Errorf("%s costs %q, want %s", name, price[name], want)
		}
	}
}

func TestQuickKeysNameGoods(t *testing.T) {
	sku := map[string]bool{}
	for _, g := range rows(t, "demo/products.csv", productHeader) {
		sku[g[0]] = true
	}
	count := map[string]int{}
	for _, k := range rows(t, "demo/quickkeys.csv", "category,position,sku,name,spec") {
		count[k[0]]++
		if pos, err := strconv.Atoi(k[1]); err != nil || pos != count[k[0]] {
			t.Errorf("%v: position, want %d", k, count[k[0]])
		}
		if !sku[k[2]] {
			t.Errorf("%v: no such article", k)
		}
	}
	if len(count) != 4 || count["常用"] != 12 {
		t.Errorf("tiles by category: %v", count)
	}
}

func TestStaff(t *testing.T) {
	role := map[string]string{}
	for _, s := range rows(t, "demo/staff.csv", "id,name,role,pin") {
		role[s[0]] = s[2]
		if s[3] != "135790" {
			t.Errorf("%v: PIN", s)
		}
	}
	for id, want := range map[string]string{"1001": "cashier", "2001": "supervisor", "9001": "owner"} {
		if role[id] != want {
			t.Errorf("%s is %q, want %s", id, role[id], want)
		}
	}
}

// demoCard is an entry of demo/deck.json.
type demoCard struct {
	Name, PAN, Expiry, Sequence, PIN, Entry, Offline, State, Traits string
}

// demoAccount is a value of demo/accounts.json: sums in fen.
type demoAccount struct {
	Name    string `json:"name"`
	Balance int64  `json:"balance"`
	State   string `json:"state"`
	PIN     string `json:"pin"`
	Limit   int64  `json:"limit"`
	Count   int    `json:"count"`
	SMS     bool   `json:"sms"`
	SMSFrom int64  `json:"sms_from"`
	Answer  string `json:"answer"`
}

func strict(t *testing.T, name string, into any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(read(t, name))))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		t.Fatal(name, err)
	}
}

func TestDeckAndAccounts(t *testing.T) {
	var deck []demoCard
	accounts := map[string]demoAccount{}
	strict(t, "demo/deck.json", &deck)
	strict(t, "demo/accounts.json", &accounts)
	seen := map[string]bool{}
	for _, c := range deck {
		if seen[c.Name] || seen[c.PAN] {
			t.Errorf("%s: name or PAN twice", c.Name)
		}
		seen[c.Name], seen[c.PAN] = true, true
		if len(c.PAN) != 16 || !strings.HasPrefix(c.PAN, "62") || !luhnOK(c.PAN) {
			t.Errorf("%s: PAN fails Luhn", c.Name)
		}
		if (c.Expiry < "2612") != (c.Name == "expired-54") {
			t.Errorf("%s: expiry %s", c.Name, c.Expiry)
		}
		if accounts[c.PAN].Name != c.Name {
			t.Errorf("%s: account is %q", c.Name, accounts[c.PAN].Name)
		}
	}
	if len(accounts) != len(deck) {
		t.Errorf("%d accounts for %d cards", len(accounts), len(deck))
	}
	if deck[0].Name != "ok" || deck[0].PAN != "6224242900000113" || deck[0].PIN != "123456" {
		t.Errorf("the first card: %+v", deck[0])
	}
	for _, n := range []string{"chip", "swipe", "offline-approve", "offline-decline", "damaged", "torn", "funds-51"} {
		if !seen[n] {
			t.Errorf("no card %q", n)
		}
	}
}

func TestIconsParse(t *testing.T) {
	want := "card qr cash split hold recall refund wallet menu backspace tag percent scale trash times plus check cross question printer scan search user cart bars list clock drawer layout box gear send chevron-left chevron-right calendar download refresh sun moon phone file pinpad info lock globe plug arrow-up arrow-down note"
	for _, name := range strings.Fields(want) {
		if _, err := FS.ReadFile("icons/" + name + ".svg"); err != nil {
			t.Error(err)
		}
	}
	files, err := fs.Glob(FS, "icons/*.svg")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		d := xml.NewDecoder(strings.NewReader(string(read(t, name))))
		for {
			tok, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(name, err)
			}
			if el, ok := tok.(xml.StartElement); ok && el.Name.Local != "svg" && el.Name.Local != "path" {
				t.Errorf("%s: element %s", name, el.Name.Local)
			}
		}
	}
}

func TestSoundsAreWAV(t *testing.T) {
	for _, n := range []string{"ok", "refused", "unknown", "scan"} {
		b := read(t, "sounds/"+n+".wav")
		if string(b[:4]) != "RIFF" || string(b[8:12]) != "WAVE" || int(binary.LittleEndian.Uint32(b[4:]))+8 != len(b) {
			t.Errorf("%s is not a whole WAV", n)
		}
	}
}

func TestFontsHaveEveryRune(t *testing.T) {
	var text strings.Builder
	err := fs.WalkDir(FS, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		switch path[:strings.IndexByte(path, '/')] {
		case "demo", "codes", "texts", "profiles":
			b := read(t, path)
			if !utf8.Valid(b) {
				t.Errorf("%s is not UTF-8", path)
			}
			text.Write(b)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"fonts/NotoSansSC-Regular.ttf", "fonts/NotoSansSC-Bold.ttf"} {
		f, err := sfnt.Parse(read(t, name))
		if err != nil {
			t.Fatal(name, err)
		}
		var buf sfnt.Buffer
		missing := map[rune]bool{}
		for _, r := range text.String() {
			if r < ' ' || missing[r] {
				continue
			}
			if i, err := f.GlyphIndex(&buf, r); err != nil || i == 0 {
				missing[r] = true
				t.Errorf("%s has no %q", name, r)
			}
		}
		if i, _ := f.GlyphIndex(&buf, '𠀀'); i != 0 {
			t.Errorf("%s: a rune outside GBK was found, so this test proves nothing", name)
		}
	}
}

// Test_a_face_is_read_where_it_lies reads it twice, and once more after it rested.
func Test_a_face_is_read_where_it_lies(t *testing.T) {
	for _, name := range []string{"fonts/NotoSansSC-Regular.ttf", "fonts/NotoSansSC-Bold.ttf"} {
		one, two := read(t, name), read(t, name)
		if &one[0] != &two[0] {
			t.Errorf("%s is copied", name)
		}
		FS.Rest()
		f, err := FS.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		whole, err := io.ReadAll(f)
		if err != nil || !bytes.Equal(whole, one) {
			t.Errorf("%s is another file when opened: %v", name, err)
		}
	}
}
