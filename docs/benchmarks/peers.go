package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
)

// The peers: the same workloads in other languages, see peers/. And deepjson's
// parser, whose benchmark is in its own package.

// A peerWork is what vstack is compared with its peers on.
type peerWork struct {
	name, work string
	what       string // for people
	n, repeats int
	mine, base string // vstack's way, and plain Go's
	split      string // vstack's with the guard in two functions; "": not measured
}

func peerWorks() []peerWork {
	works := []peerWork{
		{name: "peers fib", work: "fib", what: "fib(30), ns a call", n: 30, repeats: 3, mine: "guard", base: "plain", split: "split"},
		{name: "peers tree", work: "tree", what: "tree evaluator, ns a node", n: 14, repeats: 21, mine: "guard", base: "plain"},
	}
	for _, n := range []int{1_000, 10_000, 100_000, 1_000_000} {
		works = append(works, peerWork{name: "peers linear " + levels(n), work: "linear", what: levels(n) + " levels, ns a level", n: n, repeats: max(3, min(201, 2_000_000/n)), mine: "warm", base: "fresh", split: "split-warm"})
	}
	return works
}

var rustWays = []string{"plain", "stacker", "recursive", "reblessive", "vuot"}

// addPeers adds the groups that run other programs, as far as they can be built,
// and says which could not.
func (m *measurer) addPeers(groups []group, wanted *regexp.Regexp) (_ []group, left []string) {
	note := func(format string, args ...any) {
		text := fmt.Sprintf(format, args...)
		fmt.Fprintln(os.Stderr, text)
		left = append(left, text)
	}
	any := func(names ...string) bool {
		for _, name := range names {
			if wanted.MatchString(name) {
				return true
			}
		}
		return false
	}

	documents := []string{"records", "numbers", "containers"}
	if any("deepjson records", "deepjson numbers", "deepjson containers") {
		if test, err := m.buildDeepjson(); err != nil {
			note("deepjson's parser was left out: %v", firstLine(err))
		} else {
			for _, document := range documents {
				groups = append(groups, group{name: "deepjson " + document, ways: []string{"unguarded", "guarded"}, parse: benchmark,
					command: func(ctx context.Context, g group, way string) *exec.Cmd {
						return exec.CommandContext(ctx, test, "-test.run=^$", "-test.benchtime=30x",
							"-test.bench=^BenchmarkShallow$/^"+document+"$/^"+way+"$")
					}})
			}
		}
	}

	var works []peerWork
	for _, w := range peerWorks() {
		if wanted.MatchString(w.name) {
			works = append(works, w)
		}
	}
	if len(works) == 0 {
		return groups, left
	}
	commands := map[string]func(ctx context.Context, way string) *exec.Cmd{}
	var ways []string
	if rust, err := m.buildRust(); err != nil {
		note("The Rust crates were left out: %v", firstLine(err))
	} else {
		for _, way := range rustWays {
			name := "rust " + way
			ways = append(ways, name)
			commands[name] = func(ctx context.Context, _ string) *exec.Cmd { return exec.CommandContext(ctx, rust, way) }
		}
	}
	if classes, err := m.buildKotlin(); err != nil {
		note("Kotlin was left out: %v", firstLine(err))
	} else {
		for _, way := range []string{"plain", "deep"} {
			name := "kotlin " + way
			ways = append(ways, name)
			commands[name] = func(ctx context.Context, _ string) *exec.Cmd {
				return exec.CommandContext(ctx, "java", "-cp", classes, "MainKt", way)
			}
		}
	}
	for _, w := range works {
		name := map[string]string{"tree": "evaluator"}[w.work]
		if name == "" {
			name = w.work
		}
		g := group{name: w.name, work: name, n: w.n, repeats: w.repeats, ways: []string{w.base, w.mine}}
		if w.work == "linear" {
			g.ways = append(g.ways, "new")
		}
		if w.split != "" {
			g.ways = append(g.ways, w.split)
		}
		for _, way := range ways {
			// Past its stack plain recursion in Rust and Kotlin crashes.
			if w.work == "linear" && w.n > 10_000 && (way == "rust plain" || way == "kotlin plain") {
				continue
			}
			g.ways = append(g.ways, way)
		}
		g.command = func(ctx context.Context, g group, way string) *exec.Cmd {
			command := commands[way]
			if command == nil {
				return exec.CommandContext(ctx, m.exe, "child", g.work, way, strconv.Itoa(g.n), strconv.Itoa(g.repeats))
			}
			cmd := command(ctx, way)
			cmd.Args = append(cmd.Args, w.work, strconv.Itoa(g.n), strconv.Itoa(g.repeats))
			return cmd
		}
		g.parse = parsePeer
		groups = append(groups, g)
	}
	return groups, left
}

// buildDeepjson builds the benchmark of the example's own package.
func (m *measurer) buildDeepjson() (string, error) {
	test := filepath.Join(m.build, "deepjson.test")
	cmd := exec.CommandContext(m.ctx, "go", "test", "-c", "-o", test, "./examples/deepjson")
	cmd.Dir = filepath.Join("..", "..")
	return test, m.build1("deepjson", cmd)
}

// buildRust builds peers/rust.
func (m *measurer) buildRust() (string, error) {
	if _, err := exec.LookPath("cargo"); err != nil {
		return "", fmt.Errorf("there is no cargo here")
	}
	target := filepath.Join(m.cache(), "rust")
	cmd := exec.CommandContext(m.ctx, "cargo", "build", "--release", "--quiet")
	cmd.Dir = filepath.Join("peers", "rust")
	cmd.Env = append(os.Environ(), "CARGO_TARGET_DIR="+target)
	return filepath.Join(target, "release", "peers"), m.build1("the Rust crates", cmd)
}

// buildKotlin builds peers/kotlin and returns its class path.
func (m *measurer) buildKotlin() (string, error) {
	for _, name := range []string{"mvn", "java"} {
		if _, err := exec.LookPath(name); err != nil {
			return "", fmt.Errorf("there is no %s here", name)
		}
	}
	target := filepath.Join(m.cache(), "kotlin")
	cmd := exec.CommandContext(m.ctx, "mvn", "--quiet", "--batch-mode", "-Dout="+target, "process-classes")
	cmd.Dir = filepath.Join("peers", "kotlin")
	classes := filepath.Join(target, "classes") + string(os.PathListSeparator) + filepath.Join(target, "lib", "*")
	return classes, m.build1("Kotlin", cmd)
}

// cache is where the peers are built, so that they need not be built every time.
func (m *measurer) cache() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return m.build
	}
	return filepath.Join(dir, "vstack-benchmarks")
}

func (m *measurer) build1(what string, cmd *exec.Cmd) error {
	fmt.Fprintf(os.Stderr, "building %s...\n", what)
	if out, err := cmd.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%s\n", out[:min(len(out), 2000)])
		return fmt.Errorf("it could not be built: %w", err)
	}
	return nil
}
