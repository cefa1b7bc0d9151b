package display_test

import (
	"testing"

	"tillkeeper/drivers/sim/display"
)

// TestRefreshCostsHardlyMoreThanItsPixels counts: that the figure is a share
// of a limit which is not zero; how large it is, is the benchmark's to say.
func TestRefreshCostsHardlyMoreThanItsPixels(t *testing.T) {
	took, limit, err := display.Refresh(1)
	if err != nil || limit.Milliseconds() != 23 || took < limit {
		t.Errorf("took %s of a limit of %s, %v", took, limit, err)
	}
}

// BenchmarkRefresh says which share of the bus limit a whole frame reaches.
func BenchmarkRefresh(b *testing.B) {
	took, limit, err := display.Refresh(b.N)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(limit)/float64(took), "of-limit")
}
