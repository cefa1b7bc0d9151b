package look

import "image/color"

// Token names a colour by its one meaning.
type Token uint8

// The tokens. Fill tokens are written on with OnPress (white).
const (
	None       Token = iota // nothing is painted
	Ground                  // the page
	Surface                 // panel and key
	Sunken                  // well, keycap, quiet key
	Line                    // divider, rim of a panel
	Edge                    // rim of what can be pressed
	Ink                     // text
	Soft                    // label, unit, disabled text
	Press                   // filled key: the thing to do
	OnPress                 // text on a filled key or block
	PressCap                // keycap on a filled key
	Action                  // lines, charts, icons
	ActionSoft              // second-rank key, selected row
	OnSoft                  // text on ActionSoft
	OK                      // done, ready
	OKSoft                  // ground of OK
	OKFill                  // block of an approved payment
	Wait                    // the till is still working on it
	WaitSoft                // ground of Wait
	WaitFill                // block of an unknown outcome
	Bad                     // refused, fault, danger
	BadSoft                 // ground of Bad
	BadFill                 // block of a refused payment
	Ghost                   // last week in a chart
	Quiet                   // keycap on an unavailable key
	PressDown               // a filled key while the finger is on it
	TintDown                // a tinted key while the finger is on it
	PlainDown               // a plain or flat key while the finger is on it
	Train                   // training: the only use of violet
	TrainSoft               // ground of Train
	Paper                   // white in both palettes: QR and receipts
	Print                   // ink in both palettes: QR and receipts
	tokens
)

var names = [tokens]string{
	"none", "ground", "surface", "sunken", "line", "edge", "ink", "soft", "press", "onPress", "pressCap", "action",
	"actionSoft", "onSoft", "ok", "okSoft", "okFill", "wait", "waitSoft", "waitFill", "bad", "badSoft", "badFill",
	"ghost", "quiet", "pressDown", "tintDown", "plainDown", "train", "trainSoft", "paper", "print",
}

// String gives the token's name as the design writes it.
func (t Token) String() string {
	if t >= tokens {
		return "unknown"
	}
	return names[t]
}

// Tokens lists every token but None.
func Tokens() []Token {
	out := make([]Token, 0, tokens-1)
	for t := None + 1; t < tokens; t++ {
		out = append(out, t)
	}
	return out
}

func rgb(hex uint32) color.NRGBA {
	return color.NRGBA{R: uint8(hex >> 16), G: uint8(hex >> 8), B: uint8(hex), A: 0xff}
}

var light = [tokens]color.NRGBA{
	Ground: rgb(0xEBEFF4), Surface: rgb(0xFFFFFF), Sunken: rgb(0xF4F6F9), Line: rgb(0xE3E8EE), Edge: rgb(0xCDD6E0),
	Ink: rgb(0x14202E), Soft: rgb(0x54606F), Press: rgb(0x0B5CAD), OnPress: rgb(0xFFFFFF), PressCap: rgb(0x2A72BC),
	Action: rgb(0x0B5CAD), ActionSoft: rgb(0xE2EDF9), OnSoft: rgb(0x0A4C90),
	OK: rgb(0x067647), OKSoft: rgb(0xDFF3E9), OKFill: rgb(0x076B42),
	Wait: rgb(0x9A3F06), WaitSoft: rgb(0xFDF0DD), WaitFill: rgb(0x94400A),
	Bad: rgb(0xB42318), BadSoft: rgb(0xFDE9E7), BadFill: rgb(0xA82016),
	Ghost: rgb(0xC9D3DF), Quiet: rgb(0xE4E9EF),
	PressDown: rgb(0x084785), TintDown: rgb(0xC4DBF3), PlainDown: rgb(0xDDE4EC),
	Train: rgb(0x6B2FA0), TrainSoft: rgb(0xF1E7FA), Paper: rgb(0xFFFFFF), Print: rgb(0x14202E),
}

var dark = [tokens]color.NRGBA{
	Ground: rgb(0x0D131A), Surface: rgb(0x18212B), Sunken: rgb(0x121A23), Line: rgb(0x27323F), Edge: rgb(0x354353),
	Ink: rgb(0xF1F4F8), Soft: rgb(0xA3B2C3), Press: rgb(0x1C67B5), OnPress: rgb(0xFFFFFF), PressCap: rgb(0x0F4A87),
	Action: rgb(0x62AEF2), ActionSoft: rgb(0x1C3550), OnSoft: rgb(0xA9D2FA),
	OK: rgb(0x56D3A4), OKSoft: rgb(0x16362D), OKFill: rgb(0x0B5C3B),
	Wait: rgb(0xFFBA5C), WaitSoft: rgb(0x3A2B16), WaitFill: rgb(0x7A3608),
	Bad: rgb(0xFF938A), BadSoft: rgb(0x43211F), BadFill: rgb(0x8E1C13),
	Ghost: rgb(0x3A495A), Quiet: rgb(0x18212B),
	PressDown: rgb(0x0F4A87), TintDown: rgb(0x2A4B6E), PlainDown: rgb(0x2B3846),
	Train: rgb(0xCFA8F5), TrainSoft: rgb(0x33234A), Paper: rgb(0xFFFFFF), Print: rgb(0x14202E),
}

// Pair is a token that text is written in and the token it is written on.
type Pair struct{ Text, On Token }

// Pairs lists every combination of text and ground that the kit may draw.
func Pairs() []Pair {
	return []Pair{
		{Ink, Ground},
		{Ink, Surface},
		{Ink, Sunken},
		{Ink, ActionSoft},
		{Ink, WaitSoft},
		{Ink, BadSoft},
		{Ink, OKSoft},
		{Ink, PlainDown},
		{Soft, Ground},
		{Soft, Surface},
		{Soft, Sunken},
		{Soft, Quiet},
		{Soft, ActionSoft},
		{Soft, BadSoft},
		{OnPress, Press},
		{OnPress, PressCap},
		{OnPress, PressDown},
		{OnPress, OKFill},
		{OnPress, WaitFill},
		{OnPress, BadFill},
		{Action, Surface},
		{OnSoft, ActionSoft},
		{OnSoft, Surface},
		{OnSoft, TintDown},
		{OK, Surface},
		{OK, OKSoft},
		{OK, Sunken},
		{Wait, Surface},
		{Wait, WaitSoft},
		{Bad, Surface},
		{Bad, BadSoft},
		{Surface, Wait},
		{Train, TrainSoft},
		{Train, Surface},
		{Print, Paper},
	}
}

// Contrast gives the WCAG 2 contrast of two opaque colours times one hundred, 100 to 2100.
func Contrast(a, b color.NRGBA) int {
	x, y := luminance(a), luminance(b)
	if x < y {
		x, y = y, x
	}
	return int(100 * (x + 0.05) / (y + 0.05))
}
