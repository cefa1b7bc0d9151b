package config_test

import (
	"maps"
	"testing"

	"tillkeeper/app/config"
)

// TestWhatWasChosenIsReadAgainWhateverItIs: a control character in an address was
// written in a way that TOML does not have, and the till did not start again.
func TestWhatWasChosenIsReadAgainWhateverItIs(t *testing.T) {
	for _, url := range []string{
		"", "sim:", `serial:/dev/a"b\c`, "serial:/dev/\x00\x01\x07\x7f\u00ad\u2028", "tcp:打印机:9100", "lp:/dev/\r\n[devices]\nscale = \"sim:\"", "x\U0010ffff",
	} {
		chosen := map[string]string{"printer": url, "scale": "cas:/dev/ttyUSB0"}
		text := config.WriteChosen(chosen)
		if got, err := config.ReadChosen(text); err != nil || !maps.Equal(got, chosen) {
			t.Errorf("%q: %v, %v from %s", url, got, err, text)
		}
	}
	for _, bad := range []string{"[devices]\ntoaster = \"sim:\"", "[device]\nprinter = \"sim:\"", "[devices]\nprinter = 1", "[devices]\nprinter = \"si"} {
		if got, err := config.ReadChosen(bad); err == nil {
			t.Errorf("%q is read as %v", bad, got)
		}
	}
}
