package pages

import (
	"fmt"
	"go/ast"
	"go/doc"
	"go/doc/comment"
	"go/token"
	"regexp"
	"slices"
	"strings"
)

// BadPackage says what is wrong with the examples and comments of a package whose
// files, tests among them, are given.
func BadPackage(fset *token.FileSet, files []*ast.File, importPath string) (problems []string, err error) {
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
