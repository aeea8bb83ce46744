package vstack_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vstack-go/vstack/vstack"
	"github.com/vstack-go/vstack/vstack/internal/self"
)

// traceAt returns a trace taken at the bottom of a recursion.
func traceAt(t *testing.T, levels int, kind func(int) int, opts ...vstack.Option) (trace *vstack.Trace) {
	t.Helper()
	_, err := vstack.Run(context.Background(), func(_ context.Context, s *vstack.Stack) (int, error) {
		c := &calculator{s, kind, func() { trace = s.Trace() }}
		return c.eval(levels), nil
	}, append(opts, vstack.WithMaxMemory(0))...)
	if err != nil {
		t.Fatal(err)
	}
	return trace
}

// times returns how often a function is in the trace.
func times(t *vstack.Trace, name string) (n int64) {
	for frame, count := range t.All() {
		if strings.HasSuffix(frame.Function, name) {
			n += count
		}
	}
	return n
}

func TestTrace(t *testing.T) {
	const levels = 100_000
	trace := traceAt(t, levels, binary, vstack.WithName("sums"))
	if trace.Name != "sums" || trace.Segments < 2 || trace.Walked != trace.Segments || trace.Bytes < int64(trace.Segments)*64<<10 {
		t.Errorf("%q: %d segments, %d walked, %d bytes", trace.Name, trace.Segments, trace.Walked, trace.Bytes)
	}
	// The frame at each hop is there twice, and a closure between the two.
	hops := times(trace, ".eval.func1")
	if hops < int64(trace.Segments)-2 || hops > int64(trace.Segments) {
		t.Errorf("%d closures of guards in %d segments", hops, trace.Segments)
	}
	if n := times(trace, ").eval"); n != levels+1+hops {
		t.Errorf("eval: %d times, want %d and %d at hops", n, levels+1, hops)
	}
	if n := times(trace, ").evalBinary"); n != levels {
		t.Errorf("evalBinary: %d times, want %d", n, levels)
	}
	var depth, bytes int64
	for _, part := range trace.Parts {
		depth += part.Depth
		bytes += part.Bytes
	}
	if depth != trace.Depth || bytes != trace.Bytes {
		t.Errorf("the parts have %d frames and %d bytes, the trace %d and %d", depth, bytes, trace.Depth, trace.Bytes)
	}
	cycle, ok := trace.Cycle()
	if want := "eval -> evalBinary -> eval x "; !ok || !strings.HasPrefix(cycle.String(), want) {
		t.Errorf("the cycle is %s", cycle)
	}
	for _, frame := range append(trace.Top, trace.Root...) {
		if strings.Contains(frame.Function, "vstack/vstack.") || strings.Contains(frame.Function, "/scheduler.") ||
			frame.Function == "runtime.goexit" {
			t.Errorf("a frame of vstack's own: %v", frame)
		}
	}
	// It ends at whoever made the root call.
	if last := trace.Root[len(trace.Root)-1]; last.Function != "testing.tRunner" || last.Segment != 0 {
		t.Errorf("the oldest frame is %v", last)
	}
	if first := trace.Top[0]; !strings.Contains(first.Function, "traceAt") || first.Segment != trace.Segments || first.SegmentBytes != 512<<10 {
		t.Errorf("the newest frame is %v of %d segments", first, trace.Segments)
	}
	if len(trace.Parts) > 12 {
		t.Errorf("%d parts:\n%s", len(trace.Parts), trace)
	}
	t.Log(trace.Summary())
	t.Logf("\n%s", trace)
}

// The lines have the form that Go's own tracebacks have, as editors and tools
// look for it.
func TestTraceForm(t *testing.T) {
	text := traceAt(t, 50_000, binary).String()
	head := regexp.MustCompile(`^virtual stack \[[\d,]+ frames, \d+ segments, [\d,]+ bytes\]:$`)
	call := regexp.MustCompile(`^[\w./\-]+(\.\(\*?\w+\))?[\w.\[\]]*\(\.\.\.\)$`)
	place := regexp.MustCompile(`^\t(/|[A-Z]:).*\.go:\d+ \+0x[0-9a-f]+$`)
	more := regexp.MustCompile(`^\.\.\..*\.\.\.$`)
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if !head.MatchString(lines[0]) {
		t.Errorf("the head is %q", lines[0])
	}
	for i := 1; i < len(lines); i++ {
		if more.MatchString(lines[i]) {
			continue
		}
		if !call.MatchString(lines[i]) || i+1 == len(lines) || !place.MatchString(lines[i+1]) {
			t.Fatalf("line %d: %q\n%s", i, lines[i], text)
		}
		i++
	}
	// The place is where Go itself says that it is.
	own := make([]byte, 4<<10)
	var native string
	_, err := vstack.Run(context.Background(), func(_ context.Context, s *vstack.Stack) (int, error) {
		native = string(own[:runtime.Stack(own, false)]) // on
		text = s.Trace().String()                        // neighbouring lines
		return 0, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`TestTraceForm\.func1\(.*\)\n\t(.*):(\d+) \+0x`)
	a, b := line.FindStringSubmatch(native), line.FindStringSubmatch(text)
	if a == nil || b == nil {
		t.Fatalf("Go says\n%s\nand the trace\n%s", native, text)
	}
	n, _ := strconv.Atoi(a[2])
	if m, _ := strconv.Atoi(b[2]); a[1] != b[1] || m != n+1 {
		t.Errorf("Go says %s:%s, the trace %s:%s", a[1], a[2], b[1], b[2])
	}
}

// A recursion that goes this way and that stays one part with a few paths.
func TestTraceIrregular(t *testing.T) {
	const levels = 200_000
	trace := traceAt(t, levels, func(n int) int {
		switch {
		case n%1000 == 7:
			return 2
		case uint32(n)*2654435761>>13&3 == 0:
			return 1
		}
		return 0
	})
	if len(trace.Parts) > 12 {
		t.Errorf("%d parts:\n%s", len(trace.Parts), trace.Summary())
	}
	hops := times(trace, ".eval.func1")
	if n := times(trace, ").eval"); n != levels+1+hops {
		t.Errorf("eval: %d times, want %d and %d at hops", n, levels+1, hops)
	}
	if call, args := times(trace, ").evalCall"), times(trace, ").evalArgs"); call != args || call < levels/5 || call > levels/3 {
		t.Errorf("evalCall %d times, evalArgs %d times", call, args)
	}
	for _, part := range trace.Parts {
		frames := part.Others
		for _, path := range part.Paths {
			frames += path.Count * int64(len(path.Frames))
		}
		if frames != part.Depth {
			t.Errorf("a part of %d frames has %d", part.Depth, frames)
		}
	}
	cycle, _ := trace.Cycle()
	if !regexp.MustCompile(`^eval -> evalBinary -> eval x 1\d\d,\d\d\d \| eval -> evalCall -> evalArgs -> eval x \d\d,\d\d\d \| `).MatchString(cycle.String()) {
		t.Errorf("the cycle is %s", cycle)
	}
	t.Log(trace.Summary())
}

// ping and pong take turns that are too long to be one recursion.
func ping(s *vstack.Stack, n int, leaf func()) {
	if s.Low() {
		s.Do(func() { ping(s, n, leaf) })
		return
	}
	switch {
	case n == 0:
		leaf()
	case n%100 == 0:
		pong(s, n-1, leaf)
	default:
		ping(s, n-1, leaf)
	}
}

func pong(s *vstack.Stack, n int, leaf func()) {
	if s.Low() {
		s.Do(func() { pong(s, n, leaf) })
		return
	}
	if n%100 == 0 {
		ping(s, n-1, leaf)
	} else {
		pong(s, n-1, leaf)
	}
}

// However often that changes, the trace stays small, and no frame is lost.
func TestTraceManyParts(t *testing.T) {
	const levels = 200_000
	s := vstack.New(vstack.WithMaxMemory(0))
	defer s.Close()
	var trace *vstack.Trace
	s.Do(func() { ping(s, levels, func() { trace = s.Trace() }) })
	depth, bytes, mixed := int64(0), int64(0), 0
	for _, part := range trace.Parts {
		depth += part.Depth
		bytes += part.Bytes
		frames := part.Others
		for _, path := range part.Paths {
			frames += path.Count * int64(len(path.Frames))
		}
		if frames != part.Depth {
			t.Errorf("a part of %d frames has %d", part.Depth, frames)
		}
		if part.Mixed {
			mixed++
		}
	}
	if len(trace.Parts) > 256 || mixed != 1 || depth != trace.Depth || bytes != trace.Bytes {
		t.Errorf("%d parts, %d of them mixed; %d frames of %d, %d bytes of %d", len(trace.Parts), mixed, depth, trace.Depth, bytes, trace.Bytes)
	}
	if n := times(trace, ".ping") + times(trace, ".pong"); n < levels*9/10 {
		t.Errorf("ping and pong are there %d times", n)
	}
	if len(trace.String()) > 1<<20 || len(trace.Summary()) > 1<<16 {
		t.Errorf("printed it has %d bytes, in one line %d", len(trace.String()), len(trace.Summary()))
	}
}

// A recursion that is not deep is shown as it is, but for what repeats exactly.
func TestTraceShallow(t *testing.T) {
	trace := traceAt(t, 3, func(n int) int { return n - 1 })
	if got, want := trace.Summary(), "tRunner -> TestTraceShallow -> traceAt -> traceAt.func1 -> eval -> eval -> evalCall -> evalArgs -> eval -> evalBinary -> eval -> traceAt.func1.1"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	trace = traceAt(t, 20, binary)
	if got, want := trace.Summary(), "tRunner -> TestTraceShallow -> traceAt -> traceAt.func1 -> eval; eval -> evalBinary -> eval x 19; evalBinary -> eval -> traceAt.func1.1"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestTraceRootFirst(t *testing.T) {
	trace := traceAt(t, 30_000, binary)
	root := trace.RootFirst()
	if root.RootFirst() != root || root.Summary() != trace.Summary() {
		t.Errorf("turned around twice: %s", root.Summary())
	}
	var forward, backward []string
	for frame := range trace.All() {
		forward = append(forward, frame.Function)
	}
	for frame := range root.All() {
		backward = append([]string{frame.Function}, backward...)
	}
	// The order of the paths of a part stays; these have the same frames.
	if len(forward) != len(backward) || forward[0] != backward[0] {
		t.Errorf("\n%q\n%q", forward, backward)
	}
	if text := root.String(); strings.Index(text, "testing.tRunner") > strings.Index(text, "evalBinary") {
		t.Errorf("the root is not first:\n%s", text)
	}
}

func TestTraceJSON(t *testing.T) {
	trace := traceAt(t, 30_000, binary, vstack.WithName("sums"))
	text, err := json.Marshal(trace)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Name, Order, Summary string
		Depth, Bytes         int64
		Segments             int
		Parts                []struct {
			Depth int64
			Paths []struct {
				Count  int64
				Frames []vstack.Frame
			}
		}
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if got.Name != "sums" || got.Order != "top first" || got.Summary != trace.Summary() || got.Depth != trace.Depth ||
		got.Bytes != trace.Bytes || got.Segments != trace.Segments || len(got.Parts) != len(trace.Parts) {
		t.Errorf("%s", text)
	}
	if frame := got.Parts[0].Paths[0].Frames[0]; frame != trace.Parts[0].Paths[0].Frames[0] {
		t.Errorf("the newest frame is %v", frame)
	}
}

// Ten million levels, with little memory for it, and the recursion goes on. The
// time is logged, for docs/observability.md; a busy machine must not fail a test.
func TestTraceTenMillion(t *testing.T) {
	if raceEnabled || testing.Short() || strconv.IntSize == 32 {
		t.Skip("needs a gigabyte, and time")
	}
	if !inChild(t) {
		return
	}
	const levels = 10_000_000
	var took time.Duration
	var grown int64
	var trace *vstack.Trace
	n, err := vstack.Run(context.Background(), func(_ context.Context, s *vstack.Stack) (int, error) {
		c := &calculator{s, binary, func() {
			runtime.GC()
			_, before := rss()
			start := time.Now()
			trace = s.Trace()
			took = time.Since(start)
			_, after := rss()
			grown = after - before
		}}
		return c.eval(levels), nil
	}, vstack.WithMaxMemory(0))
	if n != levels || err != nil {
		t.Fatal(n, err)
	}
	t.Logf("%d frames in %v, peak memory %d KiB more; %s", trace.Depth, took, grown>>10, trace.Summary())
	if n := times(trace, ").evalBinary"); n != levels {
		t.Errorf("evalBinary: %d times", n)
	}
	if grown > 64*mib {
		t.Errorf("took %d MiB", grown/mib)
	}
}

// Hops, hot splits and memory are the same with traces as without: a guard that
// is low for a trace goes on where it is.
func TestTraceChangesNothing(t *testing.T) {
	if !alone(t) {
		return
	}
	// The collector would shrink stacks, here or there.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	run := func(every int) vstack.Stats {
		s := vstack.New()
		defer s.Close()
		levels := 0
		c := &calculator{s, nil, func() {}}
		c.kind = func(n int) int {
			if every > 0 && n%every == 0 {
				if trace := s.Trace(); times(trace, ").evalBinary") != int64(levels) {
					t.Errorf("at level %d: %s", levels, trace.Summary())
				}
			}
			levels++
			return 0
		}
		for range 2 {
			levels = 0
			if err := s.Run(context.Background(), func(context.Context) error {
				if got := c.eval(20_000); got != 20_000 {
					t.Errorf("the result is %d", got)
				}
				return nil
			}); err != nil {
				t.Error(err)
			}
		}
		return s.Stats()
	}
	with, without := run(997), run(0)
	if with.Hops != without.Hops || with.PeakBytes != without.PeakBytes || with.Started != without.Started {
		t.Errorf("with traces %+v, without %+v", with, without)
	}
}

// A look from outside is answered at the next guard, also one that is low for
// nothing else, and leaves no trace itself.
func TestTraceContext(t *testing.T) {
	needsPreemption(t)
	s := vstack.New(vstack.WithName("seen"))
	defer s.Close()
	deep, done := make(chan struct{}), make(chan struct{})
	finished := make(chan error)
	go func() {
		finished <- s.Run(context.Background(), func(context.Context) error {
			c := &calculator{s, binary, func() {
				close(deep)
				for { // without depth, but with guards
					select {
					case <-done:
						return
					default:
						count(s, 1)
					}
				}
			}}
			c.eval(100_000)
			return nil
		})
	}()
	<-deep
	before := s.Stats()
	for range 50 {
		trace, err := s.TraceContext(context.Background(), 0)
		if err != nil {
			t.Fatal(err)
		}
		if n := times(trace, ").evalBinary"); n != 100_000 || trace.Name != "seen" {
			t.Fatalf("%s", trace.Summary())
		}
	}
	// Several at once, and part of it.
	answers := make(chan *vstack.Trace)
	for range 4 {
		go func() {
			trace, err := s.TraceContext(context.Background(), 4)
			if err != nil {
				t.Error(err)
			}
			answers <- trace
		}()
	}
	for range 4 {
		if trace := <-answers; trace.Walked < 4 || !strings.Contains(trace.String(), "segments not walked") ||
			!strings.Contains(trace.Summary(), "TestTraceContext") {
			t.Errorf("%d of %d segments:\n%s", trace.Walked, trace.Segments, trace.Summary())
		}
	}
	if after := s.Stats(); after.PeakBytes != before.PeakBytes {
		t.Errorf("before %+v, after %+v", before, after)
	}
	close(done)
	if err := <-finished; err != nil {
		t.Error(err)
	}
	if trace, err := s.TraceContext(context.Background(), 0); err != nil || trace.Depth != 0 || trace.Name != "seen" {
		t.Error("of an idle stack:", trace, err)
	}
}

// Frames of Run have no guard between them; they answer as well.
func TestTraceContextOfRuns(t *testing.T) {
	s := vstack.New()
	defer s.Close()
	ctx, cancel := context.WithCancel(context.Background())
	started := make(chan struct{})
	finished := make(chan error)
	go func() {
		finished <- s.Run(ctx, func(ctx context.Context) error {
			close(started)
			for ctx.Err() == nil {
				if err := s.Run(context.WithoutCancel(ctx), func(context.Context) error { return nil }); err != nil {
					return err
				}
			}
			return nil
		})
	}()
	<-started
	trace, err := s.TraceContext(context.Background(), 0)
	if err != nil || trace.Depth == 0 {
		t.Error(trace, err)
	}
	cancel()
	if err := <-finished; err != nil {
		t.Error(err)
	}
}

// Nobody who waits is forgotten: not if the frame is blocked, nor if the root
// call ends without a guard.
func TestTraceContextWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := vstack.New()
		defer s.Close()
		blocked, finished := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(finished)
			_ = s.Run(context.Background(), func(context.Context) error {
				<-blocked
				return nil
			})
		}()
		synctest.Wait()
		ctx, cancel := context.WithTimeoutCause(context.Background(), time.Second, errors.New("too long"))
		defer cancel()
		if trace, err := s.TraceContext(ctx, 0); trace != nil || err == nil || err.Error() != "too long" {
			t.Errorf("%v, %v", trace, err)
		}
		answer := make(chan *vstack.Trace)
		go func() {
			trace, err := s.TraceContext(context.Background(), 0)
			if err != nil {
				t.Error(err)
			}
			answer <- trace
		}()
		synctest.Wait()
		close(blocked)
		if trace := <-answer; trace == nil || trace.Depth != 0 {
			t.Errorf("after the root call: %v", trace)
		}
		<-finished
	})
}

// A request and a cancellation at the same time: the trace is answered and the
// recursion unwinds.
func TestTraceContextCanceled(t *testing.T) {
	needsPreemption(t)
	s := vstack.New()
	defer s.Close()
	for range 20 {
		ctx, cancel := context.WithCancel(context.Background())
		started, finished := make(chan struct{}), make(chan error)
		go func() {
			finished <- s.Run(ctx, func(context.Context) error {
				close(started)
				for {
					count(s, 10_000)
				}
			})
		}()
		<-started
		go cancel()
		for range 3 {
			if _, err := s.TraceContext(context.Background(), 0); err != nil {
				t.Error(err)
			}
		}
		if err := <-finished; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
}

func TestTraceMisuse(t *testing.T) {
	var none *vstack.Stack
	if trace := none.Trace(); trace.Depth != 0 {
		t.Error(trace)
	}
	if trace, err := none.TraceContext(context.Background(), 0); err != nil || trace.Depth != 0 {
		t.Error(trace, err)
	}
	s := vstack.New()
	defer s.Close()
	defer func() {
		if err, ok := recover().(error); !ok || !errors.Is(err, vstack.ErrMisuse) {
			t.Error(err)
		}
	}()
	s.Trace()
}

// A branch's trace is its own; the root of it has nobody waiting in a call.
func TestTraceOfBranch(t *testing.T) {
	_, err := vstack.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) (int, error) {
		return 0, s.Scope(ctx, func(scope *vstack.Scope) error {
			for range 3 {
				scope.Go(func(ctx context.Context, b *vstack.Stack) error {
					c := &calculator{b, binary, nil}
					c.leaf = func() {
						if n := times(b.Trace(), ").evalBinary"); n != 30_000 {
							t.Errorf("evalBinary %d times", n)
						}
					}
					c.eval(30_000)
					return nil
				})
			}
			return nil
		})
	})
	if err != nil {
		t.Error(err)
	}
}

func ExampleStack_Trace() {
	_, err := vstack.Run(context.Background(), func(_ context.Context, s *vstack.Stack) (int, error) {
		c := &calculator{stack: s, kind: binary}
		c.leaf = func() {
			cycle, _ := s.Trace().Cycle()
			fmt.Println(strings.SplitAfter(cycle.String(), " x ")[0] + "...")
		}
		return c.eval(1_000_000), nil
	})
	fmt.Println(err)
	// Output:
	// eval -> evalBinary -> eval x ...
	// <nil>
}

// Somebody asks all stacks for traces, whatever they do.
func TestTraceWhatever(t *testing.T) {
	stop := make(chan bool)
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			for _, s := range vstack.Stacks() {
				ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
				s.TraceContext(ctx, 4)
				cancel()
			}
			runtime.Gosched()
		}
	})
	rounds := 40
	if raceEnabled {
		rounds = 3
	}
	for i := range rounds {
		onFresh(func() { free(9000 + i) })
		_, err := vstack.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) (int, error) {
			free(20_000)
			return 0, s.Scope(ctx, func(scope *vstack.Scope) error {
				for range 10 {
					scope.Go(func(ctx context.Context, s *vstack.Stack) error {
						free(8000)
						s.Yield()
						_, err := vstack.Await(s, func() (int, error) { return free(8000), nil })
						free(8000)
						return err
					})
				}
				return nil
			})
		})
		if err != nil {
			t.Error(err)
		}
		_, err = vstack.Run(context.Background(), func(ctx context.Context, s *vstack.Stack) (int, error) {
			free(1 << 30)
			return 0, nil
		}, vstack.WithMaxMemory(8*mib))
		if !errors.Is(err, vstack.ErrOverflow) {
			t.Error(err)
		}
		s := vstack.New()
		task := s.Start(context.Background(), func(context.Context) error { free(30_000); s.Yield(); free(30_000); return nil })
		for !task.StepFor(100 * time.Microsecond) {
		}
		task2 := s.Start(context.Background(), func(context.Context) error { free(30_000); s.Yield(); free(30_000); return nil })
		task2.Step()
		if err := task2.Cancel(); err != context.Canceled && err != nil {
			t.Error(err)
		}
		s.Close()
	}
	close(stop)
	wg.Wait()
	for i := range self.Slots {
		if self.Slot(i).Limit() == 0 {
			t.Error("mark left in", i)
		}
	}
}
