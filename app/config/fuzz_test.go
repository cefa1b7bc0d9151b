package config

import (
	"errors"
	"testing"

	"tillkeeper/app/pos"
)

// FuzzParse: no text makes it panic, and every refusal names what to do.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "[terminal]\ntid = \"12345678\"", "[host]\naddress = \"127.0.0.1:8583\"\ntimeout = \"10s\"", "[offline]\ncount = 50",
		"[host]\ntls = \"mutual\"\nca = \"a\"", "[[host]]", "a = 1", "[keys]\nstore = \"passphrase\"", "[shop]\nday_start = \"25:00\"", "\xff\xfe",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err := Parse(text, t.TempDir(), "")
		var named *pos.Error
		if err != nil && (!errors.As(err, &named) || named.Remedy == "") {
			t.Fatalf("%q: %v", text, err)
		}
	})
}
