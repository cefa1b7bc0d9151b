// Package storetest checks a journal after a test and fills one for tests and
// benchmarks. It promises to go through the doors of package store only, never
// past them. Amounts are fen.
package storetest

import (
	"context"
	"testing"

	"tillkeeper/store"
)

// Verify fails a test whose journal does not hold together.
func Verify(t testing.TB, s *store.Store) {
	t.Helper()
	found, err := s.Check(context.Background())
	if err != nil {
		t.Errorf("checking the journal: %v", err)
	}
	for _, f := range found {
		t.Errorf("journal: %s", f)
	}
}
