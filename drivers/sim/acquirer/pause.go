package acquirer

import (
	"context"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// pause waits d, less when the line is shut; false then.
//
// A timer of Go may end a millisecond late, for its poller waits in whole ones;
// who measures a till against the host's latency would count that as the till's.
// So a timer of the kernel is read, and one of Go only where there is none.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 || ctx.Err() != nil {
		return ctx.Err() == nil
	}
	f, err := kernelTimer(d)
	if err != nil {
		return roughly(ctx, d)
	}
	defer f.Close()                                                               //nolint:errcheck // nothing was written
	stop := context.AfterFunc(ctx, func() { f.SetReadDeadline(time.Unix(0, 1)) }) //nolint:errcheck // a file that is closed waits no more
	defer stop()
	var expired [8]byte
	_, err = f.Read(expired[:])
	return err == nil
}

// kernelTimer gives a file that can be read once d has gone by.
func kernelTimer(d time.Duration) (*os.File, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "timer")
	if err := unix.TimerfdSettime(fd, 0, &unix.ItimerSpec{Value: unix.NsecToTimespec(int64(d))}, nil); err != nil {
		f.Close() //nolint:errcheck // the error before counts
		return nil, err
	}
	return f, nil
}

// roughly is pause with a timer of Go.
func roughly(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
