//go:build !race

package forward

// How many histories of a whole till, of the queue alone, and of the real flows
// with their goroutines a test run tries; and how many faults the enumeration
// tries after each first one.
const (
	tillHistories   = "20000"
	pureHistories   = "20000"
	bubbleHistories = "200"
	secondFaults    = 9
)
