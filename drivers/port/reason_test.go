package port_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/drivertest"
	"tillkeeper/drivers/port"
)

// TestRealErrorsHaveTheirReasons takes its errors from the kernel where it can.
func TestRealErrorsHaveTheirReasons(t *testing.T) {
	dir := t.TempDir()
	_, missing := port.OpenLine(filepath.Join(dir, "ttyUSB0"), 9600)
	_, noSocket := net.Dial("unix", filepath.Join(dir, "pcscd.comm"))
	l, err := net.Listen("unix", filepath.Join(dir, "stale"))
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	_ = l.Close()
	_, stale := net.Dial("unix", filepath.Join(dir, "stale"))
	addr, err := drivertest.Address()
	if err != nil {
		t.Fatal(err)
	}
	_, refused := net.Dial("tcp", addr)
	far, path := pair(t)
	near, err := port.OpenLine(path, 9600)
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	near.SetWait(time.Millisecond)
	silent := near.Tx(nil, make([]byte, 1))
	_, spare := pair(t)
	_, speed := port.OpenLine(spare, 10)
	_ = far.Close()
	_, hungUp := near.Read(make([]byte, 1))
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"nothing":         {nil, ""},
		"no such device":  {missing, port.Unplugged},
		"no socket":       {noSocket, port.DaemonDown},
		"stale socket":    {stale, port.DaemonDown},
		"refused by tcp":  {refused, port.Offline},
		"no answer":       {silent, port.Offline},
		"speed":           {speed, port.WrongSpeed},
		"hung up":         {hungUp, port.Unplugged},
		"short":           {io.ErrUnexpectedEOF, port.Unplugged},
		"taken":           {&os.PathError{Op: "open", Path: "/dev/usb/lp0", Err: syscall.EBUSY}, port.BusyElsewhere},
		"not permitted":   {&os.PathError{Op: "open", Path: "/dev/ttyUSB0", Err: syscall.EACCES}, port.NoPermission},
		"eperm":           {syscall.EPERM, port.NoPermission},
		"socket denied":   {&net.OpError{Op: "dial", Net: "unix", Err: os.NewSyscallError("connect", syscall.EACCES)}, port.NoPermission},
		"gone":            {&os.PathError{Op: "write", Path: "/dev/usb/lp0", Err: syscall.ENODEV}, port.Unplugged},
		"time is up":      {fmt.Errorf("select: %w", context.DeadlineExceeded), port.Offline},
		"card":            {fmt.Errorf("read: %w", pos.ErrCardRemoved), port.CardRemoved},
		"the driver says": {fmt.Errorf("x: %w", pos.Errorf(port.NoReader, "", "none")), port.NoReader},
		"said over cause": {&pos.Error{Code: port.DaemonDown, Err: io.EOF}, port.DaemonDown},
		"other code":      {&pos.Error{Code: "bad_config", Err: syscall.EBUSY}, port.BusyElsewhere},
		"unheard of":      {fmt.Errorf("nonsense"), port.DeviceFault},
	} {
		if got := port.Reason(c.err); got != c.want {
			t.Errorf("%s: %v is %q, want %q", name, c.err, got, c.want)
		}
	}
}
