//go:build gc && !purego && !vstackbuild && (386 || amd64 || arm || arm64 || loong64 || mips || mips64 || mips64le || mipsle || ppc64 || ppc64le || riscv64 || s390x || wasm)

package self

// Supported reports whether this build can ask a goroutine for its bounds.
const Supported = true

// Bounds returns the address of the calling goroutine's g, which tells it from all
// other goroutines that are alive, and the bounds of its stack: it grows down from
// hi, and lo is its end. The runtime moves stacks, so the bounds hold until the
// goroutine calls a function that needs more stack, or parks. It costs about 2 ns.
//
//go:noescape
func Bounds() (id, lo, hi uintptr)

// Used returns how many bytes of its stack the calling goroutine has used, its
// caller's frame included. It costs about 1 ns.
//
//go:noescape
func Used() uintptr

// Low is the guard: it reports whether the calling goroutine has used as much of its
// stack as it may. It compares with the table first, which is a hint, since goroutines
// share slots; and if that is not enough asks [Look], which decides with exact figures.
// It costs about 1 ns.
//
//go:noescape
func Low() bool

// look is where Low goes on.
//
//lint:ignore U1000 the assembly jumps here
func look() bool { return Look == nil || Look() }
