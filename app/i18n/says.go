package i18n

import (
	"fmt"
	"strings"
	"unicode"

	"tillkeeper/app/pos"
)

// Says gives the sentence of a remark, or of the reason that it names; one that the texts lack is given as its code and
// what stands in it.
func (w Words) Says(r pos.Remark) string {
	text := strings.TrimSpace(r.Code + " " + strings.Join(r.Args, " "))
	if w.Knows(r.Code) {
		text = w.Reason(r.Code)
	}
	if s, ok := remarks[r.Code]; ok {
		form := s.zh
		if w.English {
			form = s.en
		}
		args := make([]any, len(r.Args))
		for i, a := range r.Args {
			args[i] = a
			if s, known := wanted[a]; known && strings.HasPrefix(r.Code, "host_wants") {
				args[i] = w.stop(s.zh, s.en)
			}
		}
		text = fmt.Sprintf(form, args...)
	}
	if r.At != "" {
		return r.At + " " + text
	}
	return text
}

// wanted are what a host may ask a till to load, by the names that the messages give it.
var wanted = map[string]remark{
	"parameters": {"终端参数", "the terminal's parameters"}, "ca_keys": {"CA 公钥", "the CA keys"},
	"card_parameters": {"卡参数", "the card parameters"}, "blacklist": {"黑名单", "the blacklist"},
}

func (w Words) sayAll(all []pos.Remark) string {
	var out []string
	for _, r := range all {
		if s := w.Says(r); s != "" {
			out = append(out, s)
		}
	}
	return strings.Join(out, w.stop("；", "; "))
}

func (w Words) stop(zh, en string) string {
	if w.English {
		return en
	}
	return zh
}

// Detail gives what is known behind a condition beyond the sentence of its code: the driver's name or figure and what was
// found. A sentence of a driver is English and is said in Chinese only where nobody knows more, as what it
// is: the words of somebody else.
func (w Words) Detail(c pos.Condition) string {
	switch {
	case len(c.Found) > 0 && (c.Detail == "" || isSentence(c.Detail)):
		return w.sayAll(c.Found)
	case len(c.Found) > 0:
		return c.Detail + w.stop("；", "; ") + w.sayAll(c.Found)
	case w.English || !isEnglish(c):
		return c.Detail
	case openCodes[c.Code] || !w.Knows(c.Code):
		return w.Says(pos.Say("as_reported", c.Detail))
	}
	return ""
}

// openCodes are those whose sentence leaves open what the words of whoever raised them say.
var openCodes = map[string]bool{"": true, "device_fault": true, "bad_config": true}

// Mend gives what mends a condition more exactly than the remedy of its code; "" where nothing is known.
func (w Words) Mend(c pos.Condition) string {
	switch {
	case len(c.Mend) > 0:
		return w.sayAll(c.Mend)
	case c.Remedy == "" || w.English || !w.Knows(c.Code):
		return c.Remedy
	case openCodes[c.Code]: // it names what may be written
		return w.Remedy(c.Code) + "（" + w.Says(pos.Say("as_reported", c.Remedy)) + "）"
	}
	return ""
}

// Technical gives what only whoever knows machines needs of a condition, in one sentence: what was found and what mends
// it; "" for none.
func (w Words) Technical(c pos.Condition) string {
	detail, mend := w.Detail(c), w.Mend(c)
	switch {
	case len(c.Found) == 0 && mend == "" && !isSentence(c.Detail):
		return "" // a name or a figure
	case mend == "" || strings.Contains(detail, mend):
		return detail
	case detail == "":
		return mend
	}
	return detail + w.stop("：", ": ") + mend
}

// wordsMost is how many words a driver's detail may have to be no sentence: a name or a figure, "PN532 firmware 1.6".
const wordsMost = 3

// isSentence says whether a driver's detail is a sentence, which is English then.
func isSentence(s string) bool {
	return len(strings.Fields(s)) > wordsMost && strings.IndexFunc(s, func(r rune) bool { return r > unicode.MaxASCII }) < 0
}

// isEnglish says whether a condition's detail is the driver's English: of a part that is not well everything is but a path.
func isEnglish(c pos.Condition) bool {
	return isSentence(c.Detail) || (c.State == "fault" || c.State == "warn") && len(strings.Fields(c.Detail)) > 1
}
