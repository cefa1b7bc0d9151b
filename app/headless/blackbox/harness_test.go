// Package blackbox tests the built program from outside: only by its commands,
// its exit codes, its files and the books of the simulated acquirer and wallet.
// It holds the days of a shop (../testdata, played by Test_days), a test named
// after each thing that users of other tills suffer from, and two loops of a
// hundred rounds each: in one the acquirer follows a plan of faults, in the
// other a toxiproxy spoils the line between two processes that freeze and die.
// In both every operation is used and the till is killed each round; then the
// two sides are compared line by line and through the acquirer's file.
// It ends only processes that it started. TILLKEEPER_BIN names a built program,
// TILLKEEPER_ROUNDS and TILLKEEPER_SEED set the loops, TILLKEEPER_KEEP a folder
// for the evidence of a failed one.
package blackbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"tillkeeper/app/headless/blackbox/child"
	"tillkeeper/drivers/drivertest"
)

// binary is the program under test, built once from the module's root as a
// user would build it.
var binary string

func TestMain(m *testing.M) { os.Exit(build(m)) }

// build makes the binary and runs the tests.
func build(m *testing.M) int {
	return child.Build(func(_, program string) int {
		binary = program
		return m.Run()
	})
}

type (
	cmd     = child.Cmd
	entry   = child.Entry
	attempt = child.Attempt
)

// shop is one on which this package's tests work.
type shop struct{ *child.Shop }

// newShop makes an empty one below dir, with a port for its acquirer.
func newShop(dir string) (*shop, error) {
	addr, err := drivertest.Address()
	return &shop{child.NewShop(binary, dir, addr)}, err
}

// orders is the wallet's book: a line for each change, the last one counts.
func (s *shop) orders() (map[string]order, error) {
	all := map[string]order{}
	raw, err := os.ReadFile(filepath.Join(s.Data, "wallet", "orders.jsonl"))
	if errors.Is(err, os.ErrNotExist) {
		return all, nil
	}
	for line := range bytes.Lines(raw) {
		var o order
		if err := json.Unmarshal(line, &o); err != nil {
			return nil, err
		}
		all[o.Number] = o
	}
	return all, err
}
