package health

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"tillkeeper/app/decline"
	"tillkeeper/app/i18n"
	"tillkeeper/app/pos"
)

// ErrFound says that the doctor found something wrong.
var ErrFound = errors.New("something is wrong: see above")

// Doctor prints how each part of the till is and what to do about it. It
// promises one line a part, the same as text or as JSON lines.
type Doctor struct {
	Codes *decline.Table // texts of reasons and remedies
	Lang  string
	JSON  bool
}

// In gives the doctor who speaks another language.
func (d Doctor) In(lang string) Doctor {
	d.Lang = lang
	return d
}

// finding is a line of the doctor.
type finding struct {
	Device string `json:"device"`
	State  string `json:"state"` // ok busy warn fault off
	Code   string `json:"code"`
	Detail string `json:"detail"`
	Remedy string `json:"remedy"`
}

// Print writes the conditions; ErrFound says that one of them is a fault.
func (d Doctor) Print(out io.Writer, found []pos.Condition) error {
	wrong, w := false, i18n.In(d.Lang, d.Codes)
	for _, c := range found {
		wrong = wrong || c.State == "fault"
		f := finding{Device: c.Name, State: c.State, Code: c.Code, Detail: w.Detail(c)}
		text := ""
		if c.State != "off" && w.Knows(c.Code) {
			text, f.Remedy = w.Reason(c.Code), w.Remedy(c.Code) // a code without words has its detail
		}
		f.Remedy = cmp.Or(w.Mend(c), f.Remedy)
		if err := d.line(out, f, text); err != nil {
			return err
		}
	}
	if wrong {
		return ErrFound
	}
	return nil
}

func (d Doctor) line(out io.Writer, f finding, text string) error {
	if d.JSON {
		return json.NewEncoder(out).Encode(f)
	}
	line := fmt.Sprintf("%-8s %-5s", f.Device, f.State)
	for _, part := range []string{f.Code, text, f.Detail} {
		if part != "" {
			line += "  " + part
		}
	}
	if f.Remedy != "" {
		line += "\n               -> " + f.Remedy
	}
	_, err := fmt.Fprintln(out, line)
	return err
}

// Of makes a condition of an error: its code and remedy where it has them. A
// configuration that is no good is nobody else's fault.
func Of(name string, err error) pos.Condition {
	c := judge(name, err, "device_fault")
	var named *pos.Error
	if errors.As(err, &named) {
		c.Remedy = named.Remedy
	}
	if c.Code == "bad_config" {
		c.Name = "config"
	}
	return c
}
