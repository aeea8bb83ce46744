// Package grammar builds a parser from a Go type, as participle does.
package grammar

import "reflect"

type context struct {
	in  []byte
	pos int
}

func (c *context) next() byte {
	c.pos++
	return c.in[c.pos-1]
}

type node interface {
	parse(c *context) bool
}

type structure struct{ body node }

type group struct{ body node }

type capture struct{ body node }

type token struct{ b byte }

// The input goes round through structures, as only these are found again.
func (s *structure) parse(c *context) bool { // want unguarded decoder "\(\*structure\).parse → "
	c.next()
	return s.body.parse(c)
}

func (g *group) parse(c *context) bool { // want limited decoder "\(\*group\).parse → \(\*capture\).parse → \(\*group\).parse | what it walks is built by .*, whose recursion has a limit"
	for g.body.parse(c) {
	}
	return true
}

func (p *capture) parse(c *context) bool { return p.body.parse(c) }

func (t *token) parse(c *context) bool { return c.next() == t.b }

type builder struct {
	known map[reflect.Type]node
}

// As deep as the type is declared.
func (b *builder) build(t reflect.Type) node { // want bounded decoder "t is a Go type, as deep as it is declared"
	if n, ok := b.known[t]; ok {
		return n
	}
	s := &structure{}
	b.known[t] = s
	s.body = &token{'x'}
	for i := range t.NumField() {
		s.body = b.field(t.Field(i).Type, s.body)
	}
	return s
}

func (b *builder) field(t reflect.Type, before node) node {
	if t.Kind() == reflect.Slice {
		return one(many(b.build(t)))
	}
	return many(one(b.build(t)))
}

func one(n node) node { return &capture{n} }

func many(n node) node { return &group{n} }

func Parse(in []byte, t reflect.Type) bool {
	b := &builder{map[reflect.Type]node{}}
	return b.build(t).parse(&context{in: in})
}
