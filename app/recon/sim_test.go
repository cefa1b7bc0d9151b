package recon_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tillkeeper/app/opening"
	"tillkeeper/app/pos"
	"tillkeeper/app/recon"
	"tillkeeper/assets"
	"tillkeeper/drivers/acquirer/wire"
	simhost "tillkeeper/drivers/sim/acquirer"
)

// TestTheSimulatedAcquirersFile: what the simulated host writes from its ledger
// by each shipped profile is read by the same, and a voided sale with its void
// matches.
func TestTheSimulatedAcquirersFile(t *testing.T) {
	names, err := fs.Glob(assets.FS, "profiles/*.json")
	if err != nil || len(names) < 4 {
		t.Fatal(err, names)
	}
	for _, name := range names {
		t.Run(path.Base(name), func(t *testing.T) {
			p, err := wire.Load(assets.FS, strings.TrimSuffix(path.Base(name), ".json"))
			if err != nil {
				t.Fatal(err)
			}
			writtenAndRead(t, p.File)
		})
	}
}

func writtenAndRead(t *testing.T, l pos.FileLayout) {
	t.Helper()
	const tid, mid = "10000001", "898110000000001"
	zone := time.FixedZone("", 8*3600)
	at := time.Date(2026, 3, 14, 12, 0, 0, 0, zone)
	var ledger bytes.Buffer
	for _, e := range []simhost.Entry{
		{
			Seq: 1, Time: at, TID: tid, MID: mid, Batch: "000001", STAN: "000045", MTI: "0200", Kind: simhost.KindSale,
			Amount: 1875, PAN: "622424******0113", Code: "00", RRN: "260314000045", State: "approved",
		},
		{
			Seq: 2, Time: at, TID: tid, MID: mid, Batch: "000001", STAN: "000046", MTI: "0200", Kind: simhost.KindVoid,
			Amount: 1875, PAN: "622424******0113", Code: "00", RRN: "260314000046", State: "approved", Original: 1,
		},
	} {
		line, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		ledger.Write(append(line, '\n'))
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ledger.jsonl"), ledger.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := simhost.WriteFile(dir, "2026-03-14", l, &file); err != nil {
		t.Fatal(err)
	}
	a := pos.Attempt{
		ID: "000000000001", Kind: pos.Sale, Tender: pos.Card, State: pos.Voided, Amount: 1875, Approved: 1875,
		Batch: "000001", STAN: "000045", RRN: "260314000045", HostDate: "0314", Created: at,
	}
	void := a
	void.ID, void.Kind, void.State, void.STAN, void.RRN = "000000000002", pos.Void, pos.Approved, "000046", "260314000046"
	m := recon.New(tid, mid, opening.FileLayout(zone)(l))
	m.AddOurs(a)
	m.AddOurs(void)
	r, err := m.Run(&file, func(d pos.Difference) error { t.Errorf("%+v", d); return nil })
	if err != nil || r.Matched != 2 || r.Theirs != 0 || r.Ours != 0 {
		t.Errorf("%v %+v", err, r)
	}
}
