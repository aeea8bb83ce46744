package program_test

import (
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program/testdata/names"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func graph(t *testing.T, cfg program.Config, patterns ...string) *program.Graph {
	t.Helper()
	p, err := program.Load(cfg, patterns...)
	if err != nil {
		t.Fatal(err)
	}
	return program.NewGraph(p)
}

// TestRuntimeName compares with what the runtime calls the functions.
func TestRuntimeName(t *testing.T) {
	g := graph(t, program.Config{}, "./testdata/names")
	known := map[string]bool{}
	for _, fn := range g.Funcs {
		known[program.RuntimeName(fn.SSA)] = true
	}
	for _, f := range names.All() {
		if !known[f.Function] {
			t.Errorf("no function is called %s", f.Function)
		}
	}
}

// TestReached makes sure that dependencies are there as far as they are reached, and no
// further, and that the order of the functions is that of the source.
func TestReached(t *testing.T) {
	g := graph(t, program.Config{Deps: true}, "container/list", "encoding/csv")
	var all []string
	for _, fn := range g.Funcs {
		all = append(all, program.QualifiedName(fn.SSA))
	}
	for name, want := range map[string]bool{
		"(*container/list.List).PushBack": true,
		"(*encoding/csv.Reader).Read":     true,
		"unicode.IsSpace":                 true,  // called
		"unicode.IsTitle":                 false, // of the same package, not called
		"fmt.Fprintf":                     false, // opaque
	} {
		if slices.Contains(all, name) != want {
			t.Errorf("%s is in the graph: %t", name, !want)
		}
	}
	last := ""
	for _, fn := range g.Funcs {
		if fn.Pkg == nil || fn.Wrapper() {
			continue
		}
		if path := fn.Pkg.Path(); strings.Compare(path, last) < 0 {
			t.Errorf("%s comes after %s", path, last)
		} else {
			last = path
		}
	}
}
