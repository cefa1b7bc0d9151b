package forward

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestTillHistories is promises 2, 3 and 6 over random histories of every
// command with every fault and a power cut at any effect. One that fails is
// told as short as it can be.
func TestTillHistories(t *testing.T) {
	checks(t, tillHistories)
	var wrong []byte
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		length := rapid.IntRange(0, 160).Draw(rt, "length")
		fates := rapid.SliceOfN(rapid.Byte(), length, length).Draw(rt, "fates")
		if wrong != nil {
			return
		}
		n++
		if len(newCounter(fates, "").run()) > 0 {
			wrong = fates
		}
	})
	t.Logf("%d histories of a whole till", n)
	if wrong == nil {
		return
	}
	wrong = shrink(wrong, func(f []byte) bool { return len(newCounter(f, "").run()) > 0 })
	c := newCounter(wrong, "")
	t.Errorf("%s\n%s\n%v", strings.Join(c.run(), "\n"), strings.Join(c.story, "\n"), wrong)
}

// TestPlantedBugsOfATillAreCaught: the same histories notice each of these.
func TestPlantedBugsOfATillAreCaught(t *testing.T) {
	gen := rapid.Custom(func(rt *rapid.T) []byte {
		n := rapid.IntRange(20, 160).Draw(rt, "length")
		return rapid.SliceOfN(rapid.Byte(), n, n).Draw(rt, "fates")
	})
	for _, bug := range []string{
		"a new STAN for a repeated refund", "a refund reversed instead of repeated", "the original voided although the void was unknown",
		"a second refund permitted while the first is unknown", "completion not reversed", "resolve send_again without ending the old item",
		"settlement while a payment is in flight",
	} {
		t.Run(bug, func(t *testing.T) {
			for seed := range 5000 {
				fates := gen.Example(seed)
				caught := func(f []byte) bool { return len(newCounter(f, bug).run()) > 0 && len(newCounter(f, "").run()) == 0 }
				if !caught(fates) {
					continue
				}
				c := newCounter(shrink(fates, caught), bug)
				t.Logf("caught after %d histories: %s\n%s", seed+1, strings.Join(c.run(), "; "), strings.Join(c.story, "\n"))
				return
			}
			t.Error("no history notices it")
		})
	}
}
