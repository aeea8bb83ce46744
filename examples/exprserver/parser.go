package main

import (
	"fmt"
	"io"
	"strconv"
	"unsafe"

	"github.com/vstack-go/vstack/vstack"
	"github.com/vstack-go/vstack/vstack/serve"
)

// The language: numbers, true, false; from the weakest operator to the strongest
//
//	||  &&  == != < <= > >=  + -  * / %  unary - + !  ( )

// A node is an expression: a constant, an operator with its operands, or a unary
// one with its operand on the left.
type node struct {
	op          op
	left, right *node
	value       float64
}

type op uint8

const (
	constant op = iota
	truth       // true or false: value is 1 or 0
	neg
	not
	or
	and
	eq
	ne
	lt
	le
	gt
	ge
	add
	sub
	mul
	div
	mod
)

// binding says how strongly a binary operator binds its operands.
var binding = [...]int{or: 1, and: 2, eq: 3, ne: 3, lt: 3, le: 3, gt: 3, ge: 3, add: 4, sub: 4, mul: 5, div: 5, mod: 5}

// A syntaxError says where an expression is wrong.
type syntaxError struct {
	offset int64
	what   string
}

func (e *syntaxError) Error() string {
	return fmt.Sprintf("syntax error at byte %d: %s", e.offset, e.what)
}

// A parser reads an expression as it arrives and keeps no more of it than the
// tree. The first error ends it.
type parser struct {
	heap   *serve.Heap // counts the tree, which the bounds of the stack do not see
	offset int64       // of rest in the input

	in   io.Reader
	err  error  // what ended the input: io.EOF or a failure to read
	rest []byte // of buf: read and not parsed
	buf  [4 << 10]byte
}

// parse parses the whole of in. Its error is a *syntaxError, the heap's or in's.
func parse(in io.Reader, heap *serve.Heap) (*node, error) {
	p := &parser{in: in, heap: heap}
	n, err := p.binary(1)
	if err != nil {
		return nil, err
	}
	switch c, err := p.peek(); {
	case err == io.EOF:
		return n, nil
	case err != nil:
		return nil, err
	default:
		return nil, p.expected("an operator or the end", c)
	}
}

// binary parses operands joined by operators that bind at least as strongly as
// least. Operators of one strength are joined in a loop, so only the strength
// and the parentheses nest.
func (p *parser) binary(least int) (*node, error) {
	if vstack.Low() {
		return vstack.Grow2(func() (*node, error) { return p.binary(least) })
	}
	left, err := p.unary()
	if err != nil {
		return nil, err
	}
	for {
		o, length, err := p.operator()
		if err != nil {
			return nil, err
		}
		if length == 0 || binding[o] < least {
			return left, nil
		}
		p.skip(length)
		right, err := p.binary(binding[o] + 1)
		if err != nil {
			return nil, err
		}
		if left, err = p.node(node{op: o, left: left, right: right}); err != nil {
			return nil, err
		}
	}
}

// unary parses an operand with the operators before it. The guard is here as
// well because a chain of them does not come through binary.
func (p *parser) unary() (*node, error) {
	if vstack.Low() {
		return vstack.Grow2(p.unary)
	}
	c, err := p.peek()
	if err == io.EOF {
		return nil, &syntaxError{p.offset, "expected an operand, found the end"}
	}
	if err != nil {
		return nil, err
	}
	switch {
	case c == '(':
		p.skip(1)
		inner, err := p.binary(1)
		if err != nil {
			return nil, err
		}
		return inner, p.close()
	case c == '-' || c == '+' || c == '!':
		p.skip(1)
		operand, err := p.unary()
		if err != nil || c == '+' {
			return operand, err
		}
		o := neg
		if c == '!' {
			o = not
		}
		return p.node(node{op: o, left: operand})
	}
	return p.word(c)
}

// close parses the parenthesis that ends a group.
func (p *parser) close() error {
	c, err := p.peek()
	switch {
	case err == io.EOF:
		return &syntaxError{p.offset, "expected ) before the end"}
	case err != nil:
		return err
	case c != ')':
		return p.expected("an operator or )", c)
	}
	p.skip(1)
	return nil
}

// word parses a number, true or false, which starts with c.
func (p *parser) word(c byte) (*node, error) {
	const longest = 40
	text := make([]byte, 0, longest)
	at := p.offset
	for isWord(c) {
		if len(text) == longest {
			return nil, &syntaxError{at, "a number or name is too long"}
		}
		text = append(text, c)
		p.skip(1)
		if len(p.fill(1)) == 0 {
			if p.err != io.EOF {
				return nil, p.err
			}
			c = 0
			break
		}
		c = p.rest[0]
	}
	switch {
	case len(text) == 0:
		return nil, p.expected("an operand", c)
	case string(text) == "true":
		return p.node(node{op: truth, value: 1})
	case string(text) == "false":
		return p.node(node{op: truth})
	}
	value, err := strconv.ParseFloat(string(text), 64)
	if err != nil || text[0] > '9' { // no Inf, NaN
		return nil, &syntaxError{at, fmt.Sprintf("%q is not a number, true or false", text)}
	}
	return p.node(node{value: value})
}

func isWord(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '.' || c == '_'
}

// operator looks at the operator that comes next; length is 0 if none does.
func (p *parser) operator() (o op, length int, err error) {
	if _, err := p.peek(); err == io.EOF {
		return 0, 0, nil
	} else if err != nil {
		return 0, 0, err
	}
	text := p.fill(2)
	if len(text) < 2 && p.err != io.EOF {
		return 0, 0, p.err
	}
	if len(text) >= 2 {
		switch string(text[:2]) {
		case "||":
			return or, 2, nil
		case "&&":
			return and, 2, nil
		case "==":
			return eq, 2, nil
		case "!=":
			return ne, 2, nil
		case "<=":
			return le, 2, nil
		case ">=":
			return ge, 2, nil
		}
	}
	switch text[0] {
	case '<':
		return lt, 1, nil
	case '>':
		return gt, 1, nil
	case '+':
		return add, 1, nil
	case '-':
		return sub, 1, nil
	case '*':
		return mul, 1, nil
	case '/':
		return div, 1, nil
	case '%':
		return mod, 1, nil
	}
	return 0, 0, nil
}

func (p *parser) node(n node) (*node, error) {
	if err := p.heap.Take(int64(unsafe.Sizeof(n))); err != nil {
		return nil, err
	}
	return &n, nil
}

// peek returns the next byte that is not white space, without taking it.
func (p *parser) peek() (byte, error) {
	for {
		for i, c := range p.rest {
			if c != ' ' && c != '\n' && c != '\t' && c != '\r' {
				p.skip(i)
				return c, nil
			}
		}
		p.skip(len(p.rest))
		if len(p.fill(1)) == 0 {
			return 0, p.err
		}
	}
}

// skip takes n bytes of rest.
func (p *parser) skip(n int) {
	p.rest = p.rest[n:]
	p.offset += int64(n)
}

// fill returns rest after it has read on until there are n bytes of it, or
// fewer if the input ends.
func (p *parser) fill(n int) []byte {
	if len(p.rest) < n && p.err == nil {
		have := copy(p.buf[:], p.rest)
		for have < n && p.err == nil {
			var k int
			k, p.err = p.in.Read(p.buf[have:])
			have += k
		}
		p.rest = p.buf[:have]
	}
	return p.rest
}

func (p *parser) expected(what string, found byte) error {
	return &syntaxError{p.offset, fmt.Sprintf("expected %s, found %q", what, found)}
}
