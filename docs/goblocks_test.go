package docs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// imports are the packages that a fragment may use without importing them.
var imports = map[string]string{
	"vstack":    "github.com/vstack-go/vstack/vstack",
	"scheduler": "github.com/vstack-go/vstack/scheduler",
	"serve":     "github.com/vstack-go/vstack/vstack/serve",
	"atomic":    "sync/atomic",
	"debug":     "runtime/debug",
	"filepath":  "path/filepath",
	"http":      "net/http",
	"httptest":  "net/http/httptest",
	"json":      "encoding/json",
	"pprof":     "runtime/pprof",
	"slog":      "log/slog",
	"trace":     "runtime/trace",
	"utf8":      "unicode/utf8",
}

func init() {
	for _, path := range strings.Fields("bufio bytes cmp context errors expvar flag fmt io iter log maps math os path" +
		" reflect regexp runtime slices sort strconv strings sync testing time unicode") {
		imports[path] = path
	}
}

// A source is a go block made into a Go file.
type source struct {
	*block
	pkg    string
	text   string
	run    bool
	output *string // what it prints, if the page says so
}

// entry is the function that runs a block.
const entry = "RunBlockOfPage"

// TestGoBlocks compiles all blocks and runs those that are to be run.
func TestGoBlocks(t *testing.T) {
	var sources []*source
	for _, p := range pages(t) {
		more, problems := p.sources(len(sources))
		for _, problem := range problems {
			t.Error(problem)
		}
		sources = append(sources, more...)
	}
	exe, err := compile(t, sources)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sources {
		if !s.run {
			continue
		}
		t.Run(fmt.Sprintf("%s:%d", s.page.file, s.line), func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			var stderr bytes.Buffer
			cmd := exec.CommandContext(ctx, exe, s.pkg)
			cmd.Dir = t.TempDir()
			cmd.Stderr = &stderr
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v\n%s%s", err, tail(string(out)), tail(stderr.String()))
			}
			if got := tidy(string(out)); s.output != nil && got != tidy(*s.output) {
				t.Errorf("it prints\n%s\nand the page says\n%s", got, tidy(*s.output))
			}
		})
	}
}

// compile compiles all blocks in one go, and returns the program that runs them.
// Each is a package in a module of its own that uses the repository by a replace,
// as a user's would; one program calls them, so that only one has to be linked.
func compile(t *testing.T, sources []*source) (exe string, err error) {
	t.Helper()
	gocmd, err := exec.LookPath("go")
	if err != nil || runtime.GOOS == "js" {
		t.Skip("no go command here")
	}
	dir := t.TempDir()
	write := func(name, text string) {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o777), os.WriteFile(name, []byte(text), 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	mod, sum := module(t)
	write("go.mod", mod)
	write("go.sum", sum)
	for _, s := range sources {
		write(s.pkg+"/block.go", s.text)
	}
	write("all/main.go", program(sources))
	exe = filepath.Join(dir, "all.exe") // Windows wants a name like this

	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	build := func(args ...string) error {
		cmd := exec.CommandContext(ctx, gocmd, append([]string{"build"}, args...)...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod", "GOPROXY=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%w\n%s", err, tail(string(out)))
		}
		return nil
	}
	// The program does not need the blocks that are not run.
	if err := build("./block..."); err != nil {
		return "", err
	}
	return exe, build("-ldflags=-s -w", "-o", exe, "./all")
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
		_, problems := parsePage("docs/page.md", test.text).sources(0)
		if got := strings.Join(problems, "\n"); !strings.Contains(got, test.want) {
			t.Errorf("%q: got %q, want something about %s", test.text, got, test.want)
		}
	}
	p := parsePage("docs/page.md", "```go\nfunc f() int { return undefinedName }\n```\n"+
		"```go\nvar s string = 1\n```\n```go\nfmt.Println(1)\n// Output: 1\n```")
	sources, problems := p.sources(0)
	if problems != nil || len(sources) != 3 {
		t.Fatal(len(sources), problems)
	}
	_, err := compile(t, sources)
	for _, want := range []string{"page.md:2", "undefinedName", "page.md:5"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want something about %s", err, want)
		}
	}
}

// tidy removes what no reader sees at the ends of lines.
func tidy(text string) string {
	var lines []string
	for line := range strings.Lines(strings.TrimSpace(text)) {
		lines = append(lines, strings.TrimRight(line, " \t\r\n"))
	}
	return strings.Join(lines, "\n")
}

// module returns a go.mod and go.sum that use the repository.
func module(t *testing.T) (mod, sum string) {
	t.Helper()
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	here, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	mod = regexp.MustCompile(`(?m)^module .*$`).ReplaceAllString(read("go.mod"), "module example.com/docs")
	mod += "\nrequire github.com/vstack-go/vstack v0.0.0\n" +
		"\nreplace github.com/vstack-go/vstack => " + strconv.Quote(here) + "\n"
	return mod, read("go.sum")
}

// program returns a program whose argument says which block to run.
func program(sources []*source) string {
	var imports, cases strings.Builder
	for _, s := range sources {
		if s.run {
			fmt.Fprintf(&imports, "\t%q\n", "example.com/docs/"+s.pkg)
			fmt.Fprintf(&cases, "\tcase %q:\n\t\t%s.%s()\n", s.pkg, s.pkg, entry)
		}
	}
	return fmt.Sprintf("package main\n\nimport (\n\t\"os\"\n%s)\n\nfunc main() {\n\tblock := os.Args[1]\n"+
		"\tos.Args = os.Args[:1]\n\tswitch block {\n%s\t}\n}\n", &imports, &cases)
}

// sources makes the page's go blocks into files.
func (p *page) sources(n int) (sources []*source, problems []string) {
	problem := func(b *block, format string, args ...any) {
		problems = append(problems, p.problem(b.line, format, args...))
	}
	common := ""
	for _, n := range p.notes {
		if n.key == "prelude for all" {
			common += n.value + "\n"
		}
	}
	for _, b := range p.blocks {
		if _, ok := b.notes["output"]; ok && b.lang != "go" {
			if len(sources) == 0 || !sources[len(sources)-1].run {
				problem(b, "no go block above is run, so this cannot be its output")
				continue
			}
			sources[len(sources)-1].output = &b.text
			continue
		}
		if b.lang != "go" {
			continue
		}
		if reason, ok := b.notes["not compiled"]; ok {
			if len(reason) < shortest {
				problem(b, "<!-- not compiled: --> needs a reason")
			}
			continue
		}
		if file, ok := b.notes["part of"]; ok {
			if text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file))); err != nil {
				problem(b, "<!-- part of: -->: %v", err)
			} else if !strings.Contains(squeezed(string(text)), squeezed(b.text)) {
				problem(b, "it is not a part of %s", file)
			}
			continue
		}
		s := &source{block: b, pkg: fmt.Sprintf("block%03d", n+len(sources))}
		if err := s.build(common); err != nil {
			problem(b, "%v", err)
			continue
		}
		if reason, ok := b.notes["not run"]; ok {
			if len(reason) < shortest {
				problem(b, "<!-- not run: --> needs a reason")
			}
			s.run = false
		}
		sources = append(sources, s)
	}
	return sources, problems
}

// squeezed is text with one space for each piece of white space.
func squeezed(text string) string { return strings.Join(strings.Fields(text), " ") }

var (
	leftOut = regexp.MustCompile(`(?m)^([ \t]*)\.\.\.([ \t]*//.*)?$`)
	outputs = regexp.MustCompile(`(?m)^\s*// Output:(.*)\n((?:\s*//.*\n)*)`)
)

// build makes the file's text.
func (s *source) build(common string) error {
	text := s.block.text
	if m := outputs.FindStringSubmatch(text); m != nil {
		want := m[1] + "\n"
		for line := range strings.Lines(m[2]) {
			want += strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(line), "//"), " ") + "\n"
		}
		s.output = &want
	}
	place := fmt.Sprintf("//line %s:%d\n", path.Base(s.page.file), s.line)
	if whole, err := parser.ParseFile(token.NewFileSet(), "", text, parser.PackageClauseOnly); err == nil {
		return s.whole(text, place, whole.Name.Name)
	}
	text = leftOut.ReplaceAllString(text, `${1}panic("left out")`)
	parts, err := s.fragment(text, place)
	if err != nil {
		return err
	}
	used := slices.Collect(maps.Keys(parts.names))
	prelude, err := without(s.notes["prelude"], used)
	if err != nil {
		return fmt.Errorf("prelude: %w", err)
	}
	names, err := namesIn(prelude)
	if err != nil {
		return fmt.Errorf("prelude: %w", err)
	}
	common, err = without(common, append(used, names...))
	if err != nil {
		return fmt.Errorf("prelude for all: %w", err)
	}
	body := parts.text + "\n//line prelude.go:1\n" + prelude + "\n" + common
	f, err := parser.ParseFile(token.NewFileSet(), "", "package p\n"+body, 0)
	if err != nil {
		return err
	}
	need := maps.Clone(parts.imports)
	for _, id := range f.Unresolved {
		if path, ok := imports[id.Name]; ok && need[id.Name] == "" {
			need[id.Name] = strconv.Quote(path)
		}
	}
	head := "package " + s.pkg + "\n\n"
	for _, name := range slices.Sorted(maps.Keys(need)) {
		head += "import " + need[name] + "\n"
	}
	s.text = head + "\n" + body
	return nil
}

// whole makes a file of a block that is one.
func (s *source) whole(text, place, name string) error {
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, "", text, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	type edit struct {
		at       token.Pos
		old, new string
	}
	edits := []edit{{f.Name.Pos(), name, s.pkg}}
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && name == "main" && fn.Recv == nil && fn.Name.Name == "main" {
			edits = append(edits, edit{fn.Name.Pos(), "main", entry})
			s.run = true
		}
	}
	for _, e := range slices.Backward(edits) {
		at := set.Position(e.at).Offset
		text = text[:at] + e.new + text[at+len(e.old):]
	}
	s.text = place + text
	return nil
}

// parts is what a fragment consists of.
type parts struct {
	text    string
	imports map[string]string // by name
	names   map[string]bool   // that it declares
}

// fragment makes declarations of a block that is no file.
func (s *source) fragment(text, place string) (*parts, error) {
	const clause = "package p;"
	set := token.NewFileSet()
	p := &parts{imports: map[string]string{}, names: map[string]bool{}}
	f, err := parser.ParseFile(set, "", clause+text, parser.SkipObjectResolution)
	in, hasIn := s.notes["in"]
	if err == nil && !hasIn {
		for _, i := range f.Imports {
			path, _ := strconv.Unquote(i.Path.Value)
			name := path[strings.LastIndexByte(path, '/')+1:]
			p.imports[name] = i.Path.Value
			if i.Name != nil {
				name = i.Name.Name
				p.imports[name] = name + " " + i.Path.Value
			}
		}
		body := []byte(clause + text)
		for _, d := range f.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.IMPORT {
				for i := set.Position(g.Pos()).Offset; i < set.Position(g.End()).Offset; i++ {
					if body[i] != '\n' {
						body[i] = ' '
					}
				}
			}
			for _, name := range declaredBy(d) {
				p.names[name] = true
			}
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && (fn.Name.Name == "main" || strings.HasPrefix(fn.Name.Name, "Example")) {
				p.text += fmt.Sprintf("func %s() { %s() }\n", entry, fn.Name.Name)
				s.run = true
			}
		}
		delete(p.names, "_")
		delete(p.names, "init")
		p.text += place + string(body[len(clause):])
		return p, nil
	}
	if err != nil && regexp.MustCompile(`^\s*(?:func [\w(]|type |import )`).MatchString(text) && !hasIn {
		return nil, err
	}
	// Statements. Variables that only a reader uses are used at the end.
	head := "func _() {"
	if s.output != nil {
		head = "func " + entry + "() {"
		s.run = true
	}
	if hasIn {
		head = in + " {"
		if strings.HasPrefix(in, "func(") {
			head = "var _ = " + head
		}
	}
	f, err = parser.ParseFile(set, "", clause+head+text+"\n}", parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var variables []string
	for _, d := range f.Decls {
		ast.Inspect(d, func(n ast.Node) bool {
			b, ok := n.(*ast.BlockStmt)
			if !ok {
				return true
			}
			variables = locals(b)
			return false // the outermost one only
		})
		if fn, ok := d.(*ast.FuncDecl); ok {
			for _, name := range declaredBy(fn) {
				p.names[name] = true
			}
		}
	}
	delete(p.names, "_")
	p.text = head + "\n" + place + text + "\n"
	for _, v := range variables {
		p.text += "_ = " + v + "\n"
	}
	if hasIn && strings.Contains(in, ")") && !strings.HasSuffix(in, "()") {
		p.text += "panic(\"the end\")\n"
	}
	p.text += "}\n"
	return p, nil
}

// locals returns the variables that a block declares.
func locals(b *ast.BlockStmt) (names []string) {
	add := func(e ast.Expr) {
		if id, ok := e.(*ast.Ident); ok && id.Name != "_" && !slices.Contains(names, id.Name) {
			names = append(names, id.Name)
		}
	}
	for _, stmt := range b.List {
		switch stmt := stmt.(type) {
		case *ast.AssignStmt:
			if stmt.Tok == token.DEFINE {
				for _, e := range stmt.Lhs {
					add(e)
				}
			}
		case *ast.DeclStmt:
			if g, ok := stmt.Decl.(*ast.GenDecl); ok && g.Tok == token.VAR {
				for _, spec := range g.Specs {
					for _, id := range spec.(*ast.ValueSpec).Names {
						add(id)
					}
				}
			}
		}
	}
	return names
}

func namesIn(text string) ([]string, error) {
	f, err := parser.ParseFile(token.NewFileSet(), "", "package p\n"+text, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	return declared(f), nil
}

// without returns the declarations in text that declare none of names.
func without(text string, names []string) (string, error) {
	const clause = "package p\n"
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, "", clause+text, parser.SkipObjectResolution)
	if err != nil {
		return "", err
	}
	left := ""
	for _, d := range f.Decls {
		if !slices.ContainsFunc(declaredBy(d), func(name string) bool { return slices.Contains(names, name) }) {
			left += (clause + text)[set.Position(d.Pos()).Offset:set.Position(d.End()).Offset] + "\n"
		}
	}
	return left, nil
}
