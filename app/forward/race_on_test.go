//go:build race

package forward

// Under the race detector everything takes many times as long: fewer histories,
// and no second faults. What is random without it is the same with it.
const (
	tillHistories   = "1500"
	pureHistories   = "4000"
	bubbleHistories = "40"
	secondFaults    = 1
)
