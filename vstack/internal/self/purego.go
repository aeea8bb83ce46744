//go:build !gc || purego || !(386 || amd64 || arm || arm64 || loong64 || mips || mips64 || mips64le || mipsle || ppc64 || ppc64le || riscv64 || s390x || wasm)

package self

// Supported reports whether this build can ask a goroutine for its bounds.
const Supported = false

// Bounds knows nothing here.
func Bounds() (id, lo, hi uintptr) { return 0, 0, 0 }

// Used knows nothing here.
func Used() uintptr { return 0 }

// Low is never true here.
func Low() bool { return false }
