package main

import "github.com/vstack-go/vstack/vstack"

// The guard in two functions: what is to happen when it is low is in one of its
// own, which is not inlined. The branch is then a jump with the arguments in
// the registers where they are. With the closure in the branch the compiler
// stores them at the head of the function, and makes room in every frame for
// the arguments of Grow.

var fibSplit = [4]func(*fibber, int) int{(*fibber).split0, (*fibber).split1, (*fibber).split2, (*fibber).split3}

func (f *fibber) split0(n int) int {
	if f.stack.Low() {
		return f.split0Low(n)
	}
	if n < 2 {
		return n
	}
	return f.split0(n-1) + f.split0(n-2)
}

//go:noinline
func (f *fibber) split0Low(n int) int {
	return vstack.GrowOn(f.stack, func() int { return f.split0(n) })
}

func (f *fibber) split1(n int) int {
	if f.stack.Low() {
		return f.split1Low(n)
	}
	if n < 2 {
		return n
	}
	return f.split1(n-1) + f.split1(n-2)
}

//go:noinline
func (f *fibber) split1Low(n int) int {
	return vstack.GrowOn(f.stack, func() int { return f.split1(n) })
}

func (f *fibber) split2(n int) int {
	if f.stack.Low() {
		return f.split2Low(n)
	}
	if n < 2 {
		return n
	}
	return f.split2(n-1) + f.split2(n-2)
}

//go:noinline
func (f *fibber) split2Low(n int) int {
	return vstack.GrowOn(f.stack, func() int { return f.split2(n) })
}

func (f *fibber) split3(n int) int {
	if f.stack.Low() {
		return f.split3Low(n)
	}
	if n < 2 {
		return n
	}
	return f.split3(n-1) + f.split3(n-2)
}

//go:noinline
func (f *fibber) split3Low(n int) int {
	return vstack.GrowOn(f.stack, func() int { return f.split3(n) })
}

func (l *linear) downSplit(n int) int {
	if l.stack.Low() {
		return l.downSplitLow(n)
	}
	if n == 0 {
		return 0
	}
	return l.downSplit(n-1) + 1
}

//go:noinline
func (l *linear) downSplitLow(n int) int {
	return vstack.GrowOn(l.stack, func() int { return l.downSplit(n) })
}

func (s *summer) sumSplit(t *tree) int {
	if s.stack.Low() {
		return s.sumSplitLow(t)
	}
	if t == nil {
		return 0
	}
	return s.sumSplit(t.left) + s.sumSplit(t.right) + t.value
}

//go:noinline
func (s *summer) sumSplitLow(t *tree) int {
	return vstack.GrowOn(s.stack, func() int { return s.sumSplit(t) })
}

func (a *ackermann) ofSplit(m, n int) int {
	if a.stack.Low() {
		return a.ofSplitLow(m, n)
	}
	switch {
	case m == 0:
		return n + 1
	case n == 0:
		return a.ofSplit(m-1, 1)
	}
	return a.ofSplit(m-1, a.ofSplit(m, n-1))
}

//go:noinline
func (a *ackermann) ofSplitLow(m, n int) int {
	return vstack.GrowOn(a.stack, func() int { return a.ofSplit(m, n) })
}
