package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/vstack-go/vstack/docs/benchmarks/instead"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// small is a size for each work at which it takes no time.
var small = map[string]int{
	"fib": 10, "evaluator": 4, "hotsplit": 20, "aftergc": 2, "ackermann": 2, "call": 20, "gap": 5000, "many": 2, "cores": 100, "instead": 5,
}

// ours says whether this program itself runs the way.
func ours(way string) bool {
	return !strings.HasPrefix(way, beforeWay) && !strings.HasPrefix(way, builtWay) && !strings.HasPrefix(way, guardedWay)
}

// Every way of every work measures something; the ratios of a row are those of its group's
// ways; and the pages and plots are made from them, after a way through results.json.
func TestEveryWay(t *testing.T) {
	r := newResults()
	r.Quick = true
	r.Runs = []run1{{Date: "today", Turns: 1, Machine: []string{"a machine", "go", "load average at the start: 1.5, 2, 3"}}}
	measureAll(t, r)
	for _, row := range allRows(true) {
		res := row.result(r)
		if !res.ok && !strings.HasPrefix(row.group, "deepjson") { // another package's benchmark
			t.Errorf("%s, %s: not measured", row.what, row.against)
		}
		if res.ratio < 0 || math.IsNaN(res.ratio) {
			t.Errorf("%s: %v", row.what, res.ratio)
		}
	}
	checkPages(t, r)
}

// measureAll adds a sample of everything to r.
func measureAll(t *testing.T, r *results) {
	for _, g := range allGroups(true) {
		if works[g.work] == nil {
			t.Errorf("%s: no work %q", g.name, g.work)
			continue
		}
		for _, way := range g.ways {
			s := sample{"cpu": 1, "first": 1, "peak": 1}
			if ours(way) {
				s = measureOne(t, g.name, g.work, way)
			}
			r.add(record{Group: g.name, Way: way, Run: "today", Sample: s})
		}
	}
	for _, w := range peerWorks() {
		for _, way := range w.ways {
			if ours(way) {
				r.add(record{Group: w.name, Way: way, Run: "today", Sample: measureOne(t, w.name, w.mine, way)})
			}
		}
	}
	for _, name := range []string{"fastjson", "expr"} {
		s := works["parser "+name]("plain grown", 1, 1)
		r.add(record{Group: "parser " + name, Way: "plain grown", Run: "today", Sample: s})
		r.add(record{Group: "parser " + name, Way: guardedWay + "plain grown", Run: "today", Sample: s})
	}
}

// measureOne measures one way of a work, which is small here.
func measureOne(t *testing.T, name, work, way string) sample {
	n := small[work]
	if n == 0 {
		n = 2000
	}
	form, _, _ := strings.Cut(way, ", ")
	s := works[work](form, n, 1)
	for _, metric := range []string{"first", "cpu", "wall"} {
		if v, ok := s[metric]; ok && !(v > 0) {
			t.Errorf("%s, %s: %s is %v", name, way, metric, v)
		}
	}
	s["peak"] = 1 << 20
	return s
}

// checkPages writes everything, and reads some of it.
func checkPages(t *testing.T, r *results) {
	dir := t.TempDir()
	if err := r.write(dir); err != nil {
		t.Fatal(err)
	}
	again, err := load(filepath.Join(dir, "results.json"))
	if err != nil {
		t.Fatal(err)
	}
	again.Quick = true
	var first, second bytes.Buffer
	for b, r := range map[*bytes.Buffer]*results{&first: r, &second: again} {
		if err := r.page(b, "TABLES.md"); err != nil {
			t.Fatal(err)
		}
	}
	if first.String() != second.String() {
		t.Errorf("TABLES.md is another after a way through results.json:\n%s\n\n%s", first.String(), second.String())
	}
	for _, want := range []string{"| handle, new stack, 10k | plain, fresh goroutine | 0.6 |", "## Depth: later calls", "## What people write instead: deep", "## Many stacks", "## Processors", "## Memory"} {
		if !strings.Contains(first.String(), want) {
			t.Errorf("TABLES.md lacks %q:\n%s", want, first.String())
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "RESULTS.md"))
	if err != nil {
		t.Fatal(err)
	}
	if lines := bytes.Count(text, []byte("\n")); lines > 100 {
		t.Errorf("RESULTS.md has %d lines: more than two screens", lines)
	}
	if !strings.Contains(string(text), "| handle, new stack | plain, fresh goroutine | 0.600 | 10k ") {
		t.Errorf("RESULTS.md lacks a promise:\n%s", text)
	}
	for _, plot := range []string{"time.svg", "memory.svg", "stacks.svg", "cores.svg"} {
		if text, err := os.ReadFile(filepath.Join(dir, plot)); err != nil || !strings.Contains(string(text), "vstack, handle") {
			t.Errorf("%s: %v", plot, err)
		}
	}
}

// The peers' rows name peers, and ways of their groups.
func TestPeerRows(t *testing.T) {
	for _, row := range peerRows() {
		if peerTitle(row.base) == row.base {
			t.Errorf("no peer %q", row.base)
		}
	}
	for _, p := range peers {
		text, err := os.ReadFile(filepath.Join("peers", "build"))
		if err != nil {
			t.Fatal(err)
		}
		family, way, _ := strings.Cut(p.name, "-")
		if !strings.Contains(string(text), family) || !strings.Contains(string(text), way) {
			t.Errorf("peers/build makes no %s", p.name)
		}
	}
}

// The lines of every form can be counted.
func TestLines(t *testing.T) {
	for _, w := range instead.All {
		for way, source := range w.Source {
			if n, err := lines(source); err != nil || n < 5 {
				t.Errorf("%s, %s: %d lines, %v", w.Name, way, n, err)
			}
		}
	}
	// A function of five lines with a comment and a blank one would be five; this one is.
	if n, err := lines([]string{"length"}); n != 6 || err != nil {
		t.Errorf("length: %d lines, %v", n, err)
	}
	if _, err := lines([]string{"nothing of that name"}); err == nil {
		t.Error("a name that is not there has lines")
	}
}

func TestQuantile(t *testing.T) {
	v := []float64{4, 1, 3, 2}
	if quantile(v, 0.5) != 2.5 || quantile(v, 0) != 1 || quantile(v, 1) != 4 || median(nil) != 0 {
		t.Error(quantile(v, 0.5), quantile(v, 0), quantile(v, 1))
	}
}

// A row's ratio is the median of the ratios of each turn; the best way is the fastest.
func TestRowResult(t *testing.T) {
	r := newResults()
	for way, v := range map[string][]float64{"way": {2, 30, 4}, "base": {1, 10, 4}, "slow": {9, 99, 9}} {
		for turn, x := range v {
			r.add(record{Group: "g", Way: way, Turn: turn, Sample: sample{"cpu": x}})
		}
	}
	res := row{group: "g", way: "way", base: "base", target: 2}.result(r)
	if !res.ok || res.ratio != 2 || res.way != 4 || res.base != 4 || res.Reached() != "yes" {
		t.Errorf("%+v", res)
	}
	res = row{group: "g", best: []string{"slow", "way", "not there"}, base: "base", target: 1.5}.result(r)
	if !res.ok || res.ratio != 2 || res.row.way != "way" || res.Reached() == "yes" {
		t.Errorf("%+v", res)
	}
}

// A run takes the place of what was measured of its groups, and of nothing else.
func TestMerge(t *testing.T) {
	old, fresh := newResults(), newResults()
	old.Runs, fresh.Runs = []run1{{Date: "a"}, {Date: "b"}}, []run1{{Date: "c"}}
	for group, run := range map[string]string{"x": "a", "y": "b"} {
		old.add(record{Group: group, Way: "w", Run: run, Sample: sample{"cpu": 1}})
	}
	fresh.add(record{Group: "x", Way: "w", Run: "c", Sample: sample{"cpu": 2}})
	old.merge(fresh)
	if x, _ := old.value("x", "w", "cpu"); x != 2 {
		t.Errorf("x is %v", x)
	}
	if y, _ := old.value("y", "w", "cpu"); y != 1 {
		t.Errorf("y is %v", y)
	}
	if got := fmt.Sprint(old.Runs); got != fmt.Sprint([]run1{{Date: "b"}, {Date: "c"}}) {
		t.Errorf("runs: %s", got)
	}
}

// The variants' edits are of the library as it is.
func TestVariantsApply(t *testing.T) {
	for _, v := range variants {
		texts, err := v.apply(filepath.Join("..", ".."))
		if err != nil {
			t.Error(err)
		}
		if len(texts) == 0 && len(v.edits) > 0 {
			t.Errorf("%s: nothing is edited", v.name)
		}
	}
}
