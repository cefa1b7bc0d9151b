package printer

import "strings"

// code128 holds the widths of the bars and spaces of the symbols 0 to 106 of
// CODE128 (ISO/IEC 15417), 106 being the stop with its last bar.
var code128 = strings.Fields(`
212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222
123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321
232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121
313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224
111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111
111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113
114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 2331112`)

// The symbols of CODE128 that are no characters.
const (
	startB = 104
	stop   = 106
)

// modules128 is the width of a CODE128 symbol of n characters of set B, without
// its quiet zones.
func modules128(n int) int { return 11*(n+2) + 13 }

// Bars gives the modules of a text in CODE128 set B, true for a bar. The text
// is printable ASCII.
func Bars(text string) []bool {
	symbols, sum := []int{startB}, startB
	for i := range len(text) {
		v := int(text[i]) - ' '
		symbols = append(symbols, v)
		sum += v * (i + 1)
	}
	symbols = append(symbols, sum%103, stop)
	var out []bool
	for _, s := range symbols {
		for i, w := range code128[s] {
			for range int(w - '0') {
				out = append(out, i%2 == 0)
			}
		}
	}
	return out
}
