package store

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
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

// attemptFields are the names of the fields of pos.Attempt, as keys.
var attemptFields = func() []string {
	t := reflect.TypeFor[pos.Attempt]()
	names := make([]string, t.NumField())
	for i := range names {
		names[i] = `"` + t.Field(i).Name + `":`
	}
	return names
}()

// appendAttempt writes the fields of an attempt that are not zero.
func appendAttempt(b []byte, a *pos.Attempt) (out []byte, err error) {
	v := reflect.ValueOf(a).Elem()
	b = append(b, '{')
	for i, name := range attemptFields {
		f := v.Field(i)
		if f.IsZero() {
			continue
		}
		if b[len(b)-1] != '{' {
			b = append(b, ',')
		}
		if b, err = appendField(append(b, name...), f); err != nil {
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
	case reflect.Bool:
		return strconv.AppendBool(b, f.Bool()), nil
	}
	var body []byte
	var err error
	if t, ok := f.Addr().Interface().(*time.Time); ok {
		body, err = t.MarshalJSON()
	} else {
		body, err = json.Marshal(f.Interface())
	}
	return append(b, body...), err
}
