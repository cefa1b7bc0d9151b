package drivers

import (
	"os"

	"golang.org/x/sys/unix"
)

// Hush hides what is typed at the terminal while something is asked for; where
// the input is no terminal there is nothing to hide.
func Hush(ask func() error) error {
	fd := int(os.Stdin.Fd())
	was, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return ask() // a file or a pipe
	}
	quiet := *was
	quiet.Lflag &^= unix.ECHO
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, &quiet); err != nil {
		return err
	}
	asked := ask()
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, was); err != nil {
		return err
	}
	return asked
}
