package pcsc

import (
	"context"
	"errors"
	"strings"

	"tillkeeper/app/pos"
)

// beepCommand has the buzzer of an ACR122 sound once for 200 ms and leaves its lamps as they are: no lamp, four bytes of
// duration (on, off, how often, sound while on), in units of 100 ms (ACS, ACR122U Application Programming Interface V2.04,
// 6.2: Bi-color LED and Buzzer Control). Its answer is 90 and the state of the lamps.
var beepCommand = []byte{0xFF, 0x00, 0x40, 0x00, 0x04, 0x02, 0x00, 0x01, 0x01}

// featureEscape is the reader's control code for its maker's commands, where the driver permits them (PC/SC part 10, 2.3:
// FEATURE_CCID_ESC_COMMAND).
const featureEscape = 0x13

// Check is the condition of the readers. External has those beep whose buzzer is known, and says of each whether it took
// the command; it waits for no card, takes none, and leaves a reader alone that a session has. Internal moves nothing.
func (r *Reader) Check(ctx context.Context, level pos.Level) pos.Condition {
	c := pos.Condition{State: "ok"}
	if c.Code = r.State(); c.Code != "" {
		c.State = "fault"
		if err := r.Fault(); err != nil {
			c.Detail = err.Error()
		}
		return c
	}
	if level != pos.CheckExternal {
		return c
	}
	for _, s := range r.Readers() {
		if !hasBuzzer(s.Name) || !r.claim(s.Name) {
			continue
		}
		if err := r.beep(ctx, s); err == nil {
			c.Found = append(c.Found, pos.Say("reader_beeps", s.Name))
		} else {
			c.Found = append(c.Found, pos.Say("reader_mute", s.Name, "ifdDriverOptions", "0x0001", "/etc/libccid_Info.plist"))
		}
	}
	return c
}

// hasBuzzer says by a reader's name that it knows beepCommand. The ACR1222 has another one.
func hasBuzzer(name string) bool {
	for _, w := range strings.Fields(words(name)) {
		if w == "acr122" || w == "acr122u" || w == "acr122t" {
			return true
		}
	}
	return false
}

// beep sends the command past the card, as an escape to the reader; where the driver keeps that back and a card lies there,
// as an APDU, which the reader takes for itself. The caller has claimed the reader, and it is free afterwards.
func (r *Reader) beep(ctx context.Context, s State) error {
	err := r.escape(ctx, s.Name)
	if err == nil || !s.Present || ctx.Err() != nil {
		r.unclaim(s.Name, nil, true)
		return err
	}
	h, err := r.take(ctx, s)
	if err != nil {
		r.unclaim(s.Name, nil, true)
		return err
	}
	answer, err := h.card.Transmit(ctx, beepCommand)
	h.release() //nolint:errcheck,gosec // it never fails
	return beeped(answer, err)
}

// escape sends the command over a connection of its own to the reader itself.
func (r *Reader) escape(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, commandLimit)
	defer cancel()
	client, err := Dial(ctx, r.opts.Socket)
	if err != nil {
		return err
	}
	defer client.Close() //nolint:errcheck // it was one command
	card, err := client.Connect(ctx, name, Direct, 0)
	if err != nil {
		return err
	}
	code := ControlEscape
	if features, err := card.Features(ctx); err == nil && features[featureEscape] != 0 {
		code = features[featureEscape]
	}
	answer, err := card.Control(ctx, code, beepCommand)
	return errors.Join(beeped(answer, err), card.Disconnect(ctx, Leave))
}

// beeped judges the answer to beepCommand.
func beeped(answer []byte, err error) error {
	if err == nil && (len(answer) != 2 || answer[0] != 0x90) {
		err = ErrUnsupported
	}
	return err
}
