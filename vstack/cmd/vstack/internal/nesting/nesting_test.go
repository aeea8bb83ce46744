package nesting_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/recursion"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestByChance writes parsers whose loops do things by chance, runs what they do, and wants
// the walk of what gets deep to be unguarded. How many flat ones are called deep it only
// says, but for more than half.
func TestByChance(t *testing.T) {
	const functions, seed = 200, 1
	dir := t.TempDir()
	write(t, filepath.Join(dir, "go.mod"), "module chance.test/m\n\ngo 1.25\n")
	deepest := map[string]int{}
	rnd := rand.New(rand.NewPCG(seed, 0))
	for i := range functions {
		g := generator{rnd}
		before, loop := g.block(0, 2, true), g.block(1, 5, false)
		name := fmt.Sprintf("p%d", i)
		write(t, filepath.Join(dir, name, "p.go"), source(name, before, loop))
		deepest["chance.test/m/"+name] = run(before, loop)
	}
	p, err := program.Load(program.Config{Dir: dir}, "./...")
	if err != nil {
		t.Fatal(err)
	}
	unguarded := map[string]bool{}
	for _, c := range recursion.Find(program.NewGraph(p)).Cycles {
		if c.Start().Name() == "(*node).walk" && c.Status == recursion.Unguarded {
			unguarded[c.Start().Pkg.Path()] = true
		}
	}
	deep, flat, alarms := 0, 0, 0
	for pkg, depth := range deepest {
		switch {
		case depth > 25:
			deep++
			if !unguarded[pkg] {
				src, _ := os.ReadFile(filepath.Join(dir, filepath.Base(pkg), "p.go"))
				t.Errorf("%d levels after %d turns, and not found:\n%s", depth, turns, src)
			}
		case depth <= 12:
			flat++
			if unguarded[pkg] {
				alarms++
			}
		}
	}
	t.Logf("%d are deep; of %d flat ones %d are called deep", deep, flat, alarms)
	if deep < functions/10 || flat < functions/10 || alarms > flat/2 {
		t.Errorf("%d are deep; of %d flat ones %d are called deep", deep, flat, alarms)
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// A statement is something that a parser does, as Go and as a simulation. Its variables are
// two of the function (a, b), two of one turn of a loop (d, e), and two fields (p.cur, p.acc).
type statement interface {
	write(b *strings.Builder, indent string)
	run(m *machine)
}

type (
	made   struct{ to, left, right string } // a new node; "new" and "nil" are values
	moved  struct{ to, from string }
	infix  struct{ to, left, right string } // a method of the parser makes it
	grown  struct{ to, in string }          // a method of a node puts a new one into that
	child  struct{ to string }              // its left
	pushed struct{ from string }
	popped struct{ to string }
	branch struct{ then, other []statement }
	loop   struct{ body []statement }
)

type generator struct{ *rand.Rand }

func (g generator) pick(of ...string) string { return of[g.IntN(len(of))] }

func (g generator) variable(inLoop bool) string {
	if inLoop {
		return g.pick("a", "b", "p.cur", "p.acc", "d", "e")
	}
	return g.pick("a", "b", "p.cur", "p.acc")
}

func (g generator) value(inLoop bool) string {
	switch n := g.IntN(20); {
	case n < 5:
		return "new"
	case n < 7:
		return "nil"
	}
	return g.variable(inLoop)
}

// block makes between lo and hi statements; flat ones have no others in them.
func (g generator) block(lo, hi int, flat bool) (all []statement) {
	levels := 0
	if flat {
		levels = 2
	}
	for range lo + g.IntN(hi-lo+1) {
		all = append(all, g.statement(!flat, levels))
	}
	return all
}

func (g generator) some(n, levels int) (all []statement) {
	for range n {
		all = append(all, g.statement(true, levels))
	}
	return all
}

func (g generator) statement(inLoop bool, levels int) statement {
	v := func() string { return g.variable(inLoop) }
	switch n := g.IntN(100); {
	case n < 30:
		return made{v(), g.value(inLoop), g.value(inLoop)}
	case n < 45:
		return moved{v(), v()}
	case n < 52:
		return moved{v(), "nil"}
	case n < 60:
		return pushed{v()}
	case n < 68:
		return popped{v()}
	case n < 74:
		return child{v()}
	case n < 82:
		return infix{v(), v(), g.value(inLoop)}
	case n < 86:
		return grown{v(), v()}
	case n < 94 && levels < 2:
		return branch{g.some(1+g.IntN(2), levels+1), g.some(g.IntN(3), levels+1)}
	case levels < 1:
		return loop{g.some(1+g.IntN(3), levels+1)}
	}
	return moved{v(), v()}
}

func value(v string) string {
	if v == "new" {
		return "&node{}"
	}
	return v
}

func (s made) write(b *strings.Builder, indent string) {
	fmt.Fprintf(b, "%s%s = &node{%s, %s}\n", indent, s.to, value(s.left), value(s.right))
}

func (s moved) write(b *strings.Builder, indent string) {
	if s.to != s.from { // vet
		fmt.Fprintf(b, "%s%s = %s\n", indent, s.to, s.from)
	}
}

func (s infix) write(b *strings.Builder, indent string) {
	fmt.Fprintf(b, "%s%s = p.infix(%s, %s)\n", indent, s.to, s.left, value(s.right))
}

func (s grown) write(b *strings.Builder, indent string) {
	fmt.Fprintf(b, "%s%s = %s.grow()\n", indent, s.to, s.in)
}

func (s child) write(b *strings.Builder, indent string) {
	fmt.Fprintf(b, "%sif %s != nil {\n%s\t%s = %s.left\n%s}\n", indent, s.to, indent, s.to, s.to, indent)
}

func (s pushed) write(b *strings.Builder, indent string) {
	fmt.Fprintf(b, "%sstack = append(stack, %s)\n", indent, s.from)
}

func (s popped) write(b *strings.Builder, indent string) {
	fmt.Fprintf(b, "%sif len(stack) > 0 {\n%s\t%s = stack[len(stack)-1]\n%s\tstack = stack[:len(stack)-1]\n%s}\n", indent, indent, s.to, indent, indent)
}

func (s branch) write(b *strings.Builder, indent string) {
	fmt.Fprintf(b, "%sif p.next() == '?' {\n", indent)
	for _, s := range s.then {
		s.write(b, indent+"\t")
	}
	fmt.Fprintf(b, "%s} else {\n", indent)
	for _, s := range s.other {
		s.write(b, indent+"\t")
	}
	fmt.Fprintf(b, "%s}\n", indent)
}

func (s loop) write(b *strings.Builder, indent string) {
	fmt.Fprintf(b, "%sfor p.next() != 0 {\n%s\tvar d, e *node\n%s\t_, _ = d, e\n", indent, indent, indent)
	for _, s := range s.body {
		s.write(b, indent+"\t")
	}
	fmt.Fprintf(b, "%s}\n", indent)
}

func source(name string, before, in []statement) string {
	var pre, body strings.Builder
	for _, s := range before {
		s.write(&pre, "\t")
	}
	loop{in}.write(&body, "\t")
	return fmt.Sprintf(`package %s

type node struct{ left, right *node }

func (n *node) grow() *node {
	if n == nil {
		return nil
	}
	n.left = &node{}
	return n.left
}

func (n *node) walk() int {
	if n == nil {
		return 0
	}
	return n.left.walk() + n.right.walk()
}

type parser struct {
	in       []byte
	depth    int
	cur, acc *node
}

func (p *parser) next() byte {
	if len(p.in) == 0 {
		return 0
	}
	c := p.in[0]
	p.in = p.in[1:]
	return c
}

func (p *parser) infix(left, right *node) *node { return &node{left, right} }

func (p *parser) expr() *node {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > 100 {
		return nil
	}
	var a, b *node
	var stack []*node
%s%s	switch p.next() {
	case '(':
		return &node{p.expr(), b}
	case 's':
		if len(stack) > 0 {
			return stack[0]
		}
	case 'c':
		return p.cur
	case 'd':
		return p.acc
	}
	return a
}

// Eval evaluates.
func Eval(b []byte) int { return (&parser{in: b}).expr().walk() }
`, name, pre.String(), body.String())
}

// A machine runs the statements of one function.
type machine struct {
	*rand.Rand
	vars  map[string]*node
	stack []*node
	nodes []*node
}

type node struct {
	left, right *node
	depth       int
}

const turns = 120

// run returns how deep anything gets that the function makes, in a few runs.
func run(before, in []statement) (deepest int) {
	for seed := range uint64(6) {
		m := &machine{Rand: rand.New(rand.NewPCG(seed, 1)), vars: map[string]*node{}}
		m.run(before)
		for range turns {
			m.turn(in)
		}
		for _, n := range m.nodes {
			deepest = max(deepest, n.size())
		}
	}
	return deepest
}

func (m *machine) run(all []statement) {
	for _, s := range all {
		s.run(m)
	}
}

// turn runs a loop's body, with variables of its own.
func (m *machine) turn(body []statement) {
	d, e := m.vars["d"], m.vars["e"]
	delete(m.vars, "d")
	delete(m.vars, "e")
	m.run(body)
	m.vars["d"], m.vars["e"] = d, e
}

func (m *machine) node(left, right *node) *node {
	n := &node{left: left, right: right}
	m.nodes = append(m.nodes, n)
	return n
}

func (m *machine) value(v string) *node {
	if v == "new" {
		return m.node(nil, nil)
	}
	return m.vars[v]
}

// size returns how many levels are below n, with its own.
func (n *node) size() int {
	if n == nil {
		return 0
	}
	if n.depth == 0 {
		n.depth = 1 + max(n.left.size(), n.right.size())
	}
	return n.depth
}

func (s made) run(m *machine)   { m.vars[s.to] = m.node(m.value(s.left), m.value(s.right)) }
func (s moved) run(m *machine)  { m.vars[s.to] = m.vars[s.from] }
func (s infix) run(m *machine)  { m.vars[s.to] = m.node(m.value(s.left), m.value(s.right)) }
func (s pushed) run(m *machine) { m.stack = append(m.stack, m.vars[s.from]) }

func (s grown) run(m *machine) {
	n := m.vars[s.in]
	if n != nil {
		n.left = m.node(nil, nil)
		n = n.left
	}
	m.vars[s.to] = n
}

func (s child) run(m *machine) {
	if n := m.vars[s.to]; n != nil {
		m.vars[s.to] = n.left
	}
}

func (s popped) run(m *machine) {
	if n := len(m.stack); n > 0 {
		m.vars[s.to] = m.stack[n-1]
		m.stack = m.stack[:n-1]
	}
}

func (s branch) run(m *machine) {
	if m.IntN(10) < 6 {
		m.run(s.then)
	} else {
		m.run(s.other)
	}
}

func (s loop) run(m *machine) {
	for range []int{0, 1, 2, 5}[m.IntN(4)] {
		m.turn(s.body)
	}
}
