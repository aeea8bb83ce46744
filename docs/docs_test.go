// Package docs checks the project's pages, so that they cannot rot: README.md
// and every other Markdown file of the repository.
//
//   - Every ```go block compiles. Whole programs and blocks with an "// Output:"
//     comment are run.
//   - Links between files lead somewhere, anchors too.
//   - Every command in a ```sh block is run by .ci/run or by a test, or the page
//     says why not. What commands name (packages, tests, benchmarks) exists.
//   - A section with a figure in it names the command that measured it.
//   - Names such as `vstack.Run` exist.
//
// A page talks to this test in HTML comments, which readers do not see. One that
// stands above a block, with nothing but blank lines or other comments between,
// is about the block:
//
//	<!-- prelude: GO -->          declarations that a go block needs beside it
//	<!-- in: func(n int) error --> the function a go block is the body of
//	<!-- not compiled: REASON -->
//	<!-- part of: FILE -->        a go block that is compiled, and said, there
//	<!-- not run: REASON -->      for a go block or a sh block
//	<!-- run -->                  this test runs the sh block
//	<!-- run by: FILE TestName --> another test does
//	<!-- output -->               the block is what the go block above prints
//
// Three are about more than one block:
//
//	<!-- prelude for all: GO -->  for the go blocks of the page that need it
//	<!-- figures: REASON -->      the section's figures are not measurements
//	<!-- taken from: FILE -->     the numbers of the section's tables stand in that page too
//
// A go block that starts with a package clause is a whole file. Any other is a
// fragment: declarations, or statements. The packages that it uses need no import,
// and a line that starts with "..." stands for code left out.
//
// Figures are what figure matches. Their section, or one that it is part of, has a
// line that starts with "Measured with:" and names commands.
package docs

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const root = ".."

// pages reads the repository's Markdown files.
func pages(t *testing.T) (pages []*page) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if name == "testdata" || strings.HasPrefix(name, ".") && path != root {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(name) != ".md" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		file, err := filepath.Rel(root, path)
		pages = append(pages, parsePage(filepath.ToSlash(file), string(text)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(pages) == 0 {
		t.Skip("no pages here")
	}
	return pages
}

func TestLinks(t *testing.T) {
	all := pages(t)
	for _, p := range all {
		for _, problem := range p.badLinks(all) {
			t.Error(problem)
		}
	}
}

func TestCommands(t *testing.T) {
	ci, err := os.ReadFile(filepath.Join(root, ".ci", "run"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pages(t) {
		for _, problem := range p.badCommands(string(ci)) {
			t.Error(problem)
		}
		for _, b := range p.blocks {
			if _, ok := b.notes["run"]; ok && b.isShell() {
				t.Run(fmt.Sprintf("%s:%d", p.file, b.line), b.runShell)
			}
		}
	}
}

// runShell runs the block's commands.
func (b *block) runShell(t *testing.T) {
	t.Parallel()
	shell, err := exec.LookPath("sh")
	if err != nil || runtime.GOOS == "js" || testing.Short() {
		t.Skip("no shell, or -short")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, shell, "-e")
	cmd.Dir = root
	cmd.Stdin = strings.NewReader(strings.Join(b.commands(), "\n"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, tail(string(out)))
	}
}

func TestFigures(t *testing.T) {
	for _, p := range pages(t) {
		for _, problem := range p.badFigures() {
			t.Error(problem)
		}
	}
}

// All pages together are short: 9,000 words with docs/build.md, which has 1,500 of them. Not
// counted are results, and the reference of the command and of contributors.
func TestLength(t *testing.T) {
	appendices := []string{
		"docs/corpus.md", "docs/performance.md", "docs/reliability.md", "docs/peers.md", "docs/benchmarks/",
		"CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "vstack/cmd/vstack/README.md", "docs/build.md",
	}
	total, at := 0, ""
	for _, p := range pages(t) {
		if slices.ContainsFunc(appendices, func(prefix string) bool { return strings.HasPrefix(p.file, prefix) }) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(p.file)))
		if err != nil {
			t.Fatal(err)
		}
		words := len(strings.Fields(string(text))) // as wc -w, code and tables with it
		total += words
		at += fmt.Sprintf(" %s %d", p.file, words)
		if p.file == "README.md" && (words < 900 || words > 1200) {
			t.Errorf("README.md has %d words, want 900 to 1,200", words)
		}
	}
	if total > 7500 {
		t.Errorf("%d words, want 7,500 at most:%s", total, at)
	}
}

// Names in `code` exist in the packages.
func TestNames(t *testing.T) {
	exported := map[string][]string{}
	for _, pkg := range []string{"vstack", "scheduler"} {
		files, err := filepath.Glob(filepath.Join(root, pkg, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			exported[pkg] = append(exported[pkg], declared(f)...)
		}
	}
	name := regexp.MustCompile(`\b(vstack|scheduler)\.([A-Z]\w*)`)
	for _, p := range pages(t) {
		for i, line := range p.prose {
			for _, code := range inlineCode.FindAllString(line, -1) {
				for _, m := range name.FindAllStringSubmatch(code, -1) {
					if !slices.Contains(exported[m[1]], m[2]) {
						t.Errorf("%s:%d: there is no %s", p.file, i+1, m[0])
					}
				}
			}
		}
	}
}

// declared returns the names that f declares, methods left out.
func declared(f *ast.File) (names []string) {
	for _, d := range f.Decls {
		names = append(names, declaredBy(d)...)
	}
	return names
}

func declaredBy(d ast.Decl) (names []string) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			return []string{d.Name.Name}
		}
		// A method counts as "Type.Name".
		kind := d.Recv.List[0].Type
		if star, ok := kind.(*ast.StarExpr); ok {
			kind = star.X
		}
		if id, ok := kind.(*ast.Ident); ok {
			return []string{id.Name + "." + d.Name.Name}
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				names = append(names, spec.Name.Name)
			case *ast.ValueSpec:
				for _, id := range spec.Names {
					names = append(names, id.Name)
				}
			}
		}
	}
	return names
}

// tail returns the end of a long text.
func tail(text string) string {
	const most = 4000
	if len(text) > most {
		return "...\n" + text[len(text)-most:]
	}
	return text
}

// The checks find what they are for.
func TestChecksBite(t *testing.T) {
	other := parsePage("docs/other.md", "# Other\n\n## A section, `code` in it\n")
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
		{"fine figure", "# Title\nMeasured with: `go test ./docs -run Bite`\n## B\n3 ns, 1 GB", ""},
		{"fine limit", "# Title\n<!-- figures: a limit -->\n3 ms. `4 ms`", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := parsePage("docs/page.md", test.text)
			problems := slices.Concat(p.badLinks([]*page{p, other}), p.badCommands("run go test ./..."), p.badFigures())
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
