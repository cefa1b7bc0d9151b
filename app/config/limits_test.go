package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"tillkeeper/app/pos"
)

// TestEveryKeyIsKnown compares the list behind the remedies with the tables
// themselves, so that a new key cannot be forgotten in it.
func TestEveryKeyIsKnown(t *testing.T) {
	var want []string
	for f := range fields(reflect.TypeFor[Config]()) {
		for g := range fields(f.Type) {
			want = append(want, f.Tag.Get("toml")+"."+g.Tag.Get("toml"))
		}
	}
	sort.Strings(want)
	if !slices.Equal(keys, want) {
		t.Errorf("keys are\n%v\nthe tables have\n%v", keys, want)
	}
}

func fields(t reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if !yield(t.Field(i)) {
				return
			}
		}
	}
}

// TestLimits tries the last value that fits and the first that does not.
func TestLimits(t *testing.T) {
	for _, c := range []struct{ table, key, fits, not string }{
		{"terminal", "tid", `"A234567z"`, `"123456789"`},
		{"terminal", "mid", `"12345678901234A"`, `"12345678901234"`},
		{"host", "address", `"127.0.0.1:65535"`, `"127.0.0.1:65536"`},
		{"host", "address", `"localhost:1"`, `"localhost:0"`},
		{"host", "address", `"[::1]:8583"`, `":8583"`},
		{"host", "address", `"127.9.9.9:1"`, `"127.0.0.1"`},
		{"host", "timeout", `"10ms"`, `"9ms"`},
		{"host", "timeout", `"5m"`, `"5m1s"`},
		{"host", "reversal_repeat", `"0s"`, `"-1s"`},
		{"host", "reversal_repeat", `"1h"`, `"61m"`},
		{"host", "tls", `"off"`, `"on"`},
		{"keys", "store", `"passphrase"`, `"tpm"`},
		{"keys", "tmk", `"0123456789abcdef0123456789abcdef"`, `"0123456789abcdef0123456789abcdeg"`},
		{"offline", "per_payment", "0", "-1"},
		{"offline", "per_payment", "1000000000", "1000000001"},
		{"offline", "per_terminal", "1000000000", "1000000001"},
		{"offline", "count", "10000", "10001"},
		{"offline", "stop_after", `"720h"`, `"720h1s"`},
		{"shop", "tax", `"added"`, `"none"`},
		{"shop", "day_start", `"23:59"`, `"24:00"`},
		{"shop", "timezone", `"America/New_York"`, `"Nowhere"`},
		{"shop", "timezone", `"Local"`, `""`},
		{"window", "language", `"en"`, `"fr"`},
		{"window", "theme", `"dark"`, `"blue"`},
	} {
		if _, err := Parse("["+c.table+"]\n"+c.key+" = "+c.fits+"\n", ".", ""); err != nil {
			t.Errorf("%s.%s = %s was refused: %v", c.table, c.key, c.fits, err)
		}
		_, err := Parse("["+c.table+"]\n"+c.key+" = "+c.not+"\n", ".", "")
		var e *pos.Error
		if !errors.As(err, &e) || e.Code != "bad_config" || e.Remedy == "" || !strings.Contains(e.Message, c.table+"."+c.key) {
			t.Errorf("%s.%s = %s: %v", c.table, c.key, c.not, err)
		}
	}
}

func TestTheMasterKeyIsNotSaid(t *testing.T) {
	_, err := Parse("[keys]\ntmk = \"C0FFEE\"\n", ".", "")
	if err == nil || strings.Contains(err.Error(), "C0FFEE") {
		t.Error(err)
	}
}

// TestTheHostOfAFlagStandsForTheFilesOne: the address of the file is not judged then, the flag's is.
func TestTheHostOfAFlagStandsForTheFilesOne(t *testing.T) {
	const far = "[host]\naddress = \"192.0.2.1:9000\"\n"
	if p, err := Parse(far, ".", "127.0.0.1:9000"); err != nil || p.Host.Address != "127.0.0.1:9000" || !p.Named["host.address"] {
		t.Error(p.Host, err)
	}
	for _, c := range [][2]string{{far, ""}, {"", "192.0.2.1:9000"}} {
		if _, err := Parse(c[0], ".", c[1]); err == nil {
			t.Errorf("%q: a far host without TLS was taken", c)
		}
	}
}

func TestOnlyThisMachineIsLoopback(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1:1": true, "127.1.2.3:1": true, "localhost:1": true, "[::1]:1": true,
		"127.0.0.1.example.com:1": false, "localhost.example.com:1": false, "[::2]:1": false, "[:1": false, "10.0.0.1:1": false,
	} {
		if loopback(address) != want {
			t.Errorf("%s: %v", address, !want)
		}
	}
}

func TestBusinessDay(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct {
		zone, begins, at, day string
		hour                  int
	}{
		{"Asia/Shanghai", "00:00", "2026-11-21T15:59:59Z", "2026-11-21", 23},
		{"Asia/Shanghai", "00:00", "2026-11-21T16:00:00Z", "2026-11-22", 0},
		{"Asia/Shanghai", "05:00", "2026-11-22T04:59:59+08:00", "2026-11-21", 4},
		{"Asia/Shanghai", "05:00", "2026-11-22T05:00:00+08:00", "2026-11-22", 5},
		{"Asia/Shanghai", "05:00", "2027-01-01T01:30:00+08:00", "2026-12-31", 1},
		{"America/New_York", "05:00", "2026-03-08T05:00:00-04:00", "2026-03-08", 5}, // the clocks went forward
		{"America/New_York", "05:00", "2026-11-01T04:59:00-05:00", "2026-10-31", 4}, // and back
	} {
		day, err := Shop{TimeZone: c.zone, DayStart: c.begins}.DayOf()
		if err != nil {
			t.Fatal(err)
		}
		if d, h := day(at(c.at)); d != c.day || h != c.hour {
			t.Errorf("%s from %s: %s %d, want %s %d", c.at, c.begins, d, h, c.day, c.hour)
		}
	}
	if _, err := (Shop{TimeZone: "Nowhere", DayStart: "00:00"}).DayOf(); err == nil {
		t.Error("no such zone")
	}
	var e *pos.Error
	if _, err := Parse("[shop]\ntimezone = \"Mars/North\"\n", ".", ""); !errors.As(err, &e) || !strings.Contains(e.Remedy, `"Local"`) {
		t.Errorf("the way back to the machine's zone is not named: %v", err)
	}
	if _, err := (Shop{TimeZone: "UTC", DayStart: "noon"}).DayOf(); err == nil {
		t.Error("no such time")
	}
}

// TestAShopThatNamesNoZoneHasTheMachines: it was Shanghai's everywhere. On a machine set to UTC a host on the same machine was
// eight hours off, and the totals of the machine's date were those of another day.
func TestAShopThatNamesNoZoneHasTheMachines(t *testing.T) {
	had := time.Local
	t.Cleanup(func() { time.Local = had })
	for zone, want := range map[string]string{"UTC": "2026-11-21 20", "Asia/Shanghai": "2026-11-22 4", "America/St_Johns": "2026-11-21 16"} {
		var err error
		if time.Local, err = time.LoadLocation(zone); err != nil {
			t.Fatal(err)
		}
		c, err := Parse("", ".", "")
		if err != nil {
			t.Fatal(err)
		}
		day, err := c.Shop.DayOf()
		if err != nil {
			t.Fatal(err)
		}
		if d, h := day(time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC)); fmt.Sprint(d, " ", h) != want {
			t.Errorf("on a machine in %s: %s %d, want %s", zone, d, h, want)
		}
	}
}

// TestAKeyIsKnownAsItIsWritten: the decoder takes Address for address, and --demo then started a host of its own beside it.
func TestAKeyIsKnownAsItIsWritten(t *testing.T) {
	for text, key := range map[string]string{
		"[host]\nAddress = \"127.0.0.1:1\"\n": "host.Address",
		"[Host]\naddress = \"127.0.0.1:1\"\n": "Host",
		"[terminal]\nTID = \"12345678\"\n":    "terminal.TID",
	} {
		_, err := Parse(text, "", "")
		if e := new(pos.Error); !errors.As(err, &e) || e.Code != "bad_config" || !strings.Contains(e.Message, key) {
			t.Errorf("%q: %v, want an error that names %s", text, err, key)
		}
	}
	if p, err := Parse("[host]\naddress = \"127.0.0.1:1\"\n", "", ""); err != nil || !p.Named["host.address"] {
		t.Errorf("as it is written: %v, named %v", err, p.Named)
	}
}

// TestAMasterKeyInTheFileIsOnlyForTheDemo: beside another store it was left aside in silence.
func TestAMasterKeyInTheFileIsOnlyForTheDemo(t *testing.T) {
	const tmk = "tmk = \"0123456789ABCDEFFEDCBA9876543210\"\n"
	_, err := Parse("[keys]\nstore = \"passphrase\"\n"+tmk, "", "")
	if e := new(pos.Error); !errors.As(err, &e) || !strings.Contains(e.Message, "keys.tmk") || strings.Contains(e.Message, "0123456789") {
		t.Errorf("beside a passphrase: %v", err)
	}
	for _, text := range []string{"[keys]\n" + tmk, "[keys]\nstore = \"demo\"\n" + tmk, "[keys]\nstore = \"passphrase\"\n"} {
		if _, err := Parse(text, "", ""); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}
