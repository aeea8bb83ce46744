// Package serve runs HTTP handlers that recurse over what clients send, so that no
// client can take more of the server than its share: of stack, of heap, of time and of
// the processors. It is what docs/servers.md describes and examples/exprserver uses.
//
//	gate := serve.New(serve.Config{Name: "eval", Memory: 256 << 20})
//	defer gate.Close()
//	http.Handle("POST /eval", gate.Handler(func(w http.ResponseWriter, r *http.Request) error {
//		tree, err := parse(r.Body, serve.HeapOf(r.Context())) // recursive, with guards
//		if err != nil {
//			return err
//		}
//		return answer(w, eval(tree))
//	}))
//
// # Lanes
//
// A body of up to 16 KiB is read before anything else is done for it: whoever sends
// slowly keeps a buffer waiting, and no stack. Then the request goes through the small
// lane. A larger body is streamed to the handler as it arrives, through the large lane. Few
// run there at a time, on half of the processors, so that short requests never wait behind
// long ones. Whoever waits for a lane until the deadline gets [ErrBusy], and so does a
// request that waited for a quarter of it or more and then misses it. [Gate.Stats] says how
// many wait.
//
// # Memory
//
// Config.Memory is divided between the lanes, and in a lane between those that may run
// at a time. The shares add up to no more than the whole, so no request fails because
// of what others use:
//
//	small lane, stacks   1/4   the same for each
//	large lane, stacks   1/2   one half of it the same for each, and of the other half
//	                           each gets half of what is left
//	small lane, heap     1/16  the same for each
//	large lane, heap     3/16  the same for each
//
// Stack is counted by package vstack. What the handler keeps on the heap, such as a
// tree, it counts itself: see [Heap].
package serve

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/vstack-go/vstack/vstack"
	"github.com/vstack-go/vstack/vstack/internal/lanes"
	"github.com/vstack-go/vstack/vstack/internal/memlimit"
)

// smallBody is up to how many bytes a body goes through the small lane. A level takes
// at least a byte of the body, and some hundred bytes of stack: 16 KiB of brackets fit
// into the 8 MiB that a small request has of 256 MiB.
const smallBody = 16 << 10

// longWait is the part of the deadline after which waiting for the lane is to blame, and
// not the request, if the rest was too short.
const longWait = 4

// Config says what the requests of a [Gate] may use. A field that is 0 has a default.
type Config struct {
	Name   string // of the stacks: in errors, profiles and on the live page
	Memory int64  // bytes of stack and counted heap for all requests; default [DefaultMemory]; at least 16 MiB

	Body int64 // bytes of one request's body; default 8 MiB

	// Deadline is for one request, from its header to its handler's return; default 2 s. It
	// is noticed at guards, at vstack.Check and by what looks at the context. A handler that
	// waits for a mutex, or a channel alone, notices neither that nor that its client has
	// gone, and keeps its slot in the lane: no library can end that.
	Deadline time.Duration

	Small int // requests at a time in the small lane; default 8
	Large int // in the large lane; default half of the processors, 1 to 4

	// Error answers a request with an error: one of those of [Status], or one that the
	// handler returned. The default is [Answer], which writes no log. It is not called for a
	// client that has gone.
	Error func(w http.ResponseWriter, r *http.Request, err error)
}

// DefaultMemory returns what Config.Memory is if it is not set: a quarter of the memory
// that the process may use, at most 1 GiB, at least 16 MiB. Together with the default
// limit of vstack, one half, that is less than the whole.
func DefaultMemory() int64 { return max(leastMemory, min(memlimit.Half()/2, 1<<30)) }

const leastMemory = 16 << 20

// MostMemory returns what Config.Memory should be at most: half of what the process may have
// by the cgroup, the machine's memory and the address space that is left (ulimit -v). With
// more, an attack may end the process where the system does. [New] does not look at it. Where
// nothing tells, which is so on all systems but Linux, it is math.MaxInt64. It reads some files.
func MostMemory() int64 {
	if n := memlimit.Available(os.ReadFile); n > 0 {
		return n / 2
	}
	return math.MaxInt64
}

// A Gate runs handlers within the bounds of its Config. Make one with [New]. Its methods
// may be called from any goroutine.
type Gate struct {
	config Config
	small  lane
	large  lane
	pool   *vstack.Pool // of the small lane

	buffers   sync.Pool
	lingering lingering
}

// A lane is what the requests of one kind share.
type lane struct {
	*lanes.Lane // its counts, for the live page and the metrics

	turns *semaphore.Weighted
	floor int64 // bytes of stack that a request has for certain
	heap  int64 // bytes of heap for a request

	extra int64 // bytes of stack beyond the floors

	mu   sync.Mutex
	left int64 // of extra
}

// New makes a gate. It starts no goroutine. It panics if a field is out of its range.
func New(c Config) *Gate {
	or := func(n *int64, standard int64) {
		if *n == 0 {
			*n = standard
		}
	}
	or(&c.Memory, DefaultMemory())
	or(&c.Body, 8<<20)
	or((*int64)(&c.Deadline), int64(2*time.Second))
	if c.Small == 0 {
		c.Small = 8
	}
	if c.Large == 0 {
		c.Large = min(max(1, runtime.GOMAXPROCS(0)/2), 4)
	}
	if c.Error == nil {
		c.Error = Answer
	}
	small, large := int64(c.Small), int64(c.Large)
	if c.Body < 0 || c.Deadline < 0 || small < 0 || large < 0 || c.Memory < leastMemory {
		panic(fmt.Sprintf("vstack: serve.New: Body %d, Deadline %v, Small %d, Large %d, Memory %d: "+
			"want at least %d bytes of memory, and nothing negative", c.Body, c.Deadline, small, large, c.Memory, int64(leastMemory)))
	}
	if least := max(small, large) * 2 * leastStack * 4; c.Memory < least {
		panic(fmt.Sprintf("vstack: serve.New: %d and %d requests at a time want at least %d bytes of memory, not %d", small, large, least, c.Memory))
	}
	g := &Gate{
		config: c,
		small: lane{
			Lane:  seen(c.Name, "small", c.Small, c.Memory/4),
			turns: semaphore.NewWeighted(small),
			floor: stacks(c.Memory/4) / small, heap: c.Memory / 16 / small,
		},
		large: lane{
			Lane:  seen(c.Name, "large", c.Large, c.Memory/2),
			turns: semaphore.NewWeighted(large),
			floor: stacks(c.Memory/4) / large, heap: c.Memory / 16 * 3 / large,
			extra: stacks(c.Memory / 4), left: stacks(c.Memory / 4),
		},
		buffers: sync.Pool{New: func() any { return new([smallBody]byte) }},
	}
	g.pool = vstack.NewPool(vstack.WithName(c.Name), vstack.WithBudget(g.small.Budget),
		vstack.WithMaxMemory(g.small.floor), vstack.WithIdleMemory(c.Memory/16))
	return g
}

// seen makes a lane that is to be seen by its name.
func seen(gate, kind string, slots int, budget int64) *lanes.Lane {
	l := &lanes.Lane{Name: kind, Slots: slots, Budget: vstack.NewBudget(budget)}
	if gate != "" {
		l.Name = gate + "/" + kind
	}
	lanes.Enter(l)
	return l
}

// stacks returns what of a budget is given out. The rest is for what a stack is over its
// limit for a moment: it is weighed when it has grown.
func stacks(budget int64) int64 { return budget / 8 * 7 }

// leastStack is the least that vstack takes as a limit.
const leastStack = 256 << 10

// Close ends the idle stacks, once the requests that run have ended, and the connections
// that were refused and still send. Close the server first.
func (g *Gate) Close() {
	g.lingering.close()
	g.pool.Close()
	lanes.Leave(g.small.Lane)
	lanes.Leave(g.large.Lane)
}

// Pool returns the pool of the small lane, for its counts.
func (g *Gate) Pool() *vstack.Pool { return g.pool }

// Budgets returns the two budgets for stack, of the small and of the large lane, for
// their counts.
func (g *Gate) Budgets() (small, large *vstack.Budget) { return g.small.Budget, g.large.Budget }

// Stats says what the lanes of a [Gate] do; see [Gate.Stats].
type Stats struct{ Small, Large LaneStats }

// LaneStats says what a lane does.
type LaneStats struct {
	Slots   int   // requests that may run at a time
	Running int   // requests that have a slot
	Waiting int   // requests that wait for one
	Refused int64 // requests that got 503, since the gate was made
}

// Stats returns the counts of both lanes, about those of one moment. It costs some
// nanoseconds. The live page and the Prometheus collector show them too.
func (g *Gate) Stats() Stats { return Stats{g.small.stats(), g.large.stats()} }

func (l *lane) stats() LaneStats {
	return LaneStats{l.Slots, int(l.Taken.Load()), int(l.Waiting.Load()), l.Refused.Load()}
}

// Config returns the gate's configuration with the defaults filled in.
func (g *Gate) Config() Config { return g.config }

// Server returns a server for handler whose timeouts fit the deadline: clients that
// send their header, or read the answer, too slowly do not keep a connection for ever.
// Set its Addr, or give it a listener.
func (g *Gate) Server(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: g.config.Deadline,
		WriteTimeout:      2 * g.config.Deadline,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
}

// LimitProcess makes the garbage collector work harder before the process has much more
// than Config.Memory, and 64 MiB for everything else. Stacks count as live memory: without
// a limit the collector lets garbage grow as large as they are before it runs. It does
// nothing if GOMEMLIMIT is set. Call it at the start of main.
func (g *Gate) LimitProcess() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(g.config.Memory + 64<<20)
	}
}

// Handler returns a handler that calls fn within the gate's bounds, on a virtual stack:
// guards find it by themselves, in whatever fn calls. The request that fn gets has a body
// that ends with an error past Config.Body or the deadline, and a context with the
// deadline and a [Heap].
//
// An error that fn returns, and that of a bound, go to Config.Error. A client that is still
// sending then is answered, its connection is closed, and what it sends meanwhile is
// dropped, for 30 s and up to four times Config.Body: otherwise it would find its
// connection reset, and no answer. If fn has written a
// part of the answer by then, the connection is closed instead, so that the client does
// not take a part for the whole. Answer at the end, and briefly: a client that reads
// slowly would keep the lane. Panics of fn continue in the caller, net/http.
func (g *Gate) Handler(fn func(w http.ResponseWriter, r *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out := &writer{ResponseWriter: w}
		in := &received{Reader: http.MaxBytesReader(w, r.Body, g.config.Body), ended: r.ContentLength == 0}
		err := g.serve(out, r, in, fn)
		if err == nil {
			return
		}
		if out.wrote || Status(err) == statusAborted {
			panic(http.ErrAbortHandler)
		}
		g.refuse(w, r, err, in.ended)
	})
}

// writer knows whether something was written.
type writer struct {
	http.ResponseWriter
	wrote bool
}

func (w *writer) WriteHeader(code int) {
	w.wrote = true
	w.ResponseWriter.WriteHeader(code)
}

func (w *writer) Write(p []byte) (int, error) {
	w.wrote = true
	return w.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (g *Gate) serve(w http.ResponseWriter, r *http.Request, in *received, fn func(http.ResponseWriter, *http.Request) error) error {
	ctx, cancel := context.WithTimeoutCause(r.Context(), g.config.Deadline, errDeadline)
	defer cancel()
	if deadline, ok := ctx.Deadline(); ok {
		// A Read does not know of the context. Recorders in tests have no deadlines.
		if err := http.NewResponseController(w).SetReadDeadline(deadline); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return err
		}
	}
	if r.ContentLength > g.config.Body {
		return &http.MaxBytesError{Limit: g.config.Body}
	}
	body := io.Reader(in)

	buffer := g.buffers.Get().(*[smallBody]byte)
	defer g.buffers.Put(buffer)
	n, err := 0, error(nil)
	for err == nil && n < len(buffer) { // io.ReadFull would not tell a body that was cut off
		var k int
		k, err = body.Read(buffer[n:])
		n += k
	}
	lane := &g.large
	switch err {
	case io.EOF:
		lane = &g.small
		body = bytes.NewReader(buffer[:n])
	case nil:
		body = &polite{Reader: io.MultiReader(bytes.NewReader(buffer[:]), body), rested: time.Now()}
	default:
		return err
	}
	ctx = context.WithValue(ctx, heapKey{}, &Heap{limit: lane.heap, left: lane.heap})
	err = g.inLane(ctx, r.Context(), lane, func(ctx context.Context, _ *vstack.Stack) error {
		r := r.WithContext(ctx)
		r.Body = io.NopCloser(body)
		return fn(w, r)
	})
	if Status(err) == http.StatusServiceUnavailable {
		lane.Refused.Add(1)
	}
	return err
}

// inLane runs fn when it is its turn, before ctx is done. The client's context says
// whether that has gone.
func (g *Gate) inLane(ctx, client context.Context, l *lane, fn func(context.Context, *vstack.Stack) error) error {
	asked := time.Now()
	if err := l.enter(ctx); err != nil {
		if client.Err() != nil && !passed(ctx) {
			return context.Cause(client)
		}
		return fmt.Errorf("%w: no slot in lane %q after %v; it has %d, and %d more are waiting",
			ErrBusy, l.Name, time.Since(asked).Round(time.Millisecond), l.Slots, l.Waiting.Load())
	}
	defer l.leave()
	waited := time.Since(asked)
	var err error
	if l == &g.small {
		err = g.pool.Run(ctx, fn)
	} else {
		err = g.runLarge(ctx, fn)
	}
	if errors.Is(err, context.Canceled) && passed(ctx) {
		err = fmt.Errorf("%w: %w", errDeadline, err)
	}
	late := errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded)
	if late && waited >= g.config.Deadline/longWait {
		return fmt.Errorf("%w: %v of %v went by before there was a slot in lane %q: %w",
			ErrBusy, waited.Round(time.Millisecond), g.config.Deadline, l.Name, err)
	}
	return err
}

// passed reports whether the deadline has passed. From then on it does not say that the
// client has gone if its context is canceled: net/http cancels that at the read deadline,
// which is the same, and may come before the other.
func passed(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ok && !time.Now().Before(deadline)
}

// enter waits for a slot.
func (l *lane) enter(ctx context.Context) error {
	l.Waiting.Add(1)
	defer l.Waiting.Add(-1)
	if err := l.turns.Acquire(ctx, 1); err != nil {
		return err
	}
	l.Taken.Add(1)
	return nil
}

func (l *lane) leave() {
	l.Taken.Add(-1)
	l.turns.Release(1)
}

// runLarge runs fn on a stack whose limit depends on what is left.
func (g *Gate) runLarge(ctx context.Context, fn func(context.Context, *vstack.Stack) error) error {
	l := &g.large
	extra := l.lend(g.config.Large)
	defer l.giveBack(extra)
	limit := l.floor + extra
	_, err := vstack.Run(ctx, func(ctx context.Context, stack *vstack.Stack) (struct{}, error) {
		return struct{}{}, fn(ctx, stack)
	}, vstack.WithName(g.config.Name), vstack.WithBudget(l.Budget), vstack.WithMaxMemory(limit))
	var overflow *vstack.OverflowError
	if errors.As(err, &overflow) && overflow.Limit == limit && extra < l.most(g.config.Large) {
		return fmt.Errorf("%w: %w", ErrBusy, err) // alone it would have had more
	}
	return err
}

// lend lends a request half of what is left of the lane's stack; all of it if no other
// can come.
func (l *lane) lend(lanes int) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	extra := l.left / 2
	if lanes == 1 {
		extra = l.left
	}
	l.left -= extra
	return extra
}

func (l *lane) giveBack(extra int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.left += extra
}

// most is what lend lends if nothing is lent.
func (l *lane) most(lanes int) int64 {
	if lanes == 1 {
		return l.extra
	}
	return l.extra / 2
}

// received marks the errors that say that the client has gone, and knows whether the body
// is at its end.
type received struct {
	io.Reader
	ended bool
}

func (r *received) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	if err == io.EOF {
		r.ended = true
	}
	if err != nil && err != io.EOF && Status(err) == 0 {
		err = &goneError{err}
	}
	return n, err
}

// polite lets a large request rest after each half millisecond. Otherwise Go leaves a
// goroutine on a processor for 10 ms, and small requests, which need a hundredth of that,
// wait for it: with all processors busy their p99 is a third less with polite.
type polite struct {
	io.Reader
	rested time.Time
}

func (p *polite) Read(b []byte) (int, error) {
	if time.Since(p.rested) > 500*time.Microsecond {
		time.Sleep(200 * time.Microsecond)
		p.rested = time.Now()
	}
	return p.Reader.Read(b)
}
