// Package instead has recursive work in the forms that people write against a stack
// overflow, and in vstack's:
//
//	plain       recursion as one writes it
//	setmaxstack the same with debug.SetMaxStack raised
//	counter     a depth counter, which is passed on and ends in an error at its limit
//	handle      vstack's guard with a handle
//	free        vstack's guard without one
//	explicit    a stack of frames on the heap, written by hand: a slice, no interface values
//	goroutine   a goroutine for each call
//	trampoline  a loop over steps; it can express tail calls only
//
// All forms of one work compute the same. See docs/benchmarks.
package instead

import (
	"errors"

	"github.com/vstack-go/vstack/vstack"
)

// A Work is one of the recursions.
type Work struct {
	Name string
	What string // for people
	Unit string // what Count counts
	N    int    // the size that is measured
	Less int    // the size at which a goroutine for each call is, for memory's sake

	// Make prepares the input of size n.
	Make func(n int) Input

	// Source names the declarations that each form consists of, for counting their lines:
	// of this package, or with "workload." of that one.
	Source map[string][]string
}

// An Input is one that every form of a work can be run on, repeatedly.
type Input struct {
	Count int // how many units the work has
	Depth int // how deep the recursion goes; 0: not known beforehand
	Forms map[string]Form
}

// A Form computes the result of a work, or a checksum of it.
type Form func(s *vstack.Stack) (int, error)

// Ways are the names of the forms, in the order of the tables.
var Ways = []string{"plain", "setmaxstack", "counter", "handle", "free", "explicit", "goroutine", "trampoline"}

// All is every work.
var All = []Work{evalDeep, evalFlat, parseDeep, parseFlat, components, flood, list, quicksort, ackermann, lispDeep, lispFlat}

// ErrTooDeep is what a depth counter ends in.
var ErrTooDeep = errors.New("too deep")

// limit is the depth counter's; it is out of the way, so that the counter can be measured.
const limit = 1 << 40

// spawn runs fn on a goroutine of its own and returns its result.
func spawn[R any](fn func() R) R {
	c := make(chan R)
	go func() { c <- fn() }()
	return <-c
}

// spawn2 is spawn for a function that can fail.
func spawn2[R any](fn func() (R, error)) (R, error) {
	type both struct {
		r   R
		err error
	}
	b := spawn(func() (b both) { b.r, b.err = fn(); return b })
	return b.r, b.err
}

// A trampoline is a step of a computation: the result, or the state to go on from. The shape
// is that of IBM/fp-go's tailrec.
type trampoline[B, L any] struct {
	land   L
	bounce B
	landed bool
}

// bounce runs a computation, step by step, and returns its result.
func bounce[B, L any](step func(B) trampoline[B, L], from B) L {
	for {
		t := step(from)
		if t.landed {
			return t.land
		}
		from = t.bounce
	}
}

// random is a small generator of numbers, the same everywhere.
type random uint64

func (r *random) next(n int) int {
	*r ^= *r << 13
	*r ^= *r >> 7
	*r ^= *r << 17
	return int(uint64(*r) % uint64(n))
}

// mix adds a number to a checksum of 52 bits, which a float64 holds.
func mix(sum, v int) int { return (sum*1_000_003 + v) & (1<<52 - 1) }
