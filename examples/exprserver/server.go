package main

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/vstack-go/vstack/vstack"
	"github.com/vstack-go/vstack/vstack/serve"
)

// A server evaluates expressions from clients that nobody trusts.
type server struct {
	gate    *serve.Gate
	metrics *metrics
}

// newServer makes a server. Close it in the end.
func newServer(c serve.Config) *server {
	c.Name = "eval"
	c.Error = answerError
	s := &server{gate: serve.New(c)}
	s.metrics = newMetrics()
	return s
}

func (s *server) Close() { s.gate.Close() }

// handler returns the routes. The page for whoever runs the server is not among them: it
// shows the stacks of all requests.
func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /eval", s.metrics.count(s.gate.Handler(eval)))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok\n") }) //nolint:errcheck
	mux.Handle("GET /metrics", s.metrics.handler())
	return mux
}

// eval is POST /eval: the body is an expression, the answer is JSON, with the
// expression's value or an error. It runs on a stack that it need not know.
func eval(w http.ResponseWriter, r *http.Request) error {
	n, err := parse(r.Body, serve.HeapOf(r.Context()))
	if err != nil {
		return err
	}
	v, err := n.eval()
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, map[string]any{"value": v.JSON()})
}

func answer(w http.ResponseWriter, code int, body map[string]any) error {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	return json.NewEncoder(w).Encode(body)
}

// answerError answers with an error: of the expression, or of a bound of the gate's, which
// is a line in the log too.
func answerError(w http.ResponseWriter, r *http.Request, err error) {
	var syntax *syntaxError
	code := serve.Status(err)
	if code != 0 {
		logged := err
		var overflow *vstack.OverflowError
		if errors.As(err, &overflow) {
			logged = overflow // slog asks for attributes only what it is given, not what that wraps
		}
		slog.Warn("refused", "status", code, "client", r.RemoteAddr, "bytes", r.ContentLength, "error", logged)
	}
	switch {
	case errors.As(err, &syntax):
		code = http.StatusBadRequest
	case code == http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "1")
	case code == 0: // it has no value, such as 1 / 0
		code = http.StatusUnprocessableEntity
	}
	answer(w, code, map[string]any{"error": serve.Text(err)}) //nolint:errcheck // the client has gone
}

// count counts requests and their time.
func (m *metrics) count(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		c := &coder{w, http.StatusOK}
		defer func() {
			if v := recover(); v != nil {
				m.observe(499, time.Since(start))
				panic(v)
			}
			m.observe(c.code, time.Since(start))
		}()
		h.ServeHTTP(c, r)
	})
}

// A coder knows the status that was sent.
type coder struct {
	http.ResponseWriter
	code int
}

func (c *coder) WriteHeader(code int) {
	c.code = code
	c.ResponseWriter.WriteHeader(code)
}

// Unwrap is for http.ResponseController.
func (c *coder) Unwrap() http.ResponseWriter { return c.ResponseWriter }
