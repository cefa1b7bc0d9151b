package store

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"tillkeeper/app/pos"
)

// A commit writes the same few documents again and again, so those that change
// with each step of a sale are written here by hand: byte for byte what
// encoding/json writes, at a fraction of its time.

// appendText writes a string.
func appendText(b []byte, text string) ([]byte, error) {
	for i := range len(text) {
		switch c := text[i]; {
		case c < ' ', c > '~', c == '"', c == '\\', c == '<', c == '>', c == '&':
			hard, err := json.Marshal(text)
			return append(b, hard...), err
		}
	}
	return append(append(append(b, '"'), text...), '"'), nil
}

// appendSums writes sums.
func appendSums(b []byte, s pos.Sums) []byte {
	b = strconv.AppendInt(append(b, `{"gross":`...), int64(s.Gross), 10)
	b = strconv.AppendInt(append(b, `,"refunds":`...), int64(s.Refunds), 10)
	b = strconv.AppendInt(append(b, `,"net":`...), int64(s.Net), 10)
	b = strconv.AppendInt(append(b, `,"count":`...), int64(s.Count), 10)
	return append(b, '}')
}

// appendBy writes sums by the names that keys have.
func appendBy[K comparable](b []byte, by map[K]pos.Sums, name func(K) string) (out []byte, err error) {
	named := make(map[string]pos.Sums, len(by))
	for k, s := range by {
		named[name(k)] = s
	}
	b = append(b, '{')
	for i, k := range slices.Sorted(maps.Keys(named)) {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendText(b, k); err != nil {
			return b, err
		}
		b = appendSums(append(b, ':'), named[k])
	}
	return append(b, '}'), nil
}

// encodeDay writes the sums of a day.
func encodeDay(d *daySums) ([]byte, error) {
	b := appendSums(append(make([]byte, 0, 1<<10), `{"all":`...), d.All)
	b = strconv.AppendInt(append(b, `,"tax":`...), int64(d.Tax), 10)
	b = strconv.AppendInt(append(b, `,"baskets":`...), int64(d.Baskets), 10)
	b = appendSums(append(b, `,"late":`...), d.Late)
	b, err := appendBy(append(b, `,"by_tender":`...), d.ByTender, func(t pos.Tender) string { return string(t) })
	if err != nil {
		return nil, err
	}
	if b, err = appendBy(append(b, `,"by_hour":`...), d.ByHour, strconv.Itoa); err != nil {
		return nil, err
	}
	if b, err = appendBy(append(b, `,"by_cashier":`...), d.ByCashier, func(id string) string { return id }); err != nil {
		return nil, err
	}
	return append(b, '}'), nil
}

// encodeHead writes the end of the journal as headDoc has it.
func encodeHead(h head) []byte {
	b := strconv.AppendUint(append(make([]byte, 0, 256), `{"seq":`...), h.Seq, 10)
	b = hex.AppendEncode(append(b, `,"chain":"`...), h.Chain[:])
	b = strconv.AppendUint(append(b, `","commit":`...), h.Commit, 10)
	if h.Layout != 0 {
		b = strconv.AppendInt(append(b, `,"layout":`...), int64(h.Layout), 10)
	}
	b = strconv.AppendInt(append(b, `,"attempt":`...), h.Attempt, 10)
	b = strconv.AppendInt(append(b, `,"basket":`...), h.Basket, 10)
	b = strconv.AppendInt(append(b, `,"receipt":`...), h.Receipt, 10)
	b = strconv.AppendInt(append(b, `,"stan":`...), h.STAN, 10)
	return append(b, '}')
}

// field is the key of a field and when it is written: where it is not zero, and
// by its tag always, or not even as a slice without entries.
type field struct {
	key          string
	always, lean bool
}

// attemptFields are the fields of pos.Attempt.
var attemptFields = func() []field {
	t := reflect.TypeFor[pos.Attempt]()
	fields := make([]field, t.NumField())
	for i := range fields {
		fields[i].key = `"` + t.Field(i).Name + `":`
	}
	return fields
}()

// The fields of documents that have tags.
var (
	eventFields  = tagged[pos.Event]()
	basketFields = tagged[pos.Basket]()
	lineFields   = tagged[pos.Line]()
)

// tagged are the fields of a document as their tags have them.
func tagged[T any]() []field {
	t := reflect.TypeFor[T]()
	fields := make([]field, t.NumField())
	for i := range fields {
		name, how, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		fields[i] = field{key: `"` + name + `":`, always: how == "", lean: how == "omitempty"}
	}
	return fields
}

// appendAttempt writes the fields of an attempt that are not zero.
func appendAttempt(b []byte, a *pos.Attempt) ([]byte, error) {
	return appendFields(b, reflect.ValueOf(a).Elem(), attemptFields)
}

// encodeEvent writes an event.
func encodeEvent(e *pos.Event) ([]byte, error) {
	return appendFields(make([]byte, 0, 1<<10), reflect.ValueOf(e).Elem(), eventFields)
}

// appendBasket writes a basket.
func appendBasket(b []byte, doc *pos.Basket) ([]byte, error) {
	return appendFields(b, reflect.ValueOf(doc).Elem(), basketFields)
}

func appendFields(b []byte, v reflect.Value, fields []field) (out []byte, err error) {
	b = append(b, '{')
	for i, of := range fields {
		f := v.Field(i)
		if !of.always && (f.IsZero() || of.lean && f.Kind() == reflect.Slice && f.Len() == 0) {
			continue
		}
		if b[len(b)-1] != '{' {
			b = append(b, ',')
		}
		if b, err = appendField(append(b, of.key...), f); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

func appendField(b []byte, f reflect.Value) ([]byte, error) {
	switch f.Kind() {
	case reflect.String:
		return appendText(b, f.String())
	case reflect.Int, reflect.Int64:
		return strconv.AppendInt(b, f.Int(), 10), nil
	case reflect.Uint64:
		return strconv.AppendUint(b, f.Uint(), 10), nil
	case reflect.Bool:
		return strconv.AppendBool(b, f.Bool()), nil
	}
	switch v := f.Addr().Interface().(type) {
	case *time.Time:
		b, err := v.AppendText(append(b, '"'))
		return append(b, '"'), err
	case **pos.Box:
		return appendBox(b, *v)
	case *[]pos.Line:
		return appendList(b, *v, func(b []byte, l *pos.Line) ([]byte, error) {
			return appendFields(b, reflect.ValueOf(l).Elem(), lineFields)
		})
	case *[]string:
		return appendList(b, *v, func(b []byte, text *string) ([]byte, error) { return appendText(b, *text) })
	case *[]uint64:
		return appendList(b, *v, func(b []byte, n *uint64) ([]byte, error) { return strconv.AppendUint(b, *n, 10), nil })
	}
	body, err := json.Marshal(f.Interface())
	return append(b, body...), err
}

// appendList writes a list.
func appendList[T any](b []byte, list []T, write func(b []byte, of *T) ([]byte, error)) (out []byte, err error) {
	if list == nil {
		return append(b, "null"...), nil
	}
	b = append(b, '[')
	for i := range list {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = write(b, &list[i]); err != nil {
			return b, err
		}
	}
	return append(b, ']'), nil
}

// appendBox writes something encrypted.
func appendBox(b []byte, box *pos.Box) ([]byte, error) {
	b, err := appendText(append(b, `{"key":`...), box.Key)
	if b = append(b, `,"data":`...); box.Data == nil {
		return append(b, `null}`...), err
	}
	b = base64.StdEncoding.AppendEncode(append(b, '"'), box.Data)
	return append(b, `"}`...), err
}
