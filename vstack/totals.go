package vstack

import (
	"math"
	"slices"
)

// Totals says what all stacks of the program hold and have done; see [ReadTotals].
type Totals struct {
	Stacks   int   // live ones: see [Stacks]
	Running  int   // of these, those with a root call under way
	Segments int   // in use by all of them
	Bytes    int64 // that these are charged with

	Made            int64 // stacks since the program started
	Overflows       int64 // of a stack's own limit
	BudgetOverflows int64 // of a shared budget, the default limit included
	Canceled        int64 // recursions that were unwound since their context was done

	Ambient      PoolStats // of the pool from which guards without a handle take their stacks
	DefaultLimit int64     // bytes; see [SetDefaultLimit]; 0 for none
	DefaultUsed  int64     // bytes of it that are drawn, by stacks that run and by idle ones
}

// ReadTotals returns the counts of all stacks together, for metrics. It may be called
// from any goroutine at any time; it looks at each live stack for some nanoseconds. The
// counts are read one after the other, so they may be of slightly different moments.
func ReadTotals() Totals {
	t := Totals{
		Made:            int64(registry.last.Load()),
		Overflows:       happened.overflows.Load(),
		BudgetOverflows: happened.budgets.Load(),
		Canceled:        happened.canceled.Load(),
		Ambient:         ambients().Stats(),
		DefaultLimit:    defaultLimit(),
		DefaultUsed:     defaults().InUse(),
	}
	for _, s := range Stacks() {
		stats := s.Stats()
		t.Stacks++
		if stats.Running {
			t.Running++
		}
		t.Segments += stats.Segments
		t.Bytes += stats.Bytes
	}
	return t
}

// Pools returns the pools of the program that have not been closed and are still in use,
// in the order in which they were made; the one of ambient stacks is in [ReadTotals]. It
// may be called from any goroutine. Only [Pool.Stats], [Pool.Name] and [Pool.Budget] are
// for those who do not own them.
func Pools() (open []*Pool) {
	for _, p := range poolDirectory.live() {
		p.mu.Lock()
		if !p.closed {
			open = append(open, p)
		}
		p.mu.Unlock()
	}
	return open
}

// Name returns the name that [WithName] gave the pool's stacks, or "" if none did.
func (p *Pool) Name() string { return p.options.name }

// Budget returns the budget that the pool's stacks draw from: that of [WithBudget], the
// one behind the default limit if they were given neither budget nor limit, else nil.
func (p *Pool) Budget() *Budget { return p.options.budget }

// Budgets returns the budgets of the program that are still in use, in the order in which
// they were made; the one behind the default limit is in [ReadTotals]. It may be called
// from any goroutine.
func Budgets() []*Budget {
	all := budgetDirectory.live()
	return slices.DeleteFunc(all, func(b *Budget) bool { return b.size.Load() == math.MaxInt64 })
}

// Ambient reports whether the stack is one of those that guards without a handle use on
// goroutines that run on no stack.
func (s *Stack) Ambient() bool { return s != nil && s.ambient }
