package vstack

import (
	"testing"
	"time"
)

// A bubble of testing/synctest is a world of its own: its time is made up, and only
// its goroutines may use the channels that were made in it; the runtime ends the
// process otherwise. It waits for its goroutines to end. So a root call in a bubble
// starts workers of its own, and none outlives it: what is dropped there leaves
// nothing behind, and a stack or a pool of the whole program that is first used
// there is as it was.
//
// Go does not tell whether a goroutine is in a bubble. Its clock does: a bubble's
// begins in the year 2000. One that has slept for twenty years is not recognised.
// Outside of tests there are no bubbles, and nobody looks at the clock.
func inBubble() bool {
	return testing.Testing() && bubbles && time.Now().Unix() < year2020
}

const year2020 = 1577836800

// bubbles is false in those of our own tests that are about idle workers and the time.
var bubbles = true
