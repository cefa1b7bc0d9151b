package gui

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/screen"
	"tillkeeper/app/pos"
)

// refresher is a checkout that can look at its devices anew.
type refresher interface{ Refresh() }

// limits are how long something may take with a device before the page gives it up.
var limits = map[string]time.Duration{
	string(pos.CheckInternal): 15 * time.Second, string(pos.CheckExternal): 30 * time.Second,
	string(pos.CheckInteractive): 30 * time.Second, screen.DoFind: 15 * time.Second, screen.DoUse: 20 * time.Second,
}

// codeNoAnswer is the reason of a device that did not answer in time.
const codeNoAnswer = "offline"

// gear is what the window knows of the devices page besides what it shows.
type gear struct {
	loading bool
	turn    int                // of what runs: what an earlier one still answers is dropped
	stop    context.CancelFunc // ends what runs
	before  map[string]string  // by device, the URL that was changed here last
}

// gearAct does what concerns the devices page.
func (t *till) gearAct(a kit.Act) {
	g := &t.view.Gear
	if t.view.Screen != screen.Devices || !screen.MayChangeDevices(t.snap.Operator.Role) {
		return
	}
	switch a.Verb {
	case screen.VerbDevice:
		t.chooseDevice(a.Arg)
	case screen.VerbTest:
		t.testDevice(pos.Level(a.Arg))
	case screen.VerbFind:
		t.findDevices()
	case screen.VerbUse:
		if i, err := strconv.Atoi(a.Arg); err == nil && i >= 0 && i < len(g.Found) {
			t.useDevice(g.Found[i].Name, g.Found[i].URL)
		}
	case screen.VerbUnuse:
		t.useDevice(a.Arg, "")
	case screen.VerbUseBefore:
		t.useDevice(a.Arg, g.Before)
	case screen.VerbStop:
		t.stopDevice()
	case screen.VerbSecond:
		t.second(t.customer == nil)
	case screen.VerbSecondFull:
		if t.secondFull != nil {
			g.Full = t.secondFull()
		}
	case screen.VerbSlipAgain:
		t.printAgain(a.Arg)
	case screen.VerbSlipsClear:
		t.forgetSlips()
	}
}

// openGear shows the page and reads how the devices are; whoever may not change them is sent back.
func (t *till) openGear() {
	if !screen.MayChangeDevices(t.snap.Operator.Role) {
		t.view.Screen = screen.Settings
		return
	}
	t.view.Gear.Looked, t.view.First["gear"] = false, 0
	t.loadGear()
}

// about says what to do about a device that is not well: on its page, or in a sentence to whoever may not open it.
func (t *till) about(name string) {
	if screen.MayChangeDevices(t.snap.Operator.Role) && t.parts.Equipment != nil && !ownParts[name] {
		t.goTo(screen.Devices)
		if name == displayName {
			name = panelName
		}
		t.chooseDevice(name)
		return
	}
	for _, d := range t.snap.Devices {
		if s := t.words.Remedy(d.Code); d.Name == name && s != "" {
			t.say(s)
		}
	}
}

// ownParts are parts of the till that are no devices: what to do about them is said at once.
var ownParts = map[string]bool{"disk": true, "batch": true}

// A condition calls the QR panel the display.
const (
	displayName = "display"
	panelName   = "qr"
)

// leaveGear ends what waits for a hand when the page is left; what else runs goes on.
func (t *till) leaveGear() {
	if t.view.Screen == screen.Devices && t.view.Gear.Doing.What == string(pos.CheckInteractive) {
		t.stopDevice()
	}
}

// loadGear reads how the devices are, away from the drawing goroutine and once at a time.
func (t *till) loadGear() {
	if t.parts.Equipment == nil || t.gear.loading {
		return
	}
	t.gear.loading = true
	var list []pos.Device
	var slips []pos.Printing
	t.beside(func(context.Context) error {
		list = t.parts.Equipment.Devices()
		if all, ok := t.parts.Equipment.(Slips); ok {
			for _, s := range all.PrintJobs() {
				if s.State != slipPrinted {
					slips = append(slips, s)
				}
			}
		}
		return nil
	}, func(error) {
		t.gear.loading = false
		t.showGear(list, slips)
		t.draw()
	})
}

// showGear takes a newer list; the customer's window stands in it even where nobody else knows of it.
func (t *till) showGear(list []pos.Device, slips []pos.Printing) {
	g := &t.view.Gear
	g.List, g.Slips = slices.Clone(list), slips
	if !slices.ContainsFunc(list, func(d pos.Device) bool { return d.Name == customerName }) {
		g.List = append(g.List, pos.Device{Name: customerName})
	}
	for i := range g.List {
		d := &g.List[i]
		d.Condition.Name = d.Name
		if d.Name == customerName && d.Condition.State != "fault" {
			d.Condition.State = map[bool]string{true: "ok", false: "off"}[t.customer != nil]
		}
	}
	if g.Chosen == "" {
		t.chooseDevice(firstBad(g.List))
	}
}

// firstBad gives the device that most wants to be looked at.
func firstBad(list []pos.Device) string {
	for _, state := range []string{"fault", "warn"} {
		for _, d := range list {
			if d.Condition.State == state {
				return d.Name
			}
		}
	}
	if len(list) == 0 {
		return ""
	}
	return list[0].Name
}

func (t *till) chooseDevice(name string) {
	g := &t.view.Gear
	g.Chosen, g.Before, g.Looked = name, t.gear.before[name], false
	i := slices.IndexFunc(g.List, func(d pos.Device) bool { return d.Name == name })
	if i >= 0 && g.List[i].URL == g.Before {
		g.Before = ""
	}
	t.uncover("gear", i)
}

// uncover scrolls a list of the page until a row is in sight.
func (t *till) uncover(list string, row int) {
	p := t.surface.Page()
	if p == nil || row < 0 {
		return
	}
	for _, h := range p.Hits {
		if h.Drag != list || h.Rows <= 0 {
			continue
		}
		shown := max(1, int(h.R.H/h.Rows))
		switch {
		case row < h.First:
			t.view.First[list] = row
		case row >= h.First+shown:
			t.view.First[list] = row - shown + 1
		}
	}
}

// doing runs something with a device beside everything else; only its answer in time counts.
func (t *till) doing(what, name string, run func(ctx context.Context) error, then func(error)) {
	g := &t.view.Gear
	if t.parts.Equipment == nil || g.Doing.What != "" {
		return
	}
	t.gear.turn++
	turn := t.gear.turn
	limit := limits[what]
	now := t.now()
	g.Doing, g.Result = screen.Doing{What: what, Name: name, Since: now, Until: now.Add(limit)}, screen.Result{}
	ctx, cancel := context.WithTimeout(t.ctx, limit)
	t.gear.stop = cancel
	t.beside(func(context.Context) error {
		defer cancel()
		return run(ctx)
	}, func(err error) {
		if t.gear.turn != turn {
			return
		}
		g.Doing = screen.Doing{}
		then(err)
		if face, ok := t.parts.Face.(refresher); ok { // the bar above the sale says it too
			face.Refresh()
		}
		t.loadGear()
		t.draw()
	})
}

// stopDevice ends what runs; its answer does not count any more.
func (t *till) stopDevice() {
	if t.view.Gear.Doing.What == "" {
		return
	}
	t.gear.turn++
	t.gear.stop()
	t.view.Gear.Doing = screen.Doing{}
}

// gearTick gives up what has taken too long, and reads again how the devices are.
func (t *till) gearTick() {
	g := &t.view.Gear
	if d := g.Doing; d.What != "" && t.now().After(d.Until.Add(time.Second)) {
		t.stopDevice()
		g.Result = screen.Result{What: d.What, Name: d.Name, Cond: pos.Condition{Name: d.Name, State: "fault", Code: codeNoAnswer}}
		if d.What == screen.DoFind {
			g.Looked = true
		}
	}
	if t.view.Screen == screen.Devices {
		t.loadGear()
	}
}

func (t *till) testDevice(level pos.Level) {
	name := t.view.Gear.Chosen
	t.view.Gear.Looked = false
	if name == customerName {
		t.testCustomer(level)
		return
	}
	var got pos.Condition
	t.doing(string(level), name, func(ctx context.Context) error {
		got = t.parts.Equipment.Check(ctx, name, level)
		return nil
	}, func(error) { t.tested(level, name, got) })
}

// tested shows how a test ended.
func (t *till) tested(level pos.Level, name string, got pos.Condition) {
	if got.State == "" {
		got.State = "ok"
	}
	t.view.Gear.Result = screen.Result{What: string(level), Name: name, Cond: got}
}

// cameToTest says whether a code belongs to a scanner that is being tried; then it is shown and sold to nobody.
func (t *till) cameToTest(code string) bool {
	d := t.view.Gear.Doing
	if t.view.Screen != screen.Devices || d.What != string(pos.CheckInteractive) || d.Name != "scanner" {
		return false
	}
	t.stopDevice()
	t.tested(pos.CheckInteractive, d.Name, pos.Condition{Name: d.Name, State: "ok", Detail: code})
	t.draw()
	return true
}

func (t *till) findDevices() {
	g := &t.view.Gear
	var found []pos.Found
	t.doing(screen.DoFind, "", func(ctx context.Context) error {
		found = t.parts.Equipment.Find(ctx)
		return nil
	}, func(error) { g.Found, g.Looked, t.view.First["plugged"] = found, true, 0 })
}

// useDevice takes another device from now on; it is not refused because it does not work yet.
func (t *till) useDevice(name, url string) {
	g := &t.view.Gear
	before, bad := "", false
	for _, d := range g.List {
		if d.Name == name {
			before, bad = d.URL, d.Condition.State == "fault"
		}
	}
	if before == url && !bad {
		return
	}
	t.doing(screen.DoUse, name, func(ctx context.Context) error {
		if err := t.parts.Equipment.Use(ctx, name, url); err != nil {
			return err
		}
		t.comesUp(ctx, name)
		return nil
	}, func(err error) {
		if err != nil {
			t.say(t.explainDevice(err))
			return
		}
		if t.gear.before == nil {
			t.gear.before = map[string]string{}
		}
		if before != url {
			t.gear.before[name] = before
		}
		t.chooseDevice(name)
		g.Before = t.gear.before[name]
		t.tested(screen.DoUse, name, pos.Condition{Name: name})
	})
}

// How long a changed device is given to come up, and how often it is looked at meanwhile.
const (
	comingUp   = 4 * time.Second
	comingLook = 200 * time.Millisecond
)

// comesUp waits a moment for a changed device to be well or gone, so that its first word is not a passing one. Whatever
// it is then is shown.
func (t *till) comesUp(ctx context.Context, name string) {
	ctx, cancel := context.WithTimeout(ctx, comingUp)
	defer cancel()
	for {
		for _, d := range t.parts.Equipment.Devices() {
			if d.Name == name && (d.URL == "" || d.Condition.State == "ok") {
				return
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(comingLook):
		}
	}
}

// explainDevice words why a device was not changed; the composing package's own sentence where there is no other.
func (t *till) explainDevice(err error) string {
	var e *pos.Error
	if errors.As(err, &e) && !t.words.KnowsWhy(e.Code) {
		return t.words.T("没有换成，还用原来的")
	}
	return t.explain(err)
}
