package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"time"
)

// A request is an expression to send and what the server is to answer.
type request struct {
	kind string
	body io.Reader
	size int64 // of the body; -1 sends it in chunks
	want any   // the value, for ordinary requests
	ok   []int // the statuses that will do; nil: the client goes away instead
}

// ordinaryKind is the kind of all ordinary requests.
const ordinaryKind = "ordinary"

// endless is the length of a body that has no end.
const endless = 1 << 50

// ordinary returns an expression as an honest client sends it.
func ordinary(r *rand.Rand) request {
	a, b, c := r.IntN(1000), r.IntN(1000), 1+r.IntN(1000)
	var text string
	var want any
	switch r.IntN(4) {
	case 0:
		text, want = fmt.Sprintf("(%d + %d) * %d - -%d", a, b, c, a), float64((a+b)*c+a)
	case 1:
		text, want = fmt.Sprintf("%d < %d && !(%d >= %d) || %d == %d", a, b, a, c, c, c), true
	case 2:
		text, want = strings.Repeat("(", 300)+fmt.Sprintf("%d %% %d", a, c)+strings.Repeat(")", 300), float64(a%c)
	case 3:
		text, want = strings.Repeat(fmt.Sprintf("%d + ", a), 200)+"0", float64(200*a)
	}
	return request{ordinaryKind, strings.NewReader(text), int64(len(text)), want, []int{200}}
}

// hostile returns the kinds of requests that are meant to do harm. Any of them may get 503:
// they wait for each other.
func hostile(depth int64) []func() request {
	nested := func() io.Reader {
		return io.MultiReader(&repeat{'(', depth}, strings.NewReader("1"), &repeat{')', depth})
	}
	return []func() request{
		func() request { return request{"nested", nested(), -1, nil, []int{408, 422, 503}} },
		func() request {
			return request{"nested, announced", nested(), 2*depth + 1, nil, []int{408, 413, 422, 503}}
		},
		func() request { return request{"unary chain", &repeat{'-', endless}, -1, nil, []int{413, 422, 503}} },
		func() request { return request{"spaces", &repeat{' ', endless}, -1, nil, []int{413, 503}} },
		func() request { return request{"aborted", &repeat{'(', 1 << 20}, 2 << 20, nil, nil} },
	}
}

// slow returns a request whose body drips. 408 is what HTTP has for it; a server that had no
// processor to spare says 503.
func slow() request {
	return request{"slow body", drip{time.NewTicker(50 * time.Millisecond)}, 10_000, nil, []int{408, 503}}
}

// send sends req over a connection of its own and returns the status and the
// answer. It reads while it writes: a server that has heard enough answers
// before the body is at its end.
func send(ctx context.Context, addr string, req request) (status int, answer map[string]any, err error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return 0, nil, err
	}
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	written := make(chan struct{})
	defer func() {
		conn.Close()
		<-written
	}()
	hr, err := http.NewRequest("POST", "http://"+addr+"/eval", req.body)
	if err != nil {
		close(written)
		return 0, nil, err
	}
	hr.ContentLength = req.size
	hr.Close = true
	go func() {
		defer close(written)
		hr.Write(conn) //nolint:errcheck // the answer tells
		if req.ok == nil {
			conn.Close()
		}
	}()
	resp, err := http.ReadResponse(bufio.NewReader(conn), hr)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	err = json.NewDecoder(resp.Body).Decode(&answer)
	return resp.StatusCode, answer, err
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

// drip is a reader of one byte at every tick.
type drip struct{ ticker *time.Ticker }

func (d drip) Read(p []byte) (int, error) {
	<-d.ticker.C
	p[0] = ' '
	return 1, nil
}
