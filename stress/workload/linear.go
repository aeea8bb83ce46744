package workload

import "github.com/vstack-go/vstack/vstack"

// Linear is nothing but calls, n levels down and up again: the worst case for a guard.
type Linear struct{ Stack *vstack.Stack }

func (l *Linear) Plain(n int) int {
	if n == 0 {
		return 0
	}
	return l.Plain(n-1) + 1
}

func (l *Linear) Handle(n int) int {
	if l.Stack.Low() {
		return vstack.GrowOn(l.Stack, func() int { return l.Handle(n) })
	}
	if n == 0 {
		return 0
	}
	return l.Handle(n-1) + 1
}

func (l *Linear) HandleSplit(n int) int {
	if l.Stack.Low() {
		return l.handleLow(n)
	}
	if n == 0 {
		return 0
	}
	return l.HandleSplit(n-1) + 1
}

//go:noinline
func (l *Linear) handleLow(n int) int {
	return vstack.GrowOn(l.Stack, func() int { return l.HandleSplit(n) })
}

func (l *Linear) Free(n int) int {
	if vstack.Low() {
		return vstack.Grow(func() int { return l.Free(n) })
	}
	if n == 0 {
		return 0
	}
	return l.Free(n-1) + 1
}

func (l *Linear) FreeSplit(n int) int {
	if vstack.Low() {
		return l.freeLow(n)
	}
	if n == 0 {
		return 0
	}
	return l.FreeSplit(n-1) + 1
}

//go:noinline
func (l *Linear) freeLow(n int) int {
	return vstack.Grow(func() int { return l.FreeSplit(n) })
}

// Leaf is Plain with a deepest call that calls something, as such calls do: a chain of so
// many calls. It shows what a full buffer of return addresses costs on the way back; see
// docs/performance.md.
func (l *Linear) Leaf(n, chain int) int {
	if n == 0 {
		return Chain(chain) - chain
	}
	return l.Leaf(n-1, chain) + 1
}

// Single is Plain with a frame for each level: the compiler inlines Plain into itself once.
//
//go:noinline
func (l *Linear) Single(n int) int {
	if n == 0 {
		return 0
	}
	return l.Single(n-1) + 1
}

// Chain is Linear with neither a receiver nor a stack.
func Chain(n int) int {
	if n == 0 {
		return 0
	}
	return Chain(n-1) + 1
}

// Wide is Linear with frames of 256 bytes and more.
type Wide struct{ Stack *vstack.Stack }

func (w *Wide) Plain(n int) int {
	var local [28]int
	local[n&15] = n
	if n == 0 {
		return 0
	}
	return w.Plain(n-1) + 1 + local[(n+1)&15]
}

func (w *Wide) Handle(n int) int {
	if w.Stack.Low() {
		return vstack.GrowOn(w.Stack, func() int { return w.Handle(n) })
	}
	var local [28]int
	local[n&15] = n
	if n == 0 {
		return 0
	}
	return w.Handle(n-1) + 1 + local[(n+1)&15]
}

func (w *Wide) Free(n int) int {
	if vstack.Low() {
		return vstack.Grow(func() int { return w.Free(n) })
	}
	var local [28]int
	local[n&15] = n
	if n == 0 {
		return 0
	}
	return w.Free(n-1) + 1 + local[(n+1)&15]
}

// Hot runs a function n frames further down: a loop there, or another look at the clock.
type Hot struct{ Stack *vstack.Stack }

func (h *Hot) Plain(n int, loop func()) int {
	if n == 0 {
		loop()
		return 0
	}
	return h.Plain(n-1, loop) + 1
}

func (h *Hot) Handle(n int, loop func()) int {
	if h.Stack.Low() {
		return vstack.GrowOn(h.Stack, func() int { return h.Handle(n, loop) })
	}
	if n == 0 {
		loop()
		return 0
	}
	return h.Handle(n-1, loop) + 1
}

func (h *Hot) Free(n int, loop func()) int {
	if vstack.Low() {
		return vstack.Grow(func() int { return h.Free(n, loop) })
	}
	if n == 0 {
		loop()
		return 0
	}
	return h.Free(n-1, loop) + 1
}

// Four is Linear as the mutual recursion of four functions, with the guard in one of them.
type Four struct{ Stack *vstack.Stack }

func (f *Four) Plain(n int) int {
	if n == 0 {
		return 0
	}
	return f.plainB(n-1) + 1
}

func (f *Four) plainB(n int) int {
	if n == 0 {
		return 0
	}
	return f.plainC(n-1) + 1
}

func (f *Four) plainC(n int) int {
	if n == 0 {
		return 0
	}
	return f.plainD(n-1) + 1
}

func (f *Four) plainD(n int) int {
	if n == 0 {
		return 0
	}
	return f.Plain(n-1) + 1
}

func (f *Four) Handle(n int) int {
	if f.Stack.Low() {
		return vstack.GrowOn(f.Stack, func() int { return f.Handle(n) })
	}
	if n == 0 {
		return 0
	}
	return f.handleB(n-1) + 1
}

func (f *Four) handleB(n int) int {
	if n == 0 {
		return 0
	}
	return f.handleC(n-1) + 1
}

func (f *Four) handleC(n int) int {
	if n == 0 {
		return 0
	}
	return f.handleD(n-1) + 1
}

func (f *Four) handleD(n int) int {
	if n == 0 {
		return 0
	}
	return f.Handle(n-1) + 1
}

func (f *Four) Free(n int) int {
	if vstack.Low() {
		return vstack.Grow(func() int { return f.Free(n) })
	}
	if n == 0 {
		return 0
	}
	return f.freeB(n-1) + 1
}

func (f *Four) freeB(n int) int {
	if n == 0 {
		return 0
	}
	return f.freeC(n-1) + 1
}

func (f *Four) freeC(n int) int {
	if n == 0 {
		return 0
	}
	return f.freeD(n-1) + 1
}

func (f *Four) freeD(n int) int {
	if n == 0 {
		return 0
	}
	return f.Free(n-1) + 1
}

// Param is Linear as a function, with the stack a parameter.
type Param struct{}

func (Param) Plain(s *vstack.Stack, n int) int {
	if n == 0 {
		return 0
	}
	return Param{}.Plain(s, n-1) + 1
}

func (Param) Handle(s *vstack.Stack, n int) int {
	if s.Low() {
		return vstack.GrowOn(s, func() int { return Param{}.Handle(s, n) })
	}
	if n == 0 {
		return 0
	}
	return Param{}.Handle(s, n-1) + 1
}
