package stress

import "context"

// The recursions that a program is made of. Each has a local array that is
// filled on the way down and looked at on the way up: a frame that something
// has written into shows.

type local interface {
	[16]byte | [128]byte | [1 << 10]byte | [4 << 10]byte | [16 << 10]byte
}

// guarded goes n levels down through the guard and calls fn.
func guarded[L local](w *world, n int, fn func() (int, error)) (int, error) {
	if w.stack.Low() || w.due() {
		return w.grow2(func() (int, error) { return guarded[L](w, n, fn) })
	}
	if n == 0 {
		return fn()
	}
	var frame L
	at := n % len(frame)
	frame[at], frame[len(frame)-1] = byte(n), byte(n)
	w.calls++
	r, err := guarded[L](w, n-1, fn)
	if frame[at] != byte(n) || frame[len(frame)-1] != byte(n) {
		w.violation("a local variable has changed")
	}
	return r + 1, err
}

// deferring is guarded with a deferred call in every frame.
func (w *world) deferring(n int, fn func() (int, error)) (r int, err error) {
	if w.stack.Low() || w.due() {
		return w.grow2(func() (int, error) { return w.deferring(n, fn) })
	}
	if n == 0 {
		return fn()
	}
	defer func() {
		w.note("deferred", n, r)
	}()
	w.calls++
	r, err = w.deferring(n-1, fn)
	return r + 1, err
}

// ladder goes n levels down, by a different way at each.
func (w *world) ladder(n int, seed uint32, fn func() (int, error)) (r int, err error) {
	if n == 0 {
		return fn()
	}
	seed = seed*1664525 + 1013904223
	w.calls++
	switch seed >> 24 % 8 {
	case 0:
		return w.grow2(func() (int, error) { return w.ladder(n-1, seed, fn) })
	case 1:
		w.grow(func() { r, err = w.ladder(n-1, seed, fn) })
	case 2:
		ctx := w.in
		if ctx == nil {
			return w.ladder(n-1, seed, fn)
		}
		var inner error
		if outer := w.run(ctx, func(context.Context) error {
			r, inner = w.ladder(n-1, seed, fn)
			return nil
		}); outer != nil {
			return r, outer
		}
		err = inner
	case 3, 4:
		r = w.call(seed>>31 == 1, func(n int) (r int) {
			r, err = w.ladder(n-1, seed, fn)
			return r
		}, n)
	default:
		return w.ladder(n-1, seed, fn)
	}
	return r + 1, err
}

// natively goes n frames of about 1 KiB down without a guard and calls fn.
//
//go:noinline
func natively(w *world, n int, fn func() (int, error)) (int, error) {
	if n == 0 {
		return fn()
	}
	var frame [1 << 10]byte
	frame[n%len(frame)] = byte(n)
	r, err := natively(w, n-1, fn)
	if frame[n%len(frame)] != byte(n) {
		w.violation("a local variable has changed")
	}
	return r + 1, err
}

// spend takes n levels of size bytes each from what the program may use, and
// returns how many it gets.
func (w *world) spend(n, size int) int {
	return max(0, min(n, w.levels, (w.most-w.live)/size))
}

// down goes n levels of the given kind down and calls fn there.
func (w *world) down(kind byte, n int, fn func() (int, error)) (int, error) {
	sizes := [...]int{16, 128, 1 << 10, 4 << 10, 16 << 10, 256, 256, 1 << 10}
	size := sizes[kind%byte(len(sizes))] + 128
	if kind%8 == 7 {
		n = min(n, 290) // unguarded: 300 KB
	}
	if n = w.spend(n, size); n == 0 {
		return fn()
	}
	w.levels -= n
	return w.deeper(n, n*size, func() (int, error) {
		w.calls++
		switch kind % 8 {
		case 0:
			return guarded[[16]byte](w, n, fn)
		case 1:
			return guarded[[128]byte](w, n, fn)
		case 2:
			return guarded[[1 << 10]byte](w, n, fn)
		case 3:
			return guarded[[4 << 10]byte](w, n, fn)
		case 4:
			return guarded[[16 << 10]byte](w, n, fn)
		case 5:
			return w.ladder(n, uint32(n)*2654435761+uint32(kind), fn)
		case 6:
			return w.deferring(n, fn)
		default:
			// The guard comes after the native recursion, and before anything else.
			return natively(w, n, func() (int, error) {
				w.calls++
				return guarded[[16]byte](w, 1, fn)
			})
		}
	})
}

// deeper accounts for levels and bytes while fn runs.
func (w *world) deeper(levels, bytes int, fn func() (int, error)) (int, error) {
	w.depth += levels
	w.live += bytes
	w.deepest = max(w.deepest, w.depth)
	defer func() {
		w.depth -= levels
		w.live -= bytes
	}()
	return fn()
}
