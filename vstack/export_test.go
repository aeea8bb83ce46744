package vstack

import "testing"

// IgnoreBubbles makes stacks and pools keep idle workers in a bubble too, for the tests
// of those and of the time.
func IgnoreBubbles(t *testing.T) {
	bubbles = false
	t.Cleanup(func() { bubbles = true })
}

// DefaultInUse returns what is drawn from the default budget.
func DefaultInUse() int64 { return defaults().InUse() }
