package vstack

import "context"

// A frame is a call of Run.
type frame struct {
	ctx   context.Context // what fn gets
	root  context.Context // is done when ctx is; to ask, since ctx may be long
	done  <-chan struct{} // of both
	fn    func(context.Context) error
	err   error
	outer *frame
	stop  func() bool // ends the watch on root; nil if the outer frame's will do

	thrown thrown // the stack's, while this frame has its own; see unwind.go
}

// enter makes f the innermost frame, on the goroutine of its segment.
func (s *Stack) enter(f *frame) {
	f.outer, f.thrown = s.in, s.thrown
	s.in, s.thrown = f, thrown{}
	s.frames++
	f.done = f.root.Done()
	if f.done != nil && (f.outer == nil || f.outer.done != f.done) {
		f.stop = context.AfterFunc(f.root, func() { s.interrupt(canceled) })
	}
}

// exit undoes enter; it is deferred.
func (s *Stack) exit(f *frame) {
	s.in = f.outer
	s.frames--
	if f.stop != nil {
		f.stop()
	}
	if o := f.outer; o != nil && o.done != nil && o.root.Err() != nil {
		s.interrupt(canceled) // f may have been shielded from it
	}
}
