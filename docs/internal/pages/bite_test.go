package pages

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const root = "../../.."

// The checks find what they are for.
func TestChecksBite(t *testing.T) {
	other := Parse(root, "docs/other.md", "# Other\n\n## A section, `code` in it\n")
	for _, test := range []struct{ name, text, want string }{
		{"link", "[x](missing.md)", "missing.md"},
		{"anchor", "[x](other.md#nowhere)", "#nowhere"},
		{"own anchor", "# Title\n[x](#titel)", "#titel"},
		{"image", "![x](img/missing.svg)", "missing.svg"},
		{"reference", "[x][y]\n\n[y]: missing.md", "missing.md"},
		{"command", "```sh\nmake all\n```", "make all"},
		{"short reason", "<!-- not run: no -->\n```sh\nmake all\n```", "reason"},
		{"run by nothing", "<!-- run by: docs/docs_test.go TestNoSuch -->\n```sh\nmake all\n```", "TestNoSuch"},
		{"directory", "<!-- not run: it takes too long -->\n```sh\ngo test ./missing\n```", "./missing"},
		{"benchmark", "<!-- not run: it takes too long -->\n```sh\ngo test ./docs -bench NoSuch\n```", "NoSuch"},
		{"inline", "Run `go run ./missing` now.", "./missing"},
		{"figure", "# Title\nIt takes 3 ns.", "3 ns"},
		{"ratio", "# Title\n| a | 1.25x |", "1.25x"},
		{"memory", "# Title\nIt takes 300 MiB.", "300 MiB"},
		{"other section", "# Title\n## A\nMeasured with: `go test ./docs`\n## B\n3 ns", "3 ns"},
		{"measured with what", "# Title\nMeasured with: care.\n3 ns", "names no command"},
		{"measured with nothing there", "# Title\nMeasured with: `go run ./missing`\n3 ns", "./missing"},

		{"taken from", "# Title\n<!-- taken from: docs/benchmarks/RESULTS.md -->\n| a | 77.123 |", "77.123"},
		{"taken from nowhere", "# Title\n<!-- taken from: docs/no.md -->\n| a | 1.12 |", "no.md"},

		{"fine", "# Title\n[x](other.md#a-section-code-in-it), [y](#title), [z](https://example.com/x)", ""},
		{"fine command", "```sh\ngo test ./...  # all\n```", ""},
		{"fine reason", "<!-- not run: it needs a network -->\n\n```sh\nmake \\\n  all\n```", ""},
		{"fine directory", "<!-- not run: it needs a clone -->\n```sh\n(cd ../vstack/vstack && go install .)\n```", ""},
		{"fine figure", "# Title\nMeasured with: `go test ./docs -run Links`\n## B\n3 ns, 1 GB", ""},
		{"fine limit", "# Title\n<!-- figures: a limit -->\n3 ms. `4 ms`", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := Parse(root, "docs/page.md", test.text)
			problems := slices.Concat(p.BadLinks([]*Page{p, other}), p.BadCommands("run go test ./..."), p.BadFigures())
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

// Mistakes in blocks are found.
func TestGoBlocksBite(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"```go\nfunc f(\n```", "expected"},
		{"```go\nx := \n```", "expected"},
		{"<!-- prelude: func -->\n```go\nf()\n```", "prelude"},
		{"<!-- not compiled: no -->\n```go\nf()\n```", "reason"},
		{"<!-- part of: docs/release_test.go -->\n```go\nnothing there\n```", "not a part of docs/release_test.go"},
		{"<!-- part of: docs/no.go -->\n```go\nf()\n```", "no.go"},
		{"```go\nf()\n```\n<!-- output -->\n```text\nx\n```", "output"},
	} {
		_, problems := Parse(root, "docs/page.md", test.text).Sources(0)
		if got := strings.Join(problems, "\n"); !strings.Contains(got, test.want) {
			t.Errorf("%q: got %q, want something about %s", test.text, got, test.want)
		}
	}
	p := Parse(root, "docs/page.md", "```go\nfunc f() int { return undefinedName }\n```\n"+
		"```go\nvar s string = 1\n```\n```go\nfmt.Println(1)\n// Output: 1\n```")
	sources, problems := p.Sources(0)
	if problems != nil || len(sources) != 3 {
		t.Fatal(len(sources), problems)
	}
	goCommand, err := exec.LookPath("go")
	if err != nil || runtime.GOOS == "js" {
		t.Skip("no go command here")
	}
	_, err = Compile(t.Context(), goCommand, root, t.TempDir(), sources)
	for _, want := range []string{"page.md:2", "undefinedName", "page.md:5"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want something about %s", err, want)
		}
	}
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
			problems, err := BadPackage(fset, files, "example.com/p")
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
