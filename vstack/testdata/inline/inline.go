// Package inline is compiled by TestLowIsInlined, which reads what the compiler
// says about the guard.
package inline

import "github.com/vstack-go/vstack/vstack"

type walker struct{ stack *vstack.Stack }

func (w *walker) method(n int) int {
	if w.stack.Low() {
		return vstack.GrowOn(w.stack, func() int { return w.method(n) })
	}
	if n == 0 {
		return 0
	}
	return w.method(n-1) + 1
}

// Parameter has the stack as a parameter.
func Parameter(s *vstack.Stack, n int) (int, error) {
	if s.Low() {
		return vstack.GrowOn2(s, func() (int, error) { return Parameter(s, n) })
	}
	if n == 0 {
		return (&walker{s}).method(n), nil
	}
	return Parameter(s, n-1)
}
