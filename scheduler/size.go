package scheduler

// Size says how much native stack a worker has before a job starts on it.
type Size uint8

const (
	// Small workers have a stack of 4 KiB, so that a million of them can be
	// parked at once.
	Small Size = iota
	// Large workers have a stack of 128 KiB, grown in one step while it is
	// empty. Growing it frame by frame would copy it five times over.
	Large
	// Huge workers have a stack of 512 KiB, grown in the same way.
	Huge

	sizes = iota
)

// Bytes returns about how much memory an idle worker of this size holds.
func (s Size) Bytes() int64 {
	switch s {
	case Small:
		return 4 << 10
	case Large:
		return 128 << 10
	default:
		return 512 << 10
	}
}

// Pregrow makes sure that the calling goroutine's stack has room for a job of
// this size below the caller. It calls a function whose frame is as large as the
// stack should become, and the check at its entry makes the runtime grow the stack
// once; nothing is written to the array, which lives in a branch that is never
// taken. On a stack that is large enough this costs a nanosecond. The collector
// halves the stacks of idle workers, so it is done before every job. Any goroutine
// may call it; workers do by themselves.
func (s Size) Pregrow() {
	switch s {
	case Small:
		small(0)
	case Large:
		large(0)
	default:
		huge(0)
	}
}

// An array over 128 KB would be moved to the heap by the compiler, so there are
// several.
type block [100 << 10]byte

//go:noinline
func huge(n int) byte {
	if n == 0 {
		return 0
	}
	var a, b, c, d block
	a[n], b[n], c[n], d[n] = byte(n), byte(n), byte(n), byte(n)
	return a[n/2] + b[n/2] + c[n/2] + d[n/2] + huge(n-1)
}

//go:noinline
func large(n int) byte {
	if n == 0 {
		return 0
	}
	var a block
	a[n] = byte(n)
	return a[n/2] + large(n-1)
}

//go:noinline
func small(n int) byte {
	if n == 0 {
		return 0
	}
	var a [2 << 10]byte
	a[n] = byte(n)
	return a[n/2] + small(n-1)
}
