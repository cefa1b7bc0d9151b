// Package headless is the scripted face of the till: one JSON command a line
// in, one JSON object a line out, nothing else on the way out; where it is asked
// for, what changes by itself is told between two answers. It drives the
// same checkout.Face as the window and knows nothing that the window does not
// go through; the only thing of its own is the bench that puts simulated cards
// on the simulated reader.
//
// An answer is written only after what it says is durable. An unknown command,
// a wrong type or an unknown key is an error answer, never a crash. Amounts are
// integers in fen, quantities are strings.
package headless

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"time"
	"unicode/utf8"

	"tillkeeper/app/checkout"
	"tillkeeper/app/decline"
	"tillkeeper/app/pos"
	"tillkeeper/app/settle"
)

// Queue is the unattended flow as a script sees it.
type Queue interface {
	Forward(ctx context.Context) (left int, err error)
	SignOn(ctx context.Context) error
	Skew() int64
	Link() pos.Link
}

// Desk is the close of the batch and the acquirer's file.
type Desk interface {
	Settle(ctx context.Context, by pos.Operator, o *settle.Approval) (settle.Report, error)
	Reconcile(ctx context.Context, by pos.Operator, name string, r io.Reader) (settle.Reconciled, error)
	ReconcileDay(ctx context.Context, by pos.Operator, day string) (settle.Reconciled, error)
}

// Bench handles the simulated devices for a script.
type Bench interface {
	Present(card string) error
	PIN(pin string)     // typed on the pad; "" is the customer who cancels
	Bypass()            // OK is pressed without a PIN
	Holder(card string) // the PIN that belongs to the card is typed; none where it has none
	Wallet(how string) error
	Clear()        // what a payment left unused
	Printed() bool // no slip waits for a printer that can print
}

// Options are what the face talks to.
type Options struct {
	Face     checkout.Face
	Queue    Queue
	Bench    Bench
	Codes    *decline.Table
	Lang     string
	Version  string
	SelfTest func(ctx context.Context) []pos.Condition
	Desk     Desk
	Check    func(ctx context.Context) ([]string, error) // what the journal's own check finds
	DayOf    func(time.Time) (day string, hour int)
	Log      func(msg string, args ...any)
	Events   bool // what changes between two answers is told; see teller
}

// maxLine bounds one command in bytes.
const maxLine = 1 << 20

// errQuit ends the loop.
var errQuit = errors.New("quit")

// Run answers commands until quit, the end of the input or of the context: a
// signal ends the till even while it waits for a command.
func Run(ctx context.Context, in io.Reader, out io.Writer, o Options) error {
	f := &face{Options: o, turn: make(chan struct{}, 1)}
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	if o.Events {
		f.teller = newTeller(f)
		until, stop := context.WithCancel(ctx)
		defer stop()
		go f.teller.run(until, enc)
	}
	ended := make(chan error, 1)
	go func() { ended <- f.serve(ctx, in, enc) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	limit := time.NewTimer(endLimit)
	defer limit.Stop()
	select { // the command that runs is answered, no other begins
	case err := <-ended:
		return err
	case f.turn <- struct{}{}:
	case <-limit.C:
	}
	return nil
}

// endLimit is how long a till that was told to end waits for the command that
// runs: a little more than the host has for one answer.
const endLimit = 15 * time.Second

func (f *face) serve(ctx context.Context, in io.Reader, enc *json.Encoder) error {
	lines := bufio.NewReaderSize(in, 64<<10)
	for {
		line, err := nextLine(lines)
		if err != nil && !errors.Is(err, errLong) {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if line = bytes.TrimSpace(line); len(line) == 0 && err == nil {
			continue
		}
		f.turn <- struct{}{}
		if ctx.Err() != nil {
			return nil
		}
		var a answer
		if err != nil {
			a = failed(nil, err)
		} else {
			a, err = f.one(ctx, line)
		}
		errEnc := enc.Encode(a)
		if f.teller != nil {
			f.teller.said(a)
		}
		if errors.Is(err, errQuit) {
			return errEnc // nothing is told after it
		}
		if <-f.turn; errEnc != nil {
			return errEnc
		}
	}
}

// errLong says that a line is over maxLine.
var errLong error = &pos.Error{Code: "line_too_long", Message: fmt.Sprintf("a command has more than %d bytes", maxLine), Remedy: "send a shorter one"}

// nextLine reads one line without its end. One over maxLine is read to its end and is errLong.
func nextLine(r *bufio.Reader) (line []byte, err error) {
	long := false
	for {
		part, err := r.ReadSlice('\n')
		if long = long || len(line)+len(part) > maxLine; !long {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && (!errors.Is(err, io.EOF) || len(line) == 0 && !long):
			return nil, err
		case long:
			return nil, errLong
		}
		return line, nil
	}
}

type face struct {
	Options
	turn   chan struct{} // holds one token while a command runs
	teller *teller       // nil: nobody asked for events
}

// head is what every command carries.
type head struct {
	Cmd string          `json:"cmd"`
	ID  json.RawMessage `json:"id"`
}

// answer is one object on the way out.
type answer map[string]any

// one answers one line.
func (f *face) one(ctx context.Context, line []byte) (answer, error) {
	h, err := heading(line)
	if err != nil {
		return failed(h.ID, err), nil
	}
	do, ok := commands[h.Cmd]
	if !ok {
		if later[h.Cmd] {
			return failed(h.ID, pos.Errorf("not_available", "use a later version", "%s is not available in this version", h.Cmd)), nil
		}
		return failed(h.ID, pos.Errorf("unknown_command", "see the list of commands in the manual", "there is no command %q", h.Cmd)), nil
	}
	a, err := do(f, ctx, line)
	if err != nil && !errors.Is(err, errQuit) {
		return failed(h.ID, err), nil
	}
	if a == nil {
		a = answer{}
	}
	a["ok"] = true
	if h.ID != nil {
		a["re"] = h.ID
	}
	return a, err
}

func failed(id json.RawMessage, err error) answer {
	e := struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Remedy  string `json:"remedy"`
	}{"internal", err.Error(), "see the log on standard error"}
	var pe *pos.Error
	switch {
	case errors.As(err, &pe):
		e.Code, e.Remedy = pe.Code, pe.Remedy
	case errors.Is(err, pos.ErrNotFound):
		e.Code, e.Remedy = "not_found", "name one that exists; find lists them"
	case errors.Is(err, pos.ErrSafeMode):
		e.Code, e.Remedy = "safe_mode", "take no money; run check and call support"
	case errors.Is(err, pos.ErrFull):
		e.Code, e.Remedy = "disk_full", "free space on the disk, then try again"
	case errors.Is(err, pos.ErrNotCommitted):
		e.Code, e.Remedy = "journal_fault", "take no money; run the self-test"
	case errors.Is(err, pos.ErrNumber):
		e.Code, e.Remedy = "bad_number", "write it like \"1\" or \"0.350\""
	case errors.Is(err, pos.ErrNotSent), errors.Is(err, pos.ErrNoAnswer):
		e.Code, e.Remedy = "no_line", "look at the line; status names the cause"
	case errors.Is(err, pos.ErrRefused):
		e.Code, e.Remedy = "host_refused", "call the acquirer with the answer code"
	}
	a := answer{"ok": false, "error": e}
	if id != nil {
		a["re"] = id
	}
	return a
}

// heading reads what every command carries. A key that is there twice, and one
// that differs from a known one by its case, are errors too.
func heading(line []byte) (head, error) {
	var h head
	if !utf8.Valid(line) {
		return h, pos.Errorf("bad_json", "send UTF-8", "the line is no UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(line))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return h, pos.Errorf("bad_json", "send one JSON object a line", "the line is no JSON object")
	}
	seen := map[string]json.RawMessage{}
	for d.More() {
		var v json.RawMessage
		t, err := d.Token()
		if err == nil {
			err = d.Decode(&v)
		}
		if err != nil {
			h.ID = seen["id"]
			return h, pos.Errorf("bad_json", "send one JSON object a line", "the line is no JSON command: %v", err)
		}
		key, _ := t.(string)
		if _, twice := seen[key]; twice {
			return h, pos.Errorf("unknown_key", "give each key once", "the key %q is there twice", key)
		}
		seen[key] = v
	}
	h.ID = seen["id"]
	if !json.Valid(line) {
		return h, pos.Errorf("bad_json", "send one JSON object a line", "the line is no JSON command")
	}
	cmd, ok := seen["cmd"]
	if !ok {
		return h, missing("cmd", `"status"`)
	}
	if err := json.Unmarshal(cmd, &h.Cmd); err != nil || isNull(cmd) {
		return h, pos.Errorf("bad_type", "name the command as a text", "the key \"cmd\" takes a text")
	}
	return h, nil
}

// exact says whether every key of a command is spelled as its struct has it:
// encoding/json would take another case too, and null for anything.
func exact(line []byte, into any, need []string) error {
	var have map[string]json.RawMessage
	if err := json.Unmarshal(line, &have); err != nil {
		return err
	}
	known := map[string]bool{}
	for _, f := range reflect.VisibleFields(reflect.TypeOf(into).Elem()) {
		known[f.Tag.Get("json")] = true
	}
	for k, v := range have {
		switch {
		case !known[k]:
			return pos.Errorf("unknown_key", "see the command's keys in the manual", "there is no key %q", k)
		case k != "id" && isNull(v):
			return pos.Errorf("bad_type", "leave the key out, or give it a value", "the key %q is null", k)
		}
	}
	for _, k := range need {
		if _, ok := have[k]; !ok {
			return missing(k, examples[k])
		}
	}
	return nil
}

func isNull(v json.RawMessage) bool { return string(v) == "null" }

// examples are values of keys that a command cannot do without.
var examples = map[string]string{
	"staff": `"1001"`, "line": "1, its number in the basket", "ticket": `"1", that hold gave`, "receipt": `"000001", the number on the receipt`,
}

// read decodes a command strictly: an unknown key, a wrong type and a key that is
// needed and missing are errors that name it.
func read(line []byte, into any, need ...string) error {
	if err := exact(line, into, need); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		var te *json.UnmarshalTypeError
		if errors.As(err, &te) {
			return pos.Errorf("bad_type", "see the command's keys in the manual", "the key %q takes %s, not %s", te.Field, plainType(te.Type), te.Value)
		}
		return pos.Errorf("unknown_key", "see the command's keys in the manual", "%v", err)
	}
	return nil
}

// plainType names a Go type as JSON knows it.
func plainType(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Slice, reflect.Array:
		return "a list"
	}
	return "a whole number"
}

// waitFor polls until a condition holds; the conditions are cheap.
func waitFor(ctx context.Context, limit time.Duration, ready func() (bool, error)) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := ready()
		if ok || err != nil {
			return ok, err
		}
		select {
		case <-ctx.Done():
			return false, nil
		case <-tick.C:
		}
	}
}

func missing(key, example string) error {
	return pos.Errorf("missing_key", fmt.Sprintf("give it, like %s", example), "the key %q is missing", key)
}
