package build

import (
	"testing"

	"golang.org/x/tools/go/packages"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/program"
)

// TestTwice gives a plan what a package that has tests and is imported puts there
// twice: a function must not get two guards.
func TestTwice(t *testing.T) {
	at := func(line int, cycle string) Guard { return Guard{Package: "p", File: "p.go", Line: line, Cycle: cycle} }
	p := &Plan{
		Guards: []Guard{at(2, "b"), at(1, "a"), at(2, "b and its test")},
		Left:   []Guard{at(4, "d"), at(3, "c"), at(4, "d"), at(4, "e")},
	}
	p.sort()
	if len(p.Guards) != 2 || p.Guards[0].Line != 1 || p.Guards[1].Line != 2 {
		t.Errorf("guards: %v", p.Guards)
	}
	if len(p.Left) != 3 {
		t.Errorf("left: %v", p.Left)
	}
}

// TestCount wants every function of a dependency to count after count, and none of the
// standard library.
func TestCount(t *testing.T) {
	const app = "github.com/vstack-go/vstack/vstack/cmd/vstack/internal/recursion/testdata/reach/"
	prog, err := program.Load(program.Config{Deps: true}, app+"app")
	if err != nil {
		t.Fatal(err)
	}
	if prog.Named(app + "dep") {
		t.Error("the dependency counts before")
	}
	count(prog, func(p *packages.Package) bool { return !prog.Std(p.Types) })
	if !prog.Named(app+"app") || !prog.Named(app+"dep") || prog.Named("fmt") {
		t.Error("named:", prog.Named(app+"app"), prog.Named(app+"dep"), prog.Named("fmt"))
	}
}
