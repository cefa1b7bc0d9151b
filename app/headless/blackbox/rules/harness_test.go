// Package rules holds the till, as it is built, against each rule of the
// acquirer's protocol so that nobody is charged twice or for a sale that failed:
// one test named after each rule, over the real binary, the real simulated
// acquirer in a process of its own with a plan of faults, and the books of both.
// It ends only processes that it started. TILLKEEPER_BIN names a built program.
package rules

import (
	"cmp"
	"flag"
	"fmt"
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
	flag.Parse()
	if err := flag.Set("test.parallel", atOnce); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return child.Build(func(_, program string) int {
		binary = program
		return m.Run()
	})
}

// atOnce is how many shops are open at the same time; most of them wait.
const atOnce = "8"

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
	wire            *tap   // between the two, if somebody listens
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
	if err == nil && s.wire != nil {
		err = s.wire.up()
	}
	return err
}

func (s *shop) closeHost() {
	if s.acquirer != nil {
		s.acquirer.Kill()
		s.acquirer = nil
	}
	if s.wire != nil {
		s.wire.down()
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
