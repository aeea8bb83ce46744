package debug

import (
	"time"

	"github.com/vstack-go/vstack/vstack"
)

// Forget makes the next list a new one.
func Forget() {
	handler.mu.Lock()
	defer handler.mu.Unlock()
	handler.last = nil
}

// Agree sees a stack, calls between, and returns what is shown of it with a trace taken then.
func Agree(s *vstack.Stack, between func() *vstack.Trace) vstack.Stats {
	seen := see(s, time.Now())
	seen.agree(between())
	return seen.Stats
}
