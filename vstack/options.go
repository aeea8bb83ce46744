package vstack

import (
	"fmt"
	"time"
)

// An Option sets something about a stack when it is made, by [New] or [Run], or
// about all stacks of a [Pool] or [Group]. Of two that set the same thing the later
// one counts. An option may be used any number of times and by any goroutine. One
// that is given a value out of its range panics when it is made.
type Option func(*options)

type options struct {
	maxMemory  int64
	idleMemory int64 // negative: the default
	budget     *Budget
	idleStacks int
	idleTime   time.Duration
	name       string
	onPanic    func(Panic)
	ambient    bool // of the default pool
}

// What is kept for the next root call if no option says otherwise.
const (
	stackIdleMemory = 8 << 20
	poolIdleMemory  = 64 << 20
	poolIdleStacks  = 64
	poolIdleTime    = time.Minute
)

// collect returns what opts set.
func collect(opts []Option) *options {
	o := &options{
		maxMemory:  byDefault,
		idleMemory: -1,
		idleStacks: poolIdleStacks,
		idleTime:   poolIdleTime,
	}
	for _, opt := range opts {
		opt(o)
	}
	if o.budget == nil && o.maxMemory == byDefault {
		o.budget = defaults()
	}
	return o
}

// WithMaxMemory sets how many bytes of memory the stack's segments may use
// together; past that the recursion overflows with an [*OverflowError]. 0 means
// no limit. Without this option the limit is the default one, see [SetDefaultLimit],
// and all stacks that have neither a limit nor a budget share it.
// It is taken in pieces: 128 KiB for the first segment, 512 KiB for each of those
// below, and 128 KiB again where no more is left. Segments are weighed as they grow.
// In a pool or group it is the limit of each stack; see [WithBudget] for one that
// they share.
//
// It panics for a negative number, and for one under 256 KiB, which no recursion
// could work with.
func WithMaxMemory(bytes int64) Option {
	if bytes < 0 || bytes > 0 && bytes < minMemory {
		panic(misuse(fmt.Sprintf("WithMaxMemory(%d): want 0 for no limit, or at least %d bytes", bytes, minMemory)))
	}
	return func(o *options) { o.maxMemory = bytes }
}

// WithIdleMemory sets how many bytes of stack idle workers may keep between root
// calls, so that the next one need not start them again; the default is 8 MiB.
// Workers beyond that end when a root call returns; until it does, all are kept.
// 0 keeps none. It panics for a negative number.
//
// In a pool or group it is what all idle stacks may keep together, by default
// 64 MiB, of which one stack keeps at most 8.
func WithIdleMemory(bytes int64) Option {
	if bytes < 0 {
		panic(misuse(fmt.Sprintf("WithIdleMemory(%d): want 0 or more bytes", bytes)))
	}
	return func(o *options) { o.idleMemory = bytes }
}

// WithIdleStacks sets how many idle stacks a pool or group keeps at most; the
// default is 64. It says nothing about how many run at a time. A single stack
// ignores it. It panics for a negative number.
func WithIdleStacks(n int) Option {
	if n < 0 {
		panic(misuse(fmt.Sprintf("WithIdleStacks(%d): want 0 or more stacks", n)))
	}
	return func(o *options) { o.idleStacks = n }
}

// WithIdleTime sets after how long a pool or group ends a stack that nobody
// took; the default is a minute. It is looked at once in that time, so a stack
// is idle for at least d and at most twice that. A single stack ignores the
// option. It panics unless d is positive.
func WithIdleTime(d time.Duration) Option {
	if d <= 0 {
		panic(misuse(fmt.Sprintf("WithIdleTime(%v): want a positive time", d)))
	}
	return func(o *options) { o.idleTime = d }
}

// WithBudget makes the stack, or every stack of the pool or group, draw its
// memory from b, which others share. It comes on top of the stack's own limit,
// [WithMaxMemory]: whichever is reached first is in the [*OverflowError]. See
// [Budget] for what is counted and what it costs. It panics if b is nil.
func WithBudget(b *Budget) Option {
	if b == nil {
		panic(misuse("WithBudget: the budget is nil"))
	}
	return func(o *options) { o.budget = b }
}
