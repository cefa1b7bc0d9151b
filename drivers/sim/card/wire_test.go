package card

import (
	"bytes"
	"testing"
	"time"

	"tillkeeper/drivers/reader"
)

var atc = []byte{0x80, 0xCA, 0x9F, 0x36, 0x00} // GET DATA of the transaction counter

// TestChipTorn: after so many answers the card is gone, a reset where it was does not bring it back, the field does.
func TestChipTorn(t *testing.T) {
	c := NewChip(base(reader.Contactless, Online))
	c.TearAfter(2)
	for i, want := range []int{7, 7, 0, 0} {
		if got := len(c.Answer(atc)); got != want {
			t.Errorf("answer %d of %d bytes, want %d", i+1, got, want)
		}
	}
	c.Reset()
	if !c.Gone() || c.Answer(atc) != nil {
		t.Error("back by a reset")
	}
	c.Power()
	if c.Gone() || len(c.Answer(atc)) != 7 {
		t.Error("not back in the field")
	}
}

// TestChipThinks: a chip on hold answers when it is released, and one with a pace not before its time.
func TestChipThinks(t *testing.T) {
	c := NewChip(base(reader.Contactless, Online))
	asked := c.Hold()
	answer := make(chan []byte)
	go func() { answer <- c.Answer(atc) }()
	<-asked
	select {
	case <-answer:
		t.Error("answered on hold")
	default:
	}
	c.Release()
	c.Release()
	if got := <-answer; len(got) != 7 {
		t.Errorf("% X", got)
	}
	c.Pace(time.Millisecond, time.Millisecond)
	began := time.Now()
	c.Answer(atc)
	if took := time.Since(began); took < 13*time.Millisecond { // a pause is never shorter than asked for
		t.Errorf("12 bytes and a command in %v", took)
	}
}

// TestChipNames: chips tell each other apart, and name what they are.
func TestChipNames(t *testing.T) {
	a, b := base(reader.Contactless, Online), base(reader.Chip, Online)
	b.Name = "other"
	one, two := NewChip(a), NewChip(b)
	if bytes.Equal(one.UID(), two.UID()) || !bytes.Equal(one.UID(), UID(a)) || one.Name() != a.Name || !one.Contactless() || two.Contactless() {
		t.Error("names")
	}
	if !bytes.Contains(one.ATR(), one.Historical()) || !bytes.Contains(two.ATR(), two.Historical()) {
		t.Error("ATR")
	}
}
