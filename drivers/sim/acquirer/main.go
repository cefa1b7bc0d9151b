package acquirer

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"slices"
	"sync"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/acquirer/wire"
)

// Usage says what the command takes.
const Usage = `acquirer --listen ADDR --data DIR [flags]    the simulated acquirer, until it is ended; prints "listening ADDR"
acquirer ledger --data DIR                  its ledger, JSON lines
acquirer sms    --data DIR                  the issuers' notices to cardholders
acquirer file   --data DIR [--day 2006-01-02] [--plant N,KIND...] [--profile NAME]
                                            the T+1 file as the profile has it; kinds: drop charge amount reversed double; what was planted goes to standard error
acquirer codes                              every answer code and what makes it come
flags:
  --faults FILE    fault plan, JSON
  --control FILE   switches that work while the host runs, JSON: line latency shop accounts faults answer ask forget_keys;
                   FILE.state says what became of the last change
  --tls            TLS 1.3 on the line, certificates on both sides: DATA/tls-ca.pem tls-client.pem tls-client-key.pem
  --files ADDR     hands out https://ADDR/files/2006-01-02.csv and ca-keys.txt on loopback; prints "files URL"; certificate in DATA/files-ca.pem
  --plant SPEC     differences planted into these files
  --latency D      added to every answer
  --profile NAME   how terminals speak and what the files look like, a name or a file ("cup")
  --tmk HEX        terminal master key, 32 hex characters
  --bdk HEX        base derivation key of PIN pads, where the profile has DUKPT
`

// Main is the command, see Usage. It answers the exit status: 0, 1 for a failure, 2 for wrong usage.
func Main(ctx context.Context, args []string, fsys fs.FS, stdout, stderr io.Writer) int {
	var err error
	switch {
	case len(args) > 0 && args[0] == "codes":
		err = printCodes(args[1:], stdout, stderr)
	case len(args) > 0 && slices.Contains([]string{"ledger", "file", "sms"}, args[0]):
		err = readCommand(args[0], args[1:], fsys, stdout, stderr)
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

var errUsage = errors.New("wrong usage")

func parse(set *flag.FlagSet, args []string, stderr io.Writer) error {
	set.SetOutput(stderr)
	set.Usage = func() { fmt.Fprint(stderr, Usage) }
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

func readCommand(what string, args []string, fsys fs.FS, stdout, stderr io.Writer) error {
	set := flag.NewFlagSet("acquirer "+what, flag.ContinueOnError)
	dir := set.String("data", "", "folder of the host")
	day, spec, profile := new(string), new(string), new(string)
	if what == "file" {
		day = set.String("day", "", "day, as 2006-01-02; all days when empty")
		spec = set.String("plant", "", "differences, as 1,drop,amount")
		profile = set.String("profile", "cup", "profile, a name or a file")
	}
	if err := parse(set, args, stderr); err != nil {
		return err
	}
	if *dir == "" {
		return fmt.Errorf("%w: --data is needed", errUsage)
	}
	switch what {
	case "sms":
		return PrintOutbox(*dir, stdout)
	case "ledger":
		return PrintLedger(*dir, stdout)
	}
	plan, err := planting(*spec)
	if err != nil {
		return err
	}
	p, err := wire.Load(fsys, *profile)
	if err != nil {
		return err
	}
	planted, err := PlantedFile(*dir, *day, plan, p.File, stdout)
	return errors.Join(err, printPlanted(stderr, planted))
}

func planting(spec string) ([]Planting, error) {
	if spec == "" {
		return nil, nil
	}
	plan, err := ParsePlanting(spec)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUsage, err)
	}
	return plan, nil
}

func printCodes(args []string, stdout, stderr io.Writer) error {
	if err := parse(flag.NewFlagSet("acquirer codes", flag.ContinueOnError), args, stderr); err != nil {
		return err
	}
	for _, w := range Ways() {
		if _, err := fmt.Fprintf(stdout, "%s\t%s\n", w.Code, w.How()); err != nil {
			return err
		}
	}
	return nil
}

// side is what runs beside the line.
type side struct {
	control, files string
	plan           []Planting
}

func hostCommand(ctx context.Context, args []string, fsys fs.FS, stdout, stderr io.Writer) error {
	set := flag.NewFlagSet("acquirer", flag.ContinueOnError)
	listen := set.String("listen", "", "address, as 127.0.0.1:8583")
	dir := set.String("data", "", "folder of the host")
	faults := set.String("faults", "", "fault plan, a JSON file")
	tmk := set.String("tmk", DefaultTMK, "terminal master key, 32 hex characters")
	bdk := set.String("bdk", "", "base derivation key of DUKPT, hex")
	profile := set.String("profile", "cup", "profile, a name or a file")
	latency := set.Duration("latency", 0, "added to every answer")
	secure := set.Bool("tls", false, "TLS with certificates on both sides")
	control := set.String("control", "", "switches, a JSON file")
	files := set.String("files", "", "address of the file server, as 127.0.0.1:8443")
	spec := set.String("plant", "", "differences in the files handed out")
	if err := parse(set, args, stderr); err != nil {
		return err
	}
	if *listen == "" || *dir == "" {
		return fmt.Errorf("%w: --listen and --data are needed", errUsage)
	}
	cfg := Config{
		Clock: pos.ShopClock{Zone: time.Local}, // fields 12 and 13, the days of the files: as a till on this machine has them
		Dir:   *dir, TMK: *tmk, BDK: *bdk, Latency: *latency,
		Logger: slog.New(slog.NewTextHandler(stderr, nil)),
	}
	planted, err := planting(*spec)
	if err != nil {
		return err
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
	if *secure {
		if cfg.TLS, err = LineTLS(*dir); err != nil {
			return err
		}
	}
	return run(ctx, cfg, plan, *listen, side{*control, *files, planted}, stdout)
}

const portTries = 50 // a port of the process before may need a moment to be free

func run(ctx context.Context, cfg Config, plan *Plan, listen string, beside side, stdout io.Writer) error {
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
	end, err := beside.begin(ctx, h, stdout)
	if err != nil {
		return errors.Join(err, h.Close())
	}
	return errors.Join(h.Serve(ctx), end(), h.Close())
}

// begin starts what runs beside the line and answers what ends it.
func (s side) begin(ctx context.Context, h *Host, stdout io.Writer) (func() error, error) {
	ctx, cancel := context.WithCancel(ctx)
	var work sync.WaitGroup
	end := func() error { return nil }
	if s.files != "" {
		server, err := ServeFiles(h.cfg.Dir, s.files, h.cfg.Profile.File, s.plan, h.log)
		if err != nil {
			cancel()
			return nil, err
		}
		end = server.Close
		if _, err := fmt.Fprintln(stdout, "files", server.URL()); err != nil {
			cancel()
			return nil, errors.Join(err, server.Close())
		}
	}
	if s.control != "" {
		work.Go(func() { h.WatchControl(ctx, s.control) })
	}
	return func() error {
		cancel()
		work.Wait()
		return end()
	}, nil
}
