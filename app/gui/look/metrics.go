package look

import "math"

// The reference panel: what the drawings were made for.
const (
	refW, refH = 1366, 768
	refMM      = 3.95 // units to the millimetre at 15.6 inches
)

// Millimetres that a finger needs.
const (
	DigitMM    = 20 // a digit key where the panel allows
	DigitMinMM = 15 // a digit key at least
	KeyMinMM   = 9  // any other key at least
	GapMM      = 2  // between two keys at least
)

// compactBelow and lowBelow are the width and the height in units under which the sale has no quick tiles beside the pad.
const (
	compactBelow = 1000
	lowBelow     = 640
)

// Metrics are the sizes of one panel in units.
type Metrics struct {
	W, H    float32 // the panel
	MM      float32 // units to the millimetre
	S       float32 // this panel against the reference panel
	Compact bool    // order, pad and keys only
}

// Fit computes the sizes of a panel of w by h units with mm units to the millimetre; mm 0 takes the usual diagonal of
// such a panel.
func Fit(w, h, mm float32) Metrics {
	m := Metrics{W: w, H: h, MM: mm, S: min(w/refW, h/refH), Compact: w < compactBelow || h < lowBelow}
	if m.MM <= 0 {
		m.MM = usualMM(w, h)
	}
	return m
}

// usualMM gives the units to the millimetre of the panels that shops have, by their resolution.
func usualMM(w, h float32) float32 {
	switch [2]int{int(w), int(h)} {
	case [2]int{800, 480}: // 7 inches
		return 5.24
	case [2]int{1024, 600}: // 10.1 inches
		return 4.63
	case [2]int{1024, 768}: // 12.1 inches
		return 4.16
	case [2]int{1280, 800}: // 11.6 inches
		return 5.12
	case [2]int{1920, 1080}: // 15.6 inches
		return 5.55
	}
	return refMM * min(w/refW, h/refH)
}

// U scales a drawn distance to this panel, rounded to whole units; a compact panel keeps distances as drawn for it.
func (m Metrics) U(v float32) float32 {
	if m.Compact {
		return v
	}
	return round(v * m.S)
}

// T scales a type size to this panel: large panels enlarge all of it, small ones shrink only what is above body size.
func (m Metrics) T(v float32) float32 {
	if m.Compact || m.S > 0.985 && m.S < 1.015 {
		return v
	}
	if m.S > 1 {
		return round(v * m.S)
	}
	const body = 18
	if v <= body {
		return v
	}
	return round(body + (v-body)*m.S*m.S)
}

// Mil turns millimetres into whole units.
func (m Metrics) Mil(mm float32) float32 { return round(mm * m.MM) }

// Gap is the distance between two keys: 10 drawn, never under two millimetres.
func (m Metrics) Gap() float32 { return max(m.U(10), float32(math.Ceil(GapMM*float64(m.MM)-0.6))) }

// Margin is the distance from the panel's rim.
func (m Metrics) Margin() float32 {
	if m.Compact {
		return 10
	}
	return m.U(12)
}

// Bar is the height of the status bar.
func (m Metrics) Bar() float32 {
	if m.Compact {
		return 44
	}
	return max(m.U(50), 44)
}

// KeyH is the height of an ordinary key: 48 drawn, never under nine millimetres.
func (m Metrics) KeyH() float32 { return max(m.U(48), float32(math.Ceil(KeyMinMM*float64(m.MM)))) }

// Digit is the height of a digit key when four rows of them and their gaps may take up to room units: twenty
// millimetres where that fits, fifteen at least.
func (m Metrics) Digit(room float32) float32 {
	fit := float32(math.Floor(float64((room - 3*m.Gap()) / 4)))
	return max(m.Mil(DigitMinMM), min(fit, m.Mil(DigitMM)+1))
}

// Total is the size of the sum that a customer pays, the largest text of a screen: 76 drawn, never under 64.
func (m Metrics) Total() float32 {
	if m.Compact {
		return 66
	}
	return max(64, m.T(76))
}

func round(v float32) float32 { return float32(math.Round(float64(v))) }
