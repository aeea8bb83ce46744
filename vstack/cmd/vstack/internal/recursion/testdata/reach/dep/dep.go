// Package dep recurses in functions that package app gets to in different ways. Nothing in
// app calls one of them in so many words.
package dep

import (
	"encoding/json"
	"iter"
	"log/slog"
	"sync"
	"sync/atomic"
)

type List struct{ Next *List }

// By a go statement.
func Start(n *List, to chan int) { to <- depthStarted(n) }

// By a template: as a method of its data, and as one of its functions.
type ByTemplate struct{ N *List }

func (b ByTemplate) Depth() int { return depthByTemplate(b.N) }

func InTemplate(n *List) int { return depthInTemplate(n) }

// Out of an atomic.Value.
var Function atomic.Value

func SetFunction() { Function.Store(depthAtomic) }

// Out of a sync.Map, where the call seems to go to another method.
type Walker interface{ Walk() int }

type walker struct{ n *List }

func (w walker) Walk() int { return depthMap(w.n) }

type Short struct{}

func (Short) Walk() int { return 0 }

var Walkers sync.Map

func SetWalker(n *List) { Walkers.Store("n", walker{n}) }

// By encoding/json: of a value, of what is in it, and the other way.
type FromJSON struct{ n *List }

func (f *FromJSON) UnmarshalJSON([]byte) error { depthJSON(f.n); return nil }

type FromText struct{ n *List }

func (f *FromText) UnmarshalText([]byte) error { depthText(f.n); return nil }

type Document struct {
	Parts map[string][]struct{ Text FromText }
}

type ToJSON struct{ N *List }

func (t ToJSON) MarshalJSON() ([]byte, error) { return json.Marshal(depthMarshal(t.N)) }

type Answer struct{ Part ToJSON }

// By the collector, by a timer, once.
func Finalizer(n *List) func(*int) { return func(*int) { depthFinalizer(n) } }

func Later(n *List) func() { return func() { depthLater(n) } }

func Once(n *List) func() int { return sync.OnceValue(func() int { return depthOnce(n) }) }

// By packages flag, database/sql, sort, io, errors, log/slog and fmt.
type Flag struct{ n *List }

func (f *Flag) String() string   { return "" }
func (f *Flag) Set(string) error { depthFlag(f.n); return nil }

type Column struct{ n *List }

func (c *Column) Scan(any) error { depthRow(c.n); return nil }

type Lists []*List

func (l Lists) Len() int           { return len(l) }
func (l Lists) Swap(i, j int)      { l[i], l[j] = l[j], l[i] }
func (l Lists) Less(i, j int) bool { return depthLess(l[i]) < depthLess(l[j]) }

type Reader struct{ N *List }

func (r *Reader) Read([]byte) (int, error) { return depthReader(r.N), nil }

type Err struct{ N *List }

func (Err) Error() string   { return "" }
func (e Err) Is(error) bool { return depthIs(e.N) > 1 }

type Attr struct{ N *List }

func (a Attr) LogValue() slog.Value { return slog.IntValue(depthLog(a.N)) }

type Writer struct{ N *List }

func (w Writer) Write([]byte) (int, error) { return depthWriter(w.N), nil }

// As a method value in a map, by reflection, out of a context.
type bound struct{ n *List }

func (b bound) depth() int { return depthBound(b.n) }

func Bound(n *List) map[string]func() int { return map[string]func() int{"depth": bound{n}.depth} }

func Reflect(n *List) int { return depthReflect(n) }

type InContext struct{ N *List }

func (c InContext) Walk() int { return depthContext(c.N) }

// By a loop over a function, and by iter.Pull.
func Range(n *List) iter.Seq[int] { return func(yield func(int) bool) { yield(depthRange(n)) } }

func Pull(n *List) iter.Seq[int] { return func(yield func(int) bool) { yield(depthPull(n)) } }

func depthStarted(n *List) int {
	if n == nil {
		return 0
	}
	return 1 + depthStarted(n.Next)
}

func depthByTemplate(n *List) int {
	if n == nil {
		return 0
	}
	return 1 + depthByTemplate(n.Next)
}

func depthInTemplate(n *List) int {
	if n == nil {
		return 0
	}
	return 1 + depthInTemplate(n.Next)
}

func depthAtomic(n *List) int {
	if n == nil {
		return 0
	}
	return 1 + depthAtomic(n.Next)
}

func depthMap(n *List) int {
	if n == nil {
		return 0
	}
	return 1 + depthMap(n.Next)
}

func depthJSON(n *List) int {
	if n == nil {
		return 0
	}
	return 1 + depthJSON(n.Next)
}

func depthText(n *List) int {
	if n == nil {
		return 0
	}
	return 1 + depthText(n.Next)
}

func depthFinalizer(n *List) int {
	if n == nil {
		return 0
	}
	return 1 + depthFinalizer(n.Next)
}

func depthFlag(n *List) int {
	if n == nil {
		return 0
	}
	return 1 + depthFlag(n.Next)
}

func depthRow(n *List) int {
	if n == nil {
		return 0
	}
	return 1 + depthRow(n.Next)
}

func depthLess(n *List) int {
	if n == nil {
		return 0
	}
	return 1 + depthLess(n.Next)
}

func depthLater(n *List) int {
	if n == nil {
		return 0
	}
	return 1 + depthLater(n.Next)
}

func depthReader(n *List) int {
	if n == nil {
		return 0
	}
	return 1 + depthReader(n.Next)
}

func depthBound(n *List) int {
	if n == nil {
		return 0
	}
	return 1 + depthBound(n.Next)
}

func depthMarshal(n *List) int {
	if n == nil {
		return 0
	}
	return 1 + depthMarshal(n.Next)
}

func depthRange(n *List) int {
	if n == nil {
		return 0
	}
	return 1 + depthRange(n.Next)
}

func depthReflect(n *List) int {
	if n == nil {
		return 0
	}
	return 1 + depthReflect(n.Next)
}

func depthIs(n *List) int {
	if n == nil {
		return 0
	}
	return 1 + depthIs(n.Next)
}

func depthLog(n *List) int {
	if n == nil {
		return 0
	}
	return 1 + depthLog(n.Next)
}

func depthWriter(n *List) int {
	if n == nil {
		return 0
	}
	return 1 + depthWriter(n.Next)
}

func depthContext(n *List) int {
	if n == nil {
		return 0
	}
	return 1 + depthContext(n.Next)
}

func depthPull(n *List) int {
	if n == nil {
		return 0
	}
	return 1 + depthPull(n.Next)
}

func depthOnce(n *List) int {
	if n == nil {
		return 0
	}
	return 1 + depthOnce(n.Next)
}
