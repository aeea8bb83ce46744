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
	common := ""
	for _, n := range p.notes {
		if n.key == "prelude for all" {
			common += n.value + "\n"
		}
	}
	for _, b := range p.Blocks {
		_, isOutput := b.notes["output"]
		var err error
		switch {
		case b.lang == "go":
			var s *Source
			if s, err = p.source(b, n+len(sources), common); s != nil {
				sources = append(sources, s)
			}
		case isOutput && (len(sources) == 0 || !sources[len(sources)-1].Run):
			err = errors.New("no go block above is run, so this cannot be its output")
		case isOutput:
			sources[len(sources)-1].Output = &b.text
		}
		if err != nil {
			problems = append(problems, p.problem(b.Line, "%v", err))
		}
	}
	return sources, problems
}

// source makes a file of a go block, or none if the page says that it is not to be compiled.
// There may be a file and an error.
func (p *Page) source(b *Block, number int, common string) (*Source, error) {
	if reason, ok := b.notes["not compiled"]; ok {
		return nil, reasoned("not compiled", reason)
	}
	if file, ok := b.notes["part of"]; ok {
		text, err := os.ReadFile(filepath.Join(p.root, filepath.FromSlash(file)))
		if err != nil {
			return nil, fmt.Errorf("<!-- part of: -->: %w", err)
		}
		if !strings.Contains(squeezed(string(text)), squeezed(b.text)) {
			return nil, fmt.Errorf("it is not a part of %s", file)
		}
		return nil, nil
	}
	s := &Source{Block: b, pkg: fmt.Sprintf("block%03d", number)}
	if err := s.build(common); err != nil {
		return nil, err
	}
	if reason, ok := b.notes["not run"]; ok {
		s.Run = false
		return s, reasoned("not run", reason)
	}
	return s, nil
}

// reasoned says that a note's reason is none.
func reasoned(note, reason string) error {
	if len(reason) < shortest {
		return fmt.Errorf("<!-- %s: --> needs a reason", note)
	}
	return nil
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

const clause = "package p;"

var startsDeclaration = regexp.MustCompile(`^\s*(?:func [\w(]|type |import )`)

// fragment makes declarations of a block that is no file: it has declarations, or
// statements.
func (s *Source) fragment(text, place string) (*parts, error) {
	if _, in := s.notes["in"]; in {
		return s.statements(text, place)
	}
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, "", clause+text, parser.SkipObjectResolution)
	switch {
	case err == nil:
		return s.declarations(f, set, text, place), nil
	case startsDeclaration.MatchString(text):
		return nil, err
	}
	return s.statements(text, place)
}

// declarations takes the imports out, for the file has all of them at its head, and says
// what is to be run.
func (s *Source) declarations(f *ast.File, set *token.FileSet, text, place string) *parts {
	p := &parts{imports: importsOf(f), names: map[string]bool{}}
	body := []byte(clause + text)
	for _, d := range f.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.IMPORT {
			blank(body[set.Position(g.Pos()).Offset:set.Position(g.End()).Offset])
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
	return p
}

// importsOf returns a file's imports by the names that they have in it.
func importsOf(f *ast.File) map[string]string {
	imports := map[string]string{}
	for _, i := range f.Imports {
		path, _ := strconv.Unquote(i.Path.Value)
		name := path[strings.LastIndexByte(path, '/')+1:]
		imports[name] = i.Path.Value
		if i.Name != nil {
			name = i.Name.Name
			imports[name] = name + " " + i.Path.Value
		}
	}
	return imports
}

// blank writes spaces over text, and leaves its lines.
func blank(text []byte) {
	for i := range text {
		if text[i] != '\n' {
			text[i] = ' '
		}
	}
}

// statements makes a function of them: what the note "in" says, or one that is run if there
// is output to compare. Variables that only a reader uses are used at the end.
func (s *Source) statements(text, place string) (*parts, error) {
	in, hasIn := s.notes["in"]
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
	f, err := parser.ParseFile(token.NewFileSet(), "", clause+head+text+"\n}", parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	p := &parts{imports: map[string]string{}, names: map[string]bool{}, text: head + "\n" + place + text + "\n"}
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok {
			for _, name := range declaredBy(fn) {
				p.names[name] = true
			}
		}
	}
	delete(p.names, "_")
	for _, v := range variablesOf(f) {
		p.text += "_ = " + v + "\n"
	}
	if hasIn && strings.Contains(in, ")") && !strings.HasSuffix(in, "()") {
		p.text += "panic(\"the end\")\n"
	}
	p.text += "}\n"
	return p, nil
}

// variablesOf returns the variables of the outermost block of the last declaration that
// has one.
func variablesOf(f *ast.File) (variables []string) {
	for _, d := range f.Decls {
		ast.Inspect(d, func(n ast.Node) bool {
			if b, ok := n.(*ast.BlockStmt); ok {
				variables = locals(b)
				return false
			}
			return true
		})
	}
	return variables
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
