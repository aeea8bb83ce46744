package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/vstack-go/vstack/vstack/serve"
)

// start starts a server on the loopback.
func start(t *testing.T) (*server, *httptest.Server) {
	t.Helper()
	c := serve.Config{Memory: 256 << 20, Large: 1, Deadline: 20 * time.Second} // the machine may be slow
	s := newServer(c)
	h := httptest.NewServer(s.handler())
	t.Cleanup(func() {
		h.CloseClientConnections()
		h.Close()
		s.Close()
		small, large := s.gate.Budgets()
		if small.InUse() != 0 || large.InUse() != 0 {
			t.Errorf("%d and %d bytes of the budgets are missing", small.InUse(), large.InUse())
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
	_, h := start(t)
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
		{"parentheses", &repeat{'(', endless}, 422, "nested too deeply: it needs more than 117440512 bytes"},
		{"unary", &repeat{'-', endless}, 422, "nested too deeply"},
		{"spaces", &repeat{' ', endless}, 413, "longer than 8388608 bytes"},
		{"announced", io.MultiReader(strings.NewReader("1"), &repeat{' ', 8 << 20}), 413, "longer than"},
		{"operators", strings.NewReader(strings.Repeat("1+", 1_000_000)), 413, "more than 50331648 bytes of memory"},
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

// An ordinary request is answered while a large one waits for its body.
func TestLanes(t *testing.T) {
	_, h := start(t)
	body, w := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		if code, answer := post(t, h, body); code != 200 || answer["value"] != 1.0 {
			t.Error(code, answer)
		}
	}()
	if _, err := io.WriteString(w, strings.Repeat(" ", 1<<20)); err != nil {
		t.Error(err)
	}
	if code, answer := post(t, h, strings.NewReader("1")); code != 200 {
		t.Error(code, answer)
	}
	io.WriteString(w, "1") //nolint:errcheck
	w.Close()
	<-done
}

// A client that goes away leaves nothing behind.
func TestAborted(t *testing.T) {
	s, h := start(t)
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
			if n := s.gate.Pool().Stats().Running; n != 0 {
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
	_, h := start(t)
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
		`vstack_budget_bytes{budget="eval"}`:                    "6.7108864e+07",
		`vstack_budget_used_bytes{budget="eval"}`:               "131072",
		`vstack_budget_bytes{budget="eval/large"}`:              "1.34217728e+08",
		`vstack_lane_slots{lane="eval/small"}`:                  "8",
		`vstack_lane_slots{lane="eval/large"}`:                  "1",
		`vstack_lane_running_requests{lane="eval/large"}`:       "0",
		`vstack_lane_waiting_requests{lane="eval/large"}`:       "0",
		`vstack_lane_refused_requests_total{lane="eval/large"}`: "0",
		`vstack_pool_running_stacks{pool="eval"}`:               "0",
		`vstack_pool_idle_stacks{pool="eval"}`:                  "1",
		`vstack_pool_idle_bytes{pool="eval"}`:                   "131072",
		`vstack_pool_runs_total{pool="eval"}`:                   "4",
		`vstack_pool_started_stacks_total{pool="eval"}`:         "1",
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

func TestCheckMemory(t *testing.T) {
	for bytes, ok := range map[int64]bool{0: true, 1: false, -1: false, 16 << 20: true, 64 << 20: true, 64<<20 + 1: false} {
		if err := checkMemory(bytes, 64<<20); (err == nil) != ok {
			t.Errorf("%d: %v", bytes, err)
		}
	}
}

// What a bound refuses is a line in the log, an overflow with its numbers, and a mistake in
// an expression is none.
func TestRefusedIsLogged(t *testing.T) {
	var log bytes.Buffer
	defer slog.SetDefault(slog.Default())
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	_, h := start(t)
	post(t, h, strings.NewReader("1 +"))
	if log.Len() > 0 {
		t.Error(log.String())
	}
	post(t, h, &repeat{'(', 7 << 20})
	for _, part := range []string{"msg=refused status=422 client=127.0.0.1:", " bytes=-1 ", "error.msg=", "levels deep", "error.levels=", "error.cycle="} {
		if !strings.Contains(log.String(), part) {
			t.Errorf("%q is not in the log: %s", part, log.String())
		}
	}
}
