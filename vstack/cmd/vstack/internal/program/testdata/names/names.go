// Package names has functions of all kinds, which say where they are.
package names

import "runtime"

func here() runtime.Frame {
	pcs := make([]uintptr, 1)
	runtime.Callers(2, pcs)
	f, _ := runtime.CallersFrames(pcs).Next()
	return f
}

type T struct{}

//go:noinline
func (T) value() runtime.Frame { return here() }

//go:noinline
func (*T) pointer() runtime.Frame { return here() }

type G[K any] struct{}

//go:noinline
func (*G[K]) method() runtime.Frame { return here() }

//go:noinline
func generic[K any](K) runtime.Frame { return here() }

//go:noinline
func plain() runtime.Frame { return here() }

//go:noinline
func literal() runtime.Frame {
	f := func() runtime.Frame { return here() }
	return f()
}

var f, g func() runtime.Frame

//go:noinline
func nested() runtime.Frame {
	// In variables, as a literal that is inlined has another name.
	f = func() runtime.Frame {
		g = func() runtime.Frame { return here() }
		return g()
	}
	return f()
}

// All calls them.
func All() []runtime.Frame {
	return []runtime.Frame{
		T{}.value(), (&T{}).pointer(), (&G[int]{}).method(), generic(1), plain(), literal(), nested(),
	}
}
