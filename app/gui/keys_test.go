package gui

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fyne.io/fyne/v2"

	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/screen"
	"tillkeeper/app/i18n"
	"tillkeeper/app/pos"
)

// vault is a key store that writes down who entered what, and overwrites it as a real one does.
type vault struct {
	f       *fake
	got     [][]byte // the slices that were handed over
	cancels int
	pad     chan error // the components are keyed in at a PIN pad: what it says, nil for typing here
}

func (v *vault) AtPad() bool { return v.pad != nil }

func (v *vault) First(person string, typed []byte) ([4]byte, error) {
	err := v.f.note("first %s %s", person, typed)
	if v.pad != nil {
		err = <-v.pad
	}
	v.got = append(v.got, typed)
	return [4]byte{0x82, 0xE1, 0x36, 0x65}, err
}

func (v *vault) Second(person string, typed []byte) (kcv, whole [4]byte, err error) {
	err = v.f.note("second %s %s", person, typed)
	if v.pad != nil {
		err = <-v.pad
	}
	v.got = append(v.got, typed)
	return [4]byte{0xD2, 0xBA, 0xE5, 0xF5}, [4]byte{0x08, 0xD7, 0xB4, 0xFB}, err
}

func (v *vault) Cancel() {
	v.cancels++
	if v.pad != nil {
		select {
		case v.pad <- pos.Errorf("component_cancelled", "", "ended"):
		default: // it asks for nothing
		}
	}
}

const (
	oneHalf   = "0123456789ABCDEF0123456789abcdef"
	otherHalf = "FEDCBA98765432100123456789ABCDEF"
)

// entering runs a test at the key entry of a till whose owner is signed in.
func entering(t *testing.T, f func(d *desk, v *vault)) {
	t.Helper()
	with(t, func(d *desk) {
		v := &vault{f: d.f}
		d.run(func() {
			d.ui.parts.Keys = v
			d.ui.parts.Approve = func(staff, pin string) (pos.Operator, error) {
				return pos.Operator{ID: staff, Name: "N" + staff}, d.f.note("approve %s %s", staff, pin)
			}
			d.ui.parts.Note = func(_ context.Context, e pos.Event) error { return d.f.note("%s %s %s", e.Type, e.By, e.Text) }
			d.ui.view.Keying.Known = true
		})
		d.f.set(func(s *checkout.Snapshot) { s.Operator = pos.Operator{ID: "9001", Name: "孙丽", Role: pos.Owner} })
		synctest.Wait()
		d.act(screen.VerbGo, string(screen.Keys))
		f(d, v)
	})
}

// signs types number and PIN.
func (d *desk) signs(number, pin string) {
	d.types(number)
	d.act(screen.VerbKeyField, screen.FieldPIN)
	d.types(pin)
	d.key(fyne.KeyReturn)
}

// hexed types digits of a component by the keyboard, one tenth of a second apart.
func (d *desk) hexed(s string) {
	for _, r := range s {
		d.at = d.at.Add(100 * time.Millisecond)
		d.run(func() { d.ui.runeAt(r, d.now()) })
	}
}

// wantsFault checks what the screen says was refused.
func (d *desk) wantsFault(step screen.KeyStep, part int, fault string) {
	d.t.Helper()
	k := d.ui.view.Keying
	if k.Step != step || k.Part != part || k.Fault != fault || k.Busy {
		d.t.Errorf("step %s of part %d says %q, want %s of %d with %q", k.Step, k.Part, k.Fault, step, part, fault)
	}
}

// wantsNothingKept looks for what was typed in everything that the window keeps.
func (d *desk) wantsNothingKept(v *vault) {
	d.t.Helper()
	if d.ui.keying.typed != [screen.HexDigits]byte{} || d.ui.keying.pin != "" {
		d.t.Error("what was typed is still there")
	}
	for _, typed := range v.got {
		if !bytes.Equal(typed, make([]byte, len(typed))) {
			d.t.Error("what was handed over is still there")
		}
	}
	seen := strings.ToUpper(fmt.Sprintf("%+v %+v %+v", d.ui.view, d.ui.burst, d.ui.keying))
	for n := 0; n+6 <= len(oneHalf); n++ {
		if part := strings.ToUpper(oneHalf[n : n+6]); strings.Contains(seen, part) {
			d.t.Fatalf("%s of the component is in the state of the window", part)
		}
	}
	if strings.Contains(seen, "135790") {
		d.t.Error("the PIN is in the state of the window")
	}
}

func TestTwoPeopleEnterTheMasterKey(t *testing.T) {
	entering(t, func(d *desk, v *vault) {
		d.signs("9001", "135790")
		d.wants("approve 9001 135790")
		d.hexed(oneHalf)
		d.key(fyne.KeyReturn)
		d.wants("first 9001 "+strings.ToUpper(oneHalf), "key_part_entered 9001 component 1, check value 82E13665")
		d.wantsNothingKept(v)
		d.key(fyne.KeyReturn) // Enter alone does not say that it is the same
		d.wantsFault(screen.KeyCheck, 1, "")
		d.act(screen.VerbKeySame, "")
		d.signs("2001", "246801")
		d.wants("approve 2001 246801")
		d.hexed(otherHalf)
		d.key(fyne.KeyReturn)
		d.wants("second 2001 "+otherHalf, "key_part_entered 2001 component 2, check value D2BAE5F5", "key_loaded 2001 check value 08D7B4FB")
		d.act(screen.VerbKeySame, "")
		d.wantsFault(screen.KeyWhole, 2, "")
		d.act(screen.VerbKeySame, "")
		d.wantsFault(screen.KeyDone, 2, "")
		k := d.ui.view.Keying
		if k.Values != [2]string{"82E13665", "D2BAE5F5"} || k.Whole != "08D7B4FB" || k.People != [2]string{"N9001", "N2001"} {
			t.Errorf("it shows %+v", k)
		}
		d.wantsNothingKept(v)
		d.key(fyne.KeyEscape)
		if d.ui.view.Screen != screen.Home && d.ui.view.Screen != screen.Settings {
			t.Errorf("it went to %q", d.ui.view.Screen)
		}
	})
}

func TestRefusedComponentsSayWhatToDo(t *testing.T) {
	refusal := func(code string) error { return pos.Errorf(code, "", "refused") }
	for _, c := range []struct {
		code  string
		part  int
		step  screen.KeyStep
		after int // the part that is entered next
	}{
		{"component_length", 1, screen.KeyType, 1},
		{"component_parity", 1, screen.KeyType, 1},
		{"component_weak", 1, screen.KeyWho, 1},
		{"component_length", 2, screen.KeyType, 2},
		{"component_same", 2, screen.KeyWho, 1},
		{"component_weak", 2, screen.KeyWho, 1},
		{"component_order", 2, screen.KeyWho, 1},
		{"component_person", 2, screen.KeyWho, 2},
	} {
		t.Run(fmt.Sprint(c.code, c.part), func(t *testing.T) {
			entering(t, func(d *desk, v *vault) {
				d.f.fail[fmt.Sprintf("%s 9001 %s", map[int]string{1: "first"}[c.part], strings.ToUpper(oneHalf))] = refusal(c.code)
				d.f.fail["second 2001 "+otherHalf] = refusal(c.code)
				d.signs("9001", "135790")
				d.hexed(oneHalf)
				d.act(screen.VerbKeyTake, "")
				if c.part == 2 {
					d.act(screen.VerbKeySame, "")
					d.signs("2001", "246801")
					d.hexed(otherHalf)
					d.act(screen.VerbKeyTake, "")
				}
				d.wantsFault(c.step, c.after, i18n.Words{}.Why(c.code))
				if !i18n.Has(i18n.Words{}.Why(c.code)) {
					t.Errorf("%s has no sentence in both languages", c.code)
				}
				d.wantsNothingKept(v)
			})
		})
	}
}

func TestOnePersonEntersOneComponentOnly(t *testing.T) {
	entering(t, func(d *desk, v *vault) {
		d.f.fail["approve 1001 111111"] = pos.Errorf("needs_supervisor", "", "no")
		d.signs("1001", "111111")
		d.wantsFault(screen.KeyWho, 1, i18n.Words{}.Why("needs_supervisor"))
		d.act(screen.VerbClear, "")
		d.signs("9001", "135790")
		d.hexed(oneHalf)
		d.act(screen.VerbKeyTake, "")
		d.act(screen.VerbKeySame, "")
		d.f.calls = nil
		d.signs("9001", "135790")
		d.wantsFault(screen.KeyWho, 2, i18n.Words{}.Why("component_person"))
		d.wants()
	})
}

func TestACheckValueThatDiffersIsKeptAndTypedAgain(t *testing.T) {
	entering(t, func(d *desk, v *vault) {
		d.signs("9001", "135790")
		d.hexed(oneHalf)
		d.act(screen.VerbKeyTake, "")
		d.f.calls = nil
		d.act(screen.VerbKeyOther, "")
		d.wants("key_part_entered 9001 component 1, check value 82E13665: not that of the paper")
		d.wantsFault(screen.KeyType, 1, "校验值不一样，请照纸再输一次")
		d.hexed(oneHalf)
		d.act(screen.VerbKeyTake, "")
		d.act(screen.VerbKeySame, "")
		d.signs("2001", "246801")
		d.hexed(otherHalf)
		d.act(screen.VerbKeyTake, "")
		d.act(screen.VerbKeySame, "")
		d.f.calls = nil
		d.act(screen.VerbKeyOther, "")
		d.wants("key_part_entered 2001 check value 08D7B4FB of the whole key: not that of the paper")
		d.wantsFault(screen.KeyWho, 1, "密钥不对，还不能刷卡；请从头再来")
	})
}

func TestNothingOfAKeyStaysBehind(t *testing.T) {
	for name, leave := range map[string]func(d *desk){
		"Esc":        func(d *desk) { d.key(fyne.KeyEscape) },
		"signed out": func(d *desk) { step2(d.f, checkout.StepSignIn); synctest.Wait() },
		"cleared":    func(d *desk) { d.act(screen.VerbClear, "") },
		"left alone": func(d *desk) {
			time.Sleep(2 * keyIdle)
			synctest.Wait()
		},
	} {
		t.Run(name, func(t *testing.T) {
			entering(t, func(d *desk, v *vault) {
				d.signs("9001", "135790")
				d.hexed(oneHalf[:31])
				d.act(screen.VerbKeyTake, "") // one is missing
				leave(d)
				d.wantsNothingKept(v)
				if d.ui.view.Keying.Typed != 0 {
					t.Errorf("%d dots are shown", d.ui.view.Keying.Typed)
				}
				d.wants("approve 9001 135790")
				if left := name == "Esc" || name == "signed out"; left && v.cancels == 0 {
					t.Error("the store still waits for the second component")
				}
			})
		})
	}
}

func TestACashierCannotOpenTheKeyEntry(t *testing.T) {
	entering(t, func(d *desk, v *vault) {
		d.act(screen.VerbGo, "")
		d.f.set(func(s *checkout.Snapshot) { s.Operator = pos.Operator{ID: "1001", Role: pos.Cashier} })
		synctest.Wait()
		d.act(screen.VerbGo, string(screen.Keys))
		if d.ui.view.Screen != screen.Settings || !reflect.DeepEqual(d.ui.view.Keying, screen.KeyEntry{Known: true}) {
			t.Errorf("it shows %q with %+v", d.ui.view.Screen, d.ui.view.Keying)
		}
	})
}

func TestASettlementShowsItsTotalsBefore(t *testing.T) {
	with(t, func(d *desk) {
		d.act(screen.VerbGo, string(screen.Settle))
		d.act(screen.VerbAsk, string(screen.AskSettle))
		for _, want := range []string{"59.00", "收款 2 笔 59.00，退货与撤销 0 笔 0.00"} {
			found := false
			for _, s := range d.ui.surface.Page().Texts {
				found = found || s == want
			}
			if !found {
				t.Errorf("%q is not said: %q", want, d.ui.surface.Page().Texts)
			}
		}
	})
}

// TestTabReachesTheTill: Fyne keeps Tab for its own focus, so that a scan that ended with it once did nothing.
func TestTabReachesTheTill(t *testing.T) {
	entering(t, func(d *desk, v *vault) {
		d.run(func() { d.ui.tab(&fyne.KeyEvent{Name: fyne.KeyReturn}) })
		if d.ui.view.Keying.Field != screen.FieldNumber {
			t.Errorf("the digits go to the %s", d.ui.view.Keying.Field)
		}
		d.run(func() { d.ui.tab(&fyne.KeyEvent{Name: fyne.KeyTab}) })
		if d.ui.view.Keying.Field != screen.FieldPIN {
			t.Errorf("after Tab the digits go to the %s", d.ui.view.Keying.Field)
		}
	})
}

// TestTheMasterKeyIsKeyedInAtThePINPad: whoever signed in goes to the pad; what is typed at the till goes nowhere, a mistake is keyed in again there,
// and leaving ends what the pad asks for.
func TestTheMasterKeyIsKeyedInAtThePINPad(t *testing.T) {
	entering(t, func(d *desk, v *vault) {
		v.pad = make(chan error)
		says := func(err error) {
			v.pad <- err
			synctest.Wait()
		}
		busy := func(step screen.KeyStep) {
			t.Helper()
			if k := d.ui.view.Keying; k.Step != step || !k.Busy || !k.AtPad {
				t.Fatalf("it shows %+v", k)
			}
		}
		d.signs("9001", "135790")
		synctest.Wait()
		busy(screen.KeyType)
		d.hexed(oneHalf)
		if d.ui.view.Keying.Typed != 0 {
			t.Error("digits are taken at the till")
		}
		says(pos.Errorf("component_parity", "", "mistyped"))
		d.wantsFault(screen.KeyType, 1, i18n.Words{}.Why("component_parity"))
		d.hexed(oneHalf)
		d.key(fyne.KeyReturn)
		synctest.Wait()
		busy(screen.KeyType)
		says(nil)
		d.wantsFault(screen.KeyCheck, 1, "")
		d.wants("approve 9001 135790", "first 9001 ", "first 9001 ", "key_part_entered 9001 component 1, check value 82E13665")
		d.act(screen.VerbKeySame, "")
		d.signs("2001", "246801")
		synctest.Wait()
		d.key(fyne.KeyEscape)
		synctest.Wait()
		if d.ui.view.Screen == screen.Keys || v.cancels == 0 {
			t.Errorf("it shows %q; given up %d times", d.ui.view.Screen, v.cancels)
		}
		d.act(screen.VerbGo, string(screen.Keys))
		for _, part := range []string{"9001", "2001"} {
			d.f.calls = nil
			d.signs(part, "246801")
			synctest.Wait()
			says(nil)
			d.act(screen.VerbKeySame, "")
		}
		d.wants("approve 2001 246801", "second 2001 ", "key_part_entered 2001 component 2, check value D2BAE5F5", "key_loaded 2001 check value 08D7B4FB")
		d.wantsFault(screen.KeyWhole, 2, "")
		d.signs("", "")
		d.wantsNothingKept(v)
	})
	for _, code := range []string{"component_cancelled", "component_timeout", "component_at_pad"} {
		if !i18n.Has(i18n.Words{}.Why(code)) {
			t.Errorf("%s has no sentence in both languages", code)
		}
	}
}
