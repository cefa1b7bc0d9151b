package disk

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// call is one system call on the journal or its anchor, as strace wrote it down.
type call struct {
	name string // pwrite64 ftruncate sync
	file string // base name
	data []byte
	at   int64 // offset, or size
}

const (
	longestLine  = 64 << 20
	traceStrings = 4 << 20 // bytes of a write that strace shows
)

// traced is what runs a program under strace into a file.
func traced(log string) []string {
	return []string{
		"strace", "-f", "-y", "-xx", "-s", strconv.Itoa(traceStrings), "-o", log,
		"-e", "trace=pwrite64,fdatasync,fsync,ftruncate,rename,renameat,renameat2,unlink,unlinkat",
	}
}

var (
	begins  = regexp.MustCompile(`^(\d+) +(\w+)\((.*)$`)
	resumes = regexp.MustCompile(`^(\d+) +<\.\.\. (\w+) resumed>.* = (-?\d+)`)
	ends    = regexp.MustCompile(`^(.*)\) += (-?\d+)`)
	wrote   = regexp.MustCompile(`^\d+<([^>]*)>, "([^"]*)"(\.\.\.)?, (\d+), (\d+)$`)
	cut     = regexp.MustCompile(`^\d+<([^>]*)>, (\d+)$`)
	synced  = regexp.MustCompile(`^\d+<([^>]*)>$`)
)

// calls reads what was traced from an offset on; only what concerns the journal
// and its anchor in dir is given.
func calls(log, dir string, from int64) ([]call, error) {
	raw, err := os.ReadFile(log)
	if err != nil {
		return nil, err
	}
	var all []call
	waiting := map[string]string{} // thread to the arguments of the call that it is in
	sc := bufio.NewScanner(bytes.NewReader(raw[from:]))
	sc.Buffer(make([]byte, 1<<20), longestLine)
	for sc.Scan() {
		line := sc.Text()
		var name, args, result string
		if m := resumes.FindStringSubmatch(line); m != nil {
			name, args, result = m[2], waiting[m[1]], m[3]
		} else if m := begins.FindStringSubmatch(line); m != nil {
			if rest, ok := strings.CutSuffix(m[3], " <unfinished ...>"); ok {
				waiting[m[1]] = strings.TrimSuffix(rest, ",")
				continue
			}
			e := ends.FindStringSubmatch(m[3])
			if e == nil {
				return nil, fmt.Errorf("strace says %.200q", line)
			}
			name, args, result = m[2], e[1], e[2]
		} else {
			continue // a signal or an exit
		}
		c, err := parse(name, args, result, dir)
		if err != nil {
			return nil, fmt.Errorf("%w: %.200q", err, line)
		}
		if c.name != "" {
			all = append(all, c)
		}
	}
	return all, sc.Err()
}

var errTrace = errors.New("not a call that this test understands")

// parse reads the arguments of a call; one on another file gives none.
func parse(name, args, result, dir string) (c call, err error) {
	plain := args
	if strings.Contains(args, `\x`) && name != "pwrite64" { // -xx writes paths in hexadecimal too
		plain = unhex(args)
	}
	var path string
	switch name {
	case "pwrite64":
		m := wrote.FindStringSubmatch(args)
		if m == nil || m[3] != "" {
			return c, errTrace
		}
		path = unhex(m[1])
		if filepath.Dir(path) == dir {
			c.data = []byte(unhex(m[2]))
			c.at, err = strconv.ParseInt(m[5], 10, 64)
			if m[4] != result || len(c.data) != atoi(m[4]) {
				err = errTrace
			}
		}
	case "ftruncate":
		m := cut.FindStringSubmatch(plain)
		if m == nil {
			return c, errTrace
		}
		path = m[1]
		c.at, err = strconv.ParseInt(m[2], 10, 64)
	case "fdatasync", "fsync":
		m := synced.FindStringSubmatch(plain)
		if m == nil || result != "0" {
			return c, errTrace
		}
		path, name = m[1], "sync"
	default:
		if strings.Contains(plain, "journal.") {
			return c, errTrace
		}
	}
	if err != nil || filepath.Dir(path) != dir || !strings.HasPrefix(filepath.Base(path), "journal.") {
		return call{}, err
	}
	c.name, c.file = name, filepath.Base(path)
	return c, nil
}

func atoi(s string) int { n, _ := strconv.Atoi(s); return n } //nolint:errcheck // of \d+

// unhex turns \x41 into A and leaves the rest.
func unhex(s string) string {
	if !strings.Contains(s, `\x`) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		if strings.HasPrefix(s, `\x`) && len(s) >= 4 {
			if raw, err := hex.DecodeString(s[2:4]); err == nil {
				b.Write(raw)
				s = s[4:]
				continue
			}
		}
		b.WriteByte(s[0])
		s = s[1:]
	}
	return b.String()
}
