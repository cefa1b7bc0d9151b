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
	"cmp"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"

	"tillkeeper/app/headless/blackbox/child"
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
	cmd   = child.Cmd
	entry = child.Entry
)

// shop is a till's folder, its configuration and the acquirer's folder, with
// the two processes that run on them.
type shop struct {
	dir, data, host string
	config          string
	addr            string
	front           string // where the till finds the acquirer, if not at addr
	till, acquirer  *child.Process
	tillLog         *child.Log
	hostLog         *child.Log
}

// newShop makes an empty shop below dir. The port of the acquirer is free now
// and stays the shop's.
func newShop(dir string) (*shop, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &shop{
		dir: dir, data: filepath.Join(dir, "data"), host: filepath.Join(dir, "acquirer"), addr: l.Addr().String(),
		config: filepath.Join(dir, "till.toml"), tillLog: &child.Log{}, hostLog: &child.Log{},
	}
	return s, l.Close()
}

// openHost starts the acquirer, with a fault plan if one is named.
func (s *shop) openHost(plan string) error {
	var more []string
	if plan != "" {
		more = []string{"--faults", plan}
	}
	var err error
	s.acquirer, err = child.Acquirer(s.hostLog, binary, s.addr, s.host, more...)
	return err
}

func (s *shop) closeHost() {
	if s.acquirer != nil {
		s.acquirer.Kill()
		s.acquirer = nil
	}
}

// open starts the till.
func (s *shop) open(args ...string) error {
	all := append([]string{"headless", "--data", s.data, "--host", cmp.Or(s.front, s.addr)}, args...)
	if _, err := os.Stat(s.config); err == nil {
		all = append(all, "--config", s.config)
	}
	var err error
	s.till, err = child.Start(s.tillLog, binary, all...)
	return err
}

// cut ends the till as a power cut would.
func (s *shop) cut() {
	if s.till != nil {
		s.till.Kill()
		s.till = nil
	}
}

// closeTill ends the till cleanly.
func (s *shop) closeTill() error {
	if err := child.Quit(s.till); err != nil {
		return err
	}
	s.till = nil
	return nil
}

func (s *shop) end() {
	s.cut()
	s.closeHost()
}

// ledger is what the acquirer's own command says of its books.
func (s *shop) ledger() ([]entry, error) { return child.Ledger(binary, s.host) }

// orders is the wallet's book: a line for each change, the last one counts.
func (s *shop) orders() (map[string]order, error) {
	all := map[string]order{}
	raw, err := os.ReadFile(filepath.Join(s.data, "wallet", "orders.jsonl"))
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
