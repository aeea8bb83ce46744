package size

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/vstack-go/vstack/stress/workload"
	"github.com/vstack-go/vstack/vstack"
)

// inChild makes the test program overflow its stack, in the recursion that it names.
const inChild = "SIZE_TEST_OVERFLOW"

type parity struct{}

//go:noinline
func (p *parity) isOdd(n int) bool {
	var local [20]int
	local[n&15] = n
	return p.isEven(n+1) == (local[(n+1)&15] == 0)
}

//go:noinline
func (p *parity) isEven(n int) bool { return !p.isOdd(n + 1) }

// grammar is a parser with one function for two levels of precedence.
type grammar struct{ depth int }

//go:noinline
func (g *grammar) expr() int { return g.binary(1, (*grammar).term) + 1 }

//go:noinline
func (g *grammar) binary(level int, next func(*grammar) int) int { return next(g) + level }

//go:noinline
func (g *grammar) term() int { return g.binary(2, (*grammar).unary) + 1 }

//go:noinline
func (g *grammar) unary() int {
	var local [20]int
	g.depth++
	local[g.depth%20] = g.expr()
	return local[(g.depth+1)%20]
}

func TestMain(m *testing.M) {
	switch os.Getenv(inChild) {
	case "parity":
		debug.SetMaxStack(1 << 20)
		(&parity{}).isOdd(0)
	case "grammar":
		debug.SetMaxStack(1 << 20)
		(&grammar{}).expr()
	}
	os.Exit(m.Run())
}

// crashOf returns what the test program prints as it overflows its stack.
func crashOf(t *testing.T, recursion string) []byte {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Skip(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), inChild+"="+recursion)
	out, err := cmd.CombinedOutput()
	if err == nil || !bytes.Contains(out, []byte("stack overflow")) {
		t.Fatalf("%v\n%.2000s", err, out)
	}
	return out
}

// A function that is called twice in a turn, at two levels of precedence, counts twice.
func TestReadFramesTwiceInATurn(t *testing.T) {
	out := crashOf(t, "grammar")
	frames, err := ReadFrames(bytes.NewReader(out))
	if err != nil {
		t.Fatalf("%v\n%.2000s", err, out)
	}
	count := map[string]int{}
	for _, name := range frames.Cycle {
		count[name[strings.LastIndex(name, ".")+1:]]++
	}
	if want := map[string]int{"expr": 1, "binary": 2, "term": 1, "unary": 1}; !maps.Equal(count, want) {
		t.Errorf("the cycle is %q", frames.Cycle)
	}
	// From one frame of unary, which is called once in a turn, to the next.
	var unary []int64
	for _, m := range regexp.MustCompile(`\(\*grammar\)\.unary\(.*\n.* fp=0x([0-9a-f]+) `).FindAllSubmatch(out, 2) {
		unary = append(unary, hex(string(m[1])))
	}
	if len(unary) != 2 || frames.Bytes != unary[1]-unary[0] {
		t.Errorf("a turn takes %d bytes, want the difference of %d", frames.Bytes, unary)
	}
}

// A limit of what Bytes says holds the levels, and a little less does not.
func TestBytesIsTheLimit(t *testing.T) {
	const levels = 300_000
	linear := func(limit int64) error {
		_, err := vstack.Run(context.Background(), func(_ context.Context, s *vstack.Stack) (int, error) {
			return (&workload.Linear{Stack: s}).Handle(levels), nil
		}, vstack.WithMaxMemory(limit))
		return err
	}
	// What a level of it takes depends on the architecture and the compiler, so it is found out.
	frame := int64(0)
	for limit := int64(1 << 20); frame == 0; limit += 256 << 10 {
		if linear(limit) == nil {
			frame = limit * 15 / 16 / levels
		}
	}
	if frame < 8 || frame > 200 {
		t.Fatalf("a level takes %d bytes", frame)
	}
	need := Bytes(levels, frame+frame/8+1, true)
	if err := linear(need); err != nil {
		t.Errorf("%d levels of %d bytes do not fit into %d: %v", levels, frame, need, err)
	}
	less := Bytes(levels, frame-frame/4-1, true)
	if err := linear(less); !errors.Is(err, vstack.ErrOverflow) {
		t.Errorf("%d levels of %d bytes fit into %d: %v", levels, frame, less, err)
	}
}

// Levels is the inverse of Bytes.
func TestLevels(t *testing.T) {
	for _, handle := range []bool{false, true} {
		for _, frame := range []int64{8, 32, 104, 1000, 100_000} {
			for _, limit := range []int64{0, 128 << 10, 1 << 20, 64 << 20, 1 << 40} {
				n := Levels(limit, frame, handle)
				if n > 0 && Bytes(n, frame, handle) > limit {
					t.Errorf("%d levels of %d bytes take more than %d", n, frame, limit)
				}
				if Bytes(n+1, frame, handle) <= limit {
					t.Errorf("%d levels of %d bytes fit into %d too", n+1, frame, limit)
				}
			}
		}
	}
	if Bytes(1<<62, 1<<40, true) <= 0 {
		t.Error("a number overflows")
	}
	// 480 KiB are the goroutine's own, 128 KiB less the head the first segment of a stack.
	if got := Bytes(480<<10, 1, false); got != 0 {
		t.Errorf("what a goroutine has room for takes %d", got)
	}
	if got := Bytes(480<<10+1, 1, false); got != 512<<10 {
		t.Errorf("one byte more takes %d", got)
	}
	if got := Bytes(96<<10, 1, true); got != 128<<10 {
		t.Errorf("what the first segment has room for takes %d", got)
	}
}

func TestPlain(t *testing.T) {
	for _, c := range []struct{ levels, frame, want int64 }{{1, 8, 2 << 10}, {1 << 20, 32, 32 << 20}, {1<<20 + 1, 32, 64 << 20}} {
		if got := Plain(c.levels, c.frame); got != c.want {
			t.Errorf("%d levels of %d bytes: %d, want %d", c.levels, c.frame, got, c.want)
		}
	}
}

// A turn of half the frames that Go shows is there twice, which is enough. What follows, for
// example other goroutines, does not count.
func TestReadFramesLong(t *testing.T) {
	var text strings.Builder
	text.WriteString("fatal error: stack overflow\n\ngoroutine 1 [running]:\n")
	for i := range 50 {
		fmt.Fprintf(&text, "main.f%d(0x1)\n\tmain.go:9 +0x85 fp=0x%x sp=0x1 pc=0x1\n", i%25, 0x1000+100*i)
	}
	for _, end := range []string{"...16690 frames elided...\n", "...additional frames elided...\n", "\ngoroutine 2 [running]:\n"} {
		frames, err := ReadFrames(strings.NewReader(text.String() + end + "main.main()\n\tmain.go:9 +0x85 fp=0x9000 sp=0x1 pc=0x1\n"))
		if err != nil || frames.Bytes != 2500 || len(frames.Cycle) != 25 {
			t.Errorf("%q: %+v, %v", end, frames, err)
		}
	}
}

// The bytes of a turn are read off a traceback that Go printed.
func TestReadFrames(t *testing.T) {
	out := crashOf(t, "parity")
	frames, err := ReadFrames(bytes.NewReader(out))
	if err != nil {
		t.Fatalf("%v\n%.2000s", err, out)
	}
	// 160 bytes of locals, and two frames.
	if frames.Bytes < 160 || frames.Bytes > 400 {
		t.Errorf("a turn takes %d bytes", frames.Bytes)
	}
	cycle := strings.Join(frames.Cycle, " ")
	if len(frames.Cycle) != 2 || !strings.Contains(cycle, "size.(*parity).isOdd") || !strings.Contains(cycle, "size.(*parity).isEven") {
		t.Errorf("the cycle is %q", frames.Cycle)
	}
	if total := frames.Turns * frames.Bytes; total < 400<<10 || total > 1<<20 {
		t.Errorf("%d turns of %d bytes, on a stack of at most 1 MiB", frames.Turns, frames.Bytes)
	}
	for _, text := range []string{"", "panic: no\n\ngoroutine 1 [running]:\nmain.main()\n\t/x.go:1 +0x1d\n", "fatal error: stack overflow\nmain.f(...)\n\tx.go:1\n"} {
		if f, err := ReadFrames(strings.NewReader(text)); !errors.Is(err, ErrNoFrames) {
			t.Errorf("%q: %v, %v", text, f, err)
		}
	}
}

// The line of an OverflowError is read out of a log, whatever is around it.
func TestReadOverflow(t *testing.T) {
	_, err := vstack.Run(context.Background(), func(_ context.Context, s *vstack.Stack) (int, error) {
		return (&workload.Linear{Stack: s}).Handle(10_000_000), nil
	}, vstack.WithName(`a "b"`), vstack.WithMaxMemory(4<<20))
	var overflow *vstack.OverflowError
	if !errors.As(err, &overflow) {
		t.Fatal(err)
	}
	levels, each := overflow.Levels()
	var slogged, other bytes.Buffer
	slog.New(slog.NewTextHandler(&slogged, nil)).Warn("refused", "error", overflow)
	log.New(&other, "", log.LstdFlags).Printf("refused: %v", fmt.Errorf("the server is busy: %w", err))
	for _, text := range []string{overflow.Error(), slogged.String(), other.String(), fmt.Sprintf("vstack: stack overflow: 1 level deep, 7 bytes a level\n%+v", err)} {
		frames, err := ReadFrames(strings.NewReader("first\n" + text + "last\n"))
		if err != nil || frames.Bytes != each || frames.Turns != levels || frames.Cycle != nil {
			t.Errorf("%v, %+v of %q; want %d and %d", err, frames, text, each, levels)
		}
	}
	if f, err := ReadFrames(strings.NewReader("vstack: stack overflow: 0 levels deep, 0 bytes a level")); !errors.Is(err, ErrNoFrames) {
		t.Error(f, err)
	}
}
