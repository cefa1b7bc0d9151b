package opening

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tillkeeper/app/basket"
	"tillkeeper/app/config"
	"tillkeeper/app/pos"
	"tillkeeper/assets"
)

// TestAShopWithItsOwnGoodsHasAWindow: its first tile names an article of the demo shop, and the window did not open with
// any other catalogue. An article of the shop's own is never sold under the name of one of the demo's.
func TestAShopWithItsOwnGoodsHasAWindow(t *testing.T) {
	dir := t.TempDir()
	if err := Seed(dir, assets.FS); err != nil {
		t.Fatal(err)
	}
	demo, err := Goods(dir, config.Import{})
	if err != nil {
		t.Fatal(err)
	}
	all, err := Quick(assets.FS, demo)
	if err != nil || len(all) < 40 {
		t.Fatalf("the demo shop has %d tiles, %v", len(all), err)
	}
	same, ok := demo.BySKU(all[3].SKU)
	if !ok {
		t.Fatal("no article for the fourth tile")
	}
	own, err := basket.NewCatalogue([]pos.Product{
		same, {SKU: all[0].SKU, Name: "苹果", Price: 120, Unit: "个"}, {SKU: "own", Name: "米", Price: 500, Unit: "kg"},
	})
	if err != nil {
		t.Fatal(err)
	}
	none, err := basket.NewCatalogue(nil)
	if err != nil {
		t.Fatal(err)
	}
	for want, goods := range []*basket.Catalogue{none, own} {
		if got, err := Quick(assets.FS, goods); err != nil || len(got) != want || want == 1 && got[0] != all[3] {
			t.Errorf("%d of its articles: %v, %v", want, got, err)
		}
	}
}

// TestABadFileIsNamed: the key, the file and what to do, whatever a shop brings.
func TestABadFileIsNamed(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	gone := filepath.Join(dir, "gone.csv")
	price := put("price.csv", basket.CatalogueHeader+"\n1,,A,1.234,13,x,个\n")
	boss := put("boss.csv", "id,name,role,pin\n1,A,boss,123456\n")
	short := put("short.csv", "id,name,role,pin\n1,A,cashier,123\n")
	for _, c := range []struct {
		i    config.Import
		says []string
	}{
		{config.Import{Catalogue: gone}, []string{"import.catalogue", gone}},
		{config.Import{Catalogue: price}, []string{price, "line 2", "column price", "1.234"}},
		{config.Import{Staff: gone}, []string{"import.staff", gone}},
		{config.Import{Staff: boss}, []string{"import.staff", boss, "staff 1", "boss"}},
		{config.Import{Staff: short}, []string{"import.staff", short, "line 2", "staff 1"}},
		{config.Import{Deck: gone}, []string{"import.deck", gone}},
	} {
		_, err := Bring(dir, c.i, assets.FS)
		var e *pos.Error
		if !errors.As(err, &e) || e.Remedy == "" {
			t.Errorf("%+v: %v, without a remedy", c.i, err)
			continue
		}
		for _, want := range c.says {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%+v does not name %q: %v", c.i, want, err)
			}
		}
	}
}
