package vstack

import (
	"fmt"
	"strings"

	"github.com/vstack-go/vstack/vstack/internal/fold"
)

// A Panic is what a panic hook is told; see [WithPanicHook].
type Panic struct {
	Value any    // what panic was called with
	Trace *Trace // of the whole stack, with the frames that panicked at the top
}

// WithPanicHook sets a function that is called when a panic leaves the frames of
// a goroutine of the stack: once for each panic, on the goroutine where it began
// and on top of the frames that panicked. Calls that those frames deferred have
// run; nothing else has unwound, and the trace shows all that is there. Then the
// panic goes on with the value it has, whatever the hook does.
//
// A panic that is recovered on the goroutine where it began, before it reaches a
// hop, is not seen. One that a deferred call recovers and repeats with the same
// value counts as the same panic. Overflow and cancellation of the stack itself
// are no panics. The hook must not panic and must not use the stack. It costs
// what [Stack.Trace] costs; without a hook see the package comment for how to
// find where a panic began. WithPanicHook panics if hook is nil.
func WithPanicHook(hook func(Panic)) Option {
	if hook == nil {
		panic(misuse("WithPanicHook: the hook is nil"))
	}
	return func(o *options) { o.onPanic = hook }
}

// Panicked makes a segment a [scheduler.Witness].
func (g *segment) Panicked(value any) {
	s := g.stack
	if s.onPanic != nil && s.unwound(value) == nil {
		s.onPanic(Panic{value, s.walk(g, 0)})
	}
}

// A began is the first of the two panics that repeat makes: it says where the other began.
type began struct {
	name string
	pcs  []uintptr
}

func (b *began) Error() string {
	var text strings.Builder
	text.WriteString("vstack: the panic below began in a virtual stack")
	if b.name != "" {
		fmt.Fprintf(&text, " %q", b.name)
	}
	text.WriteString(", here:\n")
	f := fold.New()
	f.Segment(b.pcs, 0, 0)
	if len(b.pcs) == cap(b.pcs) {
		f.Cut()
	}
	for _, part := range traceOf(f.Result()).Parts {
		part.print(&text)
	}
	return text.String()
}
