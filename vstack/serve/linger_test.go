package serve_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/vstack-go/vstack/vstack/serve"
)

// A client that sends all of a long body before it reads the answer finds it, however early
// that was given: its connection is not reset meanwhile.
func TestRefusedWhileSending(t *testing.T) {
	const body = 7 << 20 // longer than what the buffers of the system take
	for _, announced := range []bool{true, false} {
		for name, test := range map[string]struct {
			size int
			want int
			fn   func(w http.ResponseWriter, r *http.Request) error
		}{
			"at once": {body, 400, func(http.ResponseWriter, *http.Request) error { return errors.New("no") }},
			"after the deadline": {body, 422, func(_ http.ResponseWriter, r *http.Request) error {
				<-r.Context().Done()
				return context.Cause(r.Context())
			}},
			"while it reads": {body, 408, func(_ http.ResponseWriter, r *http.Request) error {
				_, err := io.Copy(io.Discard, r.Body)
				return err
			}},
			"too long": {9 << 20, 413, func(_ http.ResponseWriter, r *http.Request) error {
				_, err := io.Copy(io.Discard, r.Body)
				return err
			}},
		} {
			t.Run(fmt.Sprintf("%s, announced %v", name, announced), func(t *testing.T) {
				answered := make(chan bool)
				c := serve.Config{Memory: 32 << 20, Error: func(w http.ResponseWriter, r *http.Request, err error) {
					defer close(answered)
					serve.Answer(w, r, err)
				}}
				if name == "after the deadline" || name == "while it reads" {
					c.Deadline = halfSecond
				}
				_, h := start(t, c, test.fn)
				conn, err := net.Dial("tcp", h.Listener.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				send := func(n int) {
					chunk := strings.Repeat("[", 64<<10)
					for ; n > 0 && !t.Failed(); n -= len(chunk) {
						text := chunk
						if !announced {
							text = fmt.Sprintf("%x\r\n%s\r\n", len(chunk), chunk)
						}
						if _, err := io.WriteString(conn, text); err != nil {
							t.Errorf("%d bytes before the end: %v", n, err)
						}
					}
				}
				const head = "POST / HTTP/1.1\r\nHost: x\r\n"
				first := 128 << 10
				if announced {
					_, err = fmt.Fprintf(conn, head+"Content-Length: %d\r\n\r\n", test.size)
				} else {
					_, err = io.WriteString(conn, head+"Transfer-Encoding: chunked\r\n\r\n")
				}
				if err != nil {
					t.Fatal(err)
				}
				if name == "too long" && !announced {
					first = test.size
				}
				send(first)
				<-answered
				send(test.size - first)
				resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil {
					t.Fatal(err)
				}
				text, err := io.ReadAll(resp.Body)
				if err != nil || resp.StatusCode != test.want || len(text) == 0 || !resp.Close || resp.ContentLength != int64(len(text)) {
					t.Errorf("%d %q, %v, closes %v, length %d; want %d", resp.StatusCode, text, err, resp.Close, resp.ContentLength, test.want)
				}
			})
		}
	}
}

// What lingers ends with the gate, and a client that goes on for ever is cut off.
func TestLingerIsBounded(t *testing.T) {
	gate, h := start(t, serve.Config{Memory: 32 << 20, Body: 1 << 20}, func(http.ResponseWriter, *http.Request) error { return errors.New("no") })
	dial := func() net.Conn {
		conn, err := net.Dial("tcp", h.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		_, err = fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", 100_000, strings.Repeat("[", 90_000))
		if err != nil {
			t.Fatal(err)
		}
		return conn
	}
	answer := func(conn net.Conn) {
		if resp, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil || resp.StatusCode != 400 {
			t.Error(resp, err)
		}
	}
	endless := dial()
	answer(endless)
	chunk := make([]byte, 64<<10)
	for sent := 0; ; sent += len(chunk) {
		if _, err := endless.Write(chunk); err != nil {
			break
		}
		if sent > 64<<20 {
			t.Fatal("it takes what comes without end")
		}
	}
	silent := dial()
	answer(silent)
	gate.Close()
	if _, err := io.ReadAll(silent); err != nil && !errors.Is(err, io.EOF) {
		t.Log(err) // reset: there were bytes that nobody read
	}
	silent.SetWriteDeadline(time.Now().Add(20 * time.Second)) //nolint:errcheck
	for {
		if _, err := silent.Write(chunk); err != nil {
			if ne, ok := err.(net.Error); ok && ne.Timeout() {
				t.Error("it is open after Close")
			}
			break
		}
	}
	// A gate that is closed keeps none.
	late := dial()
	answer(late)
}

// What answers through a writer that is no connection is left to it.
func TestRefusedWithoutConnection(t *testing.T) {
	gate := serve.New(serve.Config{Memory: 32 << 20, Error: func(w http.ResponseWriter, _ *http.Request, _ error) {
		w.WriteHeader(http.StatusTeapot)
		w.WriteHeader(http.StatusOK) // superfluous
		_, _ = io.WriteString(w, "no")
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(w, "!")
	}})
	defer gate.Close()
	w := httptest.NewRecorder()
	gate.Handler(func(http.ResponseWriter, *http.Request) error { return errors.New("no") }).
		ServeHTTP(w, httptest.NewRequest("POST", "/", strings.NewReader(strings.Repeat("[", 60_000))))
	if w.Code != http.StatusTeapot || w.Body.String() != "no!" || w.Header().Get("Content-Length") != "3" {
		t.Error(w.Code, w.Body, w.Header())
	}
}
