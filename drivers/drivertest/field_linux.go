package drivertest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"tillkeeper/drivers/reader"
	"tillkeeper/drivers/reader/emv"
	"tillkeeper/drivers/reader/pcsc"
	"tillkeeper/drivers/sim/card"
	"tillkeeper/drivers/sim/vpcd"
)

// FieldToF55 puts a card into a slot of vpcd under a pcscd of its own, rounds times, and gives two medians: whole is the time
// from pcscd's word that the card is there to its field 55, by the real reader and dialogue; bare is the sum of the same
// APDUs, sent one after the other over the same pcscd with nothing in between. The card takes command for each APDU and
// octet for each byte of it and of its answer. The pcscd has ended when it returns.
func FieldToF55(t testing.TB, c card.Card, command, octet time.Duration, rounds int) (whole, bare time.Duration, err error) {
	t.Helper()
	d := StartPCSCD(t)
	defer d.Kill()
	r := pcsc.Open(pcsc.Opts{Socket: d.Socket, Terminal: fieldTerminal})
	defer func() { err = errors.Join(err, r.Close()) }()
	var wholes, bares []time.Duration
	for range max(rounds, 1) {
		chip := card.NewChip(c)
		chip.Answer([]byte("\x00\xA4\x04\x00\x0E2PAY.SYS.DDF01\x00")) // it writes its files
		chip.Pace(command, octet)
		w, b, err := fieldRound(d, r, chip)
		if err != nil {
			return 0, 0, err
		}
		wholes, bares = append(wholes, w), append(bares, b)
	}
	slices.Sort(wholes)
	slices.Sort(bares)
	return wholes[len(wholes)/2], bares[len(bares)/2], nil
}

// fieldTerminal trusts the simulated scheme and chooses online transactions as a till does.
func fieldTerminal() emv.Terminal {
	t := card.Terminal()
	t.Selection = emv.RandomSelection{}
	return t
}

// moment is when something was done, or why not.
type moment struct {
	at  time.Time
	err error
}

// fieldRound is one card in the slot.
func fieldRound(d *PCSCDaemon, r *pcsc.Reader, chip *card.Chip) (whole, bare time.Duration, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), readerPatience)
	defer cancel()
	eye, err := pcsc.Dial(ctx, d.Socket)
	if err != nil {
		return 0, 0, err
	}
	defer eye.Close() //nolint:errcheck // it was a look
	states, err := eye.Readers(ctx)
	if err != nil || len(states) == 0 {
		return 0, 0, errors.Join(err, fmt.Errorf("%d readers", len(states)))
	}
	seen, ready := make(chan moment, 1), make(chan moment, 1)
	go func() {
		err := error(nil)
		for err == nil && !states[0].Present {
			states, err = eye.Wait(ctx, states)
		}
		seen <- moment{time.Now(), err}
	}()
	go func() { ready <- fieldReady(ctx, r) }()
	in, err := vpcd.Insert(ctx, d.VPCD[0], chip)
	if err != nil {
		cancel()
	}
	from, to := <-seen, <-ready
	if err == nil {
		defer in.Remove()
	}
	if err = errors.Join(err, from.err, to.err); err != nil {
		return 0, 0, err
	}
	if bare, err = fieldBare(ctx, eye, states[0].Name, chip); err != nil {
		return 0, 0, err
	}
	in.Remove()
	for err == nil && states[0].Present {
		states, err = eye.Wait(ctx, states)
	}
	return to.at.Sub(from.at), bare, err
}

// fieldReady waits for the card and its field 55.
func fieldReady(ctx context.Context, r *pcsc.Reader) moment {
	s, err := r.Connect(ctx, ReaderPurchase())
	if err != nil {
		return moment{err: err}
	}
	got, err := s.Read(ctx, ReaderPurchase())
	at := time.Now()
	if err == nil && len(got.F55) == 0 {
		err = errors.New("no field 55")
	}
	return moment{at, errors.Join(err, s.Close())}
}

// fieldBare writes down what a dialogue with the card asks and then asks just that.
func fieldBare(ctx context.Context, eye *pcsc.Client, slot string, chip *card.Chip) (time.Duration, error) {
	h, err := eye.Connect(ctx, slot, pcsc.Shared, pcsc.AnyOf)
	if err != nil {
		return 0, err
	}
	kind := reader.Chip
	if chip.Contactless() {
		kind = reader.Contactless
	}
	tape := &recorder{card: h}
	if _, err := reader.NewSession(fieldTerminal(), reader.Card{Entry: kind, Wire: tape}).Read(ctx, ReaderPurchase()); err != nil {
		return 0, err
	}
	began := time.Now()
	for _, apdu := range tape.commands {
		_, bad := h.Transmit(ctx, apdu)
		err = errors.Join(err, bad)
	}
	return time.Since(began), err
}

// recorder keeps what a dialogue asks.
type recorder struct {
	card     *pcsc.Card
	commands [][]byte
}

// Transmit sends a command as the pcsc driver does: under T=0 without Le behind data.
func (r *recorder) Transmit(ctx context.Context, apdu []byte) ([]byte, error) {
	if n := len(apdu); r.card.Protocol == pcsc.T0 && n > 5 && n == 6+int(apdu[4]) {
		apdu = apdu[:n-1]
	}
	r.commands = append(r.commands, slices.Clone(apdu))
	return r.card.Transmit(ctx, apdu)
}
