package vstack_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/vstack-go/vstack/vstack"
)

// short is a function's name without its package.
func short(f vstack.Frame) string { return f.Function[strings.LastIndex(f.Function, ".")+1:] }

// Too deep an input is an error like any other.
func ExampleErrOverflow() {
	_, err := vstack.Run(context.Background(), func(_ context.Context, stack *vstack.Stack) (int, error) {
		return count(stack, 1_000_000_000), nil
	}, vstack.WithMaxMemory(1<<20))
	if errors.Is(err, vstack.ErrOverflow) {
		fmt.Println("nested too deeply")
	}
	// Output: nested too deeply
}

func ExampleErrClosed() {
	stack := vstack.New()
	stack.Close()
	err := stack.Run(context.Background(), func(context.Context) error { return nil })
	fmt.Println(errors.Is(err, vstack.ErrClosed))
	// Output: true
}

// A stack belongs to the functions that run on it.
func ExampleErrMisuse() {
	_, err := vstack.Run(context.Background(), func(ctx context.Context, stack *vstack.Stack) (int, error) {
		result := make(chan error)
		go func() {
			result <- stack.Run(ctx, func(context.Context) error { return nil })
		}()
		return 0, <-result
	})
	fmt.Println(errors.Is(err, vstack.ErrMisuse))
	// Output: true
}

// A program that chooses its options at run time keeps them in a slice.
func ExampleOption() {
	options := []vstack.Option{vstack.WithName("parser")}
	if limit := int64(1 << 20); limit > 0 {
		options = append(options, vstack.WithMaxMemory(limit))
	}
	stack := vstack.New(options...)
	defer stack.Close()
	fmt.Println(stack.Name())
	// Output: parser
}

// How deep a recursion may go is a number of bytes.
func ExampleWithMaxMemory() {
	for _, limit := range []int64{1 << 20, 64 << 20} {
		n, err := vstack.Run(context.Background(), func(_ context.Context, stack *vstack.Stack) (int, error) {
			return count(stack, 100_000), nil
		}, vstack.WithMaxMemory(limit))
		fmt.Println(n, errors.Is(err, vstack.ErrOverflow))
	}
	// Output:
	// 0 true
	// 100000 false
}

func ExampleWithName() {
	stack := vstack.New(vstack.WithName("evaluator"))
	defer stack.Close()
	_ = stack.Run(context.Background(), func(context.Context) error {
		fmt.Println(stack.Trace().Name) // and the label "vstack" in profiles
		return nil
	})
	// Output: evaluator
}

// A stack that is seldom used need not hold memory between calls.
func ExampleWithIdleMemory() {
	stack := vstack.New(vstack.WithIdleMemory(0))
	defer stack.Close()
	count(stack, 100_000)
	fmt.Println("idle workers:", stack.Stats().Idle)
	// Output: idle workers: 0
}

// After a burst of requests a pool keeps no more stacks than it is told to.
func ExampleWithIdleStacks() {
	pool := vstack.NewPool(vstack.WithIdleStacks(1))
	defer pool.Close()
	ctx := context.Background()
	_ = pool.Run(ctx, func(ctx context.Context, _ *vstack.Stack) error {
		return pool.Run(ctx, func(context.Context, *vstack.Stack) error { // a second stack
			fmt.Println("running:", pool.Stats().Running)
			return nil
		})
	})
	fmt.Println("idle:", pool.Stats().Idle)
	// Output:
	// running: 2
	// idle: 1
}

// A server with rare bursts keeps its stacks warm for longer than a minute.
func ExampleWithIdleTime() {
	pool := vstack.NewPool(vstack.WithIdleTime(time.Hour))
	defer pool.Close()
	for range 2 {
		_ = pool.Run(context.Background(), func(context.Context, *vstack.Stack) error { return nil })
	}
	fmt.Println("reused:", pool.Stats().Reused)
	// Output: reused: 1
}

// Two stacks share a budget: what one has in use the other cannot have.
func ExampleWithBudget() {
	budget := vstack.NewBudget(1 << 20)
	a, b := vstack.New(vstack.WithBudget(budget)), vstack.New(vstack.WithBudget(budget))
	defer a.Close()
	defer b.Close()
	err := a.Run(context.Background(), func(ctx context.Context) error {
		return b.Run(ctx, func(context.Context) error {
			count(b, 1_000_000)
			return nil
		})
	})
	fmt.Println(errors.Is(err, vstack.ErrOverflow))
	// Output: true
}

// A server's pools share one budget.
func ExampleNewBudget() {
	type server struct {
		budget         *vstack.Budget
		parsers, rules *vstack.Pool
	}
	s := server{budget: vstack.NewBudget(256 << 20)}
	s.parsers = vstack.NewPool(vstack.WithBudget(s.budget))
	defer s.parsers.Close()
	s.rules = vstack.NewPool(vstack.WithBudget(s.budget))
	defer s.rules.Close()
	fmt.Println(s.budget.Size()>>20, "MiB")
	// Output: 256 MiB
}

// A server can show how much of its budget is used.
func ExampleBudget_InUse() {
	budget := vstack.NewBudget(64 << 20)
	stack := vstack.New(vstack.WithBudget(budget))
	_ = stack.Run(context.Background(), func(context.Context) error {
		fmt.Println("while it runs:", budget.InUse() > 0)
		return nil
	})
	stack.Close()
	fmt.Println("after Close:", budget.InUse())
	// Output:
	// while it runs: true
	// after Close: 0
}

func ExampleBudget_Size() {
	budget := vstack.NewBudget(1 << 20)
	fmt.Println(budget.Size() - budget.InUse()) // what is left
	// Output: 1048576
}

// A page for operators lists the stacks that are in use.
func ExampleStacks() {
	stack := vstack.New(vstack.WithName("in the list"))
	defer stack.Close()
	for _, s := range vstack.Stacks() {
		if s.Name() == "in the list" {
			fmt.Println(s.ID() == stack.ID())
		}
	}
	// Output: true
}

// Stacks may have the same name; a log tells them apart by their numbers.
func ExampleStack_ID() {
	a, b := vstack.New(), vstack.New()
	defer a.Close()
	defer b.Close()
	fmt.Println(a.ID() < b.ID())
	// Output: true
}

func ExampleStack_Made() {
	before := time.Now()
	stack := vstack.New()
	defer stack.Close()
	fmt.Println(stack.Made().Before(before), time.Since(stack.Made()) >= 0)
	// Output: false true
}

func ExampleStack_Name() {
	var none *vstack.Stack
	stack := vstack.New(vstack.WithName("rules"))
	defer stack.Close()
	fmt.Printf("%q %q\n", stack.Name(), none.Name())
	// Output: "rules" ""
}

// A stack holds idle goroutines until it is closed.
func ExampleStack_Close() {
	stack := vstack.New()
	count(stack, 100_000)
	fmt.Println("idle workers:", stack.Stats().Idle > 0)
	stack.Close()
	fmt.Println("idle workers:", stack.Stats().Idle > 0)
	// Output:
	// idle workers: true
	// idle workers: false
}

// A long task gives its caller a turn after each piece of work.
func ExampleStack_Yield() {
	stack := vstack.New()
	defer stack.Close()
	pieces := 0
	task := stack.Start(context.Background(), func(context.Context) error {
		for range 3 {
			pieces++
			stack.Yield()
		}
		return nil
	})
	for !task.Step() {
		fmt.Println("pieces:", pieces)
	}
	// Output:
	// pieces: 1
	// pieces: 2
	// pieces: 3
}

// Another goroutine looks at a recursion that runs.
func ExampleStack_TraceContext() {
	stack := vstack.New(vstack.WithName("busy"))
	defer stack.Close()
	ctx, cancel := context.WithCancel(context.Background())
	started, ended := make(chan bool), make(chan error)
	go func() {
		ended <- stack.Run(ctx, func(context.Context) error {
			close(started)
			spin(stack) // for ever, with guards
			return nil
		})
	}()
	<-started
	trace, err := stack.TraceContext(context.Background(), 16)
	cancel()
	fmt.Println(trace.Name, trace.Depth > 0, err)
	fmt.Println(<-ended)
	// Output:
	// busy true <nil>
	// context canceled
}

// A stack's counts show whether its workers are used again.
func ExampleStats() {
	stack := vstack.New()
	defer stack.Close()
	var before vstack.Stats = stack.Stats()
	count(stack, 100_000)
	after := stack.Stats()
	fmt.Println(after.Hops > before.Hops, after.Started > 0, after.Running)
	// Output: true true false
}

// steps is a task of three pieces.
func steps(stack *vstack.Stack) *vstack.Task {
	return stack.Start(context.Background(), func(context.Context) error {
		for range 3 {
			stack.Yield()
		}
		return nil
	})
}

// One goroutine runs several tasks by turns.
func ExampleTask() {
	var tasks []*vstack.Task
	for range 2 {
		stack := vstack.New()
		defer stack.Close()
		tasks = append(tasks, steps(stack))
	}
	turns := 0
	for len(tasks) > 0 {
		task := tasks[0]
		tasks = tasks[1:]
		turns++
		if !task.Step() {
			tasks = append(tasks, task)
		}
	}
	fmt.Println(turns)
	// Output: 8
}

func ExampleTask_Step() {
	stack := vstack.New()
	defer stack.Close()
	task, n := steps(stack), 1
	for !task.Step() {
		n++
	}
	fmt.Println(n)
	// Output: 4
}

// A program with a loop of its own gives the task some time in each round.
func ExampleTask_StepFor() {
	stack := vstack.New()
	defer stack.Close()
	sum := 0
	task := stack.Start(context.Background(), func(context.Context) error {
		sum = summer{stack}.sum(ones(100_000))
		return nil
	})
	for !task.StepFor(5 * time.Millisecond) {
		// here the program draws a picture
	}
	fmt.Println(sum)
	// Output: 100000
}

// A caller that has nothing else to do runs the task to its end.
func ExampleTask_Wait() {
	stack := vstack.New()
	defer stack.Close()
	task := stack.Start(context.Background(), func(context.Context) error {
		stack.Yield()
		return errors.New("no such file")
	})
	task.Step()
	fmt.Println(task.Wait())
	// Output: no such file
}

// A task that is given up cleans up behind it.
func ExampleTask_Cancel() {
	stack := vstack.New()
	defer stack.Close()
	task := stack.Start(context.Background(), func(context.Context) error {
		defer fmt.Println("cleaned up")
		for {
			stack.Yield()
		}
	})
	task.Step()
	fmt.Println(task.Cancel())
	// Output:
	// cleaned up
	// context canceled
}

// A step ends at each hop, so the caller can watch a recursion grow.
func ExampleTask_Depth() {
	stack := vstack.New()
	defer stack.Close()
	task := stack.Start(context.Background(), func(context.Context) error {
		count(stack, 100_000)
		return nil
	})
	fmt.Println(task.Depth())
	deepest := 0
	for !task.Step() {
		deepest = max(deepest, task.Depth())
	}
	fmt.Println(deepest > 1, task.Depth())
	// Output:
	// 0
	// true 0
}

// The branches of a scope need no lock: one of them runs at a time.
func ExampleScope_Go() {
	total := 0
	_, err := vstack.Run(context.Background(), func(ctx context.Context, stack *vstack.Stack) (int, error) {
		return 0, stack.Scope(ctx, func(scope *vstack.Scope) error {
			for _, n := range []int{1_000, 20_000, 300_000} {
				scope.Go(func(_ context.Context, stack *vstack.Stack) error {
					total += count(stack, n)
					return nil
				})
			}
			return nil
		})
	})
	fmt.Println(total, err)
	// Output: 321000 <nil>
}

// A function may start branches of a scope that its caller made.
func ExampleScope() {
	sum := 0
	add := func(scope *vstack.Scope, l *list) {
		scope.Go(func(_ context.Context, stack *vstack.Stack) error {
			sum += summer{stack}.sum(l)
			return nil
		})
	}
	_, err := vstack.Run(context.Background(), func(ctx context.Context, stack *vstack.Stack) (int, error) {
		return 0, stack.Scope(ctx, func(scope *vstack.Scope) error {
			add(scope, ones(10))
			add(scope, ones(20))
			return nil
		})
	})
	fmt.Println(sum, err)
	// Output: 30 <nil>
}

// The functions of a group share the options, and their first error is Wait's.
func ExampleNewGroup() {
	start := func(group *vstack.Group, depth int) {
		group.Go(func(_ context.Context, stack *vstack.Stack) error {
			count(stack, depth)
			return nil
		})
	}
	group := vstack.NewGroup(context.Background(), vstack.WithMaxMemory(1<<20))
	start(group, 10)
	start(group, 1_000_000_000)
	fmt.Println(errors.Is(group.Wait(), vstack.ErrOverflow))
	// Output: true
}

// With a limit of one the functions run one after the other.
func ExampleGroup_SetLimit() {
	group := vstack.NewGroup(context.Background())
	group.SetLimit(1)
	for i := range 3 {
		group.Go(func(context.Context, *vstack.Stack) error {
			fmt.Println("job", i)
			return nil
		})
	}
	fmt.Println(group.Wait())
	// Output:
	// job 0
	// job 1
	// job 2
	// <nil>
}

func ExampleGroup_Go() {
	group := vstack.NewGroup(context.Background())
	var left, right int
	group.Go(func(_ context.Context, stack *vstack.Stack) error {
		left = count(stack, 1_000)
		return nil
	})
	group.Go(func(_ context.Context, stack *vstack.Stack) error {
		right = count(stack, 100_000)
		return nil
	})
	fmt.Println(group.Wait(), left+right)
	// Output: <nil> 101000
}

// A caller that finds all workers taken does the work itself.
func ExampleGroup_TryGo() {
	group := vstack.NewGroup(context.Background())
	group.SetLimit(1)
	proceed := make(chan bool)
	group.Go(func(context.Context, *vstack.Stack) error {
		<-proceed
		return nil
	})
	fmt.Println(group.TryGo(func(context.Context, *vstack.Stack) error { return nil }))
	close(proceed)
	fmt.Println(group.Wait())
	// Output:
	// false
	// <nil>
}

// The first error stops the others: their context is done.
func ExampleGroup_Wait() {
	group := vstack.NewGroup(context.Background())
	group.Go(func(_ context.Context, stack *vstack.Stack) error {
		spin(stack) // for ever, with guards
		return nil
	})
	group.Go(func(context.Context, *vstack.Stack) error { return errors.New("bad input") })
	fmt.Println(group.Wait())
	// Output: bad input
}

func ExampleNewPool() {
	pool := vstack.NewPool(vstack.WithMaxMemory(16<<20), vstack.WithIdleStacks(8))
	defer pool.Close()
	fmt.Println(pool.Stats().Started) // it makes stacks when they are needed
	// Output: 0
}

func ExamplePool_Run() {
	pool := vstack.NewPool()
	defer pool.Close()
	depth := 0
	err := pool.Run(context.Background(), func(_ context.Context, stack *vstack.Stack) error {
		depth = count(stack, 100_000)
		return nil
	})
	fmt.Println(depth, err)
	// Output: 100000 <nil>
}

func ExamplePool_Stats() {
	pool := vstack.NewPool()
	defer pool.Close()
	for range 3 {
		_ = pool.Run(context.Background(), func(context.Context, *vstack.Stack) error { return nil })
	}
	stats := pool.Stats()
	fmt.Println(stats.Runs, stats.Started, stats.Reused, stats.Idle)
	// Output: 3 1 2 1
}

// After Close a server's late requests get an error.
func ExamplePool_Close() {
	pool := vstack.NewPool()
	pool.Close()
	err := pool.Run(context.Background(), func(context.Context, *vstack.Stack) error { return nil })
	fmt.Println(errors.Is(err, vstack.ErrClosed))
	// Output: true
}

// A server's metrics are made of the counts of its pools.
func ExamplePoolStats() {
	report := func(name string, s vstack.PoolStats) {
		fmt.Printf("%s_runs %d\n%s_running %d\n", name, s.Runs, name, s.Running)
	}
	pool := vstack.NewPool()
	defer pool.Close()
	_ = pool.Run(context.Background(), func(context.Context, *vstack.Stack) error { return nil })
	report("rules", pool.Stats())
	// Output:
	// rules_runs 1
	// rules_running 0
}

// traced returns a trace from the bottom of a recursion.
func traced() *vstack.Trace {
	trace, err := vstack.Run(context.Background(), func(_ context.Context, stack *vstack.Stack) (trace *vstack.Trace, err error) {
		c := &calculator{stack: stack, kind: binary, leaf: func() { trace = stack.Trace() }}
		c.eval(100_000)
		return trace, nil
	}, vstack.WithName("sums"))
	if err != nil {
		panic(err)
	}
	return trace
}

func ExampleTrace() {
	var trace *vstack.Trace = traced()
	fmt.Println(trace.Name, trace.Segments > 1, trace.Depth > 100_000)
	// Output: sums true true
}

// A profile is made of the frames that occur, with how often they do.
func ExampleTrace_All() {
	trace, often, all := traced(), 0, int64(0)
	for _, times := range trace.All() {
		all += times
		if times > 10_000 {
			often++
		}
	}
	fmt.Println(often, "frames are there often;", all == trace.Depth)
	// Output: 2 frames are there often; true
}

func ExampleTrace_Cycle() {
	cycle, ok := traced().Cycle()
	fmt.Println(strings.SplitAfter(cycle.String(), " x ")[0]+"...", ok)
	// Output: eval -> evalBinary -> eval x ... true
}

// A service can hand a trace on as JSON.
func ExampleTrace_MarshalJSON() {
	text, err := json.Marshal(traced())
	fmt.Println(json.Valid(text), err)
	text, err = traced().MarshalJSON() // what json.Marshal calls
	fmt.Println(json.Valid(text), err)
	// Output:
	// true <nil>
	// true <nil>
}

// Some read a stack from the newest call on, some from the oldest.
func ExampleTrace_RootFirst() {
	trace := traced()
	newest := trace.Parts[0]
	parts := trace.RootFirst().Parts
	fmt.Println(len(parts) > 1, parts[len(parts)-1].Depth == newest.Depth)
	// Output: true true
}

func ExampleTrace_String() {
	text := traced().String()
	fmt.Println(strings.Contains(text, "evalBinary"), strings.Contains(text, ".go:"))
	// Output: true true
}

// A log line has room for the summary.
func ExampleTrace_Summary() {
	fmt.Println(strings.Contains(traced().Summary(), "eval -> evalBinary -> eval x "))
	// Output: true
}

// The newest frames say what the recursion was doing.
func ExampleFrame() {
	line := func(f vstack.Frame) string { return short(f) + " in segment " + fmt.Sprint(f.Segment > 1) }
	trace := traced()
	for _, f := range trace.Top {
		if short(f) == "eval" {
			fmt.Println(line(f))
			break
		}
	}
	// Output: eval in segment true
}

// A part says how much of the stack's memory a recursion has.
func ExamplePart() {
	share := func(p vstack.Part, t *vstack.Trace) bool { return 2*p.Bytes > t.Bytes }
	trace := traced()
	if cycle, ok := trace.Cycle(); ok {
		fmt.Println("more than half:", share(cycle, trace))
	}
	// Output: more than half: true
}

func ExamplePart_String() {
	for _, part := range traced().Parts {
		if text := part.String(); strings.Contains(text, " x ") {
			fmt.Println(strings.SplitAfter(text, " x ")[0] + "...")
		}
	}
	// Output: eval -> evalBinary -> eval x ...
}

// The paths of a recursion are the ways its calls took.
func ExamplePath() {
	cycle, _ := traced().Cycle()
	var path vstack.Path = cycle.Paths[0]
	for _, f := range path.Frames {
		fmt.Println(short(f))
	}
	// Unordered output:
	// evalBinary
	// eval
}

// A hook can send panics where errors are collected.
func ExamplePanic() {
	var seen []vstack.Panic
	stack := vstack.New(vstack.WithPanicHook(func(p vstack.Panic) { seen = append(seen, p) }))
	defer stack.Close()
	func() {
		defer func() { _ = recover() }()
		stack.Do(func() { panic("no such rule") })
	}()
	fmt.Println(len(seen), seen[0].Value)
	// Output: 1 no such rule
}

// tooDeep returns the error of a recursion that needs more than 1 MiB.
func tooDeep() *vstack.OverflowError {
	_, err := vstack.Run(context.Background(), func(_ context.Context, stack *vstack.Stack) (int, error) {
		return count(stack, 1_000_000_000), nil
	}, vstack.WithMaxMemory(1<<20))
	var overflow *vstack.OverflowError
	errors.As(err, &overflow)
	return overflow
}

// The error's text is one line, for a log.
func ExampleOverflowError_Error() {
	text := tooDeep().Error()
	fmt.Println(strings.HasPrefix(text, "vstack: "), strings.Contains(text, "\n"))
	// Output: true false
}

// With %+v the error says where it happened.
func ExampleOverflowError_Format() {
	err := tooDeep()
	line, report := fmt.Sprintf("%v", err), fmt.Sprintf("%+v", err) // Format writes both
	fmt.Println(strings.Contains(line, "\n"), strings.Contains(report, ".go:"))
	// Output: false true
}

func ExampleOverflowError_Is() {
	err := tooDeep()
	fmt.Println(err.Is(vstack.ErrOverflow), errors.Is(err, vstack.ErrOverflow)) // the second calls the first
	// Output: true true
}

// canceled returns what a frame of a canceled recursion recovers.
func canceled() (err *vstack.CanceledError) {
	ctx, cancel := context.WithCancelCause(context.Background())
	_, _ = vstack.Run(ctx, func(_ context.Context, stack *vstack.Stack) (int, error) {
		defer func() { err, _ = recover().(*vstack.CanceledError) }()
		cancel(errors.New("the client has gone"))
		spin(stack)
		return 0, nil
	})
	return err
}

func ExampleCanceledError_Error() {
	fmt.Println(strings.Contains(canceled().Error(), "the client has gone"))
	// Output: true
}

func ExampleCanceledError_Unwrap() {
	fmt.Println(canceled().Unwrap())
	// Output: the client has gone
}
