package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/vstack-go/vstack/vstack"
)

// config is what a server may use.
type config struct {
	budget    int64         // bytes of stack that all requests use together
	stack     int64         // bytes of stack for one request
	body      int64         // bytes of a request's body
	nodes     int           // of one expression's tree
	small     int64         // concurrent expressions of up to smallBody bytes
	large     int64         // concurrent expressions beyond that
	deadline  time.Duration // for one request, from its header to its answer
	unguarded bool          // plain recursion, to see what happens
}

// defaults keep what all requests can use at once within the budget: up to 4
// large ones with 32 MiB each, 8 small ones with about 8, and 32 MiB of idle
// stacks. Large ones get half of the processors, so that there is always one for
// those that take no time.
func defaults() config {
	return config{
		budget:   256 << 20,
		stack:    32 << 20,
		body:     8 << 20,
		nodes:    200_000,
		small:    8,
		large:    int64(min(max(1, runtime.GOMAXPROCS(0)/2), 4)),
		deadline: 2 * time.Second,
	}
}

// smallBody is up to how many bytes a body is read before a stack is taken for
// it. So a client that sends slowly keeps a buffer waiting and no stack, and
// ordinary requests never wait behind the large ones, which are parsed while
// they arrive.
const smallBody = 16 << 10

// A server evaluates expressions from clients that nobody trusts.
type server struct {
	config
	pool         *vstack.Pool
	memory       *vstack.Budget
	small, large *semaphore.Weighted
	buffers      sync.Pool
	metrics      *metrics
}

// newServer makes a server. Close its pool in the end.
func newServer(c config) *server {
	s := &server{
		config:  c,
		memory:  vstack.NewBudget(c.budget),
		small:   semaphore.NewWeighted(c.small),
		large:   semaphore.NewWeighted(c.large),
		buffers: sync.Pool{New: func() any { return new([smallBody]byte) }},
	}
	s.pool = vstack.NewPool(
		vstack.WithBudget(s.memory),
		vstack.WithMaxMemory(c.stack),
		vstack.WithIdleMemory(32<<20),
	)
	s.metrics = newMetrics(s)
	return s
}

// handler returns the routes. A page for whoever runs the server, such as
// /debug/vstack/, is mounted here; better on a listener of its own, for it shows
// the stacks of all requests.
func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /eval", s.eval)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok\n") }) //nolint:errcheck
	mux.Handle("GET /metrics", s.metrics.handler())
	return mux
}

// eval is POST /eval: the body is an expression, the answer is JSON, with the
// expression's value or an error.
func (s *server) eval(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	v, err := s.answer(w, r)
	code := http.StatusOK
	body := map[string]any{"value": v.JSON()}
	if err != nil {
		code = status(err)
		body = map[string]any{"error": s.text(err)}
	}
	s.metrics.observe(code, time.Since(start))
	if code == statusAborted {
		panic(http.ErrAbortHandler) // nobody listens
	}
	w.Header().Set("Content-Type", "application/json")
	if code == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(body) //nolint:errcheck // the client has gone
}

// answer reads the expression and evaluates it.
func (s *server) answer(w http.ResponseWriter, r *http.Request) (value, error) {
	ctx, cancel := context.WithTimeout(r.Context(), s.deadline)
	defer cancel()
	if deadline, ok := ctx.Deadline(); ok {
		// A Read does not know of the context.
		if err := http.NewResponseController(w).SetReadDeadline(deadline); err != nil {
			return value{}, err
		}
	}
	if r.ContentLength > s.body {
		return value{}, &http.MaxBytesError{Limit: s.body}
	}
	body := io.Reader(http.MaxBytesReader(w, r.Body, s.body))

	buffer := s.buffers.Get().(*[smallBody]byte)
	defer s.buffers.Put(buffer)
	n, err := 0, error(nil)
	for err == nil && n < len(buffer) { // io.ReadFull would not tell a body that was cut off
		var k int
		k, err = body.Read(buffer[n:])
		n += k
	}
	lane := s.large
	switch err {
	case io.EOF:
		lane = s.small
		body = bytes.NewReader(buffer[:n])
	case nil:
		body = &polite{Reader: io.MultiReader(bytes.NewReader(buffer[:]), body), rested: time.Now()}
	default:
		return value{}, err
	}
	if err := lane.Acquire(ctx, 1); err != nil {
		return value{}, errBusy
	}
	defer lane.Release(1)
	return s.evaluate(ctx, body)
}

// polite lets a large expression rest after each half millisecond of parsing. Go
// leaves a goroutine on a processor for 10 ms, and the kernel a thread for some,
// and ordinary requests, which need a hundredth of that, would wait for them: with
// all processors busy their p99 is a third less with it.
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

// evaluate evaluates the expression in body on a stack of the pool.
func (s *server) evaluate(ctx context.Context, body io.Reader) (v value, err error) {
	run := func(_ context.Context, stack *vstack.Stack) error {
		n, err := parse(stack, body, s.nodes)
		if err != nil {
			return err
		}
		v, err = evaluator{stack}.eval(n)
		return err
	}
	if s.unguarded {
		err = run(ctx, nil)
	} else {
		err = s.pool.Run(ctx, run)
	}
	return v, err
}

// errBusy says that a request has waited in vain for its turn.
var errBusy = errors.New("the server is busy")

// statusAborted is what the metrics call a request whose client has gone.
const statusAborted = 499

// status returns the HTTP status for an error. What a request is to blame for
// is 4xx; 503 is for one that might succeed when the server has less to do.
func status(err error) int {
	var syntax *syntaxError
	var tooLarge *http.MaxBytesError
	var overflow *vstack.OverflowError
	switch {
	case errors.As(err, &syntax):
		return http.StatusBadRequest
	case errors.As(err, &tooLarge), err == errNodes:
		return http.StatusRequestEntityTooLarge
	case errors.As(err, &overflow) && overflow.Budget > 0, err == errBusy, err == vstack.ErrClosed:
		return http.StatusServiceUnavailable
	case errors.Is(err, os.ErrDeadlineExceeded):
		return http.StatusRequestTimeout
	case err == errZero, err == errNumbers, err == errTruths, err == errMixed,
		errors.Is(err, vstack.ErrOverflow), err == context.DeadlineExceeded:
		return http.StatusUnprocessableEntity
	}
	return statusAborted
}

// text returns the message for an error, to a client who does not know vstack.
func (s *server) text(err error) string {
	var tooLarge *http.MaxBytesError
	var overflow *vstack.OverflowError
	switch {
	case errors.As(err, &tooLarge):
		return fmt.Sprintf("the expression is longer than %d bytes", tooLarge.Limit)
	case err == errNodes:
		return fmt.Sprintf("%v: at most %d are evaluated", err, s.nodes)
	case errors.As(err, &overflow) && overflow.Budget == 0:
		return fmt.Sprintf("the expression is nested too deeply: it needs more than %d bytes of stack", overflow.Limit)
	case errors.As(err, &overflow):
		return errBusy.Error() + ": the memory for deeply nested expressions is used up"
	case err == vstack.ErrClosed:
		return "the server is going down"
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Sprintf("the expression did not arrive within %v", s.deadline)
	case err == context.DeadlineExceeded:
		return fmt.Sprintf("the expression took longer than %v", s.deadline)
	}
	return err.Error()
}
