package vpcd

import (
	"net"
	"syscall"
)

// quickAck has the kernel acknowledge at once what comes next. vpcd writes length and bytes of a message in two segments;
// the second would otherwise wait for the delayed acknowledgement of the first, 40 ms a command (Nagle).
func quickAck(conn net.Conn) {
	c, ok := conn.(*net.TCPConn)
	if !ok {
		return
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return
	}
	raw.Control(func(fd uintptr) { //nolint:errcheck,gosec // without it the card is slow, and no worse
		syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 1) //nolint:errcheck,gosec // as above
	})
}
