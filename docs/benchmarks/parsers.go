package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	exprparser "github.com/expr-lang/expr/parser"
	"github.com/valyala/fastjson"
)

// Parsers of others, with vstack's guard and without: what it costs a document that is not deep.
// The guards are written into a copy of the module.

// guardedWay is for a way that runs with the guarded copies.
const guardedWay = "guarded: "

// A guarded is a module with guards: after each of these heads of functions.
type guarded struct {
	module string
	file   string
	guards map[string]string
}

var guardedModules = []guarded{
	{"github.com/valyala/fastjson", "parser.go", map[string]string{
		"func (c *cache) parseArray(s string, depth int) (*Value, string, error) {":  threeResults("parseArray"),
		"func (c *cache) parseObject(s string, depth int) (*Value, string, error) {": threeResults("parseObject"),
	}},
	{"github.com/expr-lang/expr", "parser/parser.go", map[string]string{
		"func (p *Parser) parseExpression(precedence int) Node {": `
	if vstack.Low() {
		return vstack.Grow(func() Node { return p.parseExpression(precedence) })
	}`,
	}},
}

func threeResults(name string) string {
	return strings.ReplaceAll(`
	if vstack.Low() {
		s, depth := s, depth // which are assigned below: a closure would move them to the heap, in every call
		var v *Value
		var tail string
		var err error
		vstack.Do(func() { v, tail, err = c.NAME(s, depth) })
		return v, tail, err
	}`, "NAME", name)
}

// addParsers adds the parsers, as far as they can be built.
func (m *measurer) parserGroups() ([]group, error) {
	exe := filepath.Join(m.build, "guarded")
	if err := m.buildGuarded(exe); err != nil {
		return nil, fmt.Errorf("the parsers were left out: %w", err)
	}
	var groups []group
	for name, n := range map[string]int{"fastjson": 2000, "expr": 300} { // expr refuses more than 10,000 nodes
		g := group{name: "parser " + name, work: "parser " + name, n: n, repeats: 51, ways: []string{"plain grown", guardedWay + "plain grown"}}
		g.command = func(ctx context.Context, g group, way string) *exec.Cmd {
			program := m.exe
			way, copied := strings.CutPrefix(way, guardedWay)
			if copied {
				program = exe
			}
			return exec.CommandContext(ctx, program, "child", g.work, way, strconv.Itoa(g.n), strconv.Itoa(g.repeats))
		}
		groups = append(groups, g)
	}
	return groups, nil
}

// buildGuarded builds this program with copies of the parsers that have guards.
func (m *measurer) buildGuarded(exe string) error {
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		return err
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		return err
	}
	text := strings.Replace(string(mod), "=> ../..", "=> "+root, 1)
	for _, g := range guardedModules {
		out, err := exec.CommandContext(m.ctx, "go", "list", "-m", "-f", "{{.Dir}}", g.module).Output()
		if err != nil {
			return fmt.Errorf("go list -m %s: %w", g.module, err)
		}
		copied := filepath.Join(m.build, filepath.Base(g.module))
		if err := g.copy(strings.TrimSpace(string(out)), copied); err != nil {
			return err
		}
		text += fmt.Sprintf("\nreplace %s => %s\n", g.module, copied)
	}
	file := filepath.Join(m.build, "guarded.mod")
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		return err
	}
	sum, err := os.ReadFile("go.sum")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(m.build, "guarded.sum"), sum, 0o666); err != nil {
		return err
	}
	return m.build1("the parsers with guards", exec.CommandContext(m.ctx, "go", "build", "-mod=mod", "-modfile="+file, "-o", exe, "."))
}

// copy copies the module from one directory to another, with the guards.
func (g guarded) copy(from, to string) error {
	if err := os.CopyFS(to, os.DirFS(from)); err != nil && !os.IsExist(err) {
		return err
	}
	// The module cache is read-only, and so is a copy.
	err := filepath.WalkDir(to, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chmod(path, 0o777)
	})
	if err != nil {
		return err
	}
	file := filepath.Join(to, filepath.FromSlash(g.file))
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	source := strings.Replace(string(text), "import (", "import (\n\t\"github.com/vstack-go/vstack/vstack\"", 1)
	for head, guard := range g.guards {
		if strings.Count(source, head) != 1 {
			return fmt.Errorf("%s: %q is not there once", g.module, head)
		}
		source = strings.Replace(source, head, head+guard, 1)
	}
	return os.WriteFile(file, []byte(source), 0o666)
}

// parserWork parses an ordinary document of n records or so.
func parserWork(parse func(text string) error, record string) work {
	return func(way string, n, repeats int) sample {
		text := "[" + strings.Repeat(record+", ", n) + "0]"
		if err := parse(text); err != nil {
			never("%.200v", err)
		}
		var s sample
		fresh(func() { s = timed(len(text), repeats, func() { want(parse(text), nil) }) })
		return s
	}
}

var fastjsonParser fastjson.Parser

func init() {
	works["parser fastjson"] = parserWork(func(text string) error {
		_, err := fastjsonParser.Parse(text)
		return err
	}, `{"id": 1204, "name": "Ada Lovelace", "tags": ["first", "programmer"], "address": {"city": "London", "geo": [51.5, -0.12]}, "active": true, "note": null}`)
	works["parser expr"] = parserWork(func(text string) error {
		_, err := exprparser.Parse(text)
		return err
	}, `user.Age > 18 && (user.Name in ["Ada", "Grace"] || len(user.Tags) * 2 + 1 >= limit) ? "yes" : {no: -x ** 2}`)
}
