package figures

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// machine names what the figures were taken on, a Markdown list.
func machine(dir string) string {
	var s strings.Builder
	line := func(what, is string) { fmt.Fprintf(&s, "- %s: %s\n", what, is) }
	line("CPU", fmt.Sprintf("%s, %d cores", field("/proc/cpuinfo", "model name"), runtime.NumCPU()))
	line("RAM", field("/proc/meminfo", "MemTotal"))
	line("disk", said("findmnt", "-n", "-o", "SOURCE,FSTYPE,OPTIONS", "--target", dir))
	line("kernel", said("uname", "-srm"))
	line("Go", runtime.Version())
	line("load when it began", loadBefore)
	line("date", time.Now().UTC().Format(time.RFC3339))
	return s.String()
}

// loadBefore tells a machine that had other things to do.
var loadBefore = said("cat", "/proc/loadavg") + " (averages of 1, 5 and 15 minutes, running and all threads, last process)"

// field gives the first value of a key in a "key : value" file of the kernel.
func field(file, key string) string {
	raw, err := os.ReadFile(file)
	if err != nil {
		return "unknown"
	}
	for l := range strings.Lines(string(raw)) {
		if k, v, ok := strings.Cut(l, ":"); ok && strings.TrimSpace(k) == key {
			return strings.TrimSpace(v)
		}
	}
	return "unknown"
}

func said(name string, args ...string) string {
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(out)), " ")
}
