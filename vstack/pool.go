package vstack

import (
	"context"
	"slices"
	"sync"
	"time"
)

// A Pool keeps warm stacks for a server: [Pool.Run] takes one and gives it back.
// All methods may be called from any number of goroutines at once. In a bubble of
// testing/synctest a pool makes a stack for each Run and keeps none.
//
// Idle stacks are bounded in number, in memory and in time; see [WithIdleStacks],
// [WithIdleMemory] and [WithIdleTime]. How many run at a time is not bounded:
// Run never waits. A server bounds its requests itself, and their memory with a
// [Budget].
type Pool struct {
	options  options
	maxBytes int64 // that idle stacks keep together

	mu      sync.Mutex
	idle    []*pooled // the one used last at the end, where the next is taken
	closed  bool
	drained sync.Cond // running has become 0
	stats   PoolStats

	// The end of stacks that nobody takes. Instead of the time when each became
	// idle, which would cost every Run a look at the clock, the pool knows how
	// many of the first ones have been idle since the last tick. It ticks only
	// while it has idle stacks.
	low     int
	ticking bool
	timer   *time.Timer
}

// PoolStats says what a pool has done and holds; see [Pool.Stats].
type PoolStats struct {
	Runs      int64 // calls of Run that got a stack
	Started   int64 // of these, those that made one
	Reused    int64 // of these, those that took an idle one
	Running   int   // that have not returned yet
	Idle      int   // idle stacks
	IdleBytes int64 // of stack, about, that they hold
}

// A pooled stack is one that is idle in a pool, or is taken from it.
type pooled struct {
	stack *Stack
	bytes int64 // of its idle workers, while it is in the pool
	fn    func(ctx context.Context, stack *Stack) error
	run   func(ctx context.Context) error // calls fn; made once, so that Run need not
}

// NewPool makes a pool whose stacks have the given options. It starts no
// goroutine. Call [Pool.Close] when it is no longer needed; a pool that is
// dropped ends its idle stacks when their time is up.
//
// NewPool panics if an option is out of its range.
func NewPool(opts ...Option) *Pool {
	p := makePool(opts)
	poolDirectory.enter(p)
	return p
}

func makePool(opts []Option) *Pool {
	p := &Pool{options: *collect(opts)}
	p.maxBytes = p.options.idleMemory
	if p.maxBytes < 0 {
		p.maxBytes = poolIdleMemory
	}
	p.options.idleMemory = min(p.maxBytes, stackIdleMemory)
	p.drained.L = &p.mu
	return p
}

// Run takes an idle stack, or makes one, and calls fn as its root frame, as
// [Stack.Run] does; it gives the stack back when fn has ended, also by a panic
// or Goexit, which continue in the caller. The stack must not be used after
// that: it may be another goroutine's.
//
// Run returns what [Stack.Run] returns, and [ErrClosed] after Close. It may be
// called inside another Run of the same pool and takes a second stack then. It
// panics if fn or ctx is nil. With an idle stack it costs about 0.5 us.
func (p *Pool) Run(ctx context.Context, fn func(ctx context.Context, stack *Stack) error) error {
	checkBranch("Pool.Run", fn)
	if ctx == nil {
		panic(misuse("Pool.Run: ctx is nil; use context.Background()"))
	}
	s, err := p.take()
	if err != nil {
		return err
	}
	defer p.put(s)
	s.fn = fn
	return s.stack.Run(ctx, s.run)
}

// Close ends the idle stacks, waits for the runs that have not returned and ends
// their stacks too; no goroutine of the pool is left. It may be called again and
// from any goroutine, but not inside a Run of the pool: it would wait for itself.
func (p *Pool) Close() {
	p.mu.Lock()
	p.closed = true
	p.stopTicking()
	p.mu.Unlock()
	p.drop()
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.stats.Running > 0 {
		p.drained.Wait()
	}
}

// Stats returns the pool's counts, all of one moment; it takes the pool's lock
// for some nanoseconds. It may be called after Close.
func (p *Pool) Stats() PoolStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	stats := p.stats
	stats.Runs = stats.Started + stats.Reused
	stats.Idle = len(p.idle)
	return stats
}

func (p *Pool) take() (*pooled, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, ErrClosed
	}
	p.stats.Running++
	n := len(p.idle) - 1
	if n < 0 || inBubble() {
		p.stats.Started++
		s := &pooled{stack: newStack(&p.options)}
		s.stack.registerBound()
		s.run = func(ctx context.Context) error { return s.fn(ctx, s.stack) }
		return s, nil
	}
	p.stats.Reused++
	s := p.idle[n]
	p.idle[n] = nil
	p.idle = p.idle[:n]
	p.low = min(p.low, n)
	p.stats.IdleBytes -= s.bytes
	return s, nil
}

// lose notes that a stack that was taken does not come back.
func (p *Pool) lose() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stats.Running--
}

func (p *Pool) put(s *pooled) {
	s.fn = nil
	s.bytes = s.stack.sched.Stats().Bytes
	p.mu.Lock()
	if surplus := p.keep(s); surplus != nil {
		p.mu.Unlock()
		end(surplus)
		p.mu.Lock()
	}
	p.stats.Running-- // not before, for Close waits for this
	if p.stats.Running == 0 && p.closed {
		p.drained.Broadcast()
	}
	p.mu.Unlock()
}

// keep makes s idle and returns the stacks that are too many then.
func (p *Pool) keep(s *pooled) (surplus []*pooled) {
	if p.closed || inBubble() {
		return []*pooled{s}
	}
	p.idle = append(p.idle, s)
	p.stats.IdleBytes += s.bytes
	if !p.ticking {
		p.startTicking()
	}
	n := 0
	for bytes := p.stats.IdleBytes; len(p.idle)-n > p.options.idleStacks || bytes > p.maxBytes; n++ {
		bytes -= p.idle[n].bytes
	}
	return p.cut(n)
}

// cut takes the n stacks off the idle ones that were used longest ago. The
// caller holds the lock, and ends them once it does not.
func (p *Pool) cut(n int) []*pooled {
	if n == 0 {
		return nil
	}
	old := slices.Clone(p.idle[:n])
	for _, s := range old {
		p.stats.IdleBytes -= s.bytes
	}
	p.idle = slices.Delete(p.idle, 0, n)
	p.low = max(p.low-n, 0)
	return old
}

// drop ends all idle stacks.
func (p *Pool) drop() {
	p.mu.Lock()
	old := p.cut(len(p.idle))
	p.mu.Unlock()
	end(old)
}

func (p *Pool) startTicking() {
	p.ticking = true
	p.low = len(p.idle)
	if p.timer == nil {
		p.timer = time.AfterFunc(p.options.idleTime, p.tick)
	} else {
		p.timer.Reset(p.options.idleTime)
	}
	if b := p.options.budget; b != nil {
		b.register(p, true)
	}
}

func (p *Pool) stopTicking() {
	if !p.ticking {
		return
	}
	p.ticking = false
	p.timer.Stop()
	if b := p.options.budget; b != nil {
		b.register(p, false)
	}
}

// tick ends the stacks that were idle since the last one.
func (p *Pool) tick() {
	p.mu.Lock()
	if !p.ticking { // closed in between
		p.mu.Unlock()
		return
	}
	old := p.cut(p.low)
	if p.low = len(p.idle); p.low > 0 {
		p.timer.Reset(p.options.idleTime)
	} else {
		p.stopTicking()
	}
	p.mu.Unlock()
	end(old)
}

func end(stacks []*pooled) {
	for _, s := range stacks {
		s.stack.end()
	}
}

func checkBranch(name string, fn func(context.Context, *Stack) error) {
	if fn == nil {
		panic(misuse(name + ": fn is nil"))
	}
}
