// Package once has recursion that does not get deep, as something is made, or done, once.
package once

import (
	"fmt"
	"strings"
	"sync"

	"github.com/vstack-go/vstack/vstack"
)

// A runtime makes its prototypes when they are asked for: goja has forty of these.
type runtime struct {
	global struct {
		object, promise *object
		ready           bool
	}
}

type object struct {
	run   *runtime
	proto *object
	names []string
}

func New(src []byte) *runtime {
	r := &runtime{}
	r.global.object = &object{run: r, names: strings.Fields(string(src))}
	return r
}

// Its constructor asks for the prototype, whose makers asks for the constructor.
func (r *runtime) Promise() *object { // want bounded "global.promise.* is set before: a once.runtime goes this way once"
	p := r.global.promise
	if p == nil {
		p = &object{run: r}
		r.global.promise = p
		p.proto = r.constructor()
	}
	return p
}

func (r *runtime) constructor() *object {
	return &object{run: r, proto: r.Promise(), names: r.global.object.names}
}

// A second runtime is made at the first use of a compiler, behind a guard.
type compiler struct{ run *runtime }

func (c *compiler) Compile(names []string) *object { // want guarded "guard in \(\*compiler\).Compile"
	if vstack.Low() {
		return vstack.Grow(func() *object { return c.Compile(names) })
	}
	if c.run == nil {
		c.run = New(nil)
	}
	if len(names) > 0 {
		return c.Compile(names[1:])
	}
	return c.run.Promise()
}

// It is set behind the call.
func (r *runtime) Late(names []string) *object { // want unguarded "names \[\]string of \(\*runtime\).Late walks a slice"
	p := r.global.object
	if p == nil && len(names) > 0 {
		p = r.Late(names[1:])
		r.global.object = p
	}
	return p
}

// A flag of the runtime.
func (r *runtime) Init(names []string) { // want bounded "ready.* is set before"
	if r.global.ready || len(names) == 0 {
		return
	}
	r.global.ready = true
	r.Init(names[1:])
}

// A mark on each node: there may be many.
type node struct {
	seen bool
	next *node
}

func (n *node) Mark() int { // want unguarded "n \*once.node of \(\*node\).Mark walks a structure"
	if n == nil || n.seen {
		return 0
	}
	n.seen = true
	return 1 + n.next.Mark()
}

func Nodes(names []string) (n *node) {
	for range names {
		n = &node{next: n}
	}
	return n
}

// A table that is made at the first use.
var (
	table   map[string]func(string) string
	tableOf sync.Once
)

func lookup(name string) func(string) string { // want bounded "tableOf lets it happen once"
	tableOf.Do(func() { table = newTable() }) // the second waits for ever
	return table[name]
}

func newTable() map[string]func(string) string {
	rest := lookup("rest")
	return map[string]func(string) string{"rest": rest}
}

func Lookup(name string) string { return lookup(name)(name) }

// Somebody sets it to nil again.
type cache struct{ root *object }

func NewCache() *cache { return &cache{root: &object{}} }

func (c *cache) Get(names []string) *object { // want unguarded "names \[\]string of \(\*cache\).Get walks a slice"
	if c.root == nil && len(names) > 0 {
		c.root = &object{}
		c.drop()
		c.Get(names[1:])
	}
	return c.root
}

func (c *cache) drop() { c.root = nil }

// What toPrimitive returns is no object.
type Value interface{ Equals(Value) bool }

type (
	number float64
	Object struct {
		call  func(Value) Value
		inner Value
	}
)

func (n number) Equals(v Value) bool { // want bounded "at most once again, with what is no \*once.Object"
	switch v := v.(type) {
	case number:
		return n == v
	case *Object:
		return n.Equals(v.primitive())
	}
	return false
}

func (o *Object) Equals(v Value) bool { // want bounded "what \(\*Object\).Equals calls Equals on is no \*once.Object"
	if other, ok := v.(*Object); ok {
		return o == other
	}
	return o.primitive().Equals(v)
}

func (o *Object) primitive() Value {
	if v := o.try("valueOf"); v != nil {
		return v
	}
	panic(fmt.Sprintf("%v is no number", o))
}

func (o *Object) try(name string) Value { // want guarded "guard in \(\*Object\).try"
	if vstack.Low() {
		return vstack.Grow(func() Value { return o.try(name) })
	}
	v := o.call(nil)
	if _, fail := v.(*Object); !fail {
		return v
	}
	return nil
}

// This one may return an object.
func Number(v Value) float64 { // want unguarded "v once.Value of Number walks a structure"
	switch v := v.(type) {
	case number:
		return float64(v)
	case *Object:
		return Number(v.inner)
	}
	return 0
}

// What it asks for is an object sometimes.
func Text(v Value) string { // want unguarded "v once.Value of Text walks a structure"
	switch v := v.(type) {
	case number:
		return fmt.Sprint(float64(v))
	case *Object:
		return Text(v.unwrap(3))
	}
	return ""
}

func (o *Object) unwrap(n int) Value {
	v := o.inner
	if _, ok := v.(*Object); ok && n > 0 {
		return v
	}
	return number(n)
}

func Wrap(v Value) Value { return &Object{inner: v} }

// There are many parsers, but one on the way round.
type parser struct {
	text     string
	comments bool
}

func ParseAll(texts []string) (n int) {
	for _, text := range texts {
		p := &parser{text: text}
		n += p.peek()
	}
	return n
}

func (p *parser) peek() int { // want bounded "comments is set before, and all calls are of the same once.parser"
	if strings.HasPrefix(p.text, "#") {
		p.group()
	}
	return len(p.text)
}

func (p *parser) group() {
	if p.comments {
		return
	}
	p.comments = true
	for p.comment() > 0 {
	}
	p.comments = false
}

func (p *parser) comment() int {
	_, p.text, _ = strings.Cut(p.text, "\n")
	return p.peek()
}

// Each has a mark of its own.
type item struct {
	marked bool
	next   *item
}

func Items(texts []string) (all *item) {
	for range texts {
		all = &item{next: all}
	}
	all.visit()
	return all
}

func (i *item) visit() { // want unguarded "i \*once.item of \(\*item\).visit walks a structure"
	if i == nil || i.marked {
		return
	}
	i.marked = true
	i.next.visit()
	i.marked = false
}

// Who calls it gives it a function of its own.
func catch(name string, do func()) {
	defer func() { _ = recover() }()
	do()
}

func (o *Object) Name(names []string) (name string) {
	catch("name", func() { name = o.Short(names[1:]) })
	return name
}

func (o *Object) Short(names []string) (name string) { // want bounded "catch calls itself at most once again, with another function to call"
	catch("short", func() { name = names[0] })
	return name
}

// It gives it the same one again.
func (o *Object) Long(names []string) (name string) { // want unguarded "names \[\]string of \(\*Object\).Long walks a slice"
	catchLong(func() { name = o.Long(names[1:]) })
	return name
}

func catchLong(do func()) { do() }

// A flag that is constant on the way round, and handed on, as in raymond.
type evaluator struct{ names []string }

func (e *evaluator) Expression(names []string) {
	e.names = names
	e.path(true)
}

func (e *evaluator) path(root bool) { // want bounded "calls itself at most once again, with another flag"
	e.field(root)
}

func (e *evaluator) field(root bool) {
	if root && len(e.names) > 0 {
		e.options()
	}
}

func (e *evaluator) options() {
	e.names = e.names[1:]
	e.path(false)
}

// One that comes round as it was is whatever it was at first.
type scope struct {
	outer *scope
	block bool
}

func (s *scope) Parent(skip bool) *scope { // want unguarded "s \*once.scope of \(\*scope\).Parent walks a structure"
	if skip && s.block {
		return s.outer.Parent(skip)
	}
	return s.outer
}

func Scopes(names []string) (s *scope) {
	for range names {
		s = &scope{s, true}
	}
	return s
}

// And so is what a call is made on.
type shape interface{ draw(s shape, n *node) int }

type square struct{}

func (square) draw(s shape, n *node) int { return 1 + again(s, n.next) }

type circle struct{}

func (circle) draw(shape, *node) int { return 0 }

func again(s shape, n *node) int { // want unguarded "n \*once.node of .* walks a structure"
	if n == nil {
		return 0
	}
	return s.draw(s, n)
}

func Draw(names []string) int { return again(square{}, Nodes(names)) + again(circle{}, Nodes(names)) }

// What is set may be as empty as before, and is asked again.
type visitor struct {
	err   error
	visit func(*Visited) error
}

type Visited struct{ Kids []*Visited }

func (v *visitor) walk(n *Visited) { // want unguarded "n \*once.Visited of \(\*visitor\).walk walks a structure"
	if v.err != nil {
		return
	}
	v.err = v.visit(n)
	if v.err != nil {
		return
	}
	for _, k := range n.Kids {
		v.walk(k)
	}
}

func Visit(n *Visited, visit func(*Visited) error) error {
	v := &visitor{visit: visit}
	v.walk(n)
	return v.err
}
