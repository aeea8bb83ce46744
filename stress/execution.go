package stress

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"

	"github.com/vstack-go/vstack/vstack"
)

// An execution is one run of a program: where it is in its bytes, and its log.
// The program and the way it takes through its bytes are one thing: every
// decision reads the next byte, and past the end every decision is 0, which
// ends whatever it is. So two runs that behave alike read alike, and the first
// difference in behaviour shows in the log.
type execution struct {
	data []byte
	at   int
	log  []byte

	fuel    int // operations left
	levels  int // levels of recursion left, over the whole run
	collect int // forced collections left
	live    int // bytes of the frames there are, about
	most    int // what live may be: bounds the stack that the plain run needs
	deepest int // levels at once
	depth   int
	frames  int
	nesting int // of executions, by the parallel operation

	cancels []context.CancelCauseFunc // of the contexts around the current frame
	values  []*value                  // pointers that the program has panicked with
	broken  []string                  // violations, other than a log that differs
	exits   bool                      // Goexit unwinds: it has ended any panic under way
	verbose bool                      // see trace
	did     map[string]int            // operations, by name
}

func newExecution(data []byte, nesting int) *execution {
	x := &execution{data: data, fuel: 200, levels: 1_000, most: 400 << 10, collect: 2, nesting: nesting, did: map[string]int{}}
	// One program in 16 is deep: the others run 20 times as fast.
	if x.next()&15 == 15 {
		x.levels, x.most = 20_000, 4<<20
	}
	return x
}

func (x *execution) next() byte {
	if x.at >= len(x.data) {
		return 0
	}
	x.at++
	return x.data[x.at-1]
}

// note writes a line to the log.
func (x *execution) note(what string, numbers ...int) {
	x.log = append(x.log, what...)
	for _, n := range numbers {
		x.log = append(x.log, ' ')
		x.log = strconv.AppendInt(x.log, int64(n), 10)
	}
	x.log = append(x.log, '\n')
}

// trace writes what the two runs need not have in common, for who looks for a mistake.
func (x *execution) trace(what string, numbers ...int) {
	if x.verbose {
		x.note("	"+what, numbers...)
	}
}

func (x *execution) noteValue(what string, v any) {
	if p, ok := v.(*value); ok && x.values[p.n] != p {
		x.violation("recovered a copy of a panic's value")
	}
	x.note(what + ": " + describe(v))
}

func (x *execution) noteResult(what string, r int, err error) {
	x.note(what+": "+describe(err), r)
}

// violation records something that is wrong whatever the plain run does.
func (x *execution) violation(format string, args ...any) {
	x.broken = append(x.broken, fmt.Sprintf(format, args...))
	x.trace("VIOLATION " + x.broken[len(x.broken)-1])
}

// A value is a panic's value whose identity is checked.
type value struct{ n int }

// describe says what a recovered value or an error is, in words that are the
// same for the plain run and for a stack.
func describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "nil"
	case *thrown:
		if v.cause == nil {
			return "overflow"
		}
		return "canceled: " + v.cause.Error()
	case *vstack.OverflowError:
		return "overflow"
	case *vstack.CanceledError:
		return "canceled: " + errors.Unwrap(v).Error()
	case *value:
		return "value " + strconv.Itoa(v.n)
	case error:
		if errors.Is(v, vstack.ErrMisuse) {
			return "misuse"
		}
		return fmt.Sprintf("%T %v", v, v)
	default:
		return fmt.Sprintf("%T %v", v, v)
	}
}

// outcome runs fn on a goroutine of its own and returns how it ended: returned,
// goexit, or the panic's value.
func outcome(fn func()) (how string, panicked any) {
	done := make(chan struct{})
	go func() {
		how = "goexit"
		defer close(done)
		defer func() {
			if how == "goexit" {
				if panicked = recover(); panicked != nil {
					how = "panic"
				}
			}
		}()
		fn()
		how = "returned"
	}()
	<-done
	return how, panicked
}

// crash panics, in one of the ways a program can.
func (x *execution) crash(kind byte) {
	n := int(kind)
	switch kind % 12 {
	case 0:
		panic("text")
	case 1:
		panic(n)
	case 2:
		panic(errors.New("an error"))
	case 3:
		panic([]int{n})
	case 4:
		panic(struct{ A, B int }{n, 2})
	case 5:
		panic(nil) // arrives as a *runtime.PanicNilError
	case 6:
		_ = make([]int, 3)[n+3]
	case 7:
		var m map[int]int
		//lint:ignore SA5000 it is to panic
		m[n] = 1
	case 8:
		zero := n - int(kind)
		_ = n / zero
	case 9:
		var p *value
		p.n++
	case 10:
		_ = any(n).(string)
	default:
		p := &value{len(x.values)}
		x.values = append(x.values, p)
		panic(p)
	}
}

func (x *execution) gc() {
	if x.collect > 0 {
		x.collect--
		runtime.GC()
	}
}
