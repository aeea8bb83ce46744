package docs

import (
	"fmt"
	"go/ast"
	"go/doc"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// documented are the packages that people import.
var documented = []string{"vstack", "scheduler", "vstack/debug", "vstack/profile", "vstack/prometheus", "vstack/serve"}

// Every package has examples that go test runs, every exported name a doc comment, and
// what the comments link to exists. Examples teach; there need not be one for each name.
func TestPackages(t *testing.T) {
	for _, dir := range documented {
		t.Run(dir, func(t *testing.T) {
			names, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
			if err != nil {
				t.Fatal(err)
			}
			fset := token.NewFileSet()
			var files []*ast.File
			for _, name := range names {
				f, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
				if err != nil {
					t.Fatal(err)
				}
				files = append(files, f)
			}
			problems, err := badPackage(fset, files, "github.com/vstack-go/vstack/"+dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, problem := range problems {
				t.Error(problem)
			}
		})
	}
}

// badPackage says what is wrong with the examples and comments of a package whose
// files, tests among them, are given.
func badPackage(fset *token.FileSet, files []*ast.File, importPath string) (problems []string, err error) {
	p, err := doc.NewFromFiles(fset, files, importPath)
	if err != nil {
		return nil, err
	}
	report := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if run := examplesRun(fset, files); run == 0 {
		report("no example is run")
	}
	check := func(name, text string) {
		if text == "" {
			report("%s: no doc comment", name)
		}
		for _, link := range deadLinks(p.Parser().Parse(text)) {
			report("%s: the doc comment's link %s leads nowhere", name, link)
		}
	}
	values := func(groups []*doc.Value) {
		for _, v := range groups {
			for _, spec := range v.Decl.Specs {
				spec, _ := spec.(*ast.ValueSpec)
				for _, id := range spec.Names {
					if id.IsExported() {
						check(id.Name, v.Doc+spec.Doc.Text())
					}
				}
			}
		}
	}
	funcs := func(funcs []*doc.Func) {
		for _, f := range funcs {
			check(f.Name, f.Doc)
		}
	}
	values(slices.Concat(p.Consts, p.Vars))
	funcs(p.Funcs)
	for _, typ := range p.Types {
		check(typ.Name, typ.Doc)
		values(slices.Concat(typ.Consts, typ.Vars))
		funcs(typ.Funcs)
		for _, m := range typ.Methods {
			check(typ.Name+"."+m.Name, m.Doc)
		}
	}
	for _, link := range deadLinks(p.Parser().Parse(p.Doc)) {
		report("the package comment's link %s leads nowhere", link)
	}
	return problems, nil
}

// examplesRun counts the examples that go test runs: those with an output.
func examplesRun(fset *token.FileSet, files []*ast.File) (n int) {
	for _, f := range files {
		if !strings.HasSuffix(fset.File(f.Pos()).Name(), "_test.go") {
			continue
		}
		for _, e := range doc.Examples(f) {
			if e.Output != "" || e.EmptyOutput {
				n++
			}
		}
	}
	return n
}

// linkLike is what is meant as a link to a name, and not as code like a[i].
var linkLike = regexp.MustCompile(`\B\[\*?[A-Za-z][\w./]*\]`)

// deadLinks returns the links of a comment that do not lead to a name: the
// parser leaves them as text.
func deadLinks(d *comment.Doc) (dead []string) {
	var text func(all []comment.Text)
	text = func(all []comment.Text) {
		for _, t := range all {
			switch t := t.(type) {
			case comment.Plain:
				dead = append(dead, linkLike.FindAllString(string(t), -1)...)
			case comment.Italic:
				dead = append(dead, linkLike.FindAllString(string(t), -1)...)
			case *comment.Link:
				text(t.Text)
			}
		}
	}
	var blocks func(all []comment.Block)
	blocks = func(all []comment.Block) {
		for _, b := range all {
			switch b := b.(type) {
			case *comment.Paragraph:
				text(b.Text)
			case *comment.Heading:
				text(b.Text)
			case *comment.List:
				for _, item := range b.Items {
					blocks(item.Content)
				}
			}
		}
	}
	blocks(d.Content)
	return dead
}

// The check finds what it is for.
func TestPackagesBite(t *testing.T) {
	const code = `// Package p is linked to [T] and [T.M].
package p

import "context"

// T is, like [context.Context] but not like an array[int], a type.
type T struct{}

// M does nothing.
func (T) M() {}

// F does what [T.M] does.
func F() {}

// A group.
const (
	A = 1
	b = 2
)

var _ context.Context
`
	const example = `package p_test

import (
	"fmt"

	"example.com/p"
)

func Example() {
	p.F()
	var t p.T
	t.M()
	fmt.Println(p.A)
	// Output: 1
}
`
	change := func(from, to string) func(string) string {
		return func(text string) string { return strings.ReplaceAll(text, from, to) }
	}
	for _, test := range []struct {
		name   string
		change func(string) string
		want   string
	}{
		{"fine", change("", ""), ""},
		{"type by name", func(text string) string {
			return strings.NewReplacer("Example()", "ExampleT()", "var t p.T", "t := p.New()").Replace(text)
		}, ""},
		{"method by name", func(text string) string {
			return strings.NewReplacer("Example()", "ExampleT_M()", "t.M()", "fmt.Print(t)").Replace(text)
		}, ""},
		{"not run", change("// Output: 1", ""), "no example is run"},
		{"not an example", change("Example()", "helper()"), "no example is run"},
		{"no comment", change("// F does what [T.M] does.", ""), "F: no doc comment"},
		{"link", change("[T.M] does", "[T.N] does"), "F: the doc comment's link [T.N]"},
		{"link to a package", change("[context.Context]", "[contexts.Context]"), "T: the doc comment's link [contexts.Context]"},
		{"link of the package", change("to [T]", "to [V]"), "package comment's link [V]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			fset := token.NewFileSet()
			var files []*ast.File
			sources := map[string]string{"p.go": code, "p_test.go": example}
			for _, name := range slices.Sorted(maps.Keys(sources)) {
				f, err := parser.ParseFile(fset, name, test.change(sources[name]), parser.ParseComments)
				if err != nil {
					t.Fatal(err)
				}
				files = append(files, f)
			}
			problems, err := badPackage(fset, files, "example.com/p")
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(problems, "\n")
			if test.want == "" && got != "" {
				t.Errorf("unexpected: %s", got)
			}
			if !strings.Contains(got, test.want) {
				t.Errorf("got %q, want something about %q", got, test.want)
			}
		})
	}
}
