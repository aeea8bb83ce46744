package command_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/report"
)

var (
	runs    = flag.Int("runs", 3, "how often TestTheSameAnswer looks at the same packages")
	runsDir = flag.String("runs-dir", "", "the directory of the module that TestTheSameAnswer looks at; without it, at a part of the standard library")
)

// TestTheSameAnswer looks at the same packages again and again, with other numbers of
// processors. For the hundred runs of docs/corpus.md see there.
func TestTheSameAnswer(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	args := []string{"check", "-all", "-v", "go/printer", "encoding/asn1", "text/template/..."}
	if *runsDir != "" {
		args = []string{"check", "-all", "-v", "-C", *runsDir, "./..."}
	}
	first := ""
	for i := range *runs {
		runtime.GOMAXPROCS([]int{1, 2, 8, 3}[i%4])
		out, _ := vstack(t, 1, args...)
		switch {
		case i == 0:
			first = out
		case out != first:
			t.Fatalf("run %d says something else than the first: %s", i+1, difference(first, out))
		}
	}
	t.Logf("%d runs, %d bytes", *runs, len(first))
}

// difference returns the first lines that differ.
func difference(a, b string) string {
	as, bs := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(as), len(bs)) {
		if as[i] != bs[i] {
			return as[i] + "\nand\n" + bs[i]
		}
	}
	return "one is longer"
}

// TestInternal wants what only tests may reach, in internal packages, left out: unless no
// package is named that may import them.
func TestInternal(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "go.mod"), "module example.com/m\n\ngo 1.25\n")
	walk := "type T struct{ Next *T }\n\nfunc %s(t *T) int {\n\tif t == nil {\n\t\treturn 0\n\t}\n\treturn 1 + %[1]s(t.Next)\n}\n"
	write(t, filepath.Join(dir, "internal/test/t.go"), "package test\n\n"+fmt.Sprintf(walk, "Depth"))
	write(t, filepath.Join(dir, "internal/list/l.go"), "package list\n\n"+fmt.Sprintf(walk, "Length"))
	write(t, filepath.Join(dir, "m.go"), "package m\n\nimport \"example.com/m/internal/list\"\n\nfunc Length(n int) int {\n\tvar l *list.T\n\tfor range n {\n\t\tl = &list.T{l}\n\t}\n\treturn list.Length(l)\n}\n")
	for pattern, want := range map[string]string{
		"./...":           "Length",
		"./internal/test": "Depth",
		"./internal/...":  "Length Depth",
	} {
		out, _ := vstack(t, 1, "check", "-json", "-C", dir, pattern)
		if got := starts(t, out); got != want {
			t.Errorf("%s: got %q, want %q", pattern, got, want)
		}
	}
	out, _ := vstack(t, 1, "check", "-C", dir, "./...")
	if want := "; 1 in internal packages left out, which nothing that was named imports\n"; !strings.HasSuffix(out, want) {
		t.Errorf("got %s, want %s", out, want)
	}
}

// TestLexerOfTheModule has a limit that the lexer in another package keeps for its parsers,
// as graphql-go's does, and one of another module, which may count anything.
func TestLexerOfTheModule(t *testing.T) {
	lexer := `package lex

type Lexer struct {
	In    []byte
	depth int
}

func (l *Lexer) Descend() {
	if l.depth++; l.depth > 1000 {
		l.fail("too deep")
	}
}

func (l *Lexer) Ascend() { l.depth-- }

func (l *Lexer) fail(text string) { panic(text) }
`
	parser := `package parse

import "example.com/%s/lex"

func Parse(in []byte) { list(&lex.Lexer{In: in}) }

func list(l *lex.Lexer) {
	l.Descend()
	defer l.Ascend()
	for len(l.In) > 0 && l.In[0] == '(' {
		l.In = l.In[1:]
		list(l)
	}
}
`
	dir := t.TempDir()
	write(t, filepath.Join(dir, "m/go.mod"), "module example.com/m\n\ngo 1.25\n\nrequire example.com/other v0.0.0\n\nreplace example.com/other => ../other\n")
	write(t, filepath.Join(dir, "other/go.mod"), "module example.com/other\n\ngo 1.25\n")
	write(t, filepath.Join(dir, "other/lex/lex.go"), lexer)
	write(t, filepath.Join(dir, "m/lex/lex.go"), lexer)
	write(t, filepath.Join(dir, "m/own/parse.go"), fmt.Sprintf(parser, "m"))
	write(t, filepath.Join(dir, "m/theirs/parse.go"), fmt.Sprintf(parser, "other"))
	dir = filepath.Join(dir, "m")
	out, _ := vstack(t, 0, "check", "-all", "-C", dir, "./own")
	if want := "limited: the limit l.depth > 1000 (lex.go:9)"; !strings.Contains(out, want) {
		t.Errorf("no %q in %s", want, out)
	}
	vstack(t, 1, "check", "-C", dir, "./theirs")
}

// starts returns the functions at which the findings are, in their order.
func starts(t *testing.T, out string) string {
	t.Helper()
	var doc report.Document
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range doc.Cycles {
		names = append(names, c.Functions[0].Name)
	}
	return strings.Join(names, " ")
}

func TestFilters(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "go.mod"), "module example.com/m\n\ngo 1.25\n")
	write(t, filepath.Join(dir, "a/a.go"), "package a\n\ntype T struct{ Next *T }\n\nfunc Parse(b []byte) int { return walk(&T{}) }\n\nfunc walk(t *T) int {\n\tif t == nil {\n\t\treturn 0\n\t}\n\treturn 1 + walk(t.Next)\n}\n")
	write(t, filepath.Join(dir, "b/b.go"), "package b\n\ntype T struct{ Next *T }\n\nfunc Length(t *T) int {\n\tif t == nil {\n\t\treturn 0\n\t}\n\treturn 1 + Length(t.Next)\n}\n")
	for _, test := range []struct {
		args string
		code int
		want string // the functions
	}{
		{"", 1, "walk Length"}, // the parser's first
		{"-rank decoder", 1, "walk"},
		{"-rank exported", 1, "walk Length"},
		{"-rank handler", 0, ""},
		{"-pkg example.com/m/b", 1, "Length"},
		{"-pkg example.com/m/...", 1, "walk Length"},
		{"-pkg example.com/m/a,example.com/m/b", 1, "walk Length"},
		{"-pkg example.com/n/...", 0, ""},
	} {
		out, _ := vstack(t, test.code, append(append([]string{"check", "-json", "-C", dir}, strings.Fields(test.args)...), "./...")...)
		if got := starts(t, out); got != test.want {
			t.Errorf("check %s: got %q, want %q", test.args, got, test.want)
		}
	}
	// What is left out is counted.
	for args, want := range map[string]string{
		"-rank handler":           "vstack: 0 findings; 2 below the rank\n",
		"-rank decoder":           "vstack: 1 finding: 1 from functions that take input; 1 below the rank\n",
		"-pkg example.com/n/...":  "vstack: 0 findings; 2 in other packages\n",
		"-all -pkg example.com/n": "vstack: 0 findings; 2 in other packages\n",
	} {
		code := 1
		if strings.HasPrefix(want, "vstack: 0") {
			code = 0
		}
		out, _ := vstack(t, code, append(append([]string{"check", "-C", dir}, strings.Fields(args)...), "./...")...)
		if !strings.HasSuffix("\n"+out, "\n"+want) {
			t.Errorf("check %s: got %q, want %q", args, out, want)
		}
	}
	// The way in is said.
	if out, _ := vstack(t, 1, "check", "-C", dir, "./a"); !strings.Contains(out, "\treached from exported function that takes input, Parse\n") {
		t.Errorf("got %s", out)
	}
}

// TestBroken makes sure that one package that does not compile keeps nobody from
// seeing what the others have.
func TestBroken(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "go.mod"), "module example.com/m\n\ngo 1.25\n")
	write(t, filepath.Join(dir, "good/good.go"), "package good\n\ntype T struct{ Next *T }\n\nfunc Length(t *T) int {\n\tif t == nil {\n\t\treturn 0\n\t}\n\treturn 1 + Length(t.Next)\n}\n")
	write(t, filepath.Join(dir, "bad/bad.go"), "package bad\n\nvar X int = \"\"\n")
	write(t, filepath.Join(dir, "uses/uses.go"), "package uses\n\nimport \"example.com/m/bad\"\n\nvar Y = bad.X\n")
	out, errs := vstack(t, 3, "check", "-C", dir)
	if !strings.Contains(out, "Length → Length") || !strings.HasSuffix(out, "vstack: 1 finding: 1 from other exported functions; 2 packages not checked\n") {
		t.Errorf("got %s", out)
	}
	for _, want := range []string{
		"vstack: example.com/m/bad was not checked: it does not compile:\n",
		"cannot use \"\" (untyped string constant) as int value",
		"vstack: example.com/m/uses was not checked: it imports a package that does not compile\n",
	} {
		if !strings.Contains(errs, want) {
			t.Errorf("no %q in\n%s", want, errs)
		}
	}
	var doc report.Document
	out, _ = vstack(t, 3, "check", "-json", "-C", dir)
	if err := json.Unmarshal([]byte(out), &doc); err != nil || len(doc.Broken) != 2 || len(doc.Cycles) != 1 {
		t.Errorf("got %v, %s", err, out)
	}
}

// TestDependencies makes sure that recursion in a dependency is seen, with the way to
// it, unless it is not wanted.
func TestDependencies(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "go.mod"), "module example.com/m\n\ngo 1.25\n\nrequire example.com/dep v0.0.0\n\nreplace example.com/dep => ./dep\n")
	write(t, filepath.Join(dir, "dep/go.mod"), "module example.com/dep\n\ngo 1.25\n")
	write(t, filepath.Join(dir, "dep/dep.go"), "package dep\n\ntype T struct{ Next *T }\n\nfunc Length(t *T) int {\n\tif t == nil {\n\t\treturn 0\n\t}\n\treturn 1 + Length(t.Next)\n}\n\nfunc Other(t *T) int {\n\tif t == nil {\n\t\treturn 0\n\t}\n\treturn 1 + Other(t.Next)\n}\n")
	write(t, filepath.Join(dir, "m.go"), "package m\n\nimport (\n\t\"net/http\"\n\n\t\"example.com/dep\"\n)\n\nfunc Serve(w http.ResponseWriter, r *http.Request) { work() }\n\nfunc work() { dep.Length(nil) }\n")
	out, _ := vstack(t, 1, "check", "-C", dir)
	for _, want := range []string{
		"dep/dep.go:5:6: unguarded recursion: Length → Length\n",
		"reached from handler m.Serve: m.Serve → m.work → Length\n",
		"vstack: 1 finding: 1 reached from handlers; 1 in dependencies\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.Contains(out, "Other") {
		t.Errorf("nobody reaches Other:\n%s", out)
	}
	for _, off := range []string{"-deps=off", "-deps off"} {
		args := append(append([]string{"check"}, strings.Fields(off)...), "-C", dir)
		if out, _ := vstack(t, 0, args...); out != "vstack: 0 findings; dependencies and the standard library not looked into\n" {
			t.Errorf("got %s", out)
		}
	}
	if _, errs := vstack(t, 2, "check", "-deps", "./..."); !strings.HasPrefix(errs, "vstack: invalid value \"./...\" for flag -deps: want on or off\n") {
		t.Errorf("got %s", errs)
	}
}

func TestVersion(t *testing.T) {
	if out, _ := vstack(t, 0, "version"); !strings.HasPrefix(out, "vstack ") || !strings.Contains(out, runtime.Version()) {
		t.Errorf("got %s", out)
	}
}

// TestNotes makes sure that check finds nothing where fix has written its guards, whatever
// callers keep on their stack: that is a note.
func TestNotes(t *testing.T) {
	dir := module(t, true)
	write(t, filepath.Join(dir, "found.go"), `package found

type parser struct{ in []byte }

func (p *parser) expr() int {
	if len(p.in) == 0 || p.in[0] != '(' {
		return 0
	}
	p.in = p.in[1:]
	return 1 + p.expr()
}

func Parse(in []byte) int { return (&parser{in}).expr() }
`)
	vstack(t, 1, "check", "-C", dir)
	vstack(t, 0, "fix", "-C", dir)
	out, _ := vstack(t, 0, "check", "-C", dir)
	for _, want := range []string{
		"vstack: 0 findings; 1 note\n",
		": note: the guard captures p, and so a found.parser of Parse (found.go:",
		") moves to the heap, an allocation each time; if that matters, guard another function of the cycle, or write //vstack:ok reason beside the guard\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if out, _ := vstack(t, 0, "check", "-sarif", "-C", dir); !strings.Contains(out, `"level": "note",`) {
		t.Errorf("got %s", out)
	}
	var doc report.Document
	out, _ = vstack(t, 0, "check", "-json", "-C", dir)
	if err := json.Unmarshal([]byte(out), &doc); err != nil || len(doc.Guards) != 1 || !doc.Guards[0].Note {
		t.Errorf("got %v, %s", err, out)
	}
	// As the note says.
	file := filepath.Join(dir, "found.go")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, strings.Replace(string(text), "vstack.Low() {", "vstack.Low() { //vstack:ok once a document", 1))
	if out, _ := vstack(t, 0, "check", "-C", dir); strings.Contains(out, "note") {
		t.Errorf("got %s", out)
	}
}
