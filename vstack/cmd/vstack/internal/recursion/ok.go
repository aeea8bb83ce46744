package recursion

import (
	"go/token"
	"strings"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
)

// marker starts the comment that silences one place: a function, with the
// comment on its first line or the line before (so its doc comment too), or one
// call or guard, with the comment on its line.
const marker = "//vstack:ok"

type line struct {
	file string
	line int
}

type comments struct {
	reasons map[line]string
	bad     []Cost
}

func findComments(p *program.Program) comments {
	c := comments{reasons: map[line]string{}}
	for _, pkg := range p.Source {
		for _, file := range pkg.Syntax {
			for _, group := range file.Comments {
				for _, comment := range group.List {
					rest, ok := strings.CutPrefix(comment.Text, marker)
					if !ok || rest != "" && rest[0] != ' ' && rest[0] != '\t' {
						continue
					}
					reason := strings.TrimSpace(rest)
					if reason == "" {
						c.bad = append(c.bad, Cost{Pos: comment.Pos(), Message: "//vstack:ok needs a reason: //vstack:ok why this recursion is harmless"})
						continue
					}
					at := p.Fset.Position(comment.Pos())
					c.reasons[line{at.Filename, at.Line}] = reason
					// As the last line of a doc comment, or on a line of its own.
					end := p.Fset.Position(group.End())
					c.reasons[line{at.Filename, end.Line + 1}] = reason
				}
			}
		}
	}
	return c
}

func (c comments) at(fset *token.FileSet, pos token.Pos) (string, bool) {
	if len(c.reasons) == 0 || !pos.IsValid() {
		return "", false
	}
	p := fset.Position(pos)
	reason, ok := c.reasons[line{p.Filename, p.Line}]
	return reason, ok
}

// call reports whether the call, or the function it is of, is silenced.
func (c comments) call(fset *token.FileSet, call *program.Call) (string, bool) {
	if reason, ok := c.at(fset, call.Site.Pos()); ok {
		return reason, true
	}
	return c.at(fset, call.To.Pos())
}
