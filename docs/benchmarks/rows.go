package main

import (
	"cmp"
	"fmt"
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

const (
	deep    = 50_000_000
	deepest = 100_000_000 // for the growth of cost alone

	// wide is how many levels with frames of 256 bytes plain recursion can have at all: the
	// runtime fixes twice the default limit at its start, which SetMaxStack does not raise,
	// so that a stack ends at 1 GiB.
	wide = 3_000_000
)

// allGroups is all that this program measures without other programs but its like.
func allGroups(quick bool) []group {
	large, million := 10_000_000, 1_000_000
	if quick {
		large, million = 1_000_000, 200_000
	}
	b := func(ways ...string) (all []string) {
		for _, way := range ways {
			all = append(all, way, beforeWay+way)
		}
		return all
	}
	deepWays := []string{"plain fresh", "handle new", "handle warm", "handle-split new", "handle-split warm", "free fresh", "free-split fresh"}
	groups := []group{
		{name: "fib", work: "fib", n: 32, repeats: 5, ways: []string{"bare grown", "plain grown", "handle inside", "handle-split inside", "handle-leaf inside", "free grown", "free-split grown", "free-leaf grown", builtWay + "plain grown"}},
		{name: "evaluator", work: "evaluator", n: 14, repeats: 51, ways: []string{"plain grown", "handle inside", "free grown", builtWay + "plain grown"}},
	}
	for _, n := range depths(quick) {
		g := group{name: "linear " + levels(n), work: "linear", n: n, repeats: max(1, min(101, 3_000_000/n)),
			ways: append([]string{"plain grown", "free warm", "leaf grown", "nil grown", "plain grown-gc", "handle warm-gc", "handle-split warm-gc", "free grown-gc", "free-split grown-gc"}, deepWays...)}
		if n >= 10_000_000 {
			g.memory, g.repeats = 6, 1
			g.ways = []string{"plain grown", "plain grown-gc", "handle warm-gc", "handle-split warm-gc", "free grown-gc",
				"plain fresh", "handle new", "handle warm", "handle-split warm", "free fresh"}
		}
		groups = append(groups, g)
		groups = append(groups, group{name: "built " + levels(n), work: "linear", n: n, repeats: g.repeats, memory: g.memory,
			ways: []string{"plain fresh", builtWay + "plain fresh", "plain grown-gc", builtWay + "plain grown-gc"}})
		// Processes that did nothing else: that is where the memory is read off.
		groups = append(groups, group{name: "once " + levels(n), work: "linear", n: n, turns: 3, memory: g.memory,
			ways: []string{"plain fresh-once", "handle new-once", "handle-split new-once", "free fresh-once", "free-split fresh-once"}})
	}
	if !quick {
		groups = append(groups, group{name: "once " + levels(deepest), work: "linear", n: deepest, turns: 3, memory: 10,
			ways: []string{"plain fresh-once", "handle new-once", "handle-split new-once", "free fresh-once", "free-split fresh-once"}})
	}
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		groups = append(groups, group{name: "before " + levels(n), work: "linear", n: n, repeats: max(1, min(101, 3_000_000/n)),
			ways: b("handle new", "handle warm", "handle-split warm", "handle warm-gc")})
	}
	shapes := []string{"plain fresh", "handle new", "handle warm", "handle-split new", "handle-split warm", "free fresh", "free-split fresh"}
	groups = append(groups,
		group{name: "before fib", work: "fib", n: 32, repeats: 5, ways: b("plain grown", "handle inside", "handle-split inside")},
		group{name: "before call", work: "call", n: 2000, repeats: 9, ways: b("spawn", "warm", "nested", "cold", "pool", "cancel", "cancel-deep")},
		group{name: "before after GC", work: "aftergc", n: 100, ways: b("handle new", "handle new-gc")},
		group{name: "parameter 1M", work: "parameter", n: million, repeats: 5, ways: []string{"plain fresh", "handle new", "handle warm"}},
		group{name: "list", work: "list", n: million, repeats: 3, ways: shapes},
		group{name: "bushy", work: "bushy", n: million, repeats: 1, ways: shapes},
		group{name: "ackermann", work: "ackermann", n: map[bool]int{false: 10, true: 9}[quick], repeats: 1, ways: shapes},
		group{name: "four", work: "four", n: million, repeats: 5, ways: []string{"plain fresh", "handle new", "handle warm", "free fresh"}},
		group{name: "hot split", work: "hotsplit", n: 16500, repeats: 3, ways: []string{"plain fresh", "handle new", "free new", "free fresh"}},
		group{name: "after GC", work: "aftergc", n: 100, ways: []string{"plain fresh", "plain fresh-gc", "handle new", "handle new-gc", "free fresh", "free fresh-gc", "free new", "free new-gc"}},
		group{name: "call", work: "call", n: 2000, repeats: 9, ways: []string{"spawn", "warm", "nested", "cold", "pool", "cancel", "cancel-deep"}},
		group{name: "hop", work: "call", n: 2000, repeats: 9, ways: []string{"nested", "nested, 1", "nested locked", "nested busy"}, env: map[string][]string{"nested, 1": {"GOMAXPROCS=1"}}},
		group{name: "ambient", work: "call", n: 100, repeats: 5, ways: []string{"ambient near", "ambient far", "plain far"}},
		group{name: "wide", work: "wide", n: min(large, wide), ways: []string{"plain fresh-once", "handle new-once", "free fresh-once"}},
		group{name: "gap", work: "gap", n: large, repeats: 2, ways: []string{"plain fresh", "handle new", "free fresh", "idle"}},
		group{name: "allocs shallow", work: "allocs", n: 1000, repeats: 100, ways: []string{"handle warm", "free warm"}, turns: 1},
		group{name: "allocs deep", work: "allocs", n: 1_000_000, repeats: 10, ways: []string{"handle warm", "free warm"}, turns: 1},
	)
	for _, n := range []int{1, 10, 100, 1000, 10_000, 100_000} {
		if quick && n > 100 {
			break
		}
		groups = append(groups, group{name: fmt.Sprintf("many %d", n), work: "many", n: n, repeats: map[bool]int{true: 5, false: 1}[n < 1000], turns: 3, memory: 4,
			ways: []string{"plain fresh", "handle new", "free fresh"}})
	}
	cores := group{name: "cores", work: "cores", n: million, repeats: 1, turns: 3, env: map[string][]string{}}
	for _, way := range []string{"plain fresh", "handle new", "free fresh"} {
		for _, procs := range []int{1, 2, 4} {
			name := fmt.Sprintf("%s, %d", way, procs)
			cores.ways = append(cores.ways, name)
			cores.env[name] = []string{fmt.Sprintf("GOMAXPROCS=%d", procs)}
		}
	}
	groups = append(groups, cores)
	return append(groups, insteadGroups(quick)...)
}

// A row of the table of promises: what way takes, compared with base.
type row struct {
	what, against string
	at            string // where: at which depth, for which shape; RESULTS.md has one line for all of them
	group         string
	way, base     string
	best          []string // the fastest of these instead of way
	metric        string   // "": CPU time
	target        float64
	unit          float64 // of the two figures, in ns or bytes; 0: 1
	absolute      bool    // the metric itself is the ratio, or counts by itself
	extra         bool    // without a target: it explains others
	why           string  // it is not reached
}

const (
	plainFresh   = "plain, fresh goroutine"
	plainGrown   = "plain, stack already grown"
	plainGrownGC = "plain, stack already grown, after a collection"
	mib          = 1 << 20
	us           = 1e3
)

// allRows is the table: the rows with a target, and a few that explain them.
func allRows(quick bool) []row {
	large, widest := 10_000_000, wide
	if quick {
		large, widest = 1_000_000, 1_000_000
	}
	rows := []row{
		{what: "handle, fib(32)", against: "plain", group: "fib", way: "handle inside", base: "plain grown", target: 1.15},
		{what: "handle in two functions, fib(32)", against: "plain", group: "fib", way: "handle-split inside", base: "plain grown", target: 1.05},
		{what: "handle-free, fib(32)", against: "plain", group: "fib", way: "free grown", base: "plain grown", target: 1.8},
		{what: "handle-free in two functions, fib(32)", against: "plain", group: "fib", way: "free-split grown", base: "plain grown", extra: true},
		{what: "handle, guard behind the test for a leaf, fib(32)", against: "plain", group: "fib", way: "handle-leaf inside", base: "plain grown", extra: true},
		{what: "handle-free, guard behind the test for a leaf, fib(32)", against: "plain", group: "fib", way: "free-leaf grown", base: "plain grown", extra: true},
		{what: "vstack build, fib(32)", against: "plain", group: "fib", way: builtWay + "plain grown", base: "plain grown", extra: true},
		{what: "handle, tree evaluator, balanced", against: "plain", group: "evaluator", way: "handle inside", base: "plain grown", target: 1.15},
		{what: "handle-free, tree evaluator, balanced", against: "plain", group: "evaluator", way: "free grown", base: "plain grown", target: 1.4},
		{what: "vstack build, tree evaluator, balanced", against: "plain", group: "evaluator", way: builtWay + "plain grown", base: "plain grown", extra: true},
		{what: "guard in deepjson's parser", at: "records", against: "the same without", group: "deepjson records", way: "guarded", base: "unguarded", target: 1.02},
		{what: "guard in deepjson's parser", at: "numbers", against: "the same without", group: "deepjson numbers", way: "guarded", base: "unguarded", target: 1.02},
		{what: "guard in deepjson's parser, containers only", against: "the same without", group: "deepjson containers", way: "guarded", base: "unguarded", extra: true},
		{what: "handle-free guard in others' parsers", at: "fastjson", against: "the same without", group: "parser fastjson", way: guardedWay + "plain grown", base: "plain grown", target: 1.02},
		{what: "handle-free guard in others' parsers", at: "expr", against: "the same without", group: "parser expr", way: guardedWay + "plain grown", base: "plain grown", target: 1.02},
	}
	linear := depths(quick)[1:]
	group := func(n int) string { return "linear " + levels(n) }
	for _, n := range linear {
		target := 0.5
		if n < 100_000 || n == deep {
			target = 0
		}
		rows = append(rows,
			row{what: "handle-free, fresh goroutine", at: levels(n), against: plainFresh, group: group(n), way: "free fresh", base: "plain fresh", target: target, extra: target == 0},
			row{what: "handle-free in two functions, fresh goroutine", at: levels(n), against: plainFresh, group: group(n), way: "free-split fresh", base: "plain fresh", extra: true})
	}
	for _, n := range linear {
		g := "built " + levels(n)
		rows = append(rows,
			row{what: "vstack build, fresh goroutine", at: levels(n), against: plainFresh, group: g, way: builtWay + "plain fresh", base: "plain fresh", extra: true},
			row{what: "vstack build, warm, after a collection", at: levels(n), against: plainGrownGC, group: g, way: builtWay + "plain grown-gc", base: "plain grown-gc", extra: true})
	}
	for _, n := range linear {
		target := 0.6
		if n > 1_000_000 {
			target = 1
		}
		rows = append(rows,
			row{what: "handle, new stack", at: levels(n), against: plainFresh, group: group(n), way: "handle new", base: "plain fresh", target: target},
			row{what: "handle in two functions, new stack", at: levels(n), against: plainFresh, group: group(n), way: "handle-split new", base: "plain fresh", extra: true},
			row{what: "handle, warm stack", at: levels(n), against: plainFresh, group: group(n), way: "handle warm", base: "plain fresh", target: 0.35},
			row{what: "handle in two functions, warm stack", at: levels(n), against: plainFresh, group: group(n), way: "handle-split warm", base: "plain fresh", extra: true},
			row{what: "handle, warm stack", at: levels(n), against: plainGrown, group: group(n), way: "handle warm", base: "plain grown", target: 3},
			row{what: "handle, warm stack", at: levels(n), against: "plain, already grown, the leaf makes 32 calls", group: group(n), way: "handle warm", base: "leaf grown", extra: true})
	}
	for _, n := range linear[1:] {
		rows = append(rows,
			row{what: "handle, warm stack, after a collection", at: levels(n), against: plainGrownGC, group: group(n), way: "handle warm-gc", base: "plain grown-gc", target: 0.6},
			row{what: "handle in two functions, warm stack, after a collection", at: levels(n), against: plainGrownGC, group: group(n), way: "handle-split warm-gc", base: "plain grown-gc", extra: true},
			row{what: "handle-free, warm, after a collection", at: levels(n), against: plainGrownGC, group: group(n), way: "free grown-gc", base: "plain grown-gc", target: 0.6})
	}
	rows = append(rows,
		row{what: "the stack a parameter, new stack", against: plainFresh, group: "parameter 1M", way: "handle new", base: "plain fresh", extra: true},
		row{what: "the stack a parameter, warm stack", against: plainFresh, group: "parameter 1M", way: "handle warm", base: "plain fresh", extra: true})
	for _, shape := range []struct{ name, what string }{
		{"list", "degenerate tree"}, {"bushy", "bushy deep tree"}, {"ackermann", "Ackermann"}, {"four", "mutual recursion of 4 functions"},
	} {
		rows = append(rows,
			row{what: "other shapes, handle, new stack", at: shape.what, against: plainFresh, group: shape.name, way: "handle new", base: "plain fresh", target: 1},
			row{what: "other shapes, handle, warm stack", at: shape.what, against: plainFresh, group: shape.name, way: "handle warm", base: "plain fresh", target: 0.6},
			row{what: "other shapes, handle-free", at: shape.what, against: plainFresh, group: shape.name, way: "free fresh", base: "plain fresh", target: 1})
	}
	const loop = "the same loop at depth 0"
	rows = append(rows,
		row{what: "hot split, a loop at every depth of two segments: worst", at: "handle", against: loop, group: "hot split", way: "handle new", metric: "worst", target: 4, absolute: true},
		row{what: "the same: mean", at: "handle", against: loop, group: "hot split", way: "handle new", metric: "mean", target: 1.2, absolute: true},
		row{what: "hot split, a loop at every depth of two segments: worst", at: "handle-free", against: loop, group: "hot split", way: "free fresh", metric: "worst", target: 4, absolute: true},
		row{what: "the same: mean", at: "handle-free", against: loop, group: "hot split", way: "free fresh", metric: "mean", target: 1.2, absolute: true},
		row{what: "the same for plain recursion, worst", against: loop, group: "hot split", way: "plain fresh", metric: "worst", absolute: true, extra: true},
		row{what: "1,000 calls after each of 100 collections", at: "handle", against: "no collection between", group: "after GC", way: "handle new-gc", base: "handle new", target: 1.15},
		row{what: "1,000 calls after each of 100 collections", at: "handle-free", against: "no collection between", group: "after GC", way: "free fresh-gc", base: "free fresh", target: 1.15},
		row{what: "the same, plain", against: "no collection between", group: "after GC", way: "plain fresh-gc", base: "plain fresh", extra: true},
		row{what: "warm `stack.Run`, one call", against: "a goroutine and its result", group: "call", way: "warm", base: "spawn", target: 0.8},
		row{what: "the same in a frame of the stack: a hop", against: "a goroutine and its result", group: "call", way: "nested", base: "spawn", extra: true},
		row{what: "a hop with GOMAXPROCS=1", against: "a hop", group: "hop", way: "nested, 1", base: "nested", extra: true},
		row{what: "a hop in a frame that is locked to its thread", against: "a hop", group: "hop", way: "nested locked", base: "nested", extra: true},
		row{what: "a hop with no idle processor, on the wall", against: "a hop", group: "hop", way: "nested busy", base: "nested", metric: "wall", extra: true},
		row{what: "`Pool.Run`", against: "a goroutine and its result", group: "call", way: "pool", base: "spawn", extra: true},
		row{what: "warm `stack.Run`, us", against: "(absolute)", group: "call", way: "warm", target: 1, unit: us, absolute: true},
		row{what: "cold `vstack.Run`, us", against: "(absolute)", group: "call", way: "cold", target: 5, unit: us, absolute: true},
		row{what: "warm `stack.Run`", against: "before this issue", group: "before call", way: "warm", base: beforeWay + "warm", target: 1},
		row{what: "a hop", against: "before this issue", group: "before call", way: "nested", base: beforeWay + "nested", target: 1},
		row{what: "from cancel to the end of `Run`, us", against: "(absolute)", group: "call", way: "cancel", unit: us, absolute: true, extra: true},
		row{what: "the same with 1M frames to unwind, us", against: "(absolute)", group: "call", way: "cancel-deep", unit: us, absolute: true, extra: true},
		row{what: "a goroutine that hops once to an ambient stack, us", against: "one that is 3,000 levels short of it", group: "ambient", way: "ambient far", base: "ambient near", unit: us, extra: true},
		row{what: "peak memory, " + levels(large) + " levels, MiB", at: "handle", against: plainFresh, group: "once " + levels(large), way: "handle new-once", base: "plain fresh-once", metric: "peak", target: 2, unit: mib},
		row{what: "peak memory, " + levels(large) + " levels, MiB", at: "handle-free", against: plainFresh, group: "once " + levels(large), way: "free fresh-once", base: "plain fresh-once", metric: "peak", target: 2, unit: mib},
		row{what: "peak memory, " + levels(widest) + " levels of 256 bytes, MiB", at: "handle", against: plainFresh, group: "wide", way: "handle new-once", base: "plain fresh-once", metric: "peak", target: 1.2, unit: mib},
		row{what: "peak memory, " + levels(widest) + " levels of 256 bytes, MiB", at: "handle-free", against: plainFresh, group: "wide", way: "free fresh-once", base: "plain fresh-once", metric: "peak", target: 1.2, unit: mib},
		row{what: "longest stop in a collection, " + levels(large) + " levels, us", at: "handle", against: "plain", group: "gap", way: "handle new", base: "plain fresh", metric: "wall", target: 0.1, unit: us},
		row{what: "longest stop in a collection, " + levels(large) + " levels, us", at: "handle-free", against: "plain", group: "gap", way: "free fresh", base: "plain fresh", metric: "wall", target: 0.1, unit: us},
		row{what: "the same for a goroutine with an empty stack", against: "plain", group: "gap", way: "idle", base: "plain fresh", metric: "wall", unit: us, extra: true},
		row{what: "allocations per level, 1,000 levels in one segment", against: "(absolute)", group: "allocs shallow", way: "handle warm", metric: "allocs", absolute: true},
		row{what: "the same, 1M levels with their hops", against: "(absolute)", group: "allocs deep", way: "handle warm", metric: "allocs", absolute: true, extra: true},
		row{what: "the same, handle-free", against: "(absolute)", group: "allocs deep", way: "free warm", metric: "allocs", absolute: true, extra: true},
	)
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		g := "before " + levels(n)
		rows = append(rows,
			row{what: "handle, warm stack", at: levels(n), against: "before this issue", group: g, way: "handle warm", base: beforeWay + "handle warm", extra: true},
			row{what: "handle in two functions, warm stack", at: levels(n), against: "before this issue", group: g, way: "handle-split warm", base: beforeWay + "handle-split warm", extra: true},
			row{what: "handle, new stack", at: levels(n), against: "before this issue", group: g, way: "handle new", base: beforeWay + "handle new", extra: true})
	}
	if !quick {
		rows = append(rows, peerRows()...)
	}
	for i := range rows {
		rows[i].why = reasons[reason{rows[i].what, rows[i].against}]
	}
	return rows
}

// A result is a row with its figures.
type result struct {
	row
	ratio, low, high float64 // the median and the quartiles
	way, base        float64 // medians
	ok               bool    // it was measured
}

func (r row) result(measured *results) (res result) {
	for _, way := range r.best {
		v, ok := measured.value(r.group, way, cmp.Or(r.metric, "cpu"))
		if best, is := measured.value(r.group, r.way, cmp.Or(r.metric, "cpu")); ok && (!is || v < best) {
			r.way = way
		}
	}
	res.row = r
	metric, unit := cmp.Or(r.metric, "cpu"), cmp.Or(r.unit, 1)
	var ratios []float64
	if r.absolute {
		for _, x := range measured.samples(r.group, r.way, metric) {
			ratios = append(ratios, x/unit)
		}
	} else {
		ratios = measured.ratios(r.group, r.way, r.base, metric)
		res.base, _ = measured.value(r.group, r.base, metric)
		res.base /= unit
	}
	res.way, _ = measured.value(r.group, r.way, metric)
	res.way /= unit
	res.ratio, res.low, res.high = median(ratios), quantile(ratios, 0.25), quantile(ratios, 0.75)
	res.ok = len(ratios) > 0
	return res
}

// Reached says whether the row's target is. It compares what is printed.
func (r result) Reached() string {
	switch {
	case r.extra:
		return ""
	case digits(r.ratio, 3) <= r.target:
		return "yes"
	}
	return "**no**"
}
