package drivers

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"tillkeeper/app/pos"
	"tillkeeper/assets"
	"tillkeeper/drivers/acquirer/wire"
	"tillkeeper/drivers/reader/emv"
)

// TestTheUsualProfileChangesNothing: its applications are those that the card dialogue has by itself.
func TestTheUsualProfileChangesNothing(t *testing.T) {
	for _, name := range []string{"cup", "cup-x919", "cup-script", "cup-gbk"} {
		p, err := wire.Load(assets.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		own := emv.DefaultTerminal()
		var want []emv.Application
		for _, aid := range own.AIDs {
			want = append(want, emv.Application{AID: aid, Version: own.Version, Actions: own.Actions, DDOL: []byte{}})
		}
		if got := applicationsOf(p); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

// TestApplicationsReachTheReaders with what they leave out filled in, and a profile that is wrong about them is refused by
// name before any device is opened.
func TestApplicationsReachTheReaders(t *testing.T) {
	path := filepath.Join(t.TempDir(), "own.json")
	write := func(text string) Config {
		t.Helper()
		if err := os.WriteFile(path, []byte(`{"base": "cup", "name": "own", `+text+`}`), 0o600); err != nil {
			t.Fatal(err)
		}
		return Config{Assets: assets.FS, Profile: path}
	}
	s := &Set{}
	err := s.openApplications(context.Background(), write(`"applications": {"A000000333010102": null, "A000000333010103": {"version": "0030",
		"tac_denial": "0102030405", "tac_online": "0607080910", "tac_default": "1112131415", "exact": true, "contactless_floor": 300, "most_percent": 60, "contactless_limit": 7, "contactless_no_pin": 8}}`))
	if err != nil {
		t.Fatal(err)
	}
	none, tap, limit, free := int64(0), int64(300), int64(7), int64(8)
	want := []emv.Application{
		{
			AID: []byte{0xA0, 0, 0, 3, 0x33, 1, 1, 1}, Version: [2]byte{0, 0x20}, Actions: emv.DefaultTerminal().Actions, DDOL: []byte{},
			Floor: &none, TapFloor: &none,
		},
		{
			AID: []byte{0xA0, 0, 0, 3, 0x33, 1, 1, 3}, Exact: true, Version: [2]byte{0, 0x30}, DDOL: []byte{},
			Actions:   emv.ActionCodes{Denial: [5]byte{1, 2, 3, 4, 5}, Online: [5]byte{6, 7, 8, 9, 0x10}, Default: [5]byte{0x11, 0x12, 0x13, 0x14, 0x15}},
			Selection: &emv.RandomSelection{Target: 10, Most: 60, Threshold: 10000},
			Floor:     &none, TapFloor: &tap, TapLimit: &limit, TapNoPIN: &free,
		},
	}
	if got := s.terminal().Applications; !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	err = s.openApplications(context.Background(), write(`"applications": {"A000000333010101": {"version": "0020", "tac_denial": "00", "tac_online": "FC4004F800", "tac_default": "FC4094A800"}}`))
	var e *pos.Error
	if !errors.As(err, &e) || e.Code != "bad_config" || e.Remedy == "" || !strings.Contains(err.Error(), `applications.A000000333010101.tac_denial is "00": write ten digits`) {
		t.Error(err)
	}
}
