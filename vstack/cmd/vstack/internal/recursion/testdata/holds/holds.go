// Package holds has calls through interfaces on what fields, parameters and variables hold.
package holds

// Value is what scripts handle.
type Value interface {
	Export() any
	Number() float64
}

type number float64

func (n number) Export() any { return float64(n) }

func (n number) Number() float64 { return float64(n) }

type object struct{ self impl }

type impl interface{ export() any }

// Only a constructor sets the field, and nobody gives it an object, as in goja.
type boxed struct{ val Value }

func (o *object) Export() any { // want bounded "what .* calls Export on is no \*holds.object"
	return o.self.export()
}

func (o *object) Number() float64 { // want bounded "what .* calls Number on is no \*holds.object"
	if b, ok := o.self.(*boxed); ok {
		return b.val.Number()
	}
	return 0
}

func (b *boxed) export() any { return b.val.Export() }

var zero Value = number(0)

var small [4]Value

// Others of its type hold objects.
var stack [4]Value

func Push(o any) { stack[0] = o.(*object) }

func init() {
	for i := range small {
		small[i] = number(i)
	}
}

func box(v Value) *object { return &object{&boxed{val: v}} }

// Box boxes a number.
func Box(n float64, fresh bool) Value {
	if n == 0 {
		return box(zero)
	}
	if n < 4 && !fresh {
		return box(small[int(n)])
	}
	return box(number(n))
}

// The same with a field that an object gets into.
type Item interface{ Size() int }

type leaf struct{}

func (leaf) Size() int { return 1 }

type crate struct{ in Item }

func (c *crate) Size() int { return 1 + c.in.Size() } // want unguarded "^\(\*crate\).Size"

// Pack packs leaf into crates.
func Pack(n int) Item {
	var i Item = leaf{}
	for range n {
		i = &crate{in: i}
	}
	return i
}

// One whose field anybody sets by its address.
type Door interface{ Open() int }

type plain struct{}

func (plain) Open() int { return 0 }

type airlock struct{ next Door }

func (a *airlock) Open() int { return 1 + a.next.Open() } // want unguarded "^\(\*airlock\).Open"

func set(slot *Door, d Door) { *slot = d }

// Chain makes a chain of doors.
func Chain(n int) Door {
	first := &airlock{next: plain{}}
	for range n {
		second := &airlock{next: plain{}}
		set(&second.next, first)
		first = second
	}
	return first
}

// What a call goes on with is never of the type that it came to: goja's compiler calls
// emitNamed on the initializer of a pattern, which has an expression that is none.
type expr interface{ emit() }

type named interface{ emitNamed(name string) }

type function struct{ body []expr }

func (f *function) emit() {}

func (f *function) emitNamed(name string) { println(name) }

type initializer struct{ def expr }

func (i *initializer) emit() {}

func (i *initializer) emitNamed(name string) { emitOne(i.def, name) }

func emitOne(e expr, name string) { // want bounded "emitNamed calls itself at most once again, with what is no \*holds.initializer"
	if e != nil {
		emitNamed(e, name)
	}
}

func emitNamed(e expr, name string) {
	if n, ok := e.(named); ok {
		n.emitNamed(name)
		return
	}
	e.emit()
}

func compile(n int) expr {
	if n == 0 {
		return nil
	}
	return &function{}
}

// Emit compiles an initializer, and something else.
func Emit(n int) {
	emitOne(&initializer{def: compile(n)}, "a")
	emitOne(compile(n), "b")
}

// Each instance of a generic type may be in another one.
type box1[T any] struct {
	in Item
	v  T
}

func (b *box1[T]) Size() int { return 1 + b.in.Size() } // want unguarded "Size → "

// Boxes makes boxes in boxes.
func Boxes[T any](n int, v T) Item {
	var i Item = leaf{}
	for range n {
		i = &box1[T]{i, v}
	}
	return i
}

// Three makes some.
func Three() int { return Boxes(3, "x").Size() }

// So may what a type parameter is.
type Lid interface{ Lift() int }

type hinge struct{}

func (hinge) Lift() int { return 1 }

type jar struct{ lid, other Lid }

func (j *jar) Lift() int { return 1 + j.lid.Lift() + j.other.Lift() } // want unguarded "^\(\*jar\).Lift"

func closed[T interface {
	Lid
	comparable
}](v T) *jar {
	return &jar{lid: v, other: v}
}

// Jars puts jars into jars.
func Jars(n int) int {
	j := closed(hinge{})
	for range n {
		j = closed(j)
	}
	return j.Lift()
}

// A struct that is a type parameter has fields too.
func filled[S interface{ ~struct{ wine, cork Song } }](v Song) S { return S{v, v} }

type cask struct{ wine, cork Song }

func (c *cask) Verses() int { return 1 + c.wine.Verses() + c.cork.Verses() } // want unguarded "^\(\*cask\).Verses"

// Fill puts casks into casks.
func Fill(n int) int {
	c := &cask{verse{}, verse{}}
	for range n {
		next := filled[cask](c)
		c = &next
	}
	return c.Verses()
}

// Structs without a name are the same wherever they stand.
type Rope interface{ Length() int }

type end struct{}

func (end) Length() int { return 0 }

type knot struct{ in struct{ rope Rope } }

type loose struct{ in struct{ rope Rope } }

func (k *knot) Length() int { return 1 + k.in.rope.Length() } // want unguarded "^\(\*knot\).Length"

// Tie makes a rope of knots.
func Tie(n int) Rope {
	k := &knot{}
	k.in.rope = end{}
	for range n {
		var l loose
		l.in.rope = k
		tied := knot(l)
		k = &tied
	}
	return k
}

// One that is embedded in what it wraps is in itself.
type Song interface{ Verses() int }

type verse struct{}

func (verse) Verses() int { return 1 }

type refrain struct{ of Song }

func (r *refrain) Verses() int { return 1 + r.of.Verses() } // want unguarded "^\(\*refrain\).Verses"

type encore struct{ *refrain }

// Sing makes a song.
func Sing(n int) int {
	r := &refrain{of: verse{}}
	for range n {
		r = &refrain{of: encore{r}}
	}
	return r.Verses()
}

// A scope that makes the next one is in that.
type Scope interface {
	Get(name string) int
	With(name string) Scope
}

type global struct{}

func (global) Get(string) int { return 0 }

func (g global) With(name string) Scope { return &local{g, name} }

type local struct {
	outer Scope
	name  string
}

func (l *local) Get(name string) int { // want unguarded "^\(\*local\).Get"
	if l.name == name {
		return 1
	}
	return l.outer.Get(name)
}

func (l *local) With(name string) Scope { return &local{l, name} }

// Let opens a scope for each name.
func Let(names []string) int {
	var s Scope = global{}
	for _, name := range names {
		s = s.With(name)
	}
	return s.Get("")
}
