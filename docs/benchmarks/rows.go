package main

import (
	"fmt"
	"strings"
)

// depths are those of the linear recursion.
func depths(quick bool) []int {
	if quick {
		return []int{1_000, 10_000, 100_000, 1_000_000}
	}
	return []int{1_000, 10_000, 100_000, 1_000_000, 10_000_000, 50_000_000}
}

func levels(n int) string {
	switch {
	case n >= 1_000_000:
		return fmt.Sprintf("%dM", n/1_000_000)
	case n >= 1_000:
		return fmt.Sprintf("%dk", n/1_000)
	}
	return fmt.Sprint(n)
}

// wide is how many levels with frames of 256 bytes plain recursion can have at
// all: the runtime fixes twice the default limit at its start, which SetMaxStack
// does not raise, so that a stack ends at 1 GiB.
const wide = 3_000_000

const deep = 50_000_000 // where a run takes seconds, and no run goes before it

// allGroups is all that this program measures itself.
func allGroups(quick bool) []group {
	large, million := 10_000_000, 1_000_000
	if quick {
		large, million = 1_000_000, 200_000
	}
	groups := []group{
		{name: "fib", work: "fib", n: 32, repeats: 3, ways: []string{"bare", "plain", "guard", "split", "nil", "param-plain", "param-guard"}},
		{name: "evaluator", work: "evaluator", n: 14, repeats: 101, ways: []string{"plain", "guard"}},
	}
	for _, n := range depths(quick) {
		g := group{name: "linear " + levels(n), work: "linear", n: n, repeats: max(1, min(501, 5_000_000/n)),
			ways: []string{"fresh", "new", "warm", "grown", "leaf", "guard-grown", "warm-gc", "grown-gc", "split-new", "split-warm"}}
		if n == deep {
			g.ways = []string{"fresh-once", "new-once", "warm", "grown", "warm-gc", "grown-gc", "split-new-once", "split-warm"}
		} else {
			// A stack that did nothing else: that is where the memory is read off.
			groups = append(groups, group{name: "once " + levels(n), work: "linear", n: n, ways: []string{"fresh-once", "new-once", "split-new-once"}})
		}
		groups = append(groups, g)
	}
	return append(groups,
		group{name: "parameter 1M", work: "parameter", n: million, repeats: 5, ways: []string{"fresh", "new", "warm"}},
		group{name: "list", work: "list", n: million, repeats: 3, ways: []string{"fresh", "new", "warm", "split-new", "split-warm"}},
		group{name: "bushy", work: "bushy", n: million, repeats: 1, ways: []string{"fresh", "new", "warm", "split-new", "split-warm"}},
		group{name: "ackermann", work: "ackermann", n: map[bool]int{false: 11, true: 9}[quick], repeats: 1, ways: []string{"fresh", "new", "warm", "split-new", "split-warm"}},
		group{name: "four", work: "four", n: million, repeats: 5, ways: []string{"fresh", "new", "warm"}},
		group{name: "hot split", work: "hotsplit", n: 15000, repeats: 3, ways: []string{"plain", "guard"}},
		group{name: "after GC", work: "aftergc", n: 100, ways: []string{"plain", "plain-gc", "guard", "guard-gc"}},
		group{name: "call", work: "call", n: 2000, repeats: 9, ways: []string{"spawn", "warm", "nested", "cold", "cancel", "cancel-deep"}},
		group{name: "wide", work: "wide", n: min(large, wide), ways: []string{"fresh-once", "new-once"}},
		group{name: "gap", work: "gap", n: large, repeats: 1, ways: []string{"plain", "new", "idle"}},
		group{name: "allocs shallow", work: "allocs", n: 1000, repeats: 100, ways: []string{"warm"}, once: true},
		group{name: "allocs deep", work: "allocs", n: 1_000_000, repeats: 10, ways: []string{"warm"}, once: true},
	)
}

// A row of the table of targets: what way takes, compared with base.
type row struct {
	what, against string
	group         string
	way, base     string
	metric        string // "": ns
	target        float64
	absolute      bool   // the metric itself is the ratio, or counts by itself
	extra         bool   // not in the list
	unit          string // of the two figures, "" for ns
}

const (
	plainFresh = "plain recursion, fresh goroutine"
	plainGrown = "plain recursion, stack already grown"
)

// allRows is the table: the rows with a target, and a few that explain them.
func allRows(quick bool) []row {
	large, n := "10M", 10_000_000
	if quick {
		large, n = "1M", 1_000_000
	}
	rows := []row{
		{what: "guard, fib(32), never hops", against: "the same method without the guard", group: "fib", way: "guard", base: "plain", target: 1.10},
		{what: "guard, fib(32), the stack a parameter", against: "the same function without the guard", group: "fib", way: "param-guard", base: "param-plain", extra: true},
		{what: "guard, fib(32)", against: "bare fib(n), no receiver, no stack", group: "fib", way: "guard", base: "bare", extra: true},
		{what: "guard of a nil stack, fib(32)", against: "the same method without the guard", group: "fib", way: "nil", base: "plain", extra: true},
		{what: "guard, tree evaluator, balanced", against: "plain", group: "evaluator", way: "guard", base: "plain", target: 1.15},
		{what: "guard in deepjson's parser, records", against: "the same without guards", group: "deepjson records", way: "guarded", base: "unguarded", target: 1.02},
		{what: "guard in deepjson's parser, numbers", against: "the same without guards", group: "deepjson numbers", way: "guarded", base: "unguarded", target: 1.02},
		{what: "guard in deepjson's parser, containers only", against: "the same without guards", group: "deepjson containers", way: "guarded", base: "unguarded", extra: true},
	}
	linear := depths(quick)[1:]
	for _, n := range linear {
		target := 0.6
		if n > 1_000_000 {
			target = 1.0
		}
		fresh, once := "fresh", "new"
		if n == deep {
			fresh, once = "fresh-once", "new-once"
		}
		rows = append(rows, row{what: "linear recursion, " + levels(n) + " levels, new stack", against: plainFresh, group: "linear " + levels(n), way: once, base: fresh, target: target})
	}
	for _, n := range linear {
		fresh := "fresh"
		if n == deep {
			fresh = "fresh-once"
		}
		rows = append(rows, row{what: "the same, " + levels(n) + ", warm stack", against: plainFresh, group: "linear " + levels(n), way: "warm", base: fresh, target: 0.35})
	}
	for _, n := range linear {
		rows = append(rows, row{what: "the same, " + levels(n) + ", warm stack", against: plainGrown, group: "linear " + levels(n), way: "warm", base: "grown", target: 3})
	}
	for _, n := range linear {
		if n != deep {
			rows = append(rows, row{what: "the same, " + levels(n) + ", warm stack", against: "plain, already grown, the leaf makes 32 calls", group: "linear " + levels(n), way: "warm", base: "leaf", extra: true})
		}
	}
	for _, n := range linear {
		rows = append(rows, row{what: "the same, " + levels(n) + ", warm stack, after a collection", against: plainGrown + ", after a collection", group: "linear " + levels(n), way: "warm-gc", base: "grown-gc", target: 0.5})
	}
	rows = append(rows,
		row{what: "the same, the stack a parameter, new stack", against: plainFresh, group: "parameter 1M", way: "new", base: "fresh", extra: true},
		row{what: "the same, the stack a parameter, warm stack", against: plainFresh, group: "parameter 1M", way: "warm", base: "fresh", extra: true})
	for _, shape := range []struct{ name, what string }{
		{"list", "degenerate tree"}, {"bushy", "bushy deep tree"}, {"ackermann", "Ackermann"}, {"four", "mutual recursion of 4 functions"},
	} {
		rows = append(rows,
			row{what: shape.what + ", new stack", against: plainFresh, group: shape.name, way: "new", base: "fresh", target: 1.0},
			row{what: shape.what + ", warm stack", against: plainFresh, group: shape.name, way: "warm", base: "fresh", target: 0.6})
	}
	return append(rows,
		row{what: "hot split: a loop at every depth of two segments, worst", against: "the same loop at depth 0", group: "hot split", way: "guard", metric: "worst", target: 4, absolute: true},
		row{what: "the same, mean", against: "the same loop at depth 0", group: "hot split", way: "guard", metric: "mean", target: 1.2, absolute: true},
		row{what: "the same for plain recursion, worst", against: "the same loop at depth 0", group: "hot split", way: "plain", metric: "worst", absolute: true, extra: true},
		row{what: "1,000 guarded calls after each of 100 collections", against: "with no collection between", group: "after GC", way: "guard-gc", base: "guard", target: 1.3},
		row{what: "the same for 1,000 plain calls", against: "with no collection between", group: "after GC", way: "plain-gc", base: "plain", extra: true},
		row{what: "warm `stack.Run`, one call", against: "spawn a goroutine, receive its result", group: "call", way: "warm", base: "spawn", target: 0.8},
		row{what: "the same in a frame of the stack", against: "spawn a goroutine, receive its result", group: "call", way: "nested", base: "spawn", extra: true},
		row{what: "warm `stack.Run`, in us", against: "(absolute)", group: "call", way: "warm", metric: "us", target: 1, absolute: true},
		row{what: "cold `vstack.Run`, in us", against: "(absolute)", group: "call", way: "cold", metric: "us", target: 5, absolute: true},
		row{what: "from cancel to the end of `Run`, in us", against: "(absolute)", group: "call", way: "cancel", metric: "us", absolute: true, extra: true},
		row{what: "the same with 1M frames to unwind, in us", against: "(absolute)", group: "call", way: "cancel-deep", metric: "us", absolute: true, extra: true},
		row{what: "peak memory, " + large + " levels, frame of 32 bytes (for two levels)", against: plainFresh, group: "once " + large, way: "new-once", base: "fresh-once", metric: "peak", target: 2.0, unit: "MiB"},
		row{what: "peak memory, " + levels(min(n, wide)) + " levels, frame of 256 bytes", against: plainFresh, group: "wide", way: "new-once", base: "fresh-once", metric: "peak", target: 1.2, unit: "MiB"},
		row{what: "longest stop in a collection, " + large + " levels", against: "plain recursion", group: "gap", way: "new", base: "plain", target: 0.1, unit: "us"},
		row{what: "the same for a goroutine with an empty stack", against: "plain recursion", group: "gap", way: "idle", base: "plain", unit: "us", extra: true},
		row{what: "allocations per level, 1,000 levels in one segment", against: "(absolute)", group: "allocs shallow", way: "warm", metric: "allocs", absolute: true},
		row{what: "the same, 1M levels with their hops", against: "(absolute)", group: "allocs deep", way: "warm", metric: "allocs", absolute: true, extra: true},
	)
}

// split returns the row for the guard in two functions, where that is measured.
func (r row) split(groups map[string]map[string][]sample) (row, bool) {
	r.way = "split-" + r.way
	if r.group == "fib" {
		r.way = "split"
	}
	return r, len(groups[r.group][r.way]) > 0
}

// result is a row with its figures.
type result struct {
	row
	ratio, low, high float64 // the median and the quartiles
	way, base        float64 // medians
	ok               bool    // it was measured
}

func (r row) result(groups map[string]map[string][]sample) (res result) {
	res.row = r
	samples := groups[r.group]
	metric := r.metric
	scale := 1.0
	switch {
	case metric == "" || metric == "us":
		metric = "ns"
	}
	switch {
	case r.unit == "MiB":
		scale = 1.0 / (1 << 20)
	case r.unit == "us" || r.metric == "us":
		scale = 1.0 / 1000
	}
	way, base := samples[r.way], samples[r.base]
	if len(way) == 0 || !r.absolute && len(base) != len(way) {
		return res
	}
	var ratios, ways, bases []float64
	for i, s := range way {
		v, found := s[metric]
		if !found {
			return res
		}
		ways = append(ways, v*scale)
		if r.absolute {
			ratios = append(ratios, v*scale)
			continue
		}
		b := base[i][metric]
		bases = append(bases, b*scale)
		ratios = append(ratios, v/b)
	}
	res.ratio, res.low, res.high = median(ratios), quantile(ratios, 0.25), quantile(ratios, 0.75)
	res.way, res.base = median(ways), median(bases)
	res.ok = true
	return res
}

// reached says whether the row's target is. It compares what is printed.
func (r result) reached() string {
	switch {
	case r.extra:
		return ""
	case digits(r.ratio, 3) <= r.target:
		return "yes"
	}
	return "**no**"
}

// digits rounds to so many digits.
func digits(x float64, n int) (rounded float64) {
	fmt.Sscan(fmt.Sprintf("%.*g", n, x), &rounded)
	return rounded
}

// number prints three digits, without an exponent.
func number(x float64) string {
	x = digits(x, 3)
	text := fmt.Sprintf("%.3f", x)
	switch {
	case x >= 100:
		text = fmt.Sprintf("%.0f", x)
	case x >= 10:
		text = fmt.Sprintf("%.1f", x)
	case x >= 1:
		text = fmt.Sprintf("%.2f", x)
	case x > 0 && x < 0.01:
		text = strings.TrimRight(fmt.Sprintf("%.6f", x), "0")
	}
	return text
}
