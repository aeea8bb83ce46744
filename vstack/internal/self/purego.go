//go:build !vstackbuild && (!gc || purego || !(386 || amd64 || arm || arm64 || loong64 || mips || mips64 || mips64le || mipsle || ppc64 || ppc64le || riscv64 || s390x || wasm))

package self

// Supported reports whether this build can ask a goroutine for its bounds.
const Supported = false

// Bounds knows nothing here.
func Bounds() (id, lo, hi uintptr) { return 0, 0, 0 }

// Used knows nothing here.
func Used() uintptr { return 0 }

// Low is never true here.
func Low() bool { return false }

// mustBeRight has nothing to check here.
func mustBeRight() {}

// A Link says nothing here: copies of the library do not find each other.
type Link struct{}

// Enter does nothing here.
func Enter(id uintptr) Link { return Link{} }

// Leave does nothing here.
func Leave(id uintptr) {}

// Set does nothing here.
func (l Link) Set(waiter uintptr) {}

// Waiter is 0 here.
func (l Link) Waiter() uintptr { return 0 }

// Waiter knows nothing here.
func Waiter(id uintptr) (waiter uintptr, ok bool) { return 0, false }
