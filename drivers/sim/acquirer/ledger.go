package acquirer

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// ErrLedger means that the ledger on disk cannot be read or written.
var ErrLedger = errors.New("acquirer: bad ledger")

const (
	ledgerName = "ledger.jsonl"
	lineLimit  = 64 << 10 // bytes of one ledger line
)

// The kinds of ledger entries.
const (
	KindSale           = "sale"
	KindCodeSale       = "code_sale"
	KindOfflineSale    = "offline_sale"
	KindVoid           = "void"
	KindRefund         = "refund"
	KindPreauth        = "preauth"
	KindPreauthVoid    = "preauth_void"
	KindCompletion     = "completion"
	KindCompletionVoid = "completion_void"
	KindReversal       = "reversal"
	KindSettlement     = "settlement"
	KindUpload         = "upload"        // items of a batch upload, no money
	KindScript         = "script_result" // what a card made of its issuer's script, no money
)

// Entry is one line of the ledger: a message that moved money, or the close of a batch. Amounts are fen, Time is the host's clock.
type Entry struct {
	Seq      int64     `json:"seq"`
	Time     time.Time `json:"time"`
	TID      string    `json:"tid"`
	MID      string    `json:"mid"`
	Batch    string    `json:"batch"`
	STAN     string    `json:"stan"`
	MTI      string    `json:"mti"`
	Kind     string    `json:"kind"`
	Amount   int64     `json:"amount"`          // moved, for a partial approval what was approved
	Asked    int64     `json:"asked,omitempty"` // F4 of the request where it differs
	PAN      string    `json:"pan,omitempty"`   // masked: first six, last four
	Card     string    `json:"card,omitempty"`  // keyed hash of the number
	Code     string    `json:"code"`            // F39 of the answer
	RRN      string    `json:"rrn,omitempty"`   // F37 of the answer
	Auth     string    `json:"auth,omitempty"`  // F38 of the answer
	State    string    `json:"state"`           // approved voided reversed refunded completed done closed
	Original int64     `json:"original,omitempty"`
	Reason   string    `json:"reason,omitempty"`  // F39 of a reversal
	Totals   string    `json:"totals,omitempty"`  // F48 of a settlement's answer
	Late     bool      `json:"late,omitempty"`    // taken after its batch was closed
	KSN      string    `json:"ksn,omitempty"`     // key serial number of the PIN, hex
	Script   string    `json:"script,omitempty"`  // of a script result: DF31, hex
	Items    []string  `json:"items,omitempty"`   // of an upload: "STAN amount", each once in its batch
	Differs  []string  `json:"differs,omitempty"` // of an upload or settlement: what the till has otherwise
	Net      int64     `json:"net"`               // fen that this message charges its card now (a refund is negative); filled by Ledger
}

// Key names a message at the host: a STAN counts once within terminal, merchant and batch.
type Key struct{ TID, MID, Batch, STAN string }

// Key answers the identity of the message.
func (e Entry) Key() Key { return Key{e.TID, e.MID, e.Batch, e.STAN} }

// ledger appends lines; whoever waits on a flight goes on only after an fsync that covers his line.
type ledger struct {
	mu      sync.Mutex
	buf     bytes.Buffer
	next    *flight
	kick    chan struct{}
	stopped chan struct{}
	file    *os.File
	failed  error
	closing bool
}

type flight struct {
	done chan struct{}
	err  error
}

func newFlight() *flight { return &flight{done: make(chan struct{})} }

func (f *flight) wait() error {
	<-f.done
	return f.err
}

// openLedger cuts a torn last line off, reads the rest and opens the file for appending.
func openLedger(dir string) (*ledger, []Entry, error) {
	name := filepath.Join(dir, ledgerName)
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrLedger, err)
	}
	entries, good, err := readEntries(f)
	if err == nil {
		err = f.Truncate(good)
	}
	if err == nil {
		_, err = f.Seek(good, io.SeekStart)
	}
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("%w: %w", ErrLedger, err), f.Close())
	}
	l := &ledger{file: f, next: newFlight(), kick: make(chan struct{}, 1), stopped: make(chan struct{})}
	go l.run()
	return l, entries, nil
}

// readEntries answers the whole lines and where they end; a last line without its end was never acknowledged.
func readEntries(r io.Reader) ([]Entry, int64, error) {
	var out []Entry
	var good int64
	in := bufio.NewReaderSize(r, lineLimit)
	for {
		line, err := in.ReadSlice('\n')
		if errors.Is(err, io.EOF) {
			return out, good, nil
		}
		if err != nil {
			return nil, 0, fmt.Errorf("%w: line %d: %w", ErrLedger, len(out)+1, err)
		}
		var e Entry
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, 0, fmt.Errorf("%w: line %d: %w", ErrLedger, len(out)+1, err)
		}
		out = append(out, e)
		good += int64(len(line))
	}
}

// append takes a line in the order of the calls and answers the flight that carries it.
func (l *ledger) append(e Entry) (*flight, error) {
	line, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLedger, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed != nil {
		return nil, l.failed
	}
	if l.closing {
		return nil, fmt.Errorf("%w: closed", ErrLedger)
	}
	l.buf.Write(line)
	l.buf.WriteByte('\n')
	select {
	case l.kick <- struct{}{}:
	default:
	}
	return l.next, nil
}

func (l *ledger) run() {
	defer close(l.stopped)
	for range l.kick {
		l.flush()
	}
	l.flush()
}

// flush writes what waits with one fsync.
func (l *ledger) flush() {
	l.mu.Lock()
	data, f, err := bytes.Clone(l.buf.Bytes()), l.next, l.failed
	l.buf.Reset()
	l.next = newFlight()
	l.mu.Unlock()
	if err == nil && len(data) > 0 {
		if _, err = l.file.Write(data); err == nil {
			err = l.file.Sync()
		}
		if err != nil {
			err = fmt.Errorf("%w: %w", ErrLedger, err)
			l.mu.Lock()
			l.failed = err
			l.mu.Unlock()
		}
	}
	f.err = err
	close(f.done)
}

// close writes what waits and closes the file; append afterwards is refused.
func (l *ledger) close() error {
	l.mu.Lock()
	if l.closing {
		l.mu.Unlock()
		<-l.stopped
		return nil
	}
	l.closing = true
	close(l.kick)
	l.mu.Unlock()
	<-l.stopped
	return l.file.Close()
}

// Ledger reads the ledger of a host's folder, running or stopped, in order; State and Net say what holds now.
func Ledger(dir string) ([]Entry, error) {
	f, err := os.Open(filepath.Join(dir, ledgerName))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLedger, err)
	}
	defer f.Close() //nolint:errcheck // read only
	entries, _, err := readEntries(f)
	if err != nil {
		return nil, err
	}
	b := newBook()
	for _, e := range entries {
		if err := b.apply(e); err != nil {
			return nil, err
		}
	}
	return b.now(entries), nil
}

// Charges answers what each debit still charges its card, in fen: its amount if it stands, less its refunds; 0 for one undone. Void, reversal and refund count at their original.
func Charges(entries []Entry) map[Key]int64 {
	b := newBook()
	out := map[Key]int64{}
	for _, e := range entries {
		if b.apply(e) != nil {
			continue
		}
		if e.debit() {
			out[e.Key()] = 0
		}
	}
	for _, t := range b.bySeq {
		switch {
		case t.debit():
			out[t.Key()] += t.net()
		case t.Kind == KindRefund && t.original != nil:
			out[t.original.Key()] += t.net()
		}
	}
	return out
}

// PrintLedger writes the ledger as JSON lines, running or stopped.
func PrintLedger(dir string, w io.Writer) error {
	entries, err := Ledger(dir)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	for _, e := range entries {
		if err := enc.Encode(e); err != nil {
			return err
		}
	}
	return out.Flush()
}

// current answers the flight that everything taken so far is on or before.
func (l *ledger) current() *flight {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.next
	if l.closing || l.failed != nil {
		f = newFlight()
		f.err = fmt.Errorf("%w: closed", ErrLedger)
		close(f.done)
		return f
	}
	select {
	case l.kick <- struct{}{}:
	default:
	}
	return f
}
