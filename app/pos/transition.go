package pos

import (
	"errors"
	"fmt"
)

// State is where an attempt stands.
type State string

// The states: open, waiting for a person, final.
const (
	None            State = ""
	Created         State = "created"
	Sending         State = "sending"
	Unknown         State = "unknown"
	Reversing       State = "reversing"
	OfflineApproved State = "offline_approved"
	Deferred        State = "deferred"
	Delivering      State = "delivering"
	RefundUnknown   State = "refund_unknown"
	Manual          State = "manual"
	LateDeclined    State = "late_declined"
	Approved        State = "approved"
	Declined        State = "declined"
	Reversed        State = "reversed"
	Delivered       State = "delivered"
	Voided          State = "voided"
	Refunded        State = "refunded"
	Settled         State = "settled"
	Cancelled       State = "cancelled"
	ResultDue       State = "result_due" // of an issuer's script: the host is not told yet
	Told            State = "told"       // it is
)

// EventType names what happened.
type EventType string

// The events of an attempt.
const (
	EvCreated         EventType = "created"          // asked for, STAN taken
	EvSending         EventType = "sending"          // about to leave; reversed if nothing more is heard
	EvApproved        EventType = "approved"         // the host, the wallet or the drawer said yes
	EvDeclined        EventType = "declined"         // somebody said no, or nothing was sent
	EvCancelled       EventType = "cancelled"        // given up before anything was owed
	EvUnknown         EventType = "unknown"          // no answer, or one that proves nothing
	EvReversing       EventType = "reversing"        // owed: a reversal
	EvReversalTry     EventType = "reversal_try"     // tried, not acknowledged
	EvReversed        EventType = "reversed"         // acknowledged
	EvParked          EventType = "parked"           // no longer sent by itself
	EvSendAgain       EventType = "send_again"       // a person sends a parked reversal again
	EvResolved        EventType = "resolved"         // a person decided
	EvOfflineApproved EventType = "offline_approved" // the card said yes
	EvDeferred        EventType = "deferred"         // taken at the shop's risk
	EvDelivering      EventType = "delivering"       // an upload is about to leave
	EvDeliveryTry     EventType = "delivery_try"     // no answer to an upload
	EvDelivered       EventType = "delivered"        // the host took it
	EvLateDeclined    EventType = "late_declined"    // the host refused what the shop took
	EvLateAnswer      EventType = "late_answer"      // an answer after its time: never revives
	EvLateApproval    EventType = "late_approval"    // a verified approval after the reversal began
	EvResealed        EventType = "resealed"         // waiting data under the next day's key
	EvRefundUnknown   EventType = "refund_unknown"   // no answer to a refund: the identical one again
	EvRefundTry       EventType = "refund_try"       // repeated, not answered
	EvRefundAgain     EventType = "refund_again"     // a person has a parked refund repeated
	EvRefundFound     EventType = "refund_found"     // in the acquirer's file by a person, or by a late answer
	EvFollowUp        EventType = "follow_up"        // a void, refund or completion of it begins
	EvVoided          EventType = "voided"           // its void was approved
	EvRefundedPart    EventType = "refunded_part"    // a refund was approved, something is left
	EvRefundedFull    EventType = "refunded_full"    // nothing is left
	EvSettled         EventType = "settled"
	EvResultDue       EventType = "result_due" // owed: what a card made of its issuer's scripts
	EvResultTry       EventType = "result_try" // it is about to leave
	EvTold            EventType = "told"       // the host has it, or does not want it
	EvPrinted         EventType = "printed"
	EvReprinted       EventType = "reprinted"
)

// The events that belong to no attempt.
const (
	EvLineAdded     EventType = "line_added"
	EvLineEdited    EventType = "line_edited"
	EvLineRemoved   EventType = "line_removed"
	EvBasketPaid    EventType = "basket_paid"
	EvBasketHeld    EventType = "basket_held"
	EvBasketRecall  EventType = "basket_recalled"
	EvBasketCleared EventType = "basket_cleared"
	EvSignedIn      EventType = "signed_in"
	EvSignedOut     EventType = "signed_out"
	EvSignInRefused EventType = "sign_in_refused"
	EvSignOn        EventType = "sign_on" // with the host

	EvSettling           EventType = "settlement_begun" // totals frozen, card and QR wait
	EvSettlementTry      EventType = "settlement_try"   // 0500 or an upload went out: how far it got
	EvBatchClosed        EventType = "batch_closed"     // the next batch is open
	EvReconciled         EventType = "reconciled"       // with the acquirer's file
	EvDifferenceResolved EventType = "difference_resolved"
	EvKeyPart            EventType = "key_part_entered" // one component of the TMK, by one person
	EvKeyLoaded          EventType = "key_loaded"       // both, with the KCV
)

// Due says who has to act on an attempt and how.
type Due string

// What is due.
const (
	DueNothing Due = ""
	DueFlow    Due = "flow"     // the live payment; on start it becomes a reversal
	DueReverse Due = "reversal" // at once, then 5 s doubling to 5 min, 50 tries or 24 h
	DueUpload  Due = "upload"   // in order, when the host is there; overdue at 72 h
	DuePerson  Due = "person"   // shown at each opening until resolved
	DueRepeat  Due = "repeat"   // the identical request again, with the limits of a reversal
	DueTell    Due = "tell"     // an advice without money: after all else, and nothing waits for it
)

// StateRule is what a state means for the queue and for the totals.
type StateRule struct {
	Due     Due
	Counted bool // in the totals of its business day
	Final   bool
}

// StateRules holds the rule of each state.
var StateRules = map[State]StateRule{
	Created:         {Due: DueFlow},
	Sending:         {Due: DueFlow},
	Unknown:         {Due: DueReverse},
	Reversing:       {Due: DueReverse},
	OfflineApproved: {Due: DueUpload, Counted: true},
	Deferred:        {Due: DueUpload, Counted: true},
	Delivering:      {Due: DueUpload, Counted: true},
	RefundUnknown:   {Due: DueRepeat},
	Manual:          {Due: DuePerson},
	LateDeclined:    {Due: DuePerson},
	Approved:        {Counted: true, Final: true},
	Declined:        {Final: true},
	Reversed:        {Final: true},
	Delivered:       {Counted: true, Final: true},
	Voided:          {Final: true},
	Refunded:        {Counted: true, Final: true},
	Settled:         {Counted: true, Final: true},
	Cancelled:       {Final: true},
	ResultDue:       {Due: DueTell},
	Told:            {Final: true},
}

// Effect is what the shell does after an event is durable.
type Effect string

// The effects.
const (
	DoSend    Effect = "send"    // the request to the host or the wallet
	DoReverse Effect = "reverse" // the reversal
	DoUpload  Effect = "upload"
	DoPrint   Effect = "print"
	DoShow    Effect = "show"
)

// Row is one line of the transition table.
type Row struct {
	From State
	On   EventType
	To   State
	Do   []Effect
}

// Table is every permitted transition. What is not in it is refused by the
// journal, whoever asks.
var Table = []Row{
	{None, EvCreated, Created, nil},
	{Created, EvSending, Sending, []Effect{DoSend, DoShow}},
	{Created, EvApproved, Approved, []Effect{DoPrint, DoShow}}, // cash
	{Created, EvDeclined, Declined, []Effect{DoShow}},
	{Created, EvCancelled, Cancelled, []Effect{DoShow}},
	{Created, EvOfflineApproved, OfflineApproved, []Effect{DoPrint, DoShow}},
	{Created, EvDeferred, Deferred, []Effect{DoPrint, DoShow}},
	{Created, EvReversing, Reversing, []Effect{DoReverse, DoShow}},

	{Sending, EvApproved, Approved, []Effect{DoPrint, DoShow}},
	{Sending, EvDeclined, Declined, []Effect{DoShow}},
	{Sending, EvCancelled, Cancelled, []Effect{DoShow}}, // a wallet order closed unpaid
	{Sending, EvOfflineApproved, OfflineApproved, []Effect{DoPrint, DoShow}},
	{Sending, EvDeferred, Deferred, []Effect{DoPrint, DoShow}},
	{Sending, EvUnknown, Unknown, []Effect{DoShow}},
	{Sending, EvReversing, Reversing, []Effect{DoReverse, DoShow}},
	{Unknown, EvReversing, Reversing, []Effect{DoReverse}},

	{Reversing, EvReversalTry, Reversing, nil},
	{Reversing, EvReversed, Reversed, []Effect{DoShow}},
	{Reversing, EvParked, Manual, []Effect{DoShow}},
	{Reversing, EvLateDeclined, LateDeclined, []Effect{DoShow}}, // a deferred sale that was partly approved
	{Reversing, EvLateAnswer, Reversing, nil},
	{Reversing, EvLateApproval, Reversing, []Effect{DoReverse}},
	{Reversed, EvLateAnswer, Reversed, nil},
	{Reversed, EvLateApproval, Reversing, []Effect{DoReverse}},
	{Manual, EvSendAgain, Reversing, []Effect{DoReverse}},
	{Manual, EvLateAnswer, Manual, nil},
	{Manual, EvLateApproval, Reversing, []Effect{DoReverse}},
	{Manual, EvReversalTry, Manual, nil},
	{Manual, EvReversed, Reversed, []Effect{DoShow}},
	{Manual, EvLateDeclined, LateDeclined, []Effect{DoShow}}, // the reversal of a partly approved deferred sale
	{Manual, EvResealed, Manual, nil},
	{Reversing, EvResealed, Reversing, nil},
	{Manual, EvResolved, Cancelled, nil},

	{OfflineApproved, EvDelivering, Delivering, []Effect{DoUpload}},
	{Deferred, EvDelivering, Delivering, []Effect{DoUpload}},
	{Deferred, EvCancelled, Cancelled, nil},
	{Deferred, EvLateDeclined, LateDeclined, []Effect{DoShow}}, // 72 h or 5 tries
	{OfflineApproved, EvResealed, OfflineApproved, nil},
	{Deferred, EvResealed, Deferred, nil},
	{Delivering, EvResealed, Delivering, nil},
	{Delivering, EvDelivering, Delivering, []Effect{DoUpload}},
	{Delivering, EvDeliveryTry, Delivering, nil},
	{Delivering, EvDelivered, Delivered, nil},
	{Delivering, EvLateDeclined, LateDeclined, []Effect{DoShow}},
	{Delivering, EvParked, Manual, []Effect{DoShow}}, // 94 without an earlier send
	{Delivering, EvCancelled, Cancelled, nil},        // a deferred sale of which nothing is at the host: see Unsent
	{Delivering, EvReversing, Reversing, []Effect{DoReverse}},
	{LateDeclined, EvResolved, Cancelled, nil},
	{LateDeclined, EvDelivered, Delivered, nil}, // an earlier send was taken after all: its answer came late
	{LateDeclined, EvLateAnswer, LateDeclined, nil},
	{LateDeclined, EvLateApproval, Reversing, []Effect{DoReverse}}, // a deferred sale that the host took after all
	{LateDeclined, EvResealed, LateDeclined, nil},
	{Manual, EvDelivered, Delivered, nil},
	{Delivering, EvLateAnswer, Delivering, nil},

	{Sending, EvRefundUnknown, RefundUnknown, []Effect{DoSend, DoShow}},
	{Sending, EvParked, Manual, []Effect{DoShow}}, // a refund answered 94 at its first sending
	{RefundUnknown, EvRefundTry, RefundUnknown, nil},
	{RefundUnknown, EvApproved, Approved, []Effect{DoPrint, DoShow}},
	{RefundUnknown, EvLateDeclined, LateDeclined, []Effect{DoShow}},
	{RefundUnknown, EvLateAnswer, RefundUnknown, nil},
	{RefundUnknown, EvParked, Manual, []Effect{DoShow}}, // 50 tries or 24 h; one that a person sent again, answered 94
	{Manual, EvRefundAgain, RefundUnknown, []Effect{DoSend, DoShow}},
	{Manual, EvRefundFound, Approved, nil},
	{LateDeclined, EvRefundFound, Approved, nil}, // an earlier copy of it was taken after all: its answer came late

	{Approved, EvSettled, Settled, nil},
	{Approved, EvPrinted, Approved, nil},
	{Approved, EvLateAnswer, Approved, nil},
	{Approved, EvResealed, Approved, nil}, // a pre-authorization that outlives its batch
	{Approved, EvFollowUp, Approved, nil},
	{Approved, EvVoided, Voided, []Effect{DoShow}},
	{Approved, EvRefundedPart, Approved, nil},
	{Approved, EvRefundedFull, Refunded, nil},
	{Declined, EvLateAnswer, Declined, nil},
	{Cancelled, EvLateAnswer, Cancelled, nil},
	{Cancelled, EvLateApproval, Reversing, []Effect{DoReverse}}, // a person had given its reversal up
	{Voided, EvLateAnswer, Voided, nil},
	{Refunded, EvLateAnswer, Refunded, nil},
	{Settled, EvLateAnswer, Settled, nil},
	{Delivered, EvLateAnswer, Delivered, nil},
	{Delivered, EvSettled, Settled, nil},
	{Delivered, EvFollowUp, Delivered, nil},
	{Delivered, EvVoided, Voided, []Effect{DoShow}},
	{Delivered, EvRefundedPart, Delivered, nil},
	{Delivered, EvRefundedFull, Refunded, nil},
	{Created, EvResultDue, ResultDue, []Effect{DoUpload}},
	{ResultDue, EvResultTry, ResultDue, nil},
	{ResultDue, EvTold, Told, nil},
	{ResultDue, EvResealed, ResultDue, nil},
	{ResultDue, EvLateAnswer, ResultDue, nil},
	{Told, EvLateAnswer, Told, nil},

	{Settled, EvFollowUp, Settled, nil},
	{Settled, EvRefundedPart, Settled, nil},
	{Settled, EvRefundedFull, Refunded, nil},
}

// ErrTransition says that an event does not fit the state of its attempt.
var ErrTransition = errors.New("transition not permitted")

type rowKey struct {
	from State
	on   EventType
}

var rows = func() map[rowKey]Row {
	m := make(map[rowKey]Row, len(Table))
	for _, r := range Table {
		k := rowKey{r.From, r.On}
		if _, twice := m[k]; twice {
			panic("pos: transition given twice: " + string(r.From) + " " + string(r.On))
		}
		m[k] = r
	}
	return m
}()

// Lookup gives the row for an event in a state.
func Lookup(from State, on EventType) (Row, bool) {
	r, ok := rows[rowKey{from, on}]
	return r, ok
}

// Apply gives an attempt with one more event folded into it, see Fold.
func Apply(a Attempt, e Event) (Attempt, error) {
	err := a.Fold(&e)
	return a, err
}

// Fold folds one event into an attempt; one that does not fit is ErrTransition
// and leaves it as it is. It is the only place where the state of an attempt
// changes.
func (a *Attempt) Fold(e *Event) error {
	row, ok := Lookup(a.State, e.Type)
	if !ok {
		return fmt.Errorf("%w: %s in state %q (attempt %s)", ErrTransition, e.Type, a.State, e.Attempt)
	}
	if row.From == None {
		*a = open(e)
	} else if a.ID != e.Attempt {
		return fmt.Errorf("%w: event of %s for attempt %s", ErrTransition, e.Attempt, a.ID)
	}
	if row.From == Delivering && row.To == Cancelled && !a.Unsent() {
		return fmt.Errorf("%w: %s of attempt %s, which may be at the host", ErrTransition, e.Type, a.ID)
	}
	before := a.State
	a.State = row.To
	if before != row.To {
		a.Since = e.Time
	}
	if before != row.To && !(before == Unknown && row.To == Reversing) {
		a.Tries, a.LastError = 0, ""
	}
	fold(a, e)
	a.Updated = e.Time
	a.Seqs = append(a.Seqs[:len(a.Seqs):len(a.Seqs)], e.Seq)
	return nil
}
