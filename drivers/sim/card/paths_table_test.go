package card

import (
	"slices"

	"tillkeeper/drivers/reader/emv"
)

// paths are all of them.
func paths() []path {
	return slices.Concat(authenticPaths(), restrictedPaths(), riskPaths(), floorPaths(), pinPaths(), issuerPaths(), refusedPaths())
}

// authenticPaths are how its data are authenticated (EMV Book 2).
func authenticPaths() []path {
	const z = "0000000000"
	return []path{
		{
			name: "offline approved, DDA, no CVM", entry: chipEntry, cryptogram: emv.TC, tvr: z, tsi: "e800", cvr: "1f0302",
			host: lost(), last: emv.TC, tvr2: z, tsi2: "e800",
		},
		{name: "the same in format 2", entry: chipEntry, traits: Format2, cryptogram: emv.TC, tvr: z, tsi: "e800", cvr: "1f0302"},
		{name: "SDA", entry: chipEntry, traits: Static, cryptogram: emv.TC, tvr: "0200000000", tsi: "e800", cvr: "1f0302"},
		{name: "SDA over the field", entry: tapEntry, traits: Static, cryptogram: emv.TC, tvr: "0200000000", tsi: "e800", cvr: "1f0000"},
		{name: "CDA", entry: chipEntry, traits: Combined, cryptogram: emv.TC, tvr: z, tsi: "e800", cvr: "1f0302"},
		{
			name: "no authentication, host there", entry: chipEntry, traits: Unsigned, cryptogram: emv.ARQC, tvr: "8000000000", tsi: "6800", cvr: "1f0302",
			host: lost(), last: emv.AAC, why: emv.ReasonAuthenticity, tvr2: "8000000000", tsi2: "6800",
		},
		{
			name: "no authentication, alone", entry: chipEntry, traits: Unsigned, ask: alone, cryptogram: emv.AAC, reason: emv.ReasonAuthenticity,
			tvr: "8000000000", tsi: "6800", cvr: "1f0302",
		},
		{
			name: "wrong SDA signature", entry: chipEntry, traits: Static + " " + WrongSignature, ask: alone, cryptogram: emv.AAC,
			reason: emv.ReasonAuthenticity, tvr: "4200000000", tsi: "e800", cvr: "1f0302",
		},
		{
			name: "wrong DDA signature", entry: chipEntry, traits: WrongSignature, ask: alone, cryptogram: emv.AAC,
			reason: emv.ReasonAuthenticity, tvr: "0800000000", tsi: "e800", cvr: "1f0302",
		},
		{name: "wrong certificate", entry: chipEntry, traits: WrongCertificate, cryptogram: emv.ARQC, tvr: "0800000000", tsi: "e800", cvr: "1f0302"},
		{
			name: "revoked issuer", entry: chipEntry, traits: Revoked, ask: alone, cryptogram: emv.AAC, reason: emv.ReasonAuthenticity,
			till: func(t *emv.Terminal) { t.Keys = t.Keys.Revoke(Revocation()) }, tvr: "0800000000", tsi: "e800", cvr: "1f0302",
		},
		{name: "the same issuer, not revoked", entry: chipEntry, traits: Revoked, ask: alone, cryptogram: emv.TC, tvr: z, tsi: "e800", cvr: "1f0302"},
		{
			name: "no CA key, CDA", entry: chipEntry, traits: Combined, till: func(t *emv.Terminal) { t.Keys = emv.CATable{} }, ask: alone,
			cryptogram: emv.AAC, reason: emv.ReasonCombined, tvr: "0400000000", tsi: "e800", cvr: "1f0302",
		},
		{
			name: "wrong CDA signature over a TC", entry: chipEntry, traits: Combined + " " + WrongSignature, cryptogram: emv.AAC,
			reason: emv.ReasonCombined, tvr: "0400000000", tsi: "e800", cvr: "1f0302",
		},
		{
			name: "wrong CDA signature over an ARQC", entry: chipEntry, traits: Combined + " " + WrongSignature, ask: forced, cryptogram: emv.AAC,
			reason: emv.ReasonCombined, tvr: "0400000000", tsi: "e800", cvr: "1f0302",
		},
		{
			name: "a terminal without CDA", entry: chipEntry, traits: Combined, till: func(t *emv.Terminal) { t.Capabilities[2] = 0xC0 },
			cryptogram: emv.TC, tvr: z, tsi: "e800", cvr: "1f0302",
		},
		{
			name: "a terminal without CDA, wrong signature", entry: chipEntry, traits: Combined + " " + WrongSignature,
			till: func(t *emv.Terminal) { t.Capabilities[2] = 0xC0 }, cryptogram: emv.ARQC, tvr: "0800000000", tsi: "e800", cvr: "1f0302",
		},
		{
			name: "no authentication and lenient codes", entry: chipEntry, traits: Unsigned, ask: forced,
			till: func(t *emv.Terminal) { t.Actions.Default = [5]byte{} }, bend: swap("9F0D05FC40008000", "9F0D050000000000"),
			cryptogram: emv.ARQC, tvr: "8000000000", tsi: "6800", cvr: "1f0302",
			host: lost(), last: emv.AAC, why: emv.ReasonAuthenticity, tvr2: "8000000000", tsi2: "6800",
		},
		{
			name: "the last CDA signature is wrong", entry: tapEntry, traits: Combined, ask: forced, bend: secondWrong(),
			cryptogram: emv.ARQC, tvr: z, tsi: "e800", cvr: "1f0000",
			host: yes(""), last: emv.AAC, why: emv.ReasonCombined, tvr2: "0400000000", tsi2: "e800",
		},
	}
}

// restrictedPaths are processing restrictions and the exception file (Book 3, 10.4).
func restrictedPaths() []path {
	return []path{
		{
			name: "expired, alone", entry: chipEntry, ask: alone, deck: func(c *Card) { c.Expiry = "2509" }, cryptogram: emv.AAC,
			reason: emv.ReasonExpired, tvr: "0040000000", tsi: "e800", cvr: "1f0302",
		},
		{
			name: "expired, host there", entry: chipEntry, deck: func(c *Card) { c.Expiry = "2509" }, cryptogram: emv.ARQC, tvr: "0040000000",
			tsi: "e800", cvr: "1f0302", host: lost(), last: emv.AAC, why: emv.ReasonExpired, tvr2: "0040000000", tsi2: "e800",
		},
		{
			name: "not valid yet", entry: chipEntry, traits: NotYetValid, ask: func(r *emv.Request) { r.Offline = true }, cryptogram: emv.TC,
			tvr: "0020000000", tsi: "e800", cvr: "1f0302",
		},
		{
			name: "not valid yet, refused by the acquirer's code", entry: chipEntry, traits: NotYetValid, ask: alone,
			till: func(t *emv.Terminal) { t.Actions.Denial[1] |= 0x20 }, cryptogram: emv.AAC, reason: emv.ReasonNotYetValid,
			tvr: "0020000000", tsi: "e800", cvr: "1f0302",
		},
		{
			name: "for cash machines only", entry: chipEntry, traits: NotHere, ask: forced, cryptogram: emv.AAC, reason: emv.ReasonNotAccepted,
			tvr: "0010000000", tsi: "e800", cvr: "1f0302",
		},
		{
			name: "another version", entry: chipEntry, bend: swap("9F08020020", "9F08020030"), traits: Unsigned, ask: forced,
			cryptogram: emv.ARQC, tvr: "8080000000", tsi: "6800", cvr: "1f0302",
		},
		{name: "on the exception file", entry: chipEntry, till: func(t *emv.Terminal) {
			t.Listed = func(string) bool { return true }
			t.Actions.Denial[0] |= 0x10
		}, ask: alone, cryptogram: emv.AAC, reason: emv.ReasonListed, tvr: "1000000000", tsi: "e800", cvr: "1f0302"},
	}
}

// riskPaths are floor limit, random selection and the cardholder (10.5, 10.6).
func riskPaths() []path {
	const z = "0000000000"
	return []path{
		{
			name: "floor limit", entry: chipEntry, ask: func(r *emv.Request) { r.AllowOffline = false }, cryptogram: emv.ARQC,
			tvr: "0000008000", tsi: "e800", cvr: "1f0302", host: lost(), last: emv.AAC, why: emv.ReasonOffline, tvr2: "0000008000", tsi2: "e800",
		},
		{name: "a split sale over the terminal's floor limit", entry: chipEntry, till: func(t *emv.Terminal) {
			t.FloorLimit, t.Log = 300, func(string) int64 { return 200 }
		}, cryptogram: emv.ARQC, tvr: "0000008000", tsi: "e800", cvr: "1f0302"},
		{name: "the same one fen below", entry: chipEntry, till: func(t *emv.Terminal) {
			t.FloorLimit, t.Log = 301, func(string) int64 { return 200 }
		}, cryptogram: emv.TC, tvr: z, tsi: "e800", cvr: "1f0302"},
		{name: "drawn to go online", entry: chipEntry, till: func(t *emv.Terminal) {
			t.Selection, t.Random = emv.RandomSelection{Target: 99}, zeros{}
		}, cryptogram: emv.ARQC, tvr: "0000001000", tsi: "e800", cvr: "1f0302"},
		{
			name: "online PIN", entry: chipEntry, pin: true, ask: forced, cryptogram: emv.ARQC, tvr: "0000040000", tsi: "e800", cvr: "420300",
			host: yes(""), last: emv.TC, tvr2: "0000040000", tsi2: "e800",
		},
		{name: "signature when there is no host", entry: chipEntry, pin: true, ask: alone, cryptogram: emv.TC, tvr: z, tsi: "e800", cvr: "1e0300"},
		{
			name: "contactless above the limit", entry: tapEntry, ask: func(r *emv.Request) { r.Amount, r.ForceOnline = 100001, true },
			cryptogram: emv.ARQC, tvr: "0000040000", tsi: "e800", cvr: "020000",
		},
	}
}

// issuerPaths are what the issuer and the card say at the end (10.8 to 10.10).
func issuerPaths() []path {
	const z = "0000000000"
	return []path{
		{
			name: "issuer authentication and scripts", entry: chipEntry, ask: forced, cryptogram: emv.ARQC, tvr: z, tsi: "e800", cvr: "1f0302",
			host: yes(arpc + script71 + "72129F180400000002" + "8609841E000004AABBCCDD"), last: emv.TC, tvr2: z, tsi2: "fc00",
			scripts: "20000000012000000002",
		},
		{
			name: "issuer authentication failed", entry: chipEntry, ask: forced, cryptogram: emv.ARQC, tvr: z, tsi: "e800", cvr: "1f0302",
			host: yes("910A00000000000000003030"), last: emv.AAC, why: emv.ReasonDeclined, tvr2: "0000000040", tsi2: "f800",
		},
		{
			name: "a script fails before", entry: chipEntry, ask: forced, cryptogram: emv.ARQC, tvr: z, tsi: "e800", cvr: "1f0302",
			host: yes("71189F180400000001" + "8604841E0000" + "8609847700000411223344"), last: emv.TC, tvr2: "0000000020", tsi2: "ec00",
			scripts: "1200000001",
		},
		{
			name: "a script fails after", entry: chipEntry, ask: forced, cryptogram: emv.ARQC, tvr: z, tsi: "e800", cvr: "1f0302",
			host: yes("72129F180400000002" + "8609847700000411223344"), last: emv.TC, tvr2: "0000000010", tsi2: "ec00", scripts: "1100000002",
		},
		{
			name: "the bank refuses", entry: chipEntry, ask: forced, cryptogram: emv.ARQC, tvr: z, tsi: "e800", cvr: "1f0302",
			host: &emv.Host{Code: "51"}, last: emv.AAC, tvr2: z, tsi2: "e800",
		},
		{
			name: "the card refuses", entry: chipEntry, deck: func(c *Card) { c.Offline = Decline }, cryptogram: emv.AAC, reason: emv.ReasonDeclined,
			tvr: z, tsi: "e800", cvr: "1f0302",
		},
		{
			name: "the card refuses for its PIN", entry: chipEntry, traits: PINTries, deck: func(c *Card) { c.Offline = Decline },
			cryptogram: emv.AAC, reason: emv.ReasonPINTries, tvr: z, tsi: "e800", cvr: "1f0302",
		},
		{
			name: "a balance alone", entry: chipEntry, ask: func(r *emv.Request) { r.Offline, r.Kind = true, emv.KindBalance }, cryptogram: emv.AAC,
			reason: emv.ReasonKind, tvr: "0000040000", tsi: "e800", cvr: "020000",
		},
		{
			name: "no data for DDA", entry: tapEntry, bend: swap("9F4681", "9F6181"), ask: alone, cryptogram: emv.AAC,
			reason: emv.ReasonAuthenticity, tvr: "2800000000", tsi: "e800", cvr: "1f0000",
		},
		{
			name: "CVM list missing", entry: chipEntry, traits: Unsigned, ask: forced, bend: swap("8E0A00000000000000001F03", "C00A00000000000000001F03"),
			cryptogram: emv.ARQC, tvr: "a000000000", tsi: "2800", cvr: "3f0000",
		},
	}
}

// refusedPaths are cards that do not come as far as a cryptogram.
func refusedPaths() []path {
	return []path{
		{name: "blocked", entry: chipEntry, traits: Blocked, code: emv.ReasonCardBlocked},
		{name: "blocked over the field", entry: tapEntry, traits: Blocked, code: emv.ReasonCardBlocked},
		{name: "application blocked", entry: chipEntry, traits: ApplicationBlocked, code: emv.ReasonBlocked},
		{name: "application blocked, no directory", entry: chipEntry, traits: ApplicationBlocked + " " + NoDirectory, code: emv.ReasonBlocked},
		{name: "no directory over the field", entry: tapEntry, traits: NoDirectory, code: emv.ReasonUnsupported},
		{name: "the only one will not start", entry: chipEntry, traits: RefusesFirst, code: emv.ReasonRefusedStart},
		{name: "wants a word and nobody can be asked", entry: chipEntry, traits: Confirm, code: emv.ReasonChoice},
		{name: "damaged", entry: chipEntry, deck: func(c *Card) { c.State = Damaged }, code: emv.ReasonUnreadable},
		{name: "use the chip", entry: tapEntry, bend: onGPO(0x6984), code: emv.ReasonUseChip},
		{name: "see the phone", entry: tapEntry, bend: onGPO(0x6986), code: emv.ReasonSeePhone},
		{name: "PAN twice", entry: chipEntry, bend: swap("9F42020156", "5A03000156"), code: emv.ReasonData},
		{name: "no CDOL2", entry: chipEntry, bend: swap("8D178A02", "C0178A02"), code: emv.ReasonData},
	}
}
