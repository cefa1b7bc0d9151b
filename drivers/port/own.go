package port

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// The limits of a speed that a tty is asked for, in baud.
const (
	minSpeed = 50
	maxSpeed = 4_000_000
	ispeedAt = 16 // how far the input speed of c_cflag lies from the output speed (IBSHIFT)
)

// setSpeed makes t have a speed in baud both ways: a named one as every driver
// knows it, any other by BOTHER, which most USB converters can do.
func setSpeed(t *unix.Termios, baud int) error {
	if baud < minSpeed || baud > maxSpeed {
		return fmt.Errorf("%w: %d baud", ErrSpeed, baud)
	}
	code, named := speeds[baud]
	if !named {
		code = unix.BOTHER
	}
	t.Cflag = t.Cflag&^(unix.CBAUD|unix.CIBAUD) | code | code<<ispeedAt
	t.Ispeed, t.Ospeed = uint32(baud), uint32(baud)
	return nil
}

// own makes a tty ours as long as it is open: a lock that other programs for
// serial lines look at too, root's as well.
func own(f *os.File) error {
	err := control(f, func(fd int) error { return unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) })
	if errors.Is(err, unix.EWOULDBLOCK) {
		return unix.EBUSY
	}
	return err
}
