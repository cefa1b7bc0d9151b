package figures

import (
	"bytes"
	"fmt"
	"io/fs"
	"time"

	"tillkeeper/app/basket"
	"tillkeeper/app/pos"
	"tillkeeper/assets"
)

func demoGoods() (*basket.Catalogue, error) {
	raw, err := fs.ReadFile(assets.FS, "demo/products.csv")
	if err != nil {
		return nil, err
	}
	return basket.LoadCatalogue(bytes.NewReader(raw))
}

// manyGoods invents a catalogue of Chinese names.
func manyGoods(n int) (*basket.Catalogue, error) {
	makers := []string{"康师傅", "统一", "农夫山泉", "伊利", "蒙牛", "可口可乐", "百事", "旺旺", "乐事", "双汇", "海天", "金龙鱼", "奥利奥", "德芙", "清风", "蓝月亮"}
	tastes := []string{"红烧", "原味", "冰红", "柠檬", "草莓", "香辣", "低糖", "无糖", "浓香", "清爽", "家庭装", "便携"}
	things := []string{"牛肉面", "矿泉水", "纯牛奶", "酸奶", "薯片", "饼干", "火腿肠", "酱油", "食用油", "巧克力", "抽纸", "洗衣液", "牙膏", "果汁", "雪糕", "面包"}
	all := make([]pos.Product, 0, n)
	for i := range n {
		body := fmt.Sprintf("69%010d", i)
		digit, _ := basket.CheckDigit(body)
		all = append(all, pos.Product{
			SKU: fmt.Sprint(100000 + i), Barcode: body + string(digit),
			Name:  fmt.Sprintf("%s%s%s %dg", makers[i%len(makers)], tastes[i/len(makers)%len(tastes)], things[i/7%len(things)], 50+i%950),
			Price: pos.Amount(100 + i%9000), Tax: 1300, Category: "x", Unit: "包",
		})
	}
	return basket.NewCatalogue(all)
}

// basketLines is how many lines the basket has into which things are scanned.
const basketLines = 20

// goodsFigures measures a scan that becomes a line of a priced basket, and the
// search by pinyin initials.
func goodsFigures(b *bench) error {
	c, err := manyGoods(b.products)
	if err != nil {
		return err
	}
	all := c.All()
	doc := pos.Basket{Mode: pos.TaxIncluded}
	var scans, searches times
	for i := range b.scans {
		p := all[i*7919%len(all)]
		took, err := timed(func() error {
			l, err := c.Scan(p.Barcode, pos.TaxIncluded)
			if err != nil {
				return err
			}
			l.No = len(doc.Lines) + 1
			doc.Lines = append(doc.Lines, l)
			return basket.Refresh(&doc)
		})
		if err != nil {
			return err
		}
		if len(doc.Lines) > basketLines {
			doc.Lines = doc.Lines[:0]
		}
		scans = append(scans, took)
	}
	for i := range b.scans {
		typed := basket.Spellings(all[i*104729%len(all)].Name)[0]
		query := typed[:min(len(typed), 2+i%4)]
		found := 0
		took, err := timed(func() error { found = len(c.Search(query, 50)); return nil })
		if err != nil || found == 0 {
			return fmt.Errorf("nothing was found for %q: %w", query, err)
		}
		searches = append(searches, took)
	}
	for _, r := range []struct {
		what  string
		got   times
		reach float64
	}{{"scan to line in the core", scans, 1}, {"search by pinyin", searches, 5}} {
		b.add(row{
			what: fmt.Sprintf("%s, at %d products (p99)", r.what, b.products), yardstick: "", unit: " ms",
			ratio: float64(r.got.at(0.99)) / float64(time.Millisecond), reach: r.reach,
			seen: fmt.Sprintf("median %s of %d", us(r.got.median()), len(r.got)),
		})
	}
	return nil
}
