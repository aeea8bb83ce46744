package vstack_test

import "github.com/vstack-go/vstack/vstack"

// Recursive functions that several files test with; those in files with a build tag are not
// there with an older Go.

// A calculator recurses through several functions, as real evaluators do.
type calculator struct {
	stack *vstack.Stack
	kind  func(n int) int // which way to go at level n
	leaf  func()
}

func (c *calculator) eval(n int) int {
	if c.stack.Low() {
		return vstack.GrowOn(c.stack, func() int { return c.eval(n) })
	}
	if n == 0 {
		c.leaf()
		return 0
	}
	switch c.kind(n) {
	case 0:
		return c.evalBinary(n)
	case 1:
		return c.evalCall(n)
	default:
		return c.eval(n-1) + 1
	}
}

//go:noinline
func (c *calculator) evalBinary(n int) int { return c.eval(n-1) + 1 }

//go:noinline
func (c *calculator) evalCall(n int) int { return c.evalArgs(n) + 1 }

//go:noinline
func (c *calculator) evalArgs(n int) int { return c.eval(n - 1) }

func binary(int) int { return 0 }

// count is the recursion of the deep tests. Its native frame is about 50 bytes.
func count(s *vstack.Stack, n int) int {
	if s.Low() {
		return vstack.GrowOn(s, func() int { return count(s, n) })
	}
	if n == 0 {
		return 0
	}
	return count(s, n-1) + 1
}

// fibonacci is the recursion that is never deep.
func fibonacci(s *vstack.Stack, n int) int {
	if s.Low() {
		return vstack.GrowOn(s, func() int { return fibonacci(s, n) })
	}
	if n < 2 {
		return n
	}
	return fibonacci(s, n-1) + fibonacci(s, n-2)
}
