package main

import "github.com/vstack-go/vstack/vstack"

// fib, guarded and not. The twins differ in the guard alone. The speed of so
// small a function depends on where the linker puts it, by as much as the guard
// costs, so there are four copies of each, at different places, and the
// children take turns with them.

// bare has neither a receiver nor a stack: what one writes without vstack.
//
//go:noinline
func bare(n int) int {
	if n < 2 {
		return n
	}
	return bare(n-1) + bare(n-2)
}

type fibber struct{ stack *vstack.Stack }

var fibPlain = [4]func(*fibber, int) int{(*fibber).plain0, (*fibber).plain1, (*fibber).plain2, (*fibber).plain3}
var fibGuarded = [4]func(*fibber, int) int{(*fibber).guarded0, (*fibber).guarded1, (*fibber).guarded2, (*fibber).guarded3}
var fibParam = [2]func(*vstack.Stack, int) int{paramPlain, paramGuarded}

func (f *fibber) plain0(n int) int {
	if n < 2 {
		return n
	}
	return f.plain0(n-1) + f.plain0(n-2)
}

func (f *fibber) guarded0(n int) int {
	if f.stack.Low() {
		return vstack.GrowOn(f.stack, func() int { return f.guarded0(n) })
	}
	if n < 2 {
		return n
	}
	return f.guarded0(n-1) + f.guarded0(n-2)
}

func (f *fibber) plain1(n int) int {
	if n < 2 {
		return n
	}
	return f.plain1(n-1) + f.plain1(n-2)
}

func (f *fibber) guarded1(n int) int {
	if f.stack.Low() {
		return vstack.GrowOn(f.stack, func() int { return f.guarded1(n) })
	}
	if n < 2 {
		return n
	}
	return f.guarded1(n-1) + f.guarded1(n-2)
}

func (f *fibber) plain2(n int) int {
	if n < 2 {
		return n
	}
	return f.plain2(n-1) + f.plain2(n-2)
}

func (f *fibber) guarded2(n int) int {
	if f.stack.Low() {
		return vstack.GrowOn(f.stack, func() int { return f.guarded2(n) })
	}
	if n < 2 {
		return n
	}
	return f.guarded2(n-1) + f.guarded2(n-2)
}

func (f *fibber) plain3(n int) int {
	if n < 2 {
		return n
	}
	return f.plain3(n-1) + f.plain3(n-2)
}

func (f *fibber) guarded3(n int) int {
	if f.stack.Low() {
		return vstack.GrowOn(f.stack, func() int { return f.guarded3(n) })
	}
	if n < 2 {
		return n
	}
	return f.guarded3(n-1) + f.guarded3(n-2)
}

// The stack as a parameter.

func paramPlain(s *vstack.Stack, n int) int {
	if n < 2 {
		return n
	}
	return paramPlain(s, n-1) + paramPlain(s, n-2)
}

func paramGuarded(s *vstack.Stack, n int) int {
	if s.Low() {
		return vstack.GrowOn(s, func() int { return paramGuarded(s, n) })
	}
	if n < 2 {
		return n
	}
	return paramGuarded(s, n-1) + paramGuarded(s, n-2)
}

// fibCalls is how many calls fib(n) makes.
func fibCalls(n int) int {
	calls, more := 1, 1
	for range n {
		calls, more = more, calls+more+1
	}
	return calls
}
