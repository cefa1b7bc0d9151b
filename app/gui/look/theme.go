package look

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	_ "tillkeeper/app/gui/locale" // before Fyne looks for a language
)

// Theme hands the look to Fyne for what Fyne draws itself: the window's ground and the default face. It ignores the
// variant that the desktop asks for.
type Theme struct{ *Look }

var _ fyne.Theme = Theme{}

// Color gives the look's nearest token for a Fyne colour name.
func (t Theme) Color(name fyne.ThemeColorName, _ fyne.ThemeVariant) color.Color {
	switch name {
	case theme.ColorNameBackground:
		return cleared(t.Look.Color(Ground))
	case theme.ColorNameForeground:
		return t.Look.Color(Ink)
	case theme.ColorNamePrimary, theme.ColorNameFocus, theme.ColorNameSelection:
		return t.Look.Color(Press)
	case theme.ColorNameDisabled, theme.ColorNamePlaceHolder:
		return t.Look.Color(Soft)
	case theme.ColorNameError:
		return t.Look.Color(Bad)
	case theme.ColorNameWarning:
		return t.Look.Color(Wait)
	case theme.ColorNameSuccess:
		return t.Look.Color(OK)
	case theme.ColorNameSeparator:
		return t.Look.Color(Line)
	}
	return t.Look.Color(Surface)
}

// cleared gives the colour by which Fyne clears a window to c: Fyne 2.7.4 divides sixteen bits by 255 times 255
// (internal/painter/gl/draw.go, max16bit), so what it is given as usual comes out up to two steps lighter.
func cleared(c color.NRGBA) color.Color {
	return color.NRGBA64{R: uint16(c.R) * 255, G: uint16(c.G) * 255, B: uint16(c.B) * 255, A: 0xFFFF}
}

// Font gives the small cut of one of the two embedded faces: Fyne itself writes nothing.
func (t Theme) Font(style fyne.TextStyle) fyne.Resource {
	if style.Bold {
		return t.art.bold.cuts[0]
	}
	return t.art.regular.cuts[0]
}

// Icon gives Fyne's own icon; the till draws none of them.
func (t Theme) Icon(name fyne.ThemeIconName) fyne.Resource { return theme.DefaultTheme().Icon(name) }

// Size gives no padding and the body size of text.
func (t Theme) Size(name fyne.ThemeSizeName) float32 {
	switch name {
	case theme.SizeNamePadding, theme.SizeNameInnerPadding:
		return 0
	case theme.SizeNameText:
		return t.M.T(18)
	}
	return theme.DefaultTheme().Size(name)
}
