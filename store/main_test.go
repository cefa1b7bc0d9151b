package store_test

import (
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("TILL_APPEND_TO"); dir != "" {
		appendUntilKilled(dir)
		return
	}
	code := m.Run()
	for _, f := range cleanup {
		f()
	}
	os.Exit(code)
}
