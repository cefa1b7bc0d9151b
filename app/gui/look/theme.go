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
		return t.Look.Color(Ground)
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

// Font gives one of the two embedded faces.
func (t Theme) Font(style fyne.TextStyle) fyne.Resource {
	if style.Bold {
		return t.art.bold
	}
	return t.art.regular
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
