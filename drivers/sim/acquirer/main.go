package acquirer

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/acquirer/wire"
)

// Main is the command: "--listen ADDR --data DIR [--faults FILE] [--tmk HEX] [--latency D]" runs a host until ctx ends and prints "listening ADDR" when it is ready;
// "ledger --data DIR" prints the ledger, "file --data DIR [--day 2006-01-02]" the acquirer's file. It answers the exit status: 0, 1 for a failure, 2 for wrong usage.
func Main(ctx context.Context, args []string, fsys fs.FS, stdout, stderr io.Writer) int {
	var err error
	switch {
	case len(args) > 0 && (args[0] == "ledger" || args[0] == "file"):
		err = readCommand(args[0], args[1:], stdout, stderr)
	default:
		err = hostCommand(ctx, args, fsys, stdout, stderr)
	}
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		fmt.Fprintln(stderr, "acquirer:", err)
		return 2
	}
	fmt.Fprintln(stderr, "acquirer:", err)
	return 1
}

// hostZone is the zone of the times in fields 12 and 13.
const hostZone = "Asia/Shanghai"

var errUsage = errors.New("wrong usage")

func parse(set *flag.FlagSet, args []string, stderr io.Writer) error {
	set.SetOutput(stderr)
	switch err := set.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return err
	case err != nil:
		return fmt.Errorf("%w: %w", errUsage, err)
	case set.NArg() > 0:
		return fmt.Errorf("%w: %q is not expected", errUsage, set.Arg(0))
	}
	return nil
}

func readCommand(what string, args []string, stdout, stderr io.Writer) error {
	set := flag.NewFlagSet("acquirer "+what, flag.ContinueOnError)
	dir := set.String("data", "", "folder of the host")
	day := new(string)
	if what == "file" {
		day = set.String("day", "", "day, as 2006-01-02; all days when empty")
	}
	if err := parse(set, args, stderr); err != nil {
		return err
	}
	if *dir == "" {
		return fmt.Errorf("%w: --data is needed", errUsage)
	}
	if what == "file" {
		return WriteFile(*dir, *day, stdout)
	}
	return PrintLedger(*dir, stdout)
}

func hostCommand(ctx context.Context, args []string, fsys fs.FS, stdout, stderr io.Writer) error {
	set := flag.NewFlagSet("acquirer", flag.ContinueOnError)
	listen := set.String("listen", "", "address, as 127.0.0.1:8583")
	dir := set.String("data", "", "folder of the host")
	faults := set.String("faults", "", "fault plan, a JSON file")
	tmk := set.String("tmk", DefaultTMK, "terminal master key, 32 hex characters")
	profile := set.String("profile", "cup", "profile, a name or a file")
	latency := set.Duration("latency", 0, "added to every answer")
	if err := parse(set, args, stderr); err != nil {
		return err
	}
	if *listen == "" || *dir == "" {
		return fmt.Errorf("%w: --listen and --data are needed", errUsage)
	}
	zone, err := time.LoadLocation(hostZone)
	if err != nil {
		zone = time.Local // a machine without the table of zones
	}
	cfg := Config{
		Clock: pos.ShopClock{Zone: zone},
		Dir:   *dir, TMK: *tmk, Latency: *latency,
		Logger: slog.New(slog.NewTextHandler(stderr, nil)),
	}
	var plan *Plan
	if *faults != "" {
		if plan, err = LoadPlan(*faults); err != nil {
			return err
		}
	}
	if cfg.Profile, err = wire.Load(fsys, *profile); err != nil {
		return err
	}
	if cfg.Accounts, err = LoadAccounts(fsys, "demo/accounts.json"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return run(ctx, cfg, plan, *listen, stdout)
}

const portTries = 50 // a port of the process before may need a moment to be free

func run(ctx context.Context, cfg Config, plan *Plan, listen string, stdout io.Writer) error {
	h, err := New(cfg)
	if err != nil {
		return err
	}
	if err := h.SetFaults(plan); err != nil {
		return errors.Join(err, h.Close())
	}
	addr, err := h.Listen(listen)
	for i := 0; err != nil && i < portTries && pause(ctx, 20*time.Millisecond); i++ {
		addr, err = h.Listen(listen)
	}
	if err != nil {
		return errors.Join(err, h.Close())
	}
	if _, err := fmt.Fprintln(stdout, "listening", addr); err != nil {
		return errors.Join(err, h.Close())
	}
	return errors.Join(h.Serve(ctx), h.Close())
}
