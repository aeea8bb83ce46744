package main

import (
	"errors"
	"fmt"
	"iter"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"
)

// Ways to call.

func init() {
	ways["closure"] = func() error {
		var f func(n int) int
		f = func(n int) int {
			if n == 0 {
				return 0
			}
			return f(n-1) + 1
		}
		return overflow(func() { f(forever) })
	}
	ways["closurechain"] = func() error {
		// Each closure captures, on its stack, what the next one calls.
		var f func(n int, k func() int) int
		f = func(n int, k func() int) int {
			x := n
			return f(n-1, func() int { return k() + x })
		}
		return overflow(func() { f(forever, func() int { return 1 }) })
	}
	ways["methodvalue"] = func() error { return overflow(func() { f := (&walker{}).walk; f(forever) }) }
	ways["interface"] = func() error { return overflow(func() { add{add{nil}}.eval(forever) }) }
	ways["embedded"] = func() error {
		return overflow(func() { var w wrapped; w.walker = &walker{}; w.walker.other = w; w.cross(forever) })
	}
	ways["generic"] = func() error { return overflow(func() { generic[int, string](forever, 1, "x") }) }
	ways["genericmethod"] = func() error { return overflow(func() { (&tree[string]{}).depth(forever) }) }
	ways["mutual"] = func() error { return overflow(func() { even(forever) }) }
	ways["helpers"] = func() error { return overflow(func() { helpers(forever) }) }
	for name, f := range leaves {
		ways["leaf"+name] = func() error { return overflow(func() { f(forever) }) }
	}
	ways["alloc"] = func() error { return overflow(func() { alloc(forever) }) }
	ways["mapper"] = func() error { return overflow(func() { mapper(forever, map[string]any{}) }) }
	ways["variadic"] = func() error { return overflow(func() { variadic(forever) }) }
	ways["rangefunc"] = func() error { return overflow(func() { rangeFunc(forever) }) }
	ways["pull"] = func() error { return overflow(func() { pull(forever) }) }
	ways["stackpointers"] = func() error { return overflow(func() { x := 1; pointers(forever, &x) }) }
	ways["trace"] = trace
}

type walker struct {
	n     int
	other interface{ cross(n int) int }
}

func (w *walker) walk(n int) int {
	if n == 0 {
		return w.n
	}
	f := w.walk
	return f(n-1) + 1
}

func (w *walker) cross(n int) int { return w.other.cross(n-1) + 1 }

type wrapped struct{ *walker }

type node interface{ eval(n int) int }

type add struct{ left node }

func (a add) eval(n int) int {
	if n == 0 {
		return a.left.eval(n)
	}
	return node(a).eval(n-1) + 1
}

//go:noinline
func generic[A, B any](n int, a A, b B) (A, B) {
	if n == 0 {
		return a, b
	}
	x, y := generic(n-1, b, a)
	return y, x
}

type tree[T any] struct{ value T }

func (t *tree[T]) depth(n int) (T, int) {
	if n == 0 {
		return t.value, 0
	}
	v, d := t.depth(n - 1)
	return v, d + 1
}

func even(n int) bool { return n == 0 || odd(n-1) && n > 0 }
func odd(n int) bool  { return n != 0 && even(n-1) || n < 0 }

// helpers has a helper with a larger frame: it is the helper that finds no room.
func helpers(n int) int {
	if n == 0 {
		return 0
	}
	return helper(n) + helpers(n-1)
}

//go:noinline
func helper(n int) int {
	var a [600]byte
	a[n%600] = 1
	return int(a[(n+1)%600])
}

// alloc spends its time in the runtime.
func alloc(n int) *int {
	s := make([]*int, 3)
	s[0] = new(int)
	s = append(s, s...)
	m := map[int]*int{n: s[0]}
	return alloc(n - len(m) - len(fmt.Sprint(n)))
}

func mapper(n int, m map[string]any) int {
	k := "k" + strings.Repeat("x", n%20)
	m[k] = n
	delete(m, k+"y")
	return mapper(n-1, m) + len(m)
}

func variadic(n int, a ...any) int { return variadic(n-1, n, "x", a) + 1 }

func seq(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range seq(n - 1) {
			if !yield(i) {
				return
			}
		}
	}
}

func rangeFunc(n int) int {
	for i := range seq(n) {
		defer func() { sink++ }()
		return i
	}
	return 0
}

func pull(n int) int {
	next, stop := iter.Pull(func(yield func(int) bool) { yield(plain(n)) })
	defer stop()
	i, _ := next()
	return i
}

// pointers has pointers into the stack in every frame, and checks them as it goes: the last one panics with the net's
// panic if all was well, for its deferred call looks at the frames below.
func pointers(n int, p *int) int {
	x := *p + 1
	r := 0
	if n%1000 == 0 {
		defer func() {
			if x != *p+1 {
				panic("a pointer into the stack went wrong")
			}
		}()
	}
	r = pointers(n-1, &x)
	return r + x
}

// trace looks at what the panic says.
func trace() error {
	var r any
	func() {
		defer func() { r = recover() }()
		even(forever)
	}()
	if err := isOverflow(r); err != nil {
		return err
	}
	text := r.(error).Error()
	for _, want := range []string{"main.even", "main.odd", "main.trace", "main.main", "times", "goroutine 1 ", " frames ..."} {
		if !strings.Contains(text, want) {
			return fmt.Errorf("no %q in %s", want, text)
		}
	}
	inner, outer, between := r.(interface {
		Callers() (inner, outer []uintptr, between int64)
	}).Callers()
	if between < 1000 || len(inner) == 0 || len(outer) == 0 {
		return fmt.Errorf("Callers: %d, %d and %d between", len(inner), len(outer), between)
	}
	f, _ := runtime.CallersFrames(inner).Next()
	if f.Function != "main.even" && f.Function != "main.odd" {
		return errors.New("the innermost frame is " + f.Function)
	}
	return nil
}

// Recursion of small frames that does, at each level, one thing that takes more stack than they.
var leaves = map[string]func(n int) int{
	"concat": leafConcat, "malloc": leafMalloc, "append": leafAppend, "mapread": leafMapRead, "mapwrite": leafMapWrite, "maprange": leafMapRange,
	"chan": leafChan, "pool": leafPool, "syncmap": leafSyncMap, "assert": leafAssert, "print": leafPrint, "timer": leafTimer, "go": leafGo,
	"defer": leafDefer, "recover": leafRecover, "mutex": leafMutex, "once": leafOnce, "bytes": leafBytes, "runes": leafRunes, "time": leafTime,
}

var (
	leafStrings  = []string{"a", "b"}
	leafMap      = map[string]int{"a": 1}
	leafBigMap   = map[[20]int]int{}
	leafC        = make(chan int, 1)
	leafSync     sync.Map
	leafPooled   sync.Pool
	leafMu       sync.Mutex
	leafOnceOnly sync.Once
	leafAny      any = &walker{}
	leafOut, _       = os.OpenFile(os.DevNull, os.O_WRONLY, 0)
)

//go:noinline
func leafConcat(n int) int { s := leafStrings[0] + leafStrings[n&1]; return leafConcat(n-len(s)) + 1 }

//go:noinline
func leafMalloc(n int) int { p := new(int); escape(p); return leafMalloc(n-1) + 1 }

//go:noinline
func leafAppend(n int) int { s := append(leafStrings, "x"); return leafAppend(n-len(s)) + 1 }

//go:noinline
func leafMapRead(n int) int { return leafMapRead(n-1-leafBigMap[[20]int{n}]) + 1 }

//go:noinline
func leafMapWrite(n int) int {
	leafMap[leafStrings[n&1]]++
	leafBigMap[[20]int{n & 3}]++
	return leafMapWrite(n-1) + 1
}

//go:noinline
func leafMapRange(n int) int {
	for _, v := range leafMap {
		n -= v
	}
	return leafMapRange(n-1) + 1
}

//go:noinline
func leafChan(n int) int { leafC <- n; <-leafC; return leafChan(n-1) + 1 }

//go:noinline
func leafPool(n int) int {
	p := leafPooled.Get()
	leafPooled.Put(leafAny)
	_ = p
	return leafPool(n-1) + 1
}

//go:noinline
func leafSyncMap(n int) int { leafSync.Load("a"); return leafSyncMap(n-1) + 1 }

//go:noinline
func leafAssert(n int) int {
	if _, ok := leafAny.(interface{ cross(int) int }); ok {
		n--
	}
	if _, ok := leafAny.(fmt.Stringer); ok {
		n--
	}
	return leafAssert(n-1) + 1
}

//go:noinline
func leafPrint(n int) int { leafOut.WriteString("x"); return leafPrint(n-1) + 1 }

//go:noinline
func leafTimer(n int) int { t := time.NewTimer(time.Hour); t.Stop(); return leafTimer(n-1) + 1 }

//go:noinline
func leafGo(n int) int {
	if n%1000 == 0 {
		go func() {}()
	}
	return leafGo(n-1) + 1
}

//go:noinline
func leafDefer(n int) int {
	func() {
		for range 2 {
			defer leafMu.TryLock()
		}
	}()
	return leafDefer(n-1) + 1
}

//go:noinline
func leafRecover(n int) int {
	func() {
		defer func() { recover() }()
		panic(leafAny)
	}()
	return leafRecover(n-1) + 1
}

//go:noinline
func leafMutex(n int) int { leafMu.TryLock(); leafMu.Unlock(); return leafMutex(n-1) + 1 }

//go:noinline
func leafOnce(n int) int { leafOnceOnly.Do(func() {}); return leafOnce(n-1) + 1 }

//go:noinline
func leafBytes(n int) int { return leafBytes(n-len([]byte(leafStrings[n&1]))) + 1 }

//go:noinline
func leafRunes(n int) int { return leafRunes(n-len([]rune(leafStrings[n&1]))) + 1 }

//go:noinline
func leafTime(n int) int { return leafTime(n-time.Now().Second()&1-1) + 1 }

//go:noinline
func escape(p *int) { sinkP = p }

var sinkP *int
