package acquirer

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"testing"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/acquirer/wire"
	"tillkeeper/drivers/keys"
)

const testTMK = "0123456789ABCDEFFEDCBA9876543210"

// TestSignOnLayouts: what field 60.3 of the answer names is how its keys are laid
// out; a check value that does not match, bytes that are not zero, a key too few
// and a layout that nobody knows each end the trade.
func TestSignOnLayouts(t *testing.T) {
	pik, mak := unhexed("2B7E151628AED2A6ABF7158809CF4F3C"), unhexed(makHex)
	three := keys.Working{PIK: pik, MAK: mak, TDK: unhexed("00112233445566778899AABBCCDDEEFF")}
	for net, w := range map[string]keys.Working{"001": {PIK: pik[:8], MAK: mak}, "003": {PIK: pik, MAK: mak}, "004": three} {
		t.Run(net, func(t *testing.T) {
			store, err := keys.OpenDemo(filepath.Join(t.TempDir(), "demo.key"), testTMK)
			if err != nil {
				t.Fatal(err)
			}
			l, h := begin(t, func(o *Options) { o.Keys = store.Port(wire.MAC) })
			good, err := keys.Wrap(unhexed(testTMK), w, l.p.Keys.Layouts[net])
			if err != nil {
				t.Fatal(err)
			}
			if err := signOnWith(l, h, net, good); err != nil || !l.Ready() {
				t.Fatalf("%v, ready %v", err, l.Ready())
			}
			out := start(l, contactless("000123")) // the MAC of the known answers
			h.send(h.answerTo(h.next(), "00"))
			if r := <-out; r.err != nil || net == "003" && !bytes.Equal(h.raw, vector(t, "V3")) {
				t.Errorf("%+v", r)
			}
			bad := [][]byte{good[:len(good)-1], append(bytes.Clone(good), 0), nil}
			for i := range good { // every byte counts: a key, a check value, a zero
				b := bytes.Clone(good)
				b[i] ^= 0x10
				bad = append(bad, b)
			}
			for i, f62 := range bad {
				if err := signOnWith(l, h, net, f62); pos.WhyNot(err, "") != "kcv_mismatch" || errors.Is(err, pos.ErrNotSent) || l.Ready() {
					t.Fatalf("%d: %v, ready %v", i, err, l.Ready())
				}
				if _, err := l.Exchange(context.Background(), contactless("000124")); !errors.Is(err, pos.ErrNoKeys) {
					t.Fatalf("%d: %v", i, err)
				}
				if s := l.Link(); s.State != offline || s.Cause != causeKeys {
					t.Fatalf("%d: %+v", i, s)
				}
			}
			if err := signOnWith(l, h, "005", good); pos.WhyNot(err, "") != "kcv_mismatch" || l.Ready() {
				t.Errorf("an unknown layout: %v", err)
			}
			if err := signOnWith(l, h, net, good); err != nil || !l.Ready() {
				t.Errorf("%v, ready %v", err, l.Ready())
			}
		})
	}
}

// signOnWith signs on and answers with these keys under a network code; 3 in the header asks for what is being done.
func signOnWith(l *Link, h *peer, net string, f62 []byte) error {
	h.t.Helper()
	out := make(chan error, 1)
	go func() {
		_, err := l.SignOn(context.Background(), "000122", "000001", "001")
		out <- err
	}()
	a := h.answerTo(h.next(), "00")
	a.Fields[60] = "00000001" + net
	if len(f62) > 0 {
		a.Fields[62] = upperHex(f62)
	}
	h.write(h.frame(a, 3))
	return <-out
}

func TestSignOnWithLicenceAndSerial(t *testing.T) {
	p := variant(t, `"network": "003"`, `"network": "003", "licence": "3104", "serial": "ABCD0001"`)
	l, h := begin(t, func(o *Options) { o.Profile = p })
	h.p = p
	if err := signOnWith(l, h, "003", bytes.Repeat(unhexed("0494F897"), 10)); err != nil {
		t.Fatal(err)
	}
	body := h.raw[2:]
	if _, m, err := p.Unpack(body); err != nil || m.Get(62) != upperHex([]byte("Sequence No123104ABCD0001")) {
		t.Errorf("%v %v", err, m)
	}
}

// TestSignOnWithoutABatch never leaves.
func TestSignOnWithoutABatch(t *testing.T) {
	l, _ := begin(t)
	if _, err := l.SignOn(context.Background(), "000122", "", "001"); !errors.Is(err, pos.ErrNotSent) {
		t.Errorf("%v", err)
	}
	if err := l.Echo(context.Background(), "000122", "1"); !errors.Is(err, pos.ErrNotSent) {
		t.Errorf("%v", err)
	}
}
