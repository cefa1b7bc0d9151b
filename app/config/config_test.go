package config

import (
	"reflect"
	"strings"
	"testing"
)

const sample = `
[terminal]
tid = "12345678"
mid = "123456789012345"
[host]
address = "127.0.0.1:8583"
profile = "cup"
timeout = "10s"
reversal_repeat = "60s"
tls = "off"
[keys]
store = "demo"
tmk = "0123456789ABCDEFFEDCBA9876543210"
[devices]
reader = "sim:"
pinpad = "sim:"
printer = "sim:"
qr = "sim:"
[wallet]
gateway = "sim:"
[offline]
approval = true
deferred = false
per_payment = 50000
per_terminal = 500000
count = 50
stop_after = "24h"
`

func TestTheManualsSampleIsTheDefault(t *testing.T) {
	got, err := Parse(sample, "/x", "")
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got.Config, Default()) {
		t.Errorf("%+v", got.Config)
	}
	if !got.Named["host.address"] || got.Named["import.deck"] {
		t.Error(got.Named)
	}
}

func TestPathsAreRelativeToTheFile(t *testing.T) {
	got, err := Parse("[import]\ncatalogue = \"p.csv\"\ndeck = \"/abs/deck.json\"\n", "/etc/till", "")
	if err != nil || got.Import.Catalogue != "/etc/till/p.csv" || got.Import.Deck != "/abs/deck.json" {
		t.Error(got.Import, err)
	}
}

func TestErrorsNameTheKey(t *testing.T) {
	for text, want := range map[string]string{
		"[host]\nadress = \"127.0.0.1:1\"":     "host.adress",
		"[terminal]\ntid = \"1\"":              "terminal.tid",
		"[host]\ntimeout = \"soon\"":           "soon",
		"[host]\naddress = \"10.0.0.1:8583\"":  "host.tls",
		"[host]\ntls = \"mutual\"":             "host.ca",
		"[host]\ntls = \"mutual\"\nca = \"a\"": "host.cert",
		"[keys]\nstore = \"tpm\"":              "keys.store",
		"[keys]\ntmk = \"00\"":                 "keys.tmk",
		"[offline]\ncount = -1":                "offline.count",
		"[offline]\nper_payment = \"much\"":    "per_payment",
		"[shop]\ntimezone = \"Mars/North\"":    "shop.timezone",
		"nonsense":                             "line 1",
		"[extra]\na = 1":                       "extra",
	} {
		_, err := Parse(text, ".", "")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v does not name %s", text, err, want)
		}
	}
}

func TestNearestKeyIsProposed(t *testing.T) {
	if got := nearest("host.adress"); got != "host.address" {
		t.Error(got)
	}
}
