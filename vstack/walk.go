package vstack

import (
	"context"
	"runtime"
	"sync"

	"github.com/vstack-go/vstack/vstack/internal/fold"
)

// Trace returns the frames of the whole stack, down to the goroutine that made
// the root call. It must be called in a frame of the stack and panics elsewhere;
// see [Stack.TraceContext] for a look from outside. For a nil stack it returns an
// empty trace.
//
// Every goroutine of the stack reads its own frames, one after the other, while
// the caller waits: about 40 ns for each frame, half a second for ten million of
// them. The trace is folded as it is read and takes little memory.
func (s *Stack) Trace() *Trace {
	if s == nil {
		return new(Trace)
	}
	if !s.holds() {
		panic(misuse("Trace outside a frame of the stack; use TraceContext"))
	}
	return s.walk(s.top, 0)
}

// TraceContext returns the frames of a stack that may be running. It may be
// called from any goroutine except the stack's own, which would wait for itself
// until ctx is done.
//
// The stack answers at its next guard, [Stack.Run] or [Stack.Yield], between two
// calls, and then goes on as before. A recursion that does something else for
// long, sleeps in a system call or is inside [Await], or waits between the steps
// of a [Task], answers when it is back; if ctx is done earlier TraceContext
// returns [context.Cause] of it. A stack that is idle or becomes idle has an
// empty trace.
//
// The recursion stands still while its frames are read; see [Stack.Trace] for
// how long. With segments > 0 only so many are read, half of them from either
// end, and the trace says how many it left out: 8 take some
// milliseconds however deep the stack is. 0 reads all. TraceContext panics if ctx is
// nil; for a nil stack it returns an empty trace. In a bubble of testing/synctest it
// returns an [ErrMisuse] for a stack that runs outside of the bubble.
func (s *Stack) TraceContext(ctx context.Context, segments int) (*Trace, error) {
	if ctx == nil {
		panic(misuse("TraceContext: ctx is nil; use context.Background()"))
	}
	if s == nil {
		return new(Trace), nil
	}
	if state := s.state.Load(); inBubble() && !s.guest.Load() && (state == running || state == away) {
		return nil, misuse("TraceContext in a synctest bubble, of a stack that runs outside of it: neither can wait for the other")
	}
	a := &ask{segments: segments, answer: make(chan *Trace, 1)}
	s.asks.mu.Lock()
	s.asks.list = append(s.asks.list, a)
	s.asks.mu.Unlock()
	s.interrupt(traceWanted)
	// Who ends a root call answers after it has set the state.
	if state := s.state.Load(); state == idle || state == closed {
		s.answerIdle()
	}
	select {
	case t := <-a.answer:
		return t, nil
	case <-ctx.Done():
		s.asks.forget(a)
		return nil, context.Cause(ctx)
	}
}

// An ask is somebody waiting for a trace.
type ask struct {
	segments int
	answer   chan *Trace // with room for it
}

// asks are those who wait. Nobody takes the lock unless there are any.
type asks struct {
	mu   sync.Mutex
	list []*ask
}

func (a *asks) take() []*ask {
	a.mu.Lock()
	defer a.mu.Unlock()
	list := a.list
	a.list = nil
	return list
}

func (a *asks) forget(gone *ask) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, one := range a.list {
		if one == gone {
			a.list = append(a.list[:i:i], a.list[i+1:]...)
			return
		}
	}
}

// answer gives everybody who waits a trace. The caller holds the baton.
func (s *Stack) answer() {
	list := s.asks.take()
	if len(list) == 0 {
		return
	}
	segments := list[0].segments
	for _, a := range list {
		if a.segments <= 0 || segments > 0 && a.segments > segments {
			segments = a.segments
		}
	}
	t := s.walk(s.top, segments)
	for _, a := range list {
		copied := *t
		a.answer <- &copied
	}
}

// answerIdle gives everybody who waits an empty trace: no root call runs.
func (s *Stack) answerIdle() {
	if s.requests.Load()&traceWanted == 0 {
		return
	}
	for _, a := range s.asks.take() {
		a.answer <- &Trace{Name: s.name}
	}
}

// Frames of one goroutine that are read: at first, and at most. Nobody should
// have more than that outside the stack, where a goroutine has up to 1 GB.
const (
	firstFrames = 8 << 10
	mostFrames  = 1 << 20
)

// A walker reads the frames of a stack, goroutine by goroutine.
type walker struct {
	folder *fold.Folder
	pcs    []uintptr
}

// read adds the frames of the calling goroutine.
func (w *walker) read(number int, charged int64) {
	n := runtime.Callers(2, w.pcs)
	for n == len(w.pcs) && n < mostFrames {
		w.pcs = make([]uintptr, 4*n)
		n = runtime.Callers(2, w.pcs)
	}
	w.folder.Segment(w.pcs[:n], number, charged)
	if n == mostFrames {
		w.folder.Cut()
	}
}

// walk reads the frames from segment g, nil for none, to the root. It is called
// on g's goroutine, by the holder of the baton. With most > 0 it reads about so
// many segments, half of them from either end.
func (s *Stack) walk(g *segment, most int) *Trace {
	segments := 0
	var bytes int64
	for at := g; at != nil; at = at.parent {
		segments++
		bytes += at.memory
	}
	w := &walker{folder: fold.New(), pcs: make([]uintptr, firstFrames)}
	skipped := 0
	if most > 0 && segments > most {
		skipped = segments - most
	}
	number := segments
	if g == nil {
		w.read(0, 0)
	} else {
		w.read(number, g.memory)
	}
	for ; g != nil; g = g.parent {
		if skipped > 0 && segments-number+1 == (most+1)/2 {
			w.folder.Gap(skipped)
			for range skipped {
				g = g.parent
				number--
			}
		}
		if g.adopted {
			number--
			continue // its goroutine was read, and who waits for it waits elsewhere
		}
		if !g.worker.Called() {
			break // the first segment of a branch, for which nobody waits in a call
		}
		number--
		// The goroutine that waits for g reads its own.
		g.worker.Ask(func() {
			if p := g.parent; p != nil {
				w.read(number, p.memory)
			} else {
				w.read(0, 0)
			}
		})
	}
	t := traceOf(w.folder.Result())
	t.Name, t.Segments, t.Walked, t.Bytes = s.name, segments, segments-skipped, bytes
	return t
}
