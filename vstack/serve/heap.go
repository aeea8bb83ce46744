package serve

import (
	"context"
	"fmt"
)

// A Heap counts what one request keeps on the heap, such as the tree that it parses:
// neither the bound of the body nor that of the stack says how large that is. A tree of
// one node for each byte of the body takes fifty times its size. One goroutine at a time
// may use a Heap, as the stack that the request runs on has. A nil Heap has no limit.
type Heap struct {
	limit, left int64
}

type heapKey struct{}

// HeapOf returns the heap of the request that ctx belongs to, or nil if that did not
// come through a [Gate]. It looks the context up: call it once, at the start.
func HeapOf(ctx context.Context) *Heap {
	h, _ := ctx.Value(heapKey{}).(*Heap)
	return h
}

// Take notes that the request keeps so many bytes more, and returns a [*HeapError] if
// that is more than it may. It costs a nanosecond. What has been taken comes back when
// the request ends.
func (h *Heap) Take(bytes int64) error {
	if h == nil {
		return nil
	}
	if h.left -= bytes; h.left < 0 {
		return &HeapError{h.limit}
	}
	return nil
}

// A HeapError says that a request keeps more on the heap than it may.
type HeapError struct {
	Limit int64 // bytes
}

// Error says so in one line.
func (e *HeapError) Error() string {
	return fmt.Sprintf("the request needs more than %d bytes of memory for what it describes", e.Limit)
}
