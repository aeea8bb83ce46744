package graph

import (
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestComponents(t *testing.T) {
	for _, test := range []struct {
		name string
		g    Digraph
		want [][]int
	}{
		{"none", Digraph{{1}, {2}, {}}, nil},
		{"loop", Digraph{{0}}, [][]int{{0}}},
		{"two", Digraph{{1}, {0, 2}, {3}, {2}}, [][]int{{0, 1}, {2, 3}}},
		{"nested", Digraph{{1}, {2}, {0, 1}, {0}}, [][]int{{0, 1, 2}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := test.g.Components(nil)
			for _, c := range got {
				slices.Sort(c)
			}
			slices.SortFunc(got, slices.Compare)
			if !slices.EqualFunc(got, test.want, slices.Equal) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestComponentsOfALongCycle(t *testing.T) {
	const n = 100_000
	g := make(Digraph, n)
	for v := range g {
		g[v] = []int{(v + 1) % n}
	}
	if got := g.Components(nil); len(got) != 1 || len(got[0]) != n {
		t.Errorf("got %d components", len(got))
	}
	if set, exact := g.FeedbackVertexSet(func(int) int { return 1 }); len(set) != 1 || !exact {
		t.Errorf("got %v, %t", set, exact)
	}
}

func TestCycle(t *testing.T) {
	g := Digraph{{1, 2}, {2}, {0}}
	if got := g.Cycle(0, nil); !slices.Equal(got, []int{0, 2}) {
		t.Errorf("got %v", got)
	}
	if got := g.Cycle(1, func(v int) bool { return v != 0 }); got != nil {
		t.Errorf("got %v, want none", got)
	}
}

// TestFeedbackVertexSet compares with trying all subsets.
func TestFeedbackVertexSet(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		n := 2 + random.IntN(9)
		g := make(Digraph, n)
		weights := make([]int, n)
		for v := range g {
			weights[v] = 1 + random.IntN(3)
			for w := range n {
				if random.IntN(n) < 2 {
					g[v] = append(g[v], w)
				}
			}
		}
		least := 1 << 30
		for subset := uint(0); subset < 1<<n; subset++ {
			sum := 0
			for s := subset; s != 0; s &= s - 1 {
				sum += weights[bits.TrailingZeros(s)]
			}
			if sum < least && !g.Cyclic(func(v int) bool { return subset>>v&1 == 0 }) {
				least = sum
			}
		}
		set, exact := g.FeedbackVertexSet(func(v int) int { return weights[v] })
		sum := 0
		for _, v := range set {
			sum += weights[v]
		}
		if g.Cyclic(func(v int) bool { return !slices.Contains(set, v) }) {
			t.Fatalf("%v: %v leaves a cycle", g, set)
		}
		if !exact || sum != least {
			t.Fatalf("%v with %v: got %v of weight %d, exact %t, want %d", g, weights, set, sum, exact, least)
		}
	}
}
