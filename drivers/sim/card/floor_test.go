package card

import (
	"context"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/reader"
	"tillkeeper/drivers/reader/emv"
)

// visit is one payment of a day at a terminal with a floor limit.
type visit struct {
	card         int   // of visitors
	amount       int64 // fen
	alone        bool  // the host cannot be reached
	limits       bool  // the till's own limits hold
	listed, full bool
}

// visitors are cards that approve whatever they are asked to, over every kind of dialogue that ends with a TC.
func visitors() []Card {
	out := []Card{base(chipEntry, Approve), base(tapEntry, Approve), base(tapEntry, Approve)}
	for i := range out {
		out[i].PAN, out[i].PIN = fmt.Sprintf("622424290000%04d", 1000+i), ""
	}
	out[2].Traits = Quick
	return out
}

// day plays visits on a till that keeps its log, or on one that forgets it, and says where a card approved what it was not
// to, or was sent to the host without need.
func day(floor int64, visits []visit, forgets bool) error {
	cards := visitors()
	chips := map[int]*chip{}
	log := map[string]int64{}
	for i, v := range visits {
		if chips[v.card] == nil {
			chips[v.card] = newChip(cards[v.card])
		}
		pan := cards[v.card].PAN
		p := purchase(v.amount)
		p.Offline, p.AllowOffline = v.alone, v.limits
		p.Risk = &pos.CardRisk{FloorLimit: floor, History: func(asked string) pos.CardHistory {
			if asked != pan || forgets {
				return pos.CardHistory{}
			}
			return pos.CardHistory{Earlier: pos.Amount(log[asked]), Full: v.full && !v.alone, Listed: v.listed}
		}}
		chips[v.card].power()
		s := reader.NewSession(noDice(), reader.Card{Entry: cards[v.card].Entry, Wire: &slot{chip: chips[v.card]}})
		got, err := s.Read(context.Background(), p)
		if err != nil {
			return err
		}
		may := v.amount+log[pan] < floor && !v.listed && (v.alone || v.limits && !v.full)
		if (got.Cryptogram == emv.TC) != may {
			return fmt.Errorf("visit %d, %+v with %d of %d used up: cryptogram %02X, TVR %X", i, v, log[pan], floor, got.Cryptogram, got.TVR)
		}
		if may {
			log[pan] += v.amount
		}
	}
	return nil
}

const floorOfDay = 500_00

func visitsOf() *rapid.Generator[[]visit] {
	one := rapid.Custom(func(t *rapid.T) visit {
		rare := func(what string) bool { return rapid.IntRange(0, 9).Draw(t, what) == 0 }
		return visit{
			card: rapid.IntRange(0, 2).Draw(t, "card"), amount: rapid.Int64Range(1, floorOfDay+100_00).Draw(t, "amount"),
			alone: rapid.Bool().Draw(t, "alone"), limits: !rare("limits"), listed: rare("listed"), full: rare("full"),
		}
	})
	return rapid.SliceOfN(one, 1, 12)
}

// TestNeverOfflineOverALimit: whatever the day brings, a card's own approval stands only below the floor limit with all that was
// taken of it before, off the exception file and within the till's limits; and what may stand does.
func TestNeverOfflineOverALimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		if err := day(floorOfDay, visitsOf().Draw(t, "visits"), false); err != nil {
			t.Fatal(err)
		}
	})
}

// TestNeverOfflineCatchesAPlantedBug: a till that forgets what it took of a card is caught.
func TestNeverOfflineCatchesAPlantedBug(t *testing.T) {
	const tries = 50
	for seed := range tries {
		if day(floorOfDay, visitsOf().Example(seed), true) != nil {
			return
		}
	}
	t.Errorf("%d days of a till without a log and nothing was noticed", tries)
}

// TestVelocity: a card that counts wants the host after so many payments without it, and is content again behind one that the
// host approved (EMV Book 3, 10.6.3).
func TestVelocity(t *testing.T) {
	c := base(chipEntry, Approve)
	c.PIN, c.Traits = "", Velocity
	chip := newChip(c)
	pay := func(alone bool) reader.Read {
		t.Helper()
		chip.power()
		s := reader.NewSession(noDice(), reader.Card{Entry: chipEntry, Wire: &slot{chip: chip}})
		p := purchase(100)
		p.AllowOffline, p.Offline = true, alone
		p.Risk = &pos.CardRisk{FloorLimit: floorOfDay}
		got, err := s.Read(context.Background(), p)
		if err != nil {
			t.Fatal(err)
		}
		answer := reader.Answer{Unreachable: true}
		if got.Cryptogram == emv.ARQC {
			answer = reader.Answer{Approved: true, Code: "00", F55: unhex(arpc)}
		}
		if final, err := s.Finish(context.Background(), answer); err != nil || final.Cryptogram != emv.TC && got.Cryptogram != emv.AAC {
			t.Fatalf("%+v %v", final, err)
		}
		return got
	}
	for i, want := range []struct {
		alone      bool
		cryptogram byte
		bits       byte
	}{
		{false, emv.TC, 0},
		{false, emv.TC, 0},
		{false, emv.ARQC, 0x40}, // the third; the host approves
		{false, emv.TC, 0},
		{false, emv.TC, 0},
		{true, emv.TC, 0x40}, // alone the lower limit forbids nothing
		{true, emv.TC, 0x40},
		{true, emv.AAC, 0x60}, // the upper one does
		{false, emv.ARQC, 0x60},
		{false, emv.TC, 0},
	} {
		if got := pay(want.alone); got.Cryptogram != want.cryptogram || got.TVR[3] != want.bits {
			t.Errorf("payment %d: %02X with TVR %X", i+1, got.Cryptogram, got.TVR)
		}
	}
}
