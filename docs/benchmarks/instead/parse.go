package instead

import (
	"errors"
	"strings"

	"github.com/vstack-go/vstack/stress/workload"
	"github.com/vstack-go/vstack/vstack"
)

// A parser of expressions, by recursive descent, which computes their value on the way:
//
//	expr   = term { ("+" | "-") term }
//	term   = factor { "*" factor }
//	factor = digit { digit } | "(" expr ")" | "-" factor

var parseDeep = Work{
	Name: "parse deep", What: "recursive-descent parser, parentheses 1,000,000 deep", Unit: "byte",
	N: 1_000_000, Less: 100_000,
	Make: func(n int) Input {
		return parseInput(strings.Repeat("(1+", n)+"2"+strings.Repeat(")*3", n), 3*n+1)
	},
	Source: parseSource,
}

var parseFlat = Work{
	Name: "parse flat", What: "recursive-descent parser, an ordinary text of 1.9 MB", Unit: "byte",
	N: 100_000, Less: 10_000,
	Make: func(n int) Input {
		return parseInput(strings.Repeat("(12+3)*(4-(5*67))+", n)+"1", 10)
	},
	Source: parseSource,
}

var parseSource = map[string][]string{
	"plain": {"parser"}, "counter": {"parserCounter"}, "handle": {"parserHandle"}, "free": {"parserFree"},
	"explicit": {"parseFrame", "parseExplicit"}, "goroutine": {"parserGoroutine"},
}

var errSyntax = errors.New("syntax error")

func parseInput(text string, depth int) Input {
	plain := func(*vstack.Stack) (int, error) { return (&parser{text: text}).expr() }
	return Input{Count: len(text), Depth: depth, Forms: map[string]Form{
		"plain": plain, "setmaxstack": plain,
		"counter":   func(*vstack.Stack) (int, error) { return (&parserCounter{text: text}).expr(0) },
		"handle":    func(s *vstack.Stack) (int, error) { return (&parserHandle{text: text, stack: s}).expr() },
		"free":      func(*vstack.Stack) (int, error) { return (&parserFree{text: text}).expr() },
		"explicit":  func(*vstack.Stack) (int, error) { return parseExplicit(text) },
		"goroutine": func(*vstack.Stack) (int, error) { return (&parserGoroutine{text: text}).expr() },
	}}
}

// number reads the digits at text[pos:] and returns their value and where they end.
func number(text string, pos int) (value, end int) {
	for ; pos < len(text) && '0' <= text[pos] && text[pos] <= '9'; pos++ {
		value = value*10 + int(text[pos]-'0')
	}
	return value, pos
}

type parser struct {
	text string
	pos  int
}

func (p *parser) expr() (int, error) {
	v, err := p.term()
	for err == nil && p.pos < len(p.text) && (p.text[p.pos] == '+' || p.text[p.pos] == '-') {
		op := p.text[p.pos]
		p.pos++
		var r int
		r, err = p.term()
		v = workload.Apply(op, v, r)
	}
	return v, err
}

func (p *parser) term() (int, error) {
	v, err := p.factor()
	for err == nil && p.pos < len(p.text) && p.text[p.pos] == '*' {
		p.pos++
		var r int
		r, err = p.factor()
		v *= r
	}
	return v, err
}

func (p *parser) factor() (int, error) {
	if p.pos == len(p.text) {
		return 0, errSyntax
	}
	switch c := p.text[p.pos]; {
	case c == '-':
		p.pos++
		v, err := p.factor()
		return -v, err
	case c == '(':
		p.pos++
		v, err := p.expr()
		if err == nil && (p.pos == len(p.text) || p.text[p.pos] != ')') {
			err = errSyntax
		}
		p.pos++
		return v, err
	case '0' <= c && c <= '9':
		v, end := number(p.text, p.pos)
		p.pos = end
		return v, nil
	}
	return 0, errSyntax
}

type parserCounter struct {
	text string
	pos  int
}

func (p *parserCounter) expr(depth int) (int, error) {
	v, err := p.term(depth)
	for err == nil && p.pos < len(p.text) && (p.text[p.pos] == '+' || p.text[p.pos] == '-') {
		op := p.text[p.pos]
		p.pos++
		var r int
		r, err = p.term(depth)
		v = workload.Apply(op, v, r)
	}
	return v, err
}

func (p *parserCounter) term(depth int) (int, error) {
	v, err := p.factor(depth)
	for err == nil && p.pos < len(p.text) && p.text[p.pos] == '*' {
		p.pos++
		var r int
		r, err = p.factor(depth)
		v *= r
	}
	return v, err
}

func (p *parserCounter) factor(depth int) (int, error) {
	if depth > limit {
		return 0, ErrTooDeep
	}
	if p.pos == len(p.text) {
		return 0, errSyntax
	}
	switch c := p.text[p.pos]; {
	case c == '-':
		p.pos++
		v, err := p.factor(depth + 1)
		return -v, err
	case c == '(':
		p.pos++
		v, err := p.expr(depth + 1)
		if err == nil && (p.pos == len(p.text) || p.text[p.pos] != ')') {
			err = errSyntax
		}
		p.pos++
		return v, err
	case '0' <= c && c <= '9':
		v, end := number(p.text, p.pos)
		p.pos = end
		return v, nil
	}
	return 0, errSyntax
}

type parserHandle struct {
	text  string
	pos   int
	stack *vstack.Stack
}

func (p *parserHandle) expr() (int, error) {
	v, err := p.term()
	for err == nil && p.pos < len(p.text) && (p.text[p.pos] == '+' || p.text[p.pos] == '-') {
		op := p.text[p.pos]
		p.pos++
		var r int
		r, err = p.term()
		v = workload.Apply(op, v, r)
	}
	return v, err
}

func (p *parserHandle) term() (int, error) {
	v, err := p.factor()
	for err == nil && p.pos < len(p.text) && p.text[p.pos] == '*' {
		p.pos++
		var r int
		r, err = p.factor()
		v *= r
	}
	return v, err
}

func (p *parserHandle) factor() (int, error) {
	if p.stack.Low() {
		return vstack.GrowOn2(p.stack, p.factor)
	}
	if p.pos == len(p.text) {
		return 0, errSyntax
	}
	switch c := p.text[p.pos]; {
	case c == '-':
		p.pos++
		v, err := p.factor()
		return -v, err
	case c == '(':
		p.pos++
		v, err := p.expr()
		if err == nil && (p.pos == len(p.text) || p.text[p.pos] != ')') {
			err = errSyntax
		}
		p.pos++
		return v, err
	case '0' <= c && c <= '9':
		v, end := number(p.text, p.pos)
		p.pos = end
		return v, nil
	}
	return 0, errSyntax
}

type parserFree struct {
	text string
	pos  int
}

func (p *parserFree) expr() (int, error) {
	v, err := p.term()
	for err == nil && p.pos < len(p.text) && (p.text[p.pos] == '+' || p.text[p.pos] == '-') {
		op := p.text[p.pos]
		p.pos++
		var r int
		r, err = p.term()
		v = workload.Apply(op, v, r)
	}
	return v, err
}

func (p *parserFree) term() (int, error) {
	v, err := p.factor()
	for err == nil && p.pos < len(p.text) && p.text[p.pos] == '*' {
		p.pos++
		var r int
		r, err = p.factor()
		v *= r
	}
	return v, err
}

func (p *parserFree) factor() (int, error) {
	if vstack.Low() {
		return vstack.Grow2(p.factor)
	}
	if p.pos == len(p.text) {
		return 0, errSyntax
	}
	switch c := p.text[p.pos]; {
	case c == '-':
		p.pos++
		v, err := p.factor()
		return -v, err
	case c == '(':
		p.pos++
		v, err := p.expr()
		if err == nil && (p.pos == len(p.text) || p.text[p.pos] != ')') {
			err = errSyntax
		}
		p.pos++
		return v, err
	case '0' <= c && c <= '9':
		v, end := number(p.text, p.pos)
		p.pos = end
		return v, nil
	}
	return 0, errSyntax
}

type parserGoroutine struct {
	text string
	pos  int
}

func (p *parserGoroutine) expr() (int, error) {
	v, err := p.term()
	for err == nil && p.pos < len(p.text) && (p.text[p.pos] == '+' || p.text[p.pos] == '-') {
		op := p.text[p.pos]
		p.pos++
		var r int
		r, err = p.term()
		v = workload.Apply(op, v, r)
	}
	return v, err
}

func (p *parserGoroutine) term() (int, error) {
	v, err := p.factor()
	for err == nil && p.pos < len(p.text) && p.text[p.pos] == '*' {
		p.pos++
		var r int
		r, err = p.factor()
		v *= r
	}
	return v, err
}

func (p *parserGoroutine) factor() (int, error) {
	if p.pos == len(p.text) {
		return 0, errSyntax
	}
	switch c := p.text[p.pos]; {
	case c == '-':
		p.pos++
		v, err := spawn2(p.factor)
		return -v, err
	case c == '(':
		p.pos++
		v, err := spawn2(p.expr)
		if err == nil && (p.pos == len(p.text) || p.text[p.pos] != ')') {
			err = errSyntax
		}
		p.pos++
		return v, err
	case '0' <= c && c <= '9':
		v, end := number(p.text, p.pos)
		p.pos = end
		return v, nil
	}
	return 0, errSyntax
}

// A parseFrame is what is known of an expression before the factor that is being read.
type parseFrame struct {
	sum, product int
	op           byte // + or -: what to do with sum
	mul, neg     bool
}

func parseExplicit(text string) (int, error) {
	var outer []parseFrame
	f := parseFrame{op: '+'}
	for pos := 0; ; {
		if pos == len(text) {
			return 0, errSyntax
		}
		var v int
		switch c := text[pos]; {
		case c == '-':
			pos++
			f.neg = !f.neg
			continue
		case c == '(':
			pos++
			outer = append(outer, f)
			f = parseFrame{op: '+'}
			continue
		case '0' <= c && c <= '9':
			v, pos = number(text, pos)
		default:
			return 0, errSyntax
		}
		for {
			if f.neg {
				v, f.neg = -v, false
			}
			if f.mul {
				v *= f.product
			}
			if pos < len(text) && text[pos] == '*' {
				pos++
				f.product, f.mul = v, true
				break
			}
			v = workload.Apply(f.op, f.sum, v)
			if pos < len(text) && (text[pos] == '+' || text[pos] == '-') {
				f = parseFrame{sum: v, op: text[pos]}
				pos++
				break
			}
			if len(outer) == 0 {
				return v, nil
			}
			if pos == len(text) || text[pos] != ')' {
				return 0, errSyntax
			}
			pos++
			f = outer[len(outer)-1]
			outer = outer[:len(outer)-1]
		}
	}
}
