package drivertest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
)

// The ports of tests. They lie below those that Linux gives to connections (from 32768), so a port that is closed for a
// moment and opened again is not taken by one meanwhile.
const (
	firstPort = 20000
	ports     = 12000
	portTries = 100
)

var given struct {
	sync.Mutex
	ports map[int]bool
}

// Address gives an address on loopback that is free and stays the caller's while this program runs.
func Address() (string, error) {
	given.Lock()
	defer given.Unlock()
	var last error
	for range portTries {
		port := firstPort + rand.IntN(ports)
		if given.ports[port] {
			continue
		}
		addr := fmt.Sprintf("127.0.0.1:%d", port)
		l, err := net.Listen("tcp", addr)
		if err != nil {
			last = err
			continue
		}
		if given.ports == nil {
			given.ports = map[int]bool{}
		}
		given.ports[port] = true
		return addr, l.Close()
	}
	return "", errors.Join(errors.New("no port is free"), last)
}
