package checkout

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"testing"

	"tillkeeper/app/decline"
	"tillkeeper/app/pos"
	"tillkeeper/assets"
)

// TestReaderNamesNoOutcome: a driver's code is taken over where the till's table has a text that fits a card which could not
// be read. Codes that speak of an answer of the host are never a reader's to give: nothing was sent.
func TestReaderNamesNoOutcome(t *testing.T) {
	var texts []io.Reader
	for _, name := range []string{"codes/answer-codes.tsv", "codes/till-reasons.tsv"} {
		raw, err := assets.FS.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, bytes.NewReader(raw))
	}
	codes, err := decline.Parse(texts...)
	if err != nil {
		t.Fatal(err)
	}
	s := &Session{o: Options{Codes: codes}}
	for code, want := range map[string]string{
		"unplugged": "unplugged", "use_chip": "use_chip", "chip_blocked": "chip_blocked", "card_expired": "card_expired",
		"00": "card_unreadable", "10": "card_unreadable", "96": "card_unreadable", "77": "card_unreadable", "no_answer": "card_unreadable",
		"not_signed_on": "card_unreadable", "nonsense of a driver": "card_unreadable", "": "card_unreadable",
	} {
		if got := s.reasonOf(fmt.Errorf("the reader: %w", &pos.Error{Code: code})); got != want {
			t.Errorf("%q is told as %q, want %q", code, got, want)
		}
	}
	for err, want := range map[error]string{
		pos.ErrCardRemoved: "card_removed", pos.ErrCardUnreadable: "card_unreadable", pos.ErrCardUnfit: "card_unsupported", context.DeadlineExceeded: "card_timeout",
		&pos.Error{Code: "00", Err: pos.ErrCardRemoved}: "card_removed",
	} {
		if got := s.reasonOf(err); got != want {
			t.Errorf("%v is told as %q, want %q", err, got, want)
		}
	}
}
