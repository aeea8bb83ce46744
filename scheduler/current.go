package scheduler

import (
	"bytes"
	"fmt"
	"runtime"
)

// Current reports whether the calling goroutine is the worker's, while the
// worker runs a job. It exists to tell a native stack that the runtime has
// moved from a goroutine that has no business there, and costs microseconds:
// call it only when something is odd.
//
// Go gives a program no way to ask which goroutine it runs on, but a traceback
// shows the arguments of its outermost function, and a worker's is loop: its
// receiver is the worker. That costs a worker nothing until somebody asks, where
// reading its goroutine id beforehand would double the cost of starting it. If a
// runtime does not print the argument, the answer is true: a false alarm would
// be worse than a mistake of the user's going unreported. TestCurrent fails then.
func (w *Worker) Current() bool {
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
		return true
	}
	// The last one: a frame of a user's could have a name that ends like ours.
	at := bytes.LastIndex(text, []byte(loop))
	if at < 0 {
		return false
	}
	argument := text[at+len(loop):]
	end := bytes.IndexAny(argument, ",?)")
	if end < 0 || !bytes.HasPrefix(argument, []byte("0x")) {
		return true
	}
	return string(argument[:end]) == fmt.Sprintf("%p", w)
}
