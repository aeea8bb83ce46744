package vstack

import (
	"context"
	"runtime/pprof"
	"time"
)

// stackContext is the context that a frame's function gets: the caller's, which
// also knows the stack. One wraps another, since functions derive contexts from those
// that they get, and a recursion may do so at every level. So it keeps the way short:
// what everybody asks of a context is answered here, and only what a user looks for
// goes up the chain. There is one for every 16 frames at most: package context walks a
// chain of its own contexts in a loop, and one of ours by calls.
type stackContext struct {
	context.Context
	stack  *Stack
	frames int             // of the stack, when it was made
	root   context.Context // the outermost of the chain that is done when this is
	labels any             // of goroutines, as package pprof keeps them in a context
}

const wrapEvery = 16

// stackKey is the key whose value is the innermost stackContext.
type stackKey struct{}

func (c *stackContext) Done() <-chan struct{}       { return c.root.Done() }
func (c *stackContext) Err() error                  { return c.root.Err() }
func (c *stackContext) Deadline() (time.Time, bool) { return c.root.Deadline() }

func (c *stackContext) Value(key any) any {
	switch {
	case key == stackKey{}:
		return c
	case key == nil:
	case key == cancelKey:
		return c.root.Value(key)
	case key == labelsKey:
		return c.labels
	}
	return c.Context.Value(key)
}

// The keys by which package context looks for who cancels a context, and package pprof
// for labels. They are not exported, but are shown to whoever is asked. If these
// packages should ask in another way, the answer is found by the long way.
var (
	cancelKey = shown(func(ctx context.Context) { _ = context.Cause(ctx) })
	labelsKey = shown(func(ctx context.Context) { _, _ = pprof.Label(ctx, "") })
)

// shown returns the key that ask asks a context for.
func shown(ask func(context.Context)) any {
	ctx := &keyReader{Context: context.Background()}
	ask(ctx)
	return ctx.key
}

type keyReader struct {
	context.Context
	key any
}

func (r *keyReader) Value(key any) any {
	r.key = key
	return nil
}

// context returns ctx if it knows the stack, or else one that does; and the outermost
// one that is done when ctx is.
func (s *Stack) context(ctx context.Context) (known, root context.Context) {
	if c, ok := ctx.(*stackContext); ok && c.stack == s {
		return ctx, c.root
	}
	if ctx == context.Background() {
		if s.background == nil {
			s.background = s.wrap(s.named(ctx), ctx)
		}
		return s.background, ctx
	}
	near, _ := ctx.Value(stackKey{}).(*stackContext)
	root = ctx
	if near != nil && near.Done() == ctx.Done() {
		root = near.root
	}
	switch {
	case near == nil || near.stack != s:
		return s.wrap(s.named(ctx), root), root
	case uint(s.frames-near.frames) < wrapEvery: // near may have been made deeper than here
		return ctx, root
	}
	if root != ctx && !sameEnd(root, ctx) {
		root = ctx
	}
	return s.wrap(ctx, root), root
}

// sameEnd reports whether two contexts that have the same Done also have the same deadline,
// and both an error or none: a user's type of context may have its own of these alone.
func sameEnd(a, b context.Context) bool {
	at, ok := a.Deadline()
	bt, bok := b.Deadline()
	return ok == bok && at.Equal(bt) && (a.Err() == nil) == (b.Err() == nil)
}

func (s *Stack) wrap(ctx, root context.Context) *stackContext {
	return &stackContext{ctx, s, s.frames, root, ctx.Value(labelsKey)}
}

// named adds the stack's label to ctx.
func (s *Stack) named(ctx context.Context) context.Context {
	if s.name == "" {
		return ctx
	}
	return pprof.WithLabels(ctx, pprof.Labels("vstack", s.name))
}

// FromContext returns the stack whose frame ctx was given to, by [Run] or
// [Stack.Run]; also if ctx is derived from such a context. It costs a look-up
// as [context.Context.Value] does: call it once, at the start of a recursion,
// and not in every frame. It reports false, with a nil stack, which may be used
// as one, if ctx knows no stack or is nil. [Current] finds the stack without a context.
func FromContext(ctx context.Context) (*Stack, bool) {
	if ctx == nil {
		return nil, false
	}
	if c, ok := ctx.Value(stackKey{}).(*stackContext); ok {
		return c.stack, true
	}
	return nil, false
}
