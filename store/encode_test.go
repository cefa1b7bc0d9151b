package store

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tillkeeper/app/pos"
)

// lean points to pos.Attempt with tags that leave zero fields out: what
// encoding/json makes of it is what every journal so far holds.
var lean = func() reflect.Type {
	t := reflect.TypeFor[pos.Attempt]()
	fields := make([]reflect.StructField, t.NumField())
	for i := range fields {
		fields[i] = t.Field(i)
		fields[i].Tag = reflect.StructTag(`json:"` + fields[i].Name + `,omitzero"`)
	}
	return reflect.PointerTo(reflect.StructOf(fields))
}()

// drawn fills a value of whatever kind pos.Attempt and pos.Event have.
func drawn(t *rapid.T, v reflect.Value) {
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "s"), rapid.Int64Range(0, 999).Draw(t, "n")).In(time.FixedZone("", 8*3600))))
		return
	case *pos.Box:
		v.Set(reflect.ValueOf(&pos.Box{Key: rapid.String().Draw(t, "key"), Data: []byte(rapid.String().Draw(t, "data"))}))
		return
	case []byte:
		v.SetBytes([]byte(rapid.String().Draw(t, "bytes")))
		return
	case *time.Time, *pos.Line:
		v.Set(reflect.New(v.Type().Elem()))
		if _, ok := v.Interface().(*time.Time); ok {
			drawn(t, v.Elem())
		}
		return
	case []uint64:
		v.Set(reflect.ValueOf(rapid.SliceOf(rapid.Uint64()).Draw(t, "seqs")))
		return
	case []string:
		v.Set(reflect.ValueOf(rapid.SliceOf(rapid.String()).Draw(t, "texts")))
		return
	case []pos.Line:
		lines := make([]pos.Line, rapid.IntRange(0, 3).Draw(t, "lines"))
		for i := range lines {
			some(t, reflect.ValueOf(&lines[i]).Elem())
		}
		v.Set(reflect.ValueOf(lines))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "000001", `a"b`, "<&>", "\u2028", "\xff", "\t", "\x7f", `\`})).Draw(t, "text"))
	case reflect.Uint64:
		v.SetUint(rapid.Uint64().Draw(t, "uint"))
	case reflect.Int, reflect.Int64:
		v.SetInt(rapid.Int64().Draw(t, "int"))
	case reflect.Bool:
		v.SetBool(true)
	default:
		t.Fatalf("nobody draws a %s", v.Type())
	}
}

// some fills some fields of a document.
func some(t *rapid.T, v reflect.Value) {
	for i := range v.NumField() {
		if rapid.Bool().Draw(t, "set") {
			drawn(t, v.Field(i))
		}
	}
}

func TestWrittenByHandAsByEncodingJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var a pos.Attempt
		some(t, reflect.ValueOf(&a).Elem())
		got, err := appendAttempt(nil, &a)
		want, errWant := json.Marshal(reflect.ValueOf(&a).Convert(lean).Interface())
		if string(got) != string(want) || err != nil || errWant != nil {
			t.Fatalf("%s, %v\n%s, %v", got, err, want, errWant)
		}
		var e pos.Event
		some(t, reflect.ValueOf(&e).Elem())
		got, err = encodeEvent(&e)
		want, errWant = json.Marshal(&e)
		if string(got) != string(want) || err != nil || errWant != nil {
			t.Fatalf("%s, %v\n%s, %v", got, err, want, errWant)
		}
		var k pos.Basket
		some(t, reflect.ValueOf(&k).Elem())
		got, err = appendBasket(nil, &k)
		want, errWant = json.Marshal(&k)
		if string(got) != string(want) || err != nil || errWant != nil {
			t.Fatalf("%s, %v\n%s, %v", got, err, want, errWant)
		}
		var h head
		numbers := []reflect.Value{reflect.ValueOf(&h.Seq).Elem(), reflect.ValueOf(&h.Commit).Elem(), reflect.ValueOf(&h.Layout).Elem()}
		counts := reflect.ValueOf(&h.counters).Elem()
		for i := range counts.NumField() {
			numbers = append(numbers, counts.Field(i))
		}
		for _, n := range numbers {
			if rapid.Bool().Draw(t, "set") {
				drawn(t, n)
			}
		}
		copy(h.Chain[:], rapid.SliceOfN(rapid.Byte(), chainLen, chainLen).Draw(t, "chain"))
		got = encodeHead(h)
		want, errWant = json.Marshal(headDoc{h.Seq, hex.EncodeToString(h.Chain[:]), h.Commit, h.Layout, h.counters})
		if string(got) != string(want) || errWant != nil {
			t.Fatalf("%s\n%s, %v", got, want, errWant)
		}
		d := newDaySums()
		for _, s := range []reflect.Value{reflect.ValueOf(&d.All), reflect.ValueOf(&d.Late)} {
			for i := range s.Elem().NumField() {
				drawn(t, s.Elem().Field(i))
			}
		}
		d.Tax, d.Baskets = d.All.Net, d.Late.Count
		for i := range rapid.IntRange(0, 12).Draw(t, "hours") {
			d.ByHour[i], d.ByTender[pos.Tender(rapid.String().Draw(t, "tender"))], d.ByCashier[rapid.String().Draw(t, "cashier")] = d.All, d.Late, d.All
		}
		got, err = encodeDay(d)
		want, errWant = json.Marshal(d)
		if string(got) != string(want) || err != nil || errWant != nil {
			t.Fatalf("%s, %v\n%s, %v", got, err, want, errWant)
		}
	})
}

// TestSealedIsTheCheckAndTheValue: sealed writes what every journal so far holds.
func TestSealedIsTheCheckAndTheValue(t *testing.T) {
	for _, bucket := range append([]string{bHot}, buckets...) {
		rapid.Check(t, func(t *rapid.T) {
			key, rest := rapid.SliceOf(rapid.Byte()).Draw(t, "key"), rapid.SliceOf(rapid.Byte()).Draw(t, "rest")
			c := check(bucket, key, rest)
			value := sealed(bucket, key, rest)
			if !bytes.Equal(value, slices.Concat(c[:], rest)) {
				t.Fatalf("%x", value)
			}
			if got, err := unseal(bucket, key, value); err != nil || !bytes.Equal(got, rest) {
				t.Fatalf("%x, %v", got, err)
			}
		})
	}
}
