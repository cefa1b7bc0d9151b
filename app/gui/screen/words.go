package screen

import (
	"fmt"
	"strings"
	"time"

	"tillkeeper/app/decline"
	"tillkeeper/app/pos"
)

// Words are the texts of a face in one of two languages. The Chinese text is the key of its English one, so a screen
// reads as it looks; a test proves that every text has its English.
type Words struct {
	English bool
	Table   *decline.Table // answer codes and the till's reasons
}

// T gives a text, its verbs filled as by fmt.Sprintf.
func (w Words) T(zh string, args ...any) string {
	text := zh
	if w.English {
		if en, ok := english[zh]; ok {
			text = en
		}
	}
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}

// Has says whether a Chinese text has its English.
func Has(zh string) bool { return english[zh] != "" }

// Reason gives the sentence of an answer code or a till's reason.
func (w Words) Reason(code string) string {
	if w.Table == nil || code == "" {
		return code
	}
	return w.Table.Lookup(code).Text(w.lang())
}

// Remedy gives what the cashier does about a code.
func (w Words) Remedy(code string) string {
	if w.Table == nil {
		return ""
	}
	return w.Table.Lookup(code).Action(w.lang())
}

func (w Words) lang() string {
	if w.English {
		return "en"
	}
	return "zh"
}

// money writes a sum with two decimals and thousands apart.
func money(a pos.Amount) string {
	s := a.String()
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	whole, frac, _ := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return sign + whole + "." + frac
}

// masked writes a card number's first six and last four apart.
func masked(pan string) string {
	if len(pan) < 10 {
		return pan
	}
	return pan[:6] + " ****** " + pan[len(pan)-4:]
}

func (w Words) weekday(t time.Time) string {
	zh := [...]string{"星期日", "星期一", "星期二", "星期三", "星期四", "星期五", "星期六"}
	return w.T(zh[t.Weekday()])
}

// dayShort gives the weekday in its short form.
func (w Words) dayShort(t time.Time) string {
	zh := [...]string{"周日", "周一", "周二", "周三", "周四", "周五", "周六"}
	return w.T(zh[t.Weekday()])
}

// count writes a quantity; what is weighed shows its grams.
func count(l pos.Line) string {
	if l.Unit == "kg" {
		return fmt.Sprintf("%d.%03d", l.Qty/pos.One, l.Qty%pos.One)
	}
	return l.Qty.String()
}

// date writes month, day and weekday.
func (w Words) date(t time.Time) string {
	if w.English {
		return t.Format("Mon, Jan 2")
	}
	return fmt.Sprintf("%d月%d日 %s", int(t.Month()), t.Day(), w.weekday(t))
}

// span writes how long something has waited in its largest unit.
func (w Words) span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return w.T("%d 秒", int(d/time.Second))
	case d < time.Hour:
		return w.T("%d 分", int(d/time.Minute))
	case d < 48*time.Hour:
		return w.T("%d 小时", int(d/time.Hour))
	}
	return w.T("%d 天", int(d/(24*time.Hour)))
}

var tenderWords = map[pos.Tender]string{pos.Card: "刷卡", pos.QR: "扫码", pos.Cash: "现金"}

var tenderIcons = map[pos.Tender]string{pos.Card: "card", pos.QR: "qr", pos.Cash: "cash"}

var tenderCaps = map[pos.Tender]string{pos.Card: "F1", pos.QR: "F2", pos.Cash: "F3"}

// tender gives the word for a way of paying.
func (w Words) tender(t pos.Tender) string { return w.T(tenderWords[t]) }

var roleWords = map[pos.Role]string{pos.Cashier: "收银员", pos.Supervisor: "店长", pos.Owner: "老板"}

// seconds gives the whole seconds from now until a moment, 0 once it has passed.
func seconds(now, until time.Time) int {
	if until.IsZero() || !until.After(now) {
		return 0
	}
	return int((until.Sub(now) + time.Second - 1) / time.Second)
}
