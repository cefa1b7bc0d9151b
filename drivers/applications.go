package drivers

import (
	"context"
	"encoding/hex"
	"maps"
	"slices"

	"tillkeeper/drivers/acquirer/wire"
	"tillkeeper/drivers/reader/emv"
)

// openApplications takes from the profile what the acquirer sets for each
// application of chips. The devices are opened after it.
func (s *Set) openApplications(_ context.Context, c Config) error {
	p, err := profileOf(c)
	if err != nil {
		return err
	}
	s.chips = applicationsOf(p)
	return nil
}

// applicationsOf are the applications of a profile as the card dialogue has
// them, in the order of their names; none where the profile has none.
func applicationsOf(p *wire.Profile) []emv.Application {
	var out []emv.Application
	for _, aid := range slices.Sorted(maps.Keys(p.Applications)) {
		a := p.Applications[aid]
		e := emv.Application{
			AID: unhex(aid), Exact: a.Exact, Version: [2]byte(unhex(a.Version)), DDOL: unhex(a.DDOL),
			Actions: emv.ActionCodes{
				Denial: [5]byte(unhex(a.TACDenial)), Online: [5]byte(unhex(a.TACOnline)), Default: [5]byte(unhex(a.TACDefault)),
			},
			TapLimit: a.ContactlessLimit, TapNoPIN: a.ContactlessNoPIN,
		}
		if f, own := p.Floors(a); own {
			e.Floor, e.TapFloor = &f.Chip, &f.Tap
		}
		if a.TargetPercent != nil || a.MostPercent != nil || a.Threshold != nil {
			target, most, threshold := p.Shares(a)
			e.Selection = &emv.RandomSelection{Target: target, Most: most, Threshold: threshold}
		}
		out = append(out, e)
	}
	return out
}

// unhex reads hex that the profile's own check has let pass.
func unhex(s string) []byte {
	b, _ := hex.DecodeString(s)
	return b
}
