// Package disk tests the built program on disks that fail: power cuts, crash
// states replayed from its own system calls, errors of flushes, full and
// read-only file systems, flipped bits, and journals that were taken away or
// rolled back. It watches from outside: commands, exit codes, files, and the
// ledger of the simulated acquirer, which lies on another disk. It ends only
// processes that it started. TILLKEEPER_BIN names a built program,
// TILLKEEPER_ROUNDS sets more rounds.
package disk

import (
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"testing"

	"tillkeeper/app/headless/blackbox/child"
)

// program is the program under test, built once; scratch is a folder of the run.
var program, scratch string

func TestMain(m *testing.M) { os.Exit(build(m)) }

// atOnce is how many tests run together: most of their time they wait.
const atOnce = "6"

func build(m *testing.M) int {
	flag.Parse()
	if err := flag.Set("test.parallel", atOnce); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return child.Build(func(dir, built string) int {
		scratch, program = dir, built
		return m.Run()
	})
}

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

type cmd = child.Cmd

// failure is the error of an answer, "" if it is ok.
func failure(a map[string]any) (code, remedy string) {
	var e struct{ Code, Remedy string }
	if a["ok"] != true && child.Into(a["error"], &e) != nil {
		return "no_error_object", ""
	}
	return e.Code, e.Remedy
}
