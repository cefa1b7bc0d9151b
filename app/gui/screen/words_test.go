package screen_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"fyne.io/fyne/v2/test"

	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/gui/screen"
)

// texts lists every Chinese text in the sources of the face.
func texts(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	files, err := filepath.Glob("../*.go")
	if err != nil {
		t.Fatal(err)
	}
	own, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range append(files, own...) {
		if strings.HasSuffix(f, "_test.go") || strings.HasPrefix(f, "english") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), f, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			s, err := strconv.Unquote(lit.Value)
			if err == nil && strings.IndexFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) }) >= 0 {
				out[s] = f
			}
			return true
		})
	}
	return out
}

func TestEveryTextHasItsEnglish(t *testing.T) {
	all := texts(t)
	if len(all) < 300 {
		t.Fatalf("only %d texts were found", len(all))
	}
	for s, file := range all {
		// A date is put together from its parts; the language's own name is written in that language.
		if s == "%d月%d日 %s" || s == "中文" && file == "signin.go" {
			continue
		}
		if !screen.Has(s) {
			t.Errorf("%s: %q has no English", file, s)
		}
		en := screen.Words{English: true}.T(s)
		if strings.IndexFunc(en, func(r rune) bool { return unicode.Is(unicode.Han, r) }) >= 0 {
			t.Errorf("the English of %q is %q", s, en)
		}
		if verbs(s) != verbs(en) {
			t.Errorf("%q and %q have different verbs", s, en)
		}
	}
}

// verbs lists the formatting verbs of a text in order.
func verbs(s string) string {
	out := ""
	for i := 0; i+1 < len(s); i++ {
		if s[i] == '%' && (s[i+1] == 's' || s[i+1] == 'd') {
			out += s[i : i+2]
		}
	}
	return out
}

func TestEveryRuneOfTheTextsIsInTheFaces(t *testing.T) {
	test.NewTempApp(t)
	art, err := look.Load(os.DirFS("../../../assets"))
	if err != nil {
		t.Fatal(err)
	}
	for s := range texts(t) {
		for _, text := range []string{s, screen.Words{English: true}.T(s)} {
			for _, bold := range []bool{false, true} {
				if missing := art.Missing(text, bold); len(missing) > 0 {
					t.Errorf("bold %v lacks %q of %q", bold, string(missing), text)
				}
			}
		}
	}
	l := look.New(false, look.Fit(1366, 768, 0), art)
	for _, c := range shows() {
		p := screen.Draw(screen.Ctx{L: l, W: screen.Words{Table: table(t)}, S: &c.s, V: c.v})
		for _, text := range p.Texts {
			if missing := art.Missing(text, false); len(missing) > 0 {
				t.Errorf("%s: the face lacks %q of %q", c.name, string(missing), text)
			}
		}
		for _, it := range p.Items {
			if it.Shape == kit.Icon && !art.HasIcon(it.Text) {
				t.Errorf("%s: there is no icon %q", c.name, it.Text)
			}
		}
	}
}
