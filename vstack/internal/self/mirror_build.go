//go:build vstackbuild

package self

import "runtime"

// mirror shows the limit to the guards that vstack build has written. They are in
// every package, the standard library's too, and look at a copy of the table that
// is in package runtime of such a build.
func mirror(s Slot, limit uintptr) { runtime.VstackSetLimit(int(s), limit) }
