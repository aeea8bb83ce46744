// Package guards has guards, good and dear.
package guards

import (
	"context"

	"github.com/vstack-go/vstack/vstack"
)

type Node struct {
	Kids  []*Node
	Value int
}

type Big struct {
	a [32]int
	n *Node
}

type eval struct {
	stack *vstack.Stack
	n     int
}

func (e *eval) one(n *Node) int { // want guarded "guard in \(\*eval\).one"
	if e.stack.Low() {
		return vstack.GrowOn(e.stack, func() int { return e.one(n) })
	}
	sum := n.Value
	for _, k := range n.Kids {
		sum += e.one(k)
	}
	return sum
}

func (e *eval) two(n *Node) (v int, err error) { // want guarded "guard in \(\*eval\).two"
	if e.stack.Low() {
		return vstack.GrowOn2(e.stack, func() (int, error) { return e.two(n) })
	}
	for _, k := range n.Kids {
		if v, err = e.two(k); err != nil {
			return 0, err
		}
	}
	return v, nil
}

func (e *eval) none(n *Node) { // want guarded "guard in \(\*eval\).none"
	if e.stack.Low() {
		e.stack.Do(func() { e.none(n) })
		return
	}
	for _, k := range n.Kids {
		e.none(k)
	}
}

func inContext(ctx context.Context, n *Node) { // want guarded "guard in inContext"
	if stack, _ := vstack.FromContext(ctx); stack.Low() {
		stack.Do(func() { inContext(ctx, n) })
		return
	}
	for _, k := range n.Kids {
		inContext(ctx, k)
	}
}

func (e *eval) call(n *Node) int { // want guarded "the calls go through vstack"
	for _, k := range n.Kids {
		e.n += vstack.Call(e.call, k)
	}
	return e.n
}

func call2(s *vstack.Stack, n *Node) (int, error) { // want guarded "the calls go through vstack"
	for _, k := range n.Kids {
		return vstack.Call2(func(k *Node) (int, error) { return call2(s, k) }, k)
	}
	return 0, nil
}

func (e *eval) run(ctx context.Context, n *Node) error { // want guarded "the calls go through vstack"
	for _, k := range n.Kids {
		if err := e.stack.Run(ctx, func(ctx context.Context) error { return e.run(ctx, k) }); err != nil {
			return err
		}
	}
	return nil
}

// The second line in a function of its own.
func (e *eval) split(n *Node) int { // want guarded "guard in \(\*eval\).split"
	if e.stack.Low() {
		return e.splitLow(n)
	}
	sum := n.Value
	for _, k := range n.Kids {
		sum += e.split(k)
	}
	return sum
}

//go:noinline
func (e *eval) splitLow(n *Node) int {
	return vstack.GrowOn(e.stack, func() int { return e.split(n) })
}

func splitOf[T any](s *vstack.Stack, n *Node, of func(*Node) T) (all []T) { // want guarded "guard in splitOf"
	if s.Low() {
		return splitOfLow(s, n, of)
	}
	for _, k := range n.Kids {
		all = append(all, of(k))
		all = append(all, splitOf(s, k, of)...)
	}
	return all
}

func splitOfLow[T any](s *vstack.Stack, n *Node, of func(*Node) T) []T {
	return vstack.GrowOn(s, func() []T { return splitOf(s, n, of) })
}

// It does something else first, which may be the recursion: no guard.
func (e *eval) counting(n *Node) int { // want unguarded "n \*guards.Node of \(\*eval\).counting walks a structure"
	if e.stack.Low() {
		return e.countingLow(n)
	}
	sum := n.Value
	for _, k := range n.Kids {
		sum += e.counting(k)
	}
	return sum
}

func (e *eval) countingLow(n *Node) int {
	for _, k := range n.Kids {
		e.n += e.counting(k)
	}
	return vstack.GrowOn(e.stack, func() int { return e.counting(n) })
}

// A guard on one way round only.
func (e *eval) half(n *Node) { // want unguarded stopped "n \*guards.Node of \(\*eval\).half walks a structure"
	for _, k := range n.Kids {
		e.other(k)
		e.half(k)
	}
}

func (e *eval) other(n *Node) {
	if e.stack.Low() {
		e.stack.Do(func() { e.other(n) })
		return
	}
	e.half(n)
}

// Not on every way through the function: no guard.
func (e *eval) sometimes(n *Node) { // want unguarded "n \*guards.Node of \(\*eval\).sometimes walks a structure"
	for _, k := range n.Kids {
		if k.Value > 0 {
			if e.stack.Low() {
				e.stack.Do(func() { e.sometimes(k) })
				continue
			}
		}
		e.sometimes(k)
	}
}

// A guard behind a call that goes round.
func (e *eval) behind(n *Node) { // want unguarded "n \*guards.Node of \(\*eval\).behind walks a structure"
	if len(n.Kids) == 1 {
		e.behind(n.Kids[0])
		return
	}
	if e.stack.Low() { // want cost "the guard of \(\*eval\).behind stands behind the call at guards.go:[0-9]+, which it does not guard; move it to the top"
		e.stack.Do(func() { e.behind(n) })
		return
	}
	for _, k := range n.Kids {
		e.behind(k)
	}
}

// A guard behind what leaves: the leaves do not ask.
func (e *eval) leaves(n *Node) int { // want guarded "guard in \(\*eval\).leaves"
	if n == nil {
		return 0
	}
	if k := n.Kids; len(k) == 0 {
		e.n++
		return n.Value
	}
	if vstack.Low() {
		return vstack.Grow(func() int { return e.leaves(n) })
	}
	sum := 0
	for _, k := range n.Kids {
		sum += e.leaves(k)
	}
	return sum
}

// A condition that does something does it again.
func (e *eval) counts(n *Node) int { // want guarded "guard in \(\*eval\).counts"
	if e.more() == nil {
		return 0
	}
	if vstack.Low() { // want cost "the guard is not the first statement of \(\*eval\).counts"
		return vstack.Grow(func() int { return e.counts(n) })
	}
	sum := 0
	for _, k := range n.Kids {
		sum += e.counts(k)
	}
	return sum
}

func (e *eval) more() *eval { e.n++; return e }

// Guards that cost.

func (e *eval) late(n *Node) { // want guarded "guard in \(\*eval\).late"
	e.n++
	if e.stack.Low() { // want cost "the guard is not the first statement of \(\*eval\).late"
		e.stack.Do(func() { e.late(n) })
		return
	}
	for _, k := range n.Kids {
		e.late(k)
	}
}

func (e *eval) named(n *Node) (sum int) { // want guarded "guard in \(\*eval\).named"
	if e.stack.Low() {
		e.stack.Do(func() { sum = e.named(n) }) // want cost "captures sum, a named result"
		return sum
	}
	for _, k := range n.Kids {
		sum += e.named(k)
	}
	return sum
}

func (e *eval) assigned(n *Node) { // want guarded "guard in \(\*eval\).assigned"
	if e.stack.Low() {
		e.stack.Do(func() { e.assigned(n) }) // want cost "captures n, a parameter that the function assigns to"
		return
	}
	for n != nil {
		e.assigned(n.Kids[0])
		n = n.Kids[1]
	}
}

func (e *eval) copied(n *Node) { // want guarded "guard in \(\*eval\).copied"
	if e.stack.Low() {
		n := n
		e.stack.Do(func() { e.copied(n) })
		return
	}
	for n != nil {
		e.copied(n.Kids[0])
		n = n.Kids[1]
	}
}

func (e *eval) address(n Node) { // want guarded "guard in \(\*eval\).address"
	if e.stack.Low() {
		e.stack.Do(func() { e.address(n) }) // want cost "captures n, a parameter whose address is taken"
		return
	}
	for _, k := range (&n).Kids {
		e.address(*k)
	}
}

func (e *eval) large(b Big) { // want guarded "guard in \(\*eval\).large"
	if e.stack.Low() {
		e.stack.Do(func() { e.large(b) }) // want cost "captures b, a parameter of more than 128 bytes"
		return
	}
	for _, k := range b.n.Kids {
		e.large(Big{n: k})
	}
}

// One guard too many.
func (e *eval) ping(n *Node) { // want guarded "guard in \(\*eval\).ping, \(\*eval\).pong"
	if e.stack.Low() {
		e.stack.Do(func() { e.ping(n) })
		return
	}
	for _, k := range n.Kids {
		e.pong(k)
	}
}

func (e *eval) pong(n *Node) {
	if e.stack.Low() { // want cost "this guard is not needed: every cycle through \(\*eval\).pong passes another one \(guard in \(\*eval\).ping\)"
		e.stack.Do(func() { e.pong(n) })
		return
	}
	e.ping(n)
}

// Silenced.

//vstack:ok the tree comes from our own compiler
func silenced(n *Node) { // want silenced "the tree comes from our own compiler"
	for _, k := range n.Kids {
		silenced(k)
	}
}

func silencedCall(n *Node) { // want silenced "never deeper than ten"
	for _, k := range n.Kids {
		silencedCall(k) //vstack:ok never deeper than ten
	}
}

/* want cost "//vstack:ok needs a reason" */ //vstack:ok
func unsaid(n *Node) {                       // want unguarded "walks a structure"
	for _, k := range n.Kids {
		unsaid(k)
	}
}

func newEval(s *vstack.Stack) *eval { return &eval{stack: s} }

// Without a handle.

func free(n *Node) int { // want guarded "guard in free"
	if vstack.Low() {
		return vstack.Grow(func() int { return free(n) })
	}
	sum := n.Value
	for _, k := range n.Kids {
		sum += free(k)
	}
	return sum
}

func (n *Node) each(f func(*Node)) { // want guarded "guard in \(\*Node\).each"
	if vstack.Low() {
		vstack.Do(func() { n.each(f) })
		return
	}
	f(n)
	for _, k := range n.Kids {
		k.each(f)
	}
}

func called(n *Node) int { // want guarded "guard in called"
	if vstack.Low() {
		return vstack.Call(called, n)
	}
	sum := 0
	for _, k := range n.Kids {
		sum += called(k)
	}
	return sum
}

func called2(n *Node) (int, error) { // want guarded "guard in called2"
	if vstack.Low() {
		return vstack.Call2(called2, n)
	}
	for _, k := range n.Kids {
		if _, err := called2(k); err != nil {
			return 0, err
		}
	}
	return 1, nil
}

func free2(n *Node) (int, error) { // want guarded "guard in free2"
	if vstack.Low() {
		return vstack.Grow2(func() (int, error) { return free2(n) })
	}
	for _, k := range n.Kids {
		if _, err := free2(k); err != nil {
			return 0, err
		}
	}
	return 1, nil
}

// Handles that nobody sets.

type unset struct{ s *vstack.Stack }

func (u *unset) walk(n *Node) { // want unguarded "n \*guards.Node of \(\*unset\).walk walks a structure"
	if u.s.Low() { // want cost "the guard of \(\*unset\).walk guards nothing: nobody sets the field s"
		u.s.Do(func() { u.walk(n) })
		return
	}
	for _, k := range n.Kids {
		u.walk(k)
	}
}

var global *vstack.Stack

func ofGlobal(n *Node) { // want unguarded "n \*guards.Node of ofGlobal walks a structure"
	if global.Low() { // want cost "the guard of ofGlobal guards nothing: nobody sets global"
		global.Do(func() { ofGlobal(n) })
		return
	}
	for _, k := range n.Kids {
		ofGlobal(k)
	}
}

func ofParam(s *vstack.Stack, n *Node) { // want unguarded "n \*guards.Node of ofParam walks a structure"
	if s.Low() { // want cost "the guard of ofParam guards nothing: every call of ofParam passes nil for s"
		s.Do(func() { ofParam(s, n) })
		return
	}
	for _, k := range n.Kids {
		ofParam(s, k)
	}
}

func Start(n *Node) { ofParam(nil, n) }

// A literal without the field, which another one has.

type some struct {
	s *vstack.Stack
	n int
}

func newSome(s *vstack.Stack) *some { return &some{s: s} }

func forget() *some { return &some{n: 1} } // want cost "this some has no s, so \(\*some\).walk runs without a guard in it"

func (u *some) walk(n *Node) { // want guarded "guard in \(\*some\).walk"
	if u.s.Low() {
		u.s.Do(func() { u.walk(n) })
		return
	}
	for _, k := range n.Kids {
		u.walk(k)
	}
}

// A pointer that a guard captures.

type out struct{ sum int }

func add(o *out, n *Node) { // want guarded "guard in add"
	if vstack.Low() { // want note "the guard captures o, and so total of Total \(guards.go:[0-9]+\) moves to the heap"
		vstack.Do(func() { add(o, n) })
		return
	}
	o.sum += n.Value
	for _, k := range n.Kids {
		add(o, k)
	}
}

func Total(n *Node) int {
	var total out
	add(&total, n)
	return total.sum
}

// The same, two calls further up.

type counter struct{ nodes int }

func (c *counter) walk(n *Node) { // want guarded "guard in \(\*counter\).walk"
	if vstack.Low() { // want note "the guard captures c, and so c of Count \(guards.go:[0-9]+\) moves to the heap"
		vstack.Do(func() { c.walk(n) })
		return
	}
	c.nodes++
	for _, k := range n.Kids {
		c.walk(k)
	}
}

func (c *counter) reset() { c.nodes = 0 }

func (c *counter) all(n *Node) {
	c.reset()
	c.walk(n)
}

func Count(n *Node) int {
	var c counter
	c.reset()
	c.all(n)
	return c.nodes
}

// The same by way of a generic function, whose instances are one function here.

type adder struct{ sum int }

func (a *adder) walk(n *Node) { // want guarded "guard in \(\*adder\).walk"
	if vstack.Low() { // want note "the guard captures a, and so a of Generic \(guards.go:[0-9]+\) moves to the heap"
		vstack.Do(func() { a.walk(n) })
		return
	}
	a.sum += n.Value
	for _, k := range n.Kids {
		a.walk(k)
	}
}

func each[T any](a *adder, n *Node, _ T) { a.walk(n) }

func Generic(n *Node) int {
	var a adder
	each(&a, n, 1)
	each(&a, n, "")
	return a.sum
}

// Two variables that are assigned to each other, and that a closure shares.

type turner struct{ n int }

func (t *turner) walk(n *Node) { // want guarded "guard in \(\*turner\).walk"
	if vstack.Low() { // want note "the guard captures t, and so t of Turn \(guards.go:[0-9]+\) moves to the heap"
		vstack.Do(func() { t.walk(n) })
		return
	}
	t.n++
	for _, k := range n.Kids {
		t.walk(k)
	}
}

func turn(t *turner, n *Node) {
	one, other := t, t
	swap := func() int { one, other = other, one; return one.n }
	for range n.Kids {
		one, other = other, one
		if swap() > 3 {
			break
		}
	}
	t.walk(n)
}

func Turn(n *Node) int {
	var t turner
	turn(&t, n)
	return t.n
}

// Somebody has it already.

var last *keeper

type keeper struct{ nodes int }

func (k *keeper) remember() { last = k }

func (k *keeper) walk(n *Node) { // want guarded "guard in \(\*keeper\).walk"
	if vstack.Low() {
		vstack.Do(func() { k.walk(n) })
		return
	}
	k.nodes++
	for _, kid := range n.Kids {
		k.walk(kid)
	}
}

func Keep(n *Node) int {
	var k keeper
	k.remember()
	k.walk(n)
	return k.nodes
}

func onTheHeap(n *Node) *out {
	total := &out{}
	add(total, n)
	return total
}

// It asks a handle and goes on without one: the stack may be that of another goroutine.
func (e *eval) mixed(n *Node) int { // want guarded "guard in \(\*eval\).mixed"
	if e.stack.Low() { // want cost "asks e.stack.Low and goes on with vstack.Grow: where e.stack is idle, .* it hops on every call until the limit; go on with vstack.GrowOn\(e.stack, ...\)"
		return vstack.Grow(func() int { return e.mixed(n) })
	}
	sum := n.Value
	for _, k := range n.Kids {
		sum += e.mixed(k)
	}
	return sum
}

func (e *eval) mixedDo(n *Node) { // want guarded "guard in \(\*eval\).mixedDo"
	if e.stack.Low() { // want cost "goes on with vstack.Do: .* go on with e.stack.Do\(...\)"
		vstack.Do(func() { e.mixedDo(n) })
		return
	}
	for _, k := range n.Kids {
		e.mixedDo(k)
	}
}

func (e *eval) mixedFar(n *Node) (int, error) { // want guarded "guard in \(\*eval\).mixedFar"
	if e.stack.Low() { // want cost "goes on with vstack.Grow2"
		return e.mixedLow(n)
	}
	for _, k := range n.Kids {
		if _, err := e.mixedFar(k); err != nil {
			return 0, err
		}
	}
	return n.Value, nil
}

func (e *eval) mixedLow(n *Node) (int, error) {
	return vstack.Grow2(func() (int, error) { return e.mixedFar(n) })
}

// The stack that the goroutine runs on.
func current(n *Node) int { // want guarded "guard in current"
	stack := vstack.Current()
	if stack != nil && stack.Low() {
		return vstack.Grow(func() int { return current(n) })
	}
	sum := n.Value
	for _, k := range n.Kids {
		sum += current(k)
	}
	return sum
}

// What new, &T{} and make(map) make is on the caller's stack too.
func collect(n *Node, all map[*Node]bool, last *tally) { // want guarded "guard in collect"
	if vstack.Low() { /* want note "the guard captures all, and so a map.\*guards.Node.bool of Collect \(guards.go:[0-9]+\) moves to the heap" */ // want note "the guard captures last, and so a guards.tally of Collect"
		vstack.Do(func() { collect(n, all, last) })
		return
	}
	last.n = n.Value
	if len(all) > 3 {
		delete(all, n)
	}
	all[n] = true
	for _, k := range n.Kids {
		collect(k, all, last)
	}
}

type tally struct{ n int }

func Collect(n *Node) int {
	all := make(map[*Node]bool)
	last := &tally{}
	collect(n, all, last)
	return len(all) + last.n
}

// A map that is kept is on the heap without a guard.
func keepMap(n *Node, all map[*Node]bool) { // want guarded "guard in keepMap"
	if vstack.Low() {
		vstack.Do(func() { keepMap(n, all) })
		return
	}
	kept = append(kept, all)
	for _, k := range n.Kids {
		keepMap(k, all)
	}
}

var kept []map[*Node]bool

func KeepMap(n *Node) { keepMap(n, make(map[*Node]bool)) }
