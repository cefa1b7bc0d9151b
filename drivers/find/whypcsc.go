package find

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"syscall"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/port"
)

// whyPCSC tells what is between the till and a card reader.
func (h *Host) whyPCSC(ctx context.Context, code string, c Case) Cause {
	socket := c.Path
	if socket == "" {
		socket = socketPCSC
	}
	switch code {
	case port.NoPermission:
		if err := syscall.Access(h.real(socket), accessWrite); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return h.whyForbidden(socket)
		}
		if !h.has("/usr/lib/polkit-1/polkitd", "/usr/libexec/polkitd", "/usr/lib/policykit-1/polkitd") {
			return Cause{code, pos.Say("polkit_missing", userName()), pos.Say("run_sign_in", "sudo apt-get install polkitd && "+rulePolkit+" && "+joinOurs())}
		}
		return Cause{code, pos.Say("polkit_denies", userName()), pos.Say("run_sign_in", rulePolkit+" && "+joinOurs())}
	case port.DaemonDown, port.Unplugged:
		return h.whyNoDaemon(socket)
	case port.NoReader, port.BusyElsewhere:
		return h.whyNoReader(ctx, code)
	}
	return Cause{Code: code}
}

// R_OK and W_OK of access(2).
const (
	accessRead  = 4
	accessWrite = 2
)

// has says whether one of some files is there.
func (h *Host) has(paths ...string) bool {
	return slices.ContainsFunc(paths, func(p string) bool {
		_, err := os.Stat(h.real(p))
		return err == nil
	})
}

func (h *Host) whyNoDaemon(socket string) Cause {
	_, err := os.Stat(h.real(socket))
	switch {
	case !h.has("/usr/sbin/pcscd", "/usr/local/sbin/pcscd"):
		return Cause{port.DaemonDown, pos.Say("pcscd_missing"), run("sudo apt-get install pcscd")}
	case err != nil:
		return Cause{port.DaemonDown, pos.Say("pcscd_down", socket), run("sudo systemctl enable --now pcscd.socket")}
	}
	return Cause{port.DaemonDown, pos.Say("pcscd_deaf", socket), run("sudo systemctl restart pcscd.socket")}
}

// whyNoReader looks for a card reader that pcscd does not have because
// something else has it.
func (h *Host) whyNoReader(ctx context.Context, code string) Cause {
	plugged := h.functions(classSmartCard)
	for _, f := range plugged {
		holders, _ := h.Holders(ctx, f.dev.node())
		for _, p := range holders {
			if p.Name != "pcscd" {
				return Cause{port.BusyElsewhere, pos.Say("reader_held", f.dev.label(), p.Name, strconv.Itoa(p.PID)), p.remedy()}
			}
		}
		if f.driver != "" && f.driver != "usbfs" {
			return Cause{
				port.BusyElsewhere, pos.Say("reader_kernel", f.driver, f.dev.label()),
				run("echo blacklist %s | sudo tee /etc/modprobe.d/tillkeeper.conf && sudo modprobe -r %s", f.driver, f.driver),
			}
		}
	}
	if len(plugged) > 0 {
		return Cause{code, pos.Say("reader_unseen", plugged[0].dev.label()), run("sudo apt-get install libccid && sudo systemctl restart pcscd")}
	}
	if code == port.BusyElsewhere {
		return Cause{code, pos.Say("reader_taken"), run("gpgconf --kill scdaemon")}
	}
	return Cause{Code: code, Found: pos.Say("reader_none")}
}
