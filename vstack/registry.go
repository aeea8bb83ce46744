package vstack

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"weak"
)

// The registry knows every live stack, for those who look from outside. A stack
// is entered when it is made and taken out when it is closed or found dropped; a
// root call does nothing for it, nor does a guard. Several locks, since a server
// may make stacks on all its processors at once.
var registry struct {
	last   atomic.Uint64
	shards [16]shard
}

type shard struct {
	mu     sync.Mutex
	stacks map[uint64]entry
	_      [40]byte // to the end of the cache line
}

// An entry refers to a stack that somebody is bound to close, or weakly to one
// that may be dropped.
type entry struct {
	bound *Stack
	free  weak.Pointer[Stack]
}

// register enters a stack of [New].
func (s *Stack) register() { s.enroll(entry{free: weak.Make(s)}) }

// registerBound enters a stack that is closed whatever happens. A weak pointer
// would cost more than the rest.
func (s *Stack) registerBound() { s.enroll(entry{bound: s}) }

func (s *Stack) enroll(e entry) {
	s.id = registry.last.Add(1)
	s.made = time.Now()
	r := &registry.shards[s.id%uint64(len(registry.shards))]
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stacks == nil {
		r.stacks = map[uint64]entry{}
	}
	r.stacks[s.id] = e
}

// unregister may be called again.
func unregister(id uint64) {
	r := &registry.shards[id%uint64(len(registry.shards))]
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.stacks, id)
}

// Stacks returns the live stacks of the program in the order in which they were
// made: those that have not been closed and are still in use, by [New], [Run] and
// in pools. Branches of a [Scope] are not among them. It may be called from any
// goroutine. Other goroutines may close the stacks meanwhile; only [Stack.Stats],
// [Stack.TraceContext], [Stack.Name], [Stack.ID] and [Stack.Made] are for those
// who do not own them.
func Stacks() []*Stack {
	var all []*Stack
	for i := range registry.shards {
		r := &registry.shards[i]
		r.mu.Lock()
		for _, e := range r.stacks {
			s := e.bound
			if s == nil {
				s = e.free.Value()
			}
			if s != nil {
				all = append(all, s)
			}
		}
		r.mu.Unlock()
	}
	slices.SortFunc(all, func(a, b *Stack) int { return cmp.Compare(a.id, b.id) })
	return all
}

// Name returns the name that [WithName] gave the stack, or "" if none did; that
// of its parent for a branch. It may be called from any goroutine.
func (s *Stack) Name() string {
	if s == nil {
		return ""
	}
	return s.name
}

// ID returns a number that no other stack of the program has, counted from 1; 0
// for a branch and for a nil stack. It may be called from any goroutine.
func (s *Stack) ID() uint64 {
	if s == nil {
		return 0
	}
	return s.id
}

// Made returns when the stack was made; zero for a branch and for a nil stack. It
// may be called from any goroutine.
func (s *Stack) Made() time.Time {
	if s == nil {
		return time.Time{}
	}
	return s.made
}
