package drivertest

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"tillkeeper/app/pos"
)

// The limits of the scanner's suite.
const (
	scannerPatience = time.Minute
	scannerFlood    = 1 << 20 // characters of a code that does not end
	scannerMany     = 200     // codes in a row
)

// ScannerBench is a scanner under test and the hand that scans. Every check gets a fresh one.
type ScannerBench struct {
	Scanner pos.Scanner
	Scan    func(code string) error // reads a code; returns when it has left the scanner
	Half    func(part string) error // sends a part of a code without its end
	Unplug  func() error            // takes the scanner away
	Plug    func() error            // plugs it in again; returns when the driver has it open
	Close   func() error            // ends the scanner and what the bench has started

	Flood    int           // characters of a code that does not end; 0 is 1 MiB
	Patience time.Duration // for what has to happen; 0 is a minute
}

// scannerCheck is one rule; run says how it is broken.
type scannerCheck struct {
	name string
	run  func(b ScannerBench) error
}

var scannerChecks = []scannerCheck{
	{"gives each code whole, once and in order", checkCodes},
	{"gives the same code twice when it was scanned twice", checkTwice},
	{"gives every character of a US keyboard", checkCharacters},
	{"gives nothing for an empty scan", checkEmpty},
	{"never mixes what an unplugged scanner had begun", checkTornCode},
	{"is not upset by a code without an end", checkFlood},
	{"ends its stream when it is closed", checkStreamEnds},
}

// Scanner proves that a scanner keeps to the port: codes whole, once, in order, none mixed with another, and nothing
// outlives Close.
func Scanner(t *testing.T, newBench func(t testing.TB) ScannerBench) {
	t.Helper()
	for _, c := range scannerChecks {
		t.Run(c.name, func(t *testing.T) {
			if err := runScanner(t, c, newBench); err != nil {
				t.Error(err)
			}
		})
	}
}

// ScannerFault runs the suite up to the first rule that is broken and says how; nil where none is. It is for planted
// faults.
func ScannerFault(t testing.TB, newBench func(t testing.TB) ScannerBench) error {
	for _, c := range scannerChecks {
		if err := runScanner(t, c, newBench); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return nil
}

func runScanner(t testing.TB, c scannerCheck, newBench func(testing.TB) ScannerBench) error {
	before := runtime.NumGoroutine()
	b := newBench(t)
	if b.Patience == 0 {
		b.Patience = scannerPatience
	}
	if b.Flood == 0 {
		b.Flood = scannerFlood
	}
	err := errors.Join(c.run(b), b.Close())
	for end := time.Now().Add(b.Patience); ; time.Sleep(time.Millisecond) {
		n := runtime.NumGoroutine()
		if n <= before {
			return err
		}
		if time.Now().After(end) {
			return errors.Join(err, fmt.Errorf("%d goroutines before, %d after Close", before, n))
		}
	}
}

// expect takes codes until all are there. After them nothing else may be: a sentinel is scanned for that.
func (b ScannerBench) expect(want ...string) error {
	const last = "9780201379624"
	if err := b.Scan(last); err != nil {
		return err
	}
	timer := time.NewTimer(b.Patience)
	defer timer.Stop()
	var got []string
	for {
		select {
		case code, ok := <-b.Scanner.Codes():
			if !ok {
				return fmt.Errorf("the stream ended after %d codes", len(got))
			}
			if code != last {
				got = append(got, code)
				continue
			}
			if !slices.Equal(got, want) {
				return fmt.Errorf("got %.200q, want %.200q", got, want)
			}
			return nil
		case <-timer.C:
			return fmt.Errorf("got %.200q and no more", got)
		}
	}
}

func (b ScannerBench) scan(codes ...string) error {
	var errs []error
	for _, c := range codes {
		errs = append(errs, b.Scan(c))
	}
	return errors.Join(errs...)
}

func checkCodes(b ScannerBench) error {
	var codes []string
	for i := range scannerMany {
		codes = append(codes, fmt.Sprintf("69%011d", i*7919))
	}
	return errors.Join(b.scan(codes...), b.expect(codes...))
}

func checkTwice(b ScannerBench) error {
	const code = "6901028075831"
	return errors.Join(b.scan(code, code, code), b.expect(code, code, code))
}

func checkCharacters(b ScannerBench) error {
	var all strings.Builder
	for c := ' '; c < 0x7f; c++ {
		all.WriteRune(c)
	}
	return errors.Join(b.scan(all.String()), b.expect(all.String()))
}

func checkEmpty(b ScannerBench) error {
	return errors.Join(b.scan("", "", "1", ""), b.expect("1"))
}

func checkTornCode(b ScannerBench) error {
	// What was scanned has arrived before the cable is pulled: a line that hangs up may forget what nobody has read.
	if err := errors.Join(b.scan("111"), b.expect("111")); err != nil {
		return err
	}
	return errors.Join(b.Half("222"), b.Unplug(), b.Plug(), b.scan("333"), b.expect("333"))
}

func checkFlood(b ScannerBench) error {
	for range b.Flood / 4096 {
		if err := b.Half(strings.Repeat("7", 4096)); err != nil {
			return err
		}
	}
	return errors.Join(b.scan("7", "111"), b.expect("111"))
}

func checkStreamEnds(b ScannerBench) error {
	if err := errors.Join(b.expect(), b.Close()); err != nil {
		return err
	}
	timer := time.NewTimer(b.Patience)
	defer timer.Stop()
	select {
	case code, ok := <-b.Scanner.Codes():
		if ok {
			return fmt.Errorf("a code after Close: %q", code)
		}
		return nil
	case <-timer.C:
		return errors.New("the stream did not end")
	}
}
