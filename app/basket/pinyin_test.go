package basket

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// gb2312Starts gives the first character of each initial in level 1 of
// GB 2312 (16-01 to 55-89), which is ordered by reading.
var gb2312Starts = []struct {
	code   int
	letter byte
}{
	{0xB0A1, 'a'},
	{0xB0C5, 'b'},
	{0xB2C1, 'c'},
	{0xB4EE, 'd'},
	{0xB6EA, 'e'},
	{0xB7A2, 'f'},
	{0xB8C1, 'g'},
	{0xB9FE, 'h'},
	{0xBBF7, 'j'},
	{0xBFA6, 'k'},
	{0xC0AC, 'l'},
	{0xC2E8, 'm'},
	{0xC4C3, 'n'},
	{0xC5B6, 'o'},
	{0xC5BE, 'p'},
	{0xC6DA, 'q'},
	{0xC8BB, 'r'},
	{0xC8F6, 's'},
	{0xCBFA, 't'},
	{0xCDDA, 'w'},
	{0xCEF4, 'x'},
	{0xD1B9, 'y'},
	{0xD4D1, 'z'},
}

func TestInitialsAgreeWithTheOrderOfGB2312(t *testing.T) {
	if len(initials) != lastHan-firstHan+1 {
		t.Fatalf("%d initials for %d characters", len(initials), lastHan-firstHan+1)
	}
	n := 0
	for hi := 0xB0; hi <= 0xD7; hi++ {
		for lo := 0xA1; lo <= 0xFE; lo++ {
			code := hi<<8 | lo
			if code > 0xD7F9 {
				break
			}
			var want byte
			for _, s := range gb2312Starts {
				if code >= s.code {
					want = s.letter
				}
			}
			b, err := simplifiedchinese.GBK.NewDecoder().Bytes([]byte{byte(hi), byte(lo)})
			if err != nil {
				t.Fatal(err)
			}
			n++
			if r := []rune(string(b))[0]; strings.IndexByte(typed(r), want) < 0 {
				t.Errorf("%c (%X) reads %q, by its place %q", r, code, typed(r), want)
			}
		}
	}
	if n != 3755 {
		t.Errorf("%d characters of level 1, want 3755", n)
	}
}

func TestSpellings(t *testing.T) {
	for name, want := range map[string]string{
		"可口可乐 330ml": "kkkl330ml", "农夫山泉 550ml": "nfsq550ml", "红牛 250ml": "hn250ml", "茶叶蛋": "cyd", "鲜肉包": "xrb",
		"关东煮": "gdz", "现磨豆浆": "xmdj", "饭团 金枪鱼": "ftjqy", "中华 硬包": "zhyb", "康师傅红烧牛肉面": "ksfhsnrm",
		"蒙牛纯牛奶 250ml×12": "mncnn250ml12", "红富士苹果 称重": "hfspgcz", "茶π蜜桃乌龙": "cpmtwl", "长城干红": "ccgh", "重庆小面": "cqxm",
		"银行": "yh", "行李": "xl", "Oreo": "oreo", "--": "",
	} {
		got := Spellings(name)
		if !slices.Contains(got, want) || len(got) > maxReadings {
			t.Errorf("%s is spelt %v, want %s among them", name, got, want)
		}
	}
	if Initial('x') != 0 || Initial('。') != 0 {
		t.Error("only Chinese characters have an initial")
	}
}
