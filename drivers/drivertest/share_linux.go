package drivertest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"tillkeeper/drivers/reader"
	"tillkeeper/drivers/sim/card"
	"tillkeeper/drivers/sim/pn532"
)

// cpuOf is the processor time so far by one of the kernel's clocks.
func cpuOf(clock int32) (time.Duration, error) {
	var at unix.Timespec
	err := unix.ClockGettime(clock, &at)
	return time.Duration(at.Nano()), err
}

// PaymentCPU puts a contactless card into the field of a simulated front end and pays with it so many times over its driver:
// card found, read, first and second cryptogram, field off. It gives the processor time of this process for one payment,
// user and system, all threads, without what the card itself computes, which is measured on the card's own thread. Left in
// it are the dialogue, the driver, and the models of the bus and the chip. Nothing else may run in the process meanwhile.
func PaymentCPU(r reader.Reader, chip *pn532.Chip, c card.Card, rounds int) (each time.Duration, err error) {
	one := pn532.FromDeck(card.NewChip(c))
	var thought atomic.Int64
	inner := one.Transmit
	one.Transmit = func(apdu []byte) []byte {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		before, bad := cpuOf(unix.CLOCK_THREAD_CPUTIME_ID)
		answer := inner(apdu)
		after, worse := cpuOf(unix.CLOCK_THREAD_CPUTIME_ID)
		if bad == nil && worse == nil { // else it counts as ours
			thought.Add(int64(after - before))
		}
		return answer
	}
	chip.Put(one)
	defer chip.Remove()
	if err := payBare(r); err != nil { // the card's keys are made once
		return 0, err
	}
	rounds = max(rounds, 1)
	runtime.GC()
	thought.Store(0)
	before, err := cpuOf(unix.CLOCK_PROCESS_CPUTIME_ID)
	for range rounds {
		err = errors.Join(err, payBare(r))
	}
	after, worse := cpuOf(unix.CLOCK_PROCESS_CPUTIME_ID)
	if err := errors.Join(err, worse); err != nil {
		return 0, err
	}
	return (after - before - time.Duration(thought.Load())) / time.Duration(rounds), nil
}

// payBare is a whole approved payment and nothing else.
func payBare(r reader.Reader) error {
	ctx, cancel := context.WithTimeout(context.Background(), readerPatience)
	defer cancel()
	s, err := r.Connect(ctx, ReaderPurchase())
	if err != nil {
		return err
	}
	if _, err = s.Read(ctx, ReaderPurchase()); err != nil {
		return errors.Join(err, s.Close())
	}
	final, err := s.Finish(ctx, reader.Answer{Approved: true, Code: "00"})
	if err == nil && final.Cryptogram != reader.TC {
		err = fmt.Errorf("cryptogram %02X", final.Cryptogram)
	}
	return errors.Join(err, s.Close())
}
