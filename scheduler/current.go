package scheduler

import (
	"bytes"
	"fmt"
	"runtime"
	"strconv"
)

// Current tells whether the calling goroutine is the worker's, while the worker
// runs a job, and where its stack begins: the address of a local of the
// goroutine's outermost function, or 0 if that cannot be known. The call itself
// may make the stack grow and move, after top was found. It exists to tell a
// native stack that the runtime has moved from a goroutine that has no business
// there, and costs microseconds: call it only when something is odd.
//
// Go gives a program no way to ask either thing, but a traceback shows the
// arguments of its outermost functions, and the runtime keeps those that are
// pointers into the stack up to date when it moves it. A worker's is loop: its
// receiver is the worker, its argument points to a local of its caller. That
// costs a worker nothing until somebody asks, where reading its goroutine id
// beforehand would double the cost of starting it. If a runtime does not print
// the receiver, the answer is true: a false alarm would be worse than a mistake
// of the user's going unreported. TestCurrent fails then.
func (w *Worker) Current() (top uintptr, current bool) {
	const loop = "scheduler.(*Worker).loop("
	// A traceback has at most 100 frames, the outermost ones among them.
	buf := make([]byte, 8<<10)
	n := runtime.Stack(buf, false)
	for n == len(buf) && n < 1<<20 {
		buf = make([]byte, 4*n)
		n = runtime.Stack(buf, false)
	}
	text := buf[:n]
	if n == len(buf) {
		return 0, true
	}
	// The last one: a frame of a user's could have a name that ends like ours.
	at := bytes.LastIndex(text, []byte(loop))
	if at < 0 {
		return 0, false
	}
	receiver, rest := hex(text[at+len(loop):])
	if receiver == "" {
		return 0, true
	}
	if receiver != fmt.Sprintf("%p", w) {
		return 0, false
	}
	mark, _ := hex(bytes.TrimPrefix(rest, []byte(", ")))
	address, err := strconv.ParseUint(mark, 0, 64)
	if err != nil {
		return 0, true
	}
	return uintptr(address), true
}

// hex cuts the number off that text begins with, as tracebacks print it, and the
// question mark that may follow it.
func hex(text []byte) (number string, rest []byte) {
	end := bytes.IndexAny(text, ",?)")
	if end < 0 || !bytes.HasPrefix(text, []byte("0x")) {
		return "", nil
	}
	return string(text[:end]), bytes.TrimPrefix(text[end:], []byte("?"))
}
