package workload

import "github.com/vstack-go/vstack/vstack"

// Ackermann is the function of that name, up and down through thousands of levels.
type Ackermann struct{ Stack *vstack.Stack }

func (a *Ackermann) Plain(m, n int) int {
	switch {
	case m == 0:
		return n + 1
	case n == 0:
		return a.Plain(m-1, 1)
	}
	return a.Plain(m-1, a.Plain(m, n-1))
}

func (a *Ackermann) Handle(m, n int) int {
	if a.Stack.Low() {
		return vstack.GrowOn(a.Stack, func() int { return a.Handle(m, n) })
	}
	switch {
	case m == 0:
		return n + 1
	case n == 0:
		return a.Handle(m-1, 1)
	}
	return a.Handle(m-1, a.Handle(m, n-1))
}

func (a *Ackermann) HandleSplit(m, n int) int {
	if a.Stack.Low() {
		return a.handleLow(m, n)
	}
	switch {
	case m == 0:
		return n + 1
	case n == 0:
		return a.HandleSplit(m-1, 1)
	}
	return a.HandleSplit(m-1, a.HandleSplit(m, n-1))
}

//go:noinline
func (a *Ackermann) handleLow(m, n int) int {
	return vstack.GrowOn(a.Stack, func() int { return a.HandleSplit(m, n) })
}

func (a *Ackermann) Free(m, n int) int {
	if vstack.Low() {
		return vstack.Grow(func() int { return a.Free(m, n) })
	}
	switch {
	case m == 0:
		return n + 1
	case n == 0:
		return a.Free(m-1, 1)
	}
	return a.Free(m-1, a.Free(m, n-1))
}

func (a *Ackermann) FreeSplit(m, n int) int {
	if vstack.Low() {
		return a.freeLow(m, n)
	}
	switch {
	case m == 0:
		return n + 1
	case n == 0:
		return a.FreeSplit(m-1, 1)
	}
	return a.FreeSplit(m-1, a.FreeSplit(m, n-1))
}

//go:noinline
func (a *Ackermann) freeLow(m, n int) int {
	return vstack.Grow(func() int { return a.FreeSplit(m, n) })
}

// AckermannCalls is how many calls A(3, n) makes.
func AckermannCalls(n int) int {
	// A(2, k) = 2k+3 takes 2k*k+7k+5 calls, and A(3, n) calls A(2, A(3, n-1)).
	calls := 2*1*1 + 7*1 + 5 + 1 // A(3, 0) is A(2, 1)
	value := 5
	for range n {
		calls += 2*value*value + 7*value + 5 + 1
		value = 2*value + 3
	}
	return calls
}
