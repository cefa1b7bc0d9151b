package drivers

import (
	"cmp"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/find"
	"tillkeeper/drivers/port"
	"tillkeeper/drivers/reader/pcsc"
)

// lockFile is what a till holds open in its folder as long as it runs.
const lockFile = "journal.lock"

// Look says how the devices of a till are as far as that can be seen without
// opening one: for a folder that another till has open (cause is its condition,
// code data_in_use) or that cannot be opened. It names that till, and what else
// holds a device. A device of which nothing can be seen is busy, which says
// nothing against it. With a configuration that cannot be read (bad_config) the
// cause is all.
func Look(ctx context.Context, c Config, cause pos.Condition) []pos.Condition {
	if cause.Code == "bad_config" {
		return []pos.Condition{cause}
	}
	e := eye{set: &Set{c: c, machine: find.New("/"), seen: openMemory(c.Dir)}, hidden: cause.Code == "data_in_use"}
	if folder, err := filepath.Abs(c.Dir); err == nil && e.hidden {
		holders, _ := e.set.machine.Holders(ctx, filepath.Join(folder, lockFile))
		for _, h := range holders {
			if h.PID != os.Getpid() {
				e.till, e.hidden = h.PID, false
				cause.Detail, cause.Found = "", []pos.Remark{pos.Say("folder_held", h.Name, strconv.Itoa(h.PID))}
				break
			}
		}
	}
	out := []pos.Condition{cause}
	for _, name := range order {
		url := c.Devices[name]
		if name == Drawer || url == "" && !always[name] {
			continue
		}
		found := e.look(ctx, name, url)
		found.Name = conditionName(name)
		out = append(out, found)
	}
	return out
}

// eye sees devices without opening them.
type eye struct {
	set    *Set // which opens nothing
	till   int  // process that has them open, 0 for none
	hidden bool // there is one, and it cannot be seen
}

func (e eye) look(ctx context.Context, name, url string) pos.Condition {
	if url == "" {
		return pos.Condition{State: "off", Code: "not_configured"}
	}
	if err := valid(name, url); err != nil {
		return misnamed(err)
	}
	var worst pos.Condition
	var found, mend []pos.Remark
	for _, one := range each(name, url) {
		a, err := parse(name, one)
		if err != nil {
			return misnamed(err)
		}
		c := e.see(ctx, a)
		if rank(c) > rank(worst) {
			worst = c
		}
		found, mend = append(found, remarks(c, "")...), append(mend, c.Mend...)
	}
	worst.Detail, worst.Found, worst.Mend = "", found, mend
	return worst
}

func rank(c pos.Condition) int { return slices.Index([]string{"ok", "busy", "fault"}, c.State) }

// see looks at one place.
func (e eye) see(ctx context.Context, a address) pos.Condition {
	switch {
	case a.scheme == "sim":
		return seen("busy", pos.Say("simulated"))
	case a.scheme == "pcsc":
		return e.daemon(ctx, cmp.Or(a.query.Get("socket"), pcsc.SocketPath()))
	case !strings.HasPrefix(a.path, "/"):
		return seen("busy", pos.Say("not_looked", a.path))
	}
	way := e.set.trail(a)
	where, err := way.place()
	if err == nil {
		err = reachable(where)
	}
	if err != nil {
		why := find.Case{Scheme: a.scheme, Path: a.path, Identity: e.set.seen.of(a.scheme, a.path), Others: e.set.others(a), Err: err}
		if port.Reason(err) != port.Unplugged {
			why.Path = where
		}
		return e.set.machine.Why(ctx, why).Condition(pos.Condition{State: "fault"})
	}
	c := e.holder(ctx, a, where)
	if said, is := way.moved(); is {
		c.Found = append(c.Found, said)
	}
	return c
}

// daemon looks at the socket of pcscd.
func (e eye) daemon(ctx context.Context, socket string) pos.Condition {
	err := reachable(socket)
	if err == nil {
		return seen("ok", pos.Say("pcscd_there", socket))
	}
	code := port.Reason(err)
	if code == port.Unplugged {
		code = port.DaemonDown
	}
	said := &pos.Error{Code: code, Message: err.Error(), Err: err}
	return e.set.machine.Why(ctx, find.Case{Scheme: "pcsc", Path: socket, Err: said}).Condition(pos.Condition{State: "fault"})
}

// reachable says whether this user may open what stands at a path.
func reachable(path string) error {
	if _, err := os.Stat(path); err != nil {
		return err
	}
	if err := unix.Access(path, unix.R_OK|unix.W_OK); err != nil {
		return &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return nil
}

// holder tells the till's own devices from those that another program has.
func (e eye) holder(ctx context.Context, a address, where string) pos.Condition {
	holders, hidden := e.set.machine.Holders(ctx, where)
	if len(holders) == 0 {
		if hidden {
			return seen("busy", pos.Say("there_hidden", where))
		}
		return seen("ok", pos.Say("there_free", where))
	}
	for _, h := range holders {
		if e.hidden || h.PID == e.till {
			return seen("ok", pos.Say("open_in", where, h.Name, strconv.Itoa(h.PID)))
		}
	}
	said := &pos.Error{Code: port.BusyElsewhere, Message: where, Err: syscall.EBUSY}
	return e.set.machine.Why(ctx, find.Case{Scheme: a.scheme, Path: where, Err: said}).Condition(pos.Condition{State: "fault"})
}

// seen is the condition of what is only looked at.
func seen(state string, what pos.Remark) pos.Condition {
	return pos.Condition{State: state, Found: []pos.Remark{what}}
}
