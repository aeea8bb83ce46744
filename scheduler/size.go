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

	sizes = iota
)

// Bytes returns about how much memory an idle worker of this size holds.
func (s Size) Bytes() int64 {
	if s == Large {
		return 128 << 10
	}
	return 4 << 10
}

// Pregrow makes sure that the calling goroutine's stack has room for a job of
// this size below the caller. It calls a function whose frame is as large as the
// stack should become, and the check at its entry makes the runtime grow the stack
// once; nothing is written to the array, which lives in a branch that is never
// taken. On a stack that is large enough this costs a nanosecond. The collector
// halves the stacks of idle workers, so it is done before every job. Any goroutine
// may call it; workers do by themselves.
func (s Size) Pregrow() {
	if s == Large {
		large(0)
	} else {
		small(0)
	}
}

//go:noinline
func large(n int) byte {
	if n == 0 {
		return 0
	}
	var a [100 << 10]byte // over 128 KB the compiler would move it to the heap
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
