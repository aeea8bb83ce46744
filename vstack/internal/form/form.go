// Package form is where package profile, a module of its own, leaves the pprof
// form of the live stacks for package debug, which must not depend on it.
package form

import (
	"io"
	"sync/atomic"
)

// Write writes a profile of all live stacks; nil if package profile is not part
// of the program.
var Write atomic.Pointer[func(io.Writer) error]
