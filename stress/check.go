package stress

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"strings"
	"sync"
)

// A Result says what a program did.
type Result struct {
	Frames   int            // bodies run
	Depth    int            // levels of recursion at once, at most
	Lines    int            // of the log
	Overflow int            // overflows
	Canceled int            // cancellations that a guard has thrown
	Ops      map[string]int // operations, by name
}

// Program returns the random program of a seed.
func Program(seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 0))
	data := make([]byte, 8+r.IntN(200))
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	return data
}

// Add adds what another program did.
func (r *Result) Add(o Result) {
	r.Frames += o.Frames
	r.Depth = max(r.Depth, o.Depth)
	r.Lines += o.Lines
	r.Overflow += o.Overflow
	r.Canceled += o.Canceled
	if r.Ops == nil {
		r.Ops = map[string]int{}
	}
	for name, n := range o.Ops {
		r.Ops[name] += n
	}
}

// Check runs the program in data through vstack and as plain recursion, and
// returns an error if they differ in anything that a program can see.
func Check(data []byte) (Result, error) {
	r := newRecord()
	got := newExecution(data, 0)
	got.main(r, false)
	want := newExecution(data, 0)
	plainly(func() { want.main(r, true) })
	overflows, throws := r.count()
	result := Result{Frames: got.frames, Depth: got.deepest, Lines: bytes.Count(got.log, []byte("\n")),
		Overflow: overflows, Canceled: throws - overflows, Ops: got.did}
	if len(got.broken) > 0 {
		return result, fmt.Errorf("program %x: %s", data, strings.Join(got.broken, "; "))
	}
	if !bytes.Equal(got.log, want.log) {
		return result, fmt.Errorf("program %x: %s", data, difference(got.log, want.log))
	}
	return result, nil
}

// difference says where two logs part.
func difference(got, want []byte) string {
	g, w := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	i := 0
	for i < len(g) && i < len(w) && g[i] == w[i] {
		i++
	}
	from := max(0, i-5)
	return fmt.Sprintf("the logs differ from line %d\nboth:   %s\nvstack: %s\nplain:  %s", i+1,
		strings.Join(g[from:i], " | "),
		strings.Join(g[i:min(len(g), i+5)], " | "),
		strings.Join(w[i:min(len(w), i+5)], " | "))
}

// plainly runs fn, which may use much native stack; see SetMaxStack.
func plainly(fn func()) {
	plain.Lock()
	if plain.runs++; plain.runs == 1 && plain.max != 0 {
		debug.SetMaxStack(1 << 30)
	}
	plain.Unlock()
	defer func() {
		plain.Lock()
		defer plain.Unlock()
		if plain.runs--; plain.runs == 0 && plain.max != 0 {
			debug.SetMaxStack(plain.max)
		}
	}()
	fn()
}

var plain struct {
	sync.Mutex
	runs int
	max  int
}

// SetMaxStack bounds the native stack of every goroutine, except while a plain
// run goes on: a segment that grows further kills the process, as the runtime
// does it.
func SetMaxStack(bytes int) {
	plain.Lock()
	defer plain.Unlock()
	plain.max = bytes
	if plain.runs == 0 {
		debug.SetMaxStack(bytes)
	}
}
