package fix

import (
	"fmt"
	"go/ast"
)

// names knows which names a declaration uses, so that a new one hides nothing.
type names struct{ used map[string]bool }

// names returns the names of the declaration at the top of the file that node is in.
// What is new is remembered: guards of several functions may be in it.
func (s *source) names(node ast.Node) *names {
	for _, d := range s.file.Decls {
		if d.Pos() <= node.Pos() && node.End() <= d.End() {
			node = d
		}
	}
	if n := s.taken[node]; n != nil {
		return n
	}
	n := &names{used: map[string]bool{}}
	ast.Inspect(node, func(node ast.Node) bool {
		if id, ok := node.(*ast.Ident); ok {
			n.used[id.Name] = true
		}
		return true
	})
	s.taken[node] = n
	return n
}

// A fresh gives names that nothing uses. They are taken only when the guard is
// written: a site may be looked at several times.
type fresh struct {
	names *names
	own   map[string]bool
}

func (f *fresh) name(like string) string {
	for i := 1; ; i++ {
		s := like
		if i > 1 {
			s = fmt.Sprint(like, i)
		}
		if !f.names.used[s] && !f.own[s] {
			f.own[s] = true
			return s
		}
	}
}

func (f *fresh) take() {
	for name := range f.own {
		f.names.used[name] = true
	}
}
