package port

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
	"periph.io/x/conn/v3/uart"
)

// speeds are the speeds that every tty driver knows by a name, in baud.
var speeds = map[int]uint32{
	1200: unix.B1200, 2400: unix.B2400, 4800: unix.B4800, 9600: unix.B9600, 19200: unix.B19200,
	38400: unix.B38400, 57600: unix.B57600, 115200: unix.B115200, 230400: unix.B230400,
	460800: unix.B460800, 500000: unix.B500000, 576000: unix.B576000, 921600: unix.B921600, 1000000: unix.B1000000,
}

// configure puts a tty into raw mode.
func configure(f *os.File, baud int, stop uart.Stop, parity uart.Parity, flow uart.Flow, bits int) error {
	size, ok := map[int]uint32{5: unix.CS5, 6: unix.CS6, 7: unix.CS7, 8: unix.CS8}[bits]
	if !ok {
		return fmt.Errorf("%w: %d bits", ErrSpeed, bits)
	}
	return control(f, func(fd int) error {
		t, err := unix.IoctlGetTermios(fd, unix.TCGETS2)
		if err != nil {
			return err
		}
		t.Iflag, t.Oflag, t.Lflag = unix.IGNBRK, 0, 0
		t.Cflag = unix.CREAD | unix.CLOCAL | size
		if err := setSpeed(t, baud); err != nil {
			return err
		}
		t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
		switch stop {
		case uart.One:
		case uart.Two:
			t.Cflag |= unix.CSTOPB
		default:
			return fmt.Errorf("%w: stop bits", ErrSpeed)
		}
		switch parity {
		case uart.NoParity:
		case uart.Even:
			t.Cflag |= unix.PARENB
		case uart.Odd:
			t.Cflag |= unix.PARENB | unix.PARODD
		default:
			return fmt.Errorf("%w: parity", ErrSpeed)
		}
		switch flow {
		case uart.NoFlow:
		case uart.RTSCTS:
			t.Cflag |= unix.CRTSCTS
		default:
			return fmt.Errorf("%w: flow control", ErrSpeed)
		}
		return unix.IoctlSetTermios(fd, unix.TCSETS2, t)
	})
}

// control calls fn with the descriptor of f without making it blocking.
func control(f *os.File, fn func(fd int) error) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	if err := raw.Control(func(fd uintptr) { inner = fn(int(fd)) }); err != nil {
		return err
	}
	return inner
}

// Pty opens a pseudo terminal in raw mode for a simulator: its own end as a
// line, and the path of the end that a driver opens as if it were a tty.
func Pty() (*Line, string, error) {
	f, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, "", err
	}
	var number int
	err = control(f, func(fd int) error {
		if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
			return err
		}
		number, err = unix.IoctlGetInt(fd, unix.TIOCGPTN)
		return err
	})
	if err != nil {
		_ = f.Close()
		return nil, "", fmt.Errorf("pseudo terminal: %w", err)
	}
	return &Line{file: f, path: "/dev/ptmx", wait: defaultWait}, fmt.Sprintf("/dev/pts/%d", number), nil
}
