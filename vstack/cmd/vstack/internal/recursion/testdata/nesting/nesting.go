// Package nesting has parsers with a limit on how deep they call themselves. What their loops
// put into each other is deep all the same, whoever does the work; what they put side by side
// is not.
package nesting

const maxDepth = 100

type parser struct {
	in    []byte
	depth int
}

func (p *parser) next() byte {
	if len(p.in) == 0 {
		return 0
	}
	c := p.in[0]
	p.in = p.in[1:]
	return c
}

func (p *parser) enter() bool { p.depth++; return p.depth <= maxDepth }
func (p *parser) leave()      { p.depth-- }

// A Pratt parser: the loop hands on what it has, and a function makes the next of it.
type pratt struct{ left, right *pratt }

func (p *parser) pratt() *pratt { // want limited "the limit p.depth <= maxDepth"
	if !p.enter() {
		return nil
	}
	defer p.leave()
	left := &pratt{}
	for p.next() == '+' {
		left = p.infix(left)
	}
	return left
}

func (p *parser) infix(left *pratt) *pratt { return &pratt{left, p.pratt()} }

func (n *pratt) walk() int { // want unguarded "n \*nesting.pratt of \(\*pratt\).walk walks a structure"
	if n == nil {
		return 0
	}
	return n.left.walk() + n.right.walk()
}

// The same with a method of the node, and two values returned.
type sum struct{ left, right *sum }

func (n *sum) plus(other *sum) (*sum, error) { return &sum{n, other}, nil }

func (p *parser) sum() (*sum, error) { // want limited "the limit p.depth <= maxDepth"
	if !p.enter() {
		return nil, nil
	}
	defer p.leave()
	left := &sum{}
	for p.next() == '+' {
		right, err := p.sum()
		if err != nil {
			return nil, err
		}
		if left, err = left.plus(right); err != nil {
			return nil, err
		}
	}
	return left, nil
}

func (n *sum) walk() int { // want unguarded "n \*nesting.sum of \(\*sum\).walk walks a structure"
	if n == nil {
		return 0
	}
	return n.left.walk() + n.right.walk()
}

// Keys with dots, as in TOML: each part goes into the last one.
type table struct{ kids map[string]*table }

func (t *table) child(name string) *table {
	if t.kids[name] == nil {
		t.kids[name] = &table{map[string]*table{}}
	}
	return t.kids[name]
}

func (p *parser) table() *table { // want limited "the limit p.depth <= maxDepth"
	if !p.enter() {
		return nil
	}
	defer p.leave()
	root := &table{map[string]*table{}}
	cur := root
	for p.next() == '.' {
		cur = cur.child(string(p.next()))
	}
	cur.kids[""] = p.table()
	return root
}

func (t *table) walk() (n int) { // want unguarded "t \*nesting.table of \(\*table\).walk walks a structure"
	if t == nil {
		return 0
	}
	for _, k := range t.kids {
		n += k.walk()
	}
	return n
}

// A stack of operands, as a shunting-yard parser has.
type yard struct{ left, right *yard }

type yards []*yard

func (s *yards) push(n *yard) { *s = append(*s, n) }

func (s *yards) pop() *yard {
	n := (*s)[len(*s)-1]
	*s = (*s)[:len(*s)-1]
	return n
}

func (p *parser) yard() *yard { // want limited "the limit p.depth <= maxDepth"
	if !p.enter() {
		return nil
	}
	defer p.leave()
	var stack yards
	stack.push(&yard{})
	for p.next() == '+' {
		stack.push(p.yard())
		right, left := stack.pop(), stack.pop()
		stack.push(&yard{left, right})
	}
	return stack.pop()
}

func (n *yard) walk() int { // want unguarded "n \*nesting.yard of \(\*yard\).walk walks a structure"
	if n == nil {
		return 0
	}
	return n.left.walk() + n.right.walk()
}

// The stack is a variable that a function literal shares.
type shared struct{ left, right *shared }

func (p *parser) shared() *shared { // want limited "the limit p.depth <= maxDepth"
	if !p.enter() {
		return nil
	}
	defer p.leave()
	var stack []*shared
	pop := func() *shared {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		return n
	}
	stack = append(stack, &shared{})
	for p.next() == '+' {
		stack = append(stack, p.shared())
		right, left := pop(), pop()
		stack = append(stack, &shared{left, right})
	}
	return pop()
}

func (n *shared) walk() int { // want unguarded "n \*nesting.shared of \(\*shared\).walk walks a structure"
	if n == nil {
		return 0
	}
	return n.left.walk() + n.right.walk()
}

// From one field of an object to another and back.
type pair struct{ left, right *pair }

type pairs struct {
	parser
	cur, last *pair
}

func (p *pairs) pair() *pair { // want limited "the limit p.depth <= maxDepth"
	if !p.enter() {
		return nil
	}
	defer p.leave()
	for p.next() == '+' {
		p.cur = &pair{left: p.last}
		p.last = p.cur
	}
	return &pair{p.last, p.pair()}
}

func (n *pair) walk() int { // want unguarded "n \*nesting.pair of \(\*pair\).walk walks a structure"
	if n == nil {
		return 0
	}
	return n.left.walk() + n.right.walk()
}

// Others than those that make them link them.
type linked struct{ left, right *linked }

func (p *parser) operand() *linked { // want limited "the limit p.depth <= maxDepth"
	if !p.enter() {
		return nil
	}
	defer p.leave()
	var rest []*linked
	for p.next() == '+' {
		rest = append(rest, p.operand())
	}
	return fold(&linked{}, rest)
}

func fold(all *linked, rest []*linked) *linked {
	for _, n := range rest {
		n.left = all
		all = n
	}
	return all
}

func (n *linked) walk() int { // want unguarded "n \*nesting.linked of \(\*linked\).walk walks a structure"
	if n == nil {
		return 0
	}
	return n.left.walk() + n.right.walk()
}

// Whoever has a Builder may call And as often as he likes.
type clause struct{ left, right *clause }

type Builder struct{ root *clause }

func (b *Builder) And(p *Parser) { b.root = &clause{b.root, p.clause()} }

func (b *Builder) Size() int { return b.root.walk() }

type Parser struct{ parser }

func (p *Parser) clause() *clause { // want limited "the limit p.depth <= maxDepth"
	if !p.enter() {
		return nil
	}
	defer p.leave()
	return &clause{right: p.clause()}
}

func (n *clause) walk() int { // want unguarded "n \*nesting.clause of \(\*clause\).walk walks a structure"
	if n == nil {
		return 0
	}
	return n.left.walk() + n.right.walk()
}

// Elements next to each other, by a link along which the walk only loops.
type element struct{ first, next *element }

func (p *parser) element() *element { // want limited "the limit p.depth <= maxDepth"
	if !p.enter() {
		return nil
	}
	defer p.leave()
	e := &element{}
	var last *element
	for p.next() == '<' {
		kid := p.element()
		if last == nil {
			e.first = kid
		} else {
			last.next = kid
		}
		last = kid
	}
	return e
}

func (e *element) walk() int { // want limited "what it walks is built by \(\*parser\).element, whose recursion has a limit"
	n := 1
	for k := e.first; k != nil; k = k.next {
		n += k.walk()
	}
	return n
}

// Arguments, each made in a branch, in a list.
type call struct{ args []*call }

func (p *parser) call() *call { // want limited "the limit p.depth <= maxDepth"
	if !p.enter() {
		return nil
	}
	defer p.leave()
	var args []*call
	for p.next() == ',' {
		arg := &call{}
		if p.next() == '(' {
			arg = &call{[]*call{p.call()}}
		}
		args = append(args, arg)
	}
	return &call{args}
}

func (c *call) walk() int { // want limited "what it walks is built by \(\*parser\).call, whose recursion has a limit"
	n := 1
	for _, arg := range c.args {
		n += arg.walk()
	}
	return n
}

// A scope in the last one, and taken off again.
type scope struct {
	outer *scope
	names map[string]bool
}

type compiler struct {
	parser
	scope *scope
}

func (c *compiler) block() { // want limited "the limit p.depth <= maxDepth"
	if !c.enter() {
		return
	}
	defer c.leave()
	for c.next() == '{' {
		c.scope = &scope{outer: c.scope}
		c.block()
		c.scope = c.scope.outer
	}
}

func (s *scope) has(name string) bool { // want limited "what it walks is built by \(\*compiler\).block, whose recursion has a limit"
	return s != nil && (s.names[name] || s.outer.has(name))
}

// A wrapper's method hands the wrapper on to the function that wraps.
type Iter interface {
	Next() int
	Map(fn func(int) int) Iter
}

type slice []int

func (s slice) Next() int                 { return s[0] }
func (s slice) Map(fn func(int) int) Iter { return newMapped(s, fn) }

type mapped struct {
	src Iter
	fn  func(int) int
}

func newMapped(src Iter, fn func(int) int) Iter { return &mapped{src, fn} }

func (m *mapped) Next() int                 { return m.fn(m.src.Next()) } // want unguarded "m \*nesting.mapped of \(\*mapped\).Next walks a structure"
func (m *mapped) Map(fn func(int) int) Iter { return newMapped(m, fn) }

func Pipeline(ops []string, v []int) int {
	var it Iter = slice(v)
	for range ops {
		it = it.Map(func(x int) int { return x + 1 })
	}
	return it.Next()
}

// Types that are made of themselves.
type list []list

type tree map[string]tree

func (l list) size() (n int) { // want unguarded "l nesting.list of \(list\).size walks"
	for _, k := range l {
		n += k.size()
	}
	return n
}

func (t tree) size() (n int) { // want unguarded "t nesting.tree of \(tree\).size walks"
	for _, k := range t {
		n += k.size()
	}
	return n
}

func Sizes(names []string) int {
	var l list
	t := tree{}
	for _, name := range names {
		l = list{l}
		t = tree{name: t}
	}
	return l.size() + t.size()
}

// Entries.
func Parse(in []byte, name string) int {
	p := &parser{in: in}
	s, _ := p.sum()
	n := p.pratt().walk() + s.walk() + p.table().walk() + p.yard().walk() + p.shared().walk() +
		(&pairs{parser: *p}).pair().walk() + p.operand().walk() + p.element().walk() + p.call().walk()
	c := &compiler{parser: *p}
	c.block()
	if c.scope.has(name) {
		n++
	}
	return n
}
