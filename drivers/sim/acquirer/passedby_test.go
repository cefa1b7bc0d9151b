package acquirer

import (
	"testing"

	"tillkeeper/drivers/acquirer/wire"
)

// TestPassedByIsWhatTheMessageSays: a PIN that was wanted and not entered is known by the chip's TVR or CVM results, and by the
// stripe's service code; nothing else makes a payment one without its PIN.
func TestPassedByIsWhatTheMessageSays(t *testing.T) {
	for name, c := range map[string]struct {
		f    map[int]string
		want bool
	}{
		"TVR byte 3 bit 4":               {map[int]string{22: "052", 55: "95050000080000" + "9F34031E0300"}, true},
		"CVM results: online PIN failed": {map[int]string{22: "072", 55: "95050000000000" + "9F3403020001"}, true},
		"the same with the next rule":    {map[int]string{22: "052", 55: "95050000080000" + "9F3403420301"}, true},
		"a PIN was entered":              {map[int]string{22: "051", 55: "95050000040000" + "9F3403420300"}, false},
		"none was wanted":                {map[int]string{22: "052", 55: "95050000000000" + "9F34031F0302"}, false},
		"another bit":                    {map[int]string{22: "052", 55: "95050000F70000" + "9F34031F0302"}, false},
		"a stripe that wants one":        {map[int]string{22: "022", 35: "6217002900003395=28061203949031013"}, true},
		"a stripe that wants none":       {map[int]string{22: "022", 35: "6217002900003395=28061013949031013"}, false},
		"a stripe that is cut off":       {map[int]string{22: "022", 35: "6217002900003395=2806"}, false},
		"chip data that are none":        {map[int]string{22: "052", 55: "9505"}, false},
		"nothing at all":                 {map[int]string{}, false},
	} {
		if got := passedBy(&wire.Message{MTI: "0200", Fields: c.f}); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
