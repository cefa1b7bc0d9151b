package pinpad

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/acquirer/wire"
	"tillkeeper/drivers/keys"
	"tillkeeper/drivers/keys/dukpt"
	pad "tillkeeper/drivers/pinpad"
)

const (
	bdkTDES = "0123456789ABCDEFFEDCBA9876543210"
	ksnTDES = "FFFF9876543210E00000"
	bdkAES  = "FEDCBA9876543210F1F1F1F1F1F1F1F1"
	idAES   = "1234567890123456"
)

func tdesDevice(t testing.TB) dukpt.Device {
	t.Helper()
	initial, err := dukpt.TDESInitialKey(unhex(t, bdkTDES), unhex(t, ksnTDES))
	if err != nil {
		t.Fatal(err)
	}
	d, err := dukpt.NewTDES(initial, unhex(t, ksnTDES))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func aesDevice(t testing.TB, working dukpt.Type) dukpt.Device {
	t.Helper()
	initial, err := dukpt.AESInitialKey(unhex(t, bdkAES), unhex(t, idAES))
	if err != nil {
		t.Fatal(err)
	}
	d, err := dukpt.NewAES(initial, unhex(t, idAES), working)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// withDevice answers a pad with a DUKPT device and no session keys.
func withDevice(t testing.TB, d dukpt.Device) (*Sim, *pad.Pad) {
	t.Helper()
	store := demo(t, t.TempDir())
	if err := store.SetDUKPT(d); err != nil {
		t.Fatal(err)
	}
	sim := New(store)
	p := pad.New(sim.Open)
	t.Cleanup(func() { p.Close() })
	return sim, p
}

// TestANSIX9241PINBlocksOverTheWire has the pad answer the encrypted PIN blocks of ANSI X9.24-1:2009 annex A.4, one KSN after the other.
func TestANSIX9241PINBlocksOverTheWire(t *testing.T) {
	sim, p := withDevice(t, tdesDevice(t))
	for i, want := range []string{"1B9C1845EB993A7A", "10A01C8D02C69107", "18DC07B94797B466", "0BC79509D5645DF7", "5BC0AF22AD87B327"} {
		sim.Enter("1234")
		got, err := p.PINBlock(bg, pos.PINRequest{Keys: pos.PINDUKPTTDES, PAN: "4012345678909"})
		if err != nil || !bytes.Equal(got.Block, unhex(t, want)) || !bytes.Equal(got.KSN, unhex(t, "FFFF9876543210E0000"+string(rune('1'+i)))) {
			t.Errorf("%v %X %X, want %s", err, got.KSN, got.Block, want)
		}
	}
	// A PIN that is not entered uses no key up.
	sim.Cancel()
	if _, err := p.PINBlock(bg, pos.PINRequest{Keys: pos.PINDUKPTTDES, PAN: pan}); !errors.Is(err, pad.ErrCancelled) {
		t.Errorf("%v", err)
	}
	sim.Enter("1234")
	if got, err := p.PINBlock(bg, pos.PINRequest{Keys: pos.PINDUKPTTDES, PAN: "4012345678909"}); err != nil || hex.EncodeToString(got.Block) != "a16df70ae36158d8" {
		t.Errorf("%v %X", err, got.Block)
	}
	if i, err := p.Info(bg); err != nil || i.DUKPT != dukpt.KindTDES || i.HasKeys {
		t.Errorf("%v %+v", err, i)
	}
}

// TestEveryFormatUnderEveryScheme has the host decipher what the pad answers.
func TestEveryFormatUnderEveryScheme(t *testing.T) {
	session := Key{Bytes: unhex(t, "2B7E151628AED2A6ABF7158809CF4F3C")}
	host := func(working dukpt.Type) func(ksn []byte) (Key, error) {
		return func(ksn []byte) (Key, error) {
			k, err := dukpt.AESKeys(unhex(t, bdkAES), ksn, working)
			return pinKey(k), err
		}
	}
	for name, c := range map[string]struct {
		device  dukpt.Device
		formats []pad.Format
		key     func(ksn []byte) (Key, error)
	}{
		"session":    {nil, []pad.Format{pad.Format0, pad.Format3}, func([]byte) (Key, error) { return session, nil }},
		"TDES":       {tdesDevice(t), []pad.Format{pad.Format0, pad.Format3}, func(ksn []byte) (Key, error) { k, err := dukpt.TDESKeys(unhex(t, bdkTDES), ksn); return pinKey(k), err }},
		"AES":        {aesDevice(t, dukpt.AES128), []pad.Format{pad.Format4}, host(dukpt.AES128)},
		"AES, TDEA2": {aesDevice(t, dukpt.TDEA2), []pad.Format{pad.Format0, pad.Format3}, host(dukpt.TDEA2)},
		"AES, TDEA3": {aesDevice(t, dukpt.TDEA3), []pad.Format{pad.Format0, pad.Format3}, host(dukpt.TDEA3)},
	} {
		r := pos.PINRequest{PAN: pan, Amount: 100}
		sim, p := loaded(t)
		if c.device != nil {
			sim, p = withDevice(t, c.device)
			r.Keys = map[byte]string{dukpt.KindTDES: pos.PINDUKPTTDES, dukpt.KindAES: pos.PINDUKPTAES}[c.device.Kind()]
		}
		for _, f := range []pad.Format{pad.Format0, pad.Format3, pad.Format4} {
			r.Format = byte(f)
			sim.Enter("824613")
			got, err := p.PINBlock(bg, r)
			if !slices.Contains(c.formats, f) {
				if !errors.Is(err, pad.ErrRefused) {
					t.Errorf("%s, format %d: %v", name, f, err)
				}
				sim.Clear()
				continue
			}
			if err != nil {
				t.Errorf("%s, format %d: %v", name, f, err)
				continue
			}
			key, err := c.key(got.KSN)
			if err != nil {
				t.Fatal(err)
			}
			if pin, err := Decipher(f, key, got.Block, pan); err != nil || string(pin) != "824613" {
				t.Errorf("%s, format %d: %v %q", name, f, err, pin)
			}
		}
	}
}

// TestDUKPTData has the pad encrypt data; triple DES as ANSI X9.24-1:2009 annex A.4.2 lists it.
func TestDUKPTData(t *testing.T) {
	_, p := withDevice(t, tdesDevice(t))
	ksn, got, err := p.Encrypt(bg, []byte("4012345678909D987"))
	if err != nil || hex.EncodeToString(got) != "fc0d53b7ea1fda9ee68aaf2e70d9b9506229be2aa993f04f" || hex.EncodeToString(ksn) != "ffff9876543210e00001" {
		t.Errorf("%v %X %X", err, ksn, got)
	}
	_, p = withDevice(t, aesDevice(t, dukpt.AES128))
	text := []byte("4012345678909D9873700000")
	ksn, got, err = p.Encrypt(bg, text)
	if err != nil {
		t.Fatal(err)
	}
	k, err := dukpt.AESKeys(unhex(t, bdkAES), ksn, dukpt.AES128)
	if err != nil {
		t.Fatal(err)
	}
	c, err := aes.NewCipher(k.Data)
	if err != nil {
		t.Fatal(err)
	}
	back := make([]byte, len(got))
	cipher.NewCBCDecrypter(c, make([]byte, 16)).CryptBlocks(back, got)
	if !bytes.Equal(back, append(text, make([]byte, 8)...)) {
		t.Errorf("%q", back)
	}
	_, p = loaded(t)
	if _, _, err := p.Encrypt(bg, text); !errors.Is(err, pad.ErrNoKeys) {
		t.Errorf("no device: %v", err)
	}
	if _, _, err := p.Encrypt(bg, make([]byte, pad.MaxData)); !errors.Is(err, pad.ErrRefused) {
		t.Errorf("too long: %v", err)
	}
}

// worn is a device without a key left.
type worn struct{ dukpt.Device }

func (worn) Next() (dukpt.Keys, error) { return dukpt.Keys{}, dukpt.ErrExhausted }

func TestDUKPTExhausted(t *testing.T) {
	sim, p := withDevice(t, worn{tdesDevice(t)})
	sim.Enter("1234")
	if _, err := p.PINBlock(bg, pos.PINRequest{Keys: pos.PINDUKPTTDES, PAN: pan}); !errors.Is(err, pad.ErrExhausted) {
		t.Errorf("%v", err)
	}
	if _, _, err := p.Encrypt(bg, nil); !errors.Is(err, pad.ErrExhausted) {
		t.Errorf("%v", err)
	}
	var coded *pos.Error
	if !errors.As(pad.ErrExhausted, &coded) || coded.Code != "dukpt_exhausted" {
		t.Errorf("%+v", coded)
	}
}

func TestBypass(t *testing.T) {
	sim, p := loaded(t)
	sim.Bypass()
	if r, err := p.PINBlock(bg, pos.PINRequest{PAN: pan, Bypass: true}); err != nil || !r.Bypassed || r.Block != nil {
		t.Errorf("%v %+v", err, r)
	}
	sim.Bypass()
	if _, err := p.PINBlock(bg, pos.PINRequest{PAN: pan}); !errors.Is(err, pad.ErrCancelled) {
		t.Errorf("not allowed: %v", err)
	}
}

const (
	componentA = "75CD4C3257FE6DE364F1BCD6E0194C43"
	componentB = "74EE0955DE55A00C 9A2D064E964D7E53"
)

// newPad answers a pad without a TMK.
func newPad(t testing.TB) (*Sim, *pad.Pad) {
	t.Helper()
	store, err := keys.OpenPassphrase(filepath.Join(t.TempDir(), "pad.key"), []byte("the safe room's own"))
	if err != nil {
		t.Fatal(err)
	}
	sim := New(store)
	p := pad.New(sim.Open)
	t.Cleanup(func() { p.Close() })
	return sim, p
}

// TestComponentsKeyedIntoThePad has two people enter a TMK at the pad; the till sees check values only.
func TestComponentsKeyedIntoThePad(t *testing.T) {
	sim, p := newPad(t)
	if err := p.LoadKeys(bg, unhex(t, f62Hex), "003"); !errors.Is(err, pad.ErrNoTMK) {
		t.Errorf("before: %v", err)
	}
	if c := p.Condition(bg); c.Code != "no_tmk" {
		t.Errorf("%+v", c)
	}
	sim.Type(componentA)
	one, whole, err := p.Component(bg, 1, "Wang")
	if want, _ := keys.KCV(unhex(t, componentA)); err != nil || !bytes.Equal(one[:], want) || whole != [4]byte{} {
		t.Fatalf("%v %X %X", err, one, whole)
	}
	sim.Type(componentB)
	two, whole, err := p.Component(bg, 2, "Li")
	if err != nil || two == one || hex.EncodeToString(whole[:]) != "08d7b4fb" {
		t.Fatalf("%v %X %X", err, two, whole)
	}
	if err := p.LoadKeys(bg, unhex(t, f62Hex), "003"); err != nil {
		t.Errorf("%v", err)
	}
	if i, err := p.Info(bg); err != nil || !i.HasTMK || !i.HasKeys {
		t.Errorf("%v %+v", err, i)
	}
}

func TestComponentRefusals(t *testing.T) {
	sim, p := newPad(t)
	for _, c := range []struct {
		number              int
		person, typed, code string
	}{
		{2, "Li", componentB, "component_order"},
		{1, "Wang", "12", "component_length"},
		{1, "Wang", strings.Repeat("0", 32), "component_weak"},
		{1, "", componentA, "component_person"},
		{1, "Wang", componentA, ""},
		{2, "Wang", componentB, "component_person"},
		{2, "Li", componentA, "component_same"},
		{2, "Li", componentB, "component_order"},
	} {
		sim.Type(c.typed)
		_, _, err := p.Component(bg, c.number, c.person)
		var coded *pos.Error
		if c.code == "" && err != nil || c.code != "" && (!errors.Is(err, pad.ErrEntry) || !errors.As(err, &coded) || coded.Code != c.code) {
			t.Errorf("%+v: %v", c, err)
		}
		sim.Clear()
	}
	for _, number := range []int{0, 3, -1} {
		if _, _, err := p.Component(bg, number, "Wang"); !errors.Is(err, pad.ErrRefused) {
			t.Errorf("%d: %v", number, err)
		}
	}
	if i, err := p.Info(bg); err != nil || i.HasTMK {
		t.Errorf("%v: a refused entry left a key", err)
	}
}

// TestComponentWaitsAndEnds has the pad wait for the person, the cancel key, the till's giving up and the pad's own time end it; after each the first component is forgotten.
func TestComponentWaitsAndEnds(t *testing.T) {
	store := demo(t, t.TempDir())
	synctest.Test(t, func(t *testing.T) {
		sim := New(store)
		p := pad.New(sim.Open)
		begin := func() {
			t.Helper()
			go func() {
				time.Sleep(time.Minute)
				if !sim.WaitingComponent() {
					t.Error("the pad does not ask")
				}
				sim.Type(componentA)
			}()
			if _, _, err := p.Component(bg, 1, "Wang"); err != nil {
				t.Fatal(err)
			}
		}
		for name, c := range map[string]struct {
			act  func() context.Context
			want error
		}{
			"cancel key": {func() context.Context {
				go func() { time.Sleep(time.Second); sim.Cancel() }()
				return bg
			}, pad.ErrCancelled},
			"till gives up": {func() context.Context {
				ctx, cancel := context.WithCancel(bg)
				go func() { time.Sleep(time.Second); cancel() }()
				return ctx
			}, pad.ErrCancelled},
			"till's time": {func() context.Context {
				ctx, cancel := context.WithTimeout(bg, time.Second)
				context.AfterFunc(ctx, cancel)
				return ctx
			}, pad.ErrTimeout},
			"pad's time": {func() context.Context {
				sim.Patience = time.Second
				return bg
			}, pad.ErrTimeout},
		} {
			begin()
			if _, _, err := p.Component(c.act(), 2, "Li"); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", name, err)
			}
			sim.Patience = 0
			sim.Type(componentB)
			if _, _, err := p.Component(bg, 2, "Li"); !errors.Is(err, pad.ErrEntry) {
				t.Errorf("%s: the first component was kept: %v", name, err)
			}
		}
		p.Close()
		synctest.Wait()
	})
}

// TestEveryMACOverTheWire has the pad and the host's own implementation agree under a MAK of 16 bytes; SM4, which the host's may not have, agrees with the store's.
func TestEveryMACOverTheWire(t *testing.T) {
	const layout = "pik16 kcv4 mak16 kcv4"
	mak := unhex(t, "3B7E151628AED2A6ABF7158809CF4F3D")
	f62, err := keys.Wrap(unhex(t, tmkHex), keys.Working{PIK: unhex(t, bdkTDES), MAK: mak}, layout)
	if err != nil {
		t.Fatal(err)
	}
	_, p := loaded(t)
	if err := p.LoadKeys(bg, f62, layout); err != nil {
		t.Fatal(err)
	}
	for _, a := range keys.Algorithms() {
		for _, n := range []int{0, 1, 8, 15, 16, 17, 300} {
			data := bytes.Repeat([]byte{0xA5}, n)
			host := wire.MAC
			if a == keys.MACSM4 {
				host = keys.MAC
			}
			want, err := host(a, mak, data)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := p.MAC(bg, a, data); err != nil || !bytes.Equal(got[:], want) {
				t.Errorf("%s over %d: %v %X, want %X", a, n, err, got, want)
			}
		}
	}
}
