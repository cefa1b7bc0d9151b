package card

import (
	"context"

	"tillkeeper/drivers/reader/emv"
)

// floorPaths are the acquirer's floor limit with and without the host, and the exception file.
func floorPaths() []path {
	floor := func(limit int64, log int64) func(t *emv.Terminal) {
		return func(t *emv.Terminal) { t.FloorLimit, t.Log = limit, func(string) int64 { return log } }
	}
	drawn := func(t *emv.Terminal) {
		t.FloorLimit, t.Selection, t.Random = 200, emv.RandomSelection{Target: 99, Most: 99, Floor: 200}, zeros{}
	}
	listed := func(t *emv.Terminal) { t.Listed = func(string) bool { return true } }
	const z = "0000000000"
	return []path{
		{name: "one fen below the floor", entry: chipEntry, till: floor(101, 0), cryptogram: emv.TC, tvr: z, tsi: "e800", cvr: "1f0302", host: lost(), last: emv.TC, tvr2: z, tsi2: "e800"},
		{name: "at the floor", entry: chipEntry, till: floor(100, 0), cryptogram: emv.ARQC, tvr: "0000008000", tsi: "e800", cvr: "1f0302"},
		{
			name: "at the floor, alone", entry: chipEntry, till: floor(100, 0), ask: alone, cryptogram: emv.AAC, reason: emv.ReasonOffline,
			tvr: "0000008000", tsi: "e800", cvr: "1f0302",
		},
		{
			name: "with what was taken before, alone", entry: chipEntry, till: floor(300, 200), ask: alone, cryptogram: emv.AAC,
			reason: emv.ReasonOffline, tvr: "0000008000", tsi: "e800", cvr: "1f0302",
		},
		{name: "drawn below the floor", entry: chipEntry, till: drawn, cryptogram: emv.ARQC, tvr: "0000001000", tsi: "e800", cvr: "1f0302"},
		{ // the bit is set; the default action codes do not name it (Book 3, 10.7)
			name: "drawn below the floor, alone", entry: chipEntry, till: drawn, ask: alone, cryptogram: emv.TC, tvr: "0000001000", tsi: "e800", cvr: "1f0302",
		},
		{
			name: "drawn and no host after all", entry: chipEntry, till: drawn, cryptogram: emv.ARQC, tvr: "0000001000", tsi: "e800", cvr: "1f0302",
			host: lost(), last: emv.TC, tvr2: "0000001000", tsi2: "e800",
		},
		{name: "on the exception file, host there", entry: chipEntry, till: listed, cryptogram: emv.ARQC, tvr: "1000000000", tsi: "e800", cvr: "1f0302"},
		{
			name: "on the exception file, alone", entry: chipEntry, till: listed, ask: alone, cryptogram: emv.AAC, reason: emv.ReasonListed,
			tvr: "1000000000", tsi: "e800", cvr: "1f0302",
		},
	}
}

// entered and passedBy are customers at the PIN pad while the card waits.
func entered(r *emv.Request) {
	r.PIN = func(context.Context, string) (bool, error) { return true, nil }
}

func passedBy(r *emv.Request) {
	r.PIN = func(context.Context, string) (bool, error) { return false, nil }
}

func together(asks ...func(r *emv.Request)) func(r *emv.Request) {
	return func(r *emv.Request) {
		for _, ask := range asks {
			ask(r)
		}
	}
}

// pinPaths are the online PIN while the card waits, entered or not (EMV Book 3, 10.5.1; Book 4, 6.3.4.3).
func pinPaths() []path {
	return []path{
		{
			name: "a PIN while the card waits", entry: chipEntry, pin: true, ask: together(forced, entered), cryptogram: emv.ARQC,
			tvr: "0000040000", tsi: "e800", cvr: "420300", host: yes(""), last: emv.TC, tvr2: "0000040000", tsi2: "e800",
		},
		{
			name: "no PIN, a signature", entry: chipEntry, pin: true, ask: together(forced, passedBy), cryptogram: emv.ARQC,
			tvr: "0000080000", tsi: "e800", cvr: "1e0300", host: yes(""), last: emv.TC, tvr2: "0000080000", tsi2: "e800",
		},
		{
			name: "no PIN goes to the issuer whatever the limits say", entry: chipEntry, pin: true, ask: passedBy, cryptogram: emv.ARQC,
			tvr: "0000080000", tsi: "e800", cvr: "1e0300", host: lost(), last: emv.AAC, why: emv.ReasonOfflinePIN, tvr2: "0000080000", tsi2: "e800",
		},
		{
			name: "no PIN and no other way", entry: chipEntry, pin: true, traits: PINOnly, ask: together(forced, passedBy), cryptogram: emv.AAC,
			reason: emv.ReasonHolder, tvr: "0000880000", tsi: "e800", cvr: "020301",
		},
		{
			name: "no other way, and a PIN", entry: chipEntry, pin: true, traits: PINOnly, ask: together(forced, entered), cryptogram: emv.ARQC,
			tvr: "0000040000", tsi: "e800", cvr: "020300",
		},
		{
			name: "no PIN, and the issuer's code refuses that", entry: chipEntry, pin: true, ask: together(forced, passedBy),
			bend: swap("9F0E050010000000", "9F0E050010080000"), traits: Unsigned, cryptogram: emv.AAC, reason: emv.ReasonHolder,
			tvr: "8000080000", tsi: "6800", cvr: "1e0300",
		},
		{
			name: "a balance without a PIN", entry: chipEntry, ask: together(passedBy, func(r *emv.Request) { r.Kind, r.Amount = emv.KindBalance, 0 }),
			cryptogram: emv.ARQC, tvr: "0000880000", tsi: "e800", cvr: "020001",
		},
		{ // the card has left by the time of the PIN
			name: "contactless above the limit, nobody asked yet", entry: tapEntry,
			ask:        together(passedBy, func(r *emv.Request) { r.Amount, r.ForceOnline = 100001, true }),
			cryptogram: emv.ARQC, tvr: "0000040000", tsi: "e800", cvr: "020000",
		},
	}
}
