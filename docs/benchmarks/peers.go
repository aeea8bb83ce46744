package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The peers: the same workloads in other languages, see peers/. And deepjson's parser, whose
// benchmark is in its own package.

// A peer is a command that peers/build writes.
type peer struct {
	name, title string
	library     bool   // against stack overflow; the others are languages that have it built in
	most        int    // levels that it is measured at; 0: all
	works       string // what else it has than fib and linear
}

var peers = []peer{
	{name: "ocaml", title: "OCaml 5"},
	{name: "chez", title: "Chez"},
	{name: "racket", title: "Racket CS"},
	{name: "ghc", title: "GHC"},
	{name: "guile", title: "Guile"},
	{name: "erlang", title: "Erlang"},
	{name: "gccgo", title: "gccgo"},
	{name: "java-virtual", title: "Java, virtual thread"},
	{name: "rust-stacker", title: "stacker", library: true, works: "tree"},
	{name: "rust-recursive", title: "recursive", library: true, works: "tree"},
	{name: "rust-stacksafe", title: "stacksafe", library: true, works: "tree"},
	{name: "rust-reblessive", title: "reblessive", library: true, works: "tree"},
	{name: "rust-vuot", title: "vuot", library: true, works: "tree"},
	// 250 bytes a level and a collector: 50M levels do not fit.
	{name: "kotlin-deep", title: "DeepRecursiveFunction", library: true, works: "tree", most: 10_000_000},
	// Past the stack they are given they crash.
	{name: "rust-plain", title: "plain Rust", works: "tree", most: 10_000},
	{name: "kotlin-plain", title: "plain Kotlin", works: "tree"},
}

// The forms of vstack that peers are compared with: as the peers do, each makes all its calls on
// the stack, or the goroutine, that made the first.
var (
	handleForms = []string{"handle warm", "handle-split warm"}
	freeForms   = []string{"free grown", "free-split grown"}
	bestForms   = []string{"handle warm", "handle-split warm", "free grown", "free-split grown", "free fresh", builtWay + "plain grown"}
)

// peerTurns are fewer than those of other groups: some of the peers take seconds to get warm.
const peerTurns = 6

// A peerWork is what they are compared on.
type peerWork struct {
	name, what string
	work, mine string // for the peers, and for this program
	n, repeats int
	ways       []string
	memory     int
}

func peerWorks() []peerWork {
	works := []peerWork{
		{name: "peers fib", what: "fib(30), a call", work: "fib", mine: "fib", n: 30, repeats: 3, ways: []string{"plain grown", "handle inside", "handle-split inside", "free grown", "free-split grown", builtWay + "plain grown"}},
		{name: "peers tree", what: "tree evaluator, a node", work: "tree", mine: "evaluator", n: 14, repeats: 21, ways: []string{"plain grown", "handle inside", "free grown", builtWay + "plain grown"}},
	}
	for _, n := range []int{10_000, 100_000, 1_000_000, 10_000_000, 50_000_000} {
		w := peerWork{name: "peers linear " + levels(n), what: levels(n) + " levels", work: "linear", mine: "linear", n: n, repeats: max(2, min(21, 2_000_000/n)),
			ways: append([]string{"plain fresh"}, bestForms...)}
		if n == deep {
			w.memory = 9
		}
		works = append(works, w)
	}
	return works
}

// fastest stands for the one of the libraries that is, at that depth.
const fastest = "the fastest library in Rust or Kotlin"

// peerRows are the promises: ahead of every library, and within 1.3 of OCaml and GHC.
func peerRows() []row {
	var rows []row
	for _, w := range peerWorks()[2:] {
		for _, p := range peers {
			for _, call := range []struct{ what, metric string }{{"first call", "first"}, {"later calls", "cpu"}} {
				if p.library {
					rows = append(rows,
						row{what: "handle, better form, " + call.what, against: fastest, at: levels(w.n), group: w.name, best: handleForms, base: p.name, metric: call.metric, target: 1},
						row{what: "handle-free, better form, " + call.what, against: fastest, at: levels(w.n), group: w.name, best: freeForms, base: p.name, metric: call.metric, target: 1})
				} else if (p.name == "ocaml" || p.name == "ghc") && w.n >= 1_000_000 {
					rows = append(rows, row{what: "best form, " + call.what, against: p.title, at: levels(w.n), group: w.name, best: bestForms, base: p.name, metric: call.metric, target: 1.3})
				}
			}
		}
	}
	return rows
}

// peerGroups are the groups that run other programs, as far as they can be built.
func (m *measurer) peerGroups(wanted *regexp.Regexp) (groups []group) {
	matches := func(names ...string) bool { return slices.ContainsFunc(names, wanted.MatchString) }
	if matches("deepjson records", "deepjson numbers", "deepjson containers") {
		groups = m.deepjsonGroups()
	}
	if matches("parser fastjson", "parser expr") {
		parsers, err := m.parserGroups()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		groups = append(groups, parsers...)
	}
	works := slices.DeleteFunc(peerWorks(), func(w peerWork) bool { return !matches(w.name) })
	if len(works) == 0 {
		return groups
	}
	dir := m.buildPeers()
	for _, w := range works {
		groups = append(groups, w.group(dir))
	}
	return groups
}

// deepjsonGroups run the benchmarks of the example's own package.
func (m *measurer) deepjsonGroups() (groups []group) {
	test, err := m.buildDeepjson()
	if err != nil {
		fmt.Fprintln(os.Stderr, "deepjson's parser is left out:", err)
		return nil
	}
	for _, document := range []string{"records", "numbers", "containers"} {
		groups = append(groups, group{name: "deepjson " + document, ways: []string{"unguarded", "guarded"}, units: 300,
			command: func(ctx context.Context, g group, way string) *exec.Cmd {
				return exec.CommandContext(ctx, test, "-test.run=^$", "-test.benchtime=300x",
					"-test.bench=^BenchmarkShallow$/^"+document+"$/^"+way+"$")
			}})
	}
	return groups
}

// group is the work done by us and by those peers that can do it, whose commands are in dir.
func (w peerWork) group(dir string) group {
	g := group{name: w.name, work: w.mine, n: w.n, repeats: w.repeats, ways: w.ways, memory: w.memory, turns: peerTurns}
	commands := map[string]string{}
	for _, p := range peers {
		command := filepath.Join(dir, p.name)
		if _, err := os.Stat(command); err == nil && p.can(w) {
			commands[p.name] = command
			g.ways = append(g.ways, p.name)
		}
	}
	g.command = func(ctx context.Context, g group, way string) *exec.Cmd {
		command := commands[way]
		if command == "" {
			return nil
		}
		repeats, batch := w.sizes(way, g.repeats)
		return exec.CommandContext(ctx, command, w.work, strconv.Itoa(w.n), strconv.Itoa(repeats), strconv.Itoa(batch))
	}
	return g
}

// can reports whether the peer has a program for the work, and gets as deep.
func (p peer) can(w peerWork) bool {
	if w.work == "tree" && p.works != "tree" {
		return false
	}
	return p.most == 0 || w.work != "linear" || w.n <= p.most
}

// sizes returns how many samples a peer takes, and how many calls one of them is.
func (w peerWork) sizes(way string, most int) (repeats, batch int) {
	repeats, batch = most, 1
	if w.work == "linear" {
		batch = max(1, 2_000_000/w.n)
	}
	if strings.HasPrefix(way, "kotlin") || strings.HasPrefix(way, "java") {
		// Its clock of CPU time has steps of 10 ms.
		repeats, batch = min(repeats, 5), batch*10
		if w.n >= 1_000_000 && w.work == "linear" {
			batch = max(1, 20_000_000/w.n)
		}
	}
	return repeats, batch
}

// buildDeepjson builds the benchmark of the example's own package.
func (m *measurer) buildDeepjson() (string, error) {
	test := filepath.Join(m.build, "deepjson.test")
	cmd := exec.CommandContext(m.ctx, "go", "test", "-c", "-o", test, "./examples/deepjson")
	cmd.Dir = filepath.Join("..", "..")
	return test, m.build1("deepjson", cmd)
}

// buildPeers builds what can be built, and returns the directory of the commands. They stay
// there, so that they need not be built every time.
func (m *measurer) buildPeers() string {
	dir := m.build
	if cache, err := os.UserCacheDir(); err == nil {
		dir = filepath.Join(cache, "vstack-benchmarks")
	}
	cmd := exec.CommandContext(m.ctx, "bash", filepath.Join("peers", "build"), dir)
	cmd.Stderr = os.Stderr
	fmt.Fprintln(os.Stderr, "building the peers...")
	if err := cmd.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "peers/build:", err)
	}
	return dir
}

func (m *measurer) build1(what string, cmd *exec.Cmd) error {
	fmt.Fprintf(os.Stderr, "building %s...\n", what)
	if out, err := cmd.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%s\n", out[:min(len(out), 2000)])
		return fmt.Errorf("it could not be built: %w", err)
	}
	return nil
}
