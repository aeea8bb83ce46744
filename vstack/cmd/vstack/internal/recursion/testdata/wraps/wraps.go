// Package wraps has values that wrap others of the same kind.
package wraps

import "io"

// Expr is a tree, and navigable a view of it, as in cel-go.
type Expr interface {
	Target() Expr
	Size() int
}

type call struct{ target, arg Expr }

func (c *call) Target() Expr { return c.target }

func (c *call) Size() int { // want unguarded "^\(\*call\).Size → \(\*call\).Size | c \*wraps.call of \(\*call\).Size walks a structure"
	return 1 + c.target.Size() + c.arg.Size()
}

type navigable struct {
	Expr
	depth int
}

func (n *navigable) Target() Expr { // want bounded "a decorator: wraps.navigable hands the call on"
	return n.wrap(n.Expr.Target())
}

func (n *navigable) wrap(e Expr) Expr { return &navigable{e, n.depth + 1} }

func (n *navigable) Size() int { return n.Expr.Size() } // want bounded "a decorator: wraps.navigable hands the call on"

func View(e Expr) []Expr {
	var all []Expr
	for e != nil {
		e = &navigable{Expr: e}
		all = append(all, e)
		e = e.Target()
	}
	return all
}

// An error of the package's own kind.
type Error interface {
	error
	Path() []string
}

type wrapped struct{ inner Error }

func (w *wrapped) Error() string { // want bounded "that wraps another"
	return "wrapped: " + w.inner.Error()
}

func (w *wrapped) Path() []string { // want bounded "that wraps another"
	return append(w.inner.Path(), "wrapped")
}

func Wrap(err Error, n int) Error {
	for range n {
		err = &wrapped{err}
	}
	return err
}

// A reader that reads from another.
type counted struct {
	r io.Reader
	n int
}

func (c *counted) Read(p []byte) (int, error) { // want bounded "a io.Reader that wraps another"
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

func Counted(r io.Reader) io.Reader { return &counted{r: &counted{r: r}} }

// A proxy hands all calls on to what it makes of its value, as goja's source of a
// destructuring does.
type object interface {
	get(name string) object
	put(name string, o object)
	has(name string) bool
	keys() []string
	size() int
	value() int
}

type proxy struct{ of func() object }

func (p *proxy) w() object { return p.of() }

func (p *proxy) get(name string) object    { return p.w().get(name) }   // want bounded "a proxy: wraps.proxy hands all its calls on"
func (p *proxy) put(name string, o object) { p.w().put(name, o) }       // want bounded "a proxy"
func (p *proxy) has(name string) bool      { return p.w().has(name) }   // want bounded "a proxy"
func (p *proxy) keys() []string            { return p.w().keys() }      // want bounded "a proxy"
func (p *proxy) size() int                 { return p.w().size() }      // want bounded "a proxy"
func (p *proxy) value() int                { return p.w().value() + 1 } // want bounded "a proxy"

func Of(o object) object { return &proxy{func() object { return o }} }

func Twice(o object) object { return Of(Of(o)) }

// Bodies of a configuration.
type Body interface {
	Blocks() []Body
	Attributes() []string
}

type file struct {
	names []string
	under []Body
}

func (f *file) Blocks() []Body       { return f.under }
func (f *file) Attributes() []string { return f.names }

// Each part of what it wraps is wrapped as well, so a part is wrapped as often as the whole.
type deepBody struct {
	wrapped Body
	prefix  string
}

func Deep(b Body, prefix string) Body { return &deepBody{b, prefix} }

func (d *deepBody) Blocks() []Body { // want bounded "a wraps.deepBody wraps one thing, and the parts of that"
	return d.each(d.wrapped.Blocks())
}

func (d *deepBody) each(blocks []Body) []Body {
	all := make([]Body, len(blocks))
	for i, b := range blocks {
		all[i] = Deep(b, d.prefix)
	}
	return all
}

func (d *deepBody) Attributes() []string { // want bounded "a wraps.deepBody wraps one thing, and the parts of that"
	if len(d.wrapped.Blocks()) == 0 {
		return nil
	}
	var names []string
	for _, name := range d.wrapped.Attributes() {
		names = append(names, d.prefix+name)
	}
	return names
}

// A parser makes these, one in the other.
type paren struct{ inner Body }

func (p *paren) Blocks() []Body       { return p.inner.Blocks() }     // want unguarded "p \*wraps.paren of \(\*paren\).Blocks walks a structure"
func (p *paren) Attributes() []string { return p.inner.Attributes() } // want unguarded "p \*wraps.paren of \(\*paren\).Attributes walks a structure"

func Parse(text []byte) Body { // want unguarded "text \[\]byte of Parse walks a slice"
	if text[0] == '(' {
		return &paren{Parse(text[1:])}
	}
	return &file{names: []string{string(text)}}
}

// A loop wraps what it has wrapped.
type name struct {
	of  Body
	add string
}

func (n *name) Blocks() []Body       { return n.of.Blocks() }     // want unguarded "n \*wraps.name of \(\*name\).Blocks walks a structure"
func (n *name) Attributes() []string { return n.of.Attributes() } // want unguarded "n \*wraps.name of \(\*name\).Attributes walks a structure"

func Names(b Body, names []string) Body {
	for _, add := range names {
		b = &name{b, add}
	}
	return b
}

// A parser that opens a scope for the program and for each function in it, and looks for
// labels in those that are no functions: goja has one.
type labels struct {
	outer      *labels
	inFunction bool
	names      []string
}

type parser struct {
	scope *labels
	in    []string
}

func (p *parser) open() { p.scope = &labels{outer: p.scope} }

func Labels(in []string) bool {
	p := &parser{in: in}
	p.open()
	return p.function()
}

func (p *parser) function() bool { // want unguarded "p of \(\*parser\).function reads input"
	p.open()
	p.scope.inFunction = true
	for len(p.in) > 0 {
		p.in = p.in[1:]
		if !p.function() {
			return p.scope.has("x")
		}
	}
	return true
}

func (l *labels) has(name string) bool { // want bounded "inFunction stops it at each wraps.labels but those that are made neither"
	if len(l.names) > 0 && l.names[0] == name {
		return true
	}
	if l.outer != nil && !l.inFunction {
		return l.outer.has(name)
	}
	return false
}

// One function sets the flag too late: what it calls before may look.
type late struct {
	outer *late
	last  bool
}

func (l *late) has() bool { // want unguarded "l \*wraps.late of \(\*late\).has walks a structure"
	if l.outer != nil && !l.last {
		return l.outer.has()
	}
	return false
}

func Late(outer *late, in []string) int { // want unguarded "in \[\]string of Late walks a slice"
	l := &late{outer: outer}
	n := 0
	if len(in) > 0 {
		n = Late(l, in[1:])
	}
	l.last = true
	if l.has() {
		n++
	}
	return n
}

// Another clears it again.
type cleared struct {
	outer *cleared
	last  bool
}

func (c *cleared) has() bool { // want unguarded "c \*wraps.cleared of \(\*cleared\).has walks a structure"
	if c.outer != nil && !c.last {
		return c.outer.has()
	}
	return false
}

func Cleared(in []string) bool {
	c := &cleared{}
	for range in {
		c = &cleared{outer: c, last: true}
	}
	c.last = len(in) > 10
	return c.has()
}

// A third hangs values that are there below each other.
type moved struct {
	outer *moved
	last  bool
}

func (m *moved) has() bool { // want unguarded "m \*wraps.moved of \(\*moved\).has walks a structure"
	if m.outer != nil && !m.last {
		return m.outer.has()
	}
	return false
}

func Moved(in []string) bool {
	m := &moved{}
	for range in {
		m = next(m)
	}
	return m.has()
}

func next(m *moved) *moved {
	below := &moved{last: true}
	above := &moved{last: true}
	if m.outer == nil {
		above = m
	}
	above.outer = below
	return above
}

// What stands in for virtual methods leads back: it is the tree that is walked.
type kids struct{ all []kids }

type evaluator interface{ eval(k kids) int }

type basic struct{ self evaluator }

func (b *basic) eval(k kids) (n int) {
	for _, kid := range k.all {
		n += b.self.eval(kid)
	}
	return n
}

type special struct{ *basic }

func (s special) eval(k kids) int { return s.basic.eval(k) + 1 } // want unguarded "k wraps.kids of \(special\).eval walks a structure"

func Evaluate(k kids) int {
	b := &basic{}
	s := special{b}
	b.self = s
	return s.eval(k)
}

// Readers, one for each name that a file gives.
type xor struct {
	r   io.Reader
	key byte
}

func (x *xor) Read(p []byte) (int, error) { // want unguarded "x \*wraps.xor of \(\*xor\).Read walks a structure"
	n, err := x.r.Read(p)
	for i := range p[:n] {
		p[i] ^= x.key
	}
	return n, err
}

func Xor(r io.Reader, keys []byte) io.Reader {
	for _, key := range keys {
		r = &xor{r, key}
	}
	return r
}
