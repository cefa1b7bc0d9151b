package child

import (
	"slices"
	"time"
)

// Attempt is what the till says of one payment; amounts in fen.
type Attempt struct {
	ID, Basket, Receipt, Kind, Tender, State string
	Amount, Approved                         int64
	Refunded                                 int64 `json:"refunded_amount"`
	STAN, Batch                              string
	MaskedPAN                                string `json:"masked_pan"`
	Linked                                   string
	Offline, Flagged                         bool
	AnswerCode                               string `json:"answer_code"`
	Reason                                   string `json:"reversal_reason"`
	Events                                   []Event
}

// Event is one of an attempt's.
type Event struct {
	Type, How, By, Text string
	Time                time.Time
}

// Item is a line of the queue.
type Item struct {
	Attempt, Kind, State string
	AnswerCode           string `json:"answer_code"`
}

// Has says whether something happened to the attempt.
func (a Attempt) Has(event string) bool { return a.Times(event) > 0 }

// Times is how often something happened to the attempt.
func (a Attempt) Times(event string) int {
	n := 0
	for _, e := range a.Events {
		if e.Type == event {
			n++
		}
	}
	return n
}

// Takes says what the shop has of an attempt, below zero what it gave back.
func (a Attempt) Takes() int64 {
	switch a.State {
	case "approved", "delivered", "settled", "refunded":
	default:
		return 0
	}
	switch a.Kind {
	case "sale", "completion":
		return a.Approved
	case "refund":
		return -a.Approved
	}
	return 0
}

// Late says whether the bank refused it and the shop has the loss.
func (a Attempt) Late() bool {
	if a.State == "late_declined" {
		return true
	}
	return slices.ContainsFunc(a.Events, func(e Event) bool { return e.How == "written_off" })
}

// Decided is when somebody said yes to the attempt.
func (a Attempt) Decided() time.Time {
	var at time.Time
	for _, e := range a.Events {
		if e.Type == "approved" || e.Type == "delivered" {
			at = e.Time
		}
	}
	return at
}
