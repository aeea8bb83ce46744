//go:build gc && !purego && !vstackbuild && (386 || amd64 || arm || arm64 || loong64 || mips || mips64 || mips64le || mipsle || ppc64 || ppc64le || riscv64 || s390x || wasm)

package self

import (
	"runtime"
	"strconv"
	"unsafe"
)

// Figures are what a goroutine is told about itself at one moment.
type figures struct {
	id, lo, hi uintptr
	used       uintptr
	local      uintptr // the address of a variable on its stack
	low        bool    // the guard
}

// mustBeRight panics if this build cannot tell where a goroutine's stack is. A
// program that goes on with wrong figures has a guard that is never low, or always.
// It runs when the program starts, on the goroutine that does that, since another one
// would take a thread and 80 us.
func mustBeRight() {
	before := read()
	slot := SlotOf(before.id)
	slot.Mark()
	marked := Low()
	slot.Unmark()
	if text := wrong(before, deeper(before, 64), marked); text != "" {
		panic(text)
	}
}

// read asks for the figures of the calling goroutine. Its stack does not move in
// between: nothing that read calls lets it grow or lets the collector at it.
//
// nocheckptr: with -asan and with -d=checkptr=2, a variable whose address becomes a
// number is moved to the heap.
//
//go:noinline
//go:nocheckptr
func read() (f figures) {
	var local byte
	f.id, f.lo, f.hi = Bounds()
	f.used = Used()
	f.local = uintptr(unsafe.Pointer(&local))
	f.low = Low()
	return f
}

// deeper calls itself until the goroutine's stack is another one than before, or n
// times, and returns the figures of then. Where a program starts, the stack is small
// and the first calls make it grow; a plugin may start on a large one, which is right
// if it is now.
//
//go:noinline
func deeper(before figures, n int) figures {
	var frame [4 << 10]byte
	frame[n] = 1
	f := read()
	if f.hi == before.hi && n > 0 {
		f = deeper(before, n-1)
	}
	runtime.KeepAlive(&frame)
	return f
}

// wrong returns what is wrong with the figures of one goroutine before and after its
// stack has grown, and with its guard while its slot was marked. It returns "" if
// nothing is. It looks at nothing else.
func wrong(before, after figures, marked bool) string {
	for _, f := range []figures{before, after} {
		if what := f.wrong(); what != "" {
			return f.report(what)
		}
	}
	switch {
	case before.id != after.id:
		return after.report("now that it has grown, its goroutine is another one, and was 0x" + strconv.FormatUint(uint64(before.id), 16))
	case !marked:
		return before.report("the guard does not see a mark")
	}
	return ""
}

// Frames between two calls of one function are smaller than this in every build.
const page = 4 << 10

func (f figures) wrong() string {
	switch {
	case f.id == 0:
		return "it has no address"
	case f.hi <= f.lo:
		return "it ends before it begins"
	case f.local <= f.lo || f.local >= f.hi:
		return "a variable on it lies outside it"
	case f.hi-f.lo > 1<<30:
		return "it is larger than Go lets a stack become"
	case f.used > f.hi-f.lo:
		return "more of it is used than there is"
	case f.used+page < f.hi-f.local || f.used > f.hi-f.local+page:
		return "what is used of it does not end at the calling function"
	case f.low != (f.used >= Room):
		return "the guard does not follow from what is used of it"
	}
	return ""
}

// report makes an error of it that says what to do.
func (f figures) report(what string) string {
	hex := func(v uintptr) string { return " 0x" + strconv.FormatUint(uint64(v), 16) }
	return "vstack: this build cannot tell where a goroutine's stack is: " + what +
		" (goroutine" + hex(f.id) + ", stack" + hex(f.lo) + " to" + hex(f.hi) +
		", variable at" + hex(f.local) + ", used" + hex(f.used) + "). " +
		"Build with -tags purego, which does without, and report this line: " +
		runtime.GOOS + "/" + runtime.GOARCH + " " + runtime.Version()
}
