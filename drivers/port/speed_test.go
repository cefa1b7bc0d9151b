package port_test

import (
	"testing"

	"tillkeeper/drivers/port"
)

func TestSpeedIsWhatTheDriverSet(t *testing.T) {
	far, path := pair(t)
	for _, baud := range []int{1200, 9600, 115200, 921600} {
		near, err := port.OpenLine(path, baud)
		if err != nil {
			t.Fatal(err)
		}
		for _, end := range []*port.Line{near, far} {
			if got, err := end.Speed(); got != baud || err != nil {
				t.Errorf("%d baud, want %d: %v", got, baud, err)
			}
		}
		_ = near.Close()
	}
}
