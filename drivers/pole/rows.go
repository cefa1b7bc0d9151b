package pole

import (
	"bytes"
	"strings"
	"unicode"

	"golang.org/x/text/encoding/simplifiedchinese"

	"tillkeeper/app/pos"
)

// plain are the words that a pole without Chinese shows in place of others.
// Where it has none the state's own stand.
var plain = map[string]string{
	"合计": "TOTAL", "请付款": "PLEASE PAY", "还需支付": "STILL TO PAY", "请扫码支付": "SCAN TO PAY", "谢谢惠顾": "THANK YOU",
	"找零": "CHANGE", "支付未成功": "NOT PAID", "结果待确认": "PLEASE WAIT", "欢迎光临": "WELCOME", "款项已退回": "REFUND",
}

// stated are the words of the states, for a title that cannot be shown.
var stated = map[string]string{
	pos.ViewSale: "TOTAL", pos.ViewPay: "PLEASE PAY", pos.ViewQR: "SCAN TO PAY", pos.ViewThanks: "THANK YOU",
	pos.ViewRefused: "NOT PAID", pos.ViewWait: "PLEASE WAIT",
}

// cell is a character as it is sent; it has as many columns as bytes.
type cell []byte

// cells makes the characters of a text that the pole has. What it lacks is
// left out, or a question mark among Chinese.
func (m Model) cells(text string) []cell {
	var out []cell
	for _, r := range text {
		switch {
		case r >= 0xff01 && r <= 0xff5e: // full width of ASCII
			r -= 0xfee0
		case unicode.IsSpace(r):
			r = ' '
		case r == '¥': // the one of GB 2312
			r = '￥'
		}
		switch {
		case r >= ' ' && r < 0x7f:
			out = append(out, cell{byte(r)})
		case r < ' ', r == 0x7f, !m.Chinese, unicode.Is(unicode.Cf, r), unicode.Is(unicode.Variation_Selector, r): // joiners and the like have no width
		default:
			out = append(out, han(r))
		}
	}
	for len(out) > 0 && out[0][0] == ' ' {
		out = out[1:]
	}
	for len(out) > 0 && out[len(out)-1][0] == ' ' {
		out = out[:len(out)-1]
	}
	return out
}

// han is a character in GB 2312 (EUC-CN), both bytes from A1 on.
func han(r rune) cell {
	b, err := simplifiedchinese.GBK.NewEncoder().Bytes([]byte(string(r)))
	if err != nil || len(b) != 2 || b[0] < 0xa1 || b[0] > 0xf7 || b[1] < 0xa1 || b[1] == 0xff {
		return cell{'?'}
	}
	return b
}

// word is a text, or what stands for it on a pole that has not all of it.
func (m Model) word(text, otherwise string) string {
	if m.Chinese {
		return text
	}
	for _, r := range text {
		if r >= 0x7f {
			if w, is := plain[text]; is {
				return w
			}
			return otherwise
		}
	}
	return text
}

func columns(cells []cell) int {
	n := 0
	for _, c := range cells {
		n += len(c)
	}
	return n
}

// cut gives the characters that so many columns take: all of them, or up to
// the last end of a word or clause in the second half, or as many as fit.
func cut(cells []cell, width int) []cell {
	if columns(cells) <= width {
		return cells
	}
	n, used, end := 0, 0, 0
	for n < len(cells) && used+len(cells[n]) <= width {
		used += len(cells[n])
		if n++; n < len(cells) && used > width/2 && strings.ContainsRune(" ,.;:!", rune(cells[n][0])) {
			end = n
		}
	}
	if end > 0 {
		n = end
	}
	return cells[:n]
}

// row sets left and right into exactly the pole's columns. What is right is
// whole: what is left makes room for it.
func (m Model) row(left []cell, right string) []byte {
	room := m.Columns - len(right)
	if right != "" {
		room--
	}
	var out bytes.Buffer
	for _, c := range cut(left, max(room, 0)) {
		out.Write(c)
	}
	out.Write(bytes.Repeat([]byte{' '}, max(0, m.Columns-out.Len()-len(right))))
	out.WriteString(right)
	return out.Bytes()
}

// middle sets a text into the middle of a row.
func (m Model) middle(text string) []byte {
	c := cut(m.cells(text), m.Columns)
	lead := bytes.Repeat([]byte{' '}, (m.Columns-columns(c))/2)
	return m.row(append([]cell{lead}, c...), "")
}

// sum writes a sum of money, or dashes where the row is too short for all of
// it: a part of a sum is another sum.
func (m Model) sum(a pos.Amount) string {
	text := a.String()
	wide := len(text)
	if m.Narrow {
		wide--
	}
	if wide > m.Columns {
		return strings.Repeat("-", m.Columns)
	}
	return text
}

// rows makes the rows of a view, each of exactly the pole's columns.
func (m Model) rows(v pos.View) [][]byte {
	if m.Narrow {
		return [][]byte{m.digits(v)}
	}
	title := m.cells(m.word(v.Title, stated[v.State]))
	switch v.State {
	case pos.ViewSale:
		price := ""
		if v.Line != "" {
			price = m.sum(v.Price)
		}
		return [][]byte{m.row(m.cells(v.Line), price), m.row(title, m.sum(v.Total))}
	case pos.ViewIdle, "":
		return [][]byte{m.middle(m.word(v.Title, "")), m.middle(m.word(v.Note, ""))}
	}
	note := m.cells(m.word(v.Note, ""))
	total := m.sum(v.Total)
	switch {
	case v.Total == 0:
		return [][]byte{m.row(title, ""), m.row(note, "")}
	case columns(note)+1+len(total) <= m.Columns && v.State == pos.ViewThanks, columns(title)+1+len(total) > m.Columns:
		return [][]byte{m.row(title, ""), m.row(note, total)}
	}
	return [][]byte{m.row(title, total), m.row(note, "")}
}

// digits is the row of a pole of seven segments: the sum of the view.
func (m Model) digits(v pos.View) []byte {
	if v.State == pos.ViewIdle || v.State == "" || v.Total == 0 && v.State != pos.ViewSale {
		return nil
	}
	return []byte(m.sum(v.Total))
}
