package pages

import (
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
	"slices"
	"strconv"
	"strings"
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

// A Source is a go block made into a Go file.
type Source struct {
	*Block
	Run    bool    // by the program, whose argument is Name
	Output *string // what it prints, if the page says so

	pkg  string
	text string
}

// entry is the function that runs a block.
const entry = "RunBlockOfPage"

// Compile compiles all blocks in one go, in the folder dir, by the go command of the given
// name, and returns the program that runs them.
// Each is a package in a module of its own that uses the repository by a replace,
// as a user's would; one program calls them, so that only one has to be linked.
func Compile(ctx context.Context, goCommand, root, dir string, sources []*Source) (exe string, err error) {
	mod, sum, err := module(root)
	if err != nil {
		return "", err
	}
	files := map[string]string{"go.mod": mod, "go.sum": sum, "all/main.go": program(sources)}
	for _, s := range sources {
		files[s.pkg+"/block.go"] = s.text
	}
	for name, text := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o777), os.WriteFile(name, []byte(text), 0o666)); err != nil {
			return "", err
		}
	}
	exe = filepath.Join(dir, "all.exe") // Windows wants a name like this

	build := func(args ...string) error {
		cmd := exec.CommandContext(ctx, goCommand, append([]string{"build"}, args...)...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod", "GOPROXY=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%w\n%s", err, Tail(string(out)))
		}
		return nil
	}
	// The program does not need the blocks that are not run.
	if err := build("./block..."); err != nil {
		return "", err
	}
	return exe, build("-ldflags=-s -w", "-o", exe, "./all")
}

// module returns a go.mod and go.sum that use the repository.
func module(root string) (mod, sum string, err error) {
	goMod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return "", "", err
	}
	goSum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		return "", "", err
	}
	here, err := filepath.Abs(root)
	if err != nil {
		return "", "", err
	}
	mod = regexp.MustCompile(`(?m)^module .*$`).ReplaceAllString(string(goMod), "module example.com/docs")
	mod += "\nrequire github.com/vstack-go/vstack v0.0.0\n" +
		"\nreplace github.com/vstack-go/vstack => " + strconv.Quote(here) + "\n"
	return mod, string(goSum), nil
}

// program returns a program whose argument says which block to run.
func program(sources []*Source) string {
	var imports, cases strings.Builder
	for _, s := range sources {
		if s.Run {
			fmt.Fprintf(&imports, "\t%q\n", "example.com/docs/"+s.pkg)
			fmt.Fprintf(&cases, "\tcase %q:\n\t\t%s.%s()\n", s.pkg, s.pkg, entry)
		}
	}
	return fmt.Sprintf("package main\n\nimport (\n\t\"os\"\n%s)\n\nfunc main() {\n\tblock := os.Args[1]\n"+
		"\tos.Args = os.Args[:1]\n\tswitch block {\n%s\t}\n}\n", &imports, &cases)
}

// Name is the source's, for the program.
func (s *Source) Name() string { return s.pkg }

// Sources makes the page's go blocks into files; n others there are before them.
func (p *Page) Sources(n int) (sources []*Source, problems []string) {
	problem := func(b *Block, format string, args ...any) {
		problems = append(problems, p.problem(b.Line, format, args...))
	}
	common := ""
	for _, n := range p.notes {
		if n.key == "prelude for all" {
			common += n.value + "\n"
		}
	}
	for _, b := range p.Blocks {
		if _, ok := b.notes["output"]; ok && b.lang != "go" {
			if len(sources) == 0 || !sources[len(sources)-1].Run {
				problem(b, "no go block above is run, so this cannot be its output")
				continue
			}
			sources[len(sources)-1].Output = &b.text
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
			if text, err := os.ReadFile(filepath.Join(p.root, filepath.FromSlash(file))); err != nil {
				problem(b, "<!-- part of: -->: %v", err)
			} else if !strings.Contains(squeezed(string(text)), squeezed(b.text)) {
				problem(b, "it is not a part of %s", file)
			}
			continue
		}
		s := &Source{Block: b, pkg: fmt.Sprintf("block%03d", n+len(sources))}
		if err := s.build(common); err != nil {
			problem(b, "%v", err)
			continue
		}
		if reason, ok := b.notes["not run"]; ok {
			if len(reason) < shortest {
				problem(b, "<!-- not run: --> needs a reason")
			}
			s.Run = false
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
func (s *Source) build(common string) error {
	text := s.Block.text
	if m := outputs.FindStringSubmatch(text); m != nil {
		want := m[1] + "\n"
		for line := range strings.Lines(m[2]) {
			want += strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(line), "//"), " ") + "\n"
		}
		s.Output = &want
	}
	place := fmt.Sprintf("//line %s:%d\n", path.Base(s.Page.File), s.Line)
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
func (s *Source) whole(text, place, name string) error {
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
			s.Run = true
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
func (s *Source) fragment(text, place string) (*parts, error) {
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
				s.Run = true
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
	if s.Output != nil {
		head = "func " + entry + "() {"
		s.Run = true
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

// Tail returns the end of a long text.
func Tail(text string) string {
	const most = 4000
	if len(text) > most {
		return "...\n" + text[len(text)-most:]
	}
	return text
}

// Tidy removes what no reader sees at the ends of lines.
func Tidy(text string) string {
	var lines []string
	for line := range strings.Lines(strings.TrimSpace(text)) {
		lines = append(lines, strings.TrimRight(line, " \t\r\n"))
	}
	return strings.Join(lines, "\n")
}
