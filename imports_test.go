package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// rule says what the packages under a prefix may import of ours. The longest
// prefix wins.
type rule struct {
	prefix string
	may    []string
	why    string
}

var rules = []string{
	"app/receipt", "app/config", "app/basket", "app/risk", "app/decline", "app/recon",
	"app/report", "app/watch", "app/staff",
}

var law = []rule{
	{"app/pos", nil, "the words of the trade lean on nothing"},
	{"assets", nil, "assets only show; main hands them on as fs.FS"},
	{"app", append([]string{"app/pos"}, rules...), "a flow knows rules and words; two flows talk through ports that main wires"},
	{"app/i18n", []string{"app/pos"}, "texts know no flow and no rule: a face hands them the table of codes"},
	{"app/health", append([]string{"app/pos", "app/i18n"}, rules...), "the doctor prints what the self-test found: it is a face of its own beside a flow"},
	{"app/headless", []string{"app", "assets"}, "a face may see flows, rules, words and texts"},
	{"app/customer", []string{"app", "assets"}, "a face may see flows, rules, words and texts"},
	{"app/gui", []string{"app", "assets"}, "a face may see flows, rules, words and texts"},
	{"drivers", []string{"app/pos", "drivers/port"}, "a driver touches a device over a port and knows the words"},
	{"store", []string{"app/pos", "store"}, "the journal knows the words and nothing of the flows"},
}

// only says which packages alone may import something from outside.
var only = []rule{
	{"fyne.io/", []string{"app/gui"}, "only the window draws"},
	{"github.com/go-gl/", []string{"app/gui"}, "only the window waits for the window system"},
	{"periph.io/", []string{"drivers"}, "only drivers touch devices"},
	{"net", []string{"drivers"}, "only drivers touch the line"},
	{"net/http", []string{"drivers"}, "only drivers touch the line"},
	{"go.etcd.io/bbolt", []string{"store"}, "only the store remembers"},
}

type pkg struct {
	ImportPath string
	Imports    []string
}

func TestImportLaw(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; seen++ {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		for _, fault := range faults(p) {
			t.Error(fault)
		}
	}
	if seen < 2 {
		t.Fatalf("go list named only %d packages", seen)
	}
}

// TestImportLawBites plants imports that the law forbids.
func TestImportLawBites(t *testing.T) {
	for _, p := range []pkg{
		{"tillkeeper/app/pos", []string{"tillkeeper/store"}},
		{"tillkeeper/app/pos", []string{"golang.org/x/text"}},
		{"tillkeeper/app/basket", []string{"tillkeeper/app/checkout"}},
		{"tillkeeper/app/checkout", []string{"tillkeeper/app/forward"}},
		{"tillkeeper/app/checkout", []string{"net"}},
		{"tillkeeper/app/checkout", []string{"tillkeeper/app/i18n"}},
		{"tillkeeper/app/receipt", []string{"tillkeeper/app/i18n"}},
		{"tillkeeper/app/i18n", []string{"tillkeeper/app/decline"}},
		{"tillkeeper/drivers/find", []string{"tillkeeper/app/i18n"}},
		{"tillkeeper/store", []string{"tillkeeper/drivers/keys"}},
		{"tillkeeper/drivers/printer", []string{"tillkeeper/drivers/reader"}},
		{"tillkeeper/drivers/port", []string{"tillkeeper/drivers/printer"}},
		{"tillkeeper/app/headless", []string{"fyne.io/fyne/v2"}},
		{"tillkeeper/app/headless", []string{"github.com/go-gl/glfw/v3.3/glfw"}},
		{"tillkeeper/app/forward", []string{"go.etcd.io/bbolt"}},
	} {
		if len(faults(p)) == 0 {
			t.Errorf("%s importing %v passed", p.ImportPath, p.Imports)
		}
	}
}

func faults(p pkg) []string {
	from := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, "tillkeeper"), "/")
	if from == "" {
		return nil // main is the composition root
	}
	var bad []string
	for _, imp := range p.Imports {
		if to, ours := strings.CutPrefix(imp, "tillkeeper/"); ours {
			if why := ourFault(from, to); why != "" {
				bad = append(bad, p.ImportPath+" imports "+imp+": "+why)
			}
			continue
		}
		for _, o := range only {
			if (imp == o.prefix || strings.HasSuffix(o.prefix, "/") && strings.HasPrefix(imp, o.prefix)) && !under(from, o.may) {
				bad = append(bad, p.ImportPath+" imports "+imp+": "+o.why)
			}
		}
		if from == "app/pos" && strings.Contains(strings.Split(imp, "/")[0], ".") {
			bad = append(bad, p.ImportPath+" imports "+imp+": standard library only")
		}
	}
	return bad
}

func ourFault(from, to string) string {
	if family(from) == family(to) && family(from) != "" {
		return "" // a device family, or a face, within itself
	}
	if strings.HasPrefix(from, "drivers/sim") || strings.HasPrefix(from, "drivers/drivertest") || from == "drivers" {
		if under(to, []string{"drivers", "app/pos"}) {
			return ""
		}
	}
	var best *rule
	for i, r := range law {
		if under(from, []string{r.prefix}) && (best == nil || len(r.prefix) > len(best.prefix)) {
			best = &law[i]
		}
	}
	if best == nil {
		return "no rule covers " + from
	}
	if isRule(from) && to != "app/pos" && best.prefix == "app" {
		return "a rule is a pure function over the words alone"
	}
	if under(to, best.may) {
		return ""
	}
	return best.why
}

func isRule(p string) bool { return under(p, rules) }

// family names the room whose packages may import each other: drivers/acquirer
// and drivers/acquirer/wire, app/gui and app/gui/kit.
func family(p string) string {
	parts := strings.Split(p, "/")
	if len(parts) < 2 {
		return ""
	}
	return parts[0] + "/" + parts[1]
}

func under(p string, prefixes []string) bool {
	for _, pre := range prefixes {
		if p == pre || strings.HasPrefix(p, pre+"/") {
			return true
		}
	}
	return false
}
