// Package rt makes the part of the guard that lives in package runtime of an
// instrumented build: a file that is added to it.
//
// There getg is an intrinsic, so that the guard inlines, and files of the standard
// library can call it: they can import runtime, and nothing of ours.
package rt

import (
	"fmt"
	"strings"
)

// Name is the file that is added to package runtime.
const Name = "vstack_guard.go"

// Slots and shift are those of vstack/internal/self: the library copies its table
// of limits into the one here, slot by slot.
const (
	slots = 1 << 10
	shift = 9
)

// File returns the text of the file.
func File() []byte {
	return []byte(strings.NewReplacer("SLOTS", fmt.Sprint(slots), "SHIFT", fmt.Sprint(shift)).Replace(file))
}

const file = `// This file was added to package runtime by vstack build.

package runtime

import (
	"internal/runtime/atomic"
	"unsafe"
)

// vstackRoom has, for each slot of goroutines, what low is measured against: the
// bytes that a goroutine may use less the largest number. So it is never low
// before the library has set its hook.
var vstackRoom [SLOTS]uintptr

// VstackLow reports whether the calling goroutine has used as much of its stack as
// the library's table of limits allows it.
func VstackLow() bool {
	var here byte
	gp := getg()
	return gp.stack.hi-uintptr(unsafe.Pointer(&here)) >= ^vstackRoom[uintptr(unsafe.Pointer(gp))>>SHIFT%SLOTS]
}

// VstackBounds returns the address of the calling goroutine's g, and the bounds of
// its stack.
func VstackBounds() (id, lo, hi uintptr) {
	gp := getg()
	return uintptr(unsafe.Pointer(gp)), gp.stack.lo, gp.stack.hi
}

// VstackUsed returns how many bytes of its stack the calling goroutine has used.
func VstackUsed() uintptr {
	var here byte
	return getg().stack.hi - uintptr(unsafe.Pointer(&here))
}

var (
	vstackGrow func(fn func())
	vstackHome string // for a debugger
)

// VstackGrow goes on with fn where there is room.
//
//go:noinline
func VstackGrow(fn func()) { vstackGrow(fn) }

// VstackSetHook sets what goes on with functions that found their stack low. It
// must be called when the program starts, before VstackSetLimit. Home is the path of
// the library that calls it: one that the program imports goes before the tool's.
func VstackSetHook(home string, grow func(fn func())) {
	if vstackGrow == nil || home != "vstackbuild/vstack" {
		vstackGrow, vstackHome = grow, home
	}
}

// VstackSetLimit sets how many bytes the goroutines of a slot may use. It may be
// called from any goroutine.
func VstackSetLimit(slot int, limit uintptr) { atomic.Storeuintptr(&vstackRoom[slot], ^limit) }
`
