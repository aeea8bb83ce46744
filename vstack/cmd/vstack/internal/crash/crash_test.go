package crash

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const text = `some log line
runtime: goroutine stack exceeds 1000000000-byte limit
runtime: sp=0xc0200e0380 stack=[0xc0200e0000, 0xc0400e0000]
fatal error: stack overflow

runtime stack:
runtime.throw({0x4b1f5d?, 0x0?})
	/usr/local/go/src/runtime/panic.go:1229 +0x48 fp=0x7ffd sp=0x7ffc pc=0x46
runtime.newstack()
	/usr/local/go/src/runtime/stack.go:1137 +0x5bd

goroutine 1 gp=0xc000002380 m=0 mp=0x560 [running]:
example.com/lang.(*lexer).next(...)
	/src/lang/lexer.go:10
example.com/lang.(*parser).atom(0xc000012345)
	/src/lang/parser.go:30 +0x1d fp=0xc0 sp=0xc0
example.com/lang.(*parser).expr(0xc000012345)
	/src/lang/parser.go:20 +0x1d
example.com/lang.(*parser).atom(0xc000012345)
	/src/lang/parser.go:30 +0x1d
example.com/lang.(*parser).expr(0xc000012345)
	/src/lang/parser.go:20 +0x1d
example.com/lang.(*parser).atom(0xc000012345)
	/src/lang/parser.go:30 +0x1d
example.com/lang.(*parser).expr(0xc000012345)
	/src/lang/parser.go:20 +0x1d
...additional frames elided...
example.com/lang.Parse({0x1, 0x2})
	/src/lang/parser.go:5 +0x1d
main.main()
	/src/main.go:3 +0x1d

goroutine 2 [force gc (idle)]:
runtime.gopark(0x0?)
	/usr/local/go/src/runtime/proc.go:1 +0x1
`

func TestRead(t *testing.T) {
	trace, err := Read(strings.NewReader(strings.ReplaceAll(text, " fp=0xc0 sp=0xc0", "")))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := trace.Cycle(), []string{"example.com/lang.(*parser).expr", "example.com/lang.(*parser).atom"}; !slices.Equal(got, want) {
		t.Errorf("Cycle() = %q, want %q", got, want)
	}
	if len(trace.Top) != 7 || len(trace.Bottom) != 2 || trace.Bottom[0] != (Frame{"example.com/lang.Parse", "/src/lang/parser.go", 5}) {
		t.Errorf("got %+v", trace)
	}
}

func TestReadNone(t *testing.T) {
	for _, text := range []string{"", "panic: boom\n\ngoroutine 1 [running]:\nmain.main()\n\t/src/main.go:3 +0x1d\n", "fatal error: stack overflow\n"} {
		if _, err := Read(strings.NewReader(text)); err != ErrNone {
			t.Errorf("Read(%q) = %v", text, err)
		}
	}
}

// TestCycleWithoutPeriod is what lists in structs in lists look like.
func TestCycleWithoutPeriod(t *testing.T) {
	var trace Trace
	for _, name := range strings.Fields("list value struct value value list value struct struct value list list") {
		trace.Top = append(trace.Top, Frame{Func: name})
	}
	got := trace.Cycle()
	slices.Sort(got)
	if !slices.Equal(got, []string{"list", "struct", "value"}) {
		t.Errorf("got %q", got)
	}
}

// TestLongPeriod has more than half of what the runtime shows in one round.
func TestLongPeriod(t *testing.T) {
	for _, period := range []int{26, 30, 40, 44} {
		names := make([]string, period)
		for i := range names {
			names[i] = fmt.Sprintf("main.f%d", i%(period-3)) // three of them come twice
		}
		var trace Trace
		for i := range 50 {
			trace.Top = append(trace.Top, Frame{Func: names[(i+7)%period]})
			trace.Bottom = append(trace.Bottom, Frame{Func: names[(i+3)%period]})
		}
		trace.Bottom = append(trace.Bottom[:47], Frame{Func: "main.Parse"}, Frame{Func: "main.main"})
		var want []string
		for i := range period {
			want = append(want, names[(period-1-i+7)%period])
		}
		if got := trace.Cycle(); !slices.Equal(got, want) {
			t.Errorf("a period of %d: got %q, want %q", period, got, want)
		}
	}
}

// TestPeriodOfAll has a round that is longer than all that is shown of an end: what is at
// both ends repeats.
func TestPeriodOfAll(t *testing.T) {
	var trace Trace
	for i := range 50 {
		trace.Top = append(trace.Top, Frame{Func: fmt.Sprintf("main.f%d", i)})
		trace.Bottom = append(trace.Bottom, Frame{Func: fmt.Sprintf("main.f%d", (i+30)%70)})
	}
	got := trace.Cycle()
	if len(got) != 30 || !slices.Contains(got, "main.f49") || slices.Contains(got, "main.f25") {
		t.Errorf("got %d: %q", len(got), got)
	}
}

func TestFunction(t *testing.T) {
	for line, want := range map[string]string{
		"main.f(0x1)":                 "main.f",
		"main.f({0x1, 0x2}, 0x3)":     "main.f",
		"main.(*T).m(...)":            "main.(*T).m",
		"main.T.m({{0x0, 0x0}, 0x1})": "main.T.m",
		"main.f.func1.2(0xc000?)":     "main.f.func1.2",
		"main.g[...](0x1)":            "main.g[...]",
		"main.(*L[...]).Last(0xc0)":   "main.(*L[...]).Last",
		"gopkg.in/x%2ev1.f()":         "gopkg.in/x%2ev1.f",
		"this is not a call (really)": "",
		"goroutine 1 [running]":       "",
	} {
		if got := function(line); got != want {
			t.Errorf("function(%q) = %q, want %q", line, got, want)
		}
	}
}
