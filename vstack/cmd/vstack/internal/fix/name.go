package fix

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/astutil"
)

// A naming gives a function literal a name to call itself by.
//
//	return func(n *Node) { ... }
//
// becomes
//
//	var self func(n *Node)
//	self = func(n *Node) { ... }
//	return self
//
// The literal stays where it is; what is in front of it in its statement moves
// behind it, so that the diff has the few lines that are new.
type naming struct {
	name string
	lit  *ast.FuncLit
	stmt ast.Stmt // that the literal is taken out of; nil if it stays an expression
	own  bool     // the statement is name := literal, and becomes var name; name = literal
}

// nameFor finds a way to give the literal a name.
func (s *source) nameFor(lit *ast.FuncLit, fresh *fresh) *naming {
	n := &naming{lit: lit}
	n.stmt = s.statementOf(lit)
	if n.stmt != nil && (s.hoisted[n.stmt] || !s.visibleAt(lit, n.stmt)) {
		n.stmt = nil
	}
	if v := s.defined(n.stmt, lit); v != nil {
		n.name, n.own = s.nameOfObject(v), true
		return n
	}
	n.name = fresh.name("self")
	return n
}

func (n *naming) render(s *source) {
	from, to := s.offset(n.lit.Pos()), s.offset(n.lit.End())
	typ := s.slice(n.lit.Type)
	if n.stmt == nil {
		// In the middle of something that cannot be split: a function around it.
		s.insert(from, "func() "+typ+" {\nvar "+n.name+" "+typ+"\n"+n.name+" = ")
		s.insert(to, "\nreturn "+n.name+"\n}()")
		return
	}
	s.hoisted[n.stmt] = true
	start := s.offset(n.stmt.Pos())
	indent := "\n" + s.indent(start)
	instead := "var " + n.name + " " + typ + indent + n.name + " = "
	if n.own {
		s.edits = append(s.edits, Edit{start, from, instead})
		return
	}
	s.moves = append(s.moves, move{from: start, to: from, instead: instead, at: to, pre: indent, suf: n.name})
}

// statementOf returns the statement of a list that the literal is in, outside of
// other function literals; nil if there is none, as for a variable of the package.
func (s *source) statementOf(lit *ast.FuncLit) ast.Stmt {
	path, _ := astutil.PathEnclosingInterval(s.file, lit.Pos(), lit.End())
	for i := 1; i < len(path); i++ {
		stmt, ok := path[i-1].(ast.Stmt)
		if !ok {
			continue
		}
		var list []ast.Stmt
		switch p := path[i].(type) {
		case *ast.BlockStmt:
			list = p.List
		case *ast.CaseClause:
			list = p.Body
		case *ast.CommClause:
			list = p.Body
		}
		for _, other := range list {
			if other == stmt {
				return stmt
			}
		}
	}
	return nil
}

// visibleAt reports whether all that the literal uses is there in front of stmt.
// The statement may declare something itself: if x := f(); g(func() { x() }).
func (s *source) visibleAt(lit *ast.FuncLit, stmt ast.Stmt) bool {
	ok := true
	ast.Inspect(lit, func(n ast.Node) bool {
		id, isIdent := n.(*ast.Ident)
		if !isIdent {
			return true
		}
		obj := s.pkg.TypesInfo.Uses[id]
		if obj == nil || lit.Pos() <= obj.Pos() && obj.Pos() < lit.End() {
			return true
		}
		if stmt.Pos() <= obj.Pos() && obj.Pos() < stmt.End() {
			ok = false
		}
		return ok
	})
	return ok
}

// defined returns the variable x if stmt is x := literal or var x = literal and the
// literal can call it: nothing else is ever in x, and it does not use another x.
func (s *source) defined(stmt ast.Stmt, lit *ast.FuncLit) *types.Var {
	var id *ast.Ident
	switch stmt := stmt.(type) {
	case *ast.AssignStmt:
		if stmt.Tok == token.DEFINE && len(stmt.Lhs) == 1 && stmt.Rhs[0] == ast.Expr(lit) {
			id, _ = stmt.Lhs[0].(*ast.Ident)
		}
	case *ast.DeclStmt:
		if decl := stmt.Decl.(*ast.GenDecl); decl.Tok == token.VAR && !decl.Lparen.IsValid() {
			spec := decl.Specs[0].(*ast.ValueSpec)
			if len(spec.Names) == 1 && len(spec.Values) == 1 && spec.Values[0] == ast.Expr(lit) && spec.Type == nil {
				id = spec.Names[0]
			}
		}
	}
	if id == nil {
		return nil
	}
	v, ok := s.pkg.TypesInfo.Defs[id].(*types.Var)
	if !ok || s.assignments(v) > 1 || s.uses(lit, id.Name) {
		return nil
	}
	return v
}

// uses reports whether the literal has an identifier of the name that is not a
// field's or a method's.
func (s *source) uses(lit *ast.FuncLit, name string) (found bool) {
	ast.Inspect(lit, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && id.Name == name {
			obj := s.pkg.TypesInfo.ObjectOf(id)
			v, isVar := obj.(*types.Var)
			found = found || obj == nil || !isVar || !v.IsField()
		}
		return !found
	})
	return found
}

// variableOf returns the variable that the literal is assigned to, if nothing else
// ever is and the literal can see it.
func (s *source) variableOf(lit *ast.FuncLit) *types.Var {
	info := s.pkg.TypesInfo
	var v *types.Var
	ast.Inspect(s.file, func(n ast.Node) bool {
		if a, ok := n.(*ast.AssignStmt); ok && a.Tok == token.ASSIGN && len(a.Lhs) == len(a.Rhs) {
			for i, e := range a.Rhs {
				if id, ok := a.Lhs[i].(*ast.Ident); ok && ast.Unparen(e) == ast.Expr(lit) {
					v, _ = info.Uses[id].(*types.Var)
				}
			}
		}
		return v == nil
	})
	if v == nil || v.Parent() == nil || s.assignments(v) != 1 {
		return nil
	}
	if v.Parent() == s.pkg.Types.Scope() && v.Exported() {
		return nil // other packages can assign to it
	}
	if v.Parent() != s.pkg.Types.Scope() && !(v.Parent().Contains(lit.Pos()) && v.Pos() < lit.Pos()) {
		return nil
	}
	return v
}

// assignments counts what can put a function into v, in all files of the package.
// Its declaration counts if it has a value.
func (s *source) assignments(v *types.Var) (n int) {
	info := s.pkg.TypesInfo
	is := func(e ast.Expr) bool {
		id, ok := ast.Unparen(e).(*ast.Ident)
		return ok && info.ObjectOf(id) == types.Object(v)
	}
	for _, file := range s.pkg.Syntax {
		if v.Parent() != s.pkg.Types.Scope() && file != s.file {
			continue
		}
		ast.Inspect(file, func(node ast.Node) bool {
			for _, e := range assigned(node) {
				if is(e) {
					n++
				}
			}
			if address, ok := node.(*ast.UnaryExpr); ok && address.Op == token.AND && is(address.X) {
				n += 2 // whoever has the pointer can
			}
			return true
		})
	}
	return n
}

// assigned returns what the node itself gives a value.
func assigned(node ast.Node) (all []ast.Expr) {
	switch node := node.(type) {
	case *ast.AssignStmt:
		return node.Lhs
	case *ast.RangeStmt:
		for _, e := range []ast.Expr{node.Key, node.Value} {
			if e != nil {
				all = append(all, e)
			}
		}
	case *ast.ValueSpec:
		if len(node.Values) > 0 {
			for _, id := range node.Names {
				all = append(all, id)
			}
		}
	}
	return all
}

func (s *source) nameOfObject(obj types.Object) string {
	if name, ok := s.renamed[obj]; ok {
		return name
	}
	return obj.Name()
}

// declares reports whether an identifier of the file declares obj. The variable of
// a type switch has one object for each clause, and is declared by none.
func (s *source) declares(obj types.Object) bool {
	if obj.Pos() < s.file.FileStart || obj.Pos() > s.file.FileEnd {
		return false
	}
	for id, o := range s.pkg.TypesInfo.Defs {
		if o == obj && id.Name == obj.Name() {
			return true
		}
	}
	return false
}
