package main

import (
	"fmt"
	"go/ast"
	"go/build/constraint"
	"go/constant"
	"go/parser"
	"go/printer"
	"go/token"
	"go/types"
	htmltemplate "html/template"
	"io"
	"regexp"
	"regexp/syntax"
	"strings"
	"text/template"
	"text/template/parse"
)

// Languages: Go, regular expressions, templates.

func parens(n int) ast.Expr {
	var e ast.Expr = &ast.BasicLit{Kind: token.INT, Value: "1"}
	for range n {
		e = &ast.ParenExpr{X: e}
	}
	return e
}

func binaries(n int) ast.Expr {
	var e ast.Expr = &ast.BasicLit{Kind: token.INT, Value: "1"}
	for range n {
		e = &ast.BinaryExpr{X: e, Op: token.ADD, Y: &ast.BasicLit{Kind: token.INT, Value: "1"}}
	}
	return e
}

func typePointers(n int) types.Type {
	var t types.Type = types.Typ[types.Int]
	for range n {
		t = types.NewPointer(t)
	}
	return t
}

func captures(n int) *syntax.Regexp {
	re := &syntax.Regexp{Op: syntax.OpLiteral, Rune: []rune("a")}
	for i := range n {
		re = &syntax.Regexp{Op: syntax.OpCapture, Cap: i + 1, Sub: []*syntax.Regexp{re}}
	}
	return re
}

func init() {
	ways["ast.Inspect"] = func(n int) error { ast.Inspect(parens(n), func(ast.Node) bool { return true }); return nil }
	ways["ast.Preorder"] = func(n int) error {
		count := 0
		for range ast.Preorder(binaries(n)) {
			count++
		}
		if count != 2*n+1 {
			return fmt.Errorf("%d nodes", count)
		}
		return nil
	}
	ways["ast.IsExported in comments"] = func(n int) error {
		ast.NewCommentMap(token.NewFileSet(), parens(n), []*ast.CommentGroup{{List: []*ast.Comment{{Text: "// x"}}}})
		return nil
	}
	ways["parser.ParseExpr"] = func(n int) error {
		_, err := parser.ParseExpr(strings.Repeat("(", n) + "1" + strings.Repeat(")", n))
		return err
	}
	fewer["printer.Fprint"] = 30
	ways["printer.Fprint"] = func(n int) error { return printer.Fprint(io.Discard, token.NewFileSet(), parens(n)) }
	ways["types.ExprString"] = func(n int) error { types.ExprString(parens(n)); return nil }
	ways["types.CheckExpr"] = func(n int) error {
		return types.CheckExpr(token.NewFileSet(), types.NewPackage("p", "p"), token.NoPos, parens(n), &types.Info{})
	}
	ways["types.Identical"] = func(n int) error {
		if !types.Identical(typePointers(n), typePointers(n)) {
			return fmt.Errorf("they are not")
		}
		return nil
	}
	ways["types.TypeString"] = func(n int) error { types.TypeString(typePointers(n), nil); return nil }
	ways["constant.BinaryOp"] = func(n int) error {
		v := constant.MakeString("x")
		for range n {
			v = constant.BinaryOp(v, token.ADD, constant.MakeString("y"))
		}
		if len(constant.StringVal(v)) != n+1 {
			return fmt.Errorf("another length")
		}
		return nil
	}
	ways["constraint.Parse"] = func(n int) error {
		_, err := constraint.Parse("//go:build " + strings.Repeat("(", n) + "a" + strings.Repeat(")", n))
		return err
	}
	ways["constraint.Expr.Eval"] = func(n int) error {
		var x constraint.Expr = &constraint.TagExpr{Tag: "a"}
		for range n {
			x = &constraint.NotExpr{X: x}
		}
		x.Eval(func(string) bool { return true })
		return nil
	}
	fewer["constraint.Expr.String"] = 100 // it copies
	ways["constraint.Expr.String"] = func(n int) error {
		var x constraint.Expr = &constraint.TagExpr{Tag: "a"}
		for range n {
			x = &constraint.NotExpr{X: x}
		}
		_ = x.String()
		return nil
	}
	ways["regexp.Compile"] = func(n int) error {
		_, err := regexp.Compile(strings.Repeat("(", n) + "a" + strings.Repeat(")", n))
		return err
	}
	ways["syntax.Regexp.String"] = func(n int) error { _ = captures(n).String(); return nil }
	ways["syntax.Regexp.Simplify"] = func(n int) error { captures(n).Simplify(); return nil }
	ways["syntax.Regexp.MaxCap"] = func(n int) error { captures(n).MaxCap(); return nil }
	ways["syntax.Regexp.Equal"] = func(n int) error {
		if !captures(n).Equal(captures(n)) {
			return fmt.Errorf("they are not")
		}
		return nil
	}
	ways["syntax.Compile"] = func(n int) error { _, err := syntax.Compile(captures(n)); return err }
	ifs := func(n int) string { return strings.Repeat("{{if .}}", n) + "x" + strings.Repeat("{{end}}", n) }
	ways["template.Parse"] = func(n int) error { _, err := template.New("x").Parse(ifs(n)); return err }
	ways["template.Parse parentheses"] = func(n int) error {
		_, err := template.New("x").Parse("{{" + strings.Repeat("(", n) + "1" + strings.Repeat(")", n) + "}}")
		return err
	}
	ways["template.Execute"] = func(n int) error {
		t, err := template.New("x").Parse(ifs(n))
		if err != nil {
			return err
		}
		return t.Execute(io.Discard, true)
	}
	ways["template.Execute itself"] = func(n int) error {
		return template.Must(template.New("x").Parse(`{{with .Next}}{{template "x" .}}{{end}}`)).Execute(io.Discard, lists(n))
	}
	ways["template printf"] = func(n int) error {
		return template.Must(template.New("x").Parse(`{{printf "%v" .}}`)).Execute(io.Discard, slicesOf(n))
	}
	ways["parse.Tree.Copy"] = func(n int) error {
		trees, err := parse.Parse("x", ifs(n), "", "")
		if err != nil {
			return err
		}
		trees["x"].Copy()
		_ = trees["x"].Root.String()
		return nil
	}
	fewer["html/template escape"] = 10
	ways["html/template escape"] = func(n int) error {
		t, err := htmltemplate.New("x").Parse("<p>" + ifs(n))
		if err != nil {
			return err
		}
		return t.Execute(io.Discard, true)
	}
	ways["html/template script"] = func(n int) error {
		return htmltemplate.Must(htmltemplate.New("x").Parse("<script>x = {{.}}</script>")).Execute(io.Discard, lists(n))
	}
}
