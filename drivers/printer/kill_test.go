package printer_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/port"
	"tillkeeper/drivers/printer"
	sim "tillkeeper/drivers/sim/printer"
)

// The child of the kill tests: this test binary, printing until it is killed.
const (
	childAddr  = "TILL_PRINTER_ADDR"
	childDir   = "TILL_PRINTER_DIR"
	childFirst = "TILL_PRINTER_FIRST" // number of its first slip; "" ends: print what waits, reprint what is unknown
)

// childSlips is how many slips a child prints before it only waits to be killed.
const childSlips = 15

func TestMain(m *testing.M) {
	if os.Getenv(childAddr) != "" {
		if err := child(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// killSlip is slip n with a picture in it, so that a kill can fall into raster.
func killSlip(n int) slip {
	s := slip{{kind: "centre", left: fmt.Sprintf("slip %d", n), bold: true}}
	for i := range 5 {
		s = append(s, testLine{kind: "text", left: fmt.Sprintf("%d.%d 农夫山泉", n, i), right: "2.00"})
	}
	return append(s, testLine{kind: "qr", left: strconv.Itoa(n)}, testLine{kind: "centre", left: fmt.Sprintf("end %d", n)}, testLine{kind: "cut"})
}

// child prints slip after slip and says each number once Print has returned.
func child() error {
	open := func() (io.ReadWriteCloser, error) { return port.DialTCP(os.Getenv(childAddr)) }
	p := printer.New(open, printer.Opts{Dir: os.Getenv(childDir), Poll: 5 * time.Millisecond, Finish: 5 * time.Second})
	if first, err := strconv.Atoi(os.Getenv(childFirst)); err == nil {
		for n := first; ; n++ {
			if n == first+childSlips {
				select {} // now it is only printing
			}
			if err := p.Print(pos.PrintJob{Number: strconv.Itoa(n), Slip: killSlip(n)}); err != nil {
				time.Sleep(time.Millisecond) // full
				n--
				continue
			}
			fmt.Println(n)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := p.Drain(ctx); err != nil {
		return err
	}
	for _, j := range p.Jobs() {
		if j.State == printer.Unknown {
			fmt.Println(j.Number)
			if err := p.Reprint(j.ID); err != nil {
				return err
			}
		}
	}
	if err := p.Drain(ctx); err != nil {
		return err
	}
	for _, j := range p.Jobs() {
		if j.State != printer.Printed {
			return fmt.Errorf("%+v", j)
		}
	}
	return p.Close()
}

// start runs a child.
func startChild(t *testing.T, addr, dir, first string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childAddr+"="+addr, childDir+"="+dir, childFirst+"="+first)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(out)
}

// killed runs rounds of children, each killed somewhere; between them wreck may
// do what a wrong driver would. It gives the numbers that were taken, those that
// were unknown at the end, and what is on paper.
func killed(t *testing.T, rounds int, wreck func(queue string)) (taken, unknown map[int]bool, paper []sim.Row) {
	t.Helper()
	dir, paperDir := t.TempDir(), t.TempDir()
	s, err := sim.New(sim.Opts{Dir: paperDir, Name: "nobody", NoProcess: true, NoQR: true, NoBarcode: true, NoASB: true, Rate: 150000})
	if err != nil {
		t.Fatal(err)
	}
	addr, err := s.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	taken, unknown = map[int]bool{}, map[int]bool{}
	queue := filepath.Join(dir, "printer.queue")
	for round := range rounds {
		cmd, said := startChild(t, addr, dir, strconv.Itoa((round+1)*1000))
		acks := 1 + rand.IntN(12)
		for range acks {
			said.Scan()
			n, err := strconv.Atoi(said.Text())
			if err != nil {
				t.Fatalf("round %d: %q", round, said.Text())
			}
			taken[n] = true
		}
		if round%2 == 0 { // while one is on its way, else anywhere
			untilSent(t, queue)
		}
		_ = cmd.Process.Kill()
		for said.Scan() {
			n, _ := strconv.Atoi(said.Text())
			taken[n] = true
		}
		_ = cmd.Wait()
		wreck(queue)
	}
	cmd, said := startChild(t, addr, dir, "")
	for said.Scan() {
		n, _ := strconv.Atoi(said.Text())
		unknown[n] = true
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("the last child: %v", err)
	}
	if b, err := os.ReadFile(queue); err != nil || waits.Match(b) {
		t.Errorf("left in the queue, %v: %q", err, b)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(paperDir, "printer.bin"))
	if err != nil {
		t.Fatal(err)
	}
	return taken, unknown, sim.Read(b)
}

func untilSent(t *testing.T, queue string) {
	t.Helper()
	until(t, "a job is on its way", func() bool {
		b, _ := os.ReadFile(queue)
		return bytes.HasPrefix(b, []byte("sent ")) || bytes.Contains(b, []byte("\nsent "))
	})
}

// judge counts the whole slips on paper and gives what is wrong.
func judge(taken, unknown map[int]bool, paper []sim.Row) (faults []string) {
	originals, copies := map[int]int{}, map[int]int{}
	var texts []string
	for _, row := range append(paper, sim.Row{Kind: "cut"}) {
		if row.Kind != "cut" {
			texts = append(texts, row.Text)
			continue
		}
		all := strings.Join(texts, "\n")
		texts = nil
		n, whole := wholeSlip(all)
		switch {
		case !whole:
		case strings.Contains(all, "COPY"):
			copies[n]++
		default:
			originals[n]++
		}
	}
	for n, count := range originals {
		if count > 1 {
			faults = append(faults, fmt.Sprintf("slip %d is on paper %d times", n, count))
		}
	}
	for n := range taken {
		if originals[n]+copies[n] == 0 {
			faults = append(faults, fmt.Sprintf("slip %d was taken and is not on paper", n))
		}
	}
	for n, count := range copies {
		if count > 1 || !unknown[n] {
			faults = append(faults, fmt.Sprintf("%d copies of slip %d, unknown %v", count, n, unknown[n]))
		}
	}
	return faults
}

// waits is a record of the queue that is not over.
var waits = regexp.MustCompile(`(?m)^(wait|sent|lost) `)

// wholeSlip says which slip a piece of paper holds, and whether all of it.
func wholeSlip(all string) (n int, whole bool) {
	_, last, ok := strings.Cut(all, "end ")
	if !ok {
		return 0, false
	}
	n, _ = strconv.Atoi(strings.TrimSpace(strings.SplitN(last, "\n", 2)[0]))
	for i := range 5 {
		if !strings.Contains(all, fmt.Sprintf("%d.%d 农夫山泉", n, i)) {
			return n, false
		}
	}
	return n, strings.Contains(all, fmt.Sprintf("slip %d\n", n))
}

// TestKilledTillLosesNoSlipAndPrintsNoneTwice kills a till that prints, with
// SIGKILL, again and again.
func TestKilledTillLosesNoSlipAndPrintsNoneTwice(t *testing.T) {
	taken, unknown, paper := killed(t, 12, func(string) {})
	for _, f := range judge(taken, unknown, paper) {
		t.Error(f)
	}
	if len(taken) < 12 || len(unknown) == 0 {
		t.Errorf("%d slips taken, %d unknown: the kills hit nothing", len(taken), len(unknown))
	}
	t.Logf("%d slips taken, %d unknown at the end", len(taken), len(unknown))
}

// TestKillHarnessSeesADriverThatSendsAgain plants the bug of a queue that sends
// what it had sent before, and one that forgets what it had taken.
func TestKillHarnessSeesADriverThatSendsAgain(t *testing.T) {
	for name, c := range map[string]struct {
		wreck func(queue string)
		sign  string
	}{
		"sends again": {func(queue string) {
			b, _ := os.ReadFile(queue)
			b = bytes.ReplaceAll(b, []byte("\nsent "), []byte("\nwait "))
			if bytes.HasPrefix(b, []byte("sent ")) {
				copy(b, "wait ")
			}
			_ = os.WriteFile(queue, b, 0o600)
		}, "times"},
		"forgets": {func(queue string) { _ = os.Remove(queue) }, "is not on paper"},
	} {
		all := ""
		for try := 0; try < 5 && !strings.Contains(all, c.sign); try++ { // a kill may hit nothing
			taken, unknown, paper := killed(t, 6, c.wreck)
			all = strings.Join(judge(taken, unknown, paper), "\n")
		}
		if !strings.Contains(all, c.sign) {
			t.Errorf("%s: not caught: %q", name, all)
		}
	}
}
