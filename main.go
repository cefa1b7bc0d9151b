// Command tillkeeper is the till: one binary, one sub-command a face. This file
// is the composition root: it reads flags and configuration, opens the journal
// and the devices, builds the flows and runs a face. It decides nothing.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"tillkeeper/app/basket"
	"tillkeeper/app/checkout"
	"tillkeeper/app/config"
	"tillkeeper/app/customer"
	"tillkeeper/app/decline"
	"tillkeeper/app/forward"
	"tillkeeper/app/gui"
	"tillkeeper/app/headless"
	"tillkeeper/app/health"
	"tillkeeper/app/opening"
	"tillkeeper/app/pos"
	"tillkeeper/app/settle"
	"tillkeeper/app/staff"
	"tillkeeper/assets"
	"tillkeeper/drivers"
	"tillkeeper/drivers/acquirer"
	"tillkeeper/drivers/acquirer/wire"
	simhost "tillkeeper/drivers/sim/acquirer"
	simpad "tillkeeper/drivers/sim/pinpad"
	"tillkeeper/store"
)

// version is what self-test, status and receipts say.
const version = "0.1.0"

func main() {
	opening.LeaveNoImage()
	ctx, stop := opening.Signalled()
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is main with its world handed in; it gives the exit code: 0 good, 1 failed, 2 wrong usage.
func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(errs, opening.Usage)
		return 2
	}
	switch cmd, rest := args[0], args[1:]; cmd {
	case "headless":
		return opening.Fail(errs, runHeadless(ctx, rest, in, out, errs))
	case "window":
		return opening.Fail(errs, runWindow(ctx, rest, errs))
	case "day":
		return opening.Fail(errs, runDay(ctx, rest, out, errs))
	case "keys":
		return opening.Fail(errs, runKeys(ctx, rest, in, out, errs))
	case "acquirer":
		return simhost.Main(ctx, rest, assets.FS, out, errs)
	case "pinpad":
		return simpad.Main(ctx, rest, in, out, errs)
	case "decode":
		return wire.Main(rest, assets.FS, out, errs)
	case "doctor":
		return opening.Fail(errs, runDoctor(ctx, rest, out, errs))
	case "version", "--version":
		fmt.Fprintln(out, "tillkeeper", version)
		return 0
	case "help", "-h", "--help":
		fmt.Fprint(out, opening.Usage)
		return 0
	default:
		fmt.Fprintf(errs, "tillkeeper: there is no command %q\n\n%s", cmd, opening.Usage)
		return 2
	}
}

// runKeys enters the terminal master key: two people, a component each.
func runKeys(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) error {
	f, err := opening.Parse("keys", args, errs)
	if err != nil {
		return err
	}
	t := &till{log: slog.New(slog.NewTextHandler(errs, nil)), data: f.Data}
	if err := t.openJournal(f); err != nil {
		return err
	}
	defer t.journal.Close()
	if t.people, err = opening.People(f.Data, t.cfg.Import); err != nil {
		return err
	}
	keys, err := drivers.OpenKeyEntry(ctx, t.devices(f))
	if err != nil {
		return err
	}
	return opening.Ceremony{In: in, Out: out, Hush: drivers.Hush, Staff: t.people, Key: keys, Append: t.journal.Append, Now: time.Now}.Run(ctx)
}

func runHeadless(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) error {
	f, err := opening.ParseHeadless(args, errs)
	if err != nil {
		return err
	}
	t, err := openTill(ctx, f, slog.New(slog.NewTextHandler(errs, nil)), checkout.ScriptTimers())
	if err != nil {
		return err
	}
	defer t.close()
	o := t.scripted()
	o.Events = f.Events
	return headless.Run(ctx, in, out, o)
}

// runDoctor says how each part of the till is, and what to do. It moves nothing
// and leaves a till that is open alone.
func runDoctor(ctx context.Context, args []string, out, errs io.Writer) error {
	f, asJSON, err := opening.ParseDoctor(args, errs)
	if err != nil {
		return err
	}
	t := &till{log: slog.New(slog.DiscardHandler), data: f.Data}
	d := health.Doctor{JSON: asJSON}
	if d.Codes, err = opening.Codes(assets.FS); err != nil {
		return err
	}
	if err := t.openJournal(f); err != nil {
		return d.In(t.cfg.Window.Language).Print(out, drivers.Look(ctx, t.devices(f), health.Of("journal", err)))
	}
	defer t.journal.Close()
	d.Lang = t.cfg.Window.Language
	if err := t.openFlows(ctx, f, checkout.ScriptTimers()); err != nil {
		return d.Print(out, []pos.Condition{health.Of("devices", err)})
	}
	defer t.set.Close()
	t.set.Settle(ctx)
	return d.Print(out, t.conditions(ctx, func(ctx context.Context) error {
		return t.set.Host.Echo(ctx, t.journal.NextSTAN(), pos.OpenBatch(t.journal))
	}))
}

// till is an opened till: journal, devices, flows.
type till struct {
	cfg     config.Parsed
	chosen  map[string]string // devices chosen on this till before
	data    string            // the till's one folder
	log     *slog.Logger
	journal *store.Store
	set     *drivers.Set
	forward *forward.Forwarder
	session *checkout.Session
	desk    *settle.Desk
	codes   *decline.Table
	zone    *time.Location
	people  *staff.List
	goods   *basket.Catalogue
	dayOf   func(time.Time) (day string, hour int)
	stop    context.CancelFunc
	ended   chan struct{}
}

// openTill opens everything that a face needs, in the order of trust: the
// journal, what a crash left behind, the devices, the flows.
func openTill(ctx context.Context, f opening.Flags, log *slog.Logger, timers checkout.Timers) (t *till, err error) {
	t = &till{log: log, data: f.Data, ended: make(chan struct{}), stop: func() {}}
	if err = t.openJournal(f); err != nil {
		return nil, err
	}
	defer func(j *store.Store) {
		if err != nil {
			err = errors.Join(err, j.Close())
		}
	}(t.journal)
	if f.Demo {
		if err = opening.Seed(f.Data, assets.FS); err != nil {
			return nil, err
		}
	}
	n, err := forward.Recover(ctx, t.journal)
	if err != nil && t.journal.SafeMode() == nil {
		return nil, err
	}
	if n > 0 {
		log.Info("a crash left payments in flight: they are being reversed", "events", n)
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	t.stop = stop
	if err = t.openFlows(run, f, timers); err != nil {
		stop()
		if t.set != nil {
			err = errors.Join(err, t.set.Close())
		}
		return nil, err
	}
	t.session.PrintOwed(t.set.NewestSlip())
	go func() {
		defer close(t.ended)
		var flows sync.WaitGroup
		flows.Go(func() { t.forward.Run(run) })
		flows.Go(func() { t.desk.Run(run) })
		for _, d := range t.set.Displays {
			flows.Go(func() { customer.Follow(run, t.session, d, t.cfg.Window.Language, log) })
		}
		flows.Wait()
	}()
	return t, nil
}

// openJournal reads the configuration and opens the journal that it is for.
func (t *till) openJournal(f opening.Flags) (err error) {
	if t.cfg, err = opening.Config(f.Config, f.Host); err != nil {
		return err
	}
	if t.chosen, err = opening.Chosen(f.Data); err != nil {
		return err
	}
	if t.zone, err = time.LoadLocation(t.cfg.Shop.TimeZone); err != nil {
		return err
	}
	if t.dayOf, err = t.cfg.Shop.DayOf(); err != nil {
		return err
	}
	t.journal, err = store.Open(store.Options{Dir: f.Data, Clock: pos.ShopClock{Zone: t.zone}, Logger: t.log})
	return err
}

func (t *till) openFlows(ctx context.Context, f opening.Flags, timers checkout.Timers) error {
	c := t.cfg
	bring, err := opening.Bring(f.Data, c.Import, assets.FS)
	if err != nil {
		return err
	}
	t.codes, t.people, t.goods = bring.Codes, bring.Staff, bring.Goods
	devices := t.devices(f)
	devices.Deck, devices.Think = bring.Deck, timers.Think
	if t.set, err = drivers.Open(ctx, devices); err != nil {
		return err
	}
	slip, prints := opening.Slips(c, t.codes, t.zone), opening.Printing(t.set.Printer, t.log)
	t.forward = forward.New(forward.Options{
		Journal: t.journal, Host: t.set.Host, Wallet: t.set.Wallet, Vault: t.set.Vault, Codes: t.codes,
		Clock: pos.ShopClock{Zone: t.zone}, DayOf: t.dayOf, Log: t.log,
		Changed: func() {
			if t.desk != nil {
				go t.session.Refresh()
				t.desk.Wake()
			}
		},
		Parked: func(a pos.Attempt) { prints("bank-"+a.Receipt, slip.Bank(a, "")) },
	})
	blacklist, err := opening.Blacklist(c.Offline.Blacklist, t.set.Vault.CardHash)
	if err != nil {
		return err
	}
	t.session, err = checkout.New(checkout.Options{
		Journal: t.journal, Host: t.set.Host, Line: t.forward, Reader: t.set.Reader, PINPad: t.set.PINPad,
		Printer: t.set.Printer, Wallet: t.set.Wallet, Vault: t.set.Vault, Staff: t.people,
		Codes: t.codes, Goods: t.goods, Slip: slip, Tax: pos.TaxMode(c.Shop.Tax), Limits: opening.Limits(c.Offline), Blacklist: blacklist,
		Shop:    checkout.ShopOf(c),
		Offline: c.Offline.Approval, Deferred: c.Offline.Deferred, Clock: pos.ShopClock{Zone: t.zone}, DayOf: t.dayOf, Timers: timers,
		Room: t.journal.Room, Conditions: t.set.Conditions, Log: t.log,
	})
	if err != nil {
		return err
	}
	t.set.OnChange(func() { go t.session.Refresh() })
	t.desk = settle.New(settle.Options{
		Journal: t.journal, Host: t.set.Host, Queue: t.forward, Till: t.session, Vault: t.set.Vault, Staff: t.people, Codes: t.codes,
		TID: c.Terminal.TID, MID: c.Terminal.MID, Layout: opening.FileLayout(t.zone), Slip: slip, Clock: pos.ShopClock{Zone: t.zone}, DayOf: t.dayOf,
		Print: prints, Changed: func() { go t.session.Refresh() }, Log: t.log, SignOn: t.forward.SignOn, Fetch: t.set.Files,
	})
	return nil
}

// devices is what the configuration says of them.
func (t *till) devices(f opening.Flags) drivers.Config {
	c := t.cfg
	d := drivers.Config{
		Dir: f.Data, Assets: assets.FS, TID: c.Terminal.TID, MID: c.Terminal.MID, Authorities: c.Terminal.CA, Address: c.Host.Address,
		Profile: c.Host.Profile, Timeout: c.Host.Timeout.Std(), ReversalRepeat: c.Host.ReversalRepeat.Std(),
		KeyStore: c.Keys.Store, TMK: c.Keys.TMK, Passphrase: opening.Passphrase(), FilesURL: c.Host.Files, FilesCA: c.Host.FilesCA,
		English: c.Window.Language == "en", HostInside: f.Demo && f.Host == "" && !c.Named["host.address"], Devices: c.Devices.URLs(t.chosen),
		Remember: opening.Remember(f.Data), Gateway: c.Wallet.Gateway, Clock: pos.ShopClock{Zone: t.zone}, Log: t.log, Look: f.Look,
	}
	if c.Host.TLS == "mutual" {
		d.TLS = &acquirer.Files{CA: c.Host.CA, Certificate: c.Host.Cert, Key: c.Host.Key}
	}
	return d
}

// close ends the flows and closes the devices and the journal, in this order.
func (t *till) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	if err := t.set.Drain(ctx); err != nil {
		t.log.Warn("not everything was printed; receipts can be printed again", "error", err)
	}
	opening.End(t.log, "sign-off", func() error { t.forward.SignOff(ctx); return nil })
	t.stop()
	opening.End(t.log, "flows", func() error { <-t.ended; return nil })
	opening.End(t.log, "devices", t.set.Close)
	opening.End(t.log, "journal", t.journal.Close)
}

// scripted is the till as the scripted face sees it.
func (t *till) scripted() headless.Options {
	return headless.Options{
		Face: t.session, Queue: t.forward, Bench: t.set.Bench, Codes: t.codes, Lang: t.cfg.Window.Language,
		Version: version, SelfTest: t.selfTest, DayOf: t.dayOf, Desk: t.desk,
		Check: t.journal.CheckTexts,
	}
}

// selfTest looks at each part of the till; nothing is moved.
func (t *till) selfTest(ctx context.Context) []pos.Condition {
	return t.conditions(ctx, t.forward.Probe)
}

func (t *till) conditions(ctx context.Context, probe func(context.Context) error) []pos.Condition {
	return health.SelfTest(ctx, health.Parts{
		Journal: func() (uint64, error) { n, _ := t.journal.Head(); return n, t.journal.SafeMode() },
		Room:    t.journal.Room, Probe: probe, Ready: t.set.Host.Ready, Skew: t.forward.Skew,
		Batch: func() string { return pos.OpenBatch(t.journal) }, Devices: t.set.Self, Filling: t.session.Batch,
	})
}

func runWindow(ctx context.Context, args []string, errs io.Writer) error {
	f, err := opening.Parse("window", args, errs)
	if err != nil {
		return err
	}
	t, err := openTill(ctx, f, slog.New(slog.NewTextHandler(errs, nil)), checkout.DefaultTimers())
	if err != nil {
		return err
	}
	defer t.close()
	parts, err := t.window()
	if err != nil {
		return err
	}
	return gui.Run(ctx, parts)
}

// window is the till as the window sees it.
func (t *till) window() (gui.Parts, error) {
	quick, err := opening.Quick(assets.FS, t.goods)
	w, h, full := t.cfg.Window.Size()
	p := gui.Parts{
		Face: t.session, Files: assets.FS, Table: t.codes, Zone: t.zone, Version: version, Products: t.goods.Len(), SelfTest: t.selfTest,
		Quick: quick, Staff: t.people.Operators(), Closing: t.desk, FilesDir: filepath.Join(t.data, "files"), Fetches: t.set.Files != nil,
		Send:    func(ctx context.Context, _ string) error { _, err := t.forward.Forward(ctx); return err },
		Day:     func(at time.Time) string { day, _ := t.dayOf(at); return day },
		Keys:    t.set.KeyEntry(),
		Approve: opening.Custodians(t.people), Note: opening.Note(t.journal),
		Equipment: t.set, Bench: t.set.Bench, Codes: t.set.Codes, Weigh: t.set.Scale.Weigh, Customer: t.cfg.Devices.URLs(t.chosen)["customer"] != "",
		Dark: t.cfg.Window.Theme == "dark", English: t.cfg.Window.Language == "en", Width: float32(w), Height: float32(h), Full: full,
	}
	return p, err
}

// runDay plays the demo day and leaves its pictures; it needs no display.
func runDay(ctx context.Context, args []string, out, errs io.Writer) error {
	f, err := opening.Parse("day", args, errs)
	if err != nil {
		return err
	}
	f.Demo = true
	t, err := openTill(ctx, f, slog.New(slog.DiscardHandler), checkout.ScriptTimers())
	if err != nil {
		return err
	}
	defer t.close()
	script, err := assets.FS.Open("demo/day.jsonl")
	if err != nil {
		return err
	}
	parts, err := t.window()
	if err != nil {
		return err
	}
	camera, err := gui.NewCamera(ctx, parts, filepath.Join(f.Data, "screens"))
	if err != nil {
		return err
	}
	hands := headless.Hands{Line: t.set.Bench.Line, Picture: camera.Shoot}
	if err := headless.Play(ctx, script, out, t.scripted(), hands); err != nil {
		return err
	}
	if err := camera.Evening(); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nreceipts: %s\nscreens:  %s\n", filepath.Join(f.Data, "receipts"), filepath.Join(f.Data, "screens"))
	return nil
}
