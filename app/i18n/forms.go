package i18n

import (
	"fmt"
	"strings"
	"time"

	"tillkeeper/app/pos"
)

// Money writes a sum with two decimals and thousands apart: 1,234.50.
func Money(a pos.Amount) string {
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

// Masked writes a masked card number's first six and last four digits apart.
func Masked(pan string) string {
	if len(pan) < 10 {
		return pan
	}
	return pan[:6] + " ****** " + pan[len(pan)-4:]
}

// Quantity writes how much of an article a line has; what is weighed shows its grams.
func Quantity(l pos.Line) string {
	if l.Unit == "kg" {
		return fmt.Sprintf("%d.%03d", l.Qty/pos.One, l.Qty%pos.One)
	}
	return l.Qty.String()
}

// Weekday gives the day of the week.
func (w Words) Weekday(t time.Time) string {
	zh := [...]string{"星期日", "星期一", "星期二", "星期三", "星期四", "星期五", "星期六"}
	return w.T(zh[t.Weekday()])
}

// DayShort gives the day of the week in its short form.
func (w Words) DayShort(t time.Time) string {
	zh := [...]string{"周日", "周一", "周二", "周三", "周四", "周五", "周六"}
	return w.T(zh[t.Weekday()])
}

// dateForm is the Chinese date; its parts are put together, so that it has no English of its own.
const dateForm = "%d月%d日 %s"

// Date writes month, day and day of the week.
func (w Words) Date(t time.Time) string {
	if w.English {
		return t.Format("Mon, Jan 2")
	}
	return fmt.Sprintf(dateForm, int(t.Month()), t.Day(), w.Weekday(t))
}

// Span writes how long something has waited in its largest unit.
func (w Words) Span(d time.Duration) string {
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

// Took writes how long something has taken, in seconds and tenths.
func (w Words) Took(d time.Duration) string {
	tenths := int(d / (100 * time.Millisecond))
	return w.T("%s 秒", fmt.Sprintf("%d.%d", tenths/10, tenths%10))
}

var tenders = map[pos.Tender]string{pos.Card: "刷卡", pos.QR: "扫码", pos.Cash: "现金"}

// Tender gives the word for a way of paying.
func (w Words) Tender(t pos.Tender) string { return w.T(tenders[t]) }

var roles = map[pos.Role]string{pos.Cashier: "收银员", pos.Supervisor: "店长", pos.Owner: "老板"}

// Role gives the word for what a person is in the shop.
func (w Words) Role(r pos.Role) string { return w.T(roles[r]) }
