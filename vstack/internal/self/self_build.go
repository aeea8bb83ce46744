//go:build vstackbuild

package self

import "runtime"

// In a program that vstack build has made, package runtime tells what the assembly
// reads elsewhere: there the compiler knows where g is, and the guard inlines.

// Supported reports whether this build can ask a goroutine for its bounds.
const Supported = true

// Bounds returns the address of the calling goroutine's g and the bounds of its stack.
func Bounds() (id, lo, hi uintptr) { return runtime.VstackBounds() }

// Used returns how many bytes of its stack the calling goroutine has used.
func Used() uintptr { return runtime.VstackUsed() }

// Low is the guard, the same one that vstack build writes.
func Low() bool { return runtime.VstackLow() }

// mustBeRight has nothing to check: it is the runtime itself that tells.
func mustBeRight() {}

// mirror shows the limit to the guards that vstack build has written. They are in
// every package, the standard library's too, and look at a copy of the table that
// is in package runtime of such a build.
func mirror(s Slot, limit uintptr) { runtime.VstackSetLimit(int(s), limit) }
