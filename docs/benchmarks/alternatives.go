package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"

	"github.com/vstack-go/vstack/docs/benchmarks/instead"
)

// insteadGroups are the works of package instead, in all their forms.
func insteadGroups(quick bool) []group {
	var groups []group
	for _, w := range instead.All {
		g := group{name: "instead " + w.Name, work: "instead", n: w.N, repeats: 1, turns: 5, size: map[string]int{}, same: true, memory: 3}
		if quick {
			g.n, g.memory = w.Less, 0
		}
		for _, way := range instead.Ways {
			if w.Source[way] == nil && way != "setmaxstack" {
				continue
			}
			name := w.Name + "/" + way
			g.ways = append(g.ways, name)
			if way == "goroutine" {
				// Each level takes 2.6 KiB: the whole would not fit.
				g.size[name] = w.Less
			}
		}
		groups = append(groups, g)
	}
	return groups
}

// lines counts the lines of code of the declarations, without blank lines and comments. A type
// counts with its methods.
func lines(names []string) (int, error) {
	total := 0
	for _, name := range names {
		dir := "instead"
		if rest, ok := strings.CutPrefix(name, "workload."); ok {
			dir, name = filepath.Join("..", "..", "stress", "workload"), rest
		}
		n, err := linesOf(dir, name)
		if err != nil {
			return 0, err
		}
		if n == 0 {
			return 0, fmt.Errorf("%s has no %s", dir, name)
		}
		total += n
	}
	return total, nil
}

// linesOf counts those of one declaration: a function, a type with its methods, or a method as
// TYPE.METHOD.
func linesOf(dir, name string) (int, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return 0, err
	}
	set := token.NewFileSet()
	total := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return 0, err
		}
		parsed, err := parser.ParseFile(set, file, text, 0)
		if err != nil {
			return 0, err
		}
		for _, d := range parsed.Decls {
			if declares(d, name) {
				total += codeLines(text[set.Position(d.Pos()).Offset:set.Position(d.End()).Offset])
			}
		}
	}
	return total, nil
}

// declares reports whether d is the declaration with that name, or a method of the type.
func declares(d ast.Decl, name string) bool {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			return d.Name.Name == name
		}
		receiver := receiverName(d.Recv.List[0].Type)
		return receiver == name || receiver+"."+d.Name.Name == name
	case *ast.GenDecl:
		t, ok := d.Specs[0].(*ast.TypeSpec)
		return ok && t.Name.Name == name
	}
	return false
}

// codeLines counts the lines that are no comments.
func codeLines(code []byte) (n int) {
	for line := range bytes.Lines(code) {
		if line := bytes.TrimSpace(line); len(line) > 0 && !bytes.HasPrefix(line, []byte("//")) {
			n++
		}
	}
	return n
}

func receiverName(t ast.Expr) string {
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if name, ok := t.(*ast.Ident); ok {
		return name.Name
	}
	return ""
}
