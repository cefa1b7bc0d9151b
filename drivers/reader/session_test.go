package reader

import (
	"context"
	"errors"
	"testing"
	"time"

	"tillkeeper/drivers/reader/emv"
)

func track(s string) []byte {
	raw := []byte(s)
	return append(raw, CheckCharacter(raw))
}

func TestStripe(t *testing.T) {
	p := Purchase{Amount: 1, Time: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	for name, test := range map[string]struct {
		raw []byte
		pin bool
		err error
	}{
		"PIN by service code":    {raw: track(";6224242900000113=28061203949031013?"), pin: true},
		"PIN where there is one": {raw: track(";6224242900000113=2806226?"), pin: true},
		"no PIN":                 {raw: track(";6224242900000113=28061013949031013?")},
		"19 digits":              {raw: track(";6224242900000113000=28061013949031013?")},
		"check character":        {raw: append([]byte(";6224242900000113=2806101?"), '0'), err: ErrCardUnreadable},
		"no separator":           {raw: track(";62242429000001132806101?"), err: ErrCardUnreadable},
		"month 13":               {raw: track(";6224242900000113=2813101?"), err: ErrCardUnreadable},
		"too short":              {raw: track(";6224242900000113=2806?"), err: ErrCardUnreadable},
		"too long":               {raw: track(";6224242900000113=280610139490310139490310139?"), err: ErrCardUnreadable},
		"a letter":               {raw: track(";622424290000011:=2806101?"), err: ErrCardUnreadable},
		"empty":                  {raw: nil, err: ErrCardUnreadable},
	} {
		s := NewSwipe(test.raw)
		got, err := s.Read(context.Background(), p)
		if !errors.Is(err, test.err) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if test.err == nil && (got.NeedPIN != test.pin || got.PAN[:16] != "6224242900000113" || got.Expiry != "2806" ||
			got.Track2 != string(test.raw[1:len(test.raw)-2]) || got.Expired || got.Cryptogram != ARQC) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestSwipeEnds(t *testing.T) {
	for _, test := range []struct {
		answer Answer
		want   byte
	}{
		{Answer{Approved: true, Code: "00"}, TC},
		{Answer{Code: "51"}, AAC},
		{Answer{Approved: true, Unreachable: true}, AAC},
	} {
		s := NewSwipe(track(";6224242900000113=2806101?"))
		if _, err := s.Finish(context.Background(), test.answer); !errors.Is(err, ErrUnsupported) {
			t.Error("finished before it was read")
		}
		if _, err := s.Read(context.Background(), Purchase{}); err != nil {
			t.Fatal(err)
		}
		if final, err := s.Finish(context.Background(), test.answer); err != nil || final.Cryptogram != test.want {
			t.Errorf("%+v: %02X %v", test.answer, final.Cryptogram, err)
		}
		s.Close()
		if _, err := s.Finish(context.Background(), test.answer); err == nil {
			t.Error("finished after Close")
		}
	}
}

// mute is a slot whose card is gone.
type mute struct{ err error }

func (m mute) Transmit(context.Context, []byte) ([]byte, error) { return nil, m.err }

func TestSessionErrors(t *testing.T) {
	p := Purchase{Amount: 1, TID: "12345678", STAN: "1"}
	for _, cause := range []error{nil, errors.New("EOF")} {
		s := NewSession(emv.DefaultTerminal(), Card{Entry: Chip, Wire: mute{cause}})
		if _, err := s.Read(context.Background(), p); !errors.Is(err, ErrCardRemoved) {
			t.Errorf("%v: %v", cause, err)
		}
	}
	released := 0
	s := NewSession(emv.DefaultTerminal(), Card{Entry: Chip, Wire: mute{}, Release: func() error { released++; return nil }})
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if released != 1 {
		t.Errorf("released %d times", released)
	}
	if _, err := s.Read(context.Background(), p); !errors.Is(err, ErrCardRemoved) {
		t.Error(err)
	}
	if _, err := s.Finish(context.Background(), Answer{}); !errors.Is(err, ErrCardRemoved) {
		t.Error(err)
	}
}
