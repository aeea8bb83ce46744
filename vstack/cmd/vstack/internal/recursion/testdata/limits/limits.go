// Package limits has recursion with limits of its own.
package limits

import "errors"

type Node struct{ Kids []*Node }

const maxDepth = 1000

var errDeep = errors.New("too deep")

// A parameter that counts up.
func walk(n *Node, depth int) error { // want limited "the limit depth > maxDepth"
	if depth > maxDepth {
		return errDeep
	}
	for _, k := range n.Kids {
		if err := walk(k, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// One that counts down.
func print(n *Node, levels int) { // want limited "the limit levels == 0"
	if levels == 0 {
		return
	}
	for _, k := range n.Kids {
		print(k, levels-1)
	}
}

// The same, with nothing that is walked.
func random(depth int) *Node { // want limited "the limit depth <= 0"
	if depth <= 0 {
		return new(Node)
	}
	return &Node{Kids: []*Node{random(depth - 1), random(depth - 1)}}
}

func Random(depth int) *Node { return random(depth) }

// A field, in the function itself.
type decoder struct {
	depth, max int
	in         []byte
	errors     int
}

func (d *decoder) value() error { // want limited "the limit d.depth >= d.max"
	if d.depth >= d.max {
		return errDeep
	}
	d.depth++
	defer func() { d.depth-- }()
	for len(d.in) > 0 && d.in[0] == '[' {
		d.in = d.in[1:]
		if err := d.value(); err != nil {
			return err
		}
	}
	return nil
}

// A counter by any name that goes up and down.
type reader struct {
	d  int
	in []byte
}

func (r *reader) value() { // want limited "the limit r.d > 200"
	if r.d++; r.d > 200 {
		panic("too deep")
	}
	for len(r.in) > 0 && r.in[0] == '[' {
		r.in = r.in[1:]
		r.value()
	}
	r.d--
}

// In a helper that panics.
type parser struct {
	nesting int
	in      []byte
	errors  int
}

func (p *parser) enter() *parser {
	p.nesting++
	if p.nesting > maxDepth {
		p.fail("too deep")
	}
	return p
}

func (p *parser) leave() { p.nesting-- }

func (p *parser) fail(s string) { panic(s) }

func (p *parser) expr() { // want limited "the limit p.nesting > maxDepth"
	defer p.enter().leave()
	for len(p.in) > 0 && p.in[0] == '(' {
		p.in = p.in[1:]
		p.expr()
	}
}

// A limit on something else does not help.
func (p *parser) note() bool {
	p.errors++
	return p.errors > 10
}

func (p *parser) list() { // want unguarded "p of \(\*parser\).list reads input"
	if p.note() {
		return
	}
	for len(p.in) > 0 && p.in[0] == '[' {
		p.in = p.in[1:]
		p.list()
	}
}

// Past the bound this goes on all the same.
func mark(n *Node, depth int, seen map[*Node]bool) { // want unguarded "n \*limits.Node of mark walks a structure"
	if depth > maxDepth {
		if seen[n] {
			return
		}
		seen[n] = true
	}
	for _, k := range n.Kids {
		mark(k, depth+1, seen)
	}
}

// One way round has a limit, another has not.
func both(n *Node, depth int) { // want unguarded stopped "n \*limits.Node of both walks a structure"
	if len(n.Kids) == 1 {
		both(n.Kids[0], depth)
		return
	}
	if depth > maxDepth {
		return
	}
	for _, k := range n.Kids {
		both(k, depth+1)
	}
}

// The depth begins anew with each key.
type Keyed struct {
	Kids []*Keyed
	Key  *Keyed
}

func keyed(k *Keyed, depth int) int {
	if k == nil || depth > maxDepth {
		return 0
	}
	n := key(k)
	for _, kid := range k.Kids {
		n += keyed(kid, depth+1)
	}
	return n
}

func key(k *Keyed) int { return keyed(k.Key, 0) } // want unguarded stopped "k \*limits.Keyed of keyed walks a structure"

func Keys(k *Keyed) int { return key(k) }

// What it walks is built under a limit.
type query struct{ input *query }

func (b *builder) build(depth int) *query { // want limited "the limit depth > maxDepth"
	if depth > maxDepth || len(b.in) == 0 {
		return nil
	}
	b.in = b.in[1:]
	return &query{input: b.build(depth + 1)}
}

type builder struct{ in []byte }

func (q *query) run() int { // want limited "what it walks is built by \(\*builder\).build, whose recursion has a limit"
	if q == nil {
		return 0
	}
	return 1 + q.input.run()
}

// A limit that is asked of a helper, as in go-yaml's decoder.
type asker struct {
	level int
	in    []byte
}

func (a *asker) stepIn()       { a.level++ }
func (a *asker) stepOut()      { a.level-- }
func (a *asker) tooDeep() bool { return a.level > maxDepth }
func (a *asker) within() bool  { return a.level < maxDepth }
func tooDeep(levels int) bool  { return levels > maxDepth }

func (a *asker) value() error { // want limited "the limit a.level > maxDepth"
	a.stepIn()
	defer a.stepOut()
	if a.tooDeep() {
		return errDeep
	}
	for len(a.in) > 0 && a.in[0] == '[' {
		a.in = a.in[1:]
		if err := a.value(); err != nil {
			return err
		}
	}
	return nil
}

func (a *asker) other() { // want limited "the limit a.level < maxDepth"
	a.stepIn()
	defer a.stepOut()
	if !a.within() {
		return
	}
	for len(a.in) > 0 && a.in[0] == '[' {
		a.in = a.in[1:]
		a.other()
	}
}

func down(n *Node, depth int) { // want limited "the limit levels > maxDepth"
	if tooDeep(depth) {
		return
	}
	for _, k := range n.Kids {
		down(k, depth+1)
	}
}

// One that goes on past the bound.
func (a *asker) warns() { // want unguarded "a of \(\*asker\).warns reads input"
	a.stepIn()
	defer a.stepOut()
	if a.tooDeep() {
		println("deep")
	}
	for len(a.in) > 0 && a.in[0] == '[' {
		a.in = a.in[1:]
		a.warns()
	}
}

// A bound that grows with the depth is none.
func exceeds(depth, most int) bool { return depth > most }

func grows(s string, depth int) { // want unguarded "s string of grows walks along a string"
	if !exceeds(depth, len(s)+depth) && s != "" {
		grows(s[1:], depth+1)
	}
}

// What the helper calls a depth is none.
func (d *decoder) errorsOnly() error { // want unguarded "d of \(\*decoder\).errorsOnly reads input"
	if tooDeep(d.errors) {
		return errDeep
	}
	for len(d.in) > 0 && d.in[0] == '[' {
		d.in = d.in[1:]
		if err := d.errorsOnly(); err != nil {
			return err
		}
	}
	d.errors++
	return nil
}

// The variable is another one at each level.
func fresh(n *Node) int { // want unguarded "n \*limits.Node of fresh walks a structure"
	depth := 0
	tooDeep := func() bool { return depth > maxDepth }
	for _, k := range n.Kids {
		if tooDeep() {
			return 0
		}
		depth += fresh(k)
	}
	return depth
}

// A tracer stops nobody.
type tracer struct {
	depth int
	names []string
}

func (t *tracer) enter(name string) {
	t.depth++
	if t.depth > maxDepth {
		return
	}
	t.names = append(t.names, name)
}

type traced struct {
	*tracer
	in []byte
}

func (t *traced) expr() { // want unguarded "t of \(\*traced\).expr reads input"
	t.enter("expr")
	defer func() { t.depth-- }()
	for len(t.in) > 0 && t.in[0] == '(' {
		t.in = t.in[1:]
		t.expr()
	}
}

// One that takes back what was too much, as OPA's.
type enterer struct {
	level int
	in    []byte
}

func (e *enterer) enter() bool {
	e.level++
	if e.level > maxDepth {
		e.level--
		return false
	}
	return true
}

func (e *enterer) leave() { e.level-- }

func (e *enterer) value() { // want limited "the limit e.level > maxDepth"
	if !e.enter() {
		return
	}
	defer e.leave()
	for len(e.in) > 0 && e.in[0] == '(' {
		e.in = e.in[1:]
		e.value()
	}
}

// What it asks for first has a limit; it has none.
func (e *enterer) cast() { // want unguarded "e of \(\*enterer\).cast reads input"
	e.value()
	for len(e.in) > 0 && e.in[0] == '[' {
		e.in = e.in[1:]
		e.cast()
	}
}

// Budgets, and other ways to count in a helper.
type machine struct {
	fuel, depth, printed int
	err                  error
	in                   []byte
}

func (m *machine) step() error {
	m.fuel--
	if m.fuel <= 0 {
		return errDeep
	}
	return nil
}

func (m *machine) eval(n *Node) error { // want limited "the limit m.fuel <= 0"
	if err := m.step(); err != nil {
		return err
	}
	for _, k := range n.Kids {
		if err := m.eval(k); err != nil {
			return err
		}
	}
	return nil
}

func (m *machine) enter() error {
	m.depth++
	if m.depth > maxDepth {
		m.leave()
		return errDeep
	}
	return nil
}

func (m *machine) leave() { m.depth-- }

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func (m *machine) run(n *Node) { // want limited "the limit m.depth > maxDepth"
	must(m.enter())
	defer m.leave()
	for _, k := range n.Kids {
		m.run(k)
	}
}

func (m *machine) entered() func() {
	m.depth++
	if m.depth > maxDepth {
		panic(errDeep)
	}
	return func() { m.depth-- }
}

func (m *machine) scan(n *Node) { // want limited "the limit m.depth > maxDepth"
	defer m.entered()()
	for _, k := range n.Kids {
		m.scan(k)
	}
}

func (m *machine) check() {
	m.depth++
	if m.depth > maxDepth {
		m.err = errDeep
	}
}

func (m *machine) sticky(n *Node) { // want limited "the limit m.depth > maxDepth"
	m.check()
	defer m.leave()
	if m.err != nil {
		return
	}
	for _, k := range n.Kids {
		m.sticky(k)
	}
}

// An error that is only noted stops nobody.
func (m *machine) noted(n *Node) { // want unguarded "n \*limits.Node of \(\*machine\).noted walks a structure"
	defer m.leave()
	if err := m.enter(); err != nil {
		m.printed++
	}
	for _, k := range n.Kids {
		m.noted(k)
	}
}

// Nor does a limit that what it asks for first keeps for itself.
func (m *machine) types() error {
	outer := m.depth
	m.depth++
	if m.depth > maxDepth {
		return errDeep
	}
	m.depth = outer
	return nil
}

func (m *machine) cast(n *Node) error { // want unguarded "n \*limits.Node of \(\*machine\).cast walks a structure"
	if err := m.types(); err != nil {
		return err
	}
	for _, k := range n.Kids {
		if err := m.cast(k); err != nil {
			return err
		}
	}
	return nil
}

// The level of a heading is no depth of the recursion.
type heading struct {
	level int
	kids  []*heading
}

func (h *heading) deeper(level int) bool { return h.level > level }

func (h *heading) toc() int { // want unguarded "h \*limits.heading of \(\*heading\).toc walks a structure"
	if h.deeper(3) {
		return 0
	}
	n := 1
	for _, k := range h.kids {
		n += k.toc()
	}
	return n
}
