package fix

import (
	"bytes"
	"fmt"
	"go/ast"
	"strings"
)

// render writes the guard, and what it needs beside it. It is the first statement of the
// function, but for what only leaves it.
func (s *site) render() {
	s.fresh.take()
	s.file.edits = append(s.file.edits, s.edits...)
	for _, r := range s.renames {
		s.file.rename(r.obj, r.name)
	}
	if s.naming != nil {
		s.naming.render(s.file)
	}
	lines := append([]string{fmt.Sprintf("if %s {", s.low())}, s.branch()...)
	text := strings.Join(append(lines, "}"), "\n")
	switch {
	case s.old != nil && s.old.Stmt == s.body.List[0]:
		s.file.replace(s.old.Stmt, text)
	case s.after != nil:
		s.file.follow(s.after, text)
	default:
		s.file.place(s.body, text)
		if s.old != nil {
			s.file.remove(s.old.Stmt)
		}
	}
	s.file.adds = s.file.adds || s.stack == "" || len(s.results) == 1 || len(s.results) == 2
}

// low returns the condition.
func (s *site) low() string {
	if s.stack != "" {
		return s.stack + ".Low()"
	}
	return s.file.library() + "Low()"
}

// grow returns the call that goes on with fn, which has so many results.
func (s *site) grow(results int, fn string) string {
	n := ""
	if results == 2 {
		n = "2"
	}
	switch {
	case results == 0 && s.stack != "":
		return fmt.Sprintf("%s.Do(%s)", s.stack, fn)
	case results == 0:
		return fmt.Sprintf("%sDo(%s)", s.file.library(), fn)
	case s.stack != "":
		return fmt.Sprintf("%sGrowOn%s(%s, %s)", s.file.library(), n, s.stack, fn)
	}
	return fmt.Sprintf("%sGrow%s(%s)", s.file.library(), n, fn)
}

// branch returns the lines of the branch that is taken when the stack is low.
func (s *site) branch() (lines []string) {
	// Without arguments the function itself will do: nothing is captured.
	direct := len(s.args) == 0 && len(s.results) <= 2
	call := fmt.Sprintf("%s(%s)", s.call, strings.Join(s.args, ", "))
	if !direct {
		for _, name := range s.copies {
			lines = append(lines, fmt.Sprintf("\t%s := %[1]s", name))
		}
	}
	closure := func(results, body string) string {
		if direct {
			return s.call
		}
		return fmt.Sprintf("func()%s { %s }", results, body)
	}
	switch n := len(s.results); n {
	case 0:
		return append(lines, "\t"+s.grow(0, closure("", call)), "\treturn")
	case 1:
		return append(lines, "\treturn "+s.grow(1, closure(" "+s.results[0], "return "+call)))
	case 2:
		return append(lines, "\treturn "+s.grow(2, closure(" ("+strings.Join(s.results, ", ")+")", "return "+call)))
	default:
		// More results than Grow2 has go through variables of the branch. Those of
		// the function itself would move to the heap on every call.
		vars := make([]string, n)
		for i := range vars {
			vars[i] = s.fresh.name(fmt.Sprint("r", i+1))
		}
		s.fresh.take()
		for i := 0; i < n; {
			same := i + 1
			for same < n && s.results[same] == s.results[i] {
				same++
			}
			lines = append(lines, fmt.Sprintf("\tvar %s %s", strings.Join(vars[i:same], ", "), s.results[i]))
			i = same
		}
		list := strings.Join(vars, ", ")
		return append(lines, "\t"+s.grow(0, closure("", list+" = "+call)), "\treturn "+list)
	}
}

// replace puts the text where the statement is.
func (s *source) replace(stmt ast.Stmt, text string) {
	from, to := s.offset(stmt.Pos()), s.offset(stmt.End())
	s.edits = append(s.edits, Edit{from, to, strings.ReplaceAll(text, "\n", "\n"+s.indent(from))})
}

// remove takes the statement out, with its lines if it has them for itself.
func (s *source) remove(stmt ast.Stmt) {
	from, to := s.offset(stmt.Pos()), s.offset(stmt.End())
	line := lineStart(s.text, from)
	if end := bytes.IndexByte(s.text[to:], '\n'); end >= 0 &&
		len(bytes.TrimSpace(s.text[line:from]))+len(bytes.TrimSpace(s.text[to:to+end])) == 0 {
		from, to = line, to+end+1
	}
	s.edits = append(s.edits, Edit{from, to, ""})
}

// follow puts the text behind the statement, as a statement of its own.
func (s *source) follow(stmt ast.Stmt, text string) {
	indent := "\n" + s.indent(s.offset(stmt.Pos()))
	s.insert(s.afterComments(stmt.End()), indent+strings.ReplaceAll(text, "\n", indent))
}

// place puts the text as the first statement of body.
func (s *source) place(body *ast.BlockStmt, text string) {
	src := s.text
	open, end := s.offset(body.Lbrace), s.offset(body.Rbrace)
	indent := s.indent(open)
	if closing := lineStart(src, end); len(bytes.TrimSpace(src[closing:end])) == 0 {
		indent = string(src[closing:end])
	}
	text = "\n" + indent + "\t" + strings.ReplaceAll(text, "\n", "\n"+indent+"\t")

	lineEnd := len(src)
	if i := bytes.IndexByte(src[open:], '\n'); i >= 0 {
		lineEnd = open + i
	}
	first := end
	if len(body.List) > 0 {
		first = s.offset(body.List[0].Pos())
	}
	switch {
	case end < lineEnd:
		// A function on one line gets more.
		from := open + 1
		to := from + len(src[from:end]) - len(bytes.TrimLeft(src[from:end], " \t"))
		s.edits = append(s.edits, Edit{from, to, text + "\n" + indent + "\t"})
		last := from + len(bytes.TrimRight(src[from:end], " \t"))
		if last <= to {
			last = to
		}
		s.edits = append(s.edits, Edit{last, end, "\n" + indent})
	case first < lineEnd:
		s.edits = append(s.edits, Edit{open + 1, first, text + "\n" + indent + "\t"})
	default:
		// After a comment on the line of the brace, if there is one.
		at := open + 1 + len(bytes.TrimRight(src[open+1:lineEnd], " \t\r"))
		s.insert(at, text)
	}
}
