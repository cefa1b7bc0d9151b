package endtoend

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestTheWindowLibraryNeverComplainsAboutALanguage starts the program as a machine without a desktop does.
func TestTheWindowLibraryNeverComplainsAboutALanguage(t *testing.T) {
	for _, env := range [][]string{{"LANG=C"}, {"LANG=C.UTF-8"}, {"LC_ALL=C.UTF-8", "LANG=zh_CN.UTF-8"}, {"LC_ALL=", "LANG="}, {"LC_ALL=POSIX"}} {
		c := exec.Command(binary, "version")
		c.Env = append(os.Environ(), append([]string{"LC_ALL=", "LC_MESSAGES=", "LANGUAGE="}, env...)...)
		out, err := c.CombinedOutput()
		if err != nil || strings.Count(string(out), "\n") != 1 || strings.Contains(string(out), "Fyne") {
			t.Errorf("%v: %v\n%s", env, err, out)
		}
	}
}
