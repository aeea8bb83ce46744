package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/vstack-go/vstack/vstack"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sample is what go mod graph prints in a module that requires
// go.opentelemetry.io/otel@v0.20.0, whose modules require each other.
const sample = "testdata/otel.modgraph"

func readSample(t *testing.T) *graph {
	file, err := os.Open(sample)
	if err != nil {
		t.Skip(err) // js/wasm has no files here
	}
	defer file.Close()
	g, err := readGraph(file)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestSample(t *testing.T) {
	g := readSample(t)
	p, err := components(context.Background(), g)
	if err != nil {
		t.Fatal(err)
	}
	var cycles []string
	for i := range p.count() {
		if members := p.component(i); len(members) > 1 {
			var names []string
			for _, v := range members {
				names = append(names, strings.TrimPrefix(g.name(v), "go.opentelemetry.io/"))
			}
			slices.Sort(names)
			cycles = append(cycles, strings.Join(names, " "))
		}
	}
	if want := []string{"otel/metric@v0.20.0 otel/oteltest@v0.20.0 otel/trace@v0.20.0 otel@v0.20.0"}; !slices.Equal(cycles, want) {
		t.Errorf("cycles %q, want %q", cycles, want)
	}
	if g.nodes() != 15 || len(g.to) != 24 || p.count() != 12 {
		t.Errorf("%d nodes, %d edges, %d components", g.nodes(), len(g.to), p.count())
	}
}

// check compares a partition with what an algorithm without recursion finds, and
// checks that it is in topological order.
func check(t *testing.T, g *graph, p *partition) {
	t.Helper()
	number := make([]int, g.nodes()) // of each node's component
	total := 0
	for i := range p.count() {
		for _, v := range p.component(i) {
			number[v] = i
			total++
		}
	}
	if total != int(g.nodes()) {
		t.Fatalf("%d nodes in components, of %d", total, g.nodes())
	}
	same := make(map[[2]int]bool) // pairs of numbers of the same component
	theirs := oracle(g)
	for v := range number {
		same[[2]int{number[v], theirs[v]}] = true
	}
	if len(same) != p.count() || slices.Max(theirs)+1 != p.count() {
		t.Errorf("%d components, %d expected, %d pairs", p.count(), slices.Max(theirs)+1, len(same))
	}
	for v := range g.nodes() {
		for _, w := range g.out(v) {
			if number[w] > number[v] {
				t.Errorf("the edge %d -> %d leads back in the topological order", v, w)
			}
		}
	}
}

// oracle numbers the components by Kosaraju's algorithm, with loops alone: in the
// reverse of the order in which nodes are finished, what is not numbered yet and
// reaches a node is its component.
func oracle(g *graph) []int {
	n := g.nodes()
	var reversed []edge
	for v := range n {
		for _, w := range g.out(v) {
			reversed = append(reversed, edge{w, v})
		}
	}
	back := newGraph(int(n), reversed)

	var finished []int32
	next := make([]int32, n) // which of the node's edges is next
	seen := make([]bool, n)
	for start := range n {
		if seen[start] {
			continue
		}
		seen[start] = true
		for path := []int32{start}; len(path) > 0; {
			v := path[len(path)-1]
			if edges := g.out(v); int(next[v]) < len(edges) {
				w := edges[next[v]]
				next[v]++
				if !seen[w] {
					seen[w] = true
					path = append(path, w)
				}
				continue
			}
			finished = append(finished, v)
			path = path[:len(path)-1]
		}
	}
	number := make([]int, n)
	count := 0
	for _, start := range slices.Backward(finished) {
		if number[start] > 0 {
			continue
		}
		count++
		number[start] = count
		for todo := []int32{start}; len(todo) > 0; {
			v := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			for _, w := range back.out(v) {
				if number[w] == 0 {
					number[w] = count
					todo = append(todo, w)
				}
			}
		}
	}
	for v := range number {
		number[v]--
	}
	return number
}

func TestRandom(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 2000 {
		n := 1 + random.IntN(40)
		if i%500 == 0 {
			n = 20_000
		}
		edges := make([]edge, random.IntN(3*n))
		for j := range edges {
			edges[j] = edge{random.Int32N(int32(n)), random.Int32N(int32(n))}
		}
		g := newGraph(n, edges)
		p, err := components(context.Background(), g)
		if err != nil {
			t.Fatal(err)
		}
		check(t, g, p)
		if t.Failed() {
			t.Fatalf("graph %d: %d nodes, %v", i, n, edges)
		}
	}
}

// Long paths, and cycles as long.
func TestDeep(t *testing.T) {
	const n = 300_000
	line := chain(n)
	ring := newGraph(n, nil)
	ring.to = make([]int32, n)
	for v := range ring.to {
		ring.first[v], ring.to[v] = int32(v), int32((v+1)%n)
	}
	ring.first[n] = n
	for name, g := range map[string]*graph{"chain": line, "ring": ring} {
		p, err := components(context.Background(), g)
		if err != nil {
			t.Fatal(err)
		}
		check(t, g, p)
		if p.deepest != int(g.nodes()) {
			t.Errorf("%s: %d calls deep", name, p.deepest)
		}
		if _, err := components(context.Background(), g, vstack.WithMaxMemory(1<<20)); !errors.Is(err, vstack.ErrOverflow) {
			t.Errorf("%s: %v, want an overflow", name, err)
		}
	}
}

func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := components(ctx, chain(10)); err != context.Canceled {
		t.Error(err)
	}
}

func TestNewGraph(t *testing.T) {
	g := newGraph(4, []edge{{2, 1}, {0, 3}, {2, 0}, {0, 0}, {2, 1}})
	if got, want := fmt.Sprint(g.out(0), g.out(1), g.out(2), g.out(3)), "[3 0] [] [1 0 1] []"; got != want {
		t.Errorf("edges %s, want %s", got, want)
	}
	if g := chain(3); fmt.Sprint(g.out(0), g.out(1), g.out(2), g.out(3)) != "[1] [2] [3] []" {
		t.Errorf("chain: %v", g)
	}
	if p, err := components(context.Background(), newGraph(0, nil)); err != nil || p.count() != 0 {
		t.Errorf("no nodes: %v, %v", p, err)
	}
}

func TestRun(t *testing.T) {
	large := new(strings.Builder)
	for i := range 2 * maxDrawn {
		fmt.Fprintln(large, i, i+1)
	}
	for _, c := range []struct {
		args           string
		stdin          string
		status         int
		stdout, stderr string // patterns
	}{
		{"", "a b\nb c # \n", 1, `^$`, `^callgraph: <stdin>: line 2: want two names, such as go mod graph prints, got 3: "b c # "\n$`},
		{"", "# comment\n\na b\nb c\n", 0, `^3 nodes, 2 edges, 3 strongly connected components\nno cycles\n3 calls deep, `, `^$`},
		{"-", "a b\nb a\nc c\nb c\nb c", 0, `^3 nodes, 5 edges, 2 strongly connected components\n2 components with cycles:\n  2 nodes: a b\n  1 node: c\n`, `^$`},
		{"", "", 0, `^0 nodes, 0 edges, 0 strong`, `^$`},
		{"-order", "shirt tie\ntie jacket\nsocks shoes\ntrousers shoes\ntrousers belt\nbelt jacket\nshirt belt\n", 0, `^trousers\nsocks\nshoes\nshirt\nbelt\ntie\njacket\n$`, `^$`},
		{"-order", "a b\nb c\nc b\nc d", 0, `^a\nb c\nd\n$`, `^$`},
		{"-chain 1000", "", 0, `^1,001 nodes, 1,000 edges, 1,001 strong`, `^$`},
		{"-chain 100000 -max-memory 1MiB", "", 3, `^$`, `^callgraph: the search went too deep: vstack: stack overflow: .* -max-memory\n$`},
		{"-dot -", "a b\nb \"\\\nb a\n", 0, `^digraph {\n[^{]*subgraph cluster_1 {\n[^}]*\t\tn0 \[label="a"\]\n\t\tn1 \[label="b"\]\n\t}\n\t\tn2 \[label="\\"\\\\"\]\n\tn0 -> n1\n\tn1 -> n2\n\tn1 -> n0\n}\n$`, `^$`},
		{"-dot -", large.String(), 1, `^$`, `^callgraph: too large to draw: a picture has 300 nodes at most, and this graph 601\n$`},
		{"-dot -", large.String() + "a b\nb a\n", 0, `cluster.*\n.*\n.*"a".*\n.*"b".*\n\t}\n.* -> .*\n.* -> .*\n}\n$`, `^$`},
		{"-h", "", 0, `usage:`, `^$`},
		{"-chain 0", "", 2, `^$`, `want a number from 1 to`},
		{"-chain 5 file", "", 2, `^$`, `-chain makes a graph and reads no FILE; callgraph -h explains`},
		{"-max-memory 1", "", 2, `^$`, `want at least 256 KiB`},
		{"a b", "", 2, `^$`, `one FILE at most`},
		{"-x", "", 2, `^$`, `not defined: -x`},
		{"no-such-file", "", 1, `^$`, `^callgraph: open no-such-file: `},
	} {
		var stdout, stderr bytes.Buffer
		status := run(context.Background(), strings.Fields(c.args), strings.NewReader(c.stdin), &stdout, &stderr)
		if status != c.status || !regexp.MustCompile(c.stdout).Match(stdout.Bytes()) || !regexp.MustCompile(c.stderr).Match(stderr.Bytes()) {
			t.Errorf("callgraph %s: status %d, want %d\nstdout: %.400q\nstderr: %.400q", c.args, status, c.status, &stdout, &stderr)
		}
	}
}

func TestSVG(t *testing.T) {
	readSample(t) // or skip
	picture := filepath.Join(t.TempDir(), "otel.svg")
	args := []string{"-svg", picture, sample}
	var stdout, stderr bytes.Buffer
	status := run(context.Background(), args, nil, &stdout, &stderr)
	if _, err := exec.LookPath("dot"); err != nil {
		if status != exitFailed || !strings.Contains(stderr.String(), "apt install graphviz") {
			t.Errorf("without dot: status %d, %s", status, &stderr)
		}
		return
	}
	text, err := os.ReadFile(picture)
	if status != 0 || err != nil || !bytes.Contains(text, []byte("</svg>")) || !bytes.Contains(text, []byte("otel/trace@v0.20.0")) {
		t.Errorf("status %d, %v, %s\n%.200s", status, err, &stderr, text)
	}

	t.Setenv("PATH", "")
	stderr.Reset()
	if status := run(context.Background(), args, nil, &stdout, &stderr); status != exitFailed || !strings.Contains(stderr.String(), "apt install graphviz") {
		t.Errorf("without dot: status %d, %s", status, &stderr)
	}
}
