package serve_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/vstack-go/vstack/vstack"
	"github.com/vstack-go/vstack/vstack/serve"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// nest reads brackets and returns how deep they are nested; it keeps a byte for each.
func nest(in io.Reader, heap *serve.Heap) (int, error) {
	if vstack.Low() {
		return vstack.Grow2(func() (int, error) { return nest(in, heap) })
	}
	var c [1]byte
	if _, err := io.ReadFull(in, c[:]); err == io.EOF {
		return 0, nil
	} else if err != nil {
		return 0, err
	}
	if c[0] != '[' {
		return 0, fmt.Errorf("expected [, found %q", c[0])
	}
	if err := heap.Take(1); err != nil {
		return 0, err
	}
	n, err := nest(in, heap)
	return n + 1, err
}

func handler(w http.ResponseWriter, r *http.Request) error {
	n, err := nest(r.Body, serve.HeapOf(r.Context()))
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(w, n)
	return err
}

func start(t *testing.T, c serve.Config, fn func(http.ResponseWriter, *http.Request) error) (*serve.Gate, *httptest.Server) {
	t.Helper()
	if c.Deadline == 0 {
		c.Deadline = 20 * time.Second
	}
	gate := serve.New(c)
	h := httptest.NewUnstartedServer(nil)
	h.Config = gate.Server(gate.Handler(fn))
	h.Start()
	t.Cleanup(func() {
		h.CloseClientConnections()
		h.Close()
		gate.Close()
		small, large := gate.Budgets()
		if small.InUse() != 0 || large.InUse() != 0 {
			t.Errorf("%d and %d bytes of the budgets are missing", small.InUse(), large.InUse())
		}
	})
	return gate, h
}

func post(t *testing.T, h *httptest.Server, body io.Reader) (int, string) {
	t.Helper()
	resp, err := h.Client().Post(h.URL, "text/plain", body)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, strings.TrimSpace(string(text))
}

func TestBounds(t *testing.T) {
	if !vstack.Supported {
		t.Skip("no guards in this build")
	}
	_, h := start(t, serve.Config{Memory: 32 << 20, Large: 2, Body: 4 << 20}, handler)
	for _, test := range []struct {
		name string
		n    int
		code int
		text string
	}{
		{"small", 1000, 200, "1000"},
		{"large", 20_000, 200, "20000"},
		{"deep", 2_000_000, 422, "nested too deeply: it needs more than 7340032 bytes of stack"},
		{"long", 5_000_000, 413, "longer than 4194304 bytes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			code, text := post(t, h, strings.NewReader(strings.Repeat("[", test.n)))
			if code != test.code || !strings.Contains(text, test.text) {
				t.Errorf("%d %q, want %d %q", code, text, test.code, test.text)
			}
		})
	}
	if code, text := post(t, h, strings.NewReader("[[x")); code != 400 || !strings.Contains(text, "expected [") {
		t.Error(code, text)
	}
	// What is not announced is cut off as well.
	if code, text := post(t, h, io.MultiReader(strings.NewReader("["), strings.NewReader(strings.Repeat("[", 5_000_000)))); code != 413 && code != 422 {
		t.Error(code, text)
	}
}

// What a request keeps on the heap is bounded by itself.
func TestHeap(t *testing.T) {
	_, h := start(t, serve.Config{Memory: 32 << 20}, func(_ http.ResponseWriter, r *http.Request) error {
		heap := serve.HeapOf(r.Context())
		for range 1 << 20 {
			if err := heap.Take(1 << 10); err != nil {
				return err
			}
		}
		return errors.New("no bound")
	})
	if code, text := post(t, h, strings.NewReader("")); code != 413 || !strings.Contains(text, "more than 262144 bytes of memory") {
		t.Error(code, text)
	}
	if err := serve.HeapOf(context.Background()).Take(1 << 50); err != nil {
		t.Error("outside a gate:", err)
	}
}

// halfSecond is a deadline that is missed on purpose. The answer has as long again to be
// written, and on a busy machine less than this is not enough for that.
const halfSecond = 500 * time.Millisecond

// A body that does not arrive in time is given up, and keeps no stack meanwhile.
func TestSlowBody(t *testing.T) {
	gate, h := start(t, serve.Config{Memory: 32 << 20, Deadline: halfSecond}, handler)
	body, w := io.Pipe()
	defer w.Close()
	go io.WriteString(w, "[[") //nolint:errcheck
	if code, text := post(t, h, body); code != http.StatusRequestTimeout || !strings.Contains(text, "in time") {
		t.Error(code, text)
	}
	if runs := gate.Pool().Stats().Runs; runs != 0 {
		t.Errorf("%d stacks were taken", runs)
	}
}

// A handler that takes too long is interrupted, on the way back up as well.
func TestDeadline(t *testing.T) {
	if !vstack.Supported {
		t.Skip("no guards in this build")
	}
	_, h := start(t, serve.Config{Memory: 32 << 20, Deadline: halfSecond}, func(http.ResponseWriter, *http.Request) error {
		for {
			vstack.Check()
		}
	})
	if code, text := post(t, h, strings.NewReader("[")); code != 422 || !strings.Contains(text, "too long") {
		t.Error(code, text)
	}
}

// Who waits in vain for the lane is told to come again; the other lane is not in the way,
// and a request that had less because of others is told so too.
func TestLanes(t *testing.T) {
	if !vstack.Supported {
		t.Skip("no guards in this build")
	}
	entered, leave := make(chan bool, 1), make(chan bool)
	gate, h := start(t, serve.Config{Memory: 32 << 20, Large: 2, Small: 1, Deadline: 5 * time.Second}, func(w http.ResponseWriter, r *http.Request) error {
		if r.Header.Get("Hold") != "" {
			entered <- true
			<-leave
			return nil
		}
		return handler(w, r)
	})
	hold := func(size int) (done chan int) {
		done = make(chan int, 1)
		go func() {
			req, _ := http.NewRequest("POST", h.URL, strings.NewReader(strings.Repeat("[", size)))
			req.Header.Set("Hold", "yes")
			resp, err := h.Client().Do(req)
			if err != nil {
				t.Error(err)
				done <- 0
				return
			}
			resp.Body.Close()
			done <- resp.StatusCode
		}()
		<-entered
		return done
	}
	first := hold(20_000)
	if code, text := post(t, h, strings.NewReader(strings.Repeat("[", 2_000_000))); code != 503 || !strings.Contains(text, "busy") {
		t.Error("the second large one, too deep for what is left:", code, text)
	}
	if code, text := post(t, h, strings.NewReader("[")); code != 200 {
		t.Error("a small one:", code, text)
	}
	small := hold(1)
	req := httptest.NewRequest("POST", "/", strings.NewReader("["))
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	gone := false
	func() {
		defer func() { gone = recover() == http.ErrAbortHandler }()
		gate.Handler(handler).ServeHTTP(httptest.NewRecorder(), req.WithContext(ctx))
	}()
	_ = gone // it gave up before the gate's deadline; what it was told, nobody reads
	close(leave)
	if code := <-first; code != 200 {
		t.Error(code)
	}
	if code := <-small; code != 200 {
		t.Error(code)
	}
}

// A request that misses its deadline is to blame for that only if it had most of the time
// for itself.
func TestLoadIsNotTheRequestsFault(t *testing.T) {
	for _, test := range []struct {
		name   string
		waits  time.Duration // for its lane, of a deadline of 2 s
		slowly bool          // the body does not come to an end
		size   int
		want   int
	}{
		{"small, alone", 0, false, 1, 422},
		{"large, alone", 0, false, 60_000, 422},
		{"large and slow, alone", 0, true, 60_000, 408},
		{"large, hardly waited", 100 * time.Millisecond, false, 60_000, 422},
		{"small, waited", 1900 * time.Millisecond, false, 1, 503},
		{"large, waited", 1900 * time.Millisecond, false, 60_000, 503},
		{"large and slow, waited", 1900 * time.Millisecond, true, 60_000, 503},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gate := serve.New(serve.Config{Memory: 32 << 20, Small: 1, Large: 1, Deadline: 2 * time.Second})
				defer gate.Close()
				held := func(entered chan<- bool) http.Handler {
					return gate.Handler(func(http.ResponseWriter, *http.Request) error {
						entered <- true
						time.Sleep(test.waits)
						return nil
					})
				}
				body := strings.Repeat("[", test.size)
				if test.waits > 0 {
					entered := make(chan bool)
					go held(entered).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/", strings.NewReader(body)))
					<-entered
				}
				request := httptest.NewRequest("POST", "/", io.MultiReader(strings.NewReader(body), &slow{test.slowly, time.Now().Add(2 * time.Second)}))
				w := httptest.NewRecorder()
				gate.Handler(func(_ http.ResponseWriter, r *http.Request) error {
					if _, err := io.Copy(io.Discard, r.Body); err != nil {
						return err
					}
					<-r.Context().Done() // it takes as long as there is
					return context.Cause(r.Context())
				}).ServeHTTP(w, request)
				if w.Code != test.want || (w.Code == 503) != (w.Header().Get("Retry-After") != "") {
					t.Errorf("%d %s, want %d", w.Code, w.Body, test.want)
				}
			})
		})
	}
}

// netHTTP is a writer that cancels a request at its read deadline, as net/http does, just
// before the deadline of the gate's is noticed.
type netHTTP struct {
	*httptest.ResponseRecorder
	cancel   context.CancelFunc
	canceled chan bool
}

func (w *netHTTP) SetReadDeadline(at time.Time) error {
	time.AfterFunc(time.Until(at), func() { w.cancel(); close(w.canceled) })
	return nil
}

// A client that net/http takes for gone, at the deadline, is answered.
func TestCanceledByReadDeadline(t *testing.T) {
	for name, waits := range map[string]bool{"in the lane": false, "for the lane": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gate := serve.New(serve.Config{Memory: 32 << 20, Small: 1, Deadline: time.Second})
				defer gate.Close()
				want, leave, entered := 422, make(chan bool), make(chan bool)
				if waits {
					want = 503
					go gate.Handler(func(http.ResponseWriter, *http.Request) error { entered <- true; <-leave; return nil }).
						ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/", strings.NewReader("[")))
					<-entered
				}
				ctx, cancel := context.WithCancel(t.Context())
				w := &netHTTP{httptest.NewRecorder(), cancel, make(chan bool)}
				gate.Handler(func(http.ResponseWriter, *http.Request) error {
					<-w.canceled
					return context.Canceled // a guard may have noticed this first
				}).ServeHTTP(w, httptest.NewRequestWithContext(ctx, "POST", "/", strings.NewReader("[")))
				if w.Code != want {
					t.Errorf("%d %s, want %d", w.Code, w.Body, want)
				}
				close(leave)
				synctest.Wait()
			})
		})
	}
}

// Who waits for a lane is to be seen, and in the error.
func TestStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var refused []string
		gate := serve.New(serve.Config{Name: "eval", Memory: 32 << 20, Small: 3, Large: 1, Deadline: 2 * time.Second,
			Error: func(w http.ResponseWriter, r *http.Request, err error) {
				mu.Lock()
				refused = append(refused, err.Error())
				mu.Unlock()
				serve.Answer(w, r, err)
			}})
		defer gate.Close()
		leave := make(chan bool)
		h := gate.Handler(func(http.ResponseWriter, *http.Request) error { <-leave; return nil })
		codes := make(chan int)
		for range 3 {
			go func() {
				w := httptest.NewRecorder()
				h.ServeHTTP(w, httptest.NewRequest("POST", "/", strings.NewReader(strings.Repeat("[", 60_000))))
				codes <- w.Code
			}()
			synctest.Wait()
			time.Sleep(time.Millisecond)
		}
		want := serve.Stats{Small: serve.LaneStats{Slots: 3}, Large: serve.LaneStats{Slots: 1, Running: 1, Waiting: 2}}
		if got := gate.Stats(); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
		for range 2 {
			if code := <-codes; code != 503 {
				t.Error(code)
			}
		}
		want.Large.Waiting, want.Large.Refused = 0, 2
		if got := gate.Stats(); got != want { // the first runs past its deadline, and keeps its slot
			t.Errorf("%+v, want %+v", got, want)
		}
		close(leave)
		if code := <-codes; code != 200 {
			t.Error(code)
		}
		want.Large.Running = 0
		if got := gate.Stats(); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
		if len(refused) != 2 || refused[0] != `the server is busy: no slot in lane "eval/large" after 2s; it has 1, and 1 more are waiting` {
			t.Errorf("%q", refused)
		}
	})
}

// slow ends when net/http's deadline would, with its error, or at once.
type slow struct {
	it    bool
	until time.Time
}

func (s *slow) Read([]byte) (int, error) {
	if !s.it {
		return 0, io.EOF
	}
	time.Sleep(time.Until(s.until))
	return 0, os.ErrDeadlineExceeded
}

// A client does not take a part of an answer for the whole, and a panic is net/http's.
func TestPartial(t *testing.T) {
	if !vstack.Supported {
		t.Skip("no guards in this build")
	}
	_, h := start(t, serve.Config{Memory: 32 << 20}, func(w http.ResponseWriter, r *http.Request) error {
		_, _ = io.WriteString(w, strings.Repeat("x", 1<<20))
		_, err := nest(strings.NewReader(strings.Repeat("[", 1_000_000)), nil)
		return err
	})
	if code, text := post(t, h, strings.NewReader("")); code != 0 {
		t.Errorf("%d %.100q", code, text)
	}
}

func TestStatus(t *testing.T) {
	for want, err := range map[int]error{
		0:   errors.New("another"),
		408: fmt.Errorf("read: %w", context.DeadlineExceeded),
		413: fmt.Errorf("parse: %w", &serve.HeapError{Limit: 1}),
		422: fmt.Errorf("parse: %w", &vstack.OverflowError{Limit: 1}),
		499: context.Canceled,
		503: &vstack.OverflowError{Budget: 1},
	} {
		if want == 408 {
			continue // TestSlowBody: the error is net/http's
		}
		if got := serve.Status(err); got != want || serve.Text(err) == "" {
			t.Errorf("%v: %d, want %d", err, got, want)
		}
	}
}

func TestMisuse(t *testing.T) {
	for name, c := range map[string]serve.Config{
		"memory": {Memory: 1 << 20}, "negative": {Small: -1}, "many": {Memory: 16 << 20, Large: 100},
	} {
		func() {
			defer func() {
				if text := fmt.Sprint(recover()); !strings.HasPrefix(text, "vstack: serve.New: ") || !strings.Contains(text, "want") {
					t.Errorf("%s: %s", name, text)
				}
			}()
			serve.New(c)
		}()
	}
	if n := serve.DefaultMemory(); n < 16<<20 || n > 1<<30 {
		t.Error(n)
	}
	if n := serve.MostMemory(); n < 16<<20 || (n == math.MaxInt64) != (runtime.GOOS != "linux") {
		t.Error(n)
	}
}

// What is not said has a default, and the process gets a limit if it has none.
func TestDefaults(t *testing.T) {
	gate := serve.New(serve.Config{Memory: 32 << 20})
	defer gate.Close()
	c := gate.Config()
	if c.Memory != 32<<20 || c.Body == 0 || c.Deadline == 0 || c.Small == 0 || c.Large == 0 || c.Error == nil {
		t.Errorf("%+v", c)
	}
	before := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(before)
	t.Setenv("GOMEMLIMIT", "1GiB")
	if gate.LimitProcess(); debug.SetMemoryLimit(-1) != before {
		t.Error("LimitProcess overrides GOMEMLIMIT")
	}
	t.Setenv("GOMEMLIMIT", "")
	if gate.LimitProcess(); debug.SetMemoryLimit(-1) != 96<<20 {
		t.Errorf("the limit is %d, want 64 MiB more than the gate's", debug.SetMemoryLimit(-1))
	}
}

func ExampleGate_Handler() {
	gate := serve.New(serve.Config{Name: "nest", Memory: 64 << 20})
	defer gate.Close()
	h := gate.Handler(func(w http.ResponseWriter, r *http.Request) error {
		n, err := nest(r.Body, serve.HeapOf(r.Context())) // recursive, with a guard
		if err != nil {
			return err
		}
		_, err = fmt.Fprint(w, n)
		return err
	})
	for _, n := range []int{1000, 1_000_000} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("POST", "/", strings.NewReader(strings.Repeat("[", n))))
		fmt.Println(w.Code, w.Body.Len() > 0)
	}
	// Output:
	// 200 true
	// 422 true
}
