package locale

import "testing"

func TestOnlyNamelessLocalesAreReplaced(t *testing.T) {
	for value, want := range map[string]bool{
		"C": true, "C.UTF-8": true, "C.utf8": true, "POSIX": true, "POSIX.UTF-8": true,
		"": false, "Cy": false, "cs_CZ.UTF-8": false, "zh_CN.UTF-8": false, "en": false,
	} {
		if nameless(value) != want {
			t.Errorf("%q is nameless: %v", value, !want)
		}
	}
}
