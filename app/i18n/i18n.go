// Package i18n is the till's two languages: every sentence that a face shows to a person, in Simplified Chinese and in
// English, and the forms of sums, quantities, dates and spans of time. It promises to hold texts and forms and nothing
// else: no state, no I/O, no flow. A text that it does not have is given back as it came, never an error: a test proves
// that there is none, that every text has its English with the same verbs, and that no text is left that nobody shows.
//
// There are three ways to a sentence:
//
//   - A face writes its own in Chinese, so that its source reads as its screen looks, and T gives it in the language of
//     the person. The tables texts_*.go hold the English, one for each room of the shop.
//   - A refusal comes as a code and becomes a sentence by Why, or by Reason and Remedy: the shop's table of answer codes
//     and reasons (app/decline), which is handed in as Codes.
//   - What a device or the search for its fault has found comes as a pos.Remark, a code with the names, paths and numbers
//     that stand in its sentence, and is said by Says; the sentences are in remarks.go. Names, paths and commands are
//     the same in both languages.
//
// A slip has words of its own (app/receipt), because it is a document with a language of its own and may be printed in
// another one than the screen has.
package i18n

import (
	"fmt"
	"iter"
	"maps"
	"regexp"
	"strings"
)

// Codes are the sentences of answer codes (8583:1987 DE 39) and of the till's own reasons, lang "zh" or "en"; known is
// false where the table lacks the code and the sentence stands for any such code.
type Codes interface {
	Sentence(code, lang string) (reason, remedy string, known bool)
}

// Words are the texts of a face in the language of the person in front of it. The zero value is Chinese and knows no
// codes.
type Words struct {
	English bool
	Codes   Codes // nil for none
}

// In gives the words of a language: "en", or Chinese for everything else.
func In(lang string, codes Codes) Words {
	return Words{English: strings.HasPrefix(lang, "en"), Codes: codes}
}

// Lang gives the language as the tables of codes name it: "zh" or "en".
func (w Words) Lang() string {
	if w.English {
		return "en"
	}
	return "zh"
}

// texts are the Chinese texts with their English.
var texts = func() map[string]string {
	all := map[string]string{}
	for _, table := range tables {
		maps.Copy(all, table)
	}
	return all
}()

// tables are the texts by the rooms of the shop; no text stands in two of them.
var tables = []map[string]string{counter, house, office, keys, devices, customer, story}

// T gives a text, its verbs filled as by fmt.Sprintf. An English "%d line|lines" takes the word that fits its number.
func (w Words) T(zh string, args ...any) string {
	text := zh
	if w.English {
		if en, ok := texts[zh]; ok {
			text = en
		}
	}
	if len(args) == 0 {
		return text
	}
	if w.English && strings.Contains(text, "|") {
		return counted(fmt.Sprintf(text, args...))
	}
	return fmt.Sprintf(text, args...)
}

// oneOrMore is a number and the words for one and for any other number of what it counts.
var oneOrMore = regexp.MustCompile(`(\d[\d,.]*) (\w+)\|(\w+)`)

// counted leaves of each pair of words the one that its number takes.
func counted(s string) string {
	return oneOrMore.ReplaceAllStringFunc(s, func(m string) string {
		part := oneOrMore.FindStringSubmatch(m)
		if part[1] == "1" {
			return "1 " + part[2]
		}
		return part[1] + " " + part[3]
	})
}

// All gives every text with its English, and every sentence of a remark.
func All() iter.Seq2[string, string] {
	return func(yield func(zh, en string) bool) {
		for zh, en := range texts {
			if !yield(zh, en) {
				return
			}
		}
		for _, r := range remarks {
			if !yield(r.zh, r.en) {
				return
			}
		}
	}
}

// Has says whether a Chinese text has its English.
func Has(zh string) bool { return texts[zh] != "" }

// Reason gives the sentence of an answer code or a till's reason.
func (w Words) Reason(code string) string {
	if w.Codes == nil || code == "" {
		return code
	}
	reason, _, _ := w.Codes.Sentence(code, w.Lang())
	return reason
}

// Remedy gives what the cashier does about a code.
func (w Words) Remedy(code string) string {
	if w.Codes == nil {
		return ""
	}
	_, remedy, _ := w.Codes.Sentence(code, w.Lang())
	return remedy
}

// Why gives the sentence of a refusal: what a screen says of it, else the reason of its code.
func (w Words) Why(code string) string {
	if zh, ok := refusals[code]; ok {
		return w.T(zh)
	}
	return w.Reason(code)
}

// KnowsWhy says whether a code has a sentence.
func (w Words) KnowsWhy(code string) bool {
	return refusals[code] != "" || w.Knows(code)
}

// Knows says whether the table of codes has a code.
func (w Words) Knows(code string) bool {
	if w.Codes == nil || code == "" {
		return false
	}
	_, _, known := w.Codes.Sentence(code, w.Lang())
	return known
}
