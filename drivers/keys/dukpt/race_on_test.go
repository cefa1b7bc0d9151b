//go:build race

package dukpt

// raced shortens what would take minutes under the race detector.
const raced = true
