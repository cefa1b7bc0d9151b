package risk

import (
	"strings"
	"testing"
)

func TestBlacklist(t *testing.T) {
	hash := func(pan string) string { return "h" + pan }
	b, err := ReadBlacklist(strings.NewReader("# of 22 November\n6224242900000113 # stolen\n622588*\n\n"), hash)
	if err != nil || b.Len() != 2 {
		t.Fatalf("%v, %d lines", err, b.Len())
	}
	for pan, want := range map[string]bool{
		"6224242900000113": true, "6224242900000114": false, "6225882900004521": true, "6225892900004521": false,
	} {
		if b.Has(pan, hash(pan)) != want {
			t.Errorf("%s: %v", pan, !want)
		}
	}
	if (*Blacklist)(nil).Has("6224242900000113", "x") {
		t.Error("no list has a card")
	}
	for _, bad := range []string{"12345*", "62242429x0000113", "*", "62242429000001131234"} {
		if _, err := ReadBlacklist(strings.NewReader("# first\n"+bad), hash); err == nil || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
