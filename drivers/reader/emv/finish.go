package emv

import (
	"context"
	"fmt"
)

// Authorization response codes of the terminal itself (EMV Book 4, annex A6), tag 8A.
const (
	arcOfflineApproved = "Y1" // the first cryptogram was a TC
	arcOfflineDeclined = "Z1"
	arcUnableApproved  = "Y3" // the host could not be reached, approved
	arcUnableDeclined  = "Z3"
)

// Second ends the dialogue with what the host said: issuer authentication, scripts, second GENERATE AC (EMV Book 3,
// 10.9 to 10.11). After a TC or AAC in the first one nothing more is sent. A TC that was given without the host ends its
// field 55 with 8A "Y1" or "Y3", as the upload of an offline approval wants it. After a ReadOnly nothing is sent at all.
func (d *Dialogue) Second(ctx context.Context, host Host) (Outcome, error) {
	o, err := d.second(ctx, host)
	return o, Coded(err)
}

func (d *Dialogue) second(ctx context.Context, host Host) (Outcome, error) {
	if !d.ready || d.finished {
		return Outcome{}, fmt.Errorf("%w: no first cryptogram, or ended already", ErrUnsupported)
	}
	d.finished = true
	if d.req.ReadOnly { // the card was asked nothing: the host's word is the result
		if host.Approved && !host.Unreachable {
			return Outcome{Cryptogram: TC}, nil
		}
		return Outcome{Cryptogram: AAC}, nil
	}
	switch d.cryptogram {
	case TC:
		return d.outcome(nil, arcOfflineApproved)
	case ARQC:
	default:
		return d.outcome(nil, "")
	}
	if d.quick {
		return d.quickEnd(host)
	}
	if host.Unreachable {
		return d.withoutHost(ctx)
	}
	return d.withHost(ctx, host)
}

func (d *Dialogue) withoutHost(ctx context.Context) (Outcome, error) {
	asked, arc := AAC, arcUnableDeclined
	limits := d.req.AllowOffline || d.req.Offline
	switch {
	case d.req.Kind != KindPurchase:
		d.reason = ReasonKind
	case !limits:
		d.reason = ReasonOffline
	case !d.authentic:
		d.reason = ReasonAuthenticity
	case d.needPIN:
		d.reason = ReasonOfflinePIN
	case d.analyseDefault() == TC:
		asked, arc = TC, arcUnableApproved
	}
	if err := d.secondCryptogram(ctx, asked, arc); err != nil {
		return Outcome{}, err
	}
	if d.cryptogram != TC {
		arc = ""
	}
	return d.outcome(nil, arc)
}

func (d *Dialogue) withHost(ctx context.Context, host Host) (Outcome, error) {
	issuer := parseHost(host.F55)
	if err := d.authenticateIssuer(ctx, issuer.authentication); err != nil {
		return Outcome{}, err
	}
	before, err := d.runScripts(ctx, issuer.before, tvrScriptFailedBefore)
	if err != nil {
		return Outcome{}, err
	}
	asked, arc := AAC, "05"
	if host.Approved {
		asked, arc = TC, "00"
	}
	if len(host.Code) == 2 {
		arc = host.Code
	}
	if err = d.secondCryptogram(ctx, asked, arc); err != nil {
		return Outcome{}, err
	}
	after, err := d.runScripts(ctx, issuer.after, tvrScriptFailedAfter)
	if err != nil && d.cryptogram != TC {
		return Outcome{}, err
	}
	// With the TC in hand the payment is done: a card taken away during the scripts behind it changes nothing.
	return d.outcome(append(before, after...), "")
}

// authenticateIssuer hands tag 91 to the card where the card does that by EXTERNAL AUTHENTICATE; else it goes with CDOL2.
func (d *Dialogue) authenticateIssuer(ctx context.Context, arpc []byte) error {
	if len(arpc) < 8 || len(arpc) > 16 {
		return nil
	}
	d.data[tagIssuerAuth] = arpc
	if d.data[tagAIP][0]&aipIssuerAuth == 0 {
		return nil
	}
	_, sw, err := d.send(ctx, command{cla: 0x00, ins: 0x82, data: arpc, mute: true})
	if err != nil {
		return err
	}
	d.tsi[0] |= tsiIssuerAuth
	if sw != swOK {
		d.tvr[4] |= tvrIssuerAuthFailed
	}
	return nil
}

func (d *Dialogue) secondCryptogram(ctx context.Context, asked byte, arc string) error {
	d.data[tagAuthCode] = []byte(arc)
	list, err := ParseDOL(d.data[tagCDOL2])
	if err != nil {
		return fault(ReasonData, ErrCardUnreadable, "CDOL2")
	}
	data := d.fill(list)
	got, err := d.generate(ctx, asked, data, append(append([]byte(nil), d.cdol1Data...), data...))
	if err != nil {
		return err
	}
	if got == ARQC {
		return fmt.Errorf("%w: a request in the second GENERATE AC", ErrCardUnreadable)
	}
	d.cryptogram = got
	return nil
}

func (d *Dialogue) outcome(scripts []byte, arc string) (Outcome, error) {
	full, err := d.field55()
	if err != nil {
		return Outcome{}, err
	}
	if arc != "" {
		full = Append(full, tagAuthCode, []byte(arc))
	}
	if len(full) > maxField55 {
		return Outcome{}, fmt.Errorf("%w: field 55 of %d bytes", ErrUnsupported, len(full))
	}
	o := Outcome{
		Cryptogram: d.cryptogram, Scripts: scripts, F55: full, ShortF55: d.shortField55(scripts),
		TVR: append([]byte(nil), d.tvr[:]...), TSI: append([]byte(nil), d.tsi[:]...),
	}
	if d.cryptogram == AAC {
		o.Reason = d.reason
	}
	return o, nil
}
