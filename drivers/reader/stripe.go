package reader

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"tillkeeper/drivers/reader/emv"
)

const maxTrack2 = 40 // characters of track 2 with its sentinels and check character (ISO 7813)

// NewSwipe is the session of a stripe that was swiped: raw is track 2 as a stripe reader sends it, start sentinel, data,
// end sentinel and check character (ISO 7811: five bits a character, here 30 to 3F). It is read when Read is called.
func NewSwipe(raw []byte) Session { return &swipeSession{raw: append([]byte(nil), raw...)} }

type swipeSession struct {
	raw      []byte
	fallback *Fallback // nil: no rule is asked
	now      time.Time
	read     bool
	closed   bool
}

// CheckCharacter is the longitudinal redundancy check of ISO 7811 over characters 30 to 3F, sentinels included.
func CheckCharacter(track []byte) byte {
	var sum byte
	for _, c := range track {
		sum ^= c & 0x0F
	}
	return 0x30 | sum
}

// parseTrack2 takes a track apart: PAN, expiry YYMM, service code, and the data between the sentinels.
func parseTrack2(raw []byte) (pan, expiry, service, data string, err error) {
	n := len(raw)
	if n < 4 || n > maxTrack2 || raw[0] != ';' || raw[n-2] != '?' || CheckCharacter(raw[:n-1]) != raw[n-1] {
		return "", "", "", "", fmt.Errorf("%w: stripe", ErrCardUnreadable)
	}
	body := raw[1 : n-2]
	left, right, ok := bytes.Cut(body, []byte{'='})
	if !ok || len(left) < 12 || len(left) > 19 || len(right) < 7 || !allDigits(left) || !allDigits(right) {
		return "", "", "", "", fmt.Errorf("%w: track 2", ErrCardUnreadable)
	}
	if m := string(right[2:4]); m < "01" || m > "12" {
		return "", "", "", "", fmt.Errorf("%w: track 2 expiry", ErrCardUnreadable)
	}
	return string(left), string(right[:4]), string(right[4:7]), string(body), nil
}

func allDigits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

func (s *swipeSession) Read(ctx context.Context, p Purchase) (Read, error) {
	if err := ctx.Err(); err != nil {
		return Read{}, fmt.Errorf("%w: %w", ErrCancelled, err)
	}
	if s.closed || s.read {
		return Read{}, fmt.Errorf("%w: read already", ErrUnsupported)
	}
	pan, expiry, service, data, err := parseTrack2(s.raw)
	if err != nil {
		return Read{}, emv.Coded(err)
	}
	chip := service[0] == '2' || service[0] == '6' // ISO 7813: the card has a chip, which is to be used
	taken := false
	if s.fallback != nil && chip && !p.ReadOnly {
		if taken = s.fallback.allows(s.now); !taken {
			return Read{}, useChip()
		}
	}
	s.read = true
	needPIN := false
	switch service[2] { // ISO 7813: PIN required, or where there is a pad
	case '0', '3', '5', '6', '7':
		needPIN = true
	}
	needPIN = !p.ReadOnly && (needPIN || p.Kind == emv.KindBalance)
	return Read{
		Entry: Swipe, PAN: pan, Expiry: expiry, Track2: data, Cryptogram: ARQC, NeedPIN: needPIN,
		Signature: !needPIN && !p.ReadOnly, HasChip: chip, Fallback: taken,
		Expired: p.Time.Format("0601") > expiry,
	}, nil
}

// Finish of a swipe asks nobody: the host's word is the result, and without the host there is none.
func (s *swipeSession) Finish(_ context.Context, a Answer) (Final, error) {
	if s.closed || !s.read {
		return Final{}, fmt.Errorf("%w: nothing was read", ErrUnsupported)
	}
	if a.Approved && !a.Unreachable {
		return Final{Cryptogram: TC}, nil
	}
	return Final{Cryptogram: AAC}, nil
}

// Close forgets the track.
func (s *swipeSession) Close() error {
	clear(s.raw)
	s.raw, s.closed = nil, true
	return nil
}
