package drivers

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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
	e := eye{machine: find.New("/"), seen: openMemory(c.Dir), hidden: cause.Code == "data_in_use"}
	if folder, err := filepath.Abs(c.Dir); err == nil && e.hidden {
		holders, _ := e.machine.Holders(ctx, filepath.Join(folder, lockFile))
		for _, h := range holders {
			if h.PID != os.Getpid() {
				e.till, e.hidden = h.PID, false
				cause.Detail = fmt.Sprintf("another till has this folder open: %s (process %d)", h.Name, h.PID)
				break
			}
		}
	}
	out := []pos.Condition{c.speak(cause)}
	for _, name := range order {
		url := c.Devices[name]
		if name == Drawer || url == "" && !always[name] {
			continue
		}
		found := e.look(ctx, name, url)
		found.Name = conditionName(name)
		found = c.speak(found)
		out = append(out, found)
	}
	return out
}

// eye sees devices without opening them.
type eye struct {
	machine *find.Host
	seen    *memory
	till    int  // process that has them open, 0 for none
	hidden  bool // there is one, and it cannot be seen
}

func (e eye) look(ctx context.Context, name, url string) pos.Condition {
	if url == "" {
		return pos.Condition{State: "off", Code: "not_configured"}
	}
	if err := valid(name, url); err != nil {
		return pos.Condition{State: "fault", Code: pos.WhyNot(err, "bad_config"), Detail: err.Error()}
	}
	var worst pos.Condition
	var said, mends []string
	for _, one := range each(name, url) {
		a, err := parse(name, one)
		if err != nil {
			return pos.Condition{State: "fault", Code: "bad_config", Detail: err.Error()}
		}
		c := e.see(ctx, a)
		if rank(c) > rank(worst) {
			worst = c
		}
		said = append(said, c.Detail)
		if c.Remedy != "" {
			mends = append(mends, c.Remedy)
		}
	}
	worst.Detail, worst.Remedy = strings.Join(said, "; "), strings.Join(mends, "; ")
	return worst
}

func rank(c pos.Condition) int { return slices.Index([]string{"ok", "busy", "fault"}, c.State) }

// see looks at one place.
func (e eye) see(ctx context.Context, a address) pos.Condition {
	if a.scheme == "sim" {
		return pos.Condition{State: "busy", Detail: "simulated, inside the till"}
	}
	where := a.path
	if a.scheme == "pcsc" {
		where = cmp.Or(a.query.Get("socket"), pcsc.SocketPath())
	}
	if !strings.HasPrefix(where, "/") {
		return pos.Condition{State: "busy", Detail: where + " is not looked at while the till is open"}
	}
	if err := reachable(where); err != nil {
		code := port.Reason(err)
		if a.scheme == "pcsc" && code == port.Unplugged {
			code = port.DaemonDown
		}
		said := &pos.Error{Code: code, Message: err.Error(), Err: err}
		code, detail := e.machine.Why(ctx, find.Case{Scheme: a.scheme, Path: where, Identity: e.seen.of(a.scheme, a.path), Err: said})
		return broken(code, detail)
	}
	if a.scheme == "pcsc" {
		return pos.Condition{State: "ok", Detail: "pcscd has its socket at " + where}
	}
	return e.holder(ctx, a, where)
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
	holders, hidden := e.machine.Holders(ctx, where)
	if len(holders) == 0 {
		if hidden {
			return pos.Condition{State: "busy", Detail: where + " is there; who has it open cannot be seen by this user"}
		}
		return pos.Condition{State: "ok", Detail: where + " is there; nobody has it open"}
	}
	for _, h := range holders {
		if e.hidden || h.PID == e.till {
			return pos.Condition{State: "ok", Detail: fmt.Sprintf("%s is open in %s (process %d)", where, h.Name, h.PID)}
		}
	}
	said := &pos.Error{Code: port.BusyElsewhere, Message: where, Err: syscall.EBUSY}
	code, detail := e.machine.Why(ctx, find.Case{Scheme: a.scheme, Path: where, Err: said})
	return broken(code, detail)
}

func broken(code, cause string) pos.Condition {
	c := pos.Condition{State: "fault", Code: code}
	c.Detail, c.Remedy = mend(cause)
	return c
}
