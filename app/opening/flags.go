package opening

import (
	"errors"
	"flag"
	"fmt"
	"io"

	"tillkeeper/app/config"
	"tillkeeper/app/pos"
	"tillkeeper/app/risk"
)

// ErrUsage says that the arguments of a command do not fit.
var ErrUsage = errors.New("wrong usage")

// Flags are what the faces share.
type Flags struct {
	Data   string // the till's one folder
	Config string // file, "" for none
	Host   string // address of the acquirer, "" for the configuration's
	Demo   bool
	Look   bool // the doctor: devices are only looked at
	Events bool // the scripted face tells what changes between two answers
}

// Parse reads the arguments of a face.
func Parse(name string, args []string, errs io.Writer) (Flags, error) {
	return parse(flag.NewFlagSet("tillkeeper "+name, flag.ContinueOnError), args, errs)
}

// ParseHeadless reads those of the scripted face, which can tell what changes.
func ParseHeadless(args []string, errs io.Writer) (f Flags, err error) {
	set := flag.NewFlagSet("tillkeeper headless", flag.ContinueOnError)
	tell := set.Bool("events", false, "between two answers, tell what changes by itself")
	f, err = parse(set, args, errs)
	f.Events = *tell
	return f, err
}

// ParseDoctor reads those of the doctor, who can speak JSON.
func ParseDoctor(args []string, errs io.Writer) (f Flags, asJSON bool, err error) {
	set := flag.NewFlagSet("tillkeeper doctor", flag.ContinueOnError)
	set.BoolVar(&asJSON, "json", false, "one JSON object a line")
	f, err = parse(set, args, errs)
	f.Look = true
	return f, asJSON, err
}

func parse(set *flag.FlagSet, args []string, errs io.Writer) (Flags, error) {
	var f Flags
	set.SetOutput(errs)
	set.StringVar(&f.Data, "data", "", "the till's one `folder`")
	set.StringVar(&f.Config, "config", "", "configuration `file` (TOML)")
	set.StringVar(&f.Host, "host", "", "`address` of the acquirer, host:port")
	set.BoolVar(&f.Demo, "demo", false, "fill an empty data folder with the demo shop")
	if err := set.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return f, err
		}
		return f, fmt.Errorf("%w: %w", ErrUsage, err)
	}
	if set.NArg() > 0 {
		return f, fmt.Errorf("%w: %q is not expected here", ErrUsage, set.Arg(0))
	}
	if f.Data == "" {
		return f, fmt.Errorf("%w: name the till's folder with --data", ErrUsage)
	}
	return f, nil
}

// Limits are the bounds of payments without the host as the shop set them.
func Limits(o config.Offline) risk.Limits {
	l := risk.Default()
	l.PerPayment, l.PerTerminal = pos.Amount(o.PerPayment), pos.Amount(o.PerTerminal)
	l.Count, l.StopAfter = o.Count, o.StopAfter.Std()
	return l
}
