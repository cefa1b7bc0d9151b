package opening_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tillkeeper/app/opening"
	"tillkeeper/app/pos"
	"tillkeeper/app/staff"
	"tillkeeper/drivers/keys"
	"tillkeeper/drivers/pinpad"
	"tillkeeper/drivers/port"
	simpad "tillkeeper/drivers/sim/pinpad"
)

// Two components.
const (
	oneHalf   = "3B7E151628AED2A6ABF7158809CF4F3D"
	otherHalf = "A1B2C3D4E5F60718293A4B5C6D7E8F90"
)

// notes is a journal that writes down what it is given.
type notes struct {
	mu   sync.Mutex
	text []string
}

func (n *notes) Append(_ context.Context, c pos.Commit) ([]pos.Event, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, e := range c.Events {
		n.text = append(n.text, strings.TrimSpace(string(e.Type)+" "+e.By+" "+e.Text))
	}
	return c.Events, nil
}

// entry is a ceremony over what two people type, one line each.
func entry(t *testing.T, key opening.KeyEntry, typed string) (c opening.Ceremony, out *bytes.Buffer, journal *notes) {
	t.Helper()
	people, err := staff.ReadCSV(strings.NewReader("id,name,role,pin\n1001,王芳,cashier,135790\n2001,赵敏,supervisor,246802\n9001,孙丽,owner,864202\n"),
		staff.Cost{Passes: 1, KiB: 64, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	list, err := staff.NewList(people)
	if err != nil {
		t.Fatal(err)
	}
	out, journal = &bytes.Buffer{}, &notes{}
	return opening.Ceremony{
		In: strings.NewReader(typed), Out: out, Hush: func(ask func() error) error { return ask() }, Staff: list, Key: key,
		Append: journal.Append, Now: time.Now,
	}, out, journal
}

func store(t *testing.T) *keys.Store {
	t.Helper()
	s, err := keys.OpenPad(filepath.Join(t.TempDir(), "pad.key"), "")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// serialPad is a pad with keys of its own behind a pty, and the till's driver of it.
func serialPad(t *testing.T) (*simpad.Sim, *keys.Store, *pinpad.Pad) {
	t.Helper()
	own := store(t)
	sim := simpad.New(own)
	cable := sim.SerialCable("", 9600)
	path, err := cable.Plug(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cable.Pull)
	p := pinpad.New(func(context.Context) (io.ReadWriteCloser, error) { return port.OpenLine(path, 9600) })
	t.Cleanup(func() { p.Close() })
	return sim, own, p
}

// said is what both ceremonies end with.
func said(t *testing.T, out *bytes.Buffer, journal *notes, holder string) {
	t.Helper()
	if want := "the terminal master key is in the " + holder + ", check value "; !strings.Contains(out.String(), want) {
		t.Errorf("%q is not said:\n%s", want, out)
	}
	if n := strings.Count(out.String(), "compare it with the one on the paper"); n != 2 {
		t.Errorf("%d check values are shown:\n%s", n, out)
	}
	if len(journal.text) != 3 || !strings.HasPrefix(journal.text[0], "key_part_entered 9001 component 1, check value ") ||
		!strings.HasPrefix(
			journal.text[1], "key_part_entered 2001 component 2, check value ",
		) || !strings.HasPrefix(journal.text[2], "key_loaded") {
		t.Errorf("the journal has %q", journal.text)
	}
	all := strings.ToUpper(out.String() + strings.Join(journal.text, "\n"))
	for _, secret := range []string{oneHalf, otherHalf, "864202", "246802"} {
		for n := 0; n+6 <= len(secret); n++ {
			if strings.Contains(all, secret[n:n+6]) {
				t.Fatalf("a part of a secret was said or journaled: %s", secret[n:n+6])
			}
		}
	}
}

// TestBothCeremoniesSayTheSame: typed at the till or keyed in at a PIN pad, the people, the check values and the journal are alike.
func TestBothCeremoniesSayTheSame(t *testing.T) {
	own := store(t)
	c, out, journal := entry(t, own.Ceremony(), "9001\n864202\n"+oneHalf+"\n2001\n246802\n"+otherHalf[:31]+"\n"+otherHalf+"\n")
	if err := c.Run(t.Context()); err != nil || !own.HasTMK() {
		t.Fatalf("%v\n%s", err, out)
	}
	said(t, out, journal, "store")
	typed := append([]string(nil), journal.text...)

	sim, own, p := serialPad(t)
	sim.Shown = nil
	c, out, journal = entry(t, p.Ceremony(), "9001\n864202\n2001\n246802\n")
	c.Out = tee{out, func(line string) { // the person reads the till's screen and goes to the pad
		if strings.Contains(line, "key the component in at the PIN pad") {
			sim.Type(map[bool]string{true: oneHalf, false: otherHalf}[len(journal.text) == 0])
		}
	}}
	if err := c.Run(t.Context()); err != nil || !own.HasTMK() {
		t.Fatalf("%v\n%s", err, out)
	}
	said(t, out, journal, "PIN pad")
	if strings.Join(journal.text, "\n") != strings.Join(typed, "\n") {
		t.Errorf("%q\n%q", typed, journal.text)
	}
}

// tee tells of each line that is written.
type tee struct {
	io.Writer
	tell func(line string)
}

func (w tee) Write(b []byte) (int, error) {
	n, err := w.Writer.Write(b)
	w.tell(string(b))
	return n, err
}

// TestACeremonyThatIsGivenUpEndsAtThePad: nobody is left standing before a pad that asks, and nothing is loaded.
func TestACeremonyThatIsGivenUpEndsAtThePad(t *testing.T) {
	sim, own, p := serialPad(t)
	c, out, journal := entry(t, p.Ceremony(), "9001\n864202\n")
	ctx, give := context.WithCancel(t.Context())
	sent := make(chan struct{})
	c.Out = tee{out, func(line string) {
		if strings.Contains(line, "at the PIN pad") {
			close(sent)
		}
	}}
	ended := make(chan error)
	go func() { ended <- c.Run(ctx) }()
	<-sent
	for !sim.WaitingComponent() {
		time.Sleep(time.Millisecond)
	}
	give()
	if err := <-ended; pos.WhyNot(err, "") != "component_cancelled" {
		t.Errorf("%v", err)
	}
	if sim.WaitingComponent() || own.HasTMK() || len(journal.text) > 0 {
		t.Errorf("it still asks: %v; %q", sim.WaitingComponent(), journal.text)
	}
}

// TestWhoMayNotEnterAKeyIsRefused: a cashier, and the same person twice.
func TestWhoMayNotEnterAKeyIsRefused(t *testing.T) {
	for typed, want := range map[string]string{
		"1001\n135790\n" + oneHalf + "\n":                                       "",
		"9001\n864202\n" + oneHalf + "\n9001\n864202\n" + otherHalf + "\n":      "component_person",
		"9001\n864202\n" + oneHalf[:16] + oneHalf[:16] + "\n":                   "component_weak",
		"9001\n864202\n1\n2\n3\n4\n":                                            "component_length",
		"9001\n864202\n" + oneHalf + "\n2001\n246802\n" + oneHalf + "\n" + "\n": "component_same",
	} {
		own := store(t)
		c, out, _ := entry(t, own.Ceremony(), typed)
		err := c.Run(t.Context())
		var e *pos.Error
		if err == nil || want != "" && (!errors.As(err, &e) || e.Code != want) || own.HasTMK() {
			t.Errorf("want %q: %v\n%s", want, err, out)
		}
	}
}
