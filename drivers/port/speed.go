package port

import "golang.org/x/sys/unix"

// Speed gives the speed that the line is set to, in baud. At a simulator's end of
// a pseudo terminal it is what the driver at the other end has set.
func (l *Line) Speed() (int, error) {
	baud := 0
	err := control(l.file, func(fd int) error {
		t, err := unix.IoctlGetTermios(fd, unix.TCGETS2)
		if err == nil {
			baud = int(t.Ospeed)
		}
		return err
	})
	return baud, err
}
