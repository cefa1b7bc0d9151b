package card

import (
	"errors"
	"strings"
	"testing"
)

func TestLoadDeck(t *testing.T) {
	deck, err := LoadDeck(strings.NewReader(`[
	{"name":"ok","pan":"6224242900000113","expiry":"2806","sequence":"001","pin":"123456","entry":"contactless","offline":"online","state":"good"},
	{"name":"short","pan":"622424290000","expiry":"2806","entry":"swipe"}]`))
	if err != nil {
		t.Fatal(err)
	}
	want := Card{Name: "short", PAN: "622424290000", Expiry: "2806", Sequence: "001", Entry: "swipe", Offline: Online, State: Good}
	if len(deck) != 2 || deck[1] != want || deck[0].PIN != "123456" {
		t.Errorf("%+v", deck)
	}
	deck, err = LoadDeck(strings.NewReader(`[{"name":"two","pan":"622424290000","expiry":"2806","entry":"chip","traits":"two revoked"}]`))
	if err != nil || !deck[0].is(Two) || !deck[0].is(Revoked) || deck[0].is(Quick) {
		t.Errorf("%+v %v", deck, err)
	}
}

func TestLoadDeckErrors(t *testing.T) {
	const good = `"name":"bad one","pan":"6224242900000113","expiry":"2806","entry":"chip"`
	for _, test := range []struct{ deck, want string }{
		{`[{` + good + `,"colour":"red"}]`, `card "bad one": unknown key "colour"`},
		{`[{` + good + `,"pin":123456}]`, `card "bad one": key "pin"`},
		{`[{` + good + `,"pin":null}]`, `card "bad one": key "pin"`},
		{`[{` + good + `,"pin":"12"}]`, `card "bad one": key "pin"`},
		{`[{` + good + `,"state":"wet"}]`, `card "bad one": key "state"`},
		{`[{` + good + `,"traits":"two purple"}]`, `card "bad one": key "traits": words of quick`},
		{`[{` + good + `,"offline":"maybe"}]`, `card "bad one": key "offline"`},
		{`[{` + good + `,"sequence":"1"}]`, `card "bad one": key "sequence"`},
		{`[{` + good + `},{` + good + `}]`, `card "bad one": key "name": there twice`},
		{`[{"name":"x","pan":"62","expiry":"2806","entry":"chip"}]`, `card "x": key "pan"`},
		{`[{"name":"x","pan":"6224242900000113","expiry":"2813","entry":"chip"}]`, `card "x": key "expiry"`},
		{`[{"name":"x","pan":"6224242900000113","expiry":"2806"}]`, `card "x": key "entry"`},
		{`[{"pan":"6224242900000113","expiry":"2806","entry":"chip"}]`, `card number 1: key "name"`},
		{`{}`, `not a JSON list`},
		{`[] []`, `not a JSON list`},
	} {
		_, err := LoadDeck(strings.NewReader(test.deck))
		if !errors.Is(err, ErrDeck) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", test.deck, err)
		}
	}
}
