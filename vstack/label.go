package vstack

import (
	"context"
	"runtime/pprof"
	"runtime/trace"

	"github.com/vstack-go/vstack/scheduler"
)

// WithName names the stack, in traces, in execution traces and, as the label
// "vstack" of its goroutines, in profiles: go tool pprof -tagfocus=vstack=NAME.
// Stacks may have the same name. With a name a root call costs about 0.2 us more
// unless its context is [context.Background].
func WithName(name string) Option {
	return func(o *options) { o.name = name }
}

// label gives the calling goroutine, a worker that begins a job, the labels of
// the innermost frame's context.
func (s *Stack) label() {
	switch {
	case s.in != nil:
		pprof.SetGoroutineLabels(s.in.ctx)
	case s.name != "":
		ctx, _ := s.context(context.Background())
		pprof.SetGoroutineLabels(ctx)
	default:
		// A root call of Grow: the labels of the goroutine that made it are not to be
		// had, and those that the worker has are of another one.
		pprof.SetGoroutineLabels(context.Background())
	}
}

// traceHop begins what an execution trace shows of the hop to g, which end ends: a
// region of the caller's goroutine, or for a root call a task.
func (s *Stack) traceHop(g *segment) (end func()) {
	if s.top != nil {
		return trace.StartRegion(s.regions(), "vstack hop").End
	}
	ctx := g.frame.ctx
	if ctx == nil {
		ctx = context.Background()
	}
	ctx, task := s.newTask(ctx)
	if g.frame.ctx != nil {
		g.frame.ctx = ctx
	}
	return task.End
}

// regions returns the context that names the task of regions.
func (s *Stack) regions() context.Context {
	if s.in != nil {
		return s.in.ctx
	}
	return context.Background()
}

// branchTraced begins the task of a branch, the root call of which is g; its end
// comes before done.
func (s *Stack) branchTraced(g *segment, done func(error, scheduler.Outcome) *scheduler.Turn) func(error, scheduler.Outcome) *scheduler.Turn {
	var task *trace.Task
	g.frame.ctx, task = s.newTask(g.frame.ctx)
	return func(err error, out scheduler.Outcome) *scheduler.Turn {
		task.End()
		return done(err, out)
	}
}

// newTask begins the task of a root call.
func (s *Stack) newTask(ctx context.Context) (context.Context, *trace.Task) {
	name := "vstack"
	if s.name != "" {
		name += " " + s.name
	}
	return trace.NewTask(ctx, name)
}
