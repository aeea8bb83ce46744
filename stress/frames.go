package stress

import (
	"context"

	"github.com/vstack-go/vstack/vstack"
)

// The recursions that a program is made of. Each has a local array that is
// filled on the way down and looked at on the way up: a frame that something
// has written into shows.

type local interface {
	[16]byte | [128]byte | [1 << 10]byte | [4 << 10]byte | [16 << 10]byte | [60 << 10]byte | [100 << 10]byte
}

// A guard is a first line of the guard that guarded is compiled with: with the handle of
// the program's stack, or without one.
type guard interface{ low(w *world) bool }

type withHandle struct{}
type without struct{}

func (withHandle) low(w *world) bool { return w.stack.Low() }

// In the plain run it would be low at 480 KiB, and the recursion is plain.
func (without) low(w *world) bool { return !w.plain && vstack.Low() }

// guarded goes n levels down through the guard and calls fn.
func guarded[G guard, L local](w *world, n int, fn func() (int, error)) (int, error) {
	var g G
	if g.low(w) || w.due() {
		return w.grow2(func() (int, error) { return guarded[G, L](w, n, fn) })
	}
	w.passed()
	if n == 0 {
		return fn()
	}
	var frame L
	at := n % len(frame)
	frame[at], frame[len(frame)-1] = byte(n), byte(n)
	w.calls++
	r, err := guarded[G, L](w, n-1, fn)
	if frame[at] != byte(n) || frame[len(frame)-1] != byte(n) {
		w.violation("a local variable has changed")
	}
	return r + 1, err
}

// deferring is guarded with a deferred call in every frame, which has a guard too in
// some.
func (w *world) deferring(n int, fn func() (int, error)) (r int, err error) {
	if w.low() {
		return w.grow2(func() (int, error) { return w.deferring(n, fn) })
	}
	if n == 0 {
		return fn()
	}
	defer func() {
		w.note("deferred", n, r)
		if n&3 == 1 {
			w.deferred(func() {
				w.calls++
				w.note("up", w.up(n&31))
			})
		}
	}()
	w.calls++
	r, err = w.deferring(n-1, fn)
	return r + 1, err
}

// up is the recursion of a deferred call.
func (w *world) up(n int) int {
	if w.low() {
		r, _ := w.grow2(func() (int, error) { return w.up(n), nil })
		return r
	}
	if n == 0 {
		return 0
	}
	w.calls++
	return w.up(n-1) + 1
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
		w.do(func() { r, err = w.ladder(n-1, seed, fn) })
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

// fat is a frame of the size of L around a Run. Its guard is in that frame.
func fat[L local](w *world, ctx context.Context, fn func(context.Context) error) error {
	if w.low() {
		_, err := w.grow2(func() (int, error) { return 0, fat[L](w, ctx, fn) })
		return err
	}
	var frame L
	frame[0], frame[len(frame)-1] = 1, 2
	w.calls++
	err := w.run(ctx, fn)
	if frame[0] != 1 || frame[len(frame)-1] != 2 {
		w.violation("a local variable has changed")
	}
	return err
}

// fatter is fat with a frame of 200 KiB; a single array of that size is moved to the
// heap.
func fatter(w *world, ctx context.Context, fn func(context.Context) error) error {
	if w.low() {
		_, err := w.grow2(func() (int, error) { return 0, fatter(w, ctx, fn) })
		return err
	}
	var a, b [100 << 10]byte
	a[0], a[len(a)-1], b[0], b[len(b)-1] = 1, 2, 3, 4
	w.calls++
	err := w.run(ctx, fn)
	if a[0] != 1 || a[len(a)-1] != 2 || b[0] != 3 || b[len(b)-1] != 4 {
		w.violation("a local variable has changed")
	}
	return err
}

// spend takes n levels of size bytes each from what the program may use, and
// returns how many it gets.
func (w *world) spend(n, size int) int {
	return max(0, min(n, w.levels, (w.most-w.live)/size))
}

// A way is one down.
type way struct {
	size int // of a level, in bytes, about
	most int // levels; 0: as many as there are
	down func(w *world, n int, fn func() (int, error)) (int, error)
	free func(w *world, n int, fn func() (int, error)) (int, error) // where there is no handle; nil: down
}

var ways = []way{
	{16, 0, guarded[withHandle, [16]byte], guarded[without, [16]byte]},
	{16, 0, guarded[without, [16]byte], nil},
	{128, 0, guarded[withHandle, [128]byte], guarded[without, [128]byte]},
	{1 << 10, 0, guarded[without, [1 << 10]byte], nil},
	{4 << 10, 0, guarded[withHandle, [4 << 10]byte], guarded[without, [4 << 10]byte]},
	{16 << 10, 0, guarded[without, [16 << 10]byte], nil},
	{16 << 10, 0, guarded[withHandle, [16 << 10]byte], guarded[without, [16 << 10]byte]},
	{100 << 10, 8, guarded[without, [100 << 10]byte], nil},
	{256, 0, func(w *world, n int, fn func() (int, error)) (int, error) {
		return w.ladder(n, uint32(n)*2654435761, fn)
	}, nil},
	{256, 0, func(w *world, n int, fn func() (int, error)) (int, error) {
		return w.ladder(n, uint32(n)*2654435761+7, fn)
	}, nil},
	{256, 400, (*world).deferring, nil},
	// Unguarded: 290 KB. The guard comes after the native recursion, and before
	// anything else.
	{1 << 10, 290, func(w *world, n int, fn func() (int, error)) (int, error) {
		return natively(w, n, func() (int, error) {
			w.calls++
			return guarded[without, [16]byte](w, 1, fn)
		})
	}, nil},
}

// down goes n levels of the given kind down and calls fn there.
func (w *world) down(kind byte, n int, fn func() (int, error)) (int, error) {
	way := ways[int(kind)%len(ways)]
	if way.most > 0 {
		n = min(n, way.most)
	}
	size := way.size + 128
	if n = w.spend(n, size); n == 0 {
		return fn()
	}
	w.levels -= n
	down := way.down
	if w.ambient && way.free != nil {
		down = way.free
	}
	return w.deeper(n, n*size, func() (int, error) {
		w.calls++
		return down(w, n, fn)
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
