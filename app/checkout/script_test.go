package checkout

import (
	"bytes"
	"errors"
	"log/slog"
	"testing"

	"tillkeeper/app/pos"
)

// bare are the journal and the host of a session that has nothing but what script results need.
type bare struct {
	pos.Journal
	pos.Acquirer

	stan  string
	tells bool
}

func (b bare) NextSTAN() string      { return b.stan }
func (b bare) NextAttempt() string   { return "000000000002" }
func (b bare) Setting(string) string { return "" }
func (b bare) Terms() pos.Terms      { return pos.Terms{ScriptResults: b.tells} }

// box is a vault that seals, or does not.
type box struct {
	pos.Vault

	err error
}

func (b box) Seal(_ string, _, plain []byte) ([]byte, error) { return bytes.Clone(plain), b.err }

// TestScriptResultFailsNoSale: an approval whose script results could not be sealed was once not kept, and the host's yes was reversed.
func TestScriptResultFailsNoSale(t *testing.T) {
	full := errors.New("no room for the day's key")
	for _, c := range []struct {
		why   string
		ports bare
		vault box
		more  int
	}{
		{"told", bare{stan: "000008", tells: true}, box{}, 2},
		{"not in the profile", bare{stan: "000008"}, box{}, 0},
		{"no trace number", bare{tells: true}, box{}, 0},
		{"cannot be sealed", bare{stan: "000008", tells: true}, box{err: full}, 0},
	} {
		s := &Session{o: Options{Journal: c.ports, Host: c.ports, Vault: c.vault, Log: slog.New(slog.DiscardHandler)}}
		p := payment{
			id: "000000000001", kind: pos.Sale, tender: pos.Card, phase: phFinish,
			created: true, amount: 100, reply: pos.Reply{Code: "00"},
		}
		p, eff := step(
			p,
			input{kind: inFinal, final: pos.CardFinal{Cryptogram: pos.TC, Scripts: []byte{0x20, 0, 0, 0, 1}, ShortF55: []byte{0xDF, 0x31, 1, 0x20}}},
		)
		if got := s.scriptResult(&p, eff.events); len(got) != len(eff.events)+c.more || got[0].Type != pos.EvApproved {
			t.Errorf("%s: %d events became %d", c.why, len(eff.events), len(got))
		}
	}
}
