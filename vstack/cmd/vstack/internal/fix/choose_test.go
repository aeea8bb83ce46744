package fix

import (
	"slices"
	"testing"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/graph"
)

func TestNeeded(t *testing.T) {
	for _, test := range []struct {
		name    string
		graph   graph.Digraph
		weights []int
		points  []int
		set     []int
		want    []int
	}{
		{"a cycle that no finding has", graph.Digraph{{0, 1}, {1}}, []int{1, 1}, []int{0}, []int{0, 1}, []int{0}},
		{"two where one will do", graph.Digraph{{1}, {0}}, []int{2, 1}, []int{0, 1}, []int{0, 1}, []int{1}},
		{"a point that another function ends", graph.Digraph{{1}, {0, 2}, {1}}, []int{1, 1, 1}, []int{0, 2}, []int{1}, []int{1}},
		{"all", graph.Digraph{{0, 1}, {1, 0}}, []int{1, 1}, []int{0, 1}, []int{0, 1}, []int{0, 1}},
		{"a way through what depends on nothing", graph.Digraph{{1}, {1, 0}}, []int{1, 1}, []int{0}, []int{1}, []int{1}},
	} {
		r := &region{graph: test.graph, weights: test.weights, points: test.points}
		if got := r.needed(test.set); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}
