// Package closures has recursion through function values: what a closure has captured is
// inside it.
package closures

import (
	"iter"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// A tree is compiled to closures, which are in each other as deep as the tree is: gval and
// liquid do that with expressions.
type Node struct {
	L, R *Node
	V    int
}

func compile(n *Node) func() int { // want unguarded "n \*closures.Node of compile walks a structure"
	if n == nil {
		return func() int { return 0 }
	}
	l, r := compile(n.L), compile(n.R)
	return func() int { return l() + r() + n.V } // want unguarded "^compile.func2 → compile.func2 .* of compile.func2 walks a structure"
}

func Run(n *Node) int { return compile(n)() }

// Those of the operands are in a list.
type call func(args map[string]int) int

func compileCall(n *Node) call { // want unguarded "n \*closures.Node of compileCall walks a structure"
	var args []struct {
		name string
		eval call
	}
	for _, kid := range []*Node{n.L, n.R} {
		if kid != nil {
			args = append(args, struct {
				name string
				eval call
			}{"x", compileCall(kid)})
		}
	}
	return func(env map[string]int) int { // want unguarded "args .* of compileCall.func1 walks"
		sum := env["x"]
		for _, arg := range args {
			sum += arg.eval(env)
		}
		return sum
	}
}

func RunCall(n *Node) int { return compileCall(n)(nil) }

// A loop wraps one in another, for each segment of a path.
type selector func(v any) any

func key(prev selector, name string) selector {
	return func(v any) any { // want unguarded "prev closures.selector of key.func1 walks a structure"
		m, _ := prev(v).(map[string]any)
		return m[name]
	}
}

func Select(path []string, v any) any {
	s := selector(func(v any) any { return v })
	for _, name := range path {
		s = key(s, name)
	}
	return s(v)
}

// So does a loop that makes them itself.
type filter func(v any) any

func Filter(path []string, v any) any {
	s := filter(func(v any) any { return v })
	for _, name := range path {
		prev := s
		s = func(v any) any { // want unguarded "prev closures.filter of Filter.func2 walks a structure"
			m, _ := prev(v).(map[string]any)
			return m[name]
		}
	}
	return s(v)
}

// A method wraps what it has, as often as it is called: that is two calls away from the
// loop, as in gRPC, where the callback that is wrapped is another one each time.
type hook func(in []byte) int

type pipe struct{ do hook }

func wrap(next hook) hook {
	return func(in []byte) int { return next(in) + 1 } // want unclear "nothing was found"
}

func (p *pipe) use() { p.do = wrap(p.do) }

func Pipe(in []byte) int {
	p := &pipe{func(in []byte) int { return len(in) }}
	for range in {
		p.use()
	}
	return p.do(in)
}

// Middleware is a list of the program.
type handler func(req []byte) int

func logged(next handler) handler {
	return func(req []byte) int { return next(req) + 1 } // want unclear "nothing was found"
}

func timed(next handler) handler {
	return func(req []byte) int { return next(req) + 2 } // want unclear "nothing was found"
}

func chain(h handler, all ...func(handler) handler) handler {
	for _, next := range all {
		h = next(h)
	}
	return h
}

func Serve(req []byte) int {
	return chain(func(req []byte) int { return len(req) }, logged, timed)(req)
}

// A loop over a literal is as if it were written out: gval's operators are put together so.
type op func(a, b int) int

func overflows(next op, strict bool) op {
	return func(a, b int) int { // want unclear "nothing was found"
		if strict && a < 0 {
			return 0
		}
		return next(a, b)
	}
}

type operator struct {
	plain op
	build func(a, b int) int
}

func (o *operator) init() {
	do := o.plain
	for _, strict := range []bool{true, false} {
		do = overflows(do, strict)
	}
	o.build = func(a, b int) int { return do(a, b) }
}

func Operators(all map[string]*operator) {
	for _, o := range all {
		o.init()
	}
}

// What it wraps is a parser, which comes back.
type rule func(p *parser) int

type parser struct {
	in    []byte
	rules map[byte]rule
}

func prefix(next rule) rule {
	return func(p *parser) int {
		p.in = p.in[1:]
		return next(p)
	}
}

func (p *parser) expr() int { // want unguarded "p .* reads input: closures.parser moves on"
	if next := p.rules[p.in[0]]; next != nil {
		return next(p)
	}
	return 1
}

func Parse(in []byte) int {
	p := &parser{in: in, rules: map[byte]rule{}}
	p.rules['-'] = prefix((*parser).expr)
	return p.expr()
}

// Two literals know each other: nothing is inside.
func Knot(in []byte) int {
	var a, b func(i int) int
	a = func(i int) int {
		if i < len(in) {
			return b(i + 1)
		}
		return 0
	}
	b = func(i int) int { return a(i+1) + 1 } // want unguarded "Knot.func2 → Knot.func1 .* the integer i of Knot.func. counts"
	return a(0)
}

// Encoders are made for Go types.
type encoder func(v reflect.Value) int

func encoderOf(t reflect.Type) encoder { // want bounded "t is a Go type, as deep as it is declared"
	if t.Kind() != reflect.Pointer {
		return func(v reflect.Value) int { return v.NumField() }
	}
	elem := encoderOf(t.Elem())
	return func(v reflect.Value) int { return elem(v.Elem()) } // want unclear "nothing was found"
}

func Encode(v any) int { return encoderOf(reflect.TypeOf(v))(reflect.ValueOf(v)) }

// A parser that is made of its methods' values.
type list struct {
	in  []byte
	pos int
}

func (l *list) seq(all ...func() bool) bool {
	for _, next := range all {
		if !next() {
			return false
		}
	}
	return true
}

func (l *list) lit(c byte) func() bool {
	return func() bool {
		if l.pos < len(l.in) && l.in[l.pos] == c {
			l.pos++
			return true
		}
		return false
	}
}

func (l *list) item() bool { // want unguarded "all \[\]func\(\) bool of \(\*list\).seq walks a slice"
	if l.pos < len(l.in) && l.in[l.pos] == '(' {
		return l.seq(l.lit('('), l.item, l.lit(')'))
	}
	return l.lit('x')()
}

func List(in []byte) bool { return (&list{in: in}).item() }

// Iterators of the standard library call the body of a loop.
type tree struct {
	kids []*tree
	by   map[string]*tree
	get  func() *tree
}

func (t *tree) all() iter.Seq[*tree] { return slices.Values(t.kids) }

func Values(t *tree) (n int) { // want unguarded "t \*closures.tree of Values walks a structure"
	for kid := range slices.Values(t.kids) {
		n += Values(kid)
	}
	return n
}

func All(t *tree) (n int) { // want unguarded "t \*closures.tree of All walks a structure"
	for kid := range t.all() {
		n += All(kid)
	}
	return n
}

func Pull(t *tree) (n int) { // want unguarded "t \*closures.tree of Pull walks a structure"
	next, stop := iter.Pull(t.all())
	defer stop()
	for kid, ok := next(); ok; kid, ok = next() {
		n += Pull(kid)
	}
	return n
}

func Collect(t *tree) (n int) { // want unguarded "t \*closures.tree of Collect walks a structure"
	for _, name := range slices.Sorted(maps.Keys(t.by)) {
		n += Collect(t.by[name])
	}
	for _, kid := range slices.Collect(t.all()) {
		n += Collect(kid)
	}
	return n
}

func Sorted(t *tree) (n int) { // want unguarded "t \*closures.tree of Sorted walks a structure"
	for _, kid := range slices.SortedFunc(maps.Values(t.by), func(a, b *tree) int { return len(a.kids) - len(b.kids) }) {
		n += Sorted(kid)
	}
	return n
}

func Got(t *tree) int { // want unguarded "t \*closures.tree of Got walks a structure"
	if t.get == nil {
		return 0
	}
	return Got(t.get())
}

// What the callback is given is part of the text, and what it has captured of it is not.
func Strings(s string) string { // want unguarded "s string of Strings walks along a string"
	return each(s, func(word string) string { return Strings(word[1:]) })
}

func each(s string, do func(string) string) string {
	first, _, _ := strings.Cut(s, " ")
	return do(first)
}

func Fixed(layout string, at *Node) string { // want unclear "nothing was found"
	return eachOf(func(word string) string {
		if word == "%c" {
			return Fixed("%H %M", at)
		}
		return word
	})
}

func eachOf(do func(string) string) string { return do("%c") }

// Interceptors: each is handed the next one, which is made then. The list is the program's.
type (
	unary       func(req any) any
	interceptor func(req any, next unary) any
)

func intercept(all []interceptor, at int, last unary) unary {
	if at == len(all) {
		return last
	}
	return func(req any) any {
		return all[at](req, intercept(all, at+1, last))
	}
}

func Intercepted(req any) any {
	log := func(req any, next unary) any { return next(req) } // want unclear "nothing was found"
	return intercept([]interceptor{log, log}, 0, func(any) any { return nil })(req)
}

// The same without an index.
type (
	stage  func(v any) any
	passer func(v any, next stage) any
)

func pass(all []passer, last stage) stage {
	if len(all) == 0 {
		return last
	}
	return func(v any) any { return all[0](v, pass(all[1:], last)) }
}

func Passed(v any) any {
	log := func(v any, next stage) any { return next(v) } // want unclear "nothing was found"
	return pass([]passer{log, log}, func(any) any { return nil })(v)
}

// A list of texts is input.
type command func(rest []string) int

func interpret(words []string, run command) int { // want unguarded "rest \[\]string of Interpret.func1 walks a slice"
	if len(words) == 0 {
		return 0
	}
	return run(words[1:])
}

func Interpret(words []string) int {
	var run command
	run = func(rest []string) int { return interpret(rest, run) }
	return interpret(words, run)
}

// A captured counter counts itself up: whoever follows it must not go round.
func Counter(n int) int { // want unguarded "the integer n of Counter counts"
	next := func() { n++ }
	if next(); n%7 != 0 {
		return Counter(n + 1)
	}
	return n
}

// A parser with a limit of its own makes them.
type limitedExpr func() int

type limitedParser struct {
	in    []byte
	depth int
}

func (p *limitedParser) expr() limitedExpr { // want limited "the limit p.depth > maxDepth"
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxDepth || len(p.in) == 0 {
		return func() int { return 0 }
	}
	p.in = p.in[1:]
	left := p.expr()
	return func() int { return left() + 1 } // want limited "made by \(\*limitedParser\).expr, whose recursion has a limit"
}

const maxDepth = 100

func Limited(in []byte) int { return (&limitedParser{in: in}).expr()() }

// A callback is wrapped once each time, whatever is recursive around it.
type picked struct{ done func(err error) }

type picker struct {
	kids []*picker
	own  picked
}

func (p *picker) pick(key string) picked { // want unguarded "p \*closures.picker of \(\*picker\).pick walks a structure"
	r := p.own
	for _, kid := range p.kids {
		r = kid.pick(key)
	}
	old := r.done
	r.done = func(err error) { // want unclear "nothing was found"
		if old != nil {
			old(err)
		}
	}
	return r
}

func Pick(kids []*picker, key string) { (&picker{kids: kids}).pick(key).done(nil) }

// goyacc's parsers have a stack of values, and no recursion.
type value struct{ eval func() int }

func Reduce(in []byte) int {
	var stack []value
	for _, c := range in {
		v := value{}
		switch n := len(stack); {
		case c == '+' && n > 1:
			a, b := stack[n-2].eval, stack[n-1].eval
			v.eval = func() int { return a() + b() } // want unguarded "a func\(\) int of Reduce.func1 walks a structure"
			stack = stack[:n-2]
		default:
			v.eval = func() int { return int(c) }
		}
		stack = append(stack, v)
	}
	return stack[0].eval()
}
