// Package docs has the project's pages. Its test checks them; see [pages] for what a page
// can tell it.
package docs

import (
	"bytes"
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/vstack-go/vstack/docs/internal/pages"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const root = ".."

// each calls check for each page and reports the problems that it returns.
func each(t *testing.T, check func(p *pages.Page, all []*pages.Page) (problems []string)) {
	t.Helper()
	all, err := pages.Read(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Skip("no pages here")
	}
	for _, p := range all {
		for _, problem := range check(p, all) {
			t.Error(problem)
		}
	}
}

func TestLinks(t *testing.T) {
	each(t, func(p *pages.Page, all []*pages.Page) []string { return p.BadLinks(all) })
}

func TestFigures(t *testing.T) {
	each(t, func(p *pages.Page, _ []*pages.Page) []string { return p.BadFigures() })
}

// All pages together are short. Not counted are the appendices: results, and what contributors
// need. The reference is in the package comments.
func TestLength(t *testing.T) {
	appendices := []string{
		"docs/corpus.md", "docs/performance.md", "docs/reliability.md", "docs/peers.md", "docs/benchmarks/",
		"CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md",
	}
	total, at := 0, ""
	each(t, func(p *pages.Page, _ []*pages.Page) []string {
		if slices.ContainsFunc(appendices, func(prefix string) bool { return strings.HasPrefix(p.File, prefix) }) {
			return nil
		}
		total += p.Words
		at += fmt.Sprintf(" %s %d", p.File, p.Words)
		if p.File == "README.md" && (p.Words < 900 || p.Words > 1200) {
			return []string{fmt.Sprintf("README.md has %d words, want 900 to 1,200", p.Words)}
		}
		if p.File == "vstack/cmd/vstack/README.md" && p.Words > 350 {
			return []string{fmt.Sprintf("%s has %d words, want 350 at most: the reference is the package comment", p.File, p.Words)}
		}
		return nil
	})
	if total > 9000 {
		t.Errorf("%d words, want 9,000 at most:%s", total, at)
	}
	t.Logf("%d words:%s", total, at)
}

// Names in `code` exist in the packages.
func TestNames(t *testing.T) {
	exported, err := pages.Exported(root, "vstack", "scheduler")
	if err != nil {
		t.Fatal(err)
	}
	each(t, func(p *pages.Page, _ []*pages.Page) []string { return p.BadNames(exported) })
}

func TestCommands(t *testing.T) {
	var ci []byte
	for _, name := range []string{"run", "lint"} {
		text, err := os.ReadFile(filepath.Join(root, ".ci", name))
		if err != nil {
			t.Fatal(err)
		}
		ci = append(ci, text...)
	}
	each(t, func(p *pages.Page, _ []*pages.Page) []string {
		for _, b := range p.Blocks {
			if script, ok := b.Script(); ok {
				t.Run(fmt.Sprintf("%s:%d", p.File, b.Line), func(t *testing.T) { runShell(t, script) })
			}
		}
		return p.BadCommands(string(ci))
	})
}

// What a page says of setting up works in an empty module beside a clone.
func TestSetUp(t *testing.T) {
	clone, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	each(t, func(p *pages.Page, _ []*pages.Page) []string {
		for _, b := range p.Blocks {
			script, ok := b.ScriptOf("docs/docs_test.go TestSetUp")
			if !ok {
				continue
			}
			found = true
			t.Run(fmt.Sprintf("%s:%d", p.File, b.Line), func(t *testing.T) {
				dir := t.TempDir()
				if err := os.Symlink(clone, filepath.Join(dir, "vstack")); err != nil {
					t.Skip(err)
				}
				if err := os.Mkdir(filepath.Join(dir, "app"), 0o777); err != nil {
					t.Fatal(err)
				}
				runShell(t, "cd '"+dir+"/app'\nexport GOBIN='"+dir+"/bin' GOFLAGS= GOWORK=off\ngo mod init example.com/app\n"+
					script+"\necho 'package main; func main() {}' >main.go\ngo vet .\n../bin/vstack check\n")
			})
		}
		return nil
	})
	if !found {
		t.Error("no page says how to set up")
	}
}

func runShell(t *testing.T, script string) {
	t.Parallel()
	shell, err := exec.LookPath("sh")
	if err != nil || runtime.GOOS == "js" || testing.Short() {
		t.Skip("no shell, or -short")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, shell, "-e")
	cmd.Dir = root
	cmd.Stdin = strings.NewReader(script)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, pages.Tail(string(out)))
	}
}

// Go blocks compile, and those that are to be run do what the page says.
func TestGoBlocks(t *testing.T) {
	goCommand, err := exec.LookPath("go")
	if err != nil || runtime.GOOS == "js" {
		t.Skip("no go command here")
	}
	var sources []*pages.Source
	each(t, func(p *pages.Page, _ []*pages.Page) []string {
		more, problems := p.Sources(len(sources))
		sources = append(sources, more...)
		return problems
	})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	exe, err := pages.Compile(ctx, goCommand, root, t.TempDir(), sources)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sources {
		if s.Run {
			t.Run(fmt.Sprintf("%s:%d", s.Page.File, s.Line), func(t *testing.T) { runBlock(t, exe, s) })
		}
	}
}

func runBlock(t *testing.T, exe string, s *pages.Source) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, exe, s.Name())
	cmd.Dir = t.TempDir()
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s%s", err, pages.Tail(string(out)), pages.Tail(stderr.String()))
	}
	if got := pages.Tidy(string(out)); s.Output != nil && got != pages.Tidy(*s.Output) {
		t.Errorf("it prints\n%s\nand the page says\n%s", got, pages.Tidy(*s.Output))
	}
}

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
			problems, err := pages.BadPackage(fset, files, "github.com/vstack-go/vstack/"+dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, problem := range problems {
				t.Error(problem)
			}
		})
	}
}
