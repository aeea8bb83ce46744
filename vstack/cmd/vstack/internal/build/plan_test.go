package build

import "testing"

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
