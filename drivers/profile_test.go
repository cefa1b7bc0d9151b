package drivers

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tillkeeper/app/pos"
	"tillkeeper/assets"
)

// TestAProfileOfAnEarlierVersionIsTaken: it had to name a wait that nothing reads any more.
func TestAProfileOfAnEarlierVersionIsTaken(t *testing.T) {
	old := filepath.Join(t.TempDir(), "old.json")
	if err := os.WriteFile(old, []byte(`{"base": "cup", "name": "old", "timers": {"idle_echo_ms": 15000}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if p, err := profileOf(Config{Assets: assets.FS, Profile: old}); err != nil || p.Name != "old" {
		t.Errorf("%v, %v", p, err)
	}
}

// TestABadProfileIsNamedAndSaysWhatToDo: it was refused without the key of the configuration, and without a remedy.
func TestABadProfileIsNamedAndSaysWhatToDo(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.json")
	if err := os.WriteFile(bad, []byte(`{"base": "cup", "codes": {"success": ["00", "76"]}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for profile, why := range map[string]string{"nobody": "nobody.json", bad: "codes.success"} {
		c := Config{Assets: assets.FS, Profile: profile, HostInside: true, Dir: t.TempDir()}
		for _, open := range []func(*Set, context.Context, Config) error{(*Set).openFiles, (*Set).openHost} {
			err := open(&Set{}, context.Background(), c)
			var e *pos.Error
			if !errors.As(err, &e) || e.Code != "bad_config" || e.Remedy == "" || !strings.Contains(err.Error(), "host.profile: "+profile) || !strings.Contains(err.Error(), why) {
				t.Errorf("%s: %v", profile, err)
			}
		}
	}
}
