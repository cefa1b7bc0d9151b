package pinpad

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/keys"
	pad "tillkeeper/drivers/pinpad"
)

// keyed is what a component came to.
type keyed struct {
	kcv, whole [4]byte
	err        error
}

// sends has the pad ask for a component and waits until its display does.
func sends(c *pad.Ceremony, device *process, number, person string) <-chan keyed {
	got := make(chan keyed, 1)
	go func() {
		var k keyed
		if number == "1" {
			k.kcv, k.err = c.First(person, nil)
		} else {
			k.kcv, k.whole, k.err = c.Second(person, nil)
		}
		got <- k
	}()
	device.shows("component " + number)
	return got
}

// TestMasterKeyIsKeyedInAtAPadOfItsOwn: two people at the keypad of another process behind a pty; the till is told check
// values, the pad is in use at once, and its own store of keys is not touched.
func TestMasterKeyIsKeyedInAtAPadOfItsOwn(t *testing.T) {
	device := start(t, "pad --pty --data "+t.TempDir())
	p := serialPad(t, device.line(), defaultBaud)
	if c := p.Condition(bg); c.Code != "no_tmk" {
		t.Fatalf("%+v", c)
	}
	c := p.Ceremony()
	if !c.AtPad() {
		t.Error("it is typed at the till")
	}
	defer c.Cancel()
	got := sends(c, device, "1", "9001")
	device.ask("type " + componentA[:31])
	if k := <-got; pos.WhyNot(k.err, "") != "component_length" {
		t.Fatalf("one digit short: %v", k.err)
	}
	got = sends(c, device, "1", "9001")
	device.ask("type " + componentA)
	one := <-got
	if want, _ := keys.KCV(unhex(t, componentA)); one.err != nil || !bytes.Equal(one.kcv[:], want) {
		t.Fatalf("%v %X", one.err, one.kcv)
	}
	got = sends(c, device, "2", "2001")
	device.ask("type %s!", componentB[:31])
	if k := <-got; pos.WhyNot(k.err, "") != "component_length" {
		t.Fatalf("a wrong character: %v", k.err)
	}
	got = sends(c, device, "2", "2001") // the first component waits on
	device.ask("type " + componentB)
	two := <-got
	if two.err != nil || hex.EncodeToString(two.whole[:]) != "08d7b4fb" || two.kcv == one.kcv {
		t.Fatalf("%v %X %X", two.err, two.kcv, two.whole)
	}
	if s := p.State(); s.State != "ok" {
		t.Errorf("with its key: %+v", s)
	}
	if err := p.LoadKeys(bg, unhex(t, f62Hex), "003"); err != nil {
		t.Error(err)
	}
	paid := begin(p, device)
	device.ask("enter 123456")
	if err := <-paid; err != nil {
		t.Error(err)
	}
}

// TestNobodyIsSentToThePadInVain: what cannot succeed is refused before the pad asks for anything.
func TestNobodyIsSentToThePadInVain(t *testing.T) {
	device := start(t, "pad --pty --data "+t.TempDir())
	p := serialPad(t, device.line(), defaultBaud)
	c := p.Ceremony()
	typed := []byte(componentA)
	_, _, early := c.Second("2001", nil)
	_, nobody := c.First("", nil)
	_, here := c.First("9001", typed)
	for want, err := range map[string]error{"component_order": early, "component_person": nobody, "component_at_pad": here} {
		if pos.WhyNot(err, "") != want {
			t.Errorf("want %s: %v", want, err)
		}
	}
	if !bytes.Equal(typed, make([]byte, len(typed))) {
		t.Error("a component typed at the till is still there")
	}
	got := sends(c, device, "1", "9001")
	if _, err := c.First("2001", nil); pos.WhyNot(err, "") != "component_order" {
		t.Errorf("two at once: %v", err)
	}
	device.ask("type " + componentA)
	if k := <-got; k.err != nil {
		t.Fatal(k.err)
	}
	if _, _, err := c.Second("9001", nil); pos.WhyNot(err, "") != "component_person" {
		t.Errorf("the same person: %v", err)
	}
	got = sends(c, device, "2", "2001") // and the first one still waits
	device.ask("type " + componentB)
	if k := <-got; k.err != nil {
		t.Error(k.err)
	}
}

// TestKeyEntryThatEndsBeginsAnew: the cancel key, the till's giving up, a pulled cable, the same sheet twice; no key is left.
func TestKeyEntryThatEndsBeginsAnew(t *testing.T) {
	dir := t.TempDir()
	device := start(t, "pad --pty --link "+dir+"/by-id --data "+dir)
	p := serialPad(t, device.line(), defaultBaud)
	c := p.Ceremony()
	for want, end := range map[string]func(){
		"component_cancelled": func() { device.ask("cancel") },
		"component_cancelled by the till": func() {
			c.Cancel()
			device.shows("")
		},
		"unplugged": func() {
			device.ask("unplug")
			device.ask("plug")
		},
		"component_same": func() { device.ask("type " + strings.ToLower(componentA)) },
	} {
		got := sends(c, device, "1", "9001")
		device.ask("type " + componentA)
		if k := <-got; k.err != nil {
			t.Fatalf("%s: %v", want, k.err)
		}
		got = sends(c, device, "2", "2001")
		end()
		code, _, _ := strings.Cut(want, " ")
		if k := <-got; pos.WhyNot(k.err, "") != code {
			t.Errorf("want %s: %v", want, k.err)
		}
		if _, _, err := c.Second("2001", nil); pos.WhyNot(err, "") != "component_order" {
			t.Errorf("%s: the first component waits on: %v", want, err)
		}
	}
	if i, err := p.Info(bg); err != nil || i.HasTMK {
		t.Errorf("%v: an entry that ended left a key", err)
	}
}

// TestKeyEntryRunsOutOfTime: a person who went away is not waited for, and the words are not those of a PIN.
func TestKeyEntryRunsOutOfTime(t *testing.T) {
	device := start(t, "pad --pty --patience 20ms --data "+t.TempDir())
	p := serialPad(t, device.line(), defaultBaud)
	k := <-sends(p.Ceremony(), device, "1", "9001")
	if !errors.Is(k.err, pad.ErrComponentTimeout) || !errors.Is(k.err, pad.ErrTimeout) || pos.WhyNot(k.err, "") != "component_timeout" {
		t.Errorf("%v", k.err)
	}
}
