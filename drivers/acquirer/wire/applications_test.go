package wire

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tillkeeper/assets"
)

// whole is an application with all its keys but those that a case names.
func whole(aid string, pairs ...string) string {
	keys := map[string]string{
		"version": `"0020"`, "tac_denial": `"0010000000"`, "tac_online": `"D84004F800"`, "tac_default": `"D84000A800"`,
	}
	for i := 0; i < len(pairs); i += 2 {
		keys[pairs[i]] = pairs[i+1]
	}
	var out []string
	for k, v := range keys {
		if v != "" {
			out = append(out, fmt.Sprintf("%q: %s", k, v))
		}
	}
	return fmt.Sprintf("%q: {%s}", aid, strings.Join(out, ", "))
}

// over reads a profile whose base is cup.
func over(t *testing.T, text string) (*Profile, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "own.json")
	if err := os.WriteFile(path, []byte(`{"base": "cup", "name": "own", `+text+`}`), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(assets.FS, path)
}

const debit = "A000000333010101"

// TestApplications: an entry takes the place of that of the base, the others stay, null takes one out, and what an entry leaves
// out is that of all.
func TestApplications(t *testing.T) {
	p, err := over(t, `"risk": {"floor_limit": 40000, "target_percent": 7, "most_percent": 8, "threshold": 9}, "applications": {`+
		whole(debit, "floor_limit", "30000", "contactless_floor", "0", "most_percent", "20", "ddol", `"9F02069F3704"`)+`, "A000000333010103": null}`)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Applications) != 2 || p.Applications["A000000333010102"].TACOnline != "FC4004F800" || p.Applications[debit].TACOnline != "D84004F800" {
		t.Errorf("%+v", p.Applications)
	}
	for aid, want := range map[string]Floors{debit: {30000, 0}, "A000000333010102": {40000, 40000}} {
		if got, own := p.Floors(p.Applications[aid]); got != want || !own {
			t.Errorf("%s: %+v %v", aid, got, own)
		}
	}
	for aid, want := range map[string][3]int{debit: {7, 20, 9}, "A000000333010102": {7, 8, 9}} {
		if target, most, threshold := p.Shares(p.Applications[aid]); [3]int{target, most, int(threshold)} != want {
			t.Errorf("%s: %d %d %d", aid, target, most, threshold)
		}
	}
	usual, err := Load(assets.FS, "cup")
	if err != nil {
		t.Fatal(err)
	}
	if f, own := usual.Floors(usual.Applications[debit]); own || f != (Floors{}) {
		t.Errorf("the default profile has floor limits by application: %+v", f)
	}
}

// TestAWrongApplicationIsNamed with its key, what stands there, and what to write.
func TestAWrongApplicationIsNamed(t *testing.T) {
	at := "applications." + debit + "."
	for text, want := range map[string][]string{
		whole(debit, "version", ""):                                                    {at + "version", `""`, "9F08"},
		whole(debit, "version", `"20"`):                                                {at + "version", `"20"`, "four digits"},
		whole(debit, "tac_denial", `"001000000"`):                                      {at + "tac_denial", `"001000000"`, "ten digits", "DF13"},
		whole(debit, "tac_online", `"d84004f800"`):                                     {at + "tac_online", "upper-case", "DF12"},
		whole(debit, "tac_default", ""):                                                {at + "tac_default", "DF11"},
		whole(debit, "ddol", `"9F0206"`):                                               {at + "ddol", "9F3704"},
		whole(debit, "ddol", `"9F029F3704"`):                                           {at + "ddol", "9F3704"},
		whole(debit, "ddol", `"9F37"`):                                                 {at + "ddol", "9F3704"},
		whole(debit, "floor_limit", "-1"):                                              {at + "floor_limit", "-1", "0 to 100000000"},
		whole(debit, "contactless_floor", "100000001"):                                 {at + "contactless_floor", "100000001"},
		whole(debit, "contactless_limit", "0"):                                         {at + "contactless_limit", "1 to"},
		whole(debit, "contactless_no_pin", "-5"):                                       {at + "contactless_no_pin", "-5"},
		whole(debit, "target_percent", "100", "most_percent", "100"):                   {at + "target_percent", "0 to 99"},
		whole(debit, "target_percent", "50", "most_percent", "40"):                     {at + "most_percent", "50 to 99"},
		whole(debit, "threshold", "-1"):                                                {at + "threshold"},
		whole("A00000033"):                                                             {"applications", `"A00000033"`, "9F06"},
		whole("a000000333010101"):                                                      {"applications", "upper-case"},
		whole(debit, "tac", `"00"`):                                                    {"tac"},
		`"A000000333010101": null, "A000000333010102": null, "A000000333010103": null`: {"applications", "1 to 32"},
	} {
		_, err := over(t, `"applications": {`+text+`}`)
		if !errors.Is(err, ErrProfile) {
			t.Errorf("%s: %v", text, err)
			continue
		}
		for _, w := range want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%q does not name %q", err, w)
			}
		}
	}
}

// TestThePublishedParametersAreThoseOfTheirSource: what the built-in profile says of each application is the list that it
// cites.
func TestThePublishedParametersAreThoseOfTheirSource(t *testing.T) {
	p, err := Load(assets.FS, "cup-params")
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Applications) != 4 {
		t.Fatalf("%d applications", len(p.Applications))
	}
	for aid, a := range p.Applications {
		said := fmt.Sprintf("9F06 08 %s DF01 0%d 9F08 %s DF11 %s DF12 %s DF13 %s 9F1B %08X DF15 %08d DF16 %02d DF17 %02d DF14 %s DF19 %012d DF20 %012d DF21 %012d", aid,
			map[bool]int{true: 1}[a.Exact], a.Version, a.TACDefault, a.TACOnline, a.TACDenial, *a.FloorLimit, *a.Threshold, *a.MostPercent, *a.TargetPercent, a.DDOL,
			*a.ContactlessFloor, *a.ContactlessLimit, *a.ContactlessNoPIN)
		if !strings.HasSuffix(a.Source, said) {
			t.Errorf("%s:\n%s\n%s", aid, a.Source, said)
		}
	}
}
