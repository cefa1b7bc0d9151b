package screen

import (
	"strings"
	"unicode/utf8"

	"tillkeeper/app/gui/kit"
)

// oneSize gives the size in units at which all of some lines fit a width, so that they look like one text.
func (c *Ctx) oneSize(room, drawn float32, lines []string) float32 {
	size := c.L.M.T(drawn)
	for _, s := range lines {
		for size > leastText && c.p.Width(c.t(s), kit.Style{Size: size, Exact: true}) > room {
			size--
		}
	}
	return size
}

// leastText is the size in units under which nothing is written.
const leastText = 14

// wrap breaks a sentence into at most limit lines of a width: behind a comma where what follows it would be cut and
// there is room for it, else at spaces where it has them.
func wrap(c *Ctx, text string, width, size float32, limit int) []string {
	var out []string
	line, cut := "", 0
	st := kit.Style{Size: size, Bold: true}
	for at, r := range text {
		if c.p.Width(line+string(r), st) > width && len(out) < limit-1 && !strings.ContainsRune("。，、；：？！”）", r) {
			if cut == 0 {
				cut = len(line)
			}
			cut = c.nicer(line, text[at:], cut, limit-len(out)-1, width, st)
			out = append(out, strings.TrimSpace(line[:cut]))
			line, cut = strings.TrimLeft(line[cut:], " "), 0
		}
		line += string(r)
		if r == ' ' || r > 0x2e80 {
			cut = len(line)
		}
	}
	return append(out, strings.TrimSpace(line))
}

// nicer gives a better place to break a line before the rest of a text, for which there are still so many lines: behind a
// comma, or such that the last line is more than one character.
func (c *Ctx) nicer(line, rest string, cut, lines int, width float32, st kit.Style) int {
	room := width * float32(lines)
	if lines > 1 {
		room *= 0.85 // they do not fill up wholly
	}
	if comma := lastComma(line); comma > len(line)/3 && c.p.Width(line[comma:]+rest, st) <= room {
		return comma
	}
	if left := []rune(line[:cut]); lines == 1 && utf8.RuneCountInString(line[cut:]+rest) == 1 && len(left) > 3 {
		return len(string(left[:len(left)-1]))
	}
	return cut
}

// lastComma gives the place behind the last comma of a Chinese line, 0 for none.
func lastComma(line string) int {
	i := strings.LastIndexAny(line, "，；：")
	if i < 0 {
		return 0
	}
	return i + len("，")
}
