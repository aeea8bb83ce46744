package vstack

import (
	"cmp"
	"runtime"
	"slices"
	"sync"
	"weak"
)

// A directory knows the live values of one kind, weakly, in the order in which they were
// made.
type directory[T any] struct {
	mu   sync.Mutex
	last uint64
	all  map[uint64]weak.Pointer[T]
}

var (
	poolDirectory   directory[Pool]
	budgetDirectory directory[Budget]
)

// enter enters v until the collector finds it dropped.
func (d *directory[T]) enter(v *T) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.all == nil {
		d.all = map[uint64]weak.Pointer[T]{}
	}
	d.last++
	d.all[d.last] = weak.Make(v)
	runtime.AddCleanup(v, d.leave, d.last)
}

func (d *directory[T]) leave(id uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.all, id)
}

func (d *directory[T]) live() (all []*T) {
	type entry struct {
		id uint64
		v  *T
	}
	var entries []entry
	d.mu.Lock()
	for id, p := range d.all {
		if v := p.Value(); v != nil {
			entries = append(entries, entry{id, v})
		}
	}
	d.mu.Unlock()
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.id, b.id) })
	for _, e := range entries {
		all = append(all, e.v)
	}
	return all
}
