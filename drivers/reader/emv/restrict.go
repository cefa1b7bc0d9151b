package emv

import (
	"context"
	"encoding/binary"
	"time"
)

// Bits of the terminal verification results (EMV Book 3, annex C5), by byte.
const (
	tvrNotAuthenticated = 0x80 // byte 1
	tvrStaticFailed     = 0x40
	tvrDataMissing      = 0x20
	tvrListed           = 0x10
	tvrDynamicFailed    = 0x08
	tvrCombinedFailed   = 0x04
	tvrStaticSelected   = 0x02

	tvrVersions     = 0x80 // byte 2
	tvrExpired      = 0x40
	tvrNotEffective = 0x20
	tvrNotAllowed   = 0x10
	tvrNewCard      = 0x08

	tvrCVMFailed    = 0x80 // byte 3
	tvrCVMUnknown   = 0x40
	tvrNoPINPad     = 0x10
	tvrNoPIN        = 0x08 // wanted, the pad is there, and none was entered
	tvrOnlinePIN    = 0x04
	tvrFloorLimit   = 0x80 // byte 4
	tvrLowerLimit   = 0x40
	tvrUpperLimit   = 0x20
	tvrRandomOnline = 0x10

	tvrDefaultTDOL        = 0x80 // byte 5
	tvrIssuerAuthFailed   = 0x40
	tvrScriptFailedBefore = 0x20
	tvrScriptFailedAfter  = 0x10
)

// Bits of the transaction status information, byte 1.
const (
	tsiAuthenticated = 0x80
	tsiVerified      = 0x40
	tsiCardRisk      = 0x20
	tsiIssuerAuth    = 0x10
	tsiTerminalRisk  = 0x08
	tsiScripts       = 0x04
)

// restrict does the processing restrictions (EMV Book 3, 10.4): versions, usage, dates.
func (d *Dialogue) restrict(context.Context) error {
	if v := d.data[tagCardVersion]; len(v) == 2 && string(v) != string(d.data[tagVersion]) {
		d.tvr[1] |= tvrVersions
	}
	d.restrictUsage()
	pan, expiry := d.identity()
	if len(expiry) == 4 { // of the stripe image: good to the end of its month
		expiry += "01"
		if t, err := time.Parse("060102", expiry); err == nil {
			expiry = t.AddDate(0, 1, -1).Format("060102")
		}
	}
	if !calendar(expiry) {
		return fault(ReasonData, ErrCardUnreadable, "expiry date")
	}
	today := d.req.Time.Format("060102")
	if century(today) > century(expiry) {
		d.tvr[1] |= tvrExpired
	}
	if from := compressed(d.data[tagEffective]); from != "" {
		if !calendar(from) {
			return fault(ReasonData, ErrCardUnreadable, "effective date")
		}
		if century(today) < century(from) {
			d.tvr[1] |= tvrNotEffective
		}
	}
	if d.terminal.Listed != nil && d.terminal.Listed(pan) {
		d.tvr[0] |= tvrListed
	}
	return nil
}

// calendar says whether YYMMDD is a day.
func calendar(yymmdd string) bool {
	_, err := time.Parse("060102", yymmdd)
	return err == nil
}

// century makes dates comparable: YY 00 to 49 is 20YY, 50 to 99 is 19YY (EMV Book 4, 6.7.3).
func century(yymmdd string) string {
	if yymmdd[0] >= '5' {
		return "19" + yymmdd
	}
	return "20" + yymmdd
}

func (d *Dialogue) restrictUsage() {
	usage := d.data[tagUsageControl]
	if len(usage) != 2 {
		return
	}
	allowed := usage[0]&0x01 != 0 // valid at terminals other than ATMs
	if home := d.data[tagIssuerCountry]; len(home) == 2 && d.req.buys() {
		domestic := string(home) == string(d.data[tagCountry])
		allowed = allowed && (domestic && usage[0]&0x28 != 0 || !domestic && usage[0]&0x14 != 0)
	}
	if !allowed {
		d.tvr[1] |= tvrNotAllowed
	}
}

// buys tells whether goods or services are paid, now or later.
func (r Request) buys() bool {
	return r.Kind == KindPurchase || r.Kind == KindPreauth || r.Kind == KindPreauth2
}

// manageRisk is terminal risk management (EMV Book 3, 10.6): floor limit, random selection, velocity. The floor limit is
// the till's: a payment for which the till's limits do not hold exceeds it, and so does one that reaches the terminal's own
// limit together with what the same card left in the log (10.6.1).
func (d *Dialogue) manageRisk(ctx context.Context) error {
	d.tsi[0] |= tsiTerminalRisk
	switch {
	case d.overFloor():
		d.tvr[3] |= tvrFloorLimit
	case d.req.ForceOnline: // there is no choice
	case d.req.Offline && d.terminal.FloorLimit <= 0: // nor is there a limit below which to draw
	default:
		if err := d.roll(); err != nil {
			return err
		}
		if d.drawn {
			d.tvr[3] |= tvrRandomOnline
		}
	}
	lower, upper := d.data[tagLowerLimit], d.data[tagUpperLimit]
	if len(lower) != 1 || len(upper) != 1 {
		return nil
	}
	now, err := d.counter(ctx, tagATC)
	if err != nil {
		return err
	}
	last, err := d.counter(ctx, tagLastOnlineATC)
	if err != nil {
		return err
	}
	if last == 0 {
		d.tvr[1] |= tvrNewCard
	}
	if now < 0 || last < 0 || now <= last { // not to be had, or not sense: both limits count as passed
		d.tvr[3] |= tvrLowerLimit | tvrUpperLimit
		return nil
	}
	if now-last > int(lower[0]) {
		d.tvr[3] |= tvrLowerLimit
	}
	if now-last > int(upper[0]) {
		d.tvr[3] |= tvrUpperLimit
	}
	return nil
}

// overFloor says whether the payment reaches the floor limit.
func (d *Dialogue) overFloor() bool {
	if !d.req.AllowOffline && !d.req.Offline {
		return true
	}
	if d.terminal.FloorLimit <= 0 {
		return false
	}
	sum := d.req.Amount
	if pan, _ := d.identity(); d.terminal.Log != nil && pan != "" {
		if before := d.terminal.Log(pan); before > 0 {
			sum += min(before, maxAmount)
		}
	}
	return sum >= d.terminal.FloorLimit
}

// roll draws once for a payment.
func (d *Dialogue) roll() error {
	if d.rolled {
		return nil
	}
	d.rolled = true
	var err error
	d.drawn, err = d.terminal.Selection.draw(d.terminal.Random, d.req.Amount)
	return err
}

// counter asks the card for a two-byte counter by GET DATA; -1 when it does not say.
func (d *Dialogue) counter(ctx context.Context, t Tag) (int, error) {
	body, sw, err := d.send(ctx, command{cla: 0x80, ins: 0xCA, p1: byte(t >> 8), p2: byte(t)})
	if err != nil || sw != swOK {
		return -1, err
	}
	objects, err := Parse(body)
	if err != nil || len(objects) != 1 || objects[0].Tag != t || len(objects[0].Value) != 2 {
		return -1, nil
	}
	return int(binary.BigEndian.Uint16(objects[0].Value)), nil
}
