package card

import (
	"bytes"
	"context"
	"slices"
	"testing"

	"tillkeeper/drivers/reader"
	"tillkeeper/drivers/reader/emv"
)

// wordOnly is the length of an answer that is a status word alone.
const wordOnly = 2

// TestExternalAuthenticateHasNoLe: it was sent with one, and a card of T=1 may answer 6700 to that: the issuer's word was lost.
func TestExternalAuthenticateHasNoLe(t *testing.T) {
	for _, entry := range []string{reader.Contactless, reader.Chip} {
		sent := 0
		s := bentSession(base(entry, Online), false, func(command, answer []byte) []byte {
			if command[1] == 0x82 {
				sent++
				if len(command) != 5+int(command[4]) || len(answer) != wordOnly || answer[0] != 0x90 {
					t.Errorf("%s: % X was answered % X", entry, command, answer)
				}
			}
			return answer
		})
		p := purchase(100)
		p.ForceOnline = true
		if _, err := s.Read(context.Background(), p); err != nil {
			t.Fatal(err)
		}
		final, err := s.Finish(context.Background(), reader.Answer{Approved: true, Code: "00", F55: unhex(arpc)})
		if err != nil || final.Cryptogram != reader.TC || sent != 1 {
			t.Errorf("%s: %+v, asked %d times, %v", entry, final, sent, err)
		}
	}
}

// TestADirectoryWithoutSenseGivesWayToTheOwnList: what the payment directory's SELECT answered ended the dialogue where it was
// no FCI (EMV Book 1, 12.3.2: the terminal goes by its own list).
func TestADirectoryWithoutSenseGivesWayToTheOwnList(t *testing.T) {
	for name, fci := range map[string]string{
		"nothing": "", "no template": "8408A000000333010101", "cut off": "6F20840E", "without the proprietary part": "6F0384018A", "an empty one": "6F05840101A500",
	} {
		s := bentSession(base(reader.Chip, Online), false, func(command, answer []byte) []byte {
			return pick(bytes.Contains(command, contactDir), append(unhex(fci), 0x90, 0x00), answer)
		})
		p := purchase(100)
		p.ForceOnline = true
		if got, err := s.Read(context.Background(), p); err != nil || got.AIDName != "UnionPay Debit" {
			t.Errorf("%s: %q %v", name, got.AIDName, err)
		}
	}
}

// TestTheSignatureCoversWhatTheCardWrote: the objects of a GENERATE AC were written anew before they were hashed, so a card
// that writes a length in two bytes where one would do failed its authentication.
func TestTheSignatureCoversWhatTheCardWrote(t *testing.T) {
	for name, write := range map[string]func(kind, counter, iad []byte) []byte{
		"the shortest lengths": func(kind, counter, iad []byte) []byte {
			return slices.Concat([]byte{0x9F, 0x27, 1}, kind, []byte{0x9F, 0x36, 2}, counter, []byte{0x9F, 0x10, byte(len(iad))}, iad)
		},
		"longer lengths": func(kind, counter, iad []byte) []byte {
			return slices.Concat([]byte{0x9F, 0x27, 0x81, 1}, kind, []byte{0x9F, 0x36, 0x82, 0, 2}, counter, []byte{0x9F, 0x10, 0x81, byte(len(iad))}, iad)
		},
	} {
		c := base(reader.Contactless, Online)
		c.Traits = Combined
		wire := &slot{chip: newChip(c)}
		s := reader.NewSession(noDice(), reader.Card{Entry: c.Entry, Wire: bent{wire, func(command, answer []byte) []byte {
			if command[1] != 0xAE || wire.chip.phase != wanting {
				return answer
			}
			data := command[5 : 5+command[4]]
			ac, iad := wire.chip.compute(data, firstResults[emv.ARQC])
			body := write([]byte{emv.ARQC}, twoBytes(wire.chip.counter), iad)
			body = emv.Append(body, 0x9F4B, wire.chip.combinedSignature(emv.ARQC, ac, body, data))
			return append(emv.Append(nil, 0x77, body), 0x90, 0x00)
		}}})
		p := purchase(100)
		p.ForceOnline = true
		got, err := s.Read(context.Background(), p)
		if err != nil || !got.ODA || got.Cryptogram != reader.ARQC || got.TVR[0] != 0 {
			t.Errorf("%s: authentic %v, cryptogram %02X, TVR %X, %v", name, got.ODA, got.Cryptogram, got.TVR, err)
		}
	}
}
