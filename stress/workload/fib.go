package workload

import "github.com/vstack-go/vstack/vstack"

// Bare is fib with neither a receiver nor a stack: what one writes without vstack.
//
//go:noinline
func Bare(n int) int {
	if n < 2 {
		return n
	}
	return Bare(n-1) + Bare(n-2)
}

// Fib is fib in all forms, which differ in the guard alone. How fast so small a function
// is depends on where the linker puts it, and that makes as much of a difference as the
// guard. So there are four copies of each form, at different places; measure them in turn.
type Fib struct{ Stack *vstack.Stack }

// The copies of each form.
var (
	FibPlain       = [4]func(*Fib, int) int{(*Fib).plain0, (*Fib).plain1, (*Fib).plain2, (*Fib).plain3}
	FibHandle      = [4]func(*Fib, int) int{(*Fib).handle0, (*Fib).handle1, (*Fib).handle2, (*Fib).handle3}
	FibHandleSplit = [4]func(*Fib, int) int{(*Fib).handleSplit0, (*Fib).handleSplit1, (*Fib).handleSplit2, (*Fib).handleSplit3}
	FibFree        = [4]func(*Fib, int) int{(*Fib).free0, (*Fib).free1, (*Fib).free2, (*Fib).free3}
	FibHandleLeaf  = [4]func(*Fib, int) int{(*Fib).handleLeaf0, (*Fib).handleLeaf1, (*Fib).handleLeaf2, (*Fib).handleLeaf3}
	FibFreeLeaf    = [4]func(*Fib, int) int{(*Fib).freeLeaf0, (*Fib).freeLeaf1, (*Fib).freeLeaf2, (*Fib).freeLeaf3}
	FibFreeSplit   = [4]func(*Fib, int) int{(*Fib).freeSplit0, (*Fib).freeSplit1, (*Fib).freeSplit2, (*Fib).freeSplit3}
)

func (f *Fib) plain0(n int) int {
	if n < 2 {
		return n
	}
	return f.plain0(n-1) + f.plain0(n-2)
}

func (f *Fib) handle0(n int) int {
	if f.Stack.Low() {
		return vstack.GrowOn(f.Stack, func() int { return f.handle0(n) })
	}
	if n < 2 {
		return n
	}
	return f.handle0(n-1) + f.handle0(n-2)
}

func (f *Fib) handleSplit0(n int) int {
	if f.Stack.Low() {
		return f.handleSplit0Low(n)
	}
	if n < 2 {
		return n
	}
	return f.handleSplit0(n-1) + f.handleSplit0(n-2)
}

//go:noinline
func (f *Fib) handleSplit0Low(n int) int {
	return vstack.GrowOn(f.Stack, func() int { return f.handleSplit0(n) })
}

func (f *Fib) free0(n int) int {
	if vstack.Low() {
		return vstack.Grow(func() int { return f.free0(n) })
	}
	if n < 2 {
		return n
	}
	return f.free0(n-1) + f.free0(n-2)
}

func (f *Fib) freeSplit0(n int) int {
	if vstack.Low() {
		return f.freeSplit0Low(n)
	}
	if n < 2 {
		return n
	}
	return f.freeSplit0(n-1) + f.freeSplit0(n-2)
}

//go:noinline
func (f *Fib) freeSplit0Low(n int) int {
	return vstack.Grow(func() int { return f.freeSplit0(n) })
}

// The guard behind the test for a leaf, which is what most calls are.
func (f *Fib) handleLeaf0(n int) int {
	if n < 2 {
		return n
	}
	if f.Stack.Low() {
		return vstack.GrowOn(f.Stack, func() int { return f.handleLeaf0(n) })
	}
	return f.handleLeaf0(n-1) + f.handleLeaf0(n-2)
}

func (f *Fib) freeLeaf0(n int) int {
	if n < 2 {
		return n
	}
	if vstack.Low() {
		return vstack.Grow(func() int { return f.freeLeaf0(n) })
	}
	return f.freeLeaf0(n-1) + f.freeLeaf0(n-2)
}

func (f *Fib) plain1(n int) int {
	if n < 2 {
		return n
	}
	return f.plain1(n-1) + f.plain1(n-2)
}

func (f *Fib) handle1(n int) int {
	if f.Stack.Low() {
		return vstack.GrowOn(f.Stack, func() int { return f.handle1(n) })
	}
	if n < 2 {
		return n
	}
	return f.handle1(n-1) + f.handle1(n-2)
}

func (f *Fib) handleSplit1(n int) int {
	if f.Stack.Low() {
		return f.handleSplit1Low(n)
	}
	if n < 2 {
		return n
	}
	return f.handleSplit1(n-1) + f.handleSplit1(n-2)
}

//go:noinline
func (f *Fib) handleSplit1Low(n int) int {
	return vstack.GrowOn(f.Stack, func() int { return f.handleSplit1(n) })
}

func (f *Fib) free1(n int) int {
	if vstack.Low() {
		return vstack.Grow(func() int { return f.free1(n) })
	}
	if n < 2 {
		return n
	}
	return f.free1(n-1) + f.free1(n-2)
}

func (f *Fib) freeSplit1(n int) int {
	if vstack.Low() {
		return f.freeSplit1Low(n)
	}
	if n < 2 {
		return n
	}
	return f.freeSplit1(n-1) + f.freeSplit1(n-2)
}

//go:noinline
func (f *Fib) freeSplit1Low(n int) int {
	return vstack.Grow(func() int { return f.freeSplit1(n) })
}

// The guard behind the test for a leaf, which is what most calls are.
func (f *Fib) handleLeaf1(n int) int {
	if n < 2 {
		return n
	}
	if f.Stack.Low() {
		return vstack.GrowOn(f.Stack, func() int { return f.handleLeaf1(n) })
	}
	return f.handleLeaf1(n-1) + f.handleLeaf1(n-2)
}

func (f *Fib) freeLeaf1(n int) int {
	if n < 2 {
		return n
	}
	if vstack.Low() {
		return vstack.Grow(func() int { return f.freeLeaf1(n) })
	}
	return f.freeLeaf1(n-1) + f.freeLeaf1(n-2)
}

func (f *Fib) plain2(n int) int {
	if n < 2 {
		return n
	}
	return f.plain2(n-1) + f.plain2(n-2)
}

func (f *Fib) handle2(n int) int {
	if f.Stack.Low() {
		return vstack.GrowOn(f.Stack, func() int { return f.handle2(n) })
	}
	if n < 2 {
		return n
	}
	return f.handle2(n-1) + f.handle2(n-2)
}

func (f *Fib) handleSplit2(n int) int {
	if f.Stack.Low() {
		return f.handleSplit2Low(n)
	}
	if n < 2 {
		return n
	}
	return f.handleSplit2(n-1) + f.handleSplit2(n-2)
}

//go:noinline
func (f *Fib) handleSplit2Low(n int) int {
	return vstack.GrowOn(f.Stack, func() int { return f.handleSplit2(n) })
}

func (f *Fib) free2(n int) int {
	if vstack.Low() {
		return vstack.Grow(func() int { return f.free2(n) })
	}
	if n < 2 {
		return n
	}
	return f.free2(n-1) + f.free2(n-2)
}

func (f *Fib) freeSplit2(n int) int {
	if vstack.Low() {
		return f.freeSplit2Low(n)
	}
	if n < 2 {
		return n
	}
	return f.freeSplit2(n-1) + f.freeSplit2(n-2)
}

//go:noinline
func (f *Fib) freeSplit2Low(n int) int {
	return vstack.Grow(func() int { return f.freeSplit2(n) })
}

// The guard behind the test for a leaf, which is what most calls are.
func (f *Fib) handleLeaf2(n int) int {
	if n < 2 {
		return n
	}
	if f.Stack.Low() {
		return vstack.GrowOn(f.Stack, func() int { return f.handleLeaf2(n) })
	}
	return f.handleLeaf2(n-1) + f.handleLeaf2(n-2)
}

func (f *Fib) freeLeaf2(n int) int {
	if n < 2 {
		return n
	}
	if vstack.Low() {
		return vstack.Grow(func() int { return f.freeLeaf2(n) })
	}
	return f.freeLeaf2(n-1) + f.freeLeaf2(n-2)
}

func (f *Fib) plain3(n int) int {
	if n < 2 {
		return n
	}
	return f.plain3(n-1) + f.plain3(n-2)
}

func (f *Fib) handle3(n int) int {
	if f.Stack.Low() {
		return vstack.GrowOn(f.Stack, func() int { return f.handle3(n) })
	}
	if n < 2 {
		return n
	}
	return f.handle3(n-1) + f.handle3(n-2)
}

func (f *Fib) handleSplit3(n int) int {
	if f.Stack.Low() {
		return f.handleSplit3Low(n)
	}
	if n < 2 {
		return n
	}
	return f.handleSplit3(n-1) + f.handleSplit3(n-2)
}

//go:noinline
func (f *Fib) handleSplit3Low(n int) int {
	return vstack.GrowOn(f.Stack, func() int { return f.handleSplit3(n) })
}

func (f *Fib) free3(n int) int {
	if vstack.Low() {
		return vstack.Grow(func() int { return f.free3(n) })
	}
	if n < 2 {
		return n
	}
	return f.free3(n-1) + f.free3(n-2)
}

func (f *Fib) freeSplit3(n int) int {
	if vstack.Low() {
		return f.freeSplit3Low(n)
	}
	if n < 2 {
		return n
	}
	return f.freeSplit3(n-1) + f.freeSplit3(n-2)
}

//go:noinline
func (f *Fib) freeSplit3Low(n int) int {
	return vstack.Grow(func() int { return f.freeSplit3(n) })
}

// The guard behind the test for a leaf, which is what most calls are.
func (f *Fib) handleLeaf3(n int) int {
	if n < 2 {
		return n
	}
	if f.Stack.Low() {
		return vstack.GrowOn(f.Stack, func() int { return f.handleLeaf3(n) })
	}
	return f.handleLeaf3(n-1) + f.handleLeaf3(n-2)
}

func (f *Fib) freeLeaf3(n int) int {
	if n < 2 {
		return n
	}
	if vstack.Low() {
		return vstack.Grow(func() int { return f.freeLeaf3(n) })
	}
	return f.freeLeaf3(n-1) + f.freeLeaf3(n-2)
}

// FibCalls is how many calls fib(n) makes.
func FibCalls(n int) int {
	calls, more := 1, 1
	for range n {
		calls, more = more, calls+more+1
	}
	return calls
}
