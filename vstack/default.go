package vstack

import (
	"fmt"
	"math"
	"os"
	"sync"

	"github.com/vstack-go/vstack/vstack/internal/memlimit"
)

// The default limit: that of all stacks that were given none, together, ambient ones
// included.

// defaults is the budget of all stacks without a limit of their own.
var defaults = sync.OnceValue(func() *Budget {
	limit, ok := maxMemory()
	if !ok {
		limit = max(memlimit.Half(), minMemory)
	}
	return newBudget(limit)
})

// byDefault stands for a limit that was not given.
const byDefault = -1

const maxMemoryVariable = "VSTACK_MAX_MEMORY"

// A wrong variable is told at once, and not in the middle of the night when the first
// recursion is deep.
func init() { maxMemory() }

// maxMemory returns what the variable says, and whether it says anything. It panics if
// that is wrong.
func maxMemory() (bytes int64, ok bool) {
	text := os.Getenv(maxMemoryVariable)
	if text == "" {
		return 0, false
	}
	bytes, err := parseMaxMemory(text)
	if err != nil {
		panic(err)
	}
	return bytes, true
}

func parseMaxMemory(text string) (int64, error) {
	bytes, err := memlimit.Parse(text)
	if err != nil {
		return 0, misuse(fmt.Sprintf("the environment variable %s: %v", maxMemoryVariable, err))
	}
	if err := checkDefault(bytes); err != nil {
		return 0, misuse(fmt.Sprintf("the environment variable %s=%s: %v", maxMemoryVariable, text, err))
	}
	return unlimited(bytes), nil
}

// SetDefaultLimit sets how many bytes of memory all stacks that were given no limit may
// use together, ambient ones included, and returns what it was before; 0 is no limit.
// At the start it is what the environment variable VSTACK_MAX_MEMORY says, such as
// 512MiB; without that half of GOMEMLIMIT if that is set, else half of the memory that
// the process may use: on Linux the least of the cgroup's limit, the machine's memory
// and what is left of the address space, elsewhere 1 GiB, and at most that on 32-bit
// systems.
//
// It may be called at any time from any goroutine. Stacks that use more than the new
// limit go on, and overflow when they want more. It panics with [ErrMisuse] for a
// negative number, and for one under 256 KiB, which no recursion could work with.
func SetDefaultLimit(bytes int64) (before int64) {
	if err := checkDefault(bytes); err != nil {
		panic(misuse(fmt.Sprintf("SetDefaultLimit(%d): %v", bytes, err)))
	}
	before = defaults().size.Swap(unlimited(bytes))
	if before == math.MaxInt64 {
		before = 0
	}
	return before
}

func checkDefault(bytes int64) error {
	if bytes < 0 || bytes > 0 && bytes < minMemory {
		return fmt.Errorf("want 0 for no limit, or at least %d bytes", minMemory)
	}
	return nil
}

// unlimited turns 0 into the largest number.
func unlimited(bytes int64) int64 {
	if bytes == 0 {
		return math.MaxInt64
	}
	return bytes
}

// defaultLimit returns the default limit, 0 for none.
func defaultLimit() int64 { return limitOf(defaults()) }
