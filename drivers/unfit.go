package drivers

import (
	"errors"
	"strconv"
	"strings"

	"tillkeeper/app/pos"
)

// unfit is a device's URL that names none: the error of code bad_config for logs and scripts, in English, and the same as
// remarks, which a face says in the language of the person.
type unfit struct {
	err         *pos.Error
	found, mend []pos.Remark
}

// Error gives the sentence of the log.
func (u *unfit) Error() string { return u.err.Error() }

// Unwrap gives the error of code bad_config.
func (u *unfit) Unwrap() error { return u.err }

// wrong makes the error of a device's URL: what is wrong with it, what mends it, and both for the log.
func wrong(found pos.Remark, mend []pos.Remark, remedy, format string, args ...any) error {
	return &unfit{pos.Errorf("bad_config", remedy, format, args...), []pos.Remark{found}, mend}
}

// misnamed is the condition of a device whose URL names none.
func misnamed(why error) pos.Condition {
	c := pos.Condition{State: "fault", Code: pos.WhyNot(why, "bad_config"), Detail: why.Error()}
	var named *pos.Error
	if errors.As(why, &named) {
		c.Remedy = named.Remedy
	}
	var said *unfit
	if errors.As(why, &said) {
		c.Found, c.Mend = said.found, said.mend
	}
	return c
}

// proposes are the URLs that an error proposes for a device, "" for none of it.
func proposes(device string) []pos.Remark {
	out := []pos.Remark{pos.Say("url_write", quoted(examples[device]))}
	if device == Reader {
		out = append(out, pos.Say("url_several"))
	}
	return out
}

// writes is the same proposal for the log.
func writes(device string) string {
	list := examples[device]
	last := len(list) - 1
	text := quoted(list[:last]) + " or " + strconv.Quote(list[last])
	if device == Reader {
		text += "; several with commas between them"
	}
	return "write " + text
}

func quoted(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = strconv.Quote(s)
	}
	return strings.Join(out, ", ")
}
