package kit_test

import (
	"flag"
	"hash/fnv"
	"image"
	"image/png"
	"os"
	"testing"

	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
)

var update = flag.Bool("update", false, "write the golden pictures anew")

// board draws every dress and form of a key and every other widget once.
func board(l *look.Look) *kit.Page {
	p := kit.NewPage(l)
	dresses := []kit.Dress{kit.Plain, kit.Filled, kit.Tint, kit.Chosen, kit.Flat, kit.Unavailable}
	for i, d := range dresses {
		x := float32(12 + 134*i)
		p.Key(kit.Rect{X: x, Y: 12, W: 124, H: 80}, kit.Key{Dress: d, Label: "折扣", Icon: "percent", Sub: "F", Act: kit.Act{Verb: "x"}})
		p.Key(kit.Rect{X: x, Y: 102, W: 124, H: 91}, kit.Key{Dress: d, Form: kit.Corner, Label: "取单", Icon: "recall", Sub: "2 单", Cap: "F6", Act: kit.Act{Verb: "x"}})
		p.Key(kit.Rect{X: x, Y: 203, W: 124, H: 85}, kit.Key{Dress: d, Form: kit.Tile, Label: "可口可乐", Sub: "330ml", Amount: "3.00", Act: kit.Act{Verb: "x"}})
	}
	for i, d := range dresses[:3] {
		p.Key(kit.Rect{X: float32(12 + 268*i), Y: 298, W: 258, H: 124}, kit.Key{Dress: d, Form: kit.Tender, Label: "刷卡", Icon: "card", Cap: "F1", Amount: "185.40"})
	}
	y := float32(434)
	for s := kit.Calm; s <= kit.Busy; s++ {
		p.Pill(12+140*float32(s), y, s, "状态")
	}
	p.Panel(kit.Rect{X: 12, Y: 480, W: 400, H: 270})
	p.Steps(24, 516, 376, 58, []kit.Step{{Stage: kit.Done, Text: "已读卡", Right: "0.8"}, {Stage: kit.Now, Text: "输入密码", Right: "进行中"}, {Text: "联系银行"}, {Stage: kit.Broken, Text: "断开"}})
	p.Panel(kit.Rect{X: 424, Y: 480, W: 400, H: 270})
	p.Bars(kit.Rect{X: 440, Y: 500, W: 368, H: 240}, []kit.Hour{{Word: "7", Value: 3, Ghost: 5}, {Word: "8", Value: 9, Ghost: 7, Now: true}, {Word: "9", Ghost: 8}})
	p.Panel(kit.Rect{X: 836, Y: 480, W: 400, H: 270})
	p.Ring(920, 600, 108, 41, 60, "秒")
	p.HBar(kit.Rect{X: 1000, Y: 596, W: 200, H: 8}, 3, 5)
	p.Sum(kit.Rect{X: 850, Y: 700, W: 360, H: 0}, "12,846.50", kit.Style{Size: 50, Bold: true, Side: kit.End})
	p.QR(kit.Rect{X: 1000, Y: 12, W: 340, H: 340}, [][]bool{{true, false, true}, {false, true, false}, {true, true, true}})
	return p
}

func TestWidgetsLookAsTheyDid(t *testing.T) {
	for _, dark := range []bool{false, true} {
		l := newLook(t, dark)
		p := board(l)
		if len(p.Misfits) > 0 {
			t.Errorf("misfits: %v", p.Misfits)
		}
		file := "testdata/board-light.png"
		if dark {
			file = "testdata/board-dark.png"
		}
		got := kit.Picture(p)
		if *update {
			write(t, file, got)
			continue
		}
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		want, err := png.Decode(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		if sum(want) != sum(got) {
			t.Errorf("%s differs; look at it, then run with -update", file)
		}
	}
}

func write(t *testing.T, file string, img image.Image) {
	t.Helper()
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(f, img); err != nil {
		t.Fatal(err)
	}
}

// sum condenses a picture to its colours in sixteen steps a channel at every fourth pixel.
func sum(img image.Image) uint64 {
	h := fnv.New64a()
	b := img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y += 4 {
		for x := b.Min.X; x < b.Max.X; x += 4 {
			r, g, bl, _ := img.At(x, y).RGBA()
			h.Write([]byte{byte(r >> 12), byte(g >> 12), byte(bl >> 12)})
		}
	}
	return h.Sum64()
}
