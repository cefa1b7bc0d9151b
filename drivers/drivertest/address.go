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

// given keeps what other programs of the tests see of the ports that this one has.
var given struct {
	sync.Mutex
	signs []net.Listener
}

// Address gives an address on loopback that is free and stays the caller's while this program runs: no other program
// that asks here is given it, even while nobody listens there.
func Address() (string, error) {
	port, err := claim(1)
	return fmt.Sprintf("127.0.0.1:%d", port), err
}

// claim gives the first of so many ports in a row on loopback that are free and stay the caller's while this program runs.
func claim(row int) (int, error) {
	given.Lock()
	defer given.Unlock()
	var last error
	for range portTries {
		port := firstPort + rand.IntN(ports-row+1)
		signs, err := signed(port, row)
		if err == nil {
			given.signs = append(given.signs, signs...)
			return port, nil
		}
		last = err
	}
	return 0, errors.Join(errors.New("no port is free"), last)
}

// signed puts a sign on each port: a socket without a file, of a name that only one program can have and that goes with
// it. Signs and ports are seen by the same programs, those of one network namespace.
func signed(first, row int) (signs []net.Listener, err error) {
	for p := first; p < first+row && err == nil; p++ {
		var sign, l net.Listener
		if sign, err = net.Listen("unix", fmt.Sprintf("@tillkeeper-test-port-%d", p)); err != nil {
			break
		}
		signs = append(signs, sign)
		if l, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", p)); err == nil {
			err = l.Close()
		}
	}
	if err != nil {
		for _, sign := range signs {
			err = errors.Join(err, sign.Close())
		}
		return nil, err
	}
	return signs, nil
}
