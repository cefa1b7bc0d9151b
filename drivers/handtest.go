package drivers

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/pinpad"
	"tillkeeper/drivers/reader"
	"tillkeeper/drivers/scanner"
	"tillkeeper/drivers/supervise"
)

// numberWait is how long a card that was seen is asked for its serial number: it
// may have been taken away by then.
const numberWait = time.Second

// noNumber is the terminal and the trace number that a card is told in a test.
const noNumber = "00000000"

// lastDigits of a card's serial number are shown to who tries a reader, so that
// two cards can be told apart; the whole number is nobody's business.
const lastDigits = 4

// present waits for any card and says what it is: which way it came, whether it
// has a payment application, and how its serial number ends, where the reader
// tells it. A member card is a card too. Nothing is paid, and what was read is
// dropped.
func present(ctx context.Context, r pos.CardReader, now time.Time) pos.Condition {
	c := pos.Condition{State: "ok"}
	ask := pos.Purchase{ReadOnly: true, Time: now, STAN: noNumber[:6], TID: noNumber}
	session, err := r.Connect(ctx, ask)
	switch {
	case err == nil:
		_, bad := session.Read(ctx, ask)
		switch {
		case bad == nil:
			c.Found = append(c.Found, pos.Say("card_pays"))
		case errors.Is(bad, pos.ErrCardUnfit):
			c.Found = append(c.Found, pos.Say("card_number"))
		default:
			c.Found = append(c.Found, pos.Say("card_unread"))
		}
		if err := session.Close(); err != nil {
			return fault(err)
		}
	case errors.Is(err, pos.ErrCardUnfit):
		c.Found = append(c.Found, pos.Say("card_number"))
	default:
		return fault(err)
	}
	if end := numberEnd(ctx, r); end != "" {
		c.Found = append(c.Found, pos.Say("card_serial", end))
	}
	return c
}

// numberEnd gives the last digits of the serial number of the card that lies on a
// reader, "" where there is none to be had.
func numberEnd(ctx context.Context, r pos.CardReader) string {
	u, ok := r.(reader.UIDReader)
	if !ok {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, numberWait)
	defer cancel()
	number, err := u.UID(ctx)
	if err != nil {
		return ""
	}
	text := strings.ToUpper(hex.EncodeToString(number))
	return text[max(0, len(text)-lastDigits):]
}

// scanLook is the time between two looks whether a code has come.
const scanLook = 50 * time.Millisecond

// awaitScan waits for a code of a scanner that is well; the end of ctx says that
// none came.
func awaitScan(ctx context.Context, scans *scanner.Scanner, sup *supervise.Supervisor[*scanner.Reading]) pos.Condition {
	before := scans.Given()
	tick := time.NewTicker(scanLook)
	defer tick.Stop()
	for {
		c := sup.Condition()
		if c.State != "ok" || scans.Given() != before {
			return c
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return pos.Condition{State: "warn", Code: "offline", Found: []pos.Remark{pos.Say("no_code")}}
		}
	}
}

// padTest is what a pad encrypts the digits of its test with: nobody's card.
const padTest = "0000000000000000"

// pressed has a person press four digits and OK at a pad; what the pad makes of
// them is dropped. A pad without working keys cannot take any: it only beeps.
func pressed(ctx context.Context, pad *pinpad.Pad) pos.Condition {
	c := pad.Check(ctx, pos.CheckExternal)
	if c.State != "ok" {
		return c
	}
	_, err := pad.PINBlock(ctx, pos.PINRequest{PAN: padTest})
	switch {
	case err == nil:
		c.Found = []pos.Remark{pos.Say("pad_digits")}
	case errors.Is(err, pinpad.ErrCancelled):
		c.Found = []pos.Remark{pos.Say("pad_cancel")}
	case errors.Is(err, pinpad.ErrNoKeys):
		c.Found = []pos.Remark{pos.Say("pad_beeps")}
	case errors.Is(err, pinpad.ErrTimeout), ctx.Err() != nil:
		return pos.Condition{State: "warn", Code: "offline", Found: []pos.Remark{pos.Say("pad_untouched")}}
	default:
		return fault(err)
	}
	return c
}
