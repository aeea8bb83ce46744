package vstack

import "fmt"

// An Option sets something about a stack when it is made.
type Option func(*Stack)

// minMemory is the smallest limit that leaves room for a root frame and one
// segment.
const minMemory = 256 << 10

// WithMaxMemory sets how many bytes of memory the stack's segments may use
// together; past that the recursion overflows with an [*OverflowError]. 0 means
// no limit. Without this option the limit is half of GOMEMLIMIT if that is set,
// else half of the memory that the process may use (on Linux the cgroup's limit
// or the machine's memory; 1 GiB elsewhere). It panics for a negative number, and
// for one under 256 KiB, which no recursion could work with.
func WithMaxMemory(bytes int64) Option {
	if bytes < 0 || bytes > 0 && bytes < minMemory {
		panic(misuse(fmt.Sprintf("WithMaxMemory(%d): want 0 for no limit, or at least %d bytes", bytes, minMemory)))
	}
	return func(s *Stack) { s.account.max = bytes }
}

// WithIdleMemory sets how many bytes of stack idle workers may keep between root
// calls, so that the next one need not start them again; the default is 8 MiB.
// Workers beyond that end when a root call returns; until it does, all are kept.
// 0 keeps none. It panics for a negative number.
func WithIdleMemory(bytes int64) Option {
	if bytes < 0 {
		panic(misuse(fmt.Sprintf("WithIdleMemory(%d): want 0 or more bytes", bytes)))
	}
	return func(s *Stack) { s.idleMemory = bytes }
}
