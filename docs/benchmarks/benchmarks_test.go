package main

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// small is a size for each work at which it takes no time.
var small = map[string]int{
	"fib": 10, "evaluator": 4, "hotsplit": 20, "aftergc": 2, "ackermann": 2, "call": 20, "gap": 5000,
}

// Every way of every work measures something; and the ratios of a row are those
// of its group's ways.
func TestEveryWay(t *testing.T) {
	r := &results{Quick: true, Turns: 1, Command: "go test", Groups: map[string]map[string][]sample{}}
	for _, g := range allGroups(true) {
		work := works[g.work]
		if work == nil {
			t.Errorf("%s: no work %q", g.name, g.work)
			continue
		}
		n := small[g.work]
		if n == 0 {
			n = 2000
		}
		r.Groups[g.name] = map[string][]sample{}
		for _, way := range g.ways {
			s := work(way, n, 1)
			s["peak"] = 1 << 20
			if ns, ok := s["ns"]; ok && !(ns > 0) {
				t.Errorf("%s, %s: %v ns", g.name, way, ns)
			}
			r.Groups[g.name][way] = []sample{s}
		}
	}
	measured := 0
	for _, row := range allRows(true) {
		res := row.result(r.Groups)
		if !res.ok {
			if !strings.HasPrefix(row.group, "deepjson") { // another package's benchmark
				t.Errorf("%s, %s: not measured", row.what, row.against)
			}
			continue
		}
		measured++
		if res.ratio < 0 || math.IsNaN(res.ratio) {
			t.Errorf("%s: %v", row.what, res.ratio)
		}
	}

	dir := t.TempDir()
	if err := write(r, dir); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "RESULTS.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, split, _ := strings.Cut(string(text), "## The guard in two functions")
	if !strings.Contains(split, "\n| linear recursion, 10k levels, new stack | plain recursion, fresh goroutine | 0.600 |") || !strings.Contains(split, "\n| guard, fib(32)") {
		t.Errorf("rows of the guard in two functions are missing:\n%s", split)
	}
	if rows := strings.Count(string(text), "\n| "); rows < measured {
		t.Errorf("%d rows for %d results:\n%s", rows, measured, text)
	}
	for _, plot := range []string{"time.svg", "memory.svg"} {
		if text, err := os.ReadFile(filepath.Join(dir, plot)); err != nil || !strings.Contains(string(text), "vstack, new stack") {
			t.Errorf("%s: %v", plot, err)
		}
	}
}

func TestQuantile(t *testing.T) {
	v := []float64{4, 1, 3, 2}
	if quantile(v, 0.5) != 2.5 || quantile(v, 0) != 1 || quantile(v, 1) != 4 || median(nil) != 0 {
		t.Error(quantile(v, 0.5), quantile(v, 0), quantile(v, 1))
	}
}

// A row's ratio is the median of the ratios of each turn.
func TestRowResult(t *testing.T) {
	groups := map[string]map[string][]sample{"g": {
		"way":  {{"ns": 2}, {"ns": 30}, {"ns": 4}},
		"base": {{"ns": 1}, {"ns": 10}, {"ns": 4}},
	}}
	res := row{group: "g", way: "way", base: "base", target: 2}.result(groups)
	if !res.ok || res.ratio != 2 || res.way != 4 || res.base != 4 || res.reached() != "yes" {
		t.Errorf("%+v", res)
	}
}
