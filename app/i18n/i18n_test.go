package i18n

import (
	"bytes"
	"encoding/csv"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// faces are the folders whose Chinese literals are texts.
var faces = []string{"../gui", "../gui/screen", "../customer", "../headless", "../health", "."}

// own are literals with Chinese in them that are no texts: the form of a date, and a language's name in itself.
var own = map[string]string{dateForm: "forms.go", "中文": "signin.go"}

func han(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) }) >= 0
}

// literals calls f for every string of a source.
func literals(t *testing.T, file string, f func(s string)) {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if s, err := strconv.Unquote(lit.Value); err == nil {
				f(s)
			}
		}
		return true
	})
}

// sources lists the sources of a folder without its tests.
func sources(t *testing.T, dir string) []string {
	t.Helper()
	all, err := filepath.Glob(dir + "/*.go")
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(f string) bool { return strings.HasSuffix(f, "_test.go") })
}

// shown lists every Chinese text of the faces with the file that it stands in.
func shown(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, dir := range faces {
		for _, f := range sources(t, dir) {
			name := filepath.Base(f)
			if dir == "." && (strings.HasPrefix(name, "texts_") || name == "remarks.go" || name == "says.go") {
				continue // they hold the English, or a mark between two sentences
			}
			literals(t, f, func(s string) {
				if han(s) && own[s] != name {
					out[s] = f
				}
			})
		}
	}
	return out
}

// named lists the Chinese names in the demo shop's data that a screen translates: its categories.
func named(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile("../../assets/demo/quickkeys.csv")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, row := range rows[1:] {
		out = append(out, row[0])
	}
	return out
}

func TestEveryTextHasItsEnglish(t *testing.T) {
	all := shown(t)
	if len(all) < 900 {
		t.Fatalf("only %d texts were found", len(all))
	}
	for zh, file := range all {
		for _, fault := range faults(zh, Words{English: true}.T(zh)) {
			t.Errorf("%s: %s", file, fault)
		}
	}
	for code, zh := range refusals {
		if !Has(zh) {
			t.Errorf("%s: %q has no English", code, zh)
		}
	}
}

// faults says what is wrong with a text and its English.
func faults(zh, en string) (bad []string) {
	if en == zh || en == "" {
		bad = append(bad, strconv.Quote(zh)+" has no English")
	} else if han(en) {
		bad = append(bad, "the English of "+strconv.Quote(zh)+" is "+strconv.Quote(en))
	}
	if plural.MatchString(en) {
		bad = append(bad, "the English of "+strconv.Quote(zh)+" counts one as many: "+strconv.Quote(en))
	}
	if !slices.Equal(verbs(zh), verbs(en)) {
		bad = append(bad, strconv.Quote(zh)+" and "+strconv.Quote(en)+" have different verbs")
	}
	return bad
}

// plural is a number before a word that is right for many only.
var plural = regexp.MustCompile(`%(\[\d+\])?d [a-z]+s\b`)

var verb = regexp.MustCompile(`%(\[\d+\])?[a-z]`)

// verbs lists the verbs of a text in the order of what they stand for.
func verbs(s string) []string {
	var out []string
	for i, v := range verb.FindAllString(s, -1) {
		if !strings.HasPrefix(v, "%[") {
			v = "%[" + strconv.Itoa(i+1) + "]" + v[1:]
		}
		out = append(out, v)
	}
	slices.Sort(out)
	return out
}

// TestNoTextIsDead: an English text that no screen has, a second English of one text, or a sentence that no driver says
// is left of something that went.
func TestNoTextIsDead(t *testing.T) {
	for _, zh := range dead(shown(t), named(t), texts) {
		t.Errorf("no face shows %q", zh)
	}
	have := 0
	for _, table := range tables {
		have += len(table)
	}
	if have != len(texts) {
		t.Errorf("%d texts stand in two tables", have-len(texts))
	}
}

// dead lists the texts of a table that nobody shows.
func dead(shown map[string]string, named []string, table map[string]string) (out []string) {
	for zh := range table {
		if shown[zh] == "" && !slices.Contains(named, zh) {
			out = append(out, zh)
		}
	}
	return out
}

// TestTheJudgesBite plants what the two above look for.
func TestTheJudgesBite(t *testing.T) {
	for zh, en := range map[string]string{"收款": "收款", "取消": "", "找零": "找 change", "还差 %s": "missing", "%d 种": "%s line", "%d 行": "%d lines", "%[2]s %[1]d": "%s %d"} {
		if len(faults(zh, en)) == 0 {
			t.Errorf("%q passes as the English of %q", en, zh)
		}
	}
	if bad := faults("%s 占用 %s", "%[2]s is held by %[1]s"); len(bad) > 0 {
		t.Error(bad)
	}
	planted := maps.Clone(texts)
	planted["没有人看"] = "nobody looks"
	if got := dead(shown(t), named(t), planted); !slices.Equal(got, []string{"没有人看"}) {
		t.Errorf("of one dead text %q were found", got)
	}
}
