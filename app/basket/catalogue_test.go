package basket_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tillkeeper/app/basket"
	"tillkeeper/app/pos"
)

func demo(t testing.TB) *basket.Catalogue {
	t.Helper()
	f, err := os.Open("../../assets/demo/products.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	c, err := basket.LoadCatalogue(f)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDemoCatalogue(t *testing.T) {
	c := demo(t)
	if c.Len() < 300 || !slices.Equal(c.Categories(), []string{"饮料", "零食", "日用", "食品", "烟酒", "鲜食", "生鲜"}) {
		t.Fatalf("%d articles in %v", c.Len(), c.Categories())
	}
	for _, p := range c.All() {
		if p.Barcode == "" || p.Weighed() {
			continue
		}
		if !basket.ValidEAN(p.Barcode) {
			t.Errorf("%s: %s", p.Name, p.Barcode)
		}
		l, err := c.Scan(p.Barcode, pos.TaxIncluded)
		if err != nil || l.SKU != p.SKU || l.Total != p.Price {
			t.Errorf("%s: %+v, %v", p.Name, l, err)
		}
	}
	f, err := os.Open("../../assets/demo/quickkeys.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	keys, err := basket.LoadQuickKeys(f, c)
	if err != nil || len(keys) != 48 {
		t.Errorf("%d quick keys, %v", len(keys), err)
	}
	if n := len(c.InCategory("生鲜")); n < 12 {
		t.Errorf("%d fresh goods", n)
	}
}

func TestSearchByInitialsDigitsAndName(t *testing.T) {
	c := demo(t)
	for query, want := range map[string]string{
		"kkkl": "可口可乐 330ml", "KKKL 5": "可口可乐 500ml", "nfsq": "农夫山泉 550ml", "cyd": "茶叶蛋", "snrm": "康师傅红烧牛肉面",
		"jqy": "饭团 金枪鱼", "金枪": "饭团 金枪鱼", "可乐": "可口可乐 330ml", "可乐 2l": "可口可乐 2L", "hfs": "红富士苹果 称重",
		"ad": "娃哈哈AD钙奶 220g", "100001": "可口可乐 330ml", "6928804002348": "可口可乐 330ml", "2348": "可口可乐 330ml", "002348": "可口可乐 330ml",
	} {
		hits := c.Search(query, 20)
		if !slices.ContainsFunc(hits, func(p pos.Product) bool { return p.Name == want }) {
			t.Errorf("%q does not find %s but %d articles", query, want, len(hits))
		}
	}
	if hits := c.Search("hn", 5); len(hits) == 0 || hits[0].Name != "红牛 250ml" {
		t.Errorf("hn: %v", hits)
	}
	for _, none := range []string{"", " ", "zzzzzz", "没有这种"} {
		if hits := c.Search(none, 5); len(hits) != 0 {
			t.Errorf("%q finds %v", none, hits)
		}
	}
	if hits := c.Search("6", 1000); len(hits) > 200 {
		t.Errorf("%d hits", len(hits))
	}
	if len(c.Search("k", 0)) != 0 || len(c.Search("k", 3)) != 3 {
		t.Error("the limit is not kept")
	}
}

// Every article is found by any of its spellings and by each start of one.
func TestSearchFindsWhatIsThere(t *testing.T) {
	c := demo(t)
	all := c.All()
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom(all).Draw(t, "article")
		q := rapid.SampledFrom(basket.Spellings(p.Name)).Draw(t, "spelling")
		q = q[:rapid.IntRange(1, len(q)).Draw(t, "length")]
		hits := c.Search(q, 200)
		found := slices.ContainsFunc(hits, func(h pos.Product) bool { return h.SKU == p.SKU })
		if !found && len(hits) < 200 {
			t.Errorf("%q does not find %s", q, p.Name)
		}
		skus := map[string]bool{}
		for _, h := range hits {
			if skus[h.SKU] {
				t.Errorf("%q finds %s twice", q, h.Name)
			}
			skus[h.SKU] = true
		}
	})
}

func TestScan(t *testing.T) {
	c := demo(t)
	apples, ok := c.ByBarcode("2100001")
	if !ok || apples.Price != 1592 || !apples.Weighed() {
		t.Fatalf("%+v", apples)
	}
	price := scaleLabel("2100001", 1990)
	weight := scaleLabel("2600001", 350)
	odd := scaleLabel("2100001", 1991)
	for _, row := range []struct {
		code string
		qty  pos.Qty
		sum  pos.Amount
	}{{price, 1250, 1990}, {weight, 350, 557}, {odd, 1251, 1991}, {"6928804002348", 1000, 300}, {" 6928804002348 ", 1000, 300}} {
		l, err := c.Scan(row.code, pos.TaxIncluded)
		if err != nil || l.Qty != row.qty || l.Total != row.sum {
			t.Errorf("%s: %s for %s, %v; want %s for %s", row.code, l.Qty, l.Total, err, row.qty, row.sum)
		}
	}
	for code, want := range map[string]error{
		"6928804002347": basket.ErrCheckDigit, "6900000000007": basket.ErrNoProduct, "2100001": basket.ErrNeedsWeight,
		"": basket.ErrNoProduct, "2199999012342": basket.ErrNoProduct, "../../etc": basket.ErrNoProduct,
	} {
		if basket.ValidEAN(code) != (code == "6900000000007" || code == "2199999012342") {
			t.Errorf("%q: check digit", code)
		}
		if _, err := c.Scan(code, pos.TaxIncluded); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", code, err, want)
		}
	}
}

// A scale's label is paid to the fen, whatever the price of a kilogram.
func TestLabelPriceIsKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kilo := pos.Amount(rapid.Int64Range(20, 99_999).Draw(t, "fen a kg"))
		label := rapid.IntRange(1, 99_999).Draw(t, "label")
		c, err := basket.NewCatalogue([]pos.Product{{SKU: "1", Barcode: "2200001", Name: "肉", Price: kilo, Tax: 900, Unit: "kg"}})
		if err != nil {
			t.Fatal(err)
		}
		code := scaleLabel("2200001", label)
		l, err := c.Scan(code, pos.TaxIncluded)
		if err != nil || l.Total != pos.Amount(label) || l.Discount < 0 || l.Discount > kilo/1000+1 {
			t.Errorf("label %d at %s a kg: %+v, %v", label, kilo, l, err)
		}
	})
}

func TestUPCAIsEAN13(t *testing.T) {
	c, err := basket.NewCatalogue([]pos.Product{
		{SKU: "1", Barcode: "0036000291452", Name: "a", Unit: "件"}, {SKU: "2", Barcode: "012345678905", Name: "b", Unit: "件"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for code, sku := range map[string]string{"036000291452": "1", "0036000291452": "1", "0012345678905": "2"} {
		if p, ok := c.ByBarcode(code); !ok || p.SKU != sku {
			t.Errorf("%s: %+v", code, p)
		}
	}
}

func TestLoadCatalogueNamesLineAndColumn(t *testing.T) {
	head := basket.CatalogueHeader + "\n"
	good := "1,6928804002348,水,2.00,13,饮料,瓶\n"
	for name, c := range map[string]struct{ text, says string }{
		"empty":    {"", "header"},
		"header":   {"a,b\n", "line 1"},
		"columns":  {head + good + "2,3\n", "line 3 has 2 columns"},
		"price":    {head + good + "2,,茶,abc,13,饮料,瓶\n", "line 3, column price"},
		"negative": {head + "2,,茶,-1,13,饮料,瓶\n", "line 2, column price"},
		"decimals": {head + "2,,茶,1.234,13,饮料,瓶\n", "line 2, column price"},
		"tax":      {head + "2,,茶,1,high,饮料,瓶\n", "line 2, column tax"},
		"tax over": {head + "2,,茶,1,101,饮料,瓶\n", "line 2, column tax"},
		"name":     {head + "2,,,1,13,饮料,瓶\n", "line 2, column name"},
		"sku":      {head + ",,茶,1,13,饮料,瓶\n", "line 2, column sku"},
		"sheet":    {head + "2,6.92E+12,茶,1,13,饮料,瓶\n", "line 2, column barcode"},
		"unit":     {head + "2,,茶,1,13,饮料,\n", "line 2, column unit"},
		"twice":    {head + good + good, "line 3, column sku: 1 stands on line 2"},
		"barcode":  {head + good + "2,6928804002348,茶,1,13,饮料,瓶\n", "line 3, column barcode"},
		"gbk":      {head + "2,,\xb2\xe8,1,13,x,y\n", "line 2, column name"},
		"newline":  {head + "1,,\"a\nb\",1,13,x,y\n", "line 2, column name"},
		"quotes":   {head + "1,,\"a,1,13,x,y\n", "line"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := basket.LoadCatalogue(strings.NewReader(c.text))
			if !errors.Is(err, basket.ErrCatalogue) || !strings.Contains(fmt.Sprint(err), c.says) {
				t.Errorf("%v, want one that says %q", err, c.says)
			}
		})
	}
	c, err := basket.LoadCatalogue(strings.NewReader("\ufeff" + head + good + "2,,茶, 6.50 ,6.5,饮料,瓶\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	if p, _ := c.BySKU("2"); p.Price != 650 || p.Tax != 650 {
		t.Errorf("%+v", p)
	}
}

func FuzzLoadCatalogue(f *testing.F) {
	f.Add(basket.CatalogueHeader + "\n1,6928804002348,水,2.00,13,饮料,瓶\n")
	f.Add(basket.CatalogueHeader + "\n\"\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := basket.LoadCatalogue(strings.NewReader(text))
		if err == nil && c.Len() > 0 && len(c.All()[0].Name) == 0 {
			t.Error("an article without a name was taken")
		}
	})
}

// thousands makes a catalogue of n articles with names of the demo shop.
func thousands(tb testing.TB, n int) *basket.Catalogue {
	tb.Helper()
	base := slices.DeleteFunc(demo(tb).All(), pos.Product.Weighed)
	all := make([]pos.Product, n)
	for i := range all {
		p := base[i%len(base)]
		p.SKU = fmt.Sprintf("%07d", i)
		body := fmt.Sprintf("69%010d", i)
		d, _ := basket.CheckDigit(body)
		p.Barcode = body + string(d)
		p.Name = fmt.Sprintf("%s %s%d", p.Name, base[(i/7)%len(base)].Category, i/len(base))
		all[i] = p
	}
	c, err := basket.NewCatalogue(all)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

const many = 100_000

func BenchmarkLoad100k(b *testing.B) {
	for b.Loop() {
		thousands(b, many)
	}
}

func BenchmarkScan100k(b *testing.B) {
	c := thousands(b, many)
	all := c.All()
	i := 0
	for b.Loop() {
		i = (i + 7919) % many
		if _, err := c.Scan(all[i].Barcode, pos.TaxIncluded); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSearch100k(b *testing.B) {
	c := thousands(b, many)
	for _, q := range []string{"k", "kk", "kkkl", "n", "可", "可乐", "6", "69000", "y", "zz"} {
		b.Run(q, func(b *testing.B) {
			for b.Loop() {
				c.Search(q, 24)
			}
		})
	}
}
