// Package rules holds the till, as it is built, against each rule of the
// acquirer's protocol so that nobody is charged twice or for a sale that failed:
// one test named after each rule, over the real binary, the real simulated
// acquirer in a process of its own with a plan of faults, and the books of both.
// It ends only processes that it started. TILLKEEPER_BIN names a built program.
package rules

import (
	"flag"
	"fmt"
	"os"
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
