package pos

import "time"

// BatchReport is what became of a settlement. Empty: there was nothing to settle,
// nothing was sent and the batch goes on. Uploaded counts the payments of the
// batch upload that the host took, 0 where the totals agreed. LeftOut are the
// payments of the batch that the host has not taken and that stay out of the
// totals; Untaken those that it approved and whose upload it refused, to be
// looked for in its file.
type BatchReport struct {
	Batch, Next string
	Till, Host  BatchTotals
	Balanced    bool
	LeftOut     []Attempt
	Untaken     []Attempt
	Uploaded    int
	Empty       bool
	By          string
	Begun       time.Time
	Ended       time.Time
}
