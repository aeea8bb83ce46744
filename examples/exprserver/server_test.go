package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/vstack-go/vstack/vstack"
)

// start starts a server on the loopback.
func start(t *testing.T, change func(*config)) (*server, *httptest.Server) {
	t.Helper()
	c := defaults()
	c.deadline = 20 * time.Second // the machine may be slow
	if change != nil {
		change(&c)
	}
	s := newServer(c)
	h := httptest.NewServer(s.handler())
	t.Cleanup(func() {
		h.CloseClientConnections()
		h.Close()
		s.pool.Close()
		if n := s.memory.InUse(); n != 0 {
			t.Errorf("%d bytes of the budget are missing", n)
		}
	})
	return s, h
}

// post sends an expression and returns the status and the answer.
func post(t *testing.T, h *httptest.Server, body io.Reader) (code int, answer map[string]any) {
	t.Helper()
	resp, err := h.Client().Post(h.URL+"/eval", "text/plain", body)
	if err != nil {
		t.Error(err)
		return 0, nil
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		t.Error(err)
	}
	return resp.StatusCode, answer
}

// repeat is a reader of the same byte, n of them.
type repeat struct {
	c byte
	n int64
}

func (r *repeat) Read(p []byte) (int, error) {
	if r.n == 0 {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), r.n)]
	for i := range p {
		p[i] = r.c
	}
	r.n -= int64(len(p))
	return len(p), nil
}

func TestAnswers(t *testing.T) {
	_, h := start(t, func(c *config) { c.nodes = 10_000 })
	const endless = 1 << 40
	for _, test := range []struct {
		name string
		body io.Reader
		code int
		want any // a string is a part of the error
	}{
		{"number", strings.NewReader("1 + 2 * 3"), 200, 7.0},
		{"truth", strings.NewReader("1 < 2"), 200, true},
		{"large", strings.NewReader(strings.Repeat(" ", 5<<20) + "4"), 200, 4.0},
		{"nested", strings.NewReader(strings.Repeat("(", 10_000) + "1" + strings.Repeat(")", 10_000)), 200, 1.0},
		{"syntax", strings.NewReader("1 +"), 400, "byte 3"},
		{"meaning", strings.NewReader("1 / 0"), 422, "division by zero"},
		{"parentheses", &repeat{'(', endless}, 422, "nested too deeply: it needs more than 33554432 bytes"},
		{"unary", &repeat{'-', endless}, 422, "nested too deeply"},
		{"spaces", &repeat{' ', endless}, 413, "longer than 8388608 bytes"},
		{"announced", io.MultiReader(strings.NewReader("1"), &repeat{' ', 8 << 20}), 413, "longer than"},
		{"operators", strings.NewReader(strings.Repeat("1+", 100_000)), 413, "too many operands and operators: at most 10000"},
	} {
		t.Run(test.name, func(t *testing.T) {
			code, answer := post(t, h, test.body)
			text, _ := answer["error"].(string)
			if want, isError := test.want.(string); code != test.code || isError && !strings.Contains(text, want) || !isError && answer["value"] != test.want {
				t.Errorf("%d %v, want %d %v", code, answer, test.code, test.want)
			}
		})
	}
}

// A body that does not arrive in time is given up, and keeps no stack meanwhile
// unless it is a large one.
func TestSlowBody(t *testing.T) {
	s, h := start(t, func(c *config) { c.deadline = 50 * time.Millisecond })
	body, w := io.Pipe()
	defer w.Close()
	go io.WriteString(w, "1 + ") //nolint:errcheck
	code, answer := post(t, h, body)
	if code != http.StatusRequestTimeout || !strings.Contains(answer["error"].(string), "did not arrive within 50ms") {
		t.Error(code, answer)
	}
	if runs := s.pool.Stats().Runs; runs != 0 {
		t.Errorf("%d stacks were taken", runs)
	}
}

// An evaluation that takes too long is interrupted at its next guard.
func TestDeadline(t *testing.T) {
	s, _ := start(t, nil)
	ctx, cancel := context.WithCancel(context.Background())
	hold := make(chan struct{})
	go func() { <-hold; cancel() }()
	body := readerFunc(func(p []byte) (int, error) {
		select {
		case hold <- struct{}{}:
		case <-ctx.Done():
		}
		for i := range p {
			p[i] = '('
		}
		return len(p), nil
	})
	// The body never ends and memory is not the limit: only ctx ends it.
	s.pool.Close()
	s.pool = vstack.NewPool(vstack.WithMaxMemory(0))
	if _, err := s.evaluate(ctx, body); err != context.Canceled {
		t.Error(err)
	}
	if code := status(context.DeadlineExceeded); code != 422 {
		t.Error(code)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// With the shared budget used up by others a request is told to come again.
func TestBudgetUsedUp(t *testing.T) {
	s, h := start(t, func(c *config) { c.budget = 1 << 20 })
	other := vstack.New(vstack.WithBudget(s.memory))
	defer other.Close()
	err := other.Run(context.Background(), func(context.Context) error {
		n, err := parse(other, io.MultiReader(&repeat{'(', 2000}, readerFunc(func([]byte) (int, error) {
			// Whatever others leave is too little for this.
			code, answer := post(t, h, &repeat{'(', 1 << 40})
			if code != 503 || !strings.Contains(answer["error"].(string), "used up") {
				t.Error(code, answer)
			}
			return 0, io.EOF
		})), 10)
		if n != nil {
			t.Error("parsed")
		}
		return err
	})
	if _, ok := err.(*syntaxError); !ok {
		t.Error(err)
	}
	if code, answer := post(t, h, strings.NewReader("1 + 1")); code != 200 || answer["value"] != 2.0 {
		t.Error(code, answer)
	}
}

// Large requests wait for each other and small ones do not wait for them.
func TestLanes(t *testing.T) {
	s, h := start(t, func(c *config) { c.large = 1; c.deadline = 300 * time.Millisecond })
	if err := s.large.Acquire(context.Background(), 1); err != nil {
		t.Fatal(err)
	}
	defer s.large.Release(1)
	code, answer := post(t, h, &repeat{' ', 1 << 20})
	if code != 503 || !strings.Contains(answer["error"].(string), "busy") {
		t.Error(code, answer)
	}
	if code, answer := post(t, h, strings.NewReader("1")); code != 200 {
		t.Error(code, answer)
	}
}

// A client that goes away leaves nothing behind.
func TestAborted(t *testing.T) {
	s, h := start(t, nil)
	for _, sent := range []string{"1 + ", strings.Repeat("(", 100_000)} {
		conn, err := net.Dial("tcp", h.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, "POST /eval HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"+sent) //nolint:errcheck
		conn.Close()
	}
	for range 1_000_000 {
		metrics := get(t, h, "/metrics")
		if strings.Contains(metrics, `exprserver_requests_total{code="499"} 2`) {
			if n := s.pool.Stats().Running; n != 0 {
				t.Errorf("%d stacks run", n)
			}
			return
		}
		runtime.Gosched()
	}
	t.Error("the server has not noticed")
}

func get(t *testing.T, h *httptest.Server, path string) string {
	t.Helper()
	resp, err := h.Client().Get(h.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 {
		t.Fatal(resp.StatusCode, err)
	}
	return string(text)
}

func TestHealthAndMetrics(t *testing.T) {
	_, h := start(t, nil)
	if got := get(t, h, "/healthz"); got != "ok\n" {
		t.Errorf("%q", got)
	}
	for range 3 {
		post(t, h, strings.NewReader("1"))
	}
	post(t, h, strings.NewReader("x"))
	values := map[string]string{}
	lines := bufio.NewScanner(strings.NewReader(get(t, h, "/metrics")))
	for lines.Scan() {
		if name, value, ok := strings.Cut(lines.Text(), " "); ok {
			values[name] = value
		}
	}
	for name, want := range map[string]string{
		`exprserver_requests_total{code="200"}`:                 "3",
		`exprserver_requests_total{code="400"}`:                 "1",
		`exprserver_request_duration_seconds_count{code="200"}`: "3",
		"vstack_budget_bytes":                                   "2.68435456e+08",
		"vstack_budget_used_bytes":                              "131072",
		"vstack_pool_running_stacks":                            "0",
		"vstack_pool_idle_stacks":                               "1",
		"vstack_pool_idle_bytes":                                "131072",
		"vstack_pool_runs_total":                                "4",
		"vstack_pool_started_stacks_total":                      "1",
	} {
		if values[name] != want {
			t.Errorf("%s is %q, want %q", name, values[name], want)
		}
	}
	if resp, err := h.Client().Get(h.URL + "/eval"); err != nil || resp.StatusCode != http.StatusMethodNotAllowed {
		t.Error(resp, err)
	} else {
		resp.Body.Close()
	}
}
