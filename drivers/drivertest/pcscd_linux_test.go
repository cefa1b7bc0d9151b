package drivertest

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"tillkeeper/drivers/reader"
	"tillkeeper/drivers/reader/emv"
	"tillkeeper/drivers/reader/pcsc"
	"tillkeeper/drivers/sim/card"
	"tillkeeper/drivers/sim/vpcd"
)

// exactly is the terminal of the suite: no dice.
func exactly() emv.Terminal {
	t := card.Terminal()
	t.Selection = emv.RandomSelection{}
	return t
}

// pcscBench is the till's reader over a real pcscd, with virtual cards in its slot.
func pcscBench(d *PCSCDaemon) func(t testing.TB, deck []card.Card) ReaderBench {
	return func(t testing.TB, deck []card.Card) ReaderBench {
		var in *vpcd.Card
		b := ReaderBench{
			Reader: pcsc.Open(pcsc.Opts{Socket: d.Socket, Terminal: exactly}), Entries: []string{reader.Contactless, reader.Chip}, Lying: true,
			UID: card.UID,
		}
		b.Remove = func() {
			if in != nil {
				in.Remove()
				in = nil
				d.Await(t, 0, false)
			}
		}
		b.Put = func(c card.Card) {
			b.Remove()
			var err error
			if in, err = vpcd.Insert(context.Background(), d.VPCD[0], card.NewChip(c)); err != nil {
				t.Fatal(err)
			}
		}
		b.End = b.Remove
		return b
	}
}

// TestPCSCReader is the suite over pcscd and vpcd.
func TestPCSCReader(t *testing.T) {
	Reader(t, pcscBench(StartPCSCD(t)))
}

// TestJudge: what OpenSC, over libpcsclite, reads of the same virtual card is what the card says, and what our own client
// reads.
func TestJudge(t *testing.T) {
	d := StartPCSCD(t)
	for _, test := range []struct{ entry, directory string }{
		{reader.Contactless, "00A404000E325041592E5359532E444446303100"},
		{reader.Chip, "00A404000E315041592E5359532E444446303100"},
	} {
		chip := card.NewChip(readerCard(test.entry, "good"))
		in, err := vpcd.Insert(context.Background(), d.VPCD[0], chip)
		if err != nil {
			t.Fatal(err)
		}
		d.Await(t, 0, true)
		apdu, err := hex.DecodeString(test.directory)
		if err != nil {
			t.Fatal(err)
		}
		told := d.Judge(t, 0, "--atr", "-s", test.directory)
		atr, answer := ours(t, d, apdu)
		for _, fault := range judged(told, chip.ATR(), atr, answer) {
			t.Errorf("%s: %s\n%s", test.entry, fault, told)
		}
		answer[2] ^= 0x01 // the twin: one bit, and an ATR of another card
		if n := len(judged(told, chip.ATR()[1:], atr, answer)); n != 2 {
			t.Errorf("%s: the judge sees %d of two planted faults", test.entry, n)
		}
		in.Remove()
		d.Await(t, 0, false)
	}
}

// ours reads the card with our own client: its ATR, and the answer to a SELECT.
func ours(t *testing.T, d *PCSCDaemon, apdu []byte) (atr, answer []byte) {
	ctx := context.Background()
	c, err := pcsc.Dial(ctx, d.Socket)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	states, err := c.Readers(ctx)
	if err != nil {
		t.Fatal(err)
	}
	h, err := c.Connect(ctx, states[0].Name, pcsc.Shared, pcsc.AnyOf)
	if err != nil {
		t.Fatal(err)
	}
	if h.Protocol == pcsc.T0 {
		apdu = apdu[:len(apdu)-1] // no Le behind data
	}
	if answer, err = h.Transmit(ctx, apdu); err != nil {
		t.Fatal(err)
	}
	if len(answer) == 2 && answer[0] == 0x61 { // T=0
		if answer, err = h.Transmit(ctx, []byte{0x00, 0xC0, 0x00, 0x00, answer[1]}); err != nil {
			t.Fatal(err)
		}
	}
	return states[0].ATR, answer
}

// judged compares what opensc-tool printed with the ATR of the chip and with what our client read.
func judged(told string, chip, atr, answer []byte) (faults []string) {
	var printed []string // the columns of its hex dump
	first, _, _ := strings.Cut(told, "\n")
	for _, line := range strings.Split(told, "\n") {
		for _, f := range strings.Fields(line[:min(48, len(line))]) {
			if len(f) == 2 && !strings.Contains(line, "Sending") {
				printed = append(printed, f)
			}
		}
	}
	colons := strings.ToLower(strings.ReplaceAll(strings.TrimSpace(fmt.Sprintf("% X", chip)), " ", ":"))
	if first != colons || !bytes.Equal(chip, atr) {
		faults = append(faults, fmt.Sprintf("ATR %s and % X, want %s", first, atr, colons))
	}
	if body := fmt.Sprintf("% X", answer[:len(answer)-2]); strings.Join(printed, " ") != body {
		faults = append(faults, fmt.Sprintf("answer %v, ours %s", printed, body))
	}
	return faults
}
