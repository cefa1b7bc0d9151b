package rules

import (
	"testing"

	"tillkeeper/app/headless/blackbox/child"
)

// opened is a demo shop whose till is open and online, with a cashier.
func opened(t *testing.T, config, plan string) *shop {
	t.Helper()
	t.Parallel()
	s, err := newShop(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.End)
	child.Put(t, s.Config, config)
	s.HostUp(t, plan)
	s.OpenUp(t)
	return s
}
