package scanner_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"tillkeeper/drivers/scanner"
	sim "tillkeeper/drivers/sim/scanner"
)

// TestNoDigitIsLostOrMixed scans with two keyboards and two serial scanners at
// once, the bytes cut anywhere: of each scanner every code arrives whole, once
// and in its order.
func TestNoDigitIsLostOrMixed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := scanner.New(scanner.Options{})
		defer s.Close()
		var wait sync.WaitGroup
		want := map[string][]string{}
		total := 0
		for i := range 4 {
			name := fmt.Sprint(i)
			codes := rapid.SliceOfN(rapid.StringMatching(`[0-9A-Za-z$%*+./:-]{1,30}`), 1, 12).Draw(t, "codes of "+name)
			for j := range codes {
				codes[j] = name + codes[j]
			}
			want[name] = codes
			total += len(codes)
			send, end := plug(t, s, i)
			defer end()
			b := wire(t, i, codes)
			seed := rapid.Uint64().Draw(t, "cuts of "+name)
			wait.Go(func() {
				cuts := rand.New(rand.NewPCG(seed, 1))
				for len(b) > 0 {
					n := min(1+cuts.IntN(100), len(b))
					if err := send(b[:n]); err != nil {
						t.Error(err)
						return
					}
					b = b[n:]
				}
			})
		}
		got := map[string][]string{}
		for range total {
			c := <-s.Codes()
			got[c[:1]] = append(got[c[:1]], c)
		}
		wait.Wait()
		for name := range want {
			if !slices.Equal(got[name], want[name]) {
				t.Fatalf("scanner %s: got %q, want %q", name, got[name], want[name])
			}
		}
		if len(s.Codes()) != 0 || s.Lost() != 0 {
			t.Fatalf("%d codes too many, %d lost", len(s.Codes()), s.Lost())
		}
	})
}

// plug opens scanner number i: the even ones are keyboards.
func plug(t *rapid.T, s *scanner.Scanner, i int) (send func([]byte) error, end func()) {
	if i%2 == 0 {
		k := &sim.Keyboard{}
		_ = k.Plug()
		if _, err := s.Opener(scanner.Keyboard(k.Open))(t.Context()); err != nil {
			t.Fatal(err)
		}
		return k.Send, func() { _ = k.Unplug() }
	}
	d := &sim.Serial{}
	if err := d.Plug(); err != nil {
		t.Fatal(err)
	}
	path, _ := d.Path()
	if _, err := s.Opener(scanner.Serial(path, 115200))(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d.Send, func() { _ = d.Unplug() }
}

// wire gives the bytes of codes as scanner number i sends them.
func wire(t *rapid.T, i int, codes []string) []byte {
	if i%2 == 0 {
		b, err := sim.Keys(strings.Join(codes, "\n") + "\n")
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	return []byte(strings.Join(codes, "\r\n") + "\r\n")
}
